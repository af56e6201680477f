"""What the record knows of a resource besides its body: identifiers, references, and those still to be resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lienthong.core.ids import key_system
from lienthong.fhir.references import Reference, ReferenceKind, parse_reference, walk

__all__ = ["Form", "Indexed", "Pending", "indexed", "without_numbers"]

_PLAIN = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_NUMBER = re.compile(r"\[\d+\]")


class Form:
    """The forms of a reference that names no `Type/id` yet."""

    CONDITIONAL = "conditional"  # Type?identifier=system|value
    URN = "urn"  # urn:uuid:x, x being the key under which its source names the target
    LOGICAL = "logical"  # an identifier and a type, no literal reference
    UNSUPPORTED = "unsupported"  # a search by anything but an identifier


@dataclass(frozen=True, slots=True)
class Pending:
    """A reference to resolve, at its path: `type` is empty where any will do, `system` None where any will do.

    Of a urn, `system` is the start of the key's system, to which the type of the target is added.
    """

    path: str
    form: str
    type: str
    system: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """`identifiers` are (system, value), `references` (path, type, id)."""

    identifiers: list[tuple[str, str]]
    references: list[tuple[str, str, str]]
    pending: list[Pending]


def without_numbers(path: str) -> str:
    """The path without its positions: `Observation.performer[0]` → `Observation.performer`."""
    return _NUMBER.sub("", path) if "[" in path else path


def indexed(resource: dict[str, Any], source: str, *, extended: bool = True) -> Indexed:
    """The index of one resource; `source` names the keys that a `urn:uuid` may stand for, `extended` as in `walk`."""
    identifiers = list(_identifiers(resource.get("identifier")))
    references: list[tuple[str, str, str]] = []
    pending: list[Pending] = []
    if resource.get("resourceType") == "Bundle":
        # A document is kept as it is: its references are among its own entries.
        return Indexed(identifiers, references, pending)
    for found in walk(resource, extended=extended):
        text = found.text
        if text is None:
            waiting = _logical(found)
            if waiting is not None:
                pending.append(waiting)
        elif match := _PLAIN.fullmatch(text):
            references.append((found.path, match[1], match[2]))
        else:
            parsed = parse_reference(text)
            if parsed.kind is ReferenceKind.RELATIVE:
                references.append((found.path, parsed.type, parsed.id))
            elif parsed.kind is ReferenceKind.URN:
                pending.append(Pending(found.path, Form.URN, "", key_system(source, ""), parsed.id))
            elif parsed.kind is ReferenceKind.CONDITIONAL:
                pending.append(_conditional(found, parsed.type, parsed.query))
    return Indexed(identifiers, references, pending)


def _identifiers(value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(item.get("value"), str):
            system = item.get("system")
            yield system if isinstance(system, str) else "", item["value"]


def _conditional(reference: Reference, type_name: str, query: str) -> Pending:
    name, equals, token = query.partition("=")
    if name != "identifier" or not equals or "&" in token:
        return Pending(reference.path, Form.UNSUPPORTED, type_name, None, "")
    system, bar, value = unquote(token).rpartition("|")
    return Pending(reference.path, Form.CONDITIONAL, type_name, system if bar else None, value)


def _logical(reference: Reference) -> Pending | None:
    # Without a type nothing says in which resources to look.
    type_name, identifier = reference.holder.get("type"), reference.holder.get("identifier")
    if not isinstance(type_name, str) or not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system"), identifier.get("value")
    if not isinstance(system, str) or not isinstance(value, str):
        return None
    return Pending(reference.path, Form.LOGICAL, type_name, system, value)
