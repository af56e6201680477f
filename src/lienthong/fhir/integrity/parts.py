"""Every object of a resource with its type and place, and the resource in which it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.limits import MAX_DEPTH

__all__ = ["Part", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """One object: its type, its place in HL7's definitions (`Patient.name`, `Observation.value[x]`) and here, `path`.

    `root` is the resource in whose scope `#id` is read: not a contained one, but the one that contains it.
    `beside` is the type of the primitive whose extensions this object holds, else empty.
    """

    value: dict[str, Any]
    type: str
    definition: str
    path: str
    root: dict[str, Any]
    beside: str = ""


def parts(resource: dict[str, Any]) -> Iterator[Part]:
    """The resource and every object inside, outer ones first; what has no known type is not entered."""
    name = resource.get("resourceType")
    if isinstance(name, str) and name in schema.resource_types():
        yield from _inside(Part(resource, name, name, name, resource), 0)


def _inside(part: Part, depth: int) -> Iterator[Part]:
    yield part
    if depth > MAX_DEPTH:
        return  # inspection has said so
    for name, item in part.value.items():
        kind = type(item)
        if kind is not dict and kind is not list:
            continue
        bare = name.removeprefix("_")
        element = schema.element(part.type, bare)
        if element is None or element.is_choice:
            continue
        code, beside = element.types[0], ""
        if bare != name or schema.is_primitive(code):
            if bare == name or not schema.is_primitive(code):
                continue
            code, beside = "Element", code
        path, definition = f"{part.path}.{name}", element.path
        if kind is dict:
            yield from _entered(part, item, code, definition, path, beside, depth)
        else:
            for number, value in enumerate(item):
                if type(value) is dict:
                    yield from _entered(part, value, code, definition, f"{path}[{number}]", beside, depth)


def _entered(
    holder: Part, value: dict[str, Any], code: str, definition: str, path: str, beside: str, depth: int
) -> Iterator[Part]:
    root = holder.root
    if code == "Resource":
        own = value.get("resourceType")
        if not isinstance(own, str) or own not in schema.resource_types():
            return
        if not path.rpartition(".")[2].startswith("contained["):
            root = value
        code = definition = own
    yield from _inside(Part(value, code, definition, path, root, beside), depth + 1)
