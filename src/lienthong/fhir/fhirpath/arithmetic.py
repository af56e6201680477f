"""The operators `+`, `-`, `*`, `/`, `div`, `mod` and `&`, on numbers, strings, quantities and dates.

Sums and products keep all digits; a quotient has 34. An overflow or a division by zero is empty.
Source: FHIRPath N1, 6.6 and 6.6.7 (dates).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from lienthong.fhir.fhirpath import quantities
from lienthong.fhir.fhirpath.durations import moved
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import kind, scalar, text
from lienthong.fhir.fhirpath.plan import Env, Plan, fits, one
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time
from lienthong.fhir.fhirpath.values import EXACT, Quantity

__all__ = ["ARITHMETIC", "INTEGER_MAX", "Number", "fit", "signed"]

_SHORT = 100_000
INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1

Number = int | Decimal
_NUMBERS = frozenset({"integer", "decimal"})


def fit(value: Number) -> Number | None:
    """The number, or None where FHIRPath's Integer or our decimals can't hold it."""
    if isinstance(value, int):
        return value if INTEGER_MIN <= value <= INTEGER_MAX else None
    return value if value.is_finite() else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and value is not True and value is not False


def _exact(value: Number) -> Decimal:
    return Decimal(value)


def _plus(left: Any, right: Any, sign: int, source: Source) -> Any:
    if isinstance(left, int) and isinstance(right, int) and _is_number(left) and _is_number(right):
        return fit(left + sign * right)
    if _is_number(left) and _is_number(right):
        apply = EXACT.add if sign > 0 else EXACT.subtract
        return fit(apply(_exact(left), _exact(right)))
    if isinstance(left, str) and isinstance(right, str) and sign > 0:
        return fits(left + right, source)
    if isinstance(left, (Date, DateTime, Time)) and isinstance(right, Quantity):
        return moved(left, right, sign, source)
    first, second = _as_quantity(left), _as_quantity(right)
    if first is not None and second is not None:
        return quantities.plus(first, second, sign)
    raise source.run("these two can't be added", "two numbers, strings or quantities, or a date and a duration")


def _as_quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    return Quantity(Decimal(value)) if _is_number(value) else None


def _times(left: Any, right: Any, source: Source) -> Any:
    if isinstance(left, int) and isinstance(right, int) and _is_number(left) and _is_number(right):
        return fit(left * right)
    if _is_number(left) and _is_number(right):
        return fit(EXACT.multiply(_exact(left), _exact(right)))
    first, second = _as_quantity(left), _as_quantity(right)
    if first is None or second is None:
        raise source.run("these two can't be multiplied", "numbers and quantities")
    return quantities.multiply(first, second)


def _over(left: Any, right: Any, source: Source) -> Any:
    if _is_number(left) and _is_number(right):
        return fit(quantities.QUOTIENT.divide(_exact(left), _exact(right))) if right else None
    first, second = _as_quantity(left), _as_quantity(right)
    if first is None or second is None:
        raise source.run("these two can't be divided", "numbers and quantities")
    return quantities.divide(first, second)


def _div(left: Any, right: Any, source: Source) -> Any:
    if not _is_number(left) or not _is_number(right):
        raise source.run("`div` takes numbers")
    if not right:
        return None
    quotient = quantities.QUOTIENT.divide(_exact(left), _exact(right))
    is_small = quotient.is_finite() and quotient.adjusted() < 20
    return fit(int(quotient.to_integral_value(ROUND_DOWN))) if is_small else None


def _mod(left: Any, right: Any, source: Source) -> Any:
    if not _is_number(left) or not _is_number(right):
        raise source.run("`mod` takes numbers")
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)  # with the sign of the left, as N1 truncates
        return fit(-rest if left < 0 else rest)
    return fit(EXACT.remainder(_exact(left), _exact(right)))


Apply = Callable[[Any, Any, Source], Any]


def _compiled(apply: Apply, allowed: Callable[[frozenset[str], frozenset[str]], tuple[str, ...] | None]) -> Any:
    def compile_operator(left: Plan, right: Plan, source: Source) -> Plan:
        types = allowed(kind(left), kind(right))
        if types is None:
            names = " and ".join("/".join(sorted(found)) for found in (kind(left), kind(right)))
            raise source.meaning(f"the operator does not take {names}")
        run_left, run_right = scalar(left, source), scalar(right, source)

        def run(this: Any, env: Env) -> Any:
            value = run_left(this, env)
            if value is None:
                return None
            other = run_right(this, env)
            return None if other is None else apply(value, other, source)

        return one(run, *types)

    return compile_operator


_UNKNOWN: tuple[str, ...] = ()
_DATES = {"date": "System.Date", "dateTime": "System.DateTime", "time": "System.Time"}


def _sum_types(left: frozenset[str], right: frozenset[str]) -> tuple[str, ...] | None:
    """The types of a sum or difference; None where the kinds have none."""
    if not left or not right or len(left) > 1 or len(right) > 1:
        return _UNKNOWN
    one_, other = next(iter(left)), next(iter(right))
    if one_ in _DATES and other == "quantity":
        return (_DATES[one_],)
    return _product_types(left, right) if one_ != "string" or other != "string" else ("System.String",)


def _product_types(left: frozenset[str], right: frozenset[str]) -> tuple[str, ...] | None:
    both = left | right
    if not left or not right or len(left) > 1 or len(right) > 1:
        return _UNKNOWN
    if both <= _NUMBERS:
        return ("System.Integer",) if both == {"integer"} else ("System.Decimal",)
    return ("System.Quantity",) if both <= _NUMBERS | {"quantity"} else None


def _quotient_types(left: frozenset[str], right: frozenset[str]) -> tuple[str, ...] | None:
    found = _product_types(left, right)
    return ("System.Decimal",) if found == ("System.Integer",) else found


def _number_types(left: frozenset[str], right: frozenset[str]) -> tuple[str, ...] | None:
    if all(not found or found & _NUMBERS for found in (left, right)):
        return ("System.Integer",) if left | right == {"integer"} else _UNKNOWN
    return None


def _concatenate(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = text(left, source, "`&`"), text(right, source, "`&`")

    def run(this: Any, env: Env) -> str:
        joined: str = (first(this, env) or "") + (second(this, env) or "")
        return joined if len(joined) < _SHORT else str(fits(joined, source))

    return one(run, "System.String")


def signed(plan: Plan, sign: str, source: Source) -> Plan:
    """`-` or `+` before an expression."""
    if kind(plan) and not kind(plan) & (_NUMBERS | {"quantity"}):
        raise source.meaning(f"`{sign}` takes a number or a quantity")
    run, turned = scalar(plan, source), sign == "-"

    def run_signed(this: Any, env: Env) -> Any:
        value = run(this, env)
        if value is None:
            return None
        if not _is_number(value) and not isinstance(value, Quantity):
            raise source.run(f"`{sign}` takes a number or a quantity")
        if not turned:
            return value
        if isinstance(value, Quantity):
            return quantities.made(EXACT.minus(value.value), value)
        return fit(-value if isinstance(value, int) else EXACT.minus(value))

    known = plan.types if plan.type.startswith("System.") else ()
    return one(run_signed, *known)


ARITHMETIC = {
    "+": _compiled(lambda left, right, source: _plus(left, right, 1, source), _sum_types),
    "-": _compiled(lambda left, right, source: _plus(left, right, -1, source), _sum_types),
    "*": _compiled(_times, _product_types),
    "/": _compiled(_over, _quotient_types),
    "div": _compiled(_div, _number_types),
    "mod": _compiled(_mod, _number_types),
    "&": _concatenate,
}
