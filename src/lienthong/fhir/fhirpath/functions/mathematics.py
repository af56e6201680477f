"""abs, ceiling, exp, floor, ln, log, power, round, sqrt, truncate; sum, min, max and avg of a collection.

What can't be expressed as a number is empty. Source: FHIRPath N1, 5.7; FHIRPath 3.0, "Aggregate functions".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from lienthong.fhir.fhirpath import quantities
from lienthong.fhir.fhirpath.arithmetic import ARITHMETIC, Number, fit
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.comparison import order
from lienthong.fhir.fhirpath.operands import converter, expect, integer, number, scalar
from lienthong.fhir.fhirpath.plan import Env, Plan, one
from lienthong.fhir.fhirpath.quantities import QUOTIENT
from lienthong.fhir.fhirpath.values import EXACT, Quantity

__all__ = ["MATHEMATICS"]


def _function(apply: Callable[[Number], Number | None], type_name: str) -> Function:
    def compile_function(call: Call) -> Plan:
        run = number(call.input, call.source, call.name)

        def run_function(this: Any, env: Env) -> Number | None:
            value = run(this, env)
            found = None if value is None else apply(value)
            return None if found is None else fit(found)

        return one(run_function, *((type_name,) if type_name else ()))

    return Function(compile_function)


def _whole(rounding: str) -> Callable[[Number], Number | None]:
    def to_whole(value: Number) -> Number | None:
        found = Decimal(value)
        # a Decimal with a huge exponent would fill the memory as a whole number
        return int(found.to_integral_value(rounding)) if found.is_finite() and found.adjusted() < 20 else None

    return to_whole


def _exp(value: Number) -> Number | None:
    return QUOTIENT.exp(Decimal(value)) if -10_000 < value < 10_000 else None


def _ln(value: Number) -> Number | None:
    return QUOTIENT.ln(Decimal(value)) if value > 0 else None


def _sqrt(value: Number) -> Number | None:
    return QUOTIENT.sqrt(Decimal(value)) if value >= 0 else None


def _log(value: Number, base: Number) -> Number | None:
    if value <= 0 or base <= 0 or base == 1:
        return None
    found = QUOTIENT.divide(QUOTIENT.ln(Decimal(value)), QUOTIENT.ln(Decimal(base)))
    return found.quantize(Decimal("1e-20")).normalize() if found.adjusted() < 10 else found


def _power(value: Number, exponent: Number) -> Number | None:
    if not -1000 <= exponent <= 1000:
        return None
    if isinstance(value, int) and isinstance(exponent, int) and exponent >= 0:
        return int(value**exponent) if abs(value) < 2**31 else None
    if isinstance(exponent, int) or exponent == exponent.to_integral_value():
        found = EXACT.power(Decimal(value), int(exponent)) if exponent >= 0 else None
        return found if found is not None else (QUOTIENT.power(Decimal(value), int(exponent)) if value else None)
    return QUOTIENT.power(Decimal(value), exponent) if value > 0 else (Decimal(0) if value == 0 else None)


def _with_argument(apply: Callable[[Number, Number], Number | None]) -> Function:
    def compile_function(call: Call) -> Plan:
        run, given = number(call.input, call.source, call.name), number(call.given(0), call.at(0), call.name)

        def run_function(this: Any, env: Env) -> Number | None:
            value, argument = run(this, env), given(this, env)
            found = None if value is None or argument is None else apply(value, argument)
            return None if found is None else fit(found)

        return one(run_function)

    return Function(compile_function, 1, 1)


def _round(call: Call) -> Plan:
    run = number(call.input, call.source, call.name)
    given = call.argument(0)
    precision = None if given is None else integer(given, call.at(0), call.name)

    def run_round(this: Any, env: Env) -> Number | None:
        value, places = run(this, env), 0 if precision is None else precision(this, env)
        if value is None or places is None or not -100 < Decimal(value).adjusted() < 60:
            return None
        if not 0 <= places <= 30:
            raise call.source.run("round() takes a number of digits from 0 to 30")
        return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)

    return one(run_round, "System.Decimal")


def _abs(call: Call) -> Plan:
    expect(call.input, frozenset({"integer", "decimal", "quantity"}), call.source, call.name)
    run = scalar(call.input, call.source)

    def run_abs(this: Any, env: Env) -> Any:
        value = run(this, env)
        if isinstance(value, Quantity):
            return quantities.made(EXACT.abs(value.value), value)
        if value is None or (isinstance(value, (int, Decimal)) and not isinstance(value, bool)):
            return None if value is None else fit(EXACT.abs(value) if isinstance(value, Decimal) else abs(value))
        raise call.source.run("abs() takes a number or a quantity")

    return one(run_abs)


def _sum(call: Call) -> Plan:
    return _folded(call, lambda values, _: values)


def _avg(call: Call) -> Plan:
    def divided(total: Any, count: int) -> Any:
        if isinstance(total, Quantity):
            return quantities.made(quantities.QUOTIENT.divide(total.value, Decimal(count)), total)
        return QUOTIENT.divide(Decimal(total), Decimal(count))

    return _folded(call, divided)


def _folded(call: Call, finish: Callable[[Any, int], Any]) -> Plan:
    run, convert = call.input.many, converter(call.input)
    left = one(lambda this, env: this[0])
    right = one(lambda this, env: this[1])
    add = ARITHMETIC["+"](left, right, call.source).one

    def run_fold(this: Any, env: Env) -> Any:
        values = [convert(item) for item in run(this, env)]
        if not values or any(value is None for value in values):
            return None
        if not all(_countable(value) for value in values):
            raise call.source.run(f"{call.name} takes numbers or quantities")
        total = values[0]
        for value in values[1:]:
            total = add((total, value), env)
            if total is None:
                return None
        return finish(total, len(values))

    return one(run_fold)


def _countable(value: Any) -> bool:
    return isinstance(value, (int, Decimal, Quantity)) and not isinstance(value, bool)


def _extreme(call: Call, *, wanted: int) -> Plan:
    run, convert = call.input.many, converter(call.input)

    def run_extreme(this: Any, env: Env) -> Any:
        values = [convert(item) for item in run(this, env)]
        best = values[0] if values else None
        for value in values[1:]:
            found = None if value is None or best is None else order(value, best, call.source)
            if found is None:
                return None
            best = value if found == wanted else best
        return best

    return one(run_extreme)


MATHEMATICS = {
    "abs": Function(_abs),
    "ceiling": _function(_whole(ROUND_CEILING), "System.Integer"),
    "floor": _function(_whole(ROUND_FLOOR), "System.Integer"),
    "truncate": _function(_whole(ROUND_DOWN), "System.Integer"),
    "exp": _function(_exp, "System.Decimal"),
    "ln": _function(_ln, "System.Decimal"),
    "sqrt": _function(_sqrt, "System.Decimal"),
    "log": _with_argument(_log),
    "power": _with_argument(_power),
    "round": Function(_round, 0, 1),
    "sum": Function(_sum),
    "avg": Function(_avg),
    "min": Function(lambda call: _extreme(call, wanted=-1)),
    "max": Function(lambda call: _extreme(call, wanted=1)),
}
