"""A date or time moved by a duration: calendar units keep the day of the month, UCUM's months and years are refused.

Source: FHIRPath N1, 6.6.7 "Date/Time Arithmetic".
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Part, Temporal, Time
from lienthong.fhir.fhirpath.values import CALENDAR, EXACT, Quantity, digits

__all__ = ["moved"]

_UCUM = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
_SECONDS = {
    unit: Decimal(length)
    for unit, length in (
        ("week", "604800"),
        ("day", "86400"),
        ("hour", "3600"),
        ("minute", "60"),
        ("second", "1"),
        ("millisecond", "0.001"),
    )
}
_RANK = {"year": 1, "month": 2, "week": 3, "day": 3, "hour": 4, "minute": 5, "second": 6, "millisecond": 6}
# How many of a finer unit make one of the precision that a partial date has.
_INTO_YEARS = {"year": 1, "month": 12, "week": 52, "day": 365}
_INTO_MONTHS = {"month": 1, "week": 4, "day": 30}
_PRECISIONS = {3: "day", 4: "hour", 5: "minute"}  # by the number of parts
_FURTHEST = 10_000 * 366 * 86400


def moved(value: Temporal, duration: Quantity, sign: int, source: Source) -> Temporal | None:
    """The value that lies a duration after it (or before, with sign -1), in its precision; None beyond the years."""
    unit = CALENDAR[duration.unit] if duration.calendar else _UCUM.get(duration.unit, "")
    if not unit or (not duration.ucum and not duration.calendar):
        allowed = "years, months, weeks, days, hours, minutes, seconds; or 'wk', 'd', 'h', 'min', 's', 'ms'"
        raise source.run("the duration's unit is none that dates can be moved by", allowed)
    amount = duration.value if sign > 0 else EXACT.minus(duration.value)
    if _RANK[unit] < 6:
        amount = amount.to_integral_value(ROUND_DOWN)
    if not amount.is_finite() or not -_FURTHEST <= amount <= _FURTHEST or digits(amount) > 20:
        return None
    if isinstance(value, Time):
        return _time(value, unit, amount, source)
    return _date(value, unit, amount)


def _time(value: Time, unit: str, amount: Decimal, source: Source) -> Time:
    if _RANK[unit] < 4:
        raise source.run("a time of day is moved by hours, minutes or seconds")
    hour, minute, second = (*value.parts, 0, 0)[:3]
    total = (Decimal(hour) * 3600 + Decimal(minute) * 60 + second + amount * _SECONDS[unit]) % 86400
    total += 86400 if total < 0 else 0
    parts: tuple[Part, ...] = (int(total // 3600), int(total % 3600 // 60), total % 60)
    parts = parts[: len(value.parts)]
    return Time(parts, clock_text(parts, value.parts))


def _date(value: Date | DateTime, unit: str, amount: Decimal) -> Date | DateTime | None:
    parts = value.parts
    if len(parts) == 1:
        if unit not in _INTO_YEARS:
            unit, amount = "day", (amount * _SECONDS[unit] / 86400).to_integral_value(ROUND_DOWN)
        unit, amount = "year", (amount / _INTO_YEARS[unit]).to_integral_value(ROUND_DOWN)
    elif len(parts) == 2 and unit != "year":
        if unit not in _INTO_MONTHS:
            unit, amount = "day", (amount * _SECONDS[unit] / 86400).to_integral_value(ROUND_DOWN)
        unit, amount = "month", (amount / _INTO_MONTHS[unit]).to_integral_value(ROUND_DOWN)
    elif _RANK[unit] > len(parts):
        finest = _PRECISIONS[len(parts)]
        amount = (amount * _SECONDS[unit] / _SECONDS[finest]).to_integral_value(ROUND_DOWN)
        unit = finest
    try:
        found = (
            _months(parts, int(amount) * (12 if unit == "year" else 1))
            if _RANK[unit] < 3
            else _seconds(parts, amount * _SECONDS[unit])
        )
    except (OverflowError, ValueError):  # beyond the years 1 to 9999
        return None
    text = date_text(found[:3])
    if isinstance(value, DateTime) and len(found) > 3:
        zone = value.text[-1:] if value.text.endswith("Z") else value.text[-6:] if value.offset is not None else ""
        text += "T" + clock_text(found[3:], parts[3:]) + zone
    return type(value)(found, text, value.offset)


def _months(parts: tuple[Part, ...], months: int) -> tuple[Part, ...]:
    year, month = int(parts[0]), int(parts[1]) if len(parts) > 1 else 1
    year, month = divmod(year * 12 + month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError
    day = min(int(parts[2]), calendar.monthrange(year, month + 1)[1]) if len(parts) > 2 else 1
    return (year, month + 1, day, *parts[3:])[: len(parts)]


def _seconds(parts: tuple[Part, ...], amount: Decimal) -> tuple[Part, ...]:
    year, month, day, hour, minute, second = (*parts, 0, 0, Decimal(0))[:6] if len(parts) > 3 else (*parts, 0, 0, 0)
    total = Decimal(second) + amount
    whole = total.to_integral_value(ROUND_DOWN)
    rest = total - whole
    if rest < 0:
        whole, rest = whole - 1, rest + 1
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC) + timedelta(
        seconds=int(whole)
    )
    found = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second + rest)
    return found[: len(parts)]


def date_text(parts: tuple[Part, ...]) -> str:
    """`2014-01-05`, or as much of it as there is."""
    return "-".join(str(part).zfill(4 if place == 0 else 2) for place, part in enumerate(parts))


def clock_text(parts: tuple[Part, ...], like: tuple[Part, ...] = ()) -> str:
    """`10:30:00.000`, or as much of it as there is; seconds with at least the digits of those they came from."""
    texts = [str(part).zfill(2) for part in parts[:2]]
    if len(parts) > 2:
        second = Decimal(parts[2])
        places = max(-int(Decimal(part).as_tuple().exponent) for part in (second, *like[2:3]))
        whole, _, rest = f"{second:.{max(places, 0)}f}".partition(".")
        texts.append(whole.zfill(2) + (f".{rest}" if rest else ""))
    return ":".join(texts)
