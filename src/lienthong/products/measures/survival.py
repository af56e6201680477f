"""How good foretold survival is: Brier scores with censoring, calibration and net benefit at a time, the orderings.

`probability` is that of the event by the time, `survival` that of none. Times are in the unit of the protocol.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from lienthong.products.measures import influence
from lienthong.products.measures.censoring import (
    SurvivalCurve,
    followed,
    kaplan_meier,
    survival_influence,
    weights_at,
)
from lienthong.products.measures.concordance import c_index, c_index_difference, time_dependent_auc, uno_c
from lienthong.products.measures.inputs import (
    INPUT_WRONG,
    fraction,
    nothing,
    one_length,
    outcomes,
    probabilities,
    reals,
)
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = [
    "DCalibration",
    "SurvivalCurve",
    "brier_at",
    "c_index",
    "c_index_difference",
    "d_calibration",
    "ibs",
    "kaplan_meier",
    "net_benefit_at",
    "net_benefit_difference_at",
    "o_e_at",
    "survival_at_own_time",
    "time_dependent_auc",
    "uno_c",
]

NOT_FOLLOWED = "nobody was followed beyond that time"


@dataclass(frozen=True, slots=True)
class DCalibration:
    """How many cases fall in each tenth of foretold survival at their own time: even where survival is calibrated."""

    edges: Numbers
    cases: Numbers
    statistic: float
    p: float


def brier_at(
    time: ArrayLike,
    event: ArrayLike,
    survival: ArrayLike,
    at: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The Brier score of survival up to a time, weighted for censoring (Graf 1999); Student's interval.

    The censoring is that of these cases, by Kaplan-Meier; in the interval its weights are taken as known.
    """
    seen, ended = followed(time, event)
    foretold = probabilities(survival, "survival")
    one_length(time=seen, survival=foretold)
    squares = _squares(seen, ended, foretold[:, None], np.array([float(at)]))
    return nothing(NOT_FOLLOWED) if squares is None else _weighted(squares[:, 0], clusters, level)


