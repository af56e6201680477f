"""toBoolean, toInteger, toDecimal, toString, toDate, toDateTime, toTime, toQuantity; convertsTo... of each.

Source: FHIRPath N1, 5.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lienthong.fhir.fhirpath.arithmetic import fit
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.operands import scalar, text
from lienthong.fhir.fhirpath.plan import Env, Plan, one
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time, parse_date, parse_datetime, parse_time
from lienthong.fhir.fhirpath.values import CALENDAR, EXACT, Quantity, decimal_text
from lienthong.terminology.ucum import measure

__all__ = ["CONVERSION"]

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,100}(?:\.\d{1,100})?", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d{1,100}(?:\.\d{1,100})?)\s*(?:'([^']+)'|([a-zA-Z]+))?", re.ASCII)


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        return True if value.lower() in _TRUE else False if value.lower() in _FALSE else None
    return None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        found = fit(int(value))
        return int(found) if found is not None else None
    return None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, (bool, int)):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _string(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return decimal_text(value)
    return str(value) if isinstance(value, (str, Date, DateTime, Time, Quantity)) else None


def _date(value: Any) -> Date | None:
    if isinstance(value, Date):
        return value
    if isinstance(value, DateTime):
        return parse_date(value.text[:10])
    return parse_date(value) if isinstance(value, str) else None


def _datetime(value: Any) -> DateTime | None:
    if isinstance(value, DateTime):
        return value
    if isinstance(value, (str, Date)):
        return parse_datetime(str(value))
    return None


def _time(value: Any) -> Time | None:
    if isinstance(value, Time):
        return value
    return parse_time(value.removeprefix("T")) if isinstance(value, str) else None


def _quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (bool, int, Decimal)):
        return Quantity(Decimal(value))
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    number, code, word = match.groups()
    if word is not None:
        return Quantity(Decimal(number), word, calendar=True) if word in CALENDAR else None
    return Quantity(Decimal(number), code or "1")


Convert = Callable[[Any], Any]


def _to(convert: Convert, type_name: str) -> Function:
    def compile_to(call: Call) -> Plan:
        run = scalar(call.input, call.source, f"{call.name} takes one item")

        def run_to(this: Any, env: Env) -> Any:
            value = run(this, env)
            return None if value is None else convert(value)

        return one(run_to, f"System.{type_name}")

    return Function(compile_to)


def _converts(convert: Convert) -> Function:
    def compile_converts(call: Call) -> Plan:
        run = scalar(call.input, call.source, f"{call.name} takes one item")

        def run_converts(this: Any, env: Env) -> bool | None:
            value = run(this, env)
            return None if value is None else convert(value) is not None

        return one(run_converts, "System.Boolean")

    return Function(compile_converts)


def _to_quantity(call: Call) -> Plan:
    return _with_unit(call, lambda found: found, "System.Quantity")


def _converts_to_quantity(call: Call) -> Plan:
    return _with_unit(call, lambda found: found is not None, "System.Boolean")


def _with_unit(call: Call, answer: Callable[[Quantity | None], Any], type_name: str) -> Plan:
    run = scalar(call.input, call.source, f"{call.name} takes one item")
    given = call.argument(0)
    unit = None if given is None else text(given, call.at(0), call.name)

    def run_quantity(this: Any, env: Env) -> Any:
        value = run(this, env)
        if value is None:
            return None
        found = _quantity(value)
        wanted = None if unit is None else unit(this, env)
        if found is not None and wanted is not None:
            found = _in_unit(found, wanted)
        return answer(found)

    return one(run_quantity, type_name)


def _in_unit(value: Quantity, unit: str) -> Quantity | None:
    if value.unit == unit:
        return value
    one_, other = None if value.calendar or not value.ucum else measure(value.unit), measure(unit)
    if one_ is None or other is None or one_.powers != other.powers:
        return None
    if one_.offset or other.offset:
        return None
    factor = one_.factor / other.factor
    moved = EXACT.multiply(value.value, Decimal(factor.numerator))
    return Quantity(EXACT.divide(moved, Decimal(factor.denominator)), unit)


_ALL: dict[str, Convert] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": _string,
    "Date": _date,
    "DateTime": _datetime,
    "Time": _time,
}
CONVERSION = {
    **{f"to{name}": _to(convert, name) for name, convert in _ALL.items()},
    **{f"convertsTo{name}": _converts(convert) for name, convert in _ALL.items()},
    "toQuantity": Function(_to_quantity, 0, 1),
    "convertsToQuantity": Function(_converts_to_quantity, 0, 1),
}
