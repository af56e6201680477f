"""Finds every Reference of a resource, to read it or to rewrite it in place, and splits the text of a reference.

A Reference is an element of the type Reference wherever it stands: in backbones, contained resources, the entries of
a Bundle, extensions (`valueReference`) and other References (`identifier.assigner`). Canonical and uri values are no
References. Members that FHIR R4 does not know are not entered. Source: FHIR R4 4.0.1, 2.3 "Resource References".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from lienthong.fhir import schema

__all__ = [
    "ParsedReference",
    "Reference",
    "ReferenceKind",
    "is_absolute",
    "may_extend",
    "may_point",
    "parse_reference",
    "walk",
]

# A place inside a resource: the place above, the member's name, its number in an array or -1. Text is made of it
# only where it is asked for.
_Trail = tuple[Any, str, int]


class ReferenceKind(StrEnum):
    """The forms in which a reference's text stands (FHIR R4 references.html#literal, http.html#trules)."""

    RELATIVE = "relative"  # Patient/12, Patient/12/_history/3
    ABSOLUTE = "absolute"  # http://hospital.example/fhir/Patient/12, or any other address
    URN = "urn"  # urn:uuid:..., urn:oid:...
    FRAGMENT = "fragment"  # #p1, a contained resource; # alone is the containing one
    CONDITIONAL = "conditional"  # Patient?identifier=system|value
    MALFORMED = "malformed"  # none of these


@dataclass(frozen=True, slots=True)
class ParsedReference:
    """The parts of a reference's text; a part that the text does not have is empty.

    `base` is what stands before the type of an absolute reference, `query` what follows the `?` of a conditional one.
    `type` is given for the forms that name a resource type of FHIR R4.
    """

    kind: ReferenceKind
    type: str = ""
    id: str = ""
    version: str = ""
    query: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """One Reference element: `holder` is the dict that stands in the resource, so that writing to it rewrites it."""

    holder: dict[str, Any]
    trail: _Trail

    @property
    def path(self) -> str:
        """Where it stands, e.g. `Observation.subject` or `Bundle.entry[2].resource.performer[0]`."""
        parts: list[str] = []
        trail: _Trail | None = self.trail
        while trail is not None:
            trail, name, number = trail
            parts.append(name if number < 0 else f"{name}[{number}]")
        return ".".join(reversed(parts))

    @property
    def text(self) -> str | None:
        """The literal reference; None where the Reference has only an identifier or a display."""
        text = self.holder.get("reference")
        return text if isinstance(text, str) else None


_ID = r"[A-Za-z0-9\-.]{1,64}"
_RELATIVE = re.compile(rf"([A-Z][A-Za-z]+)/({_ID})(?:/_history/({_ID}))?")
_ABSOLUTE = re.compile(rf"([A-Za-z][A-Za-z0-9+.\-]*://\S+/)([A-Z][A-Za-z]+)/({_ID})(?:/_history/({_ID}))?")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(\S.*)", re.DOTALL)
_URN = re.compile(r"urn:(?:uuid|oid):\S+")


def parse_reference(text: str) -> ParsedReference:
    """The kind and the parts of a reference's text; never an error, the last kind is MALFORMED."""
    if match := _RELATIVE.fullmatch(text):
        if match[1] in schema.resource_types():
            return ParsedReference(ReferenceKind.RELATIVE, match[1], match[2], match[3] or "")
        return ParsedReference(ReferenceKind.MALFORMED)
    if text.startswith("#"):
        return ParsedReference(ReferenceKind.FRAGMENT, id=text[1:])
    if _URN.fullmatch(text):
        return ParsedReference(ReferenceKind.URN, id=text.rpartition(":")[2])
    if (match := _ABSOLUTE.fullmatch(text)) and match[2] in schema.resource_types():
        return ParsedReference(ReferenceKind.ABSOLUTE, match[2], match[3], match[4] or "", base=match[1])
    if _ADDRESS.fullmatch(text):
        return ParsedReference(ReferenceKind.ABSOLUTE)
    if (match := _CONDITIONAL.fullmatch(text)) and match[1] in schema.resource_types():
        return ParsedReference(ReferenceKind.CONDITIONAL, match[1], query=match[2])
    return ParsedReference(ReferenceKind.MALFORMED)


