"""Reads a StructureDefinition of FHIR R4 into frozen values: its name, its base, and what it says of each element.

A definition is input like any other: whatever has the wrong shape is an error that names the element, never a crash.
Source: FHIR R4 4.0.1, structuredefinition.html and elementdefinition.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from lienthong.core.errors import Category, ErrorKind
from lienthong.fhir import schema
from lienthong.fhir.limits import MAX_DEPTH

__all__ = [
    "MANY",
    "ORIGIN",
    "Definition",
    "Discriminator",
    "ElementRule",
    "Invariant",
    "Slicing",
    "TypeRule",
    "Value",
    "ValueBinding",
    "bare",
    "read_definition",
]

ORIGIN: Final = "http://hl7.org/fhir/StructureDefinition/"
MANY: Final = 1 << 40  # `*`: so many that no resource has more
MAX_ELEMENTS: Final = 20_000  # the largest snapshots of published packages have some 2,000

NOT_READABLE = ErrorKind(
    "profile-not-readable",
    Category.UNREADABLE,
    what="This is no StructureDefinition that can be read: {why}.",
    allowed="A StructureDefinition of FHIR R4 with derivation constraint, as JSON, with snapshot or differential.",
    cure="Correct the definition, or export it again from the tool that made it.",
)
OTHER_RELEASE = ErrorKind(
    "profile-other-release",
    Category.UNSUPPORTED,
    what="The definition is made for FHIR {found}, and this version reads R4.",
    allowed="fhirVersion 4.0.1 (or 4.0.0).",
    cure="Take the R4 edition of the guide; many publish one beside the others.",
)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One allowed type: its code, the profiles of which it must fit one, and for a Reference what it may point to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueBinding:
    """How strongly an element is bound to which value set; `at_most` a set that even a weak one may not leave."""

    strength: str
    value_set: str
    at_most: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A FHIRPath expression that must hold, with the sentence that people read; `source` is who declared it."""

    key: str
    severity: str
    human: str
    expression: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Discriminator:
    """How slices are told apart: by `value`, `pattern`, `exists`, `type` or `profile` at a path."""

    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """How a list is sliced; `rules` is open, closed or openAtEnd."""

    discriminators: tuple[Discriminator, ...]
    rules: str
    ordered: bool


@dataclass(frozen=True)
class Value:
    """A value that a definition gives as fixed, as a pattern or as a bound; the type as its name ends: `Quantity`."""

    type: str
    value: Any


@dataclass(frozen=True)
class ElementRule:
    """What a definition says of one element; None (or empty) is what it does not say.

    `steps` is the way to it below the root: pairs of element name and slice name (empty where no slice is meant).
    """

    id: str
    steps: tuple[tuple[str, str], ...]
    min: int | None = None
    max: int | None = None
    types: tuple[TypeRule, ...] | None = None
    fixed: Value | None = None
    pattern: Value | None = None
    binding: ValueBinding | None = None
    max_length: int | None = None
    min_value: Value | None = None
    max_value: Value | None = None
    invariants: tuple[Invariant, ...] = ()
    must_support: bool = False
    slicing: Slicing | None = None


@dataclass(frozen=True)
class Definition:
    """One profile: of which type, on which base; `whole` says that the elements are a snapshot."""

    url: str
    version: str
    title: str
    type: str
    base: str
    elements: tuple[ElementRule, ...]
    whole: bool

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url


def bare(canonical: str) -> str:
    """A canonical address without its version."""
    return canonical.partition("|")[0]


class _Type(msgspec.Struct, frozen=True):
    code: str
    profile: tuple[str, ...] = ()
    targetProfile: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


class _Binding(msgspec.Struct, frozen=True):
    strength: str = ""
    valueSet: str = ""
    extension: tuple[dict[str, Any], ...] = ()


class _Constraint(msgspec.Struct, frozen=True):
    key: str
    severity: str = "error"
    human: str = ""
    expression: str = ""
    source: str = ""


class _Discriminator(msgspec.Struct, frozen=True):
    type: str
    path: str


class _Slicing(msgspec.Struct, frozen=True):
    discriminator: tuple[_Discriminator, ...] = ()
    rules: str = "open"
    ordered: bool = False


class _Element(msgspec.Struct, frozen=True):
    path: str
    id: str = ""
    sliceName: str = ""
    min: int | None = None
    max: str | None = None
    type: tuple[_Type, ...] | None = None
    binding: _Binding | None = None
    maxLength: int | None = None
    constraint: tuple[_Constraint, ...] = ()
    mustSupport: bool = False
    slicing: _Slicing | None = None


class _View(msgspec.Struct, frozen=True):
    element: tuple[dict[str, Any], ...] = ()


class _Definition(msgspec.Struct, frozen=True):
    resourceType: str
    url: str
    type: str
    version: str = ""
    name: str = ""
    title: str = ""
    kind: str = ""
    baseDefinition: str = ""
    derivation: str = ""
    fhirVersion: str = "4.0.1"
    snapshot: _View | None = None
    differential: _View | None = None


_AT_MOST = ORIGIN + "elementdefinition-maxValueSet"
_STRENGTHS = frozenset({"required", "extensible", "preferred", "example", ""})


