"""The explainable comparator: one linear autoregression of the log count with seasonal terms, for all places.

A ridge regression whose every coefficient can be read. A figure that is missing takes its mean of the past.
"""

from __future__ import annotations

import numpy as np

from lienthong.products.forecasting.baselines import Centre
from lienthong.products.measures.measure import Numbers

__all__ = ["linear"]

_RIDGE = 1.0


def linear(figures: Numbers, came: Numbers) -> Centre:
    """Learns the coefficients from rows of the past (cases × NAMES, NaN allowed) and the logs that came true."""
    known = ~np.isnan(figures)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, figures, 0.0).sum(axis=0) / n
    spread = np.sqrt(np.where(known, (figures - mean) ** 2, 0.0).sum(axis=0) / n)
    spread = np.where(spread > 0, spread, 1.0)

    def standard(rows: Numbers) -> Numbers:
        return np.where(np.isnan(rows), 0.0, (rows - mean) / spread)

    middle = float(came.mean())
    rows = standard(figures)
    weights = np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(rows.shape[1]), rows.T @ (came - middle))
    return lambda rows: middle + standard(rows) @ weights
