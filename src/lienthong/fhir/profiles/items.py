"""Walks through a resource that is checked: its elements with their types and places, and the resources around it.

Nothing here fails on a faulty resource; what has the wrong shape is passed over, as the base validation names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from lienthong.fhir import schema
from lienthong.fhir.references import ReferenceKind, parse_reference

__all__ = ["Item", "Member", "Scope", "children", "members", "resolve", "root"]


@dataclass(slots=True, eq=False)
class Scope:
    """A resource and what surrounds it: the one that contains it, the Bundle in whose entry it stands."""

    resource: dict[str, Any]
    path: str
    above: Scope | None = None
    full_url: str = ""
    is_contained: bool = False
    entries: dict[str, Item] | None = field(default=None, repr=False)  # of a Bundle, filled when first asked

    @property
    def container(self) -> Scope:
        """The resource whose `contained` a reference with # means."""
        return self.above if self.is_contained and self.above is not None else self

    @property
    def bundle(self) -> Scope | None:
        """The nearest Bundle around it."""
        scope = self.above
        while scope is not None and scope.resource.get("resourceType") != "Bundle":
            scope = scope.above
        return scope


class Item(NamedTuple):
    """One element that stands in a resource: its value, type and place; `beside` is a primitive's `_name` object."""

    value: Any
    code: str
    beside: dict[str, Any] | None
    path: str
    scope: Scope


def root(resource: dict[str, Any], type_name: str) -> Item:
    """The whole resource."""
    return Item(resource, type_name, None, type_name, Scope(resource, type_name))


class Member(NamedTuple):
    """One name under which an element stands in JSON."""

    json_name: str
    beside: str  # of a primitive, the member that holds its extensions; else empty
    code: str
    is_list: bool


@cache
def members(code: str, name: str) -> tuple[Member, ...]:
    """The names under which an element of a type stands in JSON; none where there is no such element."""
    element = schema.element(code, name)
    if element is None:
        return ()
    return tuple(
        Member(json_name, "_" + json_name if schema.is_primitive(of) else "", of, element.is_list)
        for of, json_name in zip(element.types, element.json_names, strict=True)
    )


@cache
def _by_key(code: str, name: str) -> Mapping[str, Member]:
    return {key: member for member in members(code, name) for key in (member.json_name, member.beside) if key}


_FEW = 4


def children(item: Item, name: str) -> list[Item]:
    """The elements of that name (`value` is every type of a choice, `valueQuantity` the one)."""
    holder = item.value if type(item.value) is dict else item.beside
    found: list[Item] = []
    if type(holder) is not dict:
        return found
    start = item.path
    if holder is item.beside and holder is not item.value:
        head, _, tail = start.rpartition(".")
        start = f"{head}._{tail}"  # as it stands in JSON
    named = members(item.code, name)
    if len(named) > _FEW:  # a choice: what stands there is asked for, not each name that might
        keys = _by_key(item.code, name)
        named = tuple(dict.fromkeys(keys[key] for key in holder if key in keys))
    for member in named:
        value = holder.get(member.json_name)
        beside = holder.get(member.beside) if member.beside else None
        if value is None and beside is None:
            continue
        place = f"{start}.{member.json_name}"
        if not member.is_list:
            _add(found, value, beside, member, place, item.scope)
            continue
        values = value if type(value) is list else []
        besides = beside if type(beside) is list else []
        for number in range(max(len(values), len(besides))):
            one = values[number] if number < len(values) else None
            other = besides[number] if number < len(besides) else None
            _add(found, one, other, member, f"{place}[{number}]", item.scope)
    return found


def _add(found: list[Item], value: Any, beside: Any, member: Member, place: str, scope: Scope) -> None:
    beside = beside if type(beside) is dict else None
    if value is None and beside is None:
        return
    if member.code != "Resource":
        found.append(Item(value, member.code, beside, place, scope))
        return
    own = value.get("resourceType") if type(value) is dict else None
    if isinstance(own, str) and own in schema.resource_types():
        full_url = _full_url(scope, place) if member.json_name == "resource" else ""
        inner = Scope(value, place, scope, full_url, is_contained=member.json_name == "contained")
        found.append(Item(value, own, None, place, inner))


def _full_url(scope: Scope, place: str) -> str:
    """The fullUrl of the entry at `...entry[n].resource`."""
    head, _, tail = place.rpartition("entry[")
    number = tail.partition("]")[0]
    entries = scope.resource.get("entry")
    if not head or not number.isdecimal() or not isinstance(entries, list) or int(number) >= len(entries):
        return ""
    entry = entries[int(number)]
    url = entry.get("fullUrl") if isinstance(entry, dict) else None
    return url if isinstance(url, str) else ""


def resolve(item: Item) -> Item | None:
    """The resource that a Reference (or its text) points to, where it is in hand: contained or in the Bundle."""
    value = item.value
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str):
        return None
    if text.startswith("#"):
        return _contained(item.scope.container, text[1:])
    bundle = item.scope.bundle
    if bundle is None and item.scope.resource.get("resourceType") == "Bundle":
        bundle = item.scope
    if bundle is None:
        return None
    entries = _entries(bundle)
    text = text.partition("/_history/")[0]
    if text in entries:
        return entries[text]
    parsed = parse_reference(text)
    if parsed.kind is not ReferenceKind.RELATIVE:
        return None
    own = parse_reference(item.scope.container.full_url)
    if own.kind is ReferenceKind.ABSOLUTE and own.base:
        return entries.get(own.base + text)
    return entries.get("/" + text)


def _contained(container: Scope, wanted: str) -> Item | None:
    if not wanted:
        own = container.resource.get("resourceType")
        return Item(container.resource, str(own), None, container.path, container)
    parts = container.resource.get("contained")
    for number, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, dict) and part.get("id") == wanted:
            own = part.get("resourceType")
            if isinstance(own, str) and own in schema.resource_types():
                place = f"{container.path}.contained[{number}]"
                return Item(part, own, None, place, Scope(part, place, container, is_contained=True))
    return None


def _entries(bundle: Scope) -> dict[str, Item]:
    """The resources of a Bundle by fullUrl; those without an address of a server also by `/Type/id`."""
    if bundle.entries is not None:
        return bundle.entries
    found: dict[str, Item] = {}
    holder = Item(bundle.resource, "Bundle", None, bundle.path, bundle)
    for entry in children(holder, "entry"):
        for item in children(entry, "resource"):
            url, own = item.scope.full_url, item.value.get("id")
            if url:
                found.setdefault(url, item)
            if isinstance(own, str):
                found.setdefault(f"/{item.code}/{own}", item)
    bundle.entries = found
    return found
