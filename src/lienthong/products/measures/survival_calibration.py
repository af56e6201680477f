"""Is the foretold risk of an event by a time right: slope, smoothed curve and its mean distance, with censoring.

Recalibration by a proportional-hazards model of log(-log(1 - p)), with follow-up cut at the time (Austin, Harrell &
van Klaveren 2020; McLernon 2023). The observed-to-expected ratio is `survival.o_e_at`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures.calibration import Curve, spline_basis
from lienthong.products.measures.censoring import followed
from lienthong.products.measures.hazards import HazardFit, fit_hazards
from lienthong.products.measures.influence import z_quantile
from lienthong.products.measures.inputs import fraction, nothing, one_length, probabilities
from lienthong.products.measures.measure import Flags, Measure, Numbers
from lienthong.products.measures.resampling import Index, bootstrap, draws
from lienthong.products.measures.survival import NOT_FOLLOWED, complementary_log_log, o_e_at

__all__ = ["CalibrationAt", "calibration_at", "curve_at", "ici_at", "slope_at"]

_NO_FIT = "the foretold risks do not vary, or separate the events"


@dataclass(frozen=True, slots=True)
class CalibrationAt:
    """Calibration at one time: on the whole, in spread, and at each risk."""

    o_e: Measure
    slope: Measure
    ici: Measure
    curve: Curve | None


def calibration_at(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    at: float,
    *,
    seed: int,
    resamples: int = 300,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CalibrationAt:
    """All three levels of calibration of the probability of an event by a time."""
    return CalibrationAt(
        o_e_at(time, event, probability, at, clusters=clusters, level=level),
        slope_at(time, event, probability, at, level=level),
        ici_at(time, event, probability, at, seed=seed, resamples=resamples, clusters=clusters, level=level),
        curve_at(time, event, probability, at, seed=seed, resamples=resamples, clusters=clusters, level=level),
    )


def slope_at(time: ArrayLike, event: ArrayLike, probability: ArrayLike, at: float, *, level: float = 0.95) -> Measure:
    """The coefficient of log(-log(1 - p)) in a Cox model of follow-up to that time; 1 is right. Wald interval."""
    seen, ended, given = _cases(time, event, probability)
    fraction(level)
    if not (seen > at).any():
        return nothing(NOT_FOLLOWED)
    found = fit_hazards(complementary_log_log(given)[:, None], seen, ended, at=at)
    if found is None:
        return nothing(_NO_FIT)
    value, half = float(found.coefficients[0]), z_quantile(level) * math.sqrt(float(found.covariance[0, 0]))
    return Measure(value, value - half, value + half, "Wald, Cox model")


def ici_at(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    at: float,
    *,
    seed: int,
    resamples: int = 300,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean distance of the foretold risk and the smoothed one (Austin 2020)."""
    seen, ended, given = _cases(time, event, probability)
    if not (seen > at).any():
        return nothing(NOT_FOLLOWED)
    rows, _ = _rows(complementary_log_log(given))

    def distance(index: Index) -> float:
        found = _refit(rows, seen, ended, at, index)
        return math.nan if found is None else float(np.mean(np.abs(_risk(found, rows[index]) - given[index])))

    figure = bootstrap(
        distance, len(seen), seed=seed, resamples=resamples, clusters=clusters, level=level, distance=True
    )
    return nothing(_NO_FIT) if figure.value is None else figure


def curve_at(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    at: float,
    *,
    seed: int,
    resamples: int = 300,
    points: int = 101,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Curve | None:
    """The smoothed risk at each foretold risk, with a pointwise band by the percentiles of the bootstrap."""
    seen, ended, given = _cases(time, event, probability)
    fraction(level)
    if not (seen > at).any():
        return None
    linear = complementary_log_log(given)
    rows, knots = _rows(linear)
    places = np.linspace(linear.min(), linear.max(), points)
    there = spline_basis(places, knots)[:, 1:]
    found = _refit(rows, seen, ended, at, np.arange(len(seen), dtype=np.int64))
    if found is None:
        return None
    again = [
        _risk(fit, there)
        for index in draws(len(seen), seed=seed, resamples=resamples, clusters=clusters)
        if (fit := _refit(rows, seen, ended, at, index)) is not None
    ]
    low, high = np.quantile(np.array(again), ((1 - level) / 2, (1 + level) / 2), axis=0)
    middle = _risk(found, there)
    how = f"Cox, restricted cubic spline, {len(knots)} knots, {len(again)} resamples"
    return Curve(
        np.asarray(-np.expm1(-np.exp(places))), middle, np.minimum(low, middle), np.maximum(high, middle), how
    )


def _cases(time: ArrayLike, event: ArrayLike, probability: ArrayLike) -> tuple[Numbers, Flags, Numbers]:
    seen, ended = followed(time, event)
    given = probabilities(probability)
    one_length(time=seen, probability=given)
    return seen, ended, given


def _rows(linear: Numbers) -> tuple[Numbers, Numbers]:
    """The covariates of the smooth model and their knots: three (Austin 2020), or none where these meet."""
    knots = np.quantile(linear, (0.1, 0.5, 0.9)) if len(linear) else np.zeros(0)
    if len(linear) < 25 or np.diff(knots).min() < 1e-6:
        knots = np.zeros(0)
    return spline_basis(linear, knots)[:, 1:], knots


def _refit(rows: Numbers, seen: Numbers, ended: Flags, at: float, index: Index) -> HazardFit | None:
    times = np.bincount(index, minlength=len(seen))
    there = times > 0
    return fit_hazards(rows[there], seen[there], ended[there], at=at, weights=times[there].astype(np.float64))


def _risk(found: HazardFit, rows: Numbers) -> Numbers:
    exponent = np.clip(rows @ found.coefficients, -500, 500)
    return np.asarray(-np.expm1(-found.baseline * np.exp(exponent)), dtype=np.float64)
