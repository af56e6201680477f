"""A plot as a report shows it: a drawing, a title that says the finding, a key, and the table of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from lienthong.reports.words import Number, Words, places_of

__all__ = ["Cell", "Estimate", "Key", "Plot", "Table", "thinned"]

_Row = TypeVar("_Row")

Cell = Number | str | None
"""What stands in a table: a number, a word, or None where there is no figure."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; each None where the data could not give it, `method` says why or how."""

    value: Number | None
    low: Number | None = None
    high: Number | None = None
    method: str = ""

    def told(self, words: Words, places: int | None = None) -> str:
        """The figure with its interval in words, "0.981 (0.974 to 0.986)"; a dash where there is none."""
        if self.value is None:
            return "–"
        # The ends have the decimals of the figure, so that they can be compared at sight
        places = places_of(self.value) if places is None else places
        value = words.number(self.value, places)
        if self.low is None or self.high is None:
            return value
        return words(
            "interval", value=value, low=words.number(self.low, places), high=words.number(self.high, places)
        )


@dataclass(frozen=True, slots=True)
class Key:
    """What a line or sign of a plot stands for; `dash` as SVG writes it, `shape` one of line, dot, diamond, band."""

    label: str
    colour: str
    dash: str = ""
    shape: str = "line"


@dataclass(frozen=True, slots=True)
class Table:
    """The data behind a plot: the names of the columns and the rows, every cell as it was drawn."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing (SVG without script), its title, a sentence that explains how to read it, its key and its data."""

    name: str
    title: str
    explained: str
    svg: Markup
    key: tuple[Key, ...]
    table: Table
    note: str = ""


def thinned(rows: Sequence[_Row], most: int) -> list[_Row]:
    """At most so many of the rows, evenly spaced, the first and the last always among them."""
    if len(rows) <= most:
        return list(rows)
    places = [round(index * (len(rows) - 1) / (most - 1)) for index in range(most)]
    return [rows[place] for place in places]
