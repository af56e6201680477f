"""memberOf, subsumes and subsumedBy: what the codes mean, asked of the terminology that the caller gives.

Without it, value sets that FHIR's required bindings list are known; anything else gives empty, as the specification
says of a value set that can't be found. Source: FHIR R4 4.0.1, fhirpath.html#functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.operands import text
from lienthong.fhir.fhirpath.plan import Env, Plan, one, single
from lienthong.fhir.fhirpath.values import Element

__all__ = ["TERMS"]

Code = tuple[str, str]  # system, code


def _codes(item: Any) -> Iterator[Code]:
    """The codes of a code, Coding or CodeableConcept; a bare code has no system."""
    value = item.value if type(item) is Element else item
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, dict):
        codings = value.get("coding") if "coding" in value else [value]
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                system = coding.get("system")
                yield (system if isinstance(system, str) else ""), coding["code"]


def _member_of(call: Call) -> Plan:
    run, address = single(call.input, call.source), text(call.given(0), call.at(0), call.name)

    def run_member(this: Any, env: Env) -> bool | None:
        item, value_set = run(this, env), address(this, env)
        if item is None or value_set is None:
            return None
        answers = [_is_member(code, value_set, env) for code in _codes(item)]
        return True if True in answers else None if None in answers or not answers else False

    return one(run_member, "System.Boolean")


def _is_member(code: Code, value_set: str, env: Env) -> bool | None:
    system, symbol = code
    if env.terminology is not None:
        found = env.terminology.member_of(system, symbol, value_set)
        if found is not None:
            return found
    listed = schema.value_set(value_set.partition("|")[0])
    if listed is None:
        return None
    if not system:
        return any(symbol in codes for codes in listed.values())
    return symbol in listed.get(system, frozenset())


def _subsumes(call: Call, *, turned: bool) -> Plan:
    run, given = single(call.input, call.source), single(call.given(0), call.at(0))

    def run_subsumes(this: Any, env: Env) -> bool | None:
        item, other = run(this, env), given(this, env)
        if item is None or other is None:
            return None
        if turned:
            item, other = other, item
        answers = [_is_above(one_, two, env) for one_ in _codes(item) for two in _codes(other)]
        return True if True in answers else None if None in answers or not answers else False

    return one(run_subsumes, "System.Boolean")


def _is_above(code: Code, other: Code, env: Env) -> bool | None:
    if code == other:
        return True
    if code[0] != other[0]:
        return False
    return env.terminology.subsumes(code[0], code[1], other[1]) if env.terminology is not None else None


TERMS = {
    "memberOf": Function(_member_of, 1, 1),
    "subsumes": Function(lambda call: _subsumes(call, turned=False), 1, 1),
    "subsumedBy": Function(lambda call: _subsumes(call, turned=True), 1, 1),
}
