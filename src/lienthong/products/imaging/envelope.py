"""Whether a picture is like those that the model was made from, by the distance of its named features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["Envelope"]

_INSIDE = 0.995  # part of the tuning pictures that must lie inside
_RIDGE = 1e-3  # of each feature's variance: features that nearly add up to another one


@dataclass(frozen=True, slots=True)
class Envelope:
    """A squared Mahalanobis distance of the features, and the distance beyond which a picture is another kind.

    `precision` is the inverse of the covariance; both in the order of the features.
    """

    centre: Numbers
    precision: Numbers
    limit: float

    @classmethod
    def made_from(cls, fit: Numbers, tune: Numbers) -> Envelope:
        """The envelope of fitting pictures whose limit holds nearly all tuning pictures (features: n × features)."""
        centre = np.asarray(fit.mean(0), np.float64)
        covariance = np.cov(fit, rowvar=False)
        covariance[np.diag_indices_from(covariance)] *= 1 + _RIDGE
        unlimited = cls(centre, np.asarray(np.linalg.inv(covariance), np.float64), np.inf)
        return cls(centre, unlimited.precision, round(float(np.quantile(unlimited.distance(tune), _INSIDE)), 3))

    def distance(self, features: Numbers) -> Numbers:
        """The squared distance of each picture."""
        apart = features - self.centre
        return np.asarray(np.einsum("ni,ij,nj->n", apart, self.precision, apart))

    def holds(self, features: Numbers) -> Flags:
        """Which pictures lie inside."""
        return self.distance(features) <= self.limit

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """The envelope with the names of the features that it was made for."""
        return {
            "features": list(names),
            "centre": [float(f"{value:.9g}") for value in self.centre],
            "precision": [[float(f"{value:.9g}") for value in row] for row in self.precision],
            "limit": self.limit,
        }

    @classmethod
    def read(cls, found: Mapping[str, Any], names: Sequence[str]) -> Envelope:
        """The envelope as it was written; ValueError where it was made for other features."""
        if list(found["features"]) != list(names):
            raise ValueError("made for other features")
        return cls(np.array(found["centre"]), np.array(found["precision"]), float(found["limit"]))
