"""What a rule of claims is: what it says in Vietnamese and English, its legal source, its dates, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case

__all__ = ["ClaimRule", "Family", "Look", "Spot", "Text", "annex", "plain", "portal"]

_ID = re.compile(r"bhyt(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in the languages of the clerk."""

    vi: str
    en: str

    def said(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class Family(StrEnum):
    """What a rule is about; the order in which rules are listed."""

    READING = "reading"
    LAYOUT = "layout"
    SUMS = "sums"
    TIMES = "times"
    IDENTITY = "identity"
    COPIES = "copies"
    FORMS = "forms"
    TABLES = "tables"
    SERVICES = "services"
    PAPERS = "papers"
    DIAGNOSES = "diagnoses"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a claim a rule is broken: a row and a field of it."""

    row: Row
    field: str


Look = Callable[[Case], Iterator[Spot]]
"""Gives the spots of one claim at which the rule is broken; pure, and silent where it can't be sure."""


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One rule. `title` says the fault in a sentence without a patient's value; `cure` what a clerk does about it.

    `look` is None where the fault is seen elsewhere: by the reader, or across claims. `valid_from` and `valid_to` are
    the first and the last day; the end of the visit picks (NGAY_RA).
    """

    id: str
    family: Family
    severity: Severity
    title: Text
    cure: Text
    source: str
    look: Look | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        assert _ID.fullmatch(self.id), self.id
        assert all((self.title.vi, self.title.en, self.source)), self.id

    def holds(self, on: date | None) -> bool:
        """Whether the rule is in force on a day; without a day those hold that have no dates."""
        if on is None:
            return self.valid_from is None and self.valid_to is None
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def cited(self, language: str) -> Rule:
        """The rule as findings name it."""
        first, last = (day.isoformat() if day else None for day in (self.valid_from, self.valid_to))
        return Rule(self.id, self.title.said(language), self.source, first, last)


def annex(*fields: str) -> str:
    """The annex of the decisions in force, at these fields (`XML1.T_THUOC`)."""
    return f"QĐ 130/QĐ-BYT 2023, QĐ 4750/QĐ-BYT 2023: {', '.join(fields)}"


def portal(*fields: str) -> str:
    """The sheet by which the insurance portal checks files of QĐ 4750, at these fields."""
    return f"Cổng BHXH, bảng kiểm tra dữ liệu QĐ 4750: {', '.join(fields)}"


def plain(*fields: str) -> str:
    """No text of law was found: the rule follows from what the fields mean in the annex."""
    return f"Theo nghĩa của chỉ tiêu (QĐ 130/QĐ-BYT 2023, QĐ 4750/QĐ-BYT 2023): {', '.join(fields)}"