def ibs(
    time: ArrayLike,
    event: ArrayLike,
    survival: ArrayLike,
    grid: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The Brier score over the grid's times, by trapezia and over their span (Graf 1999, integrated).

    `survival` has shape cases × times.
    """
    seen, ended = followed(time, event)
    times, foretold = _grid(grid), probabilities(survival, "survival", dimensions=2)
    one_length(time=seen, survival=foretold)
    one_length(grid=times, survival=foretold.T)
    if len(times) < 2:
        raise INPUT_WRONG.at("grid", why="the grid has fewer than two times", allowed="two or more")
    squares = _squares(seen, ended, foretold, times)
    if squares is None:
        return nothing("nobody was followed beyond the last time of the grid")
    return _weighted(np.trapezoid(squares, times, axis=1) / (times[-1] - times[0]), clusters, level)


def o_e_at(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    at: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Observed over expected events by a time: one less Kaplan-Meier's survival, over the mean probability.

    Log scale, with Greenwood's variance (McLernon 2023, mean calibration at a fixed time).
    """
    seen, ended, given = _foretold(time, event, probability)
    fraction(level)
    if not (seen > at).any():
        return nothing(NOT_FOLLOWED)
    alive, parts = survival_influence(seen, ended, at)
    expected = float(given.mean())
    if expected == 0 or alive == 1:
        return nothing("no event is expected" if expected == 0 else "no event by that time")
    value = (1 - alive) / expected
    error, freedom = influence.standard_error(parts / (1 - alive), clusters)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    factor = math.exp(min(influence.t_quantile(level, freedom) * error, 700))
    return Measure(value, value / factor, value * factor, "log scale, Greenwood")


def net_benefit_at(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    at: float,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Net benefit of treating those whose probability of the event by a time is at or above the threshold.

    Their true share is Kaplan-Meier's (Vickers 2008). The interval is by influence values, Student's t. With a
    probability of 1 for everybody it is the net benefit of treating all.
    """
    seen, ended, given = _foretold(time, event, probability)
    parts = _benefit(seen, ended, given >= fraction(threshold, "threshold"), at, threshold)
    return (
        nothing("nobody of those treated was followed beyond that time")
        if parts is None
        else _of(*parts, clusters, level)
    )


def net_benefit_difference_at(
    time: ArrayLike,
    event: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    at: float,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Net benefit at a time by the probabilities `a` less that by `b`, on the same cases."""
    seen, ended, first = _foretold(time, event, a)
    _, _, second = _foretold(time, event, b)
    fraction(threshold, "threshold")
    one, other = (_benefit(seen, ended, given >= threshold, at, threshold) for given in (first, second))
    if one is None or other is None:
        return nothing("nobody of those treated was followed beyond that time")
    return _of(one[0] - other[0], one[1] - other[1], clusters, level)


def survival_at_own_time(
    time: ArrayLike, event: ArrayLike, survival: ArrayLike, grid: ArrayLike
) -> tuple[Numbers, Flags]:
    """What was foretold for each case at its own time, by straight lines between the grid's times, for D-calibration.

    Survival is 1 at time 0. A case followed beyond the grid counts as censored at its last time.
    """
    seen, ended = followed(time, event)
    times, foretold = _grid(grid), probabilities(survival, "survival", dimensions=2)
    one_length(time=seen, survival=foretold)
    one_length(grid=times, survival=foretold.T)
    if times[0] > 0:
        times, foretold = np.concatenate([[0.0], times]), np.column_stack([np.ones(len(seen)), foretold])
    upper = np.clip(np.searchsorted(times, seen), 1, len(times) - 1)
    share = np.clip((seen - times[upper - 1]) / (times[upper] - times[upper - 1]), 0, 1)
    rows = np.arange(len(seen))
    own = foretold[rows, upper - 1] * (1 - share) + foretold[rows, upper] * share
    return np.asarray(own, dtype=np.float64), ended & (seen <= times[-1])


def d_calibration(event: ArrayLike, survival: ArrayLike, *, bins: int = 10) -> DCalibration | None:
    """Distribution calibration (Haider 2020): foretold survival at the case's own time is uniform if it is right.

    A censored case with survival s is spread evenly over what lies below s. Pearson's chi-squared with bins - 1
    degrees of freedom, which is rather lenient under heavy censoring. None without cases.
    """
    ended, own = outcomes(event, "event"), probabilities(survival, "survival")
    one_length(event=ended, survival=own)
    if bins < 2:
        raise INPUT_WRONG.at("bins", why="there are fewer than two bins", allowed="2 or more")
    if not len(own):
        return None
    edges = np.linspace(0, 1, bins + 1)
    cases = np.histogram(own[ended], edges)[0].astype(np.float64)
    open_ = own[~ended]
    covered = np.clip(open_[:, None] - edges[:-1], 0, 1 / bins)
    with np.errstate(invalid="ignore"):
        spread = np.where(open_[:, None] > 0, covered / np.where(open_ > 0, open_, 1.0)[:, None], edges[:-1] == 0)
    cases += spread.sum(0)
    expected = len(own) / bins
    statistic = float(np.sum((cases - expected) ** 2 / expected))
    return DCalibration(edges, cases, statistic, float(stats.chi2.sf(statistic, bins - 1)))


def complementary_log_log(probability: Numbers) -> Numbers:
    """log(-log(1 - p)), the scale of proportional hazards, of probabilities within six decimals of 0 and 1."""
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(-special.log1p(-kept)), dtype=np.float64)


def _grid(grid: ArrayLike) -> Numbers:
    times = reals(grid, "grid")
    if not len(times) or (np.diff(times) <= 0).any() or times[0] < 0:
        raise INPUT_WRONG.at("grid", why="the times of the grid do not rise from 0 or more", allowed="rising times")
    return times


def _foretold(time: ArrayLike, event: ArrayLike, probability: ArrayLike) -> tuple[Numbers, Flags, Numbers]:
    seen, ended = followed(time, event)
    given = probabilities(probability)
    one_length(time=seen, probability=given)
    return seen, ended, given


def _squares(seen: Numbers, ended: Flags, survival: Numbers, times: Numbers) -> Numbers | None:
    """Each case's weighted squared error at each time; None where nobody is followed beyond the last."""
    columns = []
    for place, at in enumerate(times):
        found = weights_at(seen, ended, float(at)) if len(seen) else None
        if found is None:
            return None
        columns.append(found[0] * survival[:, place] ** 2 + found[1] * (1 - survival[:, place]) ** 2)
    return np.column_stack(columns)


def _weighted(squares: Numbers, clusters: ArrayLike | None, level: float) -> Measure:
    found = influence.mean(squares, clusters=clusters, level=fraction(level))
    if found.low is None:
        return found  # the method says why there is no interval
    return Measure(found.value, found.low, found.high, f"weights taken as known, {found.method}")


def _benefit(
    seen: Numbers, ended: Flags, treated: Flags, at: float, threshold: float
) -> tuple[float, Numbers] | None:
    """Net benefit at a time and its influence values; None where the event's share among those treated is unknown."""
    if not len(seen):
        return None
    share, cost = float(treated.mean()), 1 / (1 - threshold)
    if share == 0:
        return 0.0, np.zeros(len(seen))
    if not (seen[treated] > at).any() and not ended[treated][np.argmax(seen[treated])]:
        return None
    alive, inside = survival_influence(seen[treated], ended[treated], at)
    gain = 1 - alive * cost  # 1 - S - S · t/(1-t)
    parts = gain * (treated.astype(np.float64) - share)
    parts[treated] -= cost * inside  # of those treated, whose share cancels against their number
    return share * gain, parts


def _of(value: float, parts: Numbers, clusters: ArrayLike | None, level: float) -> Measure:
    error, freedom = influence.standard_error(parts, clusters)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    half = influence.t_quantile(level, freedom) * error
    return Measure(value, value - half, value + half, f"influence values, Student's t, {freedom} degrees of freedom")
