"""Goes once through a resource and asks each rule about what it meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lienthong.core.finding import Finding
from lienthong.fhir import schema, xhtml
from lienthong.fhir.integrity import faults
from lienthong.fhir.integrity.bundles import bundle_findings
from lienthong.fhir.integrity.extensions import extension_findings
from lienthong.fhir.integrity.parts import Part, parts
from lienthong.fhir.references import is_absolute, walk

__all__ = ["examine", "examine_local"]


def examine(resource: dict[str, Any], described: Callable[[str], bool] = lambda _url: False) -> list[Finding]:
    """The findings about the whole of a resource, in the order of its parts; its shape is `inspection`'s matter.

    `described` says of the address of an extension whether a definition that is no part of R4 is at hand.
    """
    return list(_findings(resource, described))


def examine_local(resource: dict[str, Any], *, extended: bool = False) -> list[Finding]:
    """The same for a resource that is no Bundle: its contained resources alone. `extended` as in `walk`."""
    ids = _contained_ids(resource)
    return [
        faults.CONTAINED_MISSING.at(f"{reference.path}.reference")
        for reference in walk(resource, extended=extended)
        if _is_astray(reference.text, ids)
    ]


def _findings(resource: dict[str, Any], described: Callable[[str], bool]) -> Iterator[Finding]:
    known: dict[int, frozenset[str]] = {}
    for part in parts(resource):
        yield from extension_findings(part, described)
        if part.type == "Reference":
            root = id(part.root)
            if root not in known:
                known[root] = _contained_ids(part.root)
            if _is_astray(part.value.get("reference"), known[root]):
                yield faults.CONTAINED_MISSING.at(f"{part.path}.reference")
        elif part.type == "Narrative":
            yield from _narrative(part)
        elif part.type == "Bundle":
            yield from bundle_findings(part.value, part.path)
        elif "resourceType" in part.value:
            yield from _definition(part)


def _contained_ids(root: dict[str, Any]) -> frozenset[str]:
    contained = root.get("contained")
    found = [item.get("id") for item in contained if isinstance(item, dict)] if isinstance(contained, list) else []
    return frozenset(name for name in found if isinstance(name, str))


def _is_astray(text: object, contained: frozenset[str]) -> bool:
    """Whether it names a contained resource that isn't there; `#` alone is the root itself."""
    return isinstance(text, str) and len(text) > 1 and text[0] == "#" and text[1:] not in contained


def _narrative(part: Part) -> Iterator[Finding]:
    text = part.value.get("div")
    if isinstance(text, str) and text:
        for why in list(xhtml.faults(text))[:5]:
            yield faults.NARRATIVE.at(f"{part.path}.div", why=why)


def _definition(part: Part) -> Iterator[Finding]:
    """Rules of single resource types that their pages state in words."""
    value = part.value
    url = value.get("url")
    if isinstance(url, str) and schema.is_canonical(part.type) and not is_absolute(url):
        yield faults.CANONICAL_RELATIVE.at(f"{part.path}.url")
    if part.type == "SearchParameter" and value.get("type") == "composite":
        components = value.get("component")
        if not isinstance(components, list) or len(components) < 2:
            yield faults.COMPOSITE_PARTS.at(f"{part.path}.component")
    if part.type == "CodeSystem" and "supplements" in value and value.get("content") != "supplement":
        yield faults.SUPPLEMENT_CONTENT.at(f"{part.path}.content")
