"""Rolling origins: every forecast is made as it could have been made then, and set beside what came true.

At each step of twelve origins the centres are learned anew from what was known at its first origin; the spread comes
from how far earlier steps were off, in the same way. The counts are those that OpenDengue holds today: what was
reported late or corrected since can't be told from it (it keeps no vintages).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.forecasting.baselines import Centre, Learn
from lienthong.products.forecasting.conformal import LEVELS, Spread
from lienthong.products.forecasting.features import LAST, describe
from lienthong.products.forecasting.panel import Panel, month_text
from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["Foretold", "Origins", "eligible", "first_possible", "foretell", "roll"]

_STEP = 12  # origins between two trainings


@dataclass(frozen=True, slots=True)
class Origins:
    """From which months it is foretold, how far, and for which places; all of it fixed in the protocol.

    `warm_up` is the number of months that a training must have at least. A place is foretold if it reported in at
    least `reported` of the months up to the first origin and had `cases` cases a month on average: what comes after
    the first origin has no say in it.
    """

    first: int
    last: int
    horizons: tuple[int, ...]
    warm_up: int
    reported: float
    cases: float


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Forecasts at one horizon: rows of figures with their place, their target month, and the log that came true."""

    figures: Numbers
    place: NDArray[np.int64]
    target: NDArray[np.int64]
    came: Numbers

    def take(self, chosen: Flags) -> _Window:
        return _Window(self.figures[chosen], self.place[chosen], self.target[chosen], self.came[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """What is foretold from a table's last month: the centre, its rows of figures, the quantiles of each place."""

    centre: Centre
    figures: Numbers
    quantiles: Numbers


def eligible(panel: Panel, origins: Origins) -> Flags:
    """Which places are foretold, by what was known at the first origin."""
    counts = panel.until(origins.first).counts
    known = ~np.isnan(counts)
    n = known.sum(axis=1)
    mean = np.where(known, counts, 0.0).sum(axis=1) / np.maximum(n, 1)
    enough: Flags = (n >= origins.reported * counts.shape[1]) & (n > 0) & (mean >= origins.cases)
    return enough


def first_possible(panel: Panel, origins: Origins) -> int:
    """The earliest first origin: a training of the warm-up, and a step before it from which to learn the spread."""
    return panel.first + origins.warm_up + _STEP


def roll(panel: Panel, origins: Origins, learners: Mapping[str, Learn]) -> Mapping[str, ForecastCases]:
    """The cases of each learner, the same cases in the same order: by horizon, origin and place.

    A month for which no count was reported gives no case.
    """
    seen = _Seen(panel, origins)
    return {name: _cases(seen, learn) for name, learn in learners.items()}


def foretell(known: Panel, origins: Origins, learn: Learn) -> Mapping[int, Foretold]:
    """The forecasts from the table's last month, by horizon; `origins` says all but the months."""
    seen = _Seen(known, replace(origins, first=known.last, last=known.last))
    made = {}
    for horizon in origins.horizons:
        *_, (centre, spread, window, middle) = _steps(seen, learn, horizon)
        made[horizon] = Foretold(centre, window.figures, spread.around(middle))
    return made


class _Seen:
    """The figures of every origin, each made once, from a table that ends there."""

    def __init__(self, panel: Panel, origins: Origins) -> None:
        self.panel = panel
        self.origins = origins
        self._end = min(origins.last, panel.last)
        back = range(origins.first, panel.first + origins.warm_up - 1, -_STEP)
        self.starts = [*reversed(back), *range(origins.first + _STEP, self._end + 1, _STEP)]
        self._windows = {
            horizon: [self._window(origin, horizon) for origin in range(panel.first, self._end + 1)]
            for horizon in origins.horizons
        }

    def _window(self, origin: int, horizon: int) -> _Window:
        figures = describe(self.panel.until(origin), horizon)
        place = np.arange(len(figures), dtype=np.int64)
        target = np.full(len(figures), origin + horizon, dtype=np.int64)
        return _Window(figures, place, target, np.log1p(self.panel.at(origin + horizon)))

    def step(self, start: int, horizon: int) -> _Window:
        """The forecasts from the twelve origins that begin with `start`, whatever came of them."""
        return self._between(start, min(start + _STEP, self._end + 1), horizon)

    def known(self, now: int, horizon: int) -> _Window:
        """All forecasts of which one knew at the end of `now` what had come true."""
        window = self._between(self.panel.first, now - horizon + 1, horizon)
        return window.take(np.isfinite(window.came) & np.isfinite(window.figures[:, LAST]))

    def _between(self, start: int, end: int, horizon: int) -> _Window:
        chosen = self._windows[horizon][start - self.panel.first : end - self.panel.first]
        return _Window(
            np.concatenate([window.figures for window in chosen]),
            np.concatenate([window.place for window in chosen]),
            np.concatenate([window.target for window in chosen]),
            np.concatenate([window.came for window in chosen]),
        )


def _steps(seen: _Seen, learn: Learn, horizon: int) -> Iterator[tuple[Centre, Spread, _Window, Numbers]]:
    """Each step from the first origin on: its centre, the spread known then, its forecasts and their middles."""
    before: list[tuple[Numbers, _Window]] = []
    for start in seen.starts:
        past = seen.known(start, horizon)
        centre = learn(past.figures, past.came)
        window = seen.step(start, horizon)
        middle = centre(window.figures)
        if start >= seen.origins.first:
            yield centre, _spread(before, start), window, middle
        before.append((middle, window))


def _spread(before: list[tuple[Numbers, _Window]], now: int) -> Spread:
    """How far the earlier steps were off, by what was known at the end of `now`."""
    middle = np.concatenate([middle for middle, _ in before])
    came = np.concatenate([np.where(window.target <= now, window.came, np.nan) for _, window in before])
    return Spread.learn(middle, came)


def _cases(seen: _Seen, learn: Learn) -> ForecastCases:
    parts: list[tuple[int, _Window, Numbers]] = []
    for horizon in seen.origins.horizons:
        for _, spread, window, middle in _steps(seen, learn, horizon):
            told = np.isfinite(window.came) & np.isfinite(window.figures[:, LAST])
            parts.append((horizon, window.take(told), spread.around(middle[told])))
    places = np.array(seen.panel.places, dtype=np.str_)
    return ForecastCases(
        observed=np.round(np.expm1(np.concatenate([window.came for _, window, _ in parts]))),
        quantiles=np.concatenate([quantiles for *_, quantiles in parts]),
        levels=LEVELS,
        horizon=np.concatenate([np.full(len(window.came), horizon) for horizon, window, _ in parts]),
        place=np.concatenate([places[window.place] for _, window, _ in parts]),
        month=np.array([month_text(month) for _, window, _ in parts for month in window.target.tolist()]),
    )
