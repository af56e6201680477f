"""An additive model that is a table: for each named feature the steps of its effect on the log odds.

It is the explainable comparator of the network (governance: an opaque model must beat it), kept as JSON and evaluated
here, so that neither a pickle nor the library that fitted it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from lienthong.products.measures.measure import Numbers

__all__ = ["GlassBox", "Steps"]

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Steps:
    """The effect of one feature: `effects[k]` where `cuts[k-1] <= value < cuts[k]`."""

    feature: str
    cuts: Numbers
    effects: Numbers

    def of(self, values: Numbers) -> Numbers:
        """The effect of each value on the log odds."""
        return np.asarray(self.effects[np.searchsorted(self.cuts, values, side="right")])


@dataclass(frozen=True, slots=True)
class GlassBox:
    """The additive model: an intercept, steps for each feature, and the temperature fixed on the tuning part."""

    intercept: float
    steps: tuple[Steps, ...]
    temperature: float

    def effects(self, features: Numbers) -> Numbers:
        """What each feature adds to the log odds, shape n × features; with the intercept they add up to the logit."""
        return (
            np.column_stack([step.of(features[:, place]) for place, step in enumerate(self.steps)]) / self.temperature
        )

    def logits(self, features: Numbers) -> Numbers:
        """The log odds of each row of features."""
        return np.asarray(self.effects(features).sum(1) + self.intercept / self.temperature)

    def probabilities(self, features: Numbers) -> Numbers:
        """The probability for each row of features, rounded to 6 decimals."""
        return np.round(special.expit(self.logits(features)), _DECIMALS)

    def to_json(self) -> dict[str, Any]:
        """The model as JSON; figures to nine significant digits."""
        return {
            "intercept": _short(self.intercept),
            "temperature": self.temperature,
            "features": [
                {
                    "feature": step.feature,
                    "cuts": [_short(cut) for cut in step.cuts],
                    "effects": [_short(effect) for effect in step.effects],
                }
                for step in self.steps
            ],
        }

    @classmethod
    def read(cls, found: Mapping[str, Any], names: Sequence[str]) -> GlassBox:
        """The model as it was written; ValueError where its features are others, or steps and cuts don't fit."""
        steps = tuple(
            Steps(item["feature"], np.array(item["cuts"], np.float64), np.array(item["effects"], np.float64))
            for item in found["features"]
        )
        if [step.feature for step in steps] != list(names):
            raise ValueError("made for other features")
        if any(len(step.effects) != len(step.cuts) + 1 or (np.diff(step.cuts) <= 0).any() for step in steps):
            raise ValueError("steps and cuts do not fit")
        return cls(float(found["intercept"]), steps, float(found["temperature"]))


def _short(value: float) -> float:
    return float(f"{value:.9g}")