def is_absolute(address: str) -> bool:
    """Whether it is an absolute address: a scheme and what follows, without white space."""
    return _ADDRESS.fullmatch(address) is not None


def may_point(holder: Mapping[str, Any], targets: Collection[str]) -> bool:
    """Whether a Reference is plainly right: a known form, an allowed type, and no `type` that says otherwise."""
    text = holder.get("reference")
    said = holder.get("type")
    if said is not None and type(said) is not str:
        return False  # it may not even be hashable
    if type(text) is not str:
        return text is None and (said is None or said in targets)
    head, _, tail = text.partition("/")
    if said is None and head in targets and _PLAIN_ID(tail):
        return True
    parsed = parse_reference(text)
    if parsed.kind is ReferenceKind.MALFORMED:
        return False
    if parsed.type:
        return parsed.type in targets and said in (None, parsed.type)
    return said is None or said in targets


_PLAIN_ID = re.compile(_ID).fullmatch


@cache
def _complex_members(type_name: str) -> Mapping[str, str]:
    """The members of a type that hold objects, with the types of these."""
    found = {}
    for item in schema.elements(type_name):
        for code, name in zip(item.types, item.json_names, strict=True):
            if schema.is_primitive(code):
                found["_" + name] = "Element"
            else:
                found[name] = code
    return MappingProxyType(found)


@cache
def _leading_members(type_name: str) -> Mapping[str, str]:
    """Of the members that hold objects those through which a Reference is reached without any extension."""
    members = _complex_members(type_name)
    return MappingProxyType({name: code for name, code in members.items() if _plain(name) and _leads(code)})


@cache
def _leads(type_name: str) -> bool:
    """Whether a value of this type can hold a Reference, or be one, without any extension."""
    waiting, seen = [type_name], set[str]()
    while waiting:
        code = waiting.pop()
        if code in ("Reference", "Resource"):
            return True
        if code not in seen:
            seen.add(code)
            waiting += [inner for name, inner in _complex_members(code).items() if _plain(name)]
    return False


def _plain(name: str) -> bool:
    return name not in ("extension", "modifierExtension") and not name.startswith("_")


def may_extend(text: bytes) -> bool:
    """Whether an extension may stand in this JSON: False is sure, and quick to say of nearly all resources."""
    return b'xtension"' in text or b"\\u" in text  # a name may be written with escapes


def walk(resource: dict[str, Any], *, extended: bool = True) -> Iterator[Reference]:
    """Every Reference of a resource, outer ones before those inside them, in the order of the members.

    The resource is read through before the first one is given, so the caller may rewrite while iterating. An object
    without a known resourceType gives none. `extended=False` says that no extension stands in it (`may_extend`), so
    that only the few members are entered that can lead to a Reference.
    """
    found: list[Reference] = []
    root = resource.get("resourceType")
    if isinstance(root, str) and root in schema.resource_types():
        members_of = _complex_members if extended else _leading_members
        _collect(resource, root, (None, root, -1), found, members_of)
    return iter(found)


def _collect(
    value: dict[str, Any],
    type_name: str,
    trail: _Trail,
    found: list[Reference],
    members_of: Callable[[str], Mapping[str, str]],
) -> None:
    members = members_of(type_name)
    for name, item in value.items():
        shape = type(item)
        if shape is dict:
            code = members.get(name)
            if code is not None:
                _enter(item, code, (trail, name, -1), found, members_of)
        elif shape is list:
            code = members.get(name)
            if code is not None:
                for number, part in enumerate(item):
                    if type(part) is dict:
                        _enter(part, code, (trail, name, number), found, members_of)


def _enter(
    value: dict[str, Any],
    code: str,
    trail: _Trail,
    found: list[Reference],
    members_of: Callable[[str], Mapping[str, str]],
) -> None:
    if code == "Reference":
        found.append(Reference(value, trail))
    elif code == "Resource":
        # only the resource itself says which type stands here
        own = value.get("resourceType")
        if not isinstance(own, str) or own not in schema.resource_types():
            return
        code = own
    _collect(value, code, trail, found, members_of)
