"""How values of a view compare, add up and widen to their boundaries: the one meaning that every engine follows.

Numbers are exact decimals with up to 20 digits before and 18 after the point; `*` and `/` work to 8 places, the step
that FHIRPath gives (N1, 4.1.4 Decimal). A decimal of the data keeps its text; a computed one is written without
trailing zeros. Dates compare to the precision that both have; where that does not decide, the answer is empty (N1,
6.2). A time of day without an offset does not occur in FHIR R4 dateTimes.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext

from lienthong.core.errors import Category, ErrorKind

__all__ = [
    "REFERENCE",
    "TOO_LARGE",
    "arithmetic",
    "boundary",
    "compare_dates",
    "compare_times",
    "number",
    "number_text",
    "text_of",
]

TOO_LARGE = ErrorKind(
    "view-number-too-large",
    Category.UNSUPPORTED,
    what="A number of the data is too large to compare or compute with.",
    allowed="up to 20 digits before the point",
    cure="Find it with `lienthong validate`, or give the number out as a column without computing with it.",
)

REFERENCE = r"([A-Za-z]+/[A-Za-z0-9.\-]{1,64})(/_history/[A-Za-z0-9.\-]{1,64})?"
"""A relative literal reference, which has a key; the first group is the key."""

_LIMIT = Decimal(10) ** 20
_STEP = Decimal(1).scaleb(-18)
_SMALL_STEP = Decimal(1).scaleb(-8)
_CLOCK = re.compile(r"(.*\d\d:\d\d:\d\d)(\.\d+)?(.*)")


def text_of(value: object) -> str:
    """The text of a number as it came."""
    return str(getattr(value, "text", value))


def number(value: object) -> Decimal:
    """The value of a number or its text, rounded to 18 places."""
    return _rounded(Decimal(text_of(value)), _STEP)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    if abs(value) >= _LIMIT:
        raise TOO_LARGE.at("an arithmetic or comparison of the view")
    with localcontext() as context:
        context.prec = 60
        return value.quantize(step, rounding=ROUND_HALF_UP)


def number_text(value: Decimal) -> str:
    """The text of a computed number: no exponent, no trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def arithmetic(operator: str, left: Decimal, right: Decimal) -> Decimal | None:
    """The result of `+ - * /`; None (empty) where a number is divided by zero."""
    with localcontext() as context:
        context.prec = 80
        if operator == "+":
            return _rounded(left + right, _STEP)
        if operator == "-":
            return _rounded(left - right, _STEP)
        left, right = _rounded(left, _SMALL_STEP), _rounded(right, _SMALL_STEP)
        if operator == "*":
            return _rounded(left * right, _STEP)
        return _rounded(left / right, _SMALL_STEP) if right else None


def compare_dates(left: str, right: str) -> int | None:
    """-1, 0 or 1, or None where the precision does not decide; dates and dateTimes as FHIR writes them."""
    if len(left) > 10 and len(right) > 10:
        one, other = _moment(left), _moment(right)
        return None if one is None or other is None else (one > other) - (one < other)
    common = min(len(left), len(right), 10)
    one_part, other_part = left[:common], right[:common]
    if one_part != other_part:
        return 1 if one_part > other_part else -1
    return 0 if len(left) == len(right) else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def compare_times(left: str, right: str) -> int:
    """-1, 0 or 1 of two times of day; seconds and their fraction are one precision."""
    one, other = (text.rstrip("0").rstrip(".") if "." in text else text for text in (left, right))
    return (one > other) - (one < other)


def boundary(kind: str, value: object, high: bool) -> str | None:
    """The lowest or highest value that a decimal, date, dateTime or time can mean at its precision."""
    text = text_of(value)
    if kind == "decimal":
        exact = Decimal(text)
        half = Decimal(5).scaleb(min(int(exact.as_tuple().exponent), 0) - 1)
        return number_text(number(exact + half if high else exact - half))
    if kind == "time":
        return _clock_boundary(text, high)
    if len(text) > 10:
        return _clock_boundary(text, high)
    day = _day_boundary(text, high)
    if kind == "date" or day is None:
        return day
    return day + ("T23:59:59.999-12:00" if high else "T00:00:00.000+14:00")


def _clock_boundary(text: str, high: bool) -> str | None:
    match = _CLOCK.fullmatch(text)
    if not match:
        return None
    return match[1] + (match[2] or (".999" if high else ".000")) + match[3]


def _day_boundary(text: str, high: bool) -> str | None:
    if len(text) == 10:
        return text
    if len(text) == 4:
        return text + ("-12-31" if high else "-01-01")
    if not high:
        return text + "-01"
    year, month = int(text[:4]), int(text[5:7])
    if not 1 <= month <= 12:
        return None
    return f"{text}-{calendar.monthrange(year, month)[1]:02}"
