"""One measure over several sites or years: random effects, how much they differ, and what a new one may show.

DerSimonian & Laird 1986 for the variance between places, Hartung & Knapp 2001 for the interval of the mean, Higgins,
Thompson & Spiegelhalter 2009 for the prediction interval; on the logit scale for shares, on the log scale for ratios,
as Snell 2018 (Stat Methods Med Res 27:3505) advises for C and O:E.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from lienthong.products.measures.measure import Measure

__all__ = ["LOG", "LOGIT", "PLAIN", "Mean", "Scale", "difference", "pool", "ratio"]


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale on which a measure is near to normal, and the way back from it."""

    name: str
    to: Callable[[float], float]
    back: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of places; `low` and `high` bound what a new place may show, None with fewer than three places."""

    pooled: Measure
    i2: float | None
    tau2: float | None
    low: float | None
    high: float | None


LOGIT = Scale("logit", lambda x: math.log(x / (1 - x)), lambda y: 1 / (1 + math.exp(-y)))
LOG = Scale("log", math.log, math.exp)
PLAIN = Scale("plain", lambda x: x, lambda y: y)


def pool(measures: Sequence[Measure], scale: Scale, level: float) -> Mean:
    """The random-effects mean of measures with intervals of this level; one without a finite one is left out."""
    found = [effect for item in measures if (effect := _effect(item, scale, level)) is not None]
    if len(found) < 2:
        return Mean(Measure(None, method="fewer than two places with an interval"), None, None, None, None)
    effects, errors = (np.array(part, dtype=np.float64) for part in zip(*found, strict=True))
    k = len(effects)
    fixed = 1 / errors**2
    mean = float((fixed * effects).sum() / fixed.sum())
    q = float((fixed * (effects - mean) ** 2).sum())
    tau2 = max(0.0, (q - (k - 1)) / float(fixed.sum() - (fixed**2).sum() / fixed.sum()))
    i2 = max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0
    weights = 1 / (errors**2 + tau2)
    mean = float((weights * effects).sum() / weights.sum())
    spread = float((weights * (effects - mean) ** 2).sum() / ((k - 1) * weights.sum()))
    # Never narrower than the plain random-effects interval (Roever 2015): by chance places may agree too well.
    error = math.sqrt(max(spread, 1 / float(weights.sum())))
    half = float(t.ppf((1 + level) / 2, k - 1)) * error
    pooled = Measure(
        scale.back(mean),
        scale.back(mean - half),
        scale.back(mean + half),
        f"random effects over {k} places (DerSimonian-Laird, Hartung-Knapp) on the {scale.name} scale",
    )
    if k < 3:
        return Mean(pooled, i2, tau2, None, None)
    wide = float(t.ppf((1 + level) / 2, k - 2)) * math.sqrt(tau2 + error**2)
    return Mean(pooled, i2, tau2, scale.back(mean - wide), scale.back(mean + wide))


def difference(a: Measure, b: Measure) -> Measure:
    """a less b of other cases, its interval from both intervals (Zou & Donner 2008, Newcombe 1998)."""
    if a.value is None or b.value is None:
        return Measure(None, method="one of the two has no figure")
    value = a.value - b.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Measure(value, method="one of the two has no interval")
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Measure(value, low, high, "from both intervals (Zou & Donner 2008)")


def ratio(a: Measure, b: Measure) -> Measure:
    """a over b of other cases: the difference on the log scale."""
    on_logs = [_logs(item) for item in (a, b)]
    found = difference(on_logs[0], on_logs[1])
    bounds = [None if bound is None else math.exp(bound) for bound in (found.value, found.low, found.high)]
    return Measure(bounds[0], bounds[1], bounds[2], found.method)


def _logs(item: Measure) -> Measure:
    bounds = [
        math.log(bound) if bound is not None and bound > 0 else None for bound in (item.value, item.low, item.high)
    ]
    return Measure(bounds[0], bounds[1], bounds[2])


def _effect(item: Measure, scale: Scale, level: float) -> tuple[float, float] | None:
    """The figure on the scale and its standard error, from the width of its interval there."""
    if item.value is None or item.low is None or item.high is None:
        return None
    try:
        middle, low, high = (scale.to(bound) for bound in (item.value, item.low, item.high))
    except (ValueError, ZeroDivisionError):
        return None  # a bound at the edge of the scale: no finite interval
    error = (high - low) / (2 * float(norm.ppf((1 + level) / 2)))
    return (middle, error) if error > 0 and math.isfinite(middle) else None
