"""The operators `and`, `or`, `xor` and `implies` with three values: true, false and empty.

The right side is not evaluated where the left one decides. Source: FHIRPath N1, 6.5.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import truth
from lienthong.fhir.fhirpath.plan import Env, Plan, one

__all__ = ["LOGIC"]


def _and(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = truth(left, source), truth(right, source)

    def run(this: Any, env: Env) -> bool | None:
        value = first(this, env)
        if value is False:
            return False
        other = second(this, env)
        if other is False:
            return False
        return None if value is None or other is None else True

    return one(run, "System.Boolean")


def _or(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = truth(left, source), truth(right, source)

    def run(this: Any, env: Env) -> bool | None:
        value = first(this, env)
        if value is True:
            return True
        other = second(this, env)
        if other is True:
            return True
        return None if value is None or other is None else False

    return one(run, "System.Boolean")


def _xor(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = truth(left, source), truth(right, source)

    def run(this: Any, env: Env) -> bool | None:
        value = first(this, env)
        if value is None:
            return None
        other = second(this, env)
        return None if other is None else value is not other

    return one(run, "System.Boolean")


def _implies(left: Plan, right: Plan, source: Source) -> Plan:
    first, second = truth(left, source), truth(right, source)

    def run(this: Any, env: Env) -> bool | None:
        value = first(this, env)
        if value is False:
            return True
        other = second(this, env)
        if other is True:
            return True
        return None if value is None or other is None else False

    return one(run, "System.Boolean")


LOGIC = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}
