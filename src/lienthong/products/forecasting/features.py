"""What a forecast may look at: each place's own past on the log scale, its season, and the country's level.

Every figure is made from a table that ends at the origin, so that a later count can't have been seen. Logs are
log(1 + count), natural.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from lienthong.products.forecasting.panel import Panel
from lienthong.products.measures.measure import Numbers

__all__ = ["GROUPS", "LAST", "NAMES", "USUAL", "describe"]

_YEAR = 12
_LAGS = 6

NAMES: tuple[str, ...] = (
    "last",  # the last month known: the origin, or the nearest before it
    *(f"lag_{k}" for k in range(1, _LAGS)),
    "mean_3",
    "usual",  # the place's mean in the calendar month of the target
    "usual_now",  # its mean in the calendar month of the origin
    "usual_rise",
    "year_ago",  # the month of the target a year ago, its neighbours, and two years ago
    "year_ago_before",
    "year_ago_after",
    "two_years_ago",
    "sine",
    "cosine",
    "half_year_sine",
    "half_year_cosine",
    "mean_12",
    "level",  # the place's mean since the beginning
    "country",  # mean over the places
    "country_rise",
    "country_rise_year",
)
LAST = NAMES.index("last")
USUAL = NAMES.index("usual")

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "recent": ("last", *(f"lag_{k}" for k in range(1, _LAGS)), "mean_3"),
        "season": NAMES[NAMES.index("usual") : NAMES.index("half_year_cosine") + 1],
        "level": ("mean_12", "level"),
        "country": ("country", "country_rise", "country_rise_year"),
    }
)
"""Which figures speak of the same thing, for a reason that a person can read."""


def describe(known: Panel, horizon: int) -> Numbers:
    """A row of figures for each place (places × NAMES), for `horizon` months after the table's last month.

    NaN where the past does not hold a figure, save `last` and `usual`, which the baselines stand on: `last` is the
    latest count there is, `usual` falls back to the place's level; both NaN only for a place that never reported.
    """
    logs = np.log1p(known.counts)
    places, months = logs.shape
    empty = np.full(places, np.nan)

    def back(k: int) -> Numbers:
        return logs[:, months - 1 - k] if 0 <= k < months else empty

    target = known.last + horizon
    level = _mean(logs)
    usual = _mean(_same_month(logs, known.first, target))
    usual_now = _mean(_same_month(logs, known.first, known.last))
    country = [_mean(back(k)[None, :])[0] for k in (0, 1, _YEAR)]
    angle = 2 * np.pi * (target % _YEAR) / _YEAR
    columns = {
        "last": _latest(logs),
        **{f"lag_{k}": back(k) for k in range(1, _LAGS)},
        "mean_3": _mean(logs[:, -3:]),
        "usual": np.where(np.isnan(usual), level, usual),
        "usual_now": usual_now,
        "usual_rise": usual - usual_now,
        "year_ago": back(_YEAR - horizon),
        "year_ago_before": back(_YEAR - horizon + 1),
        "year_ago_after": back(_YEAR - horizon - 1),
        "two_years_ago": back(2 * _YEAR - horizon),
        "sine": np.full(places, np.sin(angle)),
        "cosine": np.full(places, np.cos(angle)),
        "half_year_sine": np.full(places, np.sin(2 * angle)),
        "half_year_cosine": np.full(places, np.cos(2 * angle)),
        "mean_12": _mean(logs[:, -_YEAR:]),
        "level": level,
        "country": np.full(places, country[0]),
        "country_rise": np.full(places, country[0] - country[1]),
        "country_rise_year": np.full(places, country[0] - country[2]),
    }
    return np.column_stack([columns[name] for name in NAMES])


def _same_month(logs: Numbers, first: int, month: int) -> Numbers:
    """The columns of one calendar month."""
    return logs[:, (month - first) % _YEAR :: _YEAR]


def _mean(values: Numbers) -> Numbers:
    """The mean of each row over what was reported; NaN where nothing was."""
    known = ~np.isnan(values)
    n = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _latest(logs: Numbers) -> Numbers:
    """The last value of each row that was reported."""
    if not logs.shape[1]:
        return np.full(len(logs), np.nan)
    known = ~np.isnan(logs)
    column = np.where(known.any(axis=1), logs.shape[1] - 1 - known[:, ::-1].argmax(axis=1), 0)
    return logs[np.arange(len(logs)), column]
