"""The operators `=`, `!=`, `~`, `!~`, `<`, `<=`, `>`, `>=`, `in` and `contains`.

Source: FHIRPath N1, 6.1, 6.2 and 6.4.1 to 6.4.2.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.fhir.fhirpath import quantities, temporal
from lienthong.fhir.fhirpath.equality import equal, equal_items, equivalent_items
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import converter, kind, scalar
from lienthong.fhir.fhirpath.plan import Env, Many, One, Plan, one
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time
from lienthong.fhir.fhirpath.values import Quantity, TypeInfo

__all__ = ["COMPARISONS", "order"]

Pair = Callable[[Plan, Plan, Source], Plan]


def _values(plan: Plan) -> Many:
    """The items of a plan as System values; an element without a value stays as it is, equal to nothing."""
    run = plan.many
    if plan.type.startswith("System."):
        return run
    convert = converter(plan)

    def run_values(this: Any, env: Env) -> list[Any]:
        found = [convert(item) for item in run(this, env)]
        return [_NOTHING if value is None else value for value in found] if None in found else found

    return run_values


_NOTHING = TypeInfo("", "")


def _is_equal(left: Plan, right: Plan, source: Source) -> Plan:
    plan = one(_equality(left, right, source), "System.Boolean")
    if (
        left.field
        and kind(left) == kind(right)
        and kind(left) <= {"string", "boolean"}
        and right.constant is not None
    ):
        return replace(plan, equals=(left.field, right.constant))
    return plan


def _is_not_equal(left: Plan, right: Plan, source: Source) -> Plan:
    run = _equality(left, right, source)

    def run_not(this: Any, env: Env) -> bool | None:
        found = run(this, env)
        return None if found is None else not found

    return one(run_not, "System.Boolean")


def _equality(left: Plan, right: Plan, source: Source) -> One:
    if left.one is None or right.one is None:
        first, second = _values(left), _values(right)
        return lambda this, env: equal_items(first(this, env), second(this, env))
    run_left, run_right = scalar(left, source), scalar(right, source)
    if kind(left) == kind(right) and kind(left) in (frozenset({"string"}), frozenset({"boolean"})):
        if right.constant is not None:
            return _equal_to(left.field, run_left, right.constant)

        def run_simple(this: Any, env: Env) -> bool | None:
            value = run_left(this, env)
            if value is None:
                return None
            other = run_right(this, env)
            return None if other is None else value == other

        return run_simple

    def run_equal(this: Any, env: Env) -> bool | None:
        value = run_left(this, env)
        if value is None:
            return None
        other = run_right(this, env)
        return None if other is None else equal(value, other)

    return run_equal


def _equal_to(field: str, run: One, wanted: str | bool) -> One:
    """Whether a string or boolean is this one; by far the most frequent comparison, so it has a short way."""
    if field:

        def run_field(this: Any, env: Env) -> bool | None:
            value = None if this is None else this.get(field)
            return None if value is None else value == wanted

        return run_field

    def run_value(this: Any, env: Env) -> bool | None:
        value = run(this, env)
        return None if value is None else value == wanted

    return run_value


def _is_equivalent(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = _values(left), _values(right)
    return one(lambda this, env: equivalent_items(first(this, env), second(this, env)), "System.Boolean")


def _is_not_equivalent(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = _values(left), _values(right)
    return one(lambda this, env: not equivalent_items(first(this, env), second(this, env)), "System.Boolean")


_DATES = frozenset({Date, DateTime})
_PLAIN = frozenset({int, Decimal, LexicalDecimal})
_NUMBER_KINDS = frozenset({"integer", "decimal"})
_ORDERED = (
    frozenset({"string"}),
    _NUMBER_KINDS,
    frozenset({"date", "dateTime"}),
    frozenset({"time"}),
    frozenset({"quantity", "integer", "decimal"}),
)


def order(left: Any, right: Any, source: Source) -> int | None:
    """-1, 0 or 1 for two values of one kind; None where their precision or units leave it open."""
    if type(left) in _DATES and type(right) in _DATES:
        return temporal.order(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if _is_number(left) and _is_number(right):
        return int(left > right) - int(left < right)
    if isinstance(left, Time) and isinstance(right, Time):
        return temporal.order(left, right)
    first, second = _as_quantity(left), _as_quantity(right)
    if first is not None and second is not None:
        return quantities.order(first, second)
    raise source.run("the two sides have no common order", "two strings, numbers, dates, times or quantities")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and value is not True and value is not False


def _as_quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    return Quantity(Decimal(value)) if _is_number(value) else None


def _ordered(decide: Callable[[Any, Any], bool]) -> Pair:
    def compile_order(left: Plan, right: Plan, source: Source) -> Plan:
        kinds = kind(left), kind(right)
        if all(kinds) and not any(kinds[0] & group and kinds[1] & group for group in _ORDERED):
            names = " and ".join("/".join(sorted(found)) for found in kinds)
            raise source.meaning(f"{names} have no common order")
        run_left, run_right = scalar(left, source), scalar(right, source)
        plain = _PLAIN if kinds[0] | kinds[1] <= _NUMBER_KINDS else frozenset()
        plain = frozenset({str}) if kinds[0] | kinds[1] == {"string"} else plain

        def run_order(this: Any, env: Env) -> bool | None:
            value = run_left(this, env)
            if value is None:
                return None
            other = run_right(this, env)
            if other is None:
                return None
            if type(value) in plain and type(other) in plain:
                return decide(value, other)
            found = order(value, other, source)
            return None if found is None else decide(found, 0)

        return one(run_order, "System.Boolean")

    return compile_order


def _is_in(left: Plan, right: Plan, source: Source) -> Plan:
    run_left, run_right = scalar(left, source, "`in` takes one item on its left"), _values(right)

    def run_in(this: Any, env: Env) -> bool | None:
        value = run_left(this, env)
        if value is None:
            return None
        others = run_right(this, env)
        env.spend(len(others), source)
        return any(equal(value, other) for other in others)

    return one(run_in, "System.Boolean")


def _contains(left: Plan, right: Plan, source: Source) -> Plan:
    return _is_in(right, left, source)


COMPARISONS: dict[str, Pair] = {
    "=": _is_equal,
    "!=": _is_not_equal,
    "~": _is_equivalent,
    "!~": _is_not_equivalent,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _is_in,
    "contains": _contains,
}
