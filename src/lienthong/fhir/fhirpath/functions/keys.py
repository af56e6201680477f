"""getResourceKey and getReferenceKey: how the rows of views name resources and what references point to.

A key is `Type/id`, as the views of `warehouse` write it. Source: SQL on FHIR v2, "Required additional functions".
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.plan import Env, Plan, many
from lienthong.fhir.fhirpath.types import type_specifier
from lienthong.fhir.fhirpath.values import Element
from lienthong.fhir.references import ReferenceKind, parse_reference

__all__ = ["KEYS"]


def _resource_key(call: Call) -> Plan:
    run = call.input.many

    def run_key(this: Any, env: Env) -> list[Any]:
        return [
            f"{item['resourceType']}/{item['id']}"
            for item in run(this, env)
            if type(item) is dict and "resourceType" in item and "id" in item
        ]

    return many(run_key, "System.String")


def _reference_key(call: Call) -> Plan:
    run, target = call.input.many, ""
    if call.node.arguments:
        target = type_specifier(call.node.arguments[0], call.at(0)).removeprefix("FHIR.")

    def run_key(this: Any, env: Env) -> list[Any]:
        found = []
        for item in run(this, env):
            value = item.value if type(item) is Element else item
            text = value.get("reference") if type(value) is dict else None
            parsed = parse_reference(text) if isinstance(text, str) else None
            if parsed is not None and parsed.kind is ReferenceKind.RELATIVE and target in ("", parsed.type):
                found.append(f"{parsed.type}/{parsed.id}")
        return found

    return many(run_key, "System.String")


KEYS = {"getResourceKey": Function(_resource_key), "getReferenceKey": Function(_reference_key, 0, 1)}
