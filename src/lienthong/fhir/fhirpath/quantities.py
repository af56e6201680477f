"""Quantities: FHIR's as FHIRPath's, their equality, order and arithmetic, with UCUM and calendar units.

Weeks and shorter calendar units are as long as UCUM's; a year is twelve months; between these two groups, and between
a calendar month or year and UCUM's, there is no answer (N1, 2.1.8.2 and 6.1).
Source: FHIRPath N1; FHIR R4 fhirpath.html#quantity.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from lienthong.fhir.fhirpath.values import CALENDAR, EXACT, Quantity, digits
from lienthong.terminology.ucum import Measure, measure

__all__ = ["UCUM", "comparable", "divide", "equivalent", "key", "made", "multiply", "of_fhir", "order", "plus"]

UCUM = "http://unitsofmeasure.org"

_LONGEST_UNIT = 150

_SECONDS = {"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
_MONTHS = {"year": 12, "month": 1}
_ROUGHLY = {"year": 365 * 86400, "month": 30 * 86400}  # only for equivalence (N1, 6.1)
_LIKE_CALENDAR = {"a": "year", "mo": "month"}


def of_fhir(value: dict[str, Any]) -> Quantity | None:
    """A FHIR Quantity as a System one; None without a value, or with a comparator, which leaves the value open."""
    number = value.get("value")
    if type(number) is float:
        number = Decimal(repr(number))
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)) or "comparator" in value:
        return None
    code, system = value.get("code"), value.get("system")
    if system == UCUM and isinstance(code, str):
        return Quantity(Decimal(number), code)
    unit = code if isinstance(code, str) else value.get("unit")
    if not isinstance(unit, str):
        return Quantity(Decimal(number))
    return Quantity(Decimal(number), f"{system}|{unit}" if isinstance(system, str) else unit, ucum=False)


def _months(value: Quantity) -> int | None:
    return _MONTHS.get(CALENDAR[value.unit]) if value.calendar else None


def _measure(value: Quantity) -> Measure | None:
    if value.calendar:
        code = _SECONDS.get(CALENDAR[value.unit])
        return None if code is None else measure(code)
    return measure(value.unit) if value.ucum else None


def _is_month_or_year(value: Quantity) -> bool:
    return not value.calendar and value.unit in _LIKE_CALENDAR


def _pair(left: Quantity, right: Quantity) -> tuple[Fraction, Fraction] | None:
    """Both values in one unit; None where they have none in common."""
    if left.unit == right.unit and left.calendar == right.calendar:
        return Fraction(left.value), Fraction(right.value)
    one, other = _months(left), _months(right)
    if one is not None and other is not None:
        return Fraction(left.value) * one, Fraction(right.value) * other
    if one is not None or other is not None:
        return None
    first, second = _measure(left), _measure(right)
    if first is None or second is None or first.powers != second.powers:
        return None
    return (
        Fraction(left.value) * first.factor + first.offset,
        Fraction(right.value) * second.factor + second.offset,
    )


def key(value: Quantity) -> Hashable:
    """A key that equal quantities share; one without a unit shares it with the number itself."""
    if not _holdable(value):
        return str(value)
    months, found = _months(value), _measure(value)
    if months is not None:
        return ("months", Fraction(value.value) * months)
    if found is None:
        return (value.unit, Fraction(value.value))
    size = Fraction(value.value) * found.factor + found.offset
    return (found.powers, size) if found.powers else hash(size)


def comparable(left: Quantity, right: Quantity) -> bool:
    """Whether there is one unit for both."""
    one_ = Decimal(1)
    return _pair(replace(left, value=one_), replace(right, value=one_)) is not None


def order(left: Quantity, right: Quantity) -> int | None:
    """-1, 0 or 1; None where the units have nothing in common."""
    if not _holdable(left) or not _holdable(right):
        return None
    pair = _pair(left, right)
    return None if pair is None else (pair[0] > pair[1]) - (pair[0] < pair[1])


def _holdable(value: Quantity) -> bool:
    return value.value.is_finite() and abs(value.value.adjusted()) < 1000


def equal(left: Quantity, right: Quantity) -> bool | None:
    """Equality; None between calendar months or years and other units of time, False between other strangers."""
    if (left.unit, left.calendar) == (right.unit, right.calendar):
        return left.value == right.value
    found = order(left, right)
    if found is not None:
        return found == 0
    both_time = all(value.calendar or _is_time(value) for value in (left, right))
    return None if both_time else False


def _is_time(value: Quantity) -> bool:
    found = _measure(value)
    return found is not None and found.powers == (("s", 1),)


def equivalent(left: Quantity, right: Quantity) -> bool:
    """Equality to the precision of the less precise, in the coarser unit of both."""
    left, right = _rough(left), _rough(right)
    if not _holdable(left) or not _holdable(right):
        return False
    if left.unit == right.unit and left.calendar == right.calendar:
        return _same(left.value, right.value)
    first, second = _measure(left), _measure(right)
    if first is None or second is None or first.powers != second.powers:
        return False
    if first.factor < second.factor:
        left, right, first, second = right, left, second, first
    moved = (Fraction(right.value) * second.factor + second.offset - first.offset) / first.factor
    return _same(left.value, _decimal(moved), digits(left.value))


def _rough(value: Quantity) -> Quantity:
    word = CALENDAR[value.unit] if value.calendar else _LIKE_CALENDAR.get(value.unit, "") if value.ucum else ""
    if word in _ROUGHLY:
        return Quantity(EXACT.multiply(value.value, Decimal(_ROUGHLY[word])), "s")
    return value


def _same(left: Decimal, right: Decimal, places: int | None = None) -> bool:
    step = Decimal(1).scaleb(-(min(digits(left), digits(right)) if places is None else places))
    return left.quantize(step, ROUND_HALF_UP, EXACT) == right.quantize(step, ROUND_HALF_UP, EXACT)


def _decimal(value: Fraction) -> Decimal:
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def made(value: Decimal, like: Quantity) -> Quantity | None:
    """A quantity of the same unit; None where the number is beyond what can be held."""
    return Quantity(value, like.unit, like.calendar, like.ucum) if value.is_finite() else None


def plus(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """Sum or difference, in the unit of the left; None where the units have nothing in common."""
    if left.unit == right.unit and left.calendar == right.calendar:
        return made(EXACT.add(left.value, EXACT.multiply(right.value, Decimal(sign))), left)
    if not _holdable(left) or not _holdable(right):
        return None
    months, other = _months(left), _months(right)
    if months is not None and other is not None:
        moved = Fraction(right.value) * other / months
    else:
        first, second = _measure(left), _measure(right)
        if months is not None or other is not None or first is None or second is None:
            return None
        if first.powers != second.powers:
            return None
        moved = (Fraction(right.value) * second.factor + second.offset - first.offset) / first.factor
    return made(EXACT.add(left.value, _decimal(moved * sign)), left)


def multiply(left: Quantity, right: Quantity) -> Quantity | None:
    """The product, with the product of the units."""
    value = EXACT.multiply(left.value, right.value)
    units = _ucum_unit(left), _ucum_unit(right)
    if None in units:
        return None
    written = [unit for unit in units if unit not in ("1", None)]
    unit = ").(".join(str(part) for part in written)
    if len(unit) > _LONGEST_UNIT:
        return None
    return made(value, Quantity(value, f"({unit})" if len(written) == 2 else unit or "1"))


def divide(left: Quantity, right: Quantity) -> Quantity | None:
    """The quotient, with the quotient of the units; None where it is divided by zero."""
    one, other = _ucum_unit(left), _ucum_unit(right)
    if not right.value or one is None or other is None:
        return None
    value = QUOTIENT.divide(left.value, right.value)
    unit = "1" if one == other else one if other == "1" else f"({one})/({other})"
    return made(value, Quantity(value, unit)) if len(unit) <= _LONGEST_UNIT else None


def _ucum_unit(value: Quantity) -> str | None:
    if value.calendar:
        return _SECONDS.get(CALENDAR[value.unit])
    return value.unit if value.ucum else None


QUOTIENT = EXACT.copy()
QUOTIENT.prec = 34
