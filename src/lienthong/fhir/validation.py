"""Validates a resource against FHIR R4 (4.0.1): the door of the two halves, `quick` and `inspection`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lienthong.core import canonical
from lienthong.core.finding import Finding
from lienthong.fhir import faults
from lienthong.fhir.inspection import inspect
from lienthong.fhir.integrity import examine, examine_local
from lienthong.fhir.integrity.faults import EXTENSION_UNKNOWN
from lienthong.fhir.invariants import broken
from lienthong.fhir.limits import MAX_DEPTH
from lienthong.fhir.profiles import Profiles, check
from lienthong.fhir.quick import CLEAN, LOCAL, NOTED, UNSURE, WHOLE, look
from lienthong.fhir.repeated import repeated_members

__all__ = ["validate"]


def validate(
    resource: dict[str, Any] | bytes,
    *,
    profiles: Sequence[str | Profiles] = (),
    invariants: bool = True,
    advice: bool = True,
) -> list[Finding]:
    """The findings of one resource, each with its place, rule, source and cure; none when it is clean.

    Structure by HL7's definitions of FHIR R4 4.0.1: elements, cardinality, JSON kinds, the forms of primitive values,
    choices, required bindings whose codes are listed, the types that references point to, contained resources,
    extensions by FHIR's own definitions, narratives, and Bundles with the references inside. `bytes` are one resource
    as JSON; what is no JSON and repeated members are findings too.

    Of the invariants those that structure alone decides (ele-1, ext-1) are always checked; `invariants` adds all
    that are FHIRPath expressions, at about the cost of the rest. The advice of FHIR R4 (dom-6: a resource should
    have a narrative) and extensions without a definition at hand are information; `advice=False` leaves them out.
    A resource that has a finding whose code is in `UNHOLDABLE` has no FHIR shape, and no invariant of it is
    looked at; any other can be kept with its findings.

    `profiles` are canonical addresses (those of FHIR R4 itself are always known) and at most one registry, which
    `fhir.profiles.load` gives. With any of them the profiles are checked that are named, and those that the resource
    and the resources in it claim in meta.profile; a claimed one that is not known is information. A registry alone
    honours the claims, e.g. `fhir.profiles.base()`, which holds the profiles of R4 itself.

    Raises `profile-not-loaded` for a profile that is named and not known, TypeError when `resource` is neither dict
    nor bytes.
    """
    registry = next((item for item in profiles if isinstance(item, Profiles)), None)
    described = _nowhere if registry is None else registry.was_loaded
    value, found = (
        _read(resource, described, advice)
        if isinstance(resource, bytes)
        else (resource, _seen(resource, described, advice))
    )
    if found and any(finding.code in faults.UNHOLDABLE for finding in found):
        return found  # no rule can be read off what has no FHIR shape
    if invariants:
        found += [item for item in broken(value) if advice or item.code != "best-practice"]
    return [*found, *check(value, profiles, invariants=invariants)] if profiles else found


def _nowhere(_url: str) -> bool:
    return False


def _seen(resource: dict[str, Any], described: Callable[[str], bool], advice: bool) -> list[Finding]:
    """What is wrong with single elements and, where their shape allows to see it, with the whole."""
    if not isinstance(resource, dict):
        raise TypeError(f"a resource is a dict or bytes, not {type(resource).__name__}")
    verdict = look(resource)
    if verdict == CLEAN:
        return []
    if verdict != UNSURE and not verdict & WHOLE and not (advice and verdict & NOTED):
        # nothing else is to be seen; an extension may hold a reference too
        return examine_local(resource, extended=bool(verdict & NOTED)) if verdict & LOCAL else []
    found = inspect(resource) if verdict == UNSURE else []
    if not any(finding.code in faults.UNHOLDABLE for finding in found):
        whole = examine(resource, described)
        found += whole if advice else [item for item in whole if item.code != EXTENSION_UNKNOWN.code]
    return found


def _read(data: bytes, described: Callable[[str], bool], advice: bool) -> tuple[Any, list[Finding]]:
    """What the text holds, and the findings of its JSON, its structure and the whole."""
    try:
        resource = canonical.parse(data)
    except ValueError as error:
        return None, [faults.NOT_JSON.at("", why=str(error).rstrip("."))]
    try:
        repeated = [faults.DUPLICATE_MEMBER.at(path) for path in repeated_members(data, resource)]
    except RecursionError:
        return None, [faults.NESTED_TOO_DEEP.at("", limit=str(MAX_DEPTH))]
    return resource, [
        *repeated,
        *(_seen(resource, described, advice) if isinstance(resource, dict) else inspect(resource)),
    ]
