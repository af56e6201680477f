"""How far forecasts were off in the past, made into quantiles for the next one: split-conformal, by size of forecast.

Mondrian conformal prediction (Vovk et al. 2005): the errors of forecasts of about the same size, since small counts
scatter more on the log scale and high ones mostly fall. What is foretold between two sizes lies between their errors.
Months follow each other, so that the exchangeability under which coverage is guaranteed does not hold exactly:
coverage is measured, not promised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lienthong.products.measures.measure import Numbers

__all__ = ["LEVELS", "Spread"]

LEVELS: Numbers = np.array([0.01, 0.025, *(step / 20 for step in range(1, 20)), 0.975, 0.99])
"""The 23 levels of the forecast hubs (Bracher et al. 2021)."""

# Chosen in development on the baselines as much as on the product: one shape of errors for all sizes made
# persistence look far worse than it is (a WIS of 114 instead of 53 at three months); more groups only added noise.
_GROUPS = 4
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Quantiles of the errors (groups × LEVELS, logs) of forecasts whose mean size (log) is each of `knots`."""

    knots: Numbers
    errors: Numbers

    @staticmethod
    def learn(centre: Numbers, observed: Numbers) -> Spread:
        """From forecasts of the past and what came true, both logs; where nothing came true yet, it is left out."""
        known = np.isfinite(centre) & np.isfinite(observed)
        centre, error = centre[known], (observed - centre)[known]
        order = np.argsort(centre, kind="stable")
        groups = [group for group in np.array_split(order, _GROUPS) if len(group)]
        knots = np.array([float(centre[group].mean()) for group in groups])
        # Position (n + 1) p among the sorted errors: the finite-sample correction of split conformal.
        errors = [np.quantile(error[group], LEVELS, method="weibull") for group in groups]
        return Spread(knots, np.stack(errors))

    def around(self, centre: Numbers) -> Numbers:
        """Quantiles of the count (cases × LEVELS), never below 0, never falling from one level to the next."""
        errors = np.column_stack([np.interp(centre, self.knots, column) for column in self.errors.T])
        counts: Numbers = np.maximum(np.expm1(centre[:, None] + errors), 0.0).round(_DIGITS)
        return counts
