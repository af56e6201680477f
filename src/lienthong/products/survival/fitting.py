"""Fits the terms of a Cox model to a cohort: coefficients, their covariance, and the baseline hazard over years.

Coefficients by statsmodels (Efron's way with ties); the baseline by Breslow's estimator, its variance for known
coefficients and the centre that carries the coefficients' part (Therneau & Grambsch 2000, section 10.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from statsmodels.duration.hazard_regression import PHReg

from lienthong.products.measures.measure import Flags, Numbers
from lienthong.products.survival.cox import CoxTerm
from lienthong.products.survival.layouts import Woman

__all__ = ["DAYS_A_YEAR", "Fitted", "Followed", "fit", "follow", "terms_of"]

DAYS_A_YEAR = 365.25
_DIGITS = 8  # significant digits of what is written down; the optimiser is exact to about ten


@dataclass(frozen=True, slots=True)
class Followed:
    """Women as a fit needs them: `distances` (women × terms) from the reference, years followed, and the event."""

    distances: Numbers
    years: Numbers
    event: Flags


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit gives, in the order of the terms; `hazard` is cumulative, of the reference, at each of `years`."""

    names: tuple[str, ...]
    beta: Numbers
    covariance: Numbers
    years: Numbers
    hazard: Numbers
    variance: float
    centre: Numbers

    def to_toml(self) -> dict[str, Any]:
        """The tables [fitted] and [baseline] of model.toml, every number as text."""
        return {
            "fitted": {
                "beta": {name: _text(value) for name, value in zip(self.names, self.beta, strict=True)},
                "covariance": {
                    name: [_text(cell) for cell in row] for name, row in zip(self.names, self.covariance, strict=True)
                },
            },
            "baseline": {
                "years": [_text(year) for year in self.years],
                "hazard": [_text(value) for value in self.hazard],
                "variance": _text(self.variance),
                "centre": [_text(value) for value in self.centre],
            },
        }


def terms_of(data: Mapping[str, Any]) -> list[CoxTerm]:
    """The terms of a model.toml before it is fitted."""
    return [
        CoxTerm(
            term["name"],
            term["factor"],
            term["transform"],
            Decimal(term.get("at", "0")),
            Decimal(term.get("per", "1")),
            term.get("where", ""),
            Decimal(0),
        )
        for term in data["term"]
    ]


def follow(
    women: Sequence[Woman], terms: Sequence[CoxTerm], reference: Mapping[str, Decimal], until: float
) -> Followed:
    """The women's terms and follow-up, which ends for everyone after `until` years."""
    base = [term.of(reference) for term in terms]
    rows = [
        [float(term.of(values) - mean) for term, mean in zip(terms, base, strict=True)]
        for values in (woman.values() for woman in women)
    ]
    years = np.array([float(woman.days) / DAYS_A_YEAR for woman in women])
    event = np.array([woman.event for woman in women], dtype=np.bool_)
    return Followed(np.array(rows), np.minimum(years, until), event & (years <= until))


def fit(followed: Followed, names: Sequence[str], grid: Sequence[float], horizon: float) -> Fitted:
    """The model of these women; `grid` are the years at which the baseline is written down, `horizon` one of them."""
    result = PHReg(followed.years, followed.distances, status=followed.event.astype(int), ties="efron").fit(
        tol=1e-12, disp=0
    )
    beta = np.asarray(result.params, dtype=np.float64)
    covariance = np.asarray(result.cov_params(), dtype=np.float64)
    ratio = np.exp(followed.distances @ beta)
    # From the latest to the earliest time: who is at risk grows, and so do the sums.
    order = np.argsort(-followed.years, kind="stable")
    years, event = followed.years[order], followed.event[order]
    at_risk = np.cumsum(ratio[order])
    weighted = np.cumsum(ratio[order][:, None] * followed.distances[order], axis=0)
    # Of equal times the last in this order has all of them at risk.
    last = np.searchsorted(-years, -years, side="right") - 1
    steps = np.where(event, 1 / at_risk[last], 0.0)
    squares = np.where(event, 1 / at_risk[last] ** 2, 0.0)
    pulls = np.where(event[:, None], weighted[last] / at_risk[last][:, None] ** 2, 0.0)
    hazard = np.array([steps[years <= year].sum() for year in grid])
    within = years <= horizon
    whole = steps[within].sum()
    return Fitted(
        tuple(names),
        beta,
        (covariance + covariance.T) / 2,
        np.asarray(grid, dtype=np.float64),
        hazard,
        float(squares[within].sum() / whole**2),
        pulls[within].sum(axis=0) / whole,
    )


def _text(value: float) -> str:
    """A number with its significant digits, never with an exponent."""
    rounded = Decimal(repr(float(f"{float(value):.{_DIGITS}g}")))
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
