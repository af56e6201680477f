"""empty, exists, all, allTrue and its kin, subsetOf, supersetOf, count, distinct, isDistinct.

Source: FHIRPath N1, 5.1.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.equality import Lookup, unique
from lienthong.fhir.fhirpath.operands import converter, expect, truth
from lienthong.fhir.fhirpath.plan import Env, Plan, many, one

__all__ = ["EXISTENCE"]

_BOOLEAN = "System.Boolean"


def _empty(call: Call) -> Plan:
    if call.input.one is not None:
        run_one = call.input.one
        return one(lambda this, env: run_one(this, env) is None, _BOOLEAN)
    run = call.input.many
    return one(lambda this, env: not run(this, env), _BOOLEAN)


def _exists(call: Call) -> Plan:
    if not call.node.arguments:
        if call.input.one is not None:
            run_one = call.input.one
            return one(lambda this, env: run_one(this, env) is not None, _BOOLEAN)
        run = call.input.many
        return one(lambda this, env: bool(run(this, env)), _BOOLEAN)
    return _any(call, wanted=True, found=True)


def _all(call: Call) -> Plan:
    return _any(call, wanted=False, found=False)


def _any(call: Call, *, wanted: bool, found: bool) -> Plan:
    """`found` as soon as a criterion is the wanted one (for `all`: is not true)."""
    criterion = call.each(0)
    run, source, indexed = call.input.many, call.source, call.indexed(0)
    test = truth(criterion, call.at(0))
    if criterion.equals is not None and wanted:
        name, value = criterion.equals

        def run_equal(this: Any, env: Env) -> bool:
            items = run(this, env)
            env.left -= len(items)
            if env.left < 0:
                env.spend(0, source)
            for item in items:  # noqa: SIM110 - a generator would cost more than the loop
                if item.get(name) == value:
                    return True
            return False

        return one(run_equal, _BOOLEAN)

    def run_any(this: Any, env: Env) -> bool:
        items = run(this, env)
        env.left -= len(items)
        if env.left < 0:
            env.spend(0, source)
        if not indexed:
            for item in items:
                if (test(item, env) is True) is wanted:
                    return found
            return not found
        before, result = env.index, not found
        for number, item in enumerate(items):
            env.index = number
            if (test(item, env) is True) is wanted:
                result = found
                break
        env.index = before
        return result

    return one(run_any, _BOOLEAN)


def _booleans(call: Call, *, wanted: bool, found: bool) -> Plan:
    source, run, convert = call.source, call.input.many, converter(call.input)
    expect(call.input, frozenset({"boolean"}), source, call.name)

    def run_booleans(this: Any, env: Env) -> bool:
        values = [convert(item) for item in run(this, env)]
        if any(value is not True and value is not False for value in values):
            raise source.run(f"{call.name} takes booleans, and there is another value among them")
        return found if wanted in values else not found

    return one(run_booleans, _BOOLEAN)


def _subset(call: Call, *, turned: bool) -> Plan:
    other = call.given(0)
    run, run_other = call.input.many, other.many
    convert, convert_other = converter(call.input), converter(other)

    def run_subset(this: Any, env: Env) -> bool:
        left = [convert(item) for item in run(this, env)]
        right = [convert_other(item) for item in run_other(this, env)]
        small, large = (right, left) if turned else (left, right)
        env.spend(len(small) + len(large), call.source)
        others = Lookup(large)
        return all(item in others for item in small)

    return one(run_subset, _BOOLEAN)


def _count(call: Call) -> Plan:
    run = call.input.many
    return one(lambda this, env: len(run(this, env)), "System.Integer")


def _distinct(call: Call) -> Plan:
    run, convert = call.input.many, converter(call.input)
    return many(lambda this, env: unique(run(this, env), convert), *call.input.types)


def _is_distinct(call: Call) -> Plan:
    run, convert = call.input.many, converter(call.input)

    def run_is_distinct(this: Any, env: Env) -> bool:
        items = run(this, env)
        return len(items) < 2 or len(unique(items, convert)) == len(items)

    return one(run_is_distinct, _BOOLEAN)


EXISTENCE = {
    "empty": Function(_empty),
    "exists": Function(_exists, 0, 1),
    "all": Function(_all, 1, 1),
    "allTrue": Function(lambda call: _booleans(call, wanted=False, found=False)),
    "anyTrue": Function(lambda call: _booleans(call, wanted=True, found=True)),
    "allFalse": Function(lambda call: _booleans(call, wanted=True, found=False)),
    "anyFalse": Function(lambda call: _booleans(call, wanted=False, found=True)),
    "subsetOf": Function(lambda call: _subset(call, turned=False), 1, 1),
    "supersetOf": Function(lambda call: _subset(call, turned=True), 1, 1),
    "count": Function(_count),
    "distinct": Function(_distinct),
    "isDistinct": Function(_is_distinct),
}
