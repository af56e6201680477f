"""lowBoundary, highBoundary, precision and comparable: what a value of limited precision can mean.

Source: FHIRPath 3.0, "Boundary functions" and "precision"; SPEC_READINGS.md.
"""

from __future__ import annotations

from calendar import monthrange
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from lienthong.fhir.fhirpath import quantities
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.durations import clock_text, date_text
from lienthong.fhir.fhirpath.operands import expect, integer, quantity, scalar
from lienthong.fhir.fhirpath.plan import Env, Plan, one
from lienthong.fhir.fhirpath.temporal import EARLIEST, LATEST, Date, DateTime, Part, Temporal, Time
from lienthong.fhir.fhirpath.values import EXACT, Quantity, digits

__all__ = ["BOUNDARIES", "boundary"]

_KINDS = frozenset({"integer", "decimal", "quantity", "date", "dateTime", "time"})
_MOST_DIGITS = 28
_DEFAULT_DIGITS = 8
# Digits of the written form for each number of parts.
_DATE = {4: 1, 6: 2, 8: 3}
_DATETIME = {**_DATE, 10: 4, 12: 5, 14: 6, 17: 6}
_TIME = {2: 1, 4: 2, 6: 3, 9: 3}
_LAST_MOMENT = {14: Decimal(59), 17: Decimal("59.999"), 6: Decimal(59), 9: Decimal("59.999")}


def boundary(value: Any, precision: int | None, *, high: bool) -> Any:
    """The least or greatest value that the value can mean, to a precision; None where there is no such precision."""
    if isinstance(value, Quantity):
        found = _number(value.value, precision, high=high)
        return None if found is None else Quantity(found, value.unit, value.calendar, value.ucum)
    if isinstance(value, Time):
        return _time(value, 9 if precision is None else precision, high=high)
    if isinstance(value, Date):
        return _date(value, 8 if precision is None else precision, high=high)
    if isinstance(value, DateTime):
        return _datetime(value, 17 if precision is None else precision, high=high)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return _number(Decimal(value), precision, high=high)
    return None


def _number(value: Decimal, precision: int | None, *, high: bool) -> Decimal | None:
    places = _DEFAULT_DIGITS if precision is None else precision
    if not 0 <= places <= _MOST_DIGITS or not value.is_finite() or abs(value.adjusted()) > 50:
        return None
    half = Decimal(5).scaleb(-digits(value) - 1)
    bound = EXACT.add(value, half if high else -half)
    found = bound.quantize(Decimal(1).scaleb(-places), ROUND_CEILING if high else ROUND_FLOOR, EXACT)
    return found if found else abs(found)


def _filled(parts: tuple[Part, ...], count: int, *, high: bool) -> tuple[Part, ...]:
    full = list(parts[:count])
    while len(full) < count:
        place = len(full)
        last = monthrange(int(full[0]), int(full[1]))[1] if place == 2 else (0, 12, 0, 23, 59)[place]
        full.append(last if high else (0, 1, 1, 0, 0)[place])
    return tuple(full)


def _date(value: Date, precision: int, *, high: bool) -> Date | None:
    count = _DATE.get(precision)
    if count is None:
        return None
    parts = _filled(value.parts, count, high=high)
    return Date(parts, date_text(parts))


def _datetime(value: DateTime, precision: int, *, high: bool) -> DateTime | None:
    count = _DATETIME.get(precision)
    if count is None:
        return None
    parts = _filled(value.parts, min(count, 5), high=high)
    if count < 4:
        return DateTime(parts, date_text(parts))
    if count == 6:
        parts = (*parts, _second(value.parts[5:], precision, high=high))
    offset = value.offset if value.offset is not None else EARLIEST if high else LATEST
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    zone = "Z" if value.text.endswith("Z") else zone
    return DateTime(parts, f"{date_text(parts[:3])}T{clock_text(parts[3:])}{zone}", offset)


def _time(value: Time, precision: int, *, high: bool) -> Time | None:
    count = _TIME.get(precision)
    if count is None:
        return None
    parts: tuple[Part, ...] = value.parts[: min(count, 2)]
    if count > 1 and len(parts) < 2:
        parts = (*parts, 59 if high else 0)
    if count == 3:
        parts = (*parts, _second(value.parts[2:], precision, high=high))
    return Time(parts, clock_text(parts))


def _second(given: tuple[Part, ...], precision: int, *, high: bool) -> Decimal:
    """The seconds to whole ones, or to three digits, whichever the precision asks for."""
    places = 3 if precision in (9, 17) else 0
    if not given:
        return _LAST_MOMENT[precision] if high else Decimal(0).scaleb(-places)
    second = Decimal(given[0])
    if digits(second) == 0 and places and high:
        return second + Decimal("0.999")
    if 0 < digits(second) < places and high:
        step = Decimal(1).scaleb(-digits(second))
        return second + step - Decimal("0.001")
    return second.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)


def _boundary(call: Call, *, high: bool) -> Plan:
    expect(call.input, _KINDS, call.source, call.name)
    run, given = scalar(call.input, call.source, f"{call.name} takes one item"), call.argument(0)
    precision = None if given is None else integer(given, call.at(0), call.name)

    def run_boundary(this: Any, env: Env) -> Any:
        value = run(this, env)
        wanted = None if precision is None else precision(this, env)
        return None if value is None else boundary(value, wanted, high=high)

    types = call.input.types if call.input.type.startswith("System.") else ()
    return one(run_boundary, *("System.Decimal" if name == "System.Integer" else name for name in types))


def _precision_of(value: Any) -> int | None:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return digits(value)
    return _precision(value) if isinstance(value, (Date, DateTime, Time)) else None


def _precision(value: Temporal) -> int:
    count = len(value.parts)
    if isinstance(value, Time):
        return 9 if count == 3 and digits(Decimal(value.parts[2])) else count * 2
    if count == 6 and digits(Decimal(value.parts[5])):
        return 17
    return 2 + count * 2


def _precision_call(call: Call) -> Plan:
    expect(call.input, _KINDS - {"quantity"}, call.source, call.name)
    run = scalar(call.input, call.source, f"{call.name} takes one item")

    def run_precision(this: Any, env: Env) -> int | None:
        value = run(this, env)
        return None if value is None else _precision_of(value)

    return one(run_precision, "System.Integer")


def _comparable(call: Call) -> Plan:
    run, given = scalar(call.input, call.source), scalar(call.given(0), call.at(0))

    def run_comparable(this: Any, env: Env) -> bool | None:
        left, right = quantity(run(this, env)), quantity(given(this, env))
        return None if left is None or right is None else quantities.comparable(left, right)

    return one(run_comparable, "System.Boolean")


BOUNDARIES = {
    "lowBoundary": Function(lambda call: _boundary(call, high=False), 0, 1),
    "highBoundary": Function(lambda call: _boundary(call, high=True), 0, 1),
    "precision": Function(_precision_call),
    "comparable": Function(_comparable, 1, 1),
}
