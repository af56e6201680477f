"""How many cases an external validation needs for intervals of the width that the protocol asks for (Riley 2021).

Everything is reckoned from what the protocol assumed (`[assumed]`), not from what was found. The spread of the log
odds follows from the assumed C, for a calibrated model whose log odds are normal in each outcome: the two means lie
their common variance apart, and C is the normal probability of the deviation over the square root of two.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Sample
from lienthong.products.measures import sample_size
from lienthong.products.measures.measure import Numbers
from lienthong.products.measures.sample_size import Need

__all__ = ["samples"]

_POINTS = 10001


def samples(n: int, events: int, protocol: Protocol) -> tuple[Sample, ...]:
    """The needs of O:E, slope, C and net benefit, as far as the protocol assumed what they take."""
    given = protocol.assumed
    if not {"prevalence", "c"} <= set(given):
        return ()
    prevalence, c = float(given["prevalence"]), float(given["c"])
    deviation = math.sqrt(2) * float(norm.ppf(c))
    needs: dict[str, Need] = {}
    if "o_e_width" in given:
        needs["o_e"] = sample_size.for_o_e(prevalence, width=float(given["o_e_width"]))
    if "slope_width" in given:
        linear = _log_odds(prevalence, deviation)
        needs["calibration_slope"] = sample_size.for_slope(prevalence, linear, width=float(given["slope_width"]))
    if "c_width" in given:
        needs["auroc"] = sample_size.for_c_statistic(prevalence, c, width=float(given["c_width"]))
    if "net_benefit_width" in given and protocol.primary is not None:
        threshold = float(protocol.primary.value)
        sensitivity, specificity = _rates(prevalence, deviation, threshold)
        width = float(given["net_benefit_width"])
        needs["net_benefit"] = sample_size.for_net_benefit(
            prevalence, threshold, sensitivity, specificity, width=width
        )
    return tuple(
        Sample(name, need.cases, need.events, n, events, n >= need.cases and events >= need.events)
        for name, need in needs.items()
    )


def _log_odds(prevalence: float, deviation: float) -> Numbers:
    """Log odds of equally probable cases of both outcomes."""
    middle = math.log(prevalence / (1 - prevalence))
    with_event = round(_POINTS * prevalence)
    parts = []
    for count, side in ((with_event, 1), (_POINTS - with_event, -1)):
        chances = (np.arange(count) + 0.5) / max(count, 1)
        parts.append(middle + side * deviation**2 / 2 + deviation * norm.ppf(chances))
    return np.concatenate(parts)


def _rates(prevalence: float, deviation: float, threshold: float) -> tuple[float, float]:
    """Sensitivity and specificity at a threshold."""
    middle, cut = math.log(prevalence / (1 - prevalence)), math.log(threshold / (1 - threshold))
    half = deviation**2 / 2
    sensitivity = float(norm.sf((cut - middle - half) / deviation))
    return sensitivity, float(norm.cdf((cut - middle + half) / deviation))
