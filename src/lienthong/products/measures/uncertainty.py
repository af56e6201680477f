"""Sets of outcomes that hold the truth as often as promised: split conformal prediction, for all and by group.

Vovk 2005; Angelopoulos & Bates 2023. The promise holds for cases that come from where those of the calibration
came from; `set_coverage` checks it anew at each site.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures import operating
from lienthong.products.measures.inputs import INPUT_WRONG, fraction, one_length, outcomes, probabilities, reals
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["Sets", "binary_scores", "binary_sets", "mondrian_quantiles", "set_coverage", "split_quantile"]


@dataclass(frozen=True, slots=True)
class Sets:
    """Which outcomes each case may have: neither (the case is strange), one, or both (the product can't tell)."""

    without_event: Flags
    with_event: Flags

    @property
    def size(self) -> Numbers:
        """0, 1 or 2 outcomes for each case."""
        return self.without_event.astype(np.float64) + self.with_event

    def holds(self, happened: ArrayLike) -> Flags:
        """Whether the true outcome is in the set."""
        truth = outcomes(happened)
        one_length(happened=truth, sets=self.with_event)
        return np.where(truth, self.with_event, self.without_event)


def split_quantile(scores: ArrayLike, miss: float) -> float:
    """The ⌈(n+1)(1-miss)⌉-th smallest score of n calibration cases; infinite where these are too few for it."""
    values = np.sort(reals(scores, "scores"))
    place = math.ceil((len(values) + 1) * (1 - fraction(miss, "miss")) - 1e-9)
    return math.inf if place > len(values) else float(values[place - 1])


def mondrian_quantiles(scores: ArrayLike, groups: ArrayLike, miss: float) -> Mapping[str, float]:
    """`split_quantile` within each group, so that the promise holds in each (Vovk 2005, Mondrian)."""
    values, words = reals(scores, "scores"), np.asarray(groups, dtype=np.str_)
    one_length(scores=values, groups=words)
    return {str(word): split_quantile(values[words == word], miss) for word in np.unique(words)}


def binary_scores(happened: ArrayLike, probability: ArrayLike) -> Numbers:
    """How strange each calibration case is: one less the probability of what came true."""
    truth, given = outcomes(happened), probabilities(probability)
    one_length(happened=truth, probability=given)
    return np.where(truth, 1 - given, given)


def binary_sets(
    probability: ArrayLike, quantile: float | Mapping[str, float], groups: ArrayLike | None = None
) -> Sets:
    """The outcomes whose score is not above the quantile: of all, or of the case's group.

    A group without calibration cases has no quantile, so its cases may have either outcome.
    """
    given = probabilities(probability)
    if isinstance(quantile, Mapping):
        if groups is None:
            raise INPUT_WRONG.at(
                "groups", why="the quantiles are by group, but no groups are given", allowed="groups"
            )
        words = np.asarray(groups, dtype=np.str_)
        one_length(probability=given, groups=words)
        limit = np.array([quantile.get(str(word), math.inf) for word in words])
    else:
        limit = np.full(len(given), float(quantile))
    return Sets(given <= limit, 1 - given <= limit)


def set_coverage(
    happened: ArrayLike, sets: Sets, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """The share of cases whose set holds the truth, by Wilson."""
    held = sets.holds(happened)
    return operating.share(held, among=np.ones(len(held), dtype=np.bool_), clusters=clusters, level=level)
