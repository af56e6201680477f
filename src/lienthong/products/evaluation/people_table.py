"""A CSV of people with inputs and outcome, read for a product that runs on the warehouse: rows become its own `Row`s.

So a published equation or score is evaluated by the very code that makes its suggestions, abstentions included. One
line is one person (or one stay). A cell that is empty is an input that was not there.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.core.text import nfc, printable
from lienthong.products.assessment import Assessment, Product, Row
from lienthong.products.evaluation.cases import BinaryCases, Labels
from lienthong.products.evaluation.evaluable import DATA_WRONG, Opened
from lienthong.products.measures.measure import Numbers

__all__ = ["AS_OF", "GROUPS", "Line", "PeopleTable", "only", "rows_of"]

AS_OF = date(2000, 1, 1)
TIME = "2000-01-01"
"""The day on which everybody is assessed; ages are full years, so that no real date is needed."""

GROUPS = ("ethnic-group", "province", "insurance", "hospital-level", "site", "year")
_ALWAYS = ("age", "event")
_BANDS = ((40, "under-40"), (50, "40-49"), (60, "50-59"), (70, "60-69"), (200, "70-and-over"))
_FLAGS = {"0": False, "1": True}
_OLDEST = 130


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its cells by column, and whether the event came."""

    cells: Mapping[str, str]
    age: int
    event: bool


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """The layout for one product: which columns must be there, which may, and how a figure becomes a number.

    A cell of `needed` that is empty is missing; one of `noted` says that nothing is recorded, which is no fault.
    `figure` gives the number between 0 and 1 that orders people, None where the product abstains.
    """

    product: Product
    needed: tuple[str, ...]
    noted: tuple[str, ...]
    optional: tuple[str, ...]
    rows: Callable[[Line], Sequence[Row]]
    figure: Callable[[Assessment], Decimal | None]

    def open(self, file: Path, disturb: Mapping[str, Sequence[str]]) -> Opened:
        """The people of a file as cases; `disturb` are factors that multiply an input, to see what changes."""
        lines = list(self._lines(file))
        found = [self._of(line) for line in lines]
        disturbed = {
            f"{name} × {factor}": _numbers(
                [self._of(_times(line, name, factor)) or value for line, value in zip(lines, found, strict=True)]
            )
            for name, factors in disturb.items()
            for factor in factors
        }
        cases = BinaryCases(
            happened=np.array([line.event for line in lines], dtype=np.bool_),
            probability=_numbers(found),
            clusters=_words(lines, "patient") if any(line.cells.get("patient") for line in lines) else None,
            groups=self._groups(lines),
            abstained=np.array([value is None for value in found], dtype=np.bool_),
            perturbed=disturbed,
            missing={
                name: np.array([not line.cells.get(name) for line in lines], dtype=np.bool_)
                for name in self.needed
                if any(not line.cells.get(name) for line in lines)
            },
        )
        return Opened(cases, cases_digests=tuple(canonical.digest(dict(line.cells)) for line in lines))

    def _of(self, line: Line) -> Decimal | None:
        return self.figure(self.product.assess(self.rows(line), AS_OF))

    def _groups(self, lines: Sequence[Line]) -> dict[str, Labels]:
        found = {"age": np.array([next(band for limit, band in _BANDS if line.age < limit) for line in lines])}
        for name in ("sex", *GROUPS):
            if any(line.cells.get(name) for line in lines):
                found[name] = _words(lines, name)
        return found

    def _lines(self, file: Path) -> Iterator[Line]:
        where = printable(file.name)
        known = (*_ALWAYS, *self.needed, *self.noted, *self.optional, "patient", *GROUPS)
        try:
            with file.open(encoding="utf-8-sig", newline="") as handle:
                reader = csv.DictReader(handle)
                columns = [nfc(name).strip() for name in reader.fieldnames or ()]
                reader.fieldnames = columns
                for name in (*_ALWAYS, *self.needed, *self.noted):
                    if name not in columns:
                        raise _wrong(where, f"there is no column '{name}'", ", ".join(known))
                for number, cells in enumerate(reader, 2):
                    yield _line(where, number, {key: (cells[key] or "").strip() for key in columns if key in known})
        except (UnicodeDecodeError, csv.Error):
            raise _wrong(where, "it is no CSV in UTF-8", ", ".join(known)) from None


def only(files: Sequence[Path], part: str) -> Path:
    """The one file; a table of people has no parts."""
    if part or len(files) != 1:
        names = ", ".join(printable(file.name) for file in files)
        raise _wrong(names, "these are several files, or a part of one", "one file, whole")
    return files[0]


def rows_of(input: str, value: str, unit: str = "") -> Row:
    """One input of the person of a line, as of the day of assessment."""
    reference = f"Observation/{input}"
    return Row("person", input, "Patient/person", reference, value, unit, TIME, "final")


def _line(where: str, number: int, cells: Mapping[str, str]) -> Line:
    at = f"{where}: row {number}"
    if cells["event"] not in _FLAGS:
        raise _wrong(
            f"{at}: event", "the outcome is neither 0 nor 1", "0 or 1; leave people out whose outcome is unknown"
        )
    if not cells["age"].isascii() or not cells["age"].isdecimal() or int(cells["age"]) > _OLDEST:
        raise _wrong(f"{at}: age", "the age is no number of years", f"full years, 0 to {_OLDEST}")
    return Line(cells, int(cells["age"]), _FLAGS[cells["event"]])


def _wrong(where: str, why: str, allowed: str) -> LienthongError:
    return DATA_WRONG.at(where, why=why, allowed=allowed)


def _times(line: Line, name: str, factor: str) -> Line:
    """The line with one number multiplied; as it is where there is none."""
    try:
        value = Decimal(line.cells.get(name, "")) * Decimal(factor)
    except InvalidOperation:
        return line
    return Line({**line.cells, name: f"{value:f}"}, line.age, line.event)


def _numbers(values: Sequence[Decimal | None]) -> Numbers:
    return np.array([0.0 if value is None else float(value) for value in values], dtype=np.float64)


def _words(lines: Sequence[Line], name: str) -> Labels:
    return np.array([nfc(line.cells.get(name, "")) for line in lines], dtype=np.str_)
