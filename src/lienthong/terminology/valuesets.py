"""The value sets of the Vietnamese health-insurance XML: which codes hold on which date, and what they mean.

The data are `data/bhyt_value_sets.csv`: facts restated from the annexes of Quyết định 130/2023, 4750/2023, 3276/2025
and 1804/2026. `confirmed` is `no` for sets whose rows were inferred (MA_NHOM): they give meanings but refuse no code.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

__all__ = ["Concept", "concepts", "is_outside", "lookup", "names"]

_FILE = Path(__file__).parent / "data" / "bhyt_value_sets.csv"


@dataclass(frozen=True, slots=True)
class Concept:
    """One code of a value set, with its meaning in Vietnamese and English, its first day and its source."""

    code: str
    vi: str
    en: str
    valid_from: date | None
    source: str
    confirmed: bool


@cache
def _sets() -> Mapping[str, Mapping[str, Concept]]:
    sets: dict[str, dict[str, Concept]] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            valid_from = date.fromisoformat(row["valid_from"]) if row["valid_from"] else None
            concept = Concept(row["code"], row["vi"], row["en"], valid_from, row["source"], row["confirmed"] == "yes")
            sets.setdefault(row["set"], {})[concept.code] = concept
    return sets


def names() -> frozenset[str]:
    """The names of the value sets; each is the name of the field that it belongs to."""
    return frozenset(_sets())


def concepts(name: str) -> tuple[Concept, ...]:
    """All concepts of a set, of any date; empty for a set that is not known."""
    return tuple(_sets().get(name, {}).values())


def lookup(name: str, code: str, on: date | None) -> Concept | None:
    """The concept of a code as it holds on a date (None: on any date); None where there is none."""
    concept = _sets().get(name, {}).get(code)
    if concept is None or (on is not None and concept.valid_from is not None and on < concept.valid_from):
        return None
    return concept


@cache
def _first_day(name: str) -> date | None:
    """The day from which the set says anything; None where it holds on every date."""
    days = [concept.valid_from for concept in concepts(name)]
    return None if None in days else min((day for day in days if day is not None), default=None)


def is_outside(name: str, code: str, on: date | None) -> bool:
    """Whether a code is surely not in the set on that date.

    False where nothing can be said: the set is unknown or unconfirmed, or the date lies before all of its rows.
    """
    known = _sets().get(name)
    if known is None or not all(concept.confirmed for concept in known.values()):
        return False
    first = _first_day(name)
    if first is not None and (on is None or on < first):
        return False
    return lookup(name, code, on) is None
