"""Those who are named in a message: Practitioners (XCN), Organizations (XON, HD) and Locations (PL)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lienthong.sources.hl7v2 import maps
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import address, authority, contact_points, human_name, identifier, mapped
from lienthong.sources.hl7v2.message import Item, Segment

__all__ = ["identifiers", "location", "organization", "performers", "practitioner", "practitioners", "sender"]

_PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"
# The levels of a PL from the outside in: component, code of the physical type.
_LEVELS = ((4, "si"), (7, "bu"), (8, "lvl"), (1, "wa"), (2, "ro"), (3, "bd"))


def practitioners(segment: Segment, number: int, conversion: Conversion) -> list[dict[str, Any]]:
    """References to the Practitioners of a field; the same person in two repetitions once."""
    found = (practitioner(item, segment, number, conversion) for item in segment.items(number))
    return _each_once(found)


def _each_once(references: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The references that there are, in their order, each once."""
    return list({tuple(item.items()): item for item in references if item}.values())


def practitioner(item: Item, segment: Segment, number: int, conversion: Conversion) -> dict[str, Any] | None:
    """An XCN as a Practitioner, whose key is its number with its authority; without a number it is only named."""
    name = human_name(item, conversion, first=2, kind=10, begin=19)
    return _person(item, name, authority(item.inner(9), conversion), segment, number, conversion)


def performers(segment: Segment, number: int, conversion: Conversion) -> list[dict[str, Any]]:
    """References to the people of a field of type NDL: its first component is the person (CNN)."""
    found: list[dict[str, Any] | None] = []
    for item in segment.items(number):
        person = item.inner(1)
        name = human_name(person, conversion, first=2, kind=99, begin=99)
        system = maps.authority_system(person.code(9), person.code(10), person.code(11).upper(), conversion.source)
        found.append(_person(person, name, system, segment, number, conversion))
    return _each_once(found)


def _person(
    item: Item, name: dict[str, Any], system: str, segment: Segment, number: int, conversion: Conversion
) -> dict[str, Any] | None:
    value = item.code(1)
    if not value:
        text = " ".join([*name.get("given", ()), name.get("family", "")]).strip() or name.get("text", "")
        return {"display": text} if text else None
    own = filled(type=mapped("IdentifierType", item.code(13), conversion, "0203"), system=system, value=value)
    degree = item.code(7)
    content = filled(
        identifier=[own],
        name=[name] if name else None,
        qualification=[{"code": {"text": degree}}] if degree else None,
    )
    return conversion.add(
        "Practitioner", f"{system}|{value}" if system else value, segment, content, place=f"{segment.place}-{number}"
    )


def organization(
    item: Item, segment: Segment, number: int, conversion: Conversion, at: int = 0, telephone: int = 0
) -> dict[str, Any] | None:
    """An XON as an Organization; `at` is the field of its address, `telephone` that of its telephones."""
    name = item.part(1)
    value = item.code(10) or item.code(3)
    system = authority(item.inner(6), conversion)
    if not name and not value:
        return None
    own = filled(type=mapped("IdentifierType", item.code(7), conversion, "0203"), system=system, value=value)
    where = address(segment.item(at), conversion) if at else None
    content = filled(
        identifier=[own] if value else None,
        name=name,
        telecom=contact_points(segment.items(telephone), "work") if telephone else None,
        address=[where] if where else None,
    )
    if not value:
        key = f"name|{name}"
    else:
        key = f"{system}|{value}" if system else value
    return conversion.add("Organization", key, segment, content, place=f"{segment.place}-{number}")


def sender(conversion: Conversion) -> dict[str, Any] | None:
    """The sending facility (MSH-4) as an Organization."""
    header = conversion.message.header
    item = header.item(4)
    name, system = item.part(1), authority(item, conversion)
    if not name and not system:
        return None
    universal = item.code(2)
    own = filled(system="urn:ietf:rfc:3986", value=system) if universal and system.startswith("urn:") else None
    content = filled(identifier=[own] if own else None, name=conversion.settings.facilities.get(name, name))
    return conversion.add("Organization", f"facility|{system or name}", header, content, place="MSH-4")


def location(item: Item, segment: Segment, number: int, conversion: Conversion) -> dict[str, Any] | None:
    """A PL as a Location, within those around it: facility, building, floor, point of care, room, bed."""
    found: dict[str, Any] | None = None
    path: list[str] = []
    for component, code in _LEVELS:
        name = item.part(component)
        if not name:
            continue
        path.append(f"{code}:{name}")
        content = filled(
            name=name,
            mode="instance",
            physicalType={"coding": [{"system": _PHYSICAL, "code": code}]},
            partOf=found,
        )
        found = conversion.add("Location", "/".join(path), segment, content, place=f"{segment.place}-{number}")
    if found is None and item.part(9):
        return {"display": item.part(9)}
    return found


def identifiers(segment: Segment, number: int, conversion: Conversion, kind: str = "") -> list[dict[str, Any]]:
    """All CX of a field as Identifiers."""
    found = (identifier(item, conversion, kind) for item in segment.items(number))
    return [item for item in found if item]
