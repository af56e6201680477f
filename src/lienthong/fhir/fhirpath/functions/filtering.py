"""where, select, repeat, repeatAll and aggregate: an argument evaluated for each item.

Source: FHIRPath N1, 5.2 and 7.1 (aggregate).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function, walk_items
from lienthong.fhir.fhirpath.equality import equal, key
from lienthong.fhir.fhirpath.faults import LIMIT
from lienthong.fhir.fhirpath.operands import truth, value_of
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, many, widen

__all__ = ["FILTERING"]

_MOST_STEPS = 1_000  # of repeatAll, which would otherwise go round in a circle for long


def _where(call: Call) -> Plan:
    criterion = call.each(0)
    run, test, source = call.input.many, truth(criterion, call.at(0)), call.source
    if criterion.equals is not None:
        name, wanted = criterion.equals

        def run_equal(this: Any, env: Env) -> list[Any]:
            items = run(this, env)
            env.left -= len(items)
            if env.left < 0:
                env.spend(0, source)
            return [item for item in items if item.get(name) == wanted]

        return many(run_equal, *call.input.types)
    if call.indexed(0):
        walk = walk_items(test, source, indexed=True)

        def run_indexed(this: Any, env: Env) -> list[Any]:
            items = run(this, env)
            return [item for item, found in zip(items, walk(items, env), strict=True) if found is True]

        return many(run_indexed, *call.input.types)

    def run_where(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        if not items:
            return EMPTY
        env.left -= len(items)
        if env.left < 0:
            env.spend(0, source)
        return [item for item in items if test(item, env) is True]

    return many(run_where, *call.input.types)


def _select(call: Call) -> Plan:
    projection = call.each(0)
    run, walk = call.input.many, walk_items(projection.many, call.source, indexed=call.indexed(0))

    def run_select(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        return [part for parts in walk(items, env) for part in parts] if items else EMPTY

    return many(run_select, *projection.types)


def _repeat(call: Call, *, all_of_them: bool) -> Plan:
    """Each step is taken from what the step before gave, until nothing new comes; `repeatAll` keeps duplicates."""
    call.each(0)  # finds faults that only the types of the first step show
    # what the projection gives goes into it again, so its types are unknown there
    projection = call.each(0, replace(call.inner(), this=()))
    run, step, source = widen(call.input), widen(projection), call.source

    def run_repeat(this: Any, env: Env) -> list[Any]:
        found: list[Any] = []
        seen: dict[Any, list[Any]] = {}
        level = [part for item in run(this, env) for part in step(item, env)]
        steps = 0
        while level:
            env.spend(len(level), source)
            steps += 1
            if all_of_them and steps > _MOST_STEPS:
                raise source.error(LIMIT, why="its steps do not end", allowed=f"{_MOST_STEPS:,} steps")
            fresh = level if all_of_them else [item for item in level if _is_new(item, seen)]
            found += fresh
            level = [part for item in fresh for part in step(item, env)]
        return found

    return many(run_repeat)


def _is_new(item: Any, seen: dict[Any, list[Any]]) -> bool:
    value = value_of(item)
    bucket = seen.setdefault(key(value), [])
    if any(value is other or equal(value, other) for other in bucket):
        return False
    bucket.append(value)
    return True


def _aggregate(call: Call) -> Plan:
    body = call.each(0, call.inner(aggregating=True))
    begin = call.argument(1)
    run, indexed = call.input.many, call.indexed(0)

    def run_aggregate(this: Any, env: Env) -> list[Any]:
        before_total, before_index = env.total, env.index
        total = EMPTY if begin is None else begin.many(this, env)
        items = run(this, env)
        env.spend(len(items), call.source)
        for number, item in enumerate(items):
            env.total = total
            if indexed:
                env.index = number
            total = body.many(item, env)
        env.total, env.index = before_total, before_index
        return total

    return many(run_aggregate)


FILTERING = {
    "where": Function(_where, 1, 1),
    "select": Function(_select, 1, 1),
    "repeat": Function(lambda call: _repeat(call, all_of_them=False), 1, 1),
    "repeatAll": Function(lambda call: _repeat(call, all_of_them=True), 1, 1),
    "aggregate": Function(_aggregate, 1, 2),
}
