"""What a locked threshold does: sensitivity, specificity and predictive values, with Wilson's interval.

A case is called positive where its probability is at or above the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lienthong.products.measures import influence
from lienthong.products.measures.inputs import (
    INPUT_WRONG,
    cluster_codes,
    fraction,
    nothing,
    one_length,
    outcomes,
    reals,
)
from lienthong.products.measures.measure import Flags, Measure

__all__ = ["Counts", "counts", "npv", "ppv", "sensitivity", "share", "specificity", "wilson"]


@dataclass(frozen=True, slots=True)
class Counts:
    """The two-by-two table of a threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def counts(happened: ArrayLike, probability: ArrayLike, threshold: float) -> Counts:
    """How many cases are called rightly and wrongly."""
    truth, called = _called(happened, probability, threshold)
    return Counts(
        int(np.sum(truth & called)),
        int(np.sum(~truth & called)),
        int(np.sum(truth & ~called)),
        int(np.sum(~truth & ~called)),
    )


def sensitivity(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of those with the event who are called positive."""
    truth, called = _called(happened, probability, threshold)
    return share(called, among=truth, clusters=clusters, level=level, nobody="no case had the event")


def specificity(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of those without the event who are called negative."""
    truth, called = _called(happened, probability, threshold)
    return share(~called, among=~truth, clusters=clusters, level=level, nobody="every case had the event")


def ppv(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of those called positive who have the event."""
    truth, called = _called(happened, probability, threshold)
    return share(truth, among=called, clusters=clusters, level=level, nobody="no case is called positive")


def npv(
    happened: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of those called negative who do not have the event."""
    truth, called = _called(happened, probability, threshold)
    return share(~truth, among=~called, clusters=clusters, level=level, nobody="no case is called negative")


def wilson(found: float, among: float, *, level: float = 0.95) -> Measure:
    """A share with Wilson's score interval (1927); never outside of 0 to 1, honest at 0 and 1."""
    z = influence.z_quantile(fraction(level))
    if among <= 0 or not 0 <= found <= among:
        return nothing("nobody to count among")
    value = found / among
    middle = (value + z**2 / (2 * among)) / (1 + z**2 / among)
    half = z / (1 + z**2 / among) * math.sqrt(value * (1 - value) / among + z**2 / (4 * among**2))
    low = 0.0 if found == 0 else middle - half
    high = 1.0 if found == among else middle + half
    return Measure(value, low, high, "Wilson")


def share(
    flags: Flags, *, among: Flags, clusters: ArrayLike | None = None, level: float = 0.95, nobody: str = "no cases"
) -> Measure:
    """The share of flagged cases among some, by Wilson.

    In clusters, Wilson's interval is that of the effective number of cases, n over the design effect of the ratio
    estimator, with the widening of Korn & Graubard 1998 for few clusters; the effect is never taken below 1. Where
    the share is 0 or 1 the cases count as their clusters.
    """
    fraction(level)
    n = int(among.sum())
    if n == 0:
        return nothing(nobody)
    inside = flags[among]
    value = float(inside.mean())
    if clusters is None:
        return wilson(int(inside.sum()), n, level=level)
    codes = cluster_codes(np.asarray(clusters)[among], n)
    groups = int(codes.max()) + 1
    if groups < 2:
        return Measure(value, method="no interval: fewer than two independent cases")
    if value in (0.0, 1.0):
        effective = float(groups)
    else:
        error, freedom = influence.standard_error(inside.astype(np.float64) - value, codes)
        design = max(error**2 / (value * (1 - value) / n), 1.0)
        effective = max(n / design * (influence.z_quantile(level) / influence.t_quantile(level, freedom)) ** 2, 1.0)
    bounds = wilson(value * effective, effective, level=level)
    return Measure(value, bounds.low, bounds.high, f"Wilson, {groups} clusters")


def _called(happened: ArrayLike, probability: ArrayLike, threshold: float) -> tuple[Flags, Flags]:
    truth, given = outcomes(happened), reals(probability, "probability")
    one_length(happened=truth, probability=given)
    if not math.isfinite(threshold):
        raise INPUT_WRONG.at("threshold", why="the threshold is no finite number", allowed="a finite number")
    return truth, given >= threshold
