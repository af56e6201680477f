"""Moves dates by whole weeks and keeps their form: `yyyymmdd…` of claims and HL7 v2, ISO 8601 of FHIR."""

from __future__ import annotations

import re
from datetime import date, timedelta

__all__ = ["compact", "iso", "moved", "settlement"]

_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{0,6}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?)")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?")


def moved(day: date, days: int) -> date | None:
    """The day `days` later, or None where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def compact(text: str, days: int) -> str | None:
    """`yyyymmdd` with or without a time after it, moved; None where it is no date of the calendar."""
    match = _COMPACT.fullmatch(text)
    found = _day(*match.group(1, 2, 3)) if match else None
    new = moved(found, days) if found else None
    return f"{new:%Y%m%d}".zfill(8) + match[4] if new and match else None


def iso(text: str, days: int) -> str | None:
    """`yyyy-mm-dd` with or without a time after it, moved; a year or a month alone stays; None: it is no date."""
    if re.fullmatch(r"[0-9]{4}(-(0[1-9]|1[0-2]))?", text):
        return text
    match = _ISO.fullmatch(text)
    found = _day(*match.group(1, 2, 3)) if match else None
    new = moved(found, days) if found else None
    return new.isoformat() + (match[4] or "") if new and match else None


def settlement(year: str, month: str, days: int) -> tuple[str, str] | None:
    """A year and a month of accounts, moved by their fifteenth; None where they are none."""
    found = _day(year, month, "15") if year.isdigit() and month.isdigit() else None
    new = moved(found, days) if found else None
    return (f"{new.year:04d}", f"{new.month:0{len(month)}d}") if new else None
