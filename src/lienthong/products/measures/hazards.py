"""Proportional-hazards regression of few covariates by Newton's method (Cox 1972, Breslow's ties), for recalibration.

A bootstrap refits it hundreds of times, with weights. statsmodels' PHReg is its oracle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["HazardFit", "fit_hazards"]

_STEPS = 50


@dataclass(frozen=True, slots=True)
class HazardFit:
    """Log hazard ratios, their covariance, and the cumulative baseline hazard (where all covariates are 0)."""

    coefficients: Numbers
    covariance: Numbers
    baseline: float


def fit_hazards(
    design: Numbers, time: Numbers, event: Flags, *, at: float, weights: Numbers | None = None
) -> HazardFit | None:
    """The fit to follow-up cut at a time, and the baseline hazard up to it; None where there is no fit."""
    order = np.argsort(-time, kind="stable")
    seen, x = time[order], design[order]
    died = event[order] & (seen <= at)
    count = (np.ones(len(time)) if weights is None else weights)[order]
    if not died.any() or np.ptp(x, axis=0).min(initial=1.0) == 0:
        return None
    centre = np.average(x, axis=0, weights=count)
    x = x - centre
    last = np.searchsorted(-seen, -seen[died], side="right") - 1  # all who were followed as long or longer
    beta, step, before = np.zeros(x.shape[1]), np.zeros(x.shape[1]), -np.inf
    deaths = count[died]
    for _ in range(_STEPS):
        hazard = count * np.exp(np.clip(x @ beta, -500, 500))
        total = np.cumsum(hazard)[last]
        means = np.cumsum(hazard[:, None] * x, axis=0)[last] / total[:, None]
        fitness = float(np.sum(deaths * (x[died] @ beta - np.log(total))))
        if fitness < before - 1e-9:
            step = step / 2  # a step that made the fit worse is taken back by half
            beta = beta - step
            continue
        outer = np.cumsum(hazard[:, None, None] * x[:, :, None] * x[:, None, :], axis=0)[last] / total[:, None, None]
        information = np.einsum("i,ijk->jk", deaths, outer - means[:, :, None] * means[:, None, :])
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1e14:
            return None
        covariance = np.linalg.inv(information)
        if abs(fitness - before) <= 1e-11 * (abs(fitness) + 0.1):
            baseline = float(np.sum(deaths / total)) * float(np.exp(-centre @ beta))
            return HazardFit(beta, np.asarray(covariance, dtype=np.float64), baseline)
        before = fitness
        step = covariance @ np.sum(deaths[:, None] * (x[died] - means), axis=0)
        beta = beta + step
    return None
