"""Intervals of smooth figures from what each case (or cluster of cases) adds to them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lienthong.products.measures.inputs import cluster_codes
from lienthong.products.measures.measure import Measure, Numbers

__all__ = ["mean", "standard_error", "t_quantile", "z_quantile"]


def z_quantile(level: float) -> float:
    """The two-sided quantile of the normal distribution: 1.96 at 0.95."""
    return float(stats.norm.ppf((1 + level) / 2))


def t_quantile(level: float, freedom: float) -> float:
    """The two-sided quantile of Student's distribution."""
    return float(stats.t.ppf((1 + level) / 2, freedom))


def standard_error(influence: Numbers, clusters: ArrayLike | None = None) -> tuple[float, int]:
    """The standard error of a figure with these influence values (mean 0, one a case), and its degrees of freedom.

    Influence values are summed by cluster (Taylor linearisation, Binder 1983), with the correction G/(G-1).
    NaN and 0 where there are fewer than two clusters.
    """
    n = len(influence)
    codes = cluster_codes(clusters, n)
    sums = np.bincount(codes, weights=influence) / max(n, 1)
    groups = len(sums)
    if groups < 2:
        return math.nan, 0
    return float(np.sqrt(groups / (groups - 1) * np.sum((sums - sums.mean()) ** 2))), groups - 1


def mean(values: Numbers, *, clusters: ArrayLike | None = None, level: float = 0.95) -> Measure:
    """The mean of the cases, with Student's interval over clusters."""
    if not len(values):
        return Measure(None, method="none: no cases")
    value = float(values.mean())
    error, freedom = standard_error(values - value, clusters)
    if freedom == 0:
        return Measure(value, method="no interval: fewer than two independent cases")
    half = t_quantile(level, freedom) * error
    return Measure(value, value - half, value + half, f"Student's t, {freedom} degrees of freedom")
