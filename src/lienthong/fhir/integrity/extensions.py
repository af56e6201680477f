"""Extensions against their definitions: where they may stand, which value and which parts they have.

The definitions are those of FHIR R4 itself (`r4_extensions.json`, made by `scripts/generate_fhir_extensions.py`);
what a profile package defines is checked by `fhir.profiles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from lienthong.core.finding import Finding
from lienthong.fhir import schema
from lienthong.fhir.integrity import faults
from lienthong.fhir.integrity.parts import Part
from lienthong.fhir.references import is_absolute

__all__ = ["extension_findings", "is_known"]

_MEMBERS = ("extension", "modifierExtension")
# Definitions of 4.0.1 that are narrower than HL7's own use of them in the same release.
_ALSO = {
    # carried by the code systems and value sets of the specification itself
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version": {"CodeSystem", "ValueSet"},
    # carried by the type of every id and url in the structure definitions of the specification itself
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": {"ElementDefinition.type"},
}


class _Content(msgspec.Struct, array_like=True, frozen=True):
    """The types that the value may have, and the parts by url: [min, max, types, parts], max 0 for any number."""

    types: tuple[str, ...]
    parts: dict[str, tuple[int, int, tuple[str, ...], dict[str, Any]]]


class _Definition(msgspec.Struct, array_like=True, frozen=True):
    contexts: tuple[str, ...]
    is_modifier: bool
    content: _Content


@cache
def _definitions() -> Mapping[str, _Definition]:
    text = Path(__file__).with_name("r4_extensions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, _Definition])


def is_known(url: str) -> bool:
    """Whether FHIR R4 itself defines this extension."""
    return url in _definitions()


def extension_findings(part: Part, described: Callable[[str], bool]) -> Iterator[Finding]:
    """The findings about the extensions that stand directly in this part; those inside an extension are its parts.

    `described` says of an address that is not R4's whether its definition is at hand elsewhere.
    """
    for member in _MEMBERS:
        found = part.value.get(member)
        if not isinstance(found, list):
            continue
        for number, extension in enumerate(found):
            url = extension.get("url") if isinstance(extension, dict) else None
            if isinstance(url, str) and url:
                path = f"{part.path}.{member}[{number}]"
                yield from _extension(part, member, extension, url, path, described)


def _extension(
    part: Part, member: str, extension: dict[str, Any], url: str, path: str, described: Callable[[str], bool]
) -> Iterator[Finding]:
    if not is_absolute(url):
        if part.type != "Extension":
            yield faults.EXTENSION_URL.at(f"{path}.url")
        return
    definition = _definitions().get(url)
    if definition is None:
        if described(url):
            return
        yield (faults.MODIFIER_UNKNOWN if member == "modifierExtension" else faults.EXTENSION_UNKNOWN).at(path)
        return
    if definition.is_modifier != (member == "modifierExtension"):
        meant = "modifierExtension" if definition.is_modifier else "extension"
        yield faults.EXTENSION_MODIFIER.at(path, url=url, member=meant)
    if not _stands_rightly(part, {*definition.contexts, *_ALSO.get(url, ())}):
        yield faults.EXTENSION_CONTEXT.at(path, url=url, contexts=", ".join(definition.contexts))
    yield from _content(extension, definition.content, url, path)


def _stands_rightly(part: Part, contexts: Set[str]) -> bool:
    if part.type == "Extension" or "Element" in contexts:
        return True  # inside another one that one's definition says what it holds
    here = {part.definition, *schema.ancestry(part.beside or part.type)}
    return not here.isdisjoint(contexts)


def _content(extension: dict[str, Any], content: _Content, url: str, path: str) -> Iterator[Finding]:
    values = [name for name in extension if name.removeprefix("_").startswith("value")]
    if values and not content.types:
        yield faults.EXTENSION_TYPE.at(path, url=url, types="none, it has parts")
    for name in values:
        element = schema.element("Extension", name.removeprefix("_"))
        if content.types and element is not None and element.types[0] not in content.types:
            yield faults.EXTENSION_TYPE.at(f"{path}.{element.name}", url=url, types=", ".join(content.types))
    counts = dict.fromkeys(content.parts, 0)
    inner = extension.get("extension")
    for number, item in enumerate(inner if isinstance(inner, list) else ()):
        part = item.get("url") if isinstance(item, dict) else None
        if not isinstance(part, str) or (is_absolute(part) and part not in content.parts):
            continue  # an extension of its own, and not a part
        place = f"{path}.extension[{number}]"
        described = content.parts.get(part)
        if described is None:
            yield faults.EXTENSION_PART.at(place, url=url, part="one that has no such name")
            continue
        counts[part] += 1
        yield from _content(item, _Content(described[2], described[3]), url, place)
    for name, (low, high, _, _) in content.parts.items():
        if counts[name] < low or (high and counts[name] > high):
            yield faults.EXTENSION_PART.at(path, url=url, part=name)
