"""What of a visit's FHIR the tables can't carry: named by type and element, never by value.

A resource that the mapping made is carried whole: what has no element of the tables was never read from one. Of any
other resource only the elements named here are; each other one is a loss, and so is a resource that no table is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lienthong.sources.bhyt.layout import fields
from lienthong.sources.bhyt.write.shelf import Shelf, own_key
from lienthong.terminology import systems

__all__ = ["Lost", "losses"]

NO_TABLE = "no table of the claim is for it"
NO_FIELD = "no field of the claim is for it"
NEEDED = "the layout requires the field and nothing in the record fills it"


@dataclass(frozen=True, slots=True, order=True)
class Lost:
    """What could not be carried: the element (`Observation.valueQuantity`) or field (`XML1.MA_KHOA`), and why."""

    what: str
    why: str


# What the writer reads of resources that are not our own, without what merely holds it together.
_CARRIED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(names.split())
        for kind, names in {
            "Patient": "identifier name birthDate _birthDate gender address telecom deceasedBoolean",
            "Encounter": "identifier subject period length serviceType reasonCode diagnosis hospitalization "
            "serviceProvider",
            "Claim": "identifier patient provider item total procedure accident insurance billablePeriod created "
            "diagnosis",
            "Condition": "code subject encounter",
            "Coverage": "subscriberId period beneficiary identifier",
            "Organization": "identifier",
            "Practitioner": "identifier",
        }.items()
    }
)
_ALWAYS = frozenset({"resourceType", "id", "meta", "status", "use", "type", "priority", "class", "payor", "text"})


def losses(shelf: Shelf, key: str, tables: Mapping[str, list[dict[str, str]]]) -> tuple[Lost, ...]:
    """Each loss once, in the order of their names."""
    found: set[Lost] = set()
    for body in shelf.all.values():
        if not _is_ours(body, key):
            found.update(_of_body(body))
    for row in tables.get("XML1", ()):
        found.update(_missing(row))
    return tuple(sorted(found))


def _is_ours(body: dict[str, Any], key: str) -> bool:
    """Whether the mapping made the resource for this visit, or for the people and places that visits share."""
    own = own_key(body)
    if body["resourceType"] in ("Patient", "Practitioner", "Organization"):
        return bool(own) and _is_plain(body)
    return own == key or own.startswith(f"{key}/")


def _is_plain(body: dict[str, Any]) -> bool:
    """Whether a person or a place has no more than the mapping gives it."""
    known = _CARRIED[body["resourceType"]] | _ALWAYS | {"extension", "managingOrganization"}
    if body["resourceType"] == "Organization":
        known |= {"name"}
    return body.keys() <= known


def _of_body(body: dict[str, Any]) -> Iterator[Lost]:
    kind = body["resourceType"]
    carried = _CARRIED.get(kind)
    if carried is None:
        yield Lost(kind, NO_TABLE)
        return
    for name in body:
        if name == "extension":
            yield from (
                Lost(f"{kind}.extension", NO_FIELD)
                for item in body[name]
                if not str(item.get("url", "")).startswith(systems.EXTENSION)
            )
        elif name not in carried and name not in _ALWAYS:
            yield Lost(f"{kind}.{name.removeprefix('_')}", NO_FIELD)


def _missing(row: Mapping[str, str]) -> Iterator[Lost]:
    if "MA_THE" in row:
        return  # of the tables of 4210/2017 nobody knows what they require
    for name, field in fields("XML1").items():
        if field.required and not row.get(name):
            yield Lost(f"XML1.{name}", NEEDED)
