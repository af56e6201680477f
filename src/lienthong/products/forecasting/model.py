"""The product's model: by how much the last count will be multiplied, as a sum of one curve for each figure.

Boosted trees of LightGBM. With two leaves a tree asks one question of one figure, so that the sum is additive: each
figure's share of a forecast is a curve that can be drawn, and exact. With more leaves figures act together; that
opaque form is what the additive one is compared with in development.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from lienthong.products.forecasting.features import GROUPS, LAST, NAMES
from lienthong.products.measures.measure import Numbers

__all__ = ["Boosted", "Grown", "read_model"]

# The same trees on every run: one thread, a fixed order of sums.
_SAME: dict[str, Any] = {
    "objective": "regression",
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Boosted:
    """How the trees are grown: `leaves` of each, how many (`rounds`), and LightGBM's settings by its own names."""

    leaves: int
    rounds: int
    seed: int
    settings: Mapping[str, float]

    def __call__(self, figures: Numbers, came: Numbers) -> Grown:
        """Learns from rows of the past (cases × NAMES, NaN allowed) and the logs that came true."""
        known = lightgbm.Dataset(figures, came - figures[:, LAST], feature_name=list(NAMES))
        settings = {**self.settings, **_SAME, "num_leaves": self.leaves, "seed": self.seed}
        return Grown(lightgbm.train(settings, known, self.rounds))


class Grown:
    """Trees that have been grown: the centre of a forecast, and what it rests on."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    def __call__(self, rows: Numbers) -> Numbers:
        change: Numbers = self._booster.predict(rows)
        return rows[:, LAST] + change

    def reasons(self, rows: Numbers) -> dict[str, Numbers]:
        """What each group of figures adds to the log of the last count, and `average`, which all forecasts share.

        With the last count they sum to the centre. Exact for two leaves; else TreeSHAP's shares (Lundberg 2020).
        """
        shares: Numbers = self._booster.predict(rows, pred_contrib=True)
        groups = {
            group: np.asarray(shares[:, [NAMES.index(name) for name in names]].sum(axis=1))
            for group, names in GROUPS.items()
        }
        return {**groups, "average": shares[:, -1]}


def read_model(text: str) -> Boosted:
    """The model of model.toml: leaves, rounds, seed and the table [lightgbm]."""
    data = tomllib.loads(text)
    return Boosted(data["leaves"], data["rounds"], data["seed"], data["lightgbm"])
