"""Looks at a StructureDefinition as a resource: whether it can be used as the profile that it says it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lienthong.core.errors import Category, LienthongError
from lienthong.core.finding import Finding, Rule, Severity
from lienthong.fhir.profiles import faults
from lienthong.fhir.profiles.constraint import Constraint
from lienthong.fhir.profiles.registry import Profiles

__all__ = ["look"]

_RULE = Rule(
    "fhir-r4-profile-usable",
    "A profile says only what its base allows it to say",
    "FHIR R4 4.0.1, profiling.html, elementdefinition.html and structuredefinition.html",
)


def look(resource: dict[str, Any], path: str, known: Profiles) -> Iterator[Finding]:
    """What keeps a profile from being used; the profiles it builds on are asked of `known`. Other resources pass."""
    url = resource.get("url")
    if resource.get("derivation") != "constraint" or not isinstance(url, str):
        return
    try:
        profile = Profiles([resource], below=known).profile(url)
    except LienthongError as error:
        # a base that is not here and another release are no fault of the definition
        is_fault = error.category in (Category.INCORRECT, Category.UNREADABLE)
        severity = Severity.ERROR if is_fault else Severity.INFORMATION
        yield faults.PROFILE_UNUSABLE.at(path, _RULE, severity=severity, profile=url, why=error.what)
        return
    for element, why in _unclear(profile.constraint):
        why = f"the slices of {element} can't be told apart: {why}."
        yield faults.PROFILE_UNUSABLE.at(path, _RULE, profile=url, why=why)


def _unclear(constraint: Constraint) -> Iterator[tuple[str, str]]:
    if constraint.unclear:
        yield constraint.label, constraint.unclear
    for part in (*constraint.children, *(item.constraint for item in constraint.slices)):
        yield from _unclear(part)
