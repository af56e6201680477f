"""The list of ICD-10 codes that a hospital loads: which codes hold on a day, and the flags that bind their use.

The ministry's lists (QĐ 4469/QĐ-BYT 2020; TT 06/2026/TT-BYT for visits that end on or after 2026-07-01, whose columns
24 to 29 are such flags) are under no open licence, so none is shipped: a hospital saves its own as CSV.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from lienthong.core.errors import Category, ErrorKind

__all__ = ["COLUMNS", "Icd10", "IcdCode", "read_icd10"]

COLUMNS = ("code", "valid_from", "valid_to", "not_main", "avoid_main", "never", "cause_of_death_only", "sex")
_REQUIRED = COLUMNS[:1]
_FLAGS = ("not_main", "avoid_main", "never", "cause_of_death_only")

WRONG_LIST = ErrorKind(
    "icd10-list-wrong",
    Category.INCORRECT,
    what="The list of ICD-10 codes can't be used: {why}.",
    allowed="CSV in UTF-8 with a header; columns " + ", ".join(COLUMNS) + " (only code must be there). Days are "
    "yyyy-mm-dd, flags 1 or empty, sex M, F or empty.",
    cure="Correct the file that [check] icd10 in lienthong.toml names, or take the setting out.",
)


@dataclass(frozen=True, slots=True)
class IcdCode:
    """A code with its days and flags; `sex` is M or F where only that sex can have it."""

    code: str
    valid_from: date | None = None
    valid_to: date | None = None
    not_main: bool = False
    avoid_main: bool = False
    never: bool = False
    cause_of_death_only: bool = False
    sex: str = ""

    def holds(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Icd10:
    """A loaded list; a code may stand in it several times, for several spans of days."""

    codes: Mapping[str, tuple[IcdCode, ...]] = field(default_factory=dict)

    def on(self, code: str, on: date) -> IcdCode | None:
        """The code as it holds on a day, or None."""
        return next((item for item in self.codes.get(code, ()) if item.holds(on)), None)


def read_icd10(data: bytes, name: str) -> Icd10:
    """The list from its CSV; an `icd10-list-wrong` error says what is wrong and in which line."""
    try:
        return _read(data.decode("utf-8-sig").splitlines(), name)
    except UnicodeDecodeError:
        raise WRONG_LIST.at(name, why="it is not in UTF-8") from None
    except csv.Error:
        raise WRONG_LIST.at(name, why="it is no CSV") from None


def _read(lines: Iterable[str], name: str) -> Icd10:
    reader = csv.DictReader(lines)
    columns = [(column or "").strip().lower() for column in reader.fieldnames or ()]
    if not set(_REQUIRED) <= set(columns):
        raise WRONG_LIST.at(name, why="its first line names no column `code`")
    if unknown := sorted(set(columns) - set(COLUMNS) - {""}):
        raise WRONG_LIST.at(name, why=f"it has a column that is not known: {unknown[0][:40]}")
    reader.fieldnames = columns
    found: dict[str, list[IcdCode]] = {}
    for row in reader:
        code = _code(row, f"{name}, line {reader.line_num}")
        found.setdefault(code.code, []).append(code)
    return Icd10({code: tuple(items) for code, items in found.items()})


def _code(row: Mapping[str, str | None], place: str) -> IcdCode:
    texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not texts["code"]:
        raise WRONG_LIST.at(place, why="a line has no code")
    if texts["sex"] not in ("", "M", "F"):
        raise WRONG_LIST.at(place, why="sex is neither M nor F nor empty")
    if wrong := [name for name in _FLAGS if texts[name] not in ("", "0", "1")]:
        raise WRONG_LIST.at(place, why=f"the flag {wrong[0]} is neither 1 nor empty")
    try:
        first, last = (
            date.fromisoformat(texts[name]) if texts[name] else None for name in ("valid_from", "valid_to")
        )
    except ValueError:
        raise WRONG_LIST.at(place, why="a day is not yyyy-mm-dd") from None
    flags = {name: texts[name] == "1" for name in _FLAGS}
    return IcdCode(texts["code"], first, last, sex=texts["sex"], **flags)
