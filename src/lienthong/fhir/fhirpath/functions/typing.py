"""is, as, ofType and type.

Source: FHIRPath N1, 5.2.4, 6.3 and 7.2; SPEC_READINGS.md.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.members import open_type
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, many, narrow, one, single, type_of
from lienthong.fhir.fhirpath.types import Wanted, full_name, is_a, type_specifier, wanted
from lienthong.fhir.fhirpath.values import Element, TypeInfo

__all__ = ["TYPING", "as_type", "is_type"]


def is_type(plan: Plan, types: Wanted, source: Source, **_: bool) -> Plan:
    """Whether the one item has a type or one derived from it; empty where there is none."""
    run, static = single(plan, source, "`is` takes one item"), plan.type
    if static and not open_type(static):
        answer = is_a(static, types)
        return one(lambda this, env: None if run(this, env) is None else answer, "System.Boolean")

    def run_is(this: Any, env: Env) -> bool | None:
        item = run(this, env)
        return None if item is None else is_a(type_of(item, static), types)

    return one(run_is, "System.Boolean")


def as_type(plan: Plan, types: Wanted, source: Source, *, as_filters: bool) -> Plan:
    """The one item where it has the type, else empty."""
    if as_filters:
        return of_type(plan, types)
    found = of_type(plan, types)
    if found.one is not None:
        return found
    run, static = single(plan, source, "`as` takes one item"), plan.type
    left = _left(plan, types)
    bare = len(left) == 1

    def run_as(this: Any, env: Env) -> Any:
        item = run(this, env)
        if item is None or not is_a(type_of(item, static), types, exact=True):
            return None
        return narrow(item) if bare and type(item) is Element else item

    return one(run_as, *left)


def of_type(plan: Plan, types: Wanted) -> Plan:
    """The items that have a type (or, for a complex type, one derived from it)."""
    static = plan.type
    if plan.choose is not None:
        kept = [name for name in plan.types if is_a(name, types, exact=True)]
        if len(kept) == 1:
            return plan.choose(kept[0])
    if static and not open_type(static):
        if is_a(static, types, exact=True):
            return plan
        return Plan(lambda this, env: EMPTY, tuple(types), lambda this, env: None)
    run, left = plan.many, _left(plan, types)
    bare = len(left) == 1

    def run_of_type(this: Any, env: Env) -> list[Any]:
        return [
            narrow(item) if bare and type(item) is Element else item
            for item in run(this, env)
            if is_a(type_of(item, static), types, exact=True)
        ]

    return many(run_of_type, *left)


def _left(plan: Plan, types: Wanted) -> tuple[str, ...]:
    """The types that can be left of a plan's."""
    if len(types) == 1:
        (only,) = types
        # a derived type keeps its own name, so only what has none can be told by the wanted name
        if not _derived(only):
            return (only,)
    return tuple(name for name in plan.types if is_a(name, types, exact=True)) if plan.types else ()


def _derived(name: str) -> bool:
    return open_type(name) or name == "Quantity" or name == "System.Any"


def _is(call: Call) -> Plan:
    return is_type(call.input, _named(call), call.source)


def _as(call: Call) -> Plan:
    return as_type(call.input, _named(call), call.source, as_filters=call.compiler.as_filters)


def _of_type(call: Call) -> Plan:
    return of_type(call.input, _named(call))


def _named(call: Call) -> Wanted:
    return wanted(type_specifier(call.node.arguments[0], call.at(0)), call.at(0))


def _type(call: Call) -> Plan:
    run, static = call.input.many, call.input.type

    def run_type(this: Any, env: Env) -> list[Any]:
        return [_info(type_of(item, static)) for item in run(this, env)]

    return many(run_type, "System.TypeInfo")


def _info(type_name: str) -> TypeInfo:
    namespace, _, name = full_name(type_name).partition(".")
    above = schema.ancestry(name)[1:2] if namespace == "FHIR" else ()
    return TypeInfo(namespace, name, f"FHIR.{above[0]}" if above else "System.Any")


TYPING = {
    "is": Function(_is, 1, 1),
    "as": Function(_as, 1, 1),
    "ofType": Function(_of_type, 1, 1),
    "type": Function(_type),
}
