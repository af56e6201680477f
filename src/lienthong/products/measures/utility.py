"""Is it better to act on the product than to treat all or none: net benefit and the decision curve.

Vickers & Elkin 2006: at threshold t a false positive costs t/(1-t) of a true positive, and net benefit is
TP/n - FP/n · t/(1-t). It is the mean of what each case adds, so its interval is that of a mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures.inputs import fraction, nothing, one_length, outcomes, probabilities
from lienthong.products.measures.measure import Flags, Measure, Numbers
from lienthong.products.measures.resampling import bootstrap_mean

__all__ = [
    "DecisionRow",
    "decision_curve",
    "interventions_avoided",
    "net_benefit",
    "net_benefit_all",
    "net_benefit_difference",
]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """The decision curve at one threshold; treating nobody has a net benefit of 0.

    `gain` is the model less the better of treat-all and treat-none, which is chosen by these data; `avoided` are the
    interventions that the model spares in 100 cases against treating all, with no event more left untreated.
    """

    threshold: float
    model: Measure
    treat_all: Measure
    gain: Measure
    avoided: Measure


def net_benefit(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Net benefit of treating where the probability is at or above the threshold, in true positives per case."""
    truth, given = _pair(happened, probability)
    return _mean(_adds(truth, given >= fraction(threshold, "threshold"), threshold), seed, resamples, clusters, level)


def net_benefit_all(
    happened: ArrayLike,
    threshold: float,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Net benefit of treating everybody."""
    truth = outcomes(happened)
    fraction(threshold, "threshold")
    return _mean(_adds(truth, np.ones(len(truth), dtype=np.bool_), threshold), seed, resamples, clusters, level)


def net_benefit_difference(
    happened: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    threshold: float,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Net benefit by the probabilities `a` less that by `b`, on the same cases."""
    truth, first = _pair(happened, a)
    _, second = _pair(happened, b)
    fraction(threshold, "threshold")
    adds = _adds(truth, first >= threshold, threshold) - _adds(truth, second >= threshold, threshold)
    return _mean(adds, seed, resamples, clusters, level)


def interventions_avoided(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Interventions spared in 100 cases against treating all (Vickers & Elkin 2006): (model - all) · 100 / odds."""
    truth, given = _pair(happened, probability)
    odds = fraction(threshold, "threshold") / (1 - threshold)
    everybody = np.ones(len(truth), dtype=np.bool_)
    adds = _adds(truth, given >= threshold, threshold) - _adds(truth, everybody, threshold)
    return _mean(100 / odds * adds, seed, resamples, clusters, level)


def decision_curve(
    happened: ArrayLike,
    probability: ArrayLike,
    thresholds: Sequence[float],
    *,
    seed: int,
    resamples: int = 1000,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[DecisionRow, ...]:
    """A row for each threshold; every interval is pointwise."""
    truth, given = _pair(happened, probability)
    rows = []
    for threshold in thresholds:
        fraction(threshold, "threshold")
        model = _adds(truth, given >= threshold, threshold)
        everybody = _adds(truth, np.ones(len(truth), dtype=np.bool_), threshold)
        best = everybody if everybody.sum() > 0 else np.zeros(len(truth))
        scale = 100 * (1 - threshold) / threshold
        rows.append(
            DecisionRow(
                float(threshold),
                *(
                    _mean(adds, seed, resamples, clusters, level)
                    for adds in (model, everybody, model - best, scale * (model - everybody))
                ),
            )
        )
    return tuple(rows)


def _adds(truth: Flags, treated: Flags, threshold: float) -> Numbers:
    """What each case adds to net benefit: 1, minus the odds of the threshold, or nothing."""
    return np.where(treated, np.where(truth, 1.0, -threshold / (1 - threshold)), 0.0)


def _mean(adds: Numbers, seed: int, resamples: int, clusters: ArrayLike | None, level: float) -> Measure:
    if not len(adds):
        return nothing("no cases")
    return bootstrap_mean(adds, seed=seed, resamples=resamples, clusters=clusters, level=level)


def _pair(happened: ArrayLike, probability: ArrayLike) -> tuple[Flags, Numbers]:
    truth, given = outcomes(happened), probabilities(probability)
    one_length(happened=truth, probability=given)
    return truth, given
