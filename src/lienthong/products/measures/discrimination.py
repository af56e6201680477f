"""Does the score order those who had the event above those who had not: AUROC, AUPRC and their intervals.

A score may be any number; only its order counts. Equal scores count one half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lienthong.products.measures.influence import t_quantile, z_quantile
from lienthong.products.measures.inputs import cluster_codes, fraction, nothing, one_length, outcomes, reals
from lienthong.products.measures.measure import Flags, Measure, Numbers
from lienthong.products.measures.resampling import Index, bootstrap

__all__ = ["RocCurve", "auprc", "auroc", "auroc_difference", "delong_test", "newcombe", "placements", "roc_curve"]

ONE_OUTCOME = "all cases have the same outcome"


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Each distinct score as a threshold (positive at or above it), from the strictest, with the rates it gives."""

    threshold: Numbers
    false_positive_rate: Numbers
    true_positive_rate: Numbers


def placements(happened: Flags, score: Numbers) -> tuple[Numbers, Numbers]:
    """Of each case the share of non-cases below it, of each non-case the share of cases above it (ties one half).

    By midranks, in n log n (Sun & Xu 2014); the mean of either is the AUROC.
    """
    cases, others = score[happened], score[~happened]
    together = stats.rankdata(np.concatenate([cases, others]))
    above = (together[: len(cases)] - stats.rankdata(cases)) / len(others)
    below = 1 - (together[len(cases) :] - stats.rankdata(others)) / len(cases)
    return above, below


