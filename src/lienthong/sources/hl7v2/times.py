"""Dates and times of HL7 v2 with the precision and the zone that they have."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["offset_of", "to_date", "to_instant", "to_moment", "to_time"]

# YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] (HL7 v2, chapter 2.A, DTM); `^` and a precision may follow in a TS.
_MOMENT = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,4})?)?)?)?)?)?"
    r"(?:([+-])([0-9]{2}):?([0-9]{2})|Z)?"
)
_TIME = re.compile(r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,4})?)?)?(?:[+-][0-9]{4})?")


def _read(text: str) -> re.Match[str] | None:
    """The parts of a date or time, or None where the calendar or the clock has no such one."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, _, sign, zone_hour, zone_minute = match.groups()
    if year == "0000":
        return None
    if month is not None:
        try:
            date(int(year), int(month), int(day or 1))
        except ValueError:
            return None
    if hour is not None and (hour > "23" or (minute or "00") > "59" or (second or "00") > "59"):
        return None
    if sign is not None and (zone_hour > "14" or zone_minute > "59" or (zone_hour == "14" and zone_minute != "00")):
        return None
    return match


def to_moment(text: str, offset: str) -> str | None:
    """A FHIR dateTime as precise as it was; a time without a zone takes `offset`. None where it is no date.

    FHIR asks for minutes and seconds beside hours; those that were not given are zero, as HL7's mapping has it.
    """
    match = _read(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    if hour is None:
        return "-".join(part for part in (year, month, day) if part is not None)
    if sign is not None:
        offset = f"{sign}{zone_hour}:{zone_minute}"
    elif text.endswith("Z"):
        offset = "Z"
    return f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{fraction or ''}{offset}"


def to_date(text: str) -> str | None:
    """A FHIR date as precise as it was, without the time; None where it is no date."""
    match = _read(text)
    return None if match is None else "-".join(part for part in match.groups()[:3] if part is not None)


def to_instant(text: str, offset: str) -> str | None:
    """A FHIR instant, or None where the time is not known to the minute."""
    return to_moment(text, offset) if len(text) >= 12 and text[:12].isdigit() else None


def to_time(text: str) -> str | None:
    """A FHIR time from a TM (HHMM[SS[.SSSS]]); None where it is none."""
    match = _TIME.fullmatch(text)
    if match is None or match[1] > "23" or (match[2] or "00") > "59" or (match[3] or "00") > "59":
        return None
    return f"{match[1]}:{match[2] or '00'}:{match[3] or '00'}{match[4] or ''}"


def offset_of(text: str) -> str | None:
    """The zone that a time names, as `+07:00`; None where it names none."""
    match = _read(text)
    if match is None or match[4] is None:
        return None
    if match[8] is None:
        return "Z" if text.endswith("Z") else None
    return f"{match[8]}{match[9]}:{match[10]}"
