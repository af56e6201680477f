"""Bootstrap intervals by whole clusters: the same seed gives the same interval to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lienthong.products.measures.influence import standard_error, t_quantile
from lienthong.products.measures.inputs import INPUT_WRONG, cluster_codes, fraction, nothing
from lienthong.products.measures.measure import Measure, Numbers

__all__ = ["Index", "bootstrap", "bootstrap_mean", "draws", "generator"]

Index = NDArray[np.int64]
"""Places of cases; a case may stand there more than once."""

_LEAST = 100  # fewer resamples give no bounds of 95 %
_JACKKNIFE = 200  # delete-one groups for the acceleration; more cost time and change it little
_CHUNK = 4_000_000  # counts held at once


def generator(seed: int) -> np.random.Generator:
    """The one source of chance of all measures: PCG64 (O'Neill 2014), whose stream NumPy keeps between versions."""
    return np.random.Generator(np.random.PCG64(seed))


class _Clusters:
    """Cases sorted by cluster, so that a cluster drawn is a slice."""

    def __init__(self, n: int, clusters: ArrayLike | None, strata: ArrayLike | None) -> None:
        codes = cluster_codes(clusters, n)
        self.order = np.argsort(codes, kind="stable")
        self.starts = np.searchsorted(codes[self.order], np.arange(int(codes.max(initial=-1)) + 2))
        self.single = clusters is None
        groups = len(self.starts) - 1
        if strata is None:
            self.strata: list[Index] = [np.arange(groups, dtype=np.int64)]
        else:
            of_case = cluster_codes(strata, n)
            first = of_case[self.order[self.starts[:-1]]]
            if (np.repeat(first, np.diff(self.starts)) != of_case[self.order]).any():
                raise INPUT_WRONG.at(
                    "strata", why="a cluster lies in two strata", allowed="whole clusters in a stratum"
                )
            self.strata = [np.flatnonzero(first == stratum) for stratum in np.unique(first)]
        self.groups = groups

    def cases(self, drawn: Index) -> Index:
        if self.single:
            return drawn
        return np.concatenate([self.order[self.starts[item] : self.starts[item + 1]] for item in drawn])

    def draw(self, chance: np.random.Generator) -> Index:
        return self.cases(np.concatenate([part[chance.integers(0, len(part), len(part))] for part in self.strata]))


def draws(
    n: int, *, seed: int, resamples: int, clusters: ArrayLike | None = None, strata: ArrayLike | None = None
) -> list[Index]:
    """Cases drawn with replacement, whole clusters at a time, within strata: one array for each resample."""
    parts, chance = _Clusters(n, clusters, strata), generator(seed)
    return [parts.draw(chance) for _ in range(resamples)]


def bootstrap(
    statistic: Callable[[Index], float],
    n: int,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    level: float = 0.95,
    distance: bool = False,
) -> Measure:
    """A figure with its bias-corrected and accelerated interval (BCa, Efron 1987).

    A `distance` is never below 0 and grows with every error of the fit, which resampling adds once more: its lower
    bound is reflected (basic bootstrap, not below 0), its upper bound the higher of that and the percentile.

    `statistic` takes the places of cases and gives the figure, NaN where those cases have none; such resamples are
    left out and counted in the method. The acceleration is by the jackknife over clusters (grouped above 200).
    """
    fraction(level)
    _enough(resamples)
    if n == 0:
        return nothing("no cases")
    value = float(statistic(np.arange(n, dtype=np.int64)))
    if not math.isfinite(value):
        return nothing("these cases do not give the figure")
    parts, chance = _Clusters(n, clusters, strata), generator(seed)
    if parts.groups < 2:
        return Measure(value, method="no interval: fewer than two independent cases")
    figures = np.array([statistic(parts.draw(chance)) for _ in range(resamples)])
    whole = figures[np.isfinite(figures)]
    if len(whole) < _LEAST:
        return Measure(value, method="no interval: too few resamples give the figure")
    lost = f", {resamples - len(whole)} without a figure left out" if len(whole) < resamples else ""
    by = "" if clusters is None else f" of {parts.groups} clusters"
    if distance:
        under, over = (float(bound) for bound in np.quantile(whole, ((1 - level) / 2, (1 + level) / 2)))
        low, high = max(2 * value - over, 0.0), max(over, 2 * value - under)
        return Measure(value, low, high, f"bootstrap of a distance{by}, {resamples} resamples{lost}")
    deleted = np.array(
        [
            statistic(parts.cases(np.setdiff1d(np.arange(parts.groups), gone, assume_unique=True)))
            for gone in np.array_split(np.arange(parts.groups), min(parts.groups, _JACKKNIFE))
        ]
    )
    deleted = deleted[np.isfinite(deleted)]
    off = deleted.mean() - deleted if len(deleted) else np.zeros(1)
    spread = float(np.sum(off**2)) ** 1.5
    low, high = _bca(whole, value, float(np.sum(off**3)) / (6 * spread) if spread else 0.0, level)
    return Measure(value, low, high, f"BCa bootstrap{by}, {resamples} resamples{lost}")


def bootstrap_mean(
    values: Numbers, *, seed: int, resamples: int = 1000, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """The mean of cases with its studentised bootstrap interval (bootstrap-t: Efron 1982; Hall 1988).

    Better than BCa for skewed means of few clusters, as our simulations show. A draw is a row of counts, and cases
    (or clusters) that add the same are counted together, so that figures of few different parts cost little.
    Where too many resamples have no spread, or there is none at all, the method says what was done.
    """
    fraction(level)
    _enough(resamples)
    if not len(values):
        return nothing("no cases")
    codes = cluster_codes(clusters, len(values))
    sums, sizes = np.bincount(codes, weights=values), np.bincount(codes).astype(np.float64)
    value, groups = float(values.mean()), len(sums)
    if groups < 2:
        return Measure(value, method="no interval: fewer than two independent cases")
    error, freedom = standard_error(values - value, codes)
    if error <= 1e-14 * max(abs(value), 1e-300) or not np.ptp(values):
        return Measure(value, method="no interval: every independent case adds the same")
    kinds, times = np.unique(np.column_stack([sums, sizes]), axis=0, return_counts=True)
    parts = kinds[:, 0], kinds[:, 1]
    moments = np.column_stack([*parts, parts[0] ** 2, parts[0] * parts[1], parts[1] ** 2])
    chance, studentised = generator(seed), []
    step = max(1, _CHUNK // len(kinds))
    for start in range(0, resamples, step):
        drawn = chance.multinomial(groups, times / groups, size=min(step, resamples - start)) @ moments
        again = drawn[:, 0] / drawn[:, 1]
        spread = drawn[:, 2] - 2 * again * drawn[:, 3] + again**2 * drawn[:, 4]
        there = spread > 1e-12 * drawn[:, 2]
        errors = np.sqrt(spread[there] * groups / (groups - 1)) / drawn[there, 1]
        studentised.append((again[there] - value) / errors)
    found = np.concatenate(studentised)
    by = "" if clusters is None else f" of {groups} clusters"
    if len(found) < resamples * (1 + level) / 2:
        half = t_quantile(level, freedom) * error
        return Measure(value, value - half, value + half, f"Student's t{by}: too few resamples have any spread")
    low, high = np.quantile(found, ((1 - level) / 2, (1 + level) / 2))
    low, high = value - float(high) * error, value - float(low) * error
    return Measure(value, low, high, f"bootstrap-t{by}, {resamples} resamples")


def _enough(resamples: int) -> None:
    if resamples < _LEAST:
        raise INPUT_WRONG.at("resamples", why="too few resamples are asked for", allowed=f"{_LEAST} or more")


def _bca(figures: Numbers, value: float, acceleration: float, level: float) -> tuple[float, float]:
    """The bounds of Efron 1987; half of the resamples that equal the figure count as below it."""
    near = np.isclose(figures, value, rtol=1e-12, atol=1e-15)
    below = float(np.mean((figures < value) & ~near) + np.mean(near) / 2)
    below = min(max(below, 1 / (len(figures) + 1)), 1 - 1 / (len(figures) + 1))
    centre = float(stats.norm.ppf(below))
    tails = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = centre + float(stats.norm.ppf(tail))
        tails.append(float(stats.norm.cdf(centre + shifted / max(1 - acceleration * shifted, 1e-6))))
    low, high = np.quantile(figures, tails)
    return float(low), float(high)
