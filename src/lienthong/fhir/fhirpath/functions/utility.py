"""trace, now, today, timeOfDay, iif, not, coalesce, defineVariable.

Source: FHIRPath N1, 5.9, 5.5.1 (iif) and 6.5.5 (not); FHIRPath 3.0 for the last two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import converter, text, truth
from lienthong.fhir.fhirpath.plan import EMPTY, Env, One, Plan, many, one, single, widen
from lienthong.fhir.fhirpath.temporal import Date, Time, of_date, of_datetime, parse_time

__all__ = ["UTILITY"]


def _not(call: Call) -> Plan:
    run = truth(call.input, call.source)

    def run_not(this: Any, env: Env) -> bool | None:
        value = run(this, env)
        return None if value is None else not value

    return one(run_not, "System.Boolean")


def _trace(call: Call) -> Plan:
    name, run, convert = text(call.given(0), call.at(0), call.name), call.input.many, converter(call.input)
    projection = call.each(1) if len(call.node.arguments) > 1 else None

    def run_trace(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        if env.trace is not None:
            shown = [convert(item) for item in items]
            if projection is not None:
                again = converter(projection)
                shown = [again(part) for item in items for part in projection.many(item, env)]
            env.trace(name(this, env) or "", shown)
        return items

    return many(run_trace, *call.input.types)


def _now(call: Call) -> Plan:
    return one(lambda this, env: of_datetime(env.now()), "System.DateTime")


def _today(call: Call) -> Plan:
    def run(this: Any, env: Env) -> Date:
        return of_date(env.now().date())

    return one(run, "System.Date")


def _time_of_day(call: Call) -> Plan:
    def run(this: Any, env: Env) -> Time | None:
        return parse_time(env.now().time().isoformat(timespec="milliseconds"))

    return one(run, "System.Time")


def _iif(call: Call) -> Plan:
    this = single(call.input, call.source, "iif() takes one item")
    scope = call.scope if call.node.input is None else replace(call.scope, this=call.input.types)
    plans = [call.each(place, scope) for place in range(len(call.node.arguments))]
    test = _criterion(plans[0], call.at(0))
    then, otherwise = plans[1], plans[2] if len(plans) > 2 else None
    types = then.types
    if otherwise is not None and otherwise.types != types:
        types = tuple(dict.fromkeys(types + otherwise.types)) if types and otherwise.types else ()
        run_then, run_otherwise = widen(then), widen(otherwise)
    else:
        run_then = then.many
        run_otherwise = _no_items if otherwise is None else otherwise.many

    def run_iif(outer: Any, env: Env) -> list[Any]:
        item = this(outer, env)
        return run_then(item, env) if test(item, env) is True else run_otherwise(item, env)

    return many(run_iif, *types)


def _no_items(this: Any, env: Env) -> list[Any]:
    return EMPTY


def _criterion(plan: Plan, source: Source) -> One:
    """A criterion must be a boolean: a value of another System type is no truth value here."""
    if plan.types and all(name.startswith("System.") and name != "System.Boolean" for name in plan.types):
        raise source.meaning(f"the criterion of iif() must be a boolean, and it is {plan.types[0]}")
    return truth(plan, source)


def _coalesce(call: Call) -> Plan:
    plans = [call.given(place) for place in range(len(call.node.arguments))]
    runs = [widen(plan) for plan in plans]
    types = tuple(dict.fromkeys(name for plan in plans for name in plan.types)) if all(p.types for p in plans) else ()
    if len(types) == 1:
        runs = [plan.many for plan in plans]

    def run_coalesce(this: Any, env: Env) -> list[Any]:
        return next((items for run in runs if (items := run(this, env))), EMPTY)

    return many(run_coalesce, *types)


def _defined_elsewhere(call: Call) -> Plan:
    raise AssertionError("the compiler keeps variables itself")


UTILITY = {
    "not": Function(_not),
    "trace": Function(_trace, 1, 2),
    "now": Function(_now),
    "today": Function(_today),
    "timeOfDay": Function(_time_of_day),
    "iif": Function(_iif, 2, 3),
    "coalesce": Function(_coalesce, 1, 20),
    "defineVariable": Function(_defined_elsewhere, 1, 2),
}
