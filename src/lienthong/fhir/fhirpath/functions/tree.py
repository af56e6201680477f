"""children and descendants.

Source: FHIRPath N1, 5.8.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.members import children, descend
from lienthong.fhir.fhirpath.plan import Env, Plan, many

__all__ = ["TREE"]


def _children(call: Call) -> Plan:
    run, static = call.input.many, call.input.type

    def run_children(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            children(item, static, out)
        env.spend(len(out), call.source)
        return out

    return many(run_children)


def _descendants(call: Call) -> Plan:
    run, static = call.input.many, call.input.type

    def run_descendants(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            descend(item, static, out)
        env.spend(len(out), call.source)
        return out

    return many(run_descendants)


TREE = {"children": Function(_children), "descendants": Function(_descendants)}
