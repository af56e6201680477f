"""Looks at one value by what a profile asks of it: fixed value, pattern, length, bounds, and its codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lienthong.core import canonical
from lienthong.core.finding import Finding
from lienthong.fhir.profiles import faults
from lienthong.fhir.profiles.constraint import Constraint
from lienthong.fhir.profiles.definition import ValueBinding
from lienthong.fhir.profiles.faults import ProfileFault
from lienthong.fhir.profiles.items import Item
from lienthong.fhir.profiles.matching import compare, equals, fits
from lienthong.fhir.profiles.terms import Codes, Terminology

__all__ = ["CODED", "codings", "has_code", "look_at_codes", "look_at_value"]

_LONGEST = 300
_QUANTITIES = ("Quantity", "Age", "Count", "Distance", "Duration")
CODED = frozenset({"code", "Coding", "CodeableConcept", *_QUANTITIES, "string", "uri"})
"""The types that a binding can be about (FHIR R4 terminologies.html#binding)."""


def look_at_value(constraint: Constraint, item: Item) -> Iterator[Finding]:
    """The findings by fixed[x], pattern[x], maxLength, minValue[x] and maxValue[x]."""
    value = item.value
    if constraint.fixed is not None and not equals(value, constraint.fixed.value):
        yield _note(faults.NOT_FIXED_VALUE, item, constraint, allowed=_json(constraint.fixed.value))
    if constraint.pattern is not None and not fits(value, constraint.pattern.value):
        yield _note(faults.NOT_PATTERN, item, constraint, allowed=_json(constraint.pattern.value))
    if constraint.max_length is not None and isinstance(value, str) and len(value) > constraint.max_length:
        yield _note(faults.TOO_LONG, item, constraint, limit=constraint.max_length)
    if constraint.min_value is not None and compare(value, constraint.min_value) == -1:
        yield _note(faults.BELOW, item, constraint, limit=_json(constraint.min_value))
    if constraint.max_value is not None and compare(value, constraint.max_value) == 1:
        yield _note(faults.ABOVE, item, constraint, limit=_json(constraint.max_value))


def look_at_codes(
    constraint: Constraint, binding: ValueBinding, item: Item, terminology: Terminology
) -> Iterator[Finding]:
    """The findings by a binding and by the set that it may not leave at all."""
    yield from _in_set(constraint, binding.value_set, binding.strength, item, terminology)
    if binding.at_most:
        yield from _in_set(constraint, binding.at_most, "required", item, terminology)


def _in_set(
    constraint: Constraint, value_set: str, strength: str, item: Item, terminology: Terminology
) -> Iterator[Finding]:
    fault = _FAULTS.get(strength)
    if item.code not in CODED:
        return  # of a choice, a type that can't be bound
    if fault is None or (strength != "required" and not codings(item.value, item.code)):
        return
    codes = terminology.codes(value_set)
    answer = None if codes is None else has_code(item.value, item.code, codes)
    if codes is None or answer is None:
        why = "the value set is not here" if codes is None else "its codes are not all here"
        yield _note(faults.BINDING_UNKNOWN, item, constraint, value_set=value_set, why=why)
    elif not answer:
        shown = codes.shown()
        advice = f"Use one of: {shown}." if shown else "Use a code of the value set."
        yield _note(fault, item, constraint, value_set=value_set, advice=advice)


_FAULTS = {
    "required": faults.NOT_BOUND,
    "extensible": faults.NOT_BOUND_EXTENSIBLE,
    "preferred": faults.NOT_BOUND_PREFERRED,
}


def has_code(value: Any, type_name: str, codes: Codes) -> bool | None:
    """Whether an element has a code of a set; None where that can't be known."""
    answers = [codes.has(system, code) for system, code in codings(value, type_name)]
    return True if True in answers else None if None in answers else False


def codings(value: Any, type_name: str) -> list[tuple[str | None, str]]:
    """The codes of a code, Coding, CodeableConcept or Quantity with their systems; None where it has none to name."""
    if isinstance(value, str):
        return [(None, value)]
    if not isinstance(value, dict):
        return []
    parts = value.get("coding") if type_name == "CodeableConcept" else [value]
    found: list[tuple[str | None, str]] = []
    for part in parts if isinstance(parts, list) else ():
        code = part.get("code") if isinstance(part, dict) else None
        if isinstance(code, str):
            system = part.get("system")
            found.append((system if isinstance(system, str) else "", code))
    return found


def _note(fault: ProfileFault, item: Item, constraint: Constraint, **names: Any) -> Finding:
    return fault.at(item.path, constraint.rule, element=constraint.label, **names)


def _json(value: Any) -> str:
    text = canonical.encode(value).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
