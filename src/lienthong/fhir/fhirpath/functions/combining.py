"""union (also as `|`) and combine.

Source: FHIRPath N1, 5.4 and 6.3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.equality import unique
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import converter
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Many, Plan, many, wide_type, widen
from lienthong.fhir.fhirpath.values import Element

__all__ = ["COMBINING", "union"]


def _both(left: Plan, right: Plan) -> tuple[Many, Many, tuple[str, ...]]:
    """The items of two plans as those of one, and their types."""
    if left.types == right.types:
        return left.many, right.many, left.types
    types = tuple(dict.fromkeys(left.types + right.types)) if left.types and right.types else ()
    return widen(left), widen(right), types


def union(left: Plan, right: Plan, source: Source) -> Plan:
    """The items of both without duplicates."""
    first, second, types = _both(left, right)
    convert = converter(Plan(first, types))
    if left.one is not None and right.one is not None:
        return many(_union_of_two(left, right, convert), *types)

    def run_union(this: Any, env: Env) -> list[Any]:
        items, others = first(this, env), second(this, env)
        if items and others:
            items = items + others
        elif others:
            items = others
        env.left -= len(items)
        if env.left < 0:
            env.spend(0, source)
        return unique(items, convert) if len(items) > 1 else items

    return many(run_union, *types)


def _union_of_two(left: Plan, right: Plan, convert: Callable[[Any], Any]) -> Many:
    """The union of two plans that give one item at most; mostly it is one of several paths that is there."""
    one, other = left.one, right.one
    assert one is not None
    assert other is not None
    same = left.types == right.types
    wide, wide_other = (None, None) if same else (wide_type(left), wide_type(right))

    def run_two(this: Any, env: Env) -> list[Any]:
        item, second = one(this, env), other(this, env)
        if wide and item is not None and type(item) is not Element:
            item = Element(item, wide)
        if wide_other and second is not None and type(second) is not Element:
            second = Element(second, wide_other)
        if second is None:
            return EMPTY if item is None else [item]
        return [second] if item is None else unique((item, second), convert)

    return run_two


def _union(call: Call) -> Plan:
    return union(call.input, call.given(0), call.source)


def _combine(call: Call) -> Plan:
    first, second, types = _both(call.input, call.given(0))
    source = call.source

    def run_combine(this: Any, env: Env) -> list[Any]:
        items = first(this, env) + second(this, env)
        env.spend(len(items), source)
        return items

    return many(run_combine, *types)


COMBINING = {"union": Function(_union, 1, 1), "combine": Function(_combine, 1, 1)}
