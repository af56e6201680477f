"""Does the risk order cases by when the event comes: Harrell's and Uno's C, and the AUROC at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures import influence
from lienthong.products.measures.censoring import followed, weights_at, weights_before
from lienthong.products.measures.discrimination import newcombe
from lienthong.products.measures.inputs import fraction, nothing, one_length, reals
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["c_index", "c_index_difference", "time_dependent_auc", "uno_c"]

_CHUNK = 4_000_000  # pairs looked at at once
_NO_PAIR = "no two cases can be compared: nobody was followed beyond an event"


def c_index(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """Harrell's C (1982): of two cases, one with the event while the other was still followed, which had more risk.

    Equal risks count one half; two events at one time are not compared; a censoring at the time of an event comes
    after it. Interval on the logit scale, by the linearised jackknife of the ratio of pairs, over clusters.
    """
    seen, ended, given = _cases(time, event, risk)
    return _interval(*_pairs(seen, ended, given, ended.astype(np.float64)), ended, clusters, level, "")


def c_index_difference(
    time: ArrayLike,
    event: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Harrell's C of `a` less that of `b` on the same cases, with their covariance by the linearised jackknife."""
    seen, ended, first = _cases(time, event, a)
    _, _, second = _cases(time, event, b)
    fraction(level)
    weights = ended.astype(np.float64)
    (won, pairs), (other, _) = _pairs(seen, ended, first, weights), _pairs(seen, ended, second, weights)
    total = float(pairs.sum()) / 2
    if total == 0:
        return nothing(_NO_PAIR)
    gap = won - other
    value = float(gap.sum()) / 2 / total
    error, freedom = influence.standard_error(len(seen) * (gap - value * pairs) / total, clusters)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    half = influence.t_quantile(level, freedom) * error
    return Measure(value, value - half, value + half, "paired jackknife")


def uno_c(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    *,
    tau: float | None = None,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Uno's C (2011): pairs weighted by the inverse square of the chance of being uncensored, up to `tau`.

    It does not depend on when follow-up ended, as Harrell's does. In the interval the weights are taken as known.
    """
    seen, ended, given = _cases(time, event, risk)
    until = math.inf if tau is None else tau
    weights = np.where(seen < until, weights_before(seen, ended) ** 2, 0.0)
    return _interval(*_pairs(seen, ended, given, weights), ended, clusters, level, "weights taken as known, ")


def time_dependent_auc(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    at: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The AUROC of those with the event by a time against those beyond it, weighted for censoring (Uno 2007).

    Cumulative cases, dynamic controls; logit interval, with the weights taken as known.
    """
    seen, ended, given = _cases(time, event, risk)
    fraction(level)
    found = weights_at(seen, ended, at) if len(seen) else None
    if found is None:
        return nothing("nobody was followed beyond that time")
    weights, beyond = found[0], seen > at
    if not weights.any():
        return nothing("no event by that time")
    n, total = len(seen), float(weights.sum())
    cases, controls = weights > 0, np.sort(given[beyond])
    order = np.argsort(given[cases], kind="stable")
    ranked, cumulated = given[cases][order], np.concatenate([[0.0], np.cumsum(weights[cases][order])])
    under = np.searchsorted(controls, given[cases]), np.searchsorted(controls, given[cases], side="right")
    above = (under[0] + under[1]) / 2 / len(controls)
    less = np.searchsorted(ranked, given[beyond]), np.searchsorted(ranked, given[beyond], side="right")
    below = 1 - (cumulated[less[0]] + cumulated[less[1]]) / 2 / total
    value = float(np.sum(weights[cases] * above) / total)
    parts = np.zeros(n)
    parts[cases] = n * weights[cases] * (above - value) / total
    parts[beyond] += n * (below - value) / len(controls)
    return _logit(value, parts, (int(cases.sum()), len(controls)), clusters, level, "weights taken as known, ")


def _cases(time: ArrayLike, event: ArrayLike, risk: ArrayLike) -> tuple[Numbers, Flags, Numbers]:
    seen, ended = followed(time, event)
    given = reals(risk, "risk")
    one_length(time=seen, risk=given)
    return seen, ended, given


def _pairs(time: Numbers, event: Flags, risk: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """For each case the weight of the pairs that it is in and that are ordered rightly, and of all its pairs."""
    n = len(time)
    won, pairs = np.zeros(n), np.zeros(n)
    first = np.flatnonzero(weights > 0)
    step = max(1, _CHUNK // max(n, 1))
    for start in range(0, len(first), step):
        some = first[start : start + step]
        later = (time[some, None] < time) | ((time[some, None] == time) & ~event)
        right = ((risk[some, None] > risk) + 0.5 * (risk[some, None] == risk)) * later
        won[some] += weights[some] * right.sum(1)
        pairs[some] += weights[some] * later.sum(1)
        won += weights[some] @ right
        pairs += weights[some] @ later
    return won, pairs


def _interval(
    won: Numbers, pairs: Numbers, event: Flags, clusters: ArrayLike | None, level: float, note: str
) -> Measure:
    fraction(level)
    total = float(pairs.sum()) / 2
    if total == 0:
        return nothing(_NO_PAIR)
    value = float(won.sum()) / 2 / total
    parts = len(won) * (won - value * pairs) / total
    half = max(1, int(event.sum()) // 2)
    return _logit(value, parts, (half, half), clusters, level, note)


def _logit(
    value: float, parts: Numbers, independent: tuple[int, int], clusters: ArrayLike | None, level: float, note: str
) -> Measure:
    error, freedom = influence.standard_error(parts, clusters)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    reach = influence.t_quantile(level, freedom)
    if not 1e-12 < value < 1 - 1e-12 or not error > 0:
        low, high = newcombe(value, *independent, influence.z_quantile(level))
        return Measure(value, low, high, "Newcombe method 5 on the events: the order has no fault to measure by")
    centre, half = math.log(value / (1 - value)), reach * error / (value * (1 - value))
    low, high = (1 / (1 + math.exp(-max(min(x, 700.0), -700.0))) for x in (centre - half, centre + half))
    return Measure(value, low, high, f"logit, {note}linearised jackknife")
