"""Logistic regression of few coefficients by Newton's method, as recalibration needs it: no penalty, no output.

A thousand of these fits stand behind one bootstrap interval, so it does nothing else. statsmodels' GLM is its oracle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lienthong.products.measures.inputs import cluster_codes
from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["Fit", "fit"]

_STEPS = 50
_NEAR = 1e-10  # relative change of the deviance at which the fit has converged
_FAR = 30.0  # a linear predictor beyond it is a fitted probability of 0 or 1: the outcomes are separated


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients and their covariance (the sandwich over clusters where these were given)."""

    coefficients: Numbers
    covariance: Numbers


def fit(
    design: Numbers,
    happened: Flags,
    *,
    offset: Numbers | float = 0.0,
    clusters: ArrayLike | None = None,
    weights: Numbers | None = None,
) -> Fit | None:
    """The maximum-likelihood fit of shape cases × coefficients; None where there is none (separated outcomes)."""
    truth = happened.astype(np.float64)
    count = np.ones(len(truth)) if weights is None else weights
    start = np.zeros(design.shape[1])
    coefficients, deviance = start, _deviance(design @ start + offset, truth, count)
    for _ in range(_STEPS):
        expected = special.expit(design @ coefficients + offset)
        information = (design * (count * expected * (1 - expected))[:, None]).T @ design
        step = _solve(information, design.T @ (count * (truth - expected)))
        if step is None:
            return None
        for _ in range(20):  # halve a step that makes the fit worse
            proposed = coefficients + step
            after = _deviance(design @ proposed + offset, truth, count)
            if after <= deviance * (1 + 1e-12):
                break
            step = step / 2
        done = abs(deviance - after) <= _NEAR * (abs(after) + 0.1)
        coefficients, deviance = proposed, after
        if done:
            break
    else:
        return None
    # One more step makes the fit exact to the last digits, so that it does not depend on the order of the cases.
    expected = special.expit(design @ coefficients + offset)
    information = (design * (count * expected * (1 - expected))[:, None]).T @ design
    step = _solve(information, design.T @ (count * (truth - expected)))
    if step is not None and np.abs(step).max() < 1e-3:
        coefficients = coefficients + step
    reached = design @ coefficients
    if np.abs(reached).max(initial=0.0) > _FAR and deviance < 1e-6 * len(truth):
        return None
    expected = special.expit(reached + offset)
    bread = _inverse((design * (count * expected * (1 - expected))[:, None]).T @ design)
    if bread is None:
        return None
    if clusters is None:
        return Fit(coefficients, bread)
    codes = cluster_codes(clusters, len(truth))
    groups = int(codes.max()) + 1
    scores = np.zeros((groups, design.shape[1]))
    np.add.at(scores, codes, design * (count * (truth - expected))[:, None])
    return Fit(coefficients, groups / max(groups - 1, 1) * bread @ (scores.T @ scores) @ bread)


def _deviance(linear: Numbers, truth: Numbers, count: Numbers) -> float:
    return float(2 * np.sum(count * (np.logaddexp(0, linear) - truth * linear)))


def _solve(matrix: Numbers, right: Numbers) -> Numbers | None:
    inverse = _inverse(matrix)
    return None if inverse is None else inverse @ right


def _inverse(matrix: Numbers) -> Numbers | None:
    """None where the matrix is as good as singular: fits near 1e4, separated outcomes from 1e10 on."""
    scale = np.sqrt(np.diag(matrix))
    if not (scale > 1e-9).all():
        return None
    scaled = matrix / np.outer(scale, scale)
    if np.linalg.cond(scaled) > 1e9:
        return None
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))
