"""Counts by place and month as one table, which can be cut at a month so that nothing later is there to be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["Panel", "month_number", "month_text"]

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def month_number(text: str) -> int:
    """The months since year 0 of a month such as 2006-12; ValueError for any other text."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise ValueError("no month of the form YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


def month_text(number: int) -> str:
    """The month as YYYY-MM."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Counts of each place (rows, by name) in each month (columns, from `first`); NaN where none was reported."""

    places: tuple[str, ...]
    first: int
    counts: Numbers

    @property
    def last(self) -> int:
        """The last month of the table."""
        return self.first + int(self.counts.shape[1]) - 1

    def until(self, month: int) -> Panel:
        """The table as it was known at the end of `month`: a copy without anything later.

        Months that the table has not reached stand as not reported, so that cutting never moves a column.
        """
        width = month - self.first + 1
        if width < 1:
            return Panel(self.places, self.first, self.counts[:, :0].copy())
        known = np.full((len(self.places), width), np.nan)
        had = self.counts[:, :width]
        known[:, : had.shape[1]] = had
        return Panel(self.places, self.first, known)

    def only(self, chosen: Flags) -> Panel:
        """The chosen places."""
        names = tuple(name for name, kept in zip(self.places, chosen, strict=True) if kept)
        return Panel(names, self.first, self.counts[chosen])

    def at(self, month: int) -> Numbers:
        """The counts of one month; not reported where the table does not reach."""
        column = month - self.first
        if not 0 <= column < self.counts.shape[1]:
            return np.full(len(self.places), np.nan)
        return self.counts[:, column]