def auroc(
    happened: ArrayLike, score: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """The area under the ROC curve with DeLong's variance (1988) and an interval on the logit scale (Pepe 2003).

    Of few cases DeLong's interval is too narrow (89 % at 10 cases, 90 others, area 0.9), so Student's quantile with
    the freedom of Brunner & Munzel 2000 is taken, and the variance counts one more case of each outcome, which varies
    as Hanley & McNeil 1982 foresee (94 to 95 % there; no difference is seen from some hundred cases on).
    With `clusters` the variance is that of Obuchowski 1997. Where DeLong's variance is 0 or can't be had (perfect
    separation, a single case), the interval is Newcombe's (2006, method 5), whose lower bound is honest there.
    """
    truth, given = _pair(happened, score)
    fraction(level)
    if truth.all() or not truth.any():
        return nothing(ONE_OUTCOME if len(truth) else "no cases")
    above, below = placements(truth, given)
    value = float(above.mean())
    codes = None if clusters is None else cluster_codes(clusters, len(truth))
    cases, others = _independent(truth, codes)
    up, down, shared = (float(part[0, 0]) for part in _components(truth, [(above, below)], codes))
    if not 0 < value < 1 or not up + down + shared > 0:
        low, high = newcombe(value, cases, others, z_quantile(level))
        return Measure(value, low, high, "Newcombe method 5: DeLong's variance can't be had of these cases")
    one = value * (1 - value) * ((1 - value) / (2 - value) + value / (1 + value)) / 2
    up, down = ((cases - 1) * up + one / cases) / cases, ((others - 1) * down + one / others) / others
    freedom = (up + down) ** 2 / (up**2 / (cases - 1) + down**2 / (others - 1))
    error = math.sqrt(max(up + down + shared, (up + down) / 4))  # outcomes of one patient can't cancel out wholly
    centre, half = math.log(value / (1 - value)), t_quantile(level, freedom) * error / (value * (1 - value))
    how = "logit DeLong" if codes is None else "logit DeLong, clustered (Obuchowski)"
    return Measure(value, _expit(centre - half), _expit(centre + half), how)


def auroc_difference(
    happened: ArrayLike, a: ArrayLike, b: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """AUROC of `a` less that of `b` on the same cases: DeLong, DeLong & Clarke-Pearson 1988, with their covariance.

    Where one of the two separates perfectly its variance says nothing: the interval is then put together from those
    of the two (Zou & Donner 2008, taken as independent, so rather too wide).
    """
    z = z_quantile(fraction(level))
    value, variance, reason = _paired(happened, a, b, clusters)
    if value is None:
        return nothing(reason)
    if not variance > 0:
        first, second = (auroc(happened, item, clusters=clusters, level=level) for item in (a, b))
        if _orders_alike(a, b):
            return Measure(0.0, 0.0, 0.0, "the two scores order the cases alike")
        assert first.value is not None and first.low is not None and first.high is not None
        assert second.value is not None and second.low is not None and second.high is not None
        down = math.hypot(first.value - first.low, second.high - second.value)
        up = math.hypot(first.high - first.value, second.value - second.low)
        return Measure(value, max(value - down, -1.0), min(value + up, 1.0), "from the two intervals (Zou & Donner)")
    half = z * math.sqrt(variance)
    how = "paired DeLong" if clusters is None else "paired DeLong, clustered (Obuchowski)"
    return Measure(value, value - half, value + half, how)


def delong_test(
    happened: ArrayLike, a: ArrayLike, b: ArrayLike, *, clusters: ArrayLike | None = None
) -> tuple[float, float]:
    """z and the two-sided p of the hypothesis that both scores have one AUROC; NaN where it can't be tested."""
    value, variance, _ = _paired(happened, a, b, clusters)
    if value is None or not variance > 0:
        return math.nan, math.nan
    z = value / math.sqrt(variance)
    return z, float(2 * stats.norm.sf(abs(z)))


def auprc(
    happened: ArrayLike,
    score: ArrayLike,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Average precision: the precision at each distinct score, weighted by the recall it adds (no interpolation).

    Its chance level is the prevalence, so two populations can't be compared by it. Interval: BCa bootstrap.
    """
    truth, given = _pair(happened, score)
    if not truth.any():
        return nothing("no case had the event" if len(truth) else "no cases")
    order = np.argsort(-given, kind="stable")
    sorted_truth = truth[order]
    ends = np.flatnonzero(np.append(np.diff(given[order]) != 0, True))

    def precision(index: Index) -> float:
        times = np.bincount(index, minlength=len(truth))[order]
        found = np.cumsum(times * sorted_truth)[ends]
        called = np.cumsum(times)[ends]
        if found[-1] == 0:
            return math.nan
        gained = np.diff(found, prepend=0)
        return float(np.sum(gained[called > 0] * (found[called > 0] / called[called > 0])) / found[-1])

    return bootstrap(precision, len(truth), seed=seed, resamples=resamples, clusters=clusters, level=level)


def roc_curve(happened: ArrayLike, score: ArrayLike) -> RocCurve | None:
    """The points of the ROC curve, from (0, 0) at an infinite threshold; None where all have the same outcome."""
    truth, given = _pair(happened, score)
    if truth.all() or not truth.any():
        return None
    order = np.argsort(-given, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(given[order]) != 0, True))
    found = np.cumsum(truth[order])[ends]
    wrong = ends + 1 - found
    return RocCurve(
        np.concatenate([[math.inf], given[order][ends]]),
        np.concatenate([[0.0], wrong / wrong[-1]]),
        np.concatenate([[0.0], found / found[-1]]),
    )


def _pair(happened: ArrayLike, score: ArrayLike) -> tuple[Flags, Numbers]:
    truth, given = outcomes(happened), reals(score, "score")
    one_length(happened=truth, score=given)
    return truth, given


def _paired(
    happened: ArrayLike, a: ArrayLike, b: ArrayLike, clusters: ArrayLike | None
) -> tuple[float | None, float, str]:
    truth, first = _pair(happened, a)
    _, second = _pair(happened, b)
    if truth.all() or not truth.any():
        return None, math.nan, ONE_OUTCOME if len(truth) else "no cases"
    both = [placements(truth, first), placements(truth, second)]
    value = float(both[0][0].mean() - both[1][0].mean())
    codes = None if clusters is None else cluster_codes(clusters, len(truth))
    covariance = _covariance(truth, both, codes)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    lost = any(not 0 < part[0].mean() < 1 for part in both)  # a perfect score has no variance here, but in truth
    return value, math.nan if lost or variance < 1e-15 else variance, ""


def _covariance(truth: Flags, parts: list[tuple[Numbers, Numbers]], codes: Index | None) -> Numbers:
    """DeLong's covariance of the areas, or Obuchowski's where cases come in clusters; NaN where there are too few."""
    return np.asarray(sum(_components(truth, parts, codes)), dtype=np.float64)


def _components(
    truth: Flags, parts: list[tuple[Numbers, Numbers]], codes: Index | None
) -> tuple[Numbers, Numbers, Numbers]:
    """What the covariance has from the cases, from the others, and from clusters that hold both."""
    cases, others = int(truth.sum()), int((~truth).sum())
    above, below = (np.array([part[side] for part in parts]) for side in (0, 1))
    above, below = above - above.mean(axis=1, keepdims=True), below - below.mean(axis=1, keepdims=True)
    none = np.full((len(parts), len(parts)), math.nan)
    if codes is None:
        if cases < 2 or others < 2:
            return none, none, none
        return above @ above.T / (cases * (cases - 1)), below @ below.T / (others * (others - 1)), np.zeros_like(none)
    with_cases, with_others = _independent(truth, codes)
    if with_cases < 2 or with_others < 2:
        return none, none, none
    groups = int(codes.max()) + 1
    up = np.array([np.bincount(codes[truth], weights=row, minlength=groups) for row in above]) / cases
    down = np.array([np.bincount(codes[~truth], weights=row, minlength=groups) for row in below]) / others
    shared = groups / (groups - 1) * (up @ down.T)
    up, down = with_cases / (with_cases - 1) * (up @ up.T), with_others / (with_others - 1) * (down @ down.T)
    return up, down, shared + shared.T


def _independent(truth: Flags, codes: Index | None) -> tuple[int, int]:
    if codes is None:
        return int(truth.sum()), int((~truth).sum())
    return len(np.unique(codes[truth])), len(np.unique(codes[~truth]))


def newcombe(value: float, cases: int, others: int, z: float) -> tuple[float, float]:
    """Newcombe 2006, method 5: where the distance to the area is z times its standard error, were that the truth.

    The variance is that of Hanley & McNeil 1982 with the mean of both numbers in place of each.
    """
    if value < 0.5:
        low, high = newcombe(1 - value, cases, others, z)
        return 1 - high, 1 - low
    middle = (cases + others) / 2 - 1

    def outside(area: float) -> bool:
        spread = 1 + middle * ((1 - area) / (2 - area) + area / (1 + area))
        return (value - area) ** 2 > z**2 * area * (1 - area) * spread / (cases * others)

    bounds = []
    for edge in (0.0, 1.0):
        inner, outer = value, edge
        for _ in range(200):
            half = (inner + outer) / 2
            inner, outer = (inner, half) if outside(half) else (half, outer)
        bounds.append(edge if inner == edge or (value == edge) else inner)
    return bounds[0], bounds[1]


def _orders_alike(a: ArrayLike, b: ArrayLike) -> bool:
    return bool((stats.rankdata(np.asarray(a)) == stats.rankdata(np.asarray(b))).all())


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
