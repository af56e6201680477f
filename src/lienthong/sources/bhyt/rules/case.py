"""A claim under examination: the rows of one visit by table, its day, and the list that the hospital loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.icd10 import Icd10
from lienthong.sources.bhyt.rows import Row

__all__ = ["Case", "amount", "day", "later", "minute", "moment_of"]

_NONE: Sequence[Row] = ()


@lru_cache(maxsize=1 << 16)
def amount(text: str) -> Decimal | None:
    """A number with its digits, or None where the text is none (that has a finding of its own)."""
    found = values.number(text)
    return values.comma_number(text) if found is None else found


@lru_cache(maxsize=1 << 16)
def minute(text: str) -> str | None:
    """`yyyymmddHHMM` or `yyyymmdd` as it stands, or None where it is no moment of the calendar."""
    return text if text and values.moment(text, "") is not None else None


@lru_cache(maxsize=1 << 14)
def day(text: str) -> date | None:
    return values.day(text)


def later(one: str, other: str) -> bool:
    """Whether one moment lies after the other, as precisely as both are known."""
    known = min(len(one), len(other))
    return one[:known] > other[:known]


def moment_of(text: str) -> datetime | None:
    """The minute of a moment that has one."""
    return datetime.strptime(text, "%Y%m%d%H%M") if len(text) == 12 and minute(text) else None  # noqa: DTZ007


@dataclass(frozen=True, slots=True)
class Case:
    """The rows of one visit. `on` is the day that picks the version of every rule.

    `is_whole` is false where rows could not be read: then no sum can be blamed. `has_unread` tells of tables that
    stand in the file and were not read: then none can be missed. `icd10` is the hospital's list.
    """

    summary: Row
    lines: Mapping[str, Sequence[Row]]
    on: date | None
    is_whole: bool = True
    has_unread: bool = False
    icd10: Icd10 | None = None

    def rows(self, table: str) -> Sequence[Row]:
        return self.lines.get(table, _NONE)

    def lacks(self, table: str) -> bool:
        """Whether a table is surely not in the record."""
        return self.is_whole and not self.has_unread and not self.rows(table)

    def costs(self) -> Iterator[Row]:
        """The rows that cost money: drugs, then services and supplies."""
        yield from self.rows("XML2")
        yield from self.rows("XML3")

    @property
    def key(self) -> str:
        return self.summary.code("MA_LK")

    @property
    def care(self) -> str:
        """MA_LOAI_KCB, the type of care."""
        return self.summary.code("MA_LOAI_KCB")

    def stay(self) -> tuple[str, str] | None:
        """NGAY_VAO and NGAY_RA, where both are moments in their order."""
        begin, end = minute(self.summary.text("NGAY_VAO")), minute(self.summary.text("NGAY_RA"))
        return None if begin is None or end is None or later(begin, end) else (begin, end)
