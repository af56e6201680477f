"""How many cases an external validation needs so that its intervals are narrow enough: Riley 2021, Archer 2021.

Riley et al., Stat Med 2021;40:4230 (binary outcome): observed over expected, calibration slope, C-statistic, net
benefit. Widths are of whole 95 % intervals, with the defaults of pmvalsampsize.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from lienthong.products.measures.inputs import INPUT_WRONG, fraction, reals
from lienthong.products.measures.measure import Numbers

__all__ = [
    "Need",
    "for_c_statistic",
    "for_net_benefit",
    "for_o_e",
    "for_rate",
    "for_slope",
    "normal_predictor",
    "powered",
]

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Need:
    """What a figure needs: cases, the events among them, and the width of the 95 % interval that was asked for."""

    figure: str
    cases: int
    events: int
    width: float

    def met_by(self, cases: int) -> bool:
        """Whether so many cases are enough."""
        return cases >= self.cases


def powered(cases: int, needs: Sequence[Need]) -> bool:
    """Whether all needs are met; False where none was worked out."""
    return bool(needs) and all(need.met_by(cases) for need in needs)


def for_o_e(prevalence: float, *, o_e: float = 1.0, width: float = 0.2) -> Need:
    """Riley 2021, criterion 1: n = (1-φ)/(φ·SE²), with the SE of ln(O/E) that gives an interval of this width."""
    share, ratio = fraction(prevalence, "prevalence"), _above(o_e, "o_e")
    error = math.asinh(_above(width, "width") / (2 * ratio)) / _Z
    return _need("o_e", (1 - share) / (share * error**2), share, width)


def for_slope(prevalence: float, linear: ArrayLike, *, slope: float = 1.0, width: float = 0.2) -> Need:
    """Riley 2021, criterion 2, by Fisher's information of the logistic recalibration model.

    `linear` are values of the product's log odds as they will be in the validation, such as `normal_predictor` or
    those of earlier cases; with a slope other than 1 the intercept is taken as 0.
    """
    share, odds = fraction(prevalence, "prevalence"), reals(linear, "linear")
    if len(odds) < 2 or np.ptp(odds) == 0:
        raise INPUT_WRONG.at("linear", why="the log odds do not vary", allowed="two or more different values")
    spread = special.expit(slope * odds)
    spread = spread * (1 - spread)
    level, both, square = (float(np.mean(spread * odds**power)) for power in (0, 1, 2))
    error = _above(width, "width") / (2 * _Z)
    return _need("calibration_slope", level / (error**2 * (level * square - both**2)), share, width)


def for_c_statistic(prevalence: float, c: float, *, width: float = 0.1) -> Need:
    """Riley 2021, criterion 3: the least n at which Newcombe's standard error (2006) is small enough."""
    share, area = fraction(prevalence, "prevalence"), fraction(c, "c")
    wanted = (_above(width, "width") / (2 * _Z)) ** 2

    def excess(n: float) -> float:
        parts = 1 + (n / 2 - 1) * ((1 - area) / (2 - area) + area / (1 + area))
        return area * (1 - area) * parts / (n**2 * share * (1 - share)) - wanted

    top = 4.0
    while excess(top) > 0:
        top *= 2
    cases = optimize.brentq(excess, 2.0, top) if excess(2.0) > 0 else 2.0
    return _need("auroc", float(cases), share, width)


def for_net_benefit(
    prevalence: float, threshold: float, sensitivity: float, specificity: float, *, width: float = 0.2
) -> Need:
    """Riley 2021, criterion 4: the standardised net benefit (over the prevalence) at a threshold."""
    share, odds = fraction(prevalence, "prevalence"), fraction(threshold, "threshold") / (1 - threshold)
    for name, rate in (("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= rate <= 1:
            raise INPUT_WRONG.at(name, why=f"{name} is not from 0 to 1", allowed="a number from 0 to 1")
    weight = (1 - share) / share * odds
    variance = (
        sensitivity * (1 - sensitivity) / share
        + weight**2 * specificity * (1 - specificity) / (1 - share)
        + weight**2 * (1 - specificity) ** 2 / (share * (1 - share))
    )
    return _need("net_benefit", variance / (_above(width, "width") / (2 * _Z)) ** 2, share, width)


def for_rate(prevalence: float, rate: float, *, of_events: bool = True, width: float = 0.1) -> Need:
    """A sensitivity (or with `of_events` False a specificity) whose Wald interval is this narrow (Buderer 1996)."""
    share = fraction(prevalence, "prevalence")
    among = fraction(rate, "rate") * (1 - rate) / (_above(width, "width") / (2 * _Z)) ** 2
    name = "sensitivity" if of_events else "specificity"
    return _need(name, among / (share if of_events else 1 - share), share, width)


def normal_predictor(mean: float, deviation: float, *, points: int = 10001) -> Numbers:
    """Equally probable values of normally distributed log odds, for `for_slope`; no chance is in them."""
    if not (math.isfinite(mean) and points >= 2):
        raise INPUT_WRONG.at("mean", why="the mean is no finite number", allowed="a finite number")
    places = (np.arange(points) + 0.5) / points
    return np.asarray(mean + _above(deviation, "deviation") * special.ndtri(places), dtype=np.float64)


def _need(figure: str, cases: float, prevalence: float, width: float) -> Need:
    whole = math.ceil(cases - 1e-9)
    return Need(figure, whole, math.ceil(whole * prevalence - 1e-9), width)


def _above(value: float, name: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise INPUT_WRONG.at(name, why=f"{name} is not above 0", allowed="a number above 0")
    return float(value)
