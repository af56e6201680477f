"""How good foretold quantiles are: the weighted interval score with its parts, coverage, and the error of the median.

Scores are in the unit of what is foretold; lower is better. Quantiles have shape cases × levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures import influence, operating
from lienthong.products.measures.inputs import INPUT_WRONG, fraction, nothing, one_length, reals
from lienthong.products.measures.measure import Measure, Numbers
from lienthong.products.measures.resampling import bootstrap_mean

__all__ = ["Wis", "coverage", "mae", "mean_score", "mean_wis", "pinball", "relative_wis", "wis"]


@dataclass(frozen=True, slots=True)
class Wis:
    """The score of each case, and the three parts that add up to it: width, and what lay above and below.

    `underprediction` is the penalty where more came than was foretold, `overprediction` where less came.
    """

    total: Numbers
    dispersion: Numbers
    underprediction: Numbers
    overprediction: Numbers


def wis(observed: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> Wis:
    """The weighted interval score (Bracher 2021), weights α/2, of the median and all central intervals.

    The levels must be in pairs about 0.5 and hold 0.5. It is twice the mean pinball loss over the levels.
    """
    truth, foretold, at = _foretold(observed, quantiles, levels)
    half = len(at) // 2
    if len(at) % 2 == 0 or not np.allclose(at + at[::-1], 1, atol=1e-9):
        raise INPUT_WRONG.at(
            "levels", why="the levels are not in pairs about 0.5", allowed="0.5 and pairs that sum to 1"
        )
    lower, median, upper = foretold[:, :half], foretold[:, half], foretold[:, : -half - 1 : -1][:, :half]
    weight = half + 0.5
    seen = truth[:, None]
    dispersion = ((upper - lower) * at[:half]).sum(1) / weight
    above = (np.maximum(seen - upper, 0).sum(1) + np.maximum(truth - median, 0) / 2) / weight
    below = (np.maximum(lower - seen, 0).sum(1) + np.maximum(median - truth, 0) / 2) / weight
    return Wis(dispersion + above + below, dispersion, above, below)


def mean_wis(
    observed: ArrayLike,
    quantiles: ArrayLike,
    levels: ArrayLike,
    *,
    seed: int,
    resamples: int = 1000,
    blocks: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean weighted interval score; the bootstrap draws whole blocks, as `mean_score` does."""
    total = wis(observed, quantiles, levels).total
    return mean_score(total, seed=seed, resamples=resamples, blocks=blocks, level=level)


def mean_score(
    scores: ArrayLike,
    *,
    seed: int,
    resamples: int = 1000,
    blocks: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean of the cases' scores (or of their differences), with a bootstrap-t interval over whole blocks.

    Cases of one block may depend on each other as they like; blocks are taken as independent, so choose the blocks
    (places, or months) within which cases depend most.
    """
    values = reals(scores, "scores")
    return bootstrap_mean(values, seed=seed, resamples=resamples, clusters=blocks, level=level)


def relative_wis(
    observed: ArrayLike,
    quantiles: ArrayLike,
    baseline: ArrayLike,
    levels: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean score over that of a baseline on the same cases; below 1 is better than the baseline.

    Interval on the log scale by linearisation, Student's t over blocks.
    """
    fraction(level)
    ours, theirs = (wis(observed, foretold, levels).total for foretold in (quantiles, baseline))
    if not len(ours):
        return nothing("no cases")
    if theirs.mean() == 0:
        return nothing("the baseline has no error")
    value = float(ours.mean() / theirs.mean())
    if value == 0:
        return Measure(value, method="no interval: there is no error")
    error, freedom = influence.standard_error(ours / ours.mean() - theirs / theirs.mean(), blocks)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    factor = math.exp(min(influence.t_quantile(level, freedom) * error, 700))
    return Measure(value, value / factor, value * factor, f"log scale, Student's t, {freedom} degrees of freedom")


def coverage(
    observed: ArrayLike,
    quantiles: ArrayLike,
    levels: ArrayLike,
    central: float,
    *,
    blocks: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of cases inside the central interval (0.5: from the 25 % to the 75 % quantile), bounds included."""
    truth, foretold, at = _foretold(observed, quantiles, levels)
    low, high = (_place(at, (1 + sign * fraction(central, "central")) / 2) for sign in (-1, 1))
    inside = (foretold[:, low] <= truth) & (truth <= foretold[:, high])
    return operating.share(inside, among=np.ones(len(truth), dtype=np.bool_), clusters=blocks, level=level)


def mae(
    observed: ArrayLike,
    quantiles: ArrayLike,
    levels: ArrayLike,
    *,
    seed: int,
    resamples: int = 1000,
    blocks: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean absolute error of the foretold median."""
    truth, foretold, at = _foretold(observed, quantiles, levels)
    errors = np.abs(truth - foretold[:, _place(at, 0.5)])
    return mean_score(errors, seed=seed, resamples=resamples, blocks=blocks, level=level)


def pinball(observed: ArrayLike, quantile: ArrayLike, at: float) -> Numbers:
    """The quantile loss of each case (Koenker & Bassett 1978): the share `at` of what lies above, the rest below."""
    truth, foretold = reals(observed, "observed"), reals(quantile, "quantile")
    one_length(observed=truth, quantile=foretold)
    gap = truth - foretold
    return np.maximum(fraction(at, "at") * gap, (at - 1) * gap)


def _foretold(observed: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    truth, at = reals(observed, "observed"), reals(levels, "levels")
    foretold = reals(quantiles, "quantiles", dimensions=2)
    one_length(observed=truth, quantiles=foretold)
    one_length(levels=at, quantiles=foretold.T)
    if not len(at) or (np.diff(at) <= 0).any() or at[0] <= 0 or at[-1] >= 1:
        raise INPUT_WRONG.at("levels", why="the levels do not rise between 0 and 1", allowed="rising levels")
    if (np.diff(foretold, axis=1) < 0).any():
        raise INPUT_WRONG.at(
            "quantiles", why="a quantile lies below one of a lower level", allowed="rising quantiles"
        )
    return truth, foretold, at


def _place(levels: Numbers, wanted: float) -> int:
    near = np.flatnonzero(np.abs(levels - wanted) < 1e-9)
    if not len(near):
        raise INPUT_WRONG.at("levels", why=f"there is no quantile at {wanted:g}", allowed="levels that hold it")
    return int(near[0])
