"""Survival where follow-up ends before the event: Kaplan-Meier's curve, and weights for those seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienthong.products.measures.influence import z_quantile
from lienthong.products.measures.inputs import INPUT_WRONG, fraction, one_length, outcomes, reals
from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["SurvivalCurve", "followed", "kaplan_meier", "survival_influence", "weights_at", "weights_before"]


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The probability of no event up to and including each time at which an event or a censoring was seen."""

    time: Numbers
    survival: Numbers
    low: Numbers
    high: Numbers
    at_risk: NDArray[np.int64]

    def at(self, time: ArrayLike) -> Numbers:
        """Survival at times: 1 before the first, held at the last value after the last."""
        place = np.searchsorted(self.time, np.asarray(time, dtype=np.float64), side="right")
        return np.asarray(np.concatenate([[1.0], self.survival])[place], dtype=np.float64)

    def before(self, time: ArrayLike) -> Numbers:
        """Survival just before times (the left limit)."""
        place = np.searchsorted(self.time, np.asarray(time, dtype=np.float64), side="left")
        return np.asarray(np.concatenate([[1.0], self.survival])[place], dtype=np.float64)


def followed(time: ArrayLike, event: ArrayLike) -> tuple[Numbers, Flags]:
    """Times of follow-up, none below 0, and whether the event ended each."""
    seen, ended = reals(time, "time"), outcomes(event, "event")
    one_length(time=seen, event=ended)
    if (seen < 0).any():
        raise INPUT_WRONG.at("time", why="a time of follow-up is below 0", allowed="0 or more")
    return seen, ended


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, level: float = 0.95) -> SurvivalCurve:
    """The product-limit estimate (Kaplan & Meier 1958), with Greenwood's variance on the log(-log) scale.

    Those censored at the time of an event count as at risk of it.
    """
    return _product_limit(*followed(time, event), level)


def weights_before(time: Numbers, event: Flags) -> Numbers:
    """One over the probability of being uncensored just before each case's own time; 0 for those censored.

    Kaplan-Meier's curve of the censoring, where an event comes before a censoring of the same time (Graf 1999).
    """
    kept = _uncensored(time, event).before(time)
    return np.where(event, 1 / np.where(event, kept, 1.0), 0.0)


def weights_at(time: Numbers, event: Flags, at: float) -> tuple[Numbers, Numbers] | None:
    """Inverse-probability-of-censoring weights of the cases with the event by a time, and of those beyond it.

    Others weigh 0. None where nobody is followed beyond that time, so that its weights are without end.
    """
    beyond = time > at
    kept = float(_uncensored(time, event).at(at))
    if not beyond.any() or kept == 0:
        return None
    return np.where(time <= at, weights_before(time, event), 0.0), beyond / kept


def survival_influence(time: Numbers, event: Flags, at: float) -> tuple[float, Numbers]:
    """Kaplan-Meier's survival at a time, and what each case adds to it (mean 0; Reid 1981).

    Its standard error by `influence.standard_error` is Greenwood's to the order 1/n.
    """
    times, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=event)
    risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]])
    steps = np.where(times <= at, deaths / risk, 0.0)
    survival = float(np.prod(1 - steps))
    if survival == 0:
        return 0.0, np.zeros(len(time))
    rest = np.where(times <= at, risk - deaths, 1.0)
    compensator = np.cumsum(np.where(times <= at, deaths / (risk * rest), 0.0))
    jump = np.where((time <= at) & event, 1 / rest[place], 0.0)
    return survival, -survival * len(time) * (jump - compensator[place])


def _uncensored(time: Numbers, event: Flags) -> SurvivalCurve:
    """The probability of not being censored: events leave the risk set before censorings of the same time."""
    times, place = np.unique(time, return_inverse=True)
    lost = np.bincount(place, weights=~event)
    risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]]) - np.bincount(place, weights=event)
    kept: Numbers = np.cumprod(1 - np.divide(lost, risk, out=np.zeros(len(times)), where=risk > 0), dtype=np.float64)
    return SurvivalCurve(times, kept, kept, kept, risk.astype(np.int64))


def _product_limit(time: Numbers, event: Flags, level: float) -> SurvivalCurve:
    z = z_quantile(fraction(level))
    times, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=event)
    risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]]) if len(time) else np.zeros(0)
    survival: Numbers = np.cumprod(1 - deaths / risk, dtype=np.float64)
    greenwood = np.cumsum(np.divide(deaths, risk * (risk - deaths), out=np.zeros(len(times)), where=risk > deaths))
    inner = (survival > 0) & (survival < 1)
    logs = np.log(np.where(inner, survival, 0.5))
    factor = np.exp(np.minimum(z * np.sqrt(greenwood) / -logs, math.log(1e300)))
    low, high = (np.where(inner, np.exp(np.maximum(logs * power, -700)), survival) for power in (factor, 1 / factor))
    return SurvivalCurve(times, survival, low, high, risk.astype(np.int64))
