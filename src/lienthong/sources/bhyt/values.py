"""Reads the values of a claim's fields: numbers with their digits, dates and times with the precision they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from lienthong.core.text import nfc

__all__ = ["Birth", "birth", "clean", "code", "comma_number", "day", "moment", "number", "split"]

_NUMBER = re.compile(r"-?(?:\d{1,24}(?:\.\d{1,12})?|\.\d{1,12})")
_COMMA = re.compile(r"-?\d{1,24},(?:\d{1,2}|\d{4,12})")  # three digits after it may be thousands
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def clean(text: str | None) -> str:
    """The text of an element: NFC, without white space around it and control characters in it; empty for none."""
    if not text:
        return ""
    text = text.strip()
    if text.isprintable():
        return text if text.isascii() else nfc(text)
    return _CONTROL.sub("", nfc(text)).strip()


@lru_cache(1 << 12)
def code(text: str) -> str:
    """A code or an id: white space inside is one blank, as FHIR's type `code` has it."""
    return " ".join(text.split())


def split(text: str) -> list[str]:
    """The parts of a list that stands in one field, separated by semicolons."""
    return [part for part in (code(part) for part in text.split(";")) if part]


@lru_cache(1 << 13)
def number(text: str) -> Decimal | None:
    """A decimal with its digits, or None where the text is none."""
    return Decimal(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def comma_number(text: str) -> Decimal | None:
    """A decimal written with a comma (`9,8`), or None where that is not sure (`1,000`)."""
    return Decimal(text.replace(",", ".")) if _COMMA.fullmatch(text) and text.isascii() else None


def _calendar(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


@lru_cache(1 << 12)
def day(text: str) -> date | None:
    """The day of `yyyymmdd` or `yyyymmddHHMM`, or None where there is none in the calendar."""
    return _calendar(text) if len(text) in (8, 12) and text.isascii() and text.isdigit() else None


@lru_cache(1 << 12)  # the times of one visit are said again in many of its rows
def moment(text: str, offset: str) -> str | None:
    """`yyyymmddHHMM` as a FHIR dateTime with the facility's offset, `yyyymmdd` as a date; None where it is neither.

    FHIR asks for seconds beside minutes and lets them be zero (R4, 2.24.0.1 dateTime).
    """
    on = day(text)
    if on is None:
        return None
    if len(text) == 8:
        return on.isoformat()
    hour, minute = text[8:10], text[10:]
    if hour > "23" or minute > "59":
        return None
    return f"{on.isoformat()}T{hour}:{minute}:00{offset}"


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date with the precision it has (`1965`, `1965-05`, `1965-05-17`), and the time where it is known."""

    date: str
    time: str | None = None


def birth(text: str, offset: str) -> Birth | None:
    """NGAY_SINH as it is meant: unknown parts are zeros, and 0000 is no midnight; None where it is no date.

    Of a date that is wholly unknown nothing is said: then `date` is empty.
    """
    if len(text) not in (8, 12) or not (text.isascii() and text.isdigit()):
        return None
    year, month, number_of_day = text[:4], text[4:6], text[6:8]
    if not int(text):
        return Birth("")
    if year == "0000" or (month == "00" and number_of_day != "00"):
        return None
    if month == "00":
        return Birth(year)
    if number_of_day == "00":
        return Birth(f"{year}-{month}") if 1 <= int(month) <= 12 else None
    on = _calendar(text)
    if on is None:
        return None
    if len(text) == 8 or text[8:] == "0000":
        return Birth(on.isoformat())
    time = moment(text, offset)
    return None if time is None else Birth(on.isoformat(), time)
