"""Dates, dates with time and times of day as FHIRPath has them: each with the precision it was written in.

Seconds and their fraction are one precision. A time without an offset lies somewhere between -12:00 and +14:00.
Source: FHIRPath N1, 2.1.5 to 2.1.7 (literals), 6.1.1 and 6.2 (equality, comparison).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

__all__ = [
    "Date",
    "DateTime",
    "Temporal",
    "Time",
    "equivalent",
    "of_date",
    "of_datetime",
    "order",
    "parse_date",
    "parse_datetime",
    "parse_time",
]

EARLIEST, LATEST = -12 * 60, 14 * 60  # offsets in use, in minutes

Part = int | Decimal


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """`parts` from the largest unit down to the precision; `offset` in minutes from UTC; `text` as it came."""

    parts: tuple[Part, ...]
    text: str
    offset: int | None = None
    utc: tuple[Part, ...] = field(init=False, repr=False)  # the parts in UTC; without an offset, as they are

    def __post_init__(self) -> None:
        shifted = self.offset and len(self.parts) > 3
        object.__setattr__(self, "utc", _shifted(self.parts, -(self.offset or 0)) if shifted else self.parts)

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Parts) or type(other) is not type(self):
            return False
        return (self.parts, self.offset) == (other.parts, other.offset)

    def __hash__(self) -> int:
        return hash((self.parts, self.offset))


class Date(_Parts):
    """A date to the year, month or day: `@2014-01`."""

    __slots__ = ()


class DateTime(_Parts):
    """A date with a time, to any precision: `@2014-01-25T14:30+07:00`."""

    __slots__ = ()


class Time(_Parts):
    """A time of day to the hour, minute, second or a fraction: `@T14:30`."""

    __slots__ = ()


Temporal = Date | DateTime | Time

_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?"
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_DATE_FORM = re.compile(_DATE, re.ASCII)
_DATETIME_FORM = re.compile(rf"{_DATE}(?:T(?:{_CLOCK}{_ZONE})?)?", re.ASCII)
_TIME_FORM = re.compile(_CLOCK, re.ASCII)


@lru_cache(maxsize=20_000)
def parse_date(text: str) -> Date | None:
    """The date of a text such as `2014-01`; None where it is none or does not stand in the calendar."""
    match = _DATE_FORM.fullmatch(text)
    if match is None:
        return None
    parts = _whole(match.groups())
    return Date(parts, text) if _in_calendar(parts) else None


@lru_cache(maxsize=20_000)
def parse_datetime(text: str) -> DateTime | None:
    """The date and time of a text such as `2014-01-25T14:30+07:00` or `2014`; None where it is none."""
    match = _DATETIME_FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    if hour is not None and day is None:
        return None
    parts = _whole((year, month, day, hour, minute)) + ((Decimal(second),) if second else ())
    if not _in_calendar(parts[:3]) or not _on_clock(parts[3:]):
        return None
    return DateTime(parts, text.removesuffix("T"), _minutes(zone))


@lru_cache(maxsize=2_000)
def parse_time(text: str) -> Time | None:
    """The time of day of a text such as `14:30:00.5`; None where it is none."""
    match = _TIME_FORM.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = match.groups()
    parts = _whole((hour, minute)) + ((Decimal(second),) if second else ())
    return Time(parts, text) if _on_clock(parts) else None


def _whole(texts: tuple[str | None, ...]) -> tuple[Part, ...]:
    return tuple(int(text) for text in texts if text is not None)


def _minutes(zone: str | None) -> int | None:
    if zone is None or zone == "Z":
        return None if zone is None else 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:])
    return -minutes if zone[0] == "-" else minutes


def _in_calendar(parts: tuple[Part, ...]) -> bool:
    try:
        year, month, day = (*parts, 1, 1)[:3]
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _on_clock(parts: tuple[Part, ...]) -> bool:
    # 24:00 is no time of day; a leap second is
    limits = (24, 60, 61)
    return all(part < limit for part, limit in zip(parts, limits, strict=False))


@lru_cache(maxsize=100)
def of_date(day: date) -> Date:
    """The Date of a day."""
    return Date((day.year, day.month, day.day), day.isoformat())


def of_datetime(moment: datetime) -> DateTime:
    """The DateTime of a moment with a zone, to the millisecond."""
    text = moment.isoformat(timespec="milliseconds")
    found = parse_datetime(text)
    assert found is not None
    return found


def order(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; None where the precision or a missing offset leaves it open. Both are dates, or both times."""
    if (left.offset is None) == (right.offset is None):
        return _order(left.utc, right.utc)
    if _compare(_bound(left, latest=True), _bound(right, latest=False)) < 0:
        return -1
    if _compare(_bound(left, latest=False), _bound(right, latest=True)) > 0:
        return 1
    return None


def equivalent(left: Temporal, right: Temporal) -> bool:
    """Whether both are the same to the same precision."""
    return (left.offset is None) == (right.offset is None) and _order(left.utc, right.utc) == 0


def _order(left: tuple[Part, ...], right: tuple[Part, ...]) -> int | None:
    size = min(len(left), len(right))
    if len(left) != len(right):
        left, right = left[:size], right[:size]
        return None if left == right else -1 if left < right else 1
    return (left > right) - (left < right)


def _compare(left: tuple[Part, ...], right: tuple[Part, ...]) -> int:
    return (left > right) - (left < right)


def _shifted(parts: tuple[Part, ...], minutes: int) -> tuple[Part, ...]:
    year, month, day, hour, *rest = parts
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(rest[0]) if rest else 0, tzinfo=UTC)
        moment += timedelta(minutes=minutes)
    except (ValueError, OverflowError):  # beyond the years 1 to 9999
        return parts
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, *rest[1:])[: len(parts)]


def _bound(value: Temporal, *, latest: bool) -> tuple[Part, ...]:
    """The earliest or latest moment in UTC that the value can mean, as six parts."""
    low, high = (1, 1, 1, 0, 0, Decimal(0)), (9999, 12, 31, 23, 59, Decimal(60))
    full = (*value.parts, *(high if latest else low)[len(value.parts) :])
    if latest and len(value.parts) == 2:
        year, month = int(full[0]), int(full[1])
        days = 31 if month == 12 else (datetime(year, month + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
        full = (*full[:2], days, *full[3:])
    offset = value.offset if value.offset is not None else (EARLIEST if latest else LATEST)
    return _shifted(full, -offset)
