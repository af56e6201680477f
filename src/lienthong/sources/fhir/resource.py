"""Gives one FHIR resource its place in this node: its id, its old key as an identifier, references moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.core.ids import key_system, resource_id
from lienthong.core.origin import Origin
from lienthong.core.settings import IDENTIFIER_PRESETS
from lienthong.fhir import schema
from lienthong.fhir.references import ReferenceKind, parse_reference, walk
from lienthong.sources.converted import Converted, rejection

__all__ = ["File", "Neighbours", "key_of", "place", "shape_fault"]

NO_RESOURCE = ErrorKind(
    "resource-missing",
    Category.UNREADABLE,
    what="This is no FHIR resource: {why}.",
    allowed="A JSON object whose resourceType is a type of FHIR R4.",
    cure="Correct it in the system it came from, then export it again.",
)
OTHER_VERSION = ErrorKind(
    "fhir-version-unsupported",
    Category.UNREADABLE,
    what="The resource says that it is of another version of FHIR than 4.0.1.",
    allowed="FHIR 4.0.1 (R4).",
    cure="Export it as R4.",
)
TOO_DEEP = ErrorKind(
    "resource-too-deep",
    Category.UNREADABLE,
    what="The resource is nested too deep to be read.",
    allowed="Some hundred levels.",
    cure="Correct it in the system it came from; no resource of FHIR needs that.",
)

_VERSIONS = frozenset({"4.0", "4.0.0", "4.0.1"})

# An id is never made from a national id, a card or a passport (DESIGN 3.3): such identifiers are no keys.
_NATIONAL_SYSTEMS = frozenset(
    uri
    for preset in IDENTIFIER_PRESETS.values()
    for uri in (preset.national_id, preset.insurance_card, preset.insurance_number, preset.passport)
) | {"http://hl7.org/fhir/sid/us-ssn", "http://hl7.org/fhir/sid/us-medicare", "http://hl7.org/fhir/sid/us-mbi"}
_NATIONAL_TYPES = frozenset({"NI", "NNVNM", "SS", "SB", "PPN", "DL", "HC", "MC", "PN"})  # table 0203 of HL7 v2


@dataclass(frozen=True, slots=True)
class File:
    """The file that is read and the source that its records belong to."""

    source: str
    name: str
    sha256: str

    def converted(self, record: str, resource: dict[str, Any]) -> Converted:
        return Converted(Origin(self.source, self.name, self.sha256, record), (resource,))

    def noted(self, record: str, *findings: Finding) -> Converted:
        """A record that holds no resource, and why."""
        return Converted(Origin(self.source, self.name, self.sha256, record), findings=findings)

    def rejected(self, record: str, kind: ErrorKind, **values: object) -> Converted:
        return self.rejected_by(record, rejection(kind.at("", **values), file=self.name, record=record))

    def rejected_by(self, record: str, finding: Finding) -> Converted:
        return Converted(Origin(self.source, self.name, self.sha256, record), rejected=finding)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the other entries of a Bundle are now: by fullUrl, by its last part (`Type/id`), and their servers."""

    urls: Mapping[str, str] = field(default_factory=dict)
    relative: Mapping[str, str] = field(default_factory=dict)
    bases: frozenset[str] = frozenset()

    def moved(self, text: str, source: str) -> str | None:
        """The reference as it stands in this node, or None where it stays (FHIR R4, 2.36.4.1 in Bundles)."""
        if not self.urls:
            return _moved_relative(text, source)
        known = self.urls.get(text)
        if known is not None:
            return known
        parsed = parse_reference(text)
        address = f"{parsed.type}/{parsed.id}"
        if parsed.kind is ReferenceKind.RELATIVE:
            return self.relative.get(address) or _moved_relative(text, source)
        if parsed.kind is ReferenceKind.ABSOLUTE and parsed.type:
            known = self.urls.get(parsed.base + address)
            if known is None and parsed.base in self.bases:
                return f"{parsed.type}/{resource_id(source, parsed.type, parsed.id)}"
            return known
        return None


