"""The compact FHIR R4 (4.0.1) schema: which elements a type has, of which types, how many, bound to which codes.

The data are `r4_schema.json`, made from HL7's definitions by `scripts/generate_fhir_schema.py`. The file is opened at
the first question (about 2 ms) and each type is read when it is first asked for. An element that stands inside a type
has a type of its own, named by its path, e.g. `Observation.component`; a content reference leads to the type it
names, e.g. `Observation.component.referenceRange` has the type `Observation.referenceRange`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from lienthong.core.errors import Category, ErrorKind

__all__ = [
    "Binding",
    "Element",
    "abstract_types",
    "ancestry",
    "element",
    "elements",
    "is_canonical",
    "is_primitive",
    "is_type",
    "kind",
    "primitive_pattern",
    "release",
    "resource_types",
    "value_set",
]

UNKNOWN_TYPE = ErrorKind(
    "unknown-fhir-type",
    Category.NOT_FOUND,
    what="{name} is no type of FHIR R4.",
    allowed="A resource type, a data type or the path of a backbone element such as Observation.component.",
    cure="Look the name up at http://hl7.org/fhir/R4/resourcelist.html; upper and lower case count.",
)


@dataclass(frozen=True, slots=True)
class Binding:
    """How strongly an element is bound to which value set (`value_set` is its canonical address)."""

    strength: str
    value_set: str


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type.

    `name` is the name in FHIRPath (`value`), `json_names` the member names in JSON, one for each of `types`
    (`valueQuantity`, `valueString`, ...); where the element is no choice they are the same. An element asked for by a
    choice's member name (`valueQuantity`) has that name, its one type, and `choice` says the base name (`value`).
    `max` is None for any number. `targets` are the resource types that a Reference may point to, empty for any.
    `codes` are the codes of a required binding by code system, None where nothing is required or it can't be listed.
    """

    owner: str
    name: str
    types: tuple[str, ...]
    min: int
    max: int | None
    json_names: tuple[str, ...]
    choice: str = ""
    targets: tuple[str, ...] = ()
    binding: Binding | None = None

    @property
    def is_list(self) -> bool:
        """Whether it stands as an array in JSON."""
        return self.max != 1

    @property
    def is_choice(self) -> bool:
        """Whether it is a choice (`value[x]`) that has not been narrowed to one type."""
        return self.choice != "" and self.choice == self.name

    @property
    def path(self) -> str:
        """Its path in HL7's definitions, e.g. `Observation.value[x]`."""
        return f"{self.owner}.{self.choice}[x]" if self.choice else f"{self.owner}.{self.name}"

    @property
    def codes(self) -> Mapping[str, frozenset[str]] | None:
        if self.binding is None or self.binding.strength != "required":
            return None
        return value_set(self.binding.value_set)


class _Row(msgspec.Struct, array_like=True, frozen=True):
    name: str
    types: str
    min: int
    max: int
    targets: str = ""
    strength: str = ""
    value_set: str = ""


class _Type(msgspec.Struct, array_like=True, frozen=True):
    kind: str
    base: str
    rows: tuple[_Row, ...]


class _File(msgspec.Struct, frozen=True):
    release: str
    abstract: tuple[str, ...]
    types: dict[str, msgspec.Raw]
    primitives: dict[str, str]
    value_sets: dict[str, msgspec.Raw]


_VALUE_SET = "http://hl7.org/fhir/ValueSet/"


@cache
def _file() -> _File:
    return msgspec.json.decode(Path(__file__).with_name("r4_schema.json").read_bytes(), type=_File)


@cache
def _type(name: str) -> _Type | None:
    raw = _file().types.get(name)
    return None if raw is None else msgspec.json.decode(raw, type=_Type)


def _known(name: str) -> _Type:
    found = _type(name)
    if found is None:
        raise UNKNOWN_TYPE.at("FHIR R4 schema", name=name[:80])
    return found


def release() -> str:
    """The FHIR release of the schema: `4.0.1`."""
    return _file().release


@cache
def resource_types() -> frozenset[str]:
    """The resource types that have instances, e.g. Patient; without Resource and DomainResource."""
    return frozenset(name for name in _file().types if kind(name) == "resource") - abstract_types()


@cache
def abstract_types() -> frozenset[str]:
    """The types that no instance has: Element, BackboneElement, Resource, DomainResource."""
    return frozenset(_file().abstract)


def is_type(name: str) -> bool:
    """Whether it is a type of FHIR R4: of a resource, a data type, or a backbone's path."""
    return name in _file().types


def kind(name: str) -> str:
    """`resource`, `complex`, `backbone` or `primitive`; an `unknown-fhir-type` error for anything else."""
    return _known(name).kind


def is_primitive(name: str) -> bool:
    """Whether it is a primitive type, whose value stands as a JSON string, number or boolean."""
    return name in _file().primitives


@cache
def is_canonical(name: str) -> bool:
    """Whether the resources of this type are definitions that are known by their `url`, e.g. ValueSet."""
    return kind(name) == "resource" and all(element(name, part) for part in ("url", "status", "publisher"))


@cache
def ancestry(name: str) -> tuple[str, ...]:
    """The type and its base types, nearest first: `("Age", "Quantity", "Element")`."""
    base = _known(name).base
    return (name, *ancestry(base)) if base else (name,)


def primitive_pattern(name: str) -> str:
    """The regular expression that HL7 gives for a primitive type; empty where it gives none (xhtml)."""
    return _file().primitives[name]


@cache
def value_set(address: str) -> Mapping[str, frozenset[str]] | None:
    """The codes of a required binding's value set by code system; None where they can't be listed."""
    raw = _file().value_sets.get(address.removeprefix(_VALUE_SET))
    if raw is None:
        return None
    systems = msgspec.json.decode(raw, type=dict[str, frozenset[str]])
    return MappingProxyType(systems)


@cache
def elements(type_name: str) -> tuple[Element, ...]:
    """All elements of a type in HL7's order, the inherited ones first; a choice is one element.

    Raises `unknown-fhir-type`.
    """
    found = _known(type_name)
    inherited = elements(found.base) if found.base else ()
    return (*inherited, *(_element(type_name, row) for row in found.rows))


def _element(owner: str, row: _Row) -> Element:
    types = tuple(row.types.split())
    is_choice = row.name.endswith("[x]")
    name = row.name.removesuffix("[x]")
    address = row.value_set if ":" in row.value_set or not row.value_set else _VALUE_SET + row.value_set
    return Element(
        owner=owner,
        name=name,
        types=types,
        min=row.min,
        max=row.max or None,
        json_names=tuple(name + code[0].upper() + code[1:] for code in types) if is_choice else (name,),
        choice=name if is_choice else "",
        targets=tuple(row.targets.split()),
        binding=Binding(row.strength, address) if row.strength else None,
    )


@cache
def _by_name(type_name: str) -> Mapping[str, Element]:
    if _type(type_name) is None:
        return MappingProxyType({})
    found: dict[str, Element] = {}
    for item in elements(type_name):
        found[item.name] = item
        if item.is_choice:
            for code, json_name in zip(item.types, item.json_names, strict=True):
                targets = item.targets if code == "Reference" else ()
                found[json_name] = replace(
                    item, name=json_name, types=(code,), json_names=(json_name,), targets=targets
                )
    return MappingProxyType(found)


def element(type_name: str, element_name: str) -> Element | None:
    """One element by its name in FHIRPath (`value`) or in JSON (`valueQuantity`); None where there is none."""
    return _by_name(type_name).get(element_name)
