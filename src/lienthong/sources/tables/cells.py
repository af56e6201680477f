"""Cells become typed values: text, integers, decimals with a comma, dates to their precision, truth words.

Nothing is guessed: a cell that is not of the declared form is wrong, and says so with a finding. A cell that Excel
holds as a number or date (`Plain`) is taken in that form whatever the mapping's format says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.core.clock import zone
from lienthong.sources.tables.rows import Plain

__all__ = [
    "FORMAT",
    "WRONG",
    "Compared",
    "Reader",
    "date_pattern",
    "date_reader",
    "is_text",
    "number_reader",
    "truth_reader",
]


class _Wrong:
    """The value of a cell that is not of its declared form."""

    def __repr__(self) -> str:
        return "WRONG"


WRONG = _Wrong()

Reader = Callable[[str], Any]
"""Gives the value of a cell that is not blank, or WRONG."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_LONGEST_NUMBER = 100


def is_text(cell: str) -> bool:
    """Whether a cell is text that can be kept: no control characters, no bytes that its encoding does not know."""
    return not _CONTROL.search(cell)


@dataclass(frozen=True, slots=True)
class Compared:
    """A number with what stands before it: `< 0,5` is the value 0.5 and the comparator `<` (FHIR's Quantity)."""

    value: Decimal
    comparator: str


_COMPARATORS = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
_COMPARED = re.compile(r"(<=|>=|[<>≤≥])\s*(.+)", re.DOTALL)


def number_reader(decimal: str, thousands: str, *, whole: bool, comparator: bool) -> Reader:
    """Reads numbers written with this decimal mark and this mark between thousands ("" for none)."""
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+" if thousands else r"\d+"
    fraction = "" if whole else rf"(?:{re.escape(decimal)}(\d+))?"
    pattern = re.compile(rf"([+-]?)({grouped}){fraction}", re.ASCII)

    def plain(text: str) -> str | None:
        if isinstance(text, Plain):
            return str(text).removeprefix("+") if _NUMBER.fullmatch(text) else None
        match = pattern.fullmatch(text)
        if match is None:
            return None
        sign, integer = match[1].replace("+", ""), match[2].replace(thousands, "") if thousands else match[2]
        part = match[3] if not whole else None
        return f"{sign}{integer}" + (f".{part}" if part else "")

    def read(cell: str) -> Any:
        sign = ""
        if comparator and (match := _COMPARED.fullmatch(cell)):
            sign, cell = _COMPARATORS[match[1]], match[2]
        text = plain(cell)
        if text is None or len(text) > _LONGEST_NUMBER:
            return WRONG
        if whole:
            number = Decimal(text)
            return int(number) if number == number.to_integral_value() else WRONG
        value = _exact(text)
        return Compared(value, sign) if sign else value

    return read


def _exact(text: str) -> Decimal:
    """The decimal with its digits, leading zeros left out: JSON allows none."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    integer, point, fraction = digits.partition(".")
    clean = sign + (integer.lstrip("0") or "0") + point + fraction
    value = Decimal(clean)
    return value if str(value) == clean else LexicalDecimal(clean)


FORMAT = re.compile(r"yyyy|mm|dd|HH|MM|SS|[^A-Za-z]")
_PARTS = {
    "yyyy": r"(?P<year>\d{4})",
    "mm": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{1,2})",
    "MM": r"(?P<minute>\d{2})",
    "SS": r"(?P<second>\d{2})",
}
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)


def date_reader(formats: Sequence[str], offset: str, *, with_time: bool) -> Reader:
    """Reads dates by these formats, the first that fits, e.g. `dd/mm/yyyy HH:MM`; `iso` is FHIR's own form.

    The value has the precision of the format. A time without a zone takes `offset`; a column of dates drops times.
    """
    zone(offset)
    patterns = [date_pattern(text) for text in formats]

    def read(cell: str) -> Any:
        for pattern in [_ISO] if isinstance(cell, Plain) else patterns:
            if match := pattern.fullmatch(cell):
                found = _moment(match.groupdict(), offset, with_time=with_time)
                if found is not None:
                    return found
        return WRONG

    return read


@cache
def date_pattern(text: str) -> re.Pattern[str]:
    """The pattern of a format, with groups for year, month, day, hour, minute and second."""
    if text == "iso":
        return _ISO
    pieces = FORMAT.findall(text)
    pattern = ""
    for at, piece in enumerate(pieces):
        part = _PARTS.get(piece, re.escape(piece))
        beside = {*pieces[max(at - 1, 0) : at], *pieces[at + 1 : at + 2]}
        if beside & _PARTS.keys():  # without a mark between them only the width tells day from month
            part = part.replace(r"\d{1,2}", r"\d{2}")
        pattern += part
    return re.compile(pattern, re.ASCII)


def _moment(parts: dict[str, str | None], offset: str, *, with_time: bool) -> str | None:
    year, month, day = (parts.get(name) for name in ("year", "month", "day"))
    if year is None or int(year) < 1:
        return None
    if month is None:
        return year
    if day is None:
        return f"{year}-{int(month):02}" if 1 <= int(month) <= 12 else None
    try:
        on = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    hour, minute, second = (parts.get(name) for name in ("hour", "minute", "second"))
    if hour is None or not with_time:
        return on
    try:
        at = time(int(hour), int(minute or 0), int(second or 0)).isoformat("seconds")
    except ValueError:
        return None
    return f"{on}T{at}{parts.get('fraction') or ''}{_zone(parts.get('zone'), offset)}"


def _zone(text: str | None, offset: str) -> str:
    if not text:
        return offset
    return "Z" if text == "Z" else f"{text[:3]}:{text[-2:]}"


def truth_reader(true: Sequence[str], false: Sequence[str]) -> Reader:
    """Reads the words for true and false, upper or lower case."""
    words = {word.casefold(): True for word in true} | {word.casefold(): False for word in false}

    def read(cell: str) -> Any:
        if isinstance(cell, Plain) and cell in ("true", "false"):
            return cell == "true"
        return words.get(cell.casefold(), WRONG)

    return read
