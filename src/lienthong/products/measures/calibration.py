"""Do events happen as often as foretold: on the whole (O:E, intercept), in spread (slope), and at each risk.

The hierarchy is that of Van Calster 2016 (J Clin Epidemiol 74:167). Probabilities below 1e-6 or above 1 - 1e-6
have no logit that a record of six decimals can hold; where a logit is needed they are taken as these bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lienthong.products.measures import influence
from lienthong.products.measures.inputs import cluster_codes, fraction, nothing, one_length, outcomes, probabilities
from lienthong.products.measures.logistic import Fit, fit
from lienthong.products.measures.measure import Flags, Measure, Numbers
from lienthong.products.measures.operating import wilson
from lienthong.products.measures.resampling import Index, bootstrap

__all__ = [
    "Curve",
    "brier",
    "curve",
    "e50",
    "e90",
    "emax",
    "ici",
    "intercept",
    "logits",
    "o_e",
    "scaled_brier",
    "slope",
    "spline_basis",
]

ONE_OUTCOME = "all cases have the same outcome"
_SEPARATED = "the probabilities separate the outcomes, so the fit has no end"
_EDGE = 1e-6
_KNOTS = {4: (0.05, 0.35, 0.65, 0.95), 3: (0.1, 0.5, 0.9)}  # Harrell 2015


@dataclass(frozen=True, slots=True)
class Curve:
    """The smoothed share of events at each foretold probability, with a pointwise band."""

    probability: Numbers
    observed: Numbers
    low: Numbers
    high: Numbers
    method: str


def o_e(
    happened: ArrayLike, probability: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """Observed events per expected event; interval on the log scale, SE² = (1-φ)/(nφ) (Riley 2021).

    The expected number is taken as given. With no event (or nothing but events) the interval is Wilson's for the
    share of events, over the mean probability.
    """
    truth, given = _pair(happened, probability)
    fraction(level)
    if not len(truth):
        return nothing("no cases")
    foretold, share = float(given.mean()), float(truth.mean())
    if foretold == 0:
        return nothing("no event is expected")
    value = share / foretold
    if share in (0.0, 1.0):
        bounds = wilson(int(truth.sum()), len(truth), level=level)
        assert bounds.low is not None and bounds.high is not None
        return Measure(
            value, bounds.low / foretold, bounds.high / foretold, "Wilson's interval of the share of events"
        )
    if clusters is None:
        error, reach = math.sqrt((1 - share) / (len(truth) * share)), influence.z_quantile(level)
    else:
        error, freedom = influence.standard_error((truth.astype(np.float64) - share) / share, clusters)
        if not freedom:
            return Measure(value, method="no interval: fewer than two independent cases")
        reach = influence.t_quantile(level, freedom)
    factor = math.exp(min(reach * error, 700))
    return Measure(value, value / factor, value * factor, "log scale" if clusters is None else "log scale, clustered")


def intercept(
    happened: ArrayLike, probability: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """Calibration in the large: the intercept of a logistic model with the logit of the probability as its offset."""
    truth, given = _pair(happened, probability)
    if (why := _one_sided(truth)) is not None:
        return nothing(why)
    found = fit(np.ones((len(truth), 1)), truth, offset=logits(given), clusters=clusters)
    return _wald(found, 0, clusters, len(truth), level)


def slope(
    happened: ArrayLike, probability: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """The coefficient of the probability's logit in a logistic model of the outcome (Cox 1958); Wald interval."""
    truth, given = _pair(happened, probability)
    if (why := _one_sided(truth)) is not None:
        return nothing(why)
    linear = logits(given)
    if np.ptp(linear) == 0:
        return nothing("all cases have the same probability")
    found = fit(np.column_stack([np.ones(len(truth)), linear]), truth, clusters=clusters)
    return _wald(found, 1, clusters, len(truth), level)