def read_definition(resource: Mapping[str, Any]) -> Definition:
    """The definition of a profile; its snapshot where it has one, else its differential.

    Raises `profile-not-readable` and `profile-other-release`.
    """
    where = _address(resource)
    try:
        raw = msgspec.convert(resource, type=_Definition)
    except msgspec.ValidationError as error:
        raise NOT_READABLE.at(where, why=str(error).rstrip(".")) from None
    if raw.resourceType != "StructureDefinition":
        raise NOT_READABLE.at(where, why="resourceType is not StructureDefinition")
    if not raw.fhirVersion.startswith("4.0."):
        raise OTHER_RELEASE.at(where, found=raw.fhirVersion[:20])
    if raw.derivation != "constraint":
        raise NOT_READABLE.at(where, why="derivation is not constraint, so it defines a type and is no profile")
    if not schema.is_type(raw.type):
        raise NOT_READABLE.at(where, why="its type is no type of FHIR R4")
    view = raw.snapshot if raw.snapshot is not None and raw.snapshot.element else raw.differential
    elements = () if view is None else view.element
    if not elements:
        raise NOT_READABLE.at(where, why="it has neither a snapshot nor a differential")
    if len(elements) > MAX_ELEMENTS:
        raise NOT_READABLE.at(where, why=f"it has more than {MAX_ELEMENTS} elements")
    return Definition(
        url=raw.url,
        version=raw.version,
        title=raw.title or raw.name or raw.url,
        type=raw.type,
        base=raw.baseDefinition,
        elements=_rules(raw.type, elements, where),
        whole=view is not None and view is raw.snapshot,
    )


def _address(resource: Mapping[str, Any]) -> str:
    url = resource.get("url")
    return url if isinstance(url, str) else "StructureDefinition"


def _rules(type_name: str, elements: tuple[dict[str, Any], ...], where: str) -> tuple[ElementRule, ...]:
    rules: list[ElementRule] = []
    slices: dict[str, str] = {}  # path -> the slice in which the elements below it stand, where ids do not say it
    for number, value in enumerate(elements):
        try:
            raw = msgspec.convert(value, type=_Element)
        except msgspec.ValidationError as error:
            raise NOT_READABLE.at(where, why=f"element {number + 1}: {str(error).rstrip('.')}") from None
        for path in [path for path in slices if path == raw.path or path.startswith(raw.path + ".")]:
            del slices[path]
        if raw.sliceName:
            slices[raw.path] = raw.sliceName
        rules.append(_rule(type_name, raw, value, slices, where))
    return tuple(rules)


def _rule(type_name: str, raw: _Element, value: dict[str, Any], slices: Mapping[str, str], where: str) -> ElementRule:
    steps = _steps(raw, slices)
    if len(steps) > MAX_DEPTH:
        raise NOT_READABLE.at(where, why=f"an element stands deeper than {MAX_DEPTH} levels")
    if not raw.path or raw.path.partition(".")[0] != type_name:
        raise NOT_READABLE.at(where, why=f"the path {raw.path[:100]!r} does not begin with {type_name}")
    if raw.max is not None and raw.max != "*" and not (raw.max.isascii() and raw.max.isdecimal()):
        raise NOT_READABLE.at(where, why=f"max of {raw.path} is neither a number nor *")
    if raw.binding is not None and raw.binding.strength not in _STRENGTHS:
        raise NOT_READABLE.at(where, why=f"the strength of the binding of {raw.path} is unknown")
    return ElementRule(
        id=raw.id or ".".join([type_name, *(f"{name}:{part}" if part else name for name, part in steps)]),
        steps=steps,
        min=raw.min,
        max=None if raw.max is None else MANY if raw.max == "*" else int(raw.max[:9]),
        types=_types(raw.type),
        fixed=_value(value, "fixed"),
        pattern=_value(value, "pattern"),
        binding=None if raw.binding is None else _binding(raw.binding),
        max_length=raw.maxLength,
        min_value=_value(value, "minValue"),
        max_value=_value(value, "maxValue"),
        invariants=tuple(
            Invariant(item.key, item.severity, item.human, item.expression, item.source) for item in raw.constraint
        ),
        must_support=raw.mustSupport,
        slicing=None if raw.slicing is None else _slicing(raw.slicing),
    )


def _steps(raw: _Element, slices: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """By the element's id where it agrees with the path; else by the slices that were opened before it."""
    path = raw.path.split(".")
    parts = [part.partition(":")[::2] for part in raw.id.split(".")] if raw.id else []
    if [_plain(name) for name, _ in parts] == [_plain(name) for name in path] and (not raw.sliceName or parts[-1][1]):
        return tuple((name, part) for name, part in parts[1:])
    lengths = range(2, len(path) + 1)
    return tuple((path[length - 1], slices.get(".".join(path[:length]), "")) for length in lengths)


def _plain(name: str) -> str:
    return name.removesuffix("[x]")


def _types(raw: tuple[_Type, ...] | None) -> tuple[TypeRule, ...] | None:
    """The types; None where they are those of FHIRPath's own system, by which R4 writes ids, urls and values."""
    if raw is None or any(item.code.startswith("http://hl7.org/fhirpath/") for item in raw):
        return None
    return tuple(
        TypeRule(
            item.code,
            tuple(address for address in item.profile if bare(address) != ORIGIN + item.code),
            item.targetProfile,
            item.aggregation,
        )
        for item in raw
    )


def _binding(raw: _Binding) -> ValueBinding:
    at_most = next((item.get("valueCanonical") for item in raw.extension if item.get("url") == _AT_MOST), None)
    return ValueBinding(raw.strength, raw.valueSet, at_most if isinstance(at_most, str) else "")


def _slicing(raw: _Slicing) -> Slicing:
    found = tuple(Discriminator(item.type, item.path) for item in raw.discriminator)
    return Slicing(found, raw.rules, raw.ordered)


def _value(value: dict[str, Any], start: str) -> Value | None:
    for name, item in value.items():
        if name.startswith(start) and name[len(start) : len(start) + 1].isupper():
            return Value(name[len(start) :], item)
    return None