@lru_cache(maxsize=1 << 16)
def _moved_relative(text: str, source: str) -> str | None:
    """A version that a reference names is the source's, not this node's, and is dropped."""
    parsed = parse_reference(text)
    if parsed.kind is not ReferenceKind.RELATIVE:
        return None
    return f"{parsed.type}/{resource_id(source, parsed.type, parsed.id)}"


def shape_fault(value: Any) -> tuple[ErrorKind, dict[str, object]] | None:
    """Why a JSON value can't be a resource of this node, or None."""
    if not isinstance(value, dict):
        return NO_RESOURCE, {"why": "it is no JSON object"}
    name = value.get("resourceType")
    if not isinstance(name, str):
        return NO_RESOURCE, {"why": "it has no resourceType"}
    if name not in schema.resource_types():
        return NO_RESOURCE, {"why": "its resourceType is no type of FHIR R4"}
    named = value.get("fhirVersion")  # CapabilityStatement, StructureDefinition, ImplementationGuide, ...
    versions = named if isinstance(named, list) else [named]
    if named is not None and not any(version in _VERSIONS for version in versions if isinstance(version, str)):
        return OTHER_VERSION, {}
    return None


def key_of(resource: dict[str, Any], full_url: str = "") -> str:
    """The source's own key of a resource.

    Its id; else the uuid of its fullUrl; else its first business identifier that is no national one, as
    `system|value`; else the digest of its content.
    """
    own = resource.get("id")
    if isinstance(own, str) and own:
        return own
    if full_url.startswith(("urn:uuid:", "urn:oid:")):
        return full_url.split(":", 2)[2]
    parsed = parse_reference(full_url)
    if parsed.kind is ReferenceKind.ABSOLUTE and parsed.type == resource["resourceType"]:
        return parsed.id
    return _business_key(resource) or canonical.digest(resource)


def _business_key(resource: dict[str, Any]) -> str | None:
    identifiers = resource.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if not isinstance(identifier, dict):
            continue
        system, value = identifier.get("system", ""), identifier.get("value")
        if isinstance(value, str) and value and isinstance(system, str) and not _is_national(identifier, system):
            return f"{system}|{value}"
    return None


def _is_national(identifier: dict[str, Any], system: str) -> bool:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    codes = [coding.get("code") for coding in codings or () if isinstance(coding, dict)]
    return system in _NATIONAL_SYSTEMS or any(isinstance(code, str) and code in _NATIONAL_TYPES for code in codes)


@lru_cache(maxsize=512)
def _has_identifiers(resource_type: str) -> bool:
    element = schema.element(resource_type, "identifier")
    return element is not None and element.is_list


def place(resource: dict[str, Any], key: str, source: str, neighbours: Neighbours, *, extended: bool = True) -> None:
    """Rewrites a resource in place for this node.

    Its id becomes this node's, its key is added to `identifier` where the type has a list of them, the source's
    versionId and lastUpdated go (the node has its own; the kept file still has them), and references to resources of
    the same source lead to their ids in this node. `extended` as in `walk`.
    """
    kind = resource["resourceType"]
    resource["id"] = resource_id(source, kind, key)
    meta = resource.get("meta")
    if isinstance(meta, dict):
        for name in ("versionId", "lastUpdated", "_versionId", "_lastUpdated"):
            meta.pop(name, None)
        if not meta:
            del resource["meta"]
    if _has_identifiers(kind):
        identifiers = resource.setdefault("identifier", [])
        own = {"system": key_system(source, kind), "value": key}
        if isinstance(identifiers, list) and own not in identifiers:
            identifiers.append(own)
    for reference in walk(resource, extended=extended):
        text = reference.text
        if text is not None:
            moved = neighbours.moved(text, source)
            if moved is not None:
                reference.holder["reference"] = moved
