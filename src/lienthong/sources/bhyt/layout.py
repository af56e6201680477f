"""The layouts of tables XML1 to XML5 as dated data: which fields a row has on a date, of what type and length.

The data are `layout.csv`, made by `scripts/generate_bhyt_layout.py`. Source: the annexes of Quyết định 130/2023 and
4750/2023 (3176/2024 changes none of these tables) and 1931/2026; names alone of Quyết định 4210/2017.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

__all__ = ["OLDER_ONLY", "TABLES", "Field", "fields"]

TABLES = ("XML1", "XML2", "XML3", "XML4", "XML5")
_OLDER = "4210/QĐ-BYT 2017"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its type (text, number, moment, date, dates), longest text (0: any), whether it must be there."""

    name: str
    type: str
    max_length: int
    required: bool
    decision: str
    valid_from: date | None
    valid_to: date | None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def _rows() -> tuple[tuple[str, Field], ...]:
    with Path(__file__).with_name("layout.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            (
                row["table"],
                Field(
                    row["field"],
                    row["type"],
                    int(row["max_length"] or 0),
                    row["required"] == "yes",
                    row["decision"],
                    _day(row["valid_from"]),
                    _day(row["valid_to"]),
                ),
            )
            for row in csv.DictReader(file)
        )


@cache
def _changes() -> tuple[date, ...]:
    return tuple(sorted({field.valid_from for _, field in _rows() if field.valid_from is not None}))


@cache
def _version(table: str, number: int) -> Mapping[str, Field]:
    """The layout of a table after so many changes."""
    first = _changes()[number - 1] if number else None
    found: dict[str, Field] = {}
    for name, field in _rows():
        if name != table or field.decision == _OLDER:
            continue
        begins = field.valid_from is None or (first is not None and field.valid_from <= first)
        ended = field.valid_to is not None and first is not None and field.valid_to < first
        if begins and not ended:
            found[field.name] = field
    return MappingProxyType(found)


def fields(table: str, on: date | None) -> Mapping[str, Field]:
    """The fields of a table by name as they hold on a date; without one, as they hold latest."""
    changes = _changes()
    return _version(table, len(changes) if on is None else sum(change <= on for change in changes))


@cache
def _older_only() -> frozenset[str]:
    newer = {field.name for _, field in _rows() if field.decision != _OLDER}
    return frozenset(field.name for table, field in _rows() if table == "XML1" and field.name not in newer)


OLDER_ONLY = _older_only()
"""Names of XML1 that only the layout of Quyết định 4210/2017 has: by them an older file is known."""
