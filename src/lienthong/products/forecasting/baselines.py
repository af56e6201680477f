"""The centres of forecasts that need no model: what was last seen, and what is usual in that month of the year.

They get their spread from their own errors of the past like the product does (`conformal`), so that the product is
not made to look good by baselines that are too sure of themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from lienthong.products.forecasting.features import LAST, USUAL
from lienthong.products.measures.measure import Numbers

__all__ = ["Centre", "Learn", "persistence", "seasonal"]

Centre = Callable[[Numbers], Numbers]
"""From rows of figures (cases × NAMES) to the middle of the forecast, as the log of 1 + count."""

Learn = Callable[[Numbers, Numbers], Centre]
"""From rows of the past and the logs that came true to a centre."""


def persistence(figures: Numbers, came: Numbers) -> Centre:
    """The count stays as it was last seen."""
    del figures, came  # nothing to learn
    return lambda rows: rows[:, LAST]


def seasonal(figures: Numbers, came: Numbers) -> Centre:
    """The count is what it was on average (of logs) in that month of the years before."""
    del figures, came
    return lambda rows: rows[:, USUAL]