def brier(
    happened: ArrayLike, probability: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """The mean squared distance of probability and outcome (Brier 1950)."""
    truth, given = _pair(happened, probability)
    return influence.mean((given - truth) ** 2, clusters=clusters, level=fraction(level))


def scaled_brier(
    happened: ArrayLike, probability: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """One less the Brier score over that of foretelling the share of events for everybody (Steyerberg 2010).

    1 is perfect, 0 no better than the share, below 0 worse. Interval by the delta method, Student's t.
    """
    truth, given = _pair(happened, probability)
    fraction(level)
    if (why := _one_sided(truth)) is not None:
        return nothing(why)
    squares, share = (given - truth) ** 2, float(truth.mean())
    worst = share * (1 - share)
    value = 1 - float(squares.mean()) / worst
    parts = (1 - value) * (1 - 2 * share) * (truth - share) / worst - (squares - squares.mean()) / worst
    error, freedom = influence.standard_error(parts, clusters)
    if not freedom:
        return Measure(value, method="no interval: fewer than two independent cases")
    half = influence.t_quantile(level, freedom) * error
    return Measure(value, value - half, value + half, f"delta method, Student's t, {freedom} degrees of freedom")


def curve(
    happened: ArrayLike,
    probability: ArrayLike,
    *,
    points: int = 101,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Curve | None:
    """The smoothed calibration curve over the foretold range: a restricted cubic spline of the logit (Harrell 2015).

    None where all have one outcome or the outcomes are separated. The band is pointwise, by Wald on the logit scale.
    """
    truth, given = _pair(happened, probability)
    fraction(level)
    if _one_sided(truth) is not None:
        return None
    linear = logits(given)
    at = np.linspace(linear.min(), linear.max(), points) if np.ptp(linear) else linear[:1]
    basis, knots = _basis_of(linear)
    found = fit(basis(linear), truth, clusters=clusters)
    if found is None:
        return None
    rows = basis(at)
    middle = rows @ found.coefficients
    half = influence.z_quantile(level) * np.sqrt(np.einsum("ij,jk,ik->i", rows, found.covariance, rows))
    how = f"restricted cubic spline, {knots} knots" if knots else "logistic, straight"
    return Curve(
        special.expit(at), special.expit(middle), special.expit(middle - half), special.expit(middle + half), how
    )


def ici(
    happened: ArrayLike,
    probability: ArrayLike,
    *,
    seed: int,
    resamples: int = 500,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean distance of probability and smoothed curve, the integrated calibration index.

    Austin & Steyerberg 2019, with a spline for their loess. It is never below 0, and in small samples above 0 even
    for a perfect model; read it with its interval.
    """
    return _distance(np.mean, happened, probability, seed, resamples, clusters, level)


def e50(
    happened: ArrayLike,
    probability: ArrayLike,
    *,
    seed: int,
    resamples: int = 500,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The median distance of probability and smoothed curve (Austin & Steyerberg 2019)."""
    return _distance(np.median, happened, probability, seed, resamples, clusters, level)


def e90(
    happened: ArrayLike,
    probability: ArrayLike,
    *,
    seed: int,
    resamples: int = 500,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The 90th centile of the distance of probability and smoothed curve (Austin & Steyerberg 2019)."""
    return _distance(lambda gaps: np.quantile(gaps, 0.9), happened, probability, seed, resamples, clusters, level)


def emax(
    happened: ArrayLike,
    probability: ArrayLike,
    *,
    seed: int,
    resamples: int = 500,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The greatest distance of probability and smoothed curve over the cases (Harrell 2015)."""
    return _distance(np.max, happened, probability, seed, resamples, clusters, level)


def logits(probability: Numbers) -> Numbers:
    """The log odds, of probabilities kept within six decimals of 0 and 1."""
    return np.asarray(special.logit(np.clip(probability, _EDGE, 1 - _EDGE)), dtype=np.float64)


def spline_basis(x: Numbers, knots: Numbers) -> Numbers:
    """The columns 1, x and the restricted cubic terms between the knots (Harrell 2015).

    The terms are scaled by the square of the knots' range. Linear beyond the outer knots; with fewer than
    three knots only 1 and x.
    """
    columns = [np.ones(len(x)), x]
    if len(knots) >= 3:
        last, before, scale = knots[-1], knots[-2], (knots[-1] - knots[0]) ** 2
        for knot in knots[:-2]:
            bend = (
                np.maximum(x - knot, 0) ** 3
                - np.maximum(x - before, 0) ** 3 * (last - knot) / (last - before)
                + np.maximum(x - last, 0) ** 3 * (before - knot) / (last - before)
            )
            columns.append(bend / scale)
    return np.column_stack(columns)


def _basis_of(linear: Numbers) -> tuple[Callable[[Numbers], Numbers], int]:
    """The basis that these logits bear: four knots, fewer in small or lumpy samples, at last a straight line."""
    if np.ptp(linear) == 0:
        return lambda x: np.ones((len(x), 1)), 0
    for count in (4, 3):
        knots = np.quantile(linear, _KNOTS[count])
        if len(linear) >= 25 * (count - 2) and np.diff(knots).min() > 1e-6:
            return lambda x, at=knots: spline_basis(x, at), count
    return lambda x: spline_basis(x, np.zeros(0)), 0


def _distance(
    summary: Callable[[Numbers], np.floating | float],
    happened: ArrayLike,
    probability: ArrayLike,
    seed: int,
    resamples: int,
    clusters: ArrayLike | None,
    level: float,
) -> Measure:
    truth, given = _pair(happened, probability)
    if (why := _one_sided(truth)) is not None:
        return nothing(why)
    linear = logits(given)
    basis, knots = _basis_of(linear)
    rows = basis(linear)

    def distance(index: Index) -> float:
        times = np.bincount(index, minlength=len(truth))
        there = times > 0
        if len(np.unique(truth[there])) < 2:
            return math.nan
        found = fit(rows[there], truth[there], weights=times[there].astype(np.float64))
        if found is None:
            return math.nan
        gaps = np.abs(special.expit(rows[index] @ found.coefficients) - given[index])
        return float(summary(gaps))

    figure = bootstrap(
        distance, len(truth), seed=seed, resamples=resamples, clusters=clusters, level=level, distance=True
    )
    if figure.value is None:
        return nothing(_SEPARATED)
    shape = f"spline of {knots} knots" if knots else "straight line"
    return Measure(figure.value, figure.low, figure.high, f"{figure.method}; {shape}")


def _pair(happened: ArrayLike, probability: ArrayLike) -> tuple[Flags, Numbers]:
    truth, given = outcomes(happened), probabilities(probability)
    one_length(happened=truth, probability=given)
    return truth, given


def _one_sided(truth: Flags) -> str | None:
    if not len(truth):
        return "no cases"
    return ONE_OUTCOME if truth.all() or not truth.any() else None


def _wald(found: Fit | None, place: int, clusters: ArrayLike | None, n: int, level: float) -> Measure:
    fraction(level)
    if found is None:
        return nothing(_SEPARATED)
    value, error = float(found.coefficients[place]), math.sqrt(max(float(found.covariance[place, place]), 0.0))
    if clusters is None:
        half, how = influence.z_quantile(level) * error, "Wald"
    else:
        groups = int(cluster_codes(clusters, n).max()) + 1
        if groups < 2:
            return Measure(value, method="no interval: fewer than two independent cases")
        if error < 1e-6:  # the clusters cancel out to rounding
            return Measure(value, method="no interval: every independent case adds the same")
        half, how = influence.t_quantile(level, groups - 1) * error, f"Wald, sandwich over {groups} clusters"
    return Measure(value, value - half, value + half, how)
