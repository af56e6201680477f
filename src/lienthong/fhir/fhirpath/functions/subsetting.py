"""single, first, last, tail, skip, take, intersect, exclude.

Source: FHIRPath N1, 5.3.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.equality import Lookup, unique
from lienthong.fhir.fhirpath.operands import converter, integer
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, many, one, single

__all__ = ["SUBSETTING"]


def _single(call: Call) -> Plan:
    run = single(call.input, call.source, "single() wants one item")
    return Plan(one(run).many, call.input.types, run)


def _first(call: Call) -> Plan:
    if call.input.one is not None:
        return call.input
    run = call.input.many

    def run_first(this: Any, env: Env) -> Any:
        items = run(this, env)
        return items[0] if items else None

    return one(run_first, *call.input.types)


def _last(call: Call) -> Plan:
    run = call.input.many

    def run_last(this: Any, env: Env) -> Any:
        items = run(this, env)
        return items[-1] if items else None

    return one(run_last, *call.input.types)


def _tail(call: Call) -> Plan:
    run = call.input.many
    return many(lambda this, env: run(this, env)[1:], *call.input.types)


def _skip(call: Call) -> Plan:
    run, number = call.input.many, integer(call.given(0), call.at(0), "skip()")

    def run_skip(this: Any, env: Env) -> list[Any]:
        count = number(this, env)
        return EMPTY if count is None else run(this, env)[max(count, 0) :]

    return many(run_skip, *call.input.types)


def _take(call: Call) -> Plan:
    run, number = call.input.many, integer(call.given(0), call.at(0), "take()")

    def run_take(this: Any, env: Env) -> list[Any]:
        count = number(this, env)
        return EMPTY if count is None or count <= 0 else run(this, env)[:count]

    return many(run_take, *call.input.types)


def _intersect(call: Call) -> Plan:
    return _against(call, keep=True)


def _exclude(call: Call) -> Plan:
    return _against(call, keep=False)


def _against(call: Call, *, keep: bool) -> Plan:
    other = call.given(0)
    run, run_other = call.input.many, other.many
    convert, convert_other = converter(call.input), converter(other)

    def run_against(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        others = Lookup(convert_other(item) for item in run_other(this, env))
        env.spend(len(items), call.source)
        found = [item for item in items if (convert(item) in others) is keep]
        return unique(found, convert) if keep else found

    return many(run_against, *call.input.types)


SUBSETTING = {
    "single": Function(_single),
    "first": Function(_first),
    "last": Function(_last),
    "tail": Function(_tail),
    "skip": Function(_skip, 1, 1),
    "take": Function(_take, 1, 1),
    "intersect": Function(_intersect, 1, 1),
    "exclude": Function(_exclude, 1, 1),
}
