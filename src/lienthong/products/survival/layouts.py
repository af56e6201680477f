"""Reads the files that breast-survival is made from and evaluated on: one women's cohort, whatever its column names.

Three layouts, told apart by their columns alone: `rotterdam` and `gbsg` as the R package survival has them, and
`gbsg2` as TH.data, lifelines and scikit-survival have it (CSV, or ARFF with the same names). Other columns are not
looked at.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation.evaluable import DATA_WRONG

__all__ = ["LAYOUTS", "POSITIVE_FROM", "Cohort", "Woman", "read_cohort"]

POSITIVE_FROM = Decimal(10)
"""From so much receptor (fmol per mg cytosol protein) a tumour counts as positive.

EBCTCG, Lancet 2011;378:771-784 call a tumour ER-poor below 10 fmol/mg; it is the border between what a laboratory of
that time measured and the "positive" of an immune stain today.
"""

LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "rotterdam": (
        *("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon", "chemo"),
        *("rtime", "recur", "dtime", "death"),
    ),
    "gbsg": ("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon", "rfstime", "status"),
    "gbsg2": ("age", "menostat", "tsize", "tgrade", "pnodes", "progrec", "estrec", "horTh", "time", "cens"),
}
"""The columns that each layout must have."""

_MOST_BYTES = 50_000_000
_MOST_ROWS = 500_000
_MOST_CELL = 200
_MISSING = ("", "NA", "NaN", "nan", "?", ".")
_YES_NO = {"0": 0, "1": 1, "no": 0, "yes": 1}
_MENOPAUSE = {"0": 0, "1": 1, "Pre": 0, "Post": 1}
_GRADES = {"1": 1, "2": 2, "3": 3, "I": 1, "II": 2, "III": 3}
# Rotterdam has classes of size only: the upper limit of a class stands for it, and 51 mm for the open one. No term of
# a model may cut inside a class.
_SIZE_CLASSES = {"<=20": Decimal(20), "20-50": Decimal(50), ">50": Decimal(51)}


@dataclass(frozen=True, slots=True)
class Woman:
    """One patient on the day of her operation, and her time without recurrence.

    `size` is in mm, `nodes` the number of positive lymph nodes; `er` and `pgr` say whether the receptor is there (1)
    or not (0). `days` go from the operation to recurrence, death or the last look, whatever came first; `event` is
    whether recurrence or death ended them.
    """

    age: Decimal
    menopause: int
    size: Decimal
    grade: int
    nodes: Decimal
    er: int
    pgr: int
    hormone: int
    chemo: int
    days: Decimal
    event: bool

    def values(self) -> dict[str, Decimal]:
        """What a model may ask about her, by factor."""
        return {
            name: Decimal(getattr(self, name))
            for name in ("age", "size", "grade", "nodes", "er", "pgr", "hormone", "chemo")
        }


@dataclass(frozen=True, slots=True)
class Cohort:
    """The women of a file in its order. `missing` counts the rows left out because a value is missing, by column;
    `later_deaths` those whose death came after the last look for a recurrence, and does not count."""

    layout: str
    women: tuple[Woman, ...]
    missing: Mapping[str, int]
    left_out: int
    later_deaths: int
    years: tuple[int | None, ...]


def read_cohort(data: bytes, where: str) -> Cohort:
    """The cohort of a CSV or ARFF file; `data-wrong` names the column and the row, never what stands there."""
    if len(data) > _MOST_BYTES:
        raise _wrong(where, "the file is too large", f"at most {_MOST_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(where, "it is no text in UTF-8", "CSV in UTF-8") from None
    rows = _arff(text, where) if text.lstrip()[:1] in ("%", "@") else _csv(text, where)
    header = next(rows, [])
    layout = _layout(header, where)
    at = {name: header.index(name) for name in LAYOUTS[layout]}
    year = header.index("year") if layout == "rotterdam" and "year" in header else None
    women: list[Woman] = []
    years: list[int | None] = []
    missing: Counter[str] = Counter()
    left_out = later = 0
    for number, row in enumerate(rows, start=1):
        if number > _MOST_ROWS:
            raise _wrong(where, "the file has too many rows", f"at most {_MOST_ROWS}")
        if len(row) != len(header):
            raise _wrong(f"{where}: row {number}", "the row has another number of cells", f"{len(header)} cells")
        cells = {name: row[index].strip() for name, index in at.items()}
        absent = [name for name, cell in cells.items() if cell in _MISSING]
        if absent:
            missing.update(absent)
            left_out += 1
            continue
        read = _Row(cells, f"{where}: row {number}")
        woman, died_later = _READERS[layout](read)
        women.append(woman)
        later += died_later
        years.append(None if year is None else _year(row[year]))
    if not women:
        raise _wrong(where, "no row is complete", "at least one row in which every column has a value")
    return Cohort(layout, tuple(women), dict(sorted(missing.items())), left_out, later, tuple(years))


def _layout(header: list[str], where: str) -> str:
    found = [name for name, columns in LAYOUTS.items() if set(columns) <= set(header)]
    if found:
        if len(set(header)) != len(header):
            raise _wrong(where, "a column stands there twice", "each column once")
        return found[0]
    nearest = max(LAYOUTS, key=lambda name: len(set(LAYOUTS[name]) & set(header)))
    lacking = ", ".join(sorted(set(LAYOUTS[nearest]) - set(header)))
    allowed = "; or ".join(f"{name}: {', '.join(columns)}" for name, columns in LAYOUTS.items())
    raise _wrong(where, f"columns are missing ({lacking}, were it {nearest})", allowed)


class _Row:
    """The cells of a row by column, each read within its limits."""

    def __init__(self, cells: Mapping[str, str], where: str) -> None:
        self._cells = cells
        self._where = where

    def number(self, column: str, low: int, high: int) -> Decimal:
        try:
            value = Decimal(self._cells[column])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not low <= value <= high:
            raise _wrong(f"{self._where}, {column}", "a value is no number of its column", f"{low} to {high}")
        return value

    def one_of(self, column: str, codes: Mapping[str, int]) -> int:
        if self._cells[column] not in codes:
            raise _wrong(f"{self._where}, {column}", "a value is no code of its column", ", ".join(codes))
        return codes[self._cells[column]]

    def size(self, column: str) -> Decimal:
        found = _SIZE_CLASSES.get(self._cells[column])
        return self.number(column, 0, 500) if found is None else found

    def receptor(self, column: str) -> int:
        return int(self.number(column, 0, 100_000) >= POSITIVE_FROM)


def _rotterdam(row: _Row) -> tuple[Woman, bool]:
    """Recurrence-free survival; a death after the last look for a recurrence is no event, as nobody knows whether a
    recurrence had come before it. Such a woman is followed up to that look (survival's help page on rotterdam)."""
    recurred, died = row.one_of("recur", _YES_NO), row.one_of("death", _YES_NO)
    looked, lived = row.number("rtime", 0, 40_000), row.number("dtime", 0, 40_000)
    later = not recurred and bool(died) and looked < lived
    event = bool(recurred) or (bool(died) and not later)
    woman = _woman(
        row,
        ("meno", "size", "grade", "nodes", "er", "pgr", "hormon"),
        chemo=row.one_of("chemo", _YES_NO),
        days=min(looked, lived),
        event=event,
    )
    return woman, later


def _gbsg(row: _Row) -> tuple[Woman, bool]:
    names = ("meno", "size", "grade", "nodes", "er", "pgr", "hormon")
    days, event = row.number("rfstime", 0, 40_000), row.one_of("status", _YES_NO)
    return _woman(row, names, chemo=1, days=days, event=bool(event)), False


def _gbsg2(row: _Row) -> tuple[Woman, bool]:
    names = ("menostat", "tsize", "tgrade", "pnodes", "estrec", "progrec", "horTh")
    days, event = row.number("time", 0, 40_000), row.one_of("cens", _YES_NO)
    return _woman(row, names, chemo=1, days=days, event=bool(event)), False


def _woman(row: _Row, names: tuple[str, ...], *, chemo: int, days: Decimal, event: bool) -> Woman:
    """The German trial has no column on chemotherapy: each of its women had three or six cycles of it (Schumacher,
    J Clin Oncol 1994;12:2086-2093), so `chemo` is 1 there by design."""
    meno, size, grade, nodes, er, pgr, hormone = names
    return Woman(
        age=row.number("age", 0, 120),
        menopause=row.one_of(meno, _MENOPAUSE),
        size=row.size(size),
        grade=row.one_of(grade, _GRADES),
        nodes=row.number(nodes, 0, 200),
        er=row.receptor(er),
        pgr=row.receptor(pgr),
        hormone=row.one_of(hormone, _YES_NO),
        chemo=chemo,
        days=days,
        event=event,
    )


_READERS: Mapping[str, Callable[[_Row], tuple[Woman, bool]]] = {
    "rotterdam": _rotterdam,
    "gbsg": _gbsg,
    "gbsg2": _gbsg2,
}


def _csv(text: str, where: str) -> Iterator[list[str]]:
    try:
        for row in csv.reader(io.StringIO(text), strict=True):
            if any(len(cell) > _MOST_CELL for cell in row):
                raise _wrong(where, "a cell is too long", f"at most {_MOST_CELL} characters")
            if row:
                yield row
    except csv.Error:
        raise _wrong(where, "it is no CSV", "CSV with commas and a line of column names") from None


def _arff(text: str, where: str) -> Iterator[list[str]]:
    """The rows of an ARFF file: the names of its attributes, then its data, which are CSV (Weka's format)."""
    head, mark, body = text.partition("@data")
    if not mark:
        raise _wrong(where, "it is no ARFF", "@attribute lines, then @data")
    lines = [line.split() for line in head.splitlines() if line.lower().startswith("@attribute")]
    yield [line[1].strip("'\"") for line in lines if len(line) > 2]
    yield from _csv("\n".join(line for line in body.splitlines() if not line.startswith("%")), where)


def _year(cell: str) -> int | None:
    return int(cell) if cell.isdigit() and len(cell) == 4 else None


def _wrong(where: str, why: str, allowed: str) -> LienthongError:
    return DATA_WRONG.at(where, why=why, allowed=allowed)
