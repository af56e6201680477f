"""Validates a resource against FHIR R4 (4.0.1): the door of the two halves, `quick` and `inspection`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lienthong.core import canonical
from lienthong.core.finding import Finding
from lienthong.fhir import faults
from lienthong.fhir.inspection import inspect, member_name
from lienthong.fhir.limits import MAX_DEPTH
from lienthong.fhir.profiles import Profiles, check
from lienthong.fhir.quick import is_clean

__all__ = ["validate"]


def validate(
    resource: dict[str, Any] | bytes,
    *,
    profiles: Sequence[str | Profiles] = (),
    invariants: bool = True,
) -> list[Finding]:
    """The findings of one resource, each with its place, rule, source and cure; none when it is clean.

    Structure by HL7's definitions of FHIR R4 4.0.1: elements, cardinality, JSON kinds, the forms of primitive values,
    choices, required bindings whose codes are listed, the types that references point to, contained resources and
    extensions. `bytes` are one resource as JSON; what is no JSON and repeated members are findings too.

    Of the invariants those that structure alone decides (ele-1, ext-1) are always checked. `invariants` is for those
    that are FHIRPath expressions: no evaluator reads them in this version, so it changes nothing yet. A resource that
    has a finding whose code is in `UNHOLDABLE` has no FHIR shape; any other can be kept with its findings.

    `profiles` are canonical addresses (those of FHIR R4 itself are always known) and at most one registry, which
    `fhir.profiles.load` gives. With any of them the profiles are checked that are named, and those that the resource
    and the resources in it claim in meta.profile; a claimed one that is not known is information. A registry alone
    honours the claims, e.g. `fhir.profiles.base()`, which holds the profiles of R4 itself.

    Raises `profile-not-loaded` for a profile that is named and not known, TypeError when `resource` is neither dict
    nor bytes.
    """
    if not profiles:
        return _validate_text(resource) if isinstance(resource, bytes) else _validate_value(resource)
    found = validate(resource, invariants=invariants)
    if any(finding.code in faults.UNHOLDABLE for finding in found):
        return found  # no profile can be read off what has no FHIR shape
    value = canonical.parse(resource) if isinstance(resource, bytes) else resource
    return [*found, *check(value, profiles, invariants=invariants)]


def _validate_value(resource: dict[str, Any]) -> list[Finding]:
    if not isinstance(resource, dict):
        raise TypeError(f"a resource is a dict or bytes, not {type(resource).__name__}")
    return [] if is_clean(resource) else inspect(resource)


def _validate_text(data: bytes) -> list[Finding]:
    try:
        resource = canonical.parse(data)
    except ValueError as error:
        return [faults.NOT_JSON.at("", why=str(error).rstrip("."))]
    try:
        repeated = [faults.DUPLICATE_MEMBER.at(path) for path in _repeated_members(data)]
    except RecursionError:
        return [faults.NESTED_TOO_DEEP.at("", limit=str(MAX_DEPTH))]
    return [*repeated, *([] if is_clean(resource) else inspect(resource))]


def _repeated_members(data: bytes) -> Iterator[str]:
    """The paths of members that stand more than once in their object."""
    repeated: dict[int, list[str]] = {}

    def remember(members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) < len(members):
            names = [name for name, _ in members]
            repeated[id(value)] = sorted({name for name in names if names.count(name) > 1})
            kept.append(value)
        return value

    kept: list[dict[str, Any]] = []  # an id is only sure while its object lives
    tree = json.loads(data, object_pairs_hook=remember, parse_float=str, parse_int=str)
    if repeated:
        yield from _paths(tree, "", repeated)


def _paths(value: Any, path: str, repeated: dict[int, list[str]]) -> Iterator[str]:
    if isinstance(value, dict):
        place = path or (value["resourceType"] if isinstance(value.get("resourceType"), str) else "")
        place = member_name(place) if not path and place else place
        start = f"{place}." if place else ""
        for name in repeated.get(id(value), ()):
            yield start + member_name(name)
        for name, item in value.items():
            yield from _paths(item, start + member_name(name), repeated)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _paths(item, f"{path}[{number}]", repeated)
