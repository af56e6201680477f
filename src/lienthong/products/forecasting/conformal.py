"""How far forecasts were off in the past, made into quantiles for the next one: split-conformal, by size of count.

Vovk et al. 2005, Lei et al. 2018 (residuals scaled by their usual size). Months follow each other, so that the
exchangeability under which coverage is guaranteed does not hold exactly: coverage is measured, not promised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lienthong.products.measures.measure import Numbers

__all__ = ["LEVELS", "Spread"]

LEVELS: Numbers = np.array([0.01, 0.025, *(step / 20 for step in range(1, 20)), 0.975, 0.99])
"""The 23 levels of the forecast hubs (Bracher et al. 2021)."""

_BINS = 8
_FLOOR = 0.05  # a log error that no count of this kind goes below: places that always report 0 would divide by 0
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The usual size of an error at each size of forecast (`knots`, `sizes`); quantiles of errors in that unit."""

    knots: Numbers
    sizes: Numbers
    errors: Numbers

    @staticmethod
    def learn(centre: Numbers, observed: Numbers) -> Spread:
        """From forecasts of the past and what came true, both logs; where nothing came true yet, it is left out."""
        known = np.isfinite(centre) & np.isfinite(observed)
        centre, error = centre[known], (observed - centre)[known]
        order = np.argsort(centre, kind="stable")
        bins = [part for part in np.array_split(order, _BINS) if len(part)]
        sizes = np.array([max(float(np.abs(error[part]).mean()), _FLOOR) for part in bins])
        knots = np.array([float(centre[part].mean()) for part in bins])
        scaled = error / np.interp(centre, knots, sizes)
        # Position (n + 1) p among the sorted errors: the finite-sample correction of split conformal.
        return Spread(knots, sizes, np.quantile(scaled, LEVELS, method="weibull"))

    def around(self, centre: Numbers) -> Numbers:
        """Quantiles of the count (cases × LEVELS), never below 0, never falling from one level to the next."""
        size = np.interp(centre, self.knots, self.sizes)
        logs = centre[:, None] + size[:, None] * self.errors[None, :]
        counts: Numbers = np.maximum(np.expm1(logs), 0.0).round(_DIGITS)
        return counts
