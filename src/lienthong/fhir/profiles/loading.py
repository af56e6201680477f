"""Makes Profiles of what a caller has in hand: definitions as JSON, Bundles of them, packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.fhir.profiles.base import base
from lienthong.fhir.profiles.package import Package
from lienthong.fhir.profiles.registry import KINDS, Profiles

__all__ = ["load"]

NOT_DEFINITION = ErrorKind(
    "profile-not-definition",
    Category.INCORRECT,
    what="This is no definition of a profile: {why}.",
    allowed="A StructureDefinition, a ValueSet, a CodeSystem, or a Bundle of them, as JSON; or a package.",
    cure="Give the file that defines the profile.",
)

# Packages that every guide names: what they hold of R4 is in the schema and in `base`.
_ALWAYS_HERE = frozenset({"hl7.fhir.r4.core", "hl7.fhir.core"})


def load(*parts: bytes | Mapping[str, Any] | Package) -> Profiles:
    """Profiles of definitions (JSON as bytes or dicts, also Bundles of them) and packages, over those of R4 itself.

    Of two definitions with one address and version the last counts. `missing` of the result names the packages that a
    given one depends on and that are not given: their profiles are then unknown, which findings say.

    Raises `profile-not-definition`; what is wrong inside a definition is raised when it is used.
    """
    resources: list[Mapping[str, Any]] = []
    packages: list[Package] = []
    for part in parts:
        if isinstance(part, Package):
            packages.append(part)
            resources.extend(part.resources)
        else:
            resources.extend(_definitions(part))
    given = _ALWAYS_HERE | {package.name for package in packages}
    missing = {
        f"{name}#{version}"
        for package in packages
        for name, version in package.dependencies.items()
        if name not in given
    }
    return Profiles(resources, below=base(), missing=tuple(sorted(missing)))


def _definitions(part: bytes | Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, bytes):
        try:
            part = canonical.parse(part)
        except ValueError as error:
            raise NOT_DEFINITION.at("profiles", why=str(error).rstrip(".")) from None
    if not isinstance(part, Mapping):
        raise NOT_DEFINITION.at("profiles", why="it is no JSON object")
    kind = part.get("resourceType")
    if kind == "Bundle":
        entries = part.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict) and resource.get("resourceType") in KINDS:
                yield from _definitions(resource)
    elif kind not in KINDS:
        raise NOT_DEFINITION.at("profiles", why="resourceType is none of " + ", ".join(KINDS))
    elif not isinstance(part.get("url"), str):
        raise NOT_DEFINITION.at("profiles", why=f"the {kind} has no url")
    else:
        yield part
