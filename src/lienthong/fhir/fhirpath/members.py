"""Steps into FHIR elements by name: resolved when the expression is compiled where the type is known, else per item.

A choice element has its base name (`value`) and one JSON member for each type. A primitive's id and extensions stand
beside it in JSON (`_birthDate`). Source: FHIR R4 fhirpath.html, json.html#primitive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Many, One, Plan, system_type
from lienthong.fhir.fhirpath.values import Element, Quantity, TypeInfo

__all__ = ["Access", "Variant", "access", "children", "choice_plan", "open_type", "step", "variant_plan"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One JSON member of an element: its name, its type, whether that is a primitive."""

    name: str
    type: str
    primitive: bool


@dataclass(frozen=True, slots=True)
class Access:
    """How an element of a type is reached: several variants for a choice; `many` if it may repeat."""

    variants: tuple[Variant, ...]
    many: bool


def open_type(type_name: str) -> bool:
    """Whether items of the type have elements that only each item itself can say."""
    return type_name in schema.abstract_types()


@cache
def access(type_name: str, name: str) -> Access | None:
    """How the element of that FHIRPath name is reached; None where the type has no such."""
    found = schema.element(type_name, name)
    if found is None or found.name != name or (found.choice and not found.is_choice):
        return None
    variants = tuple(
        Variant(json_name, code, schema.is_primitive(code))
        for code, json_name in zip(found.types, found.json_names, strict=True)
    )
    return Access(variants, found.is_list)


def variant_plan(source: Plan, variant: Variant, *, repeats: bool) -> Plan:
    """The step to one member whose type is known."""
    run = _primitive_many(source.many, variant) if variant.primitive else _complex_many(source.many, variant)
    if repeats or source.one is None:
        return Plan(run, (variant.type,))
    one = _primitive_one(source.one, variant) if variant.primitive else _complex_one(source.one, variant)
    return Plan(run, (variant.type,), one)


def choice_plan(source: Plan, found: Access) -> Plan:
    """The step to a choice element (`value[x]`): each item with its type, or one type chosen later."""
    table: dict[str, Variant] = {}
    for variant in found.variants:
        table[variant.name] = variant
        if variant.primitive:
            table["_" + variant.name] = variant
    run = source.many

    def step_many(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            for name in item:
                variant = table.get(name)
                if variant is not None and (name == variant.name or variant.name not in item):
                    _take(item, variant, out, bare=False)
        return out

    def step_one(this: Any, env: Env) -> Any:
        items = step_many(this, env)
        return items[0] if items else None

    by_type = {variant.type: variant for variant in found.variants}

    def choose(type_name: str) -> Plan:
        return variant_plan(source, by_type[type_name], repeats=found.many)

    is_one = source.one is not None and not found.many
    return Plan(step_many, tuple(by_type), step_one if is_one else None, choose)


def _complex_many(run: Many, variant: Variant) -> Many:
    name = variant.name

    def step_many(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            value = item.get(name)
            if type(value) is dict:
                out.append(value)
            elif type(value) is list:
                out += [part for part in value if type(part) is dict]
        return out

    return step_many


def _complex_one(run: One, variant: Variant) -> One:
    name = variant.name

    def step_one(this: Any, env: Env) -> Any:
        item = run(this, env)
        if item is None:
            return None
        value = item.get(name)
        return value if type(value) is dict else None

    return step_one


def _primitive_many(run: Many, variant: Variant) -> Many:
    name, beside, type_name = variant.name, "_" + variant.name, variant.type

    def step_many(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            value = item.get(name)
            extra = item.get(beside)
            if extra is not None:
                _with_extra(value, extra, type_name, out)
            elif type(value) is list:
                out += [part for part in value if part is not None]
            elif value is not None:
                out.append(value)
        return out

    return step_many


def _primitive_one(run: One, variant: Variant) -> One:
    name, beside, type_name = variant.name, "_" + variant.name, variant.type

    def step_one(this: Any, env: Env) -> Any:
        item = run(this, env)
        if item is None:
            return None
        if beside in item and type(item[beside]) is dict:
            return Element(item.get(name), type_name, item[beside])
        return item.get(name)

    return step_one


def _with_extra(value: Any, extra: Any, type_name: str, out: list[Any]) -> None:
    values = value if type(value) is list else [value]
    extras = extra if type(extra) is list else [extra]
    for number in range(max(len(values), len(extras))):
        part = values[number] if number < len(values) else None
        beside = extras[number] if number < len(extras) else None
        if type(beside) is dict:
            out.append(Element(part, type_name, beside))
        elif part is not None:
            out.append(part)


_ELEMENT = Access((Variant("id", "string", True),), False), Access((Variant("extension", "Extension", False),), True)


def step(item: Any, name: str, out: list[Any], *, bare: bool = False) -> None:
    """Adds what one item has under a name, each with its type; with `bare` as in a plan of one type."""
    holder, type_name = item, ""
    if type(item) is Element:
        holder, type_name = item.value, item.type
        if schema.is_primitive(type_name):
            if name not in ("id", "extension") or item.extra is None:
                return
            holder = item.extra
    elif type(item) is dict:
        type_name = system_type(item)
    else:
        out += _system_member(item, name)
        return
    if type(holder) is not dict:
        return
    if not type_name:
        _untyped(holder, name, out)
        return
    found = access(type_name, name)
    if found is not None:
        for variant in found.variants:
            _take(holder, variant, out, bare=bare)


def _system_member(item: Any, name: str) -> list[Any]:
    if isinstance(item, TypeInfo) and name in ("name", "namespace"):
        return [getattr(item, name)]
    if isinstance(item, Quantity) and name in ("value", "unit"):
        return [getattr(item, name)]
    return EMPTY


def _untyped(holder: dict[str, Any], name: str, out: list[Any]) -> None:
    """A member of an object that says no type: its own name, or any choice of that name."""
    value = holder.get(name)
    if value is None:
        begin = len(name)
        keys = [key for key in holder if key.startswith(name) and key[begin : begin + 1].isupper()]
        value = holder[keys[0]] if len(keys) == 1 else None
    if type(value) is list:
        out += [part for part in value if part is not None]
    elif value is not None:
        out.append(value)


def _take(holder: dict[str, Any], variant: Variant, out: list[Any], *, bare: bool) -> None:
    value = holder.get(variant.name)
    extra = holder.get("_" + variant.name) if variant.primitive else None
    if value is None and extra is None:
        return
    if variant.primitive:
        found: list[Any] = []
        _with_extra(value, extra, variant.type, found)
        out += found if bare else [_typed(part, variant.type) for part in found]
        return
    for part in value if type(value) is list else (value,):
        if type(part) is dict:
            is_bare = bare or variant.type == "Resource"
            out.append(part if is_bare else Element(part, variant.type))


def _typed(part: Any, type_name: str) -> Element:
    return part if type(part) is Element else Element(part, type_name)


@cache
def _by_member(type_name: str) -> Mapping[str, Variant]:
    found: dict[str, Variant] = {}
    for element in schema.elements(type_name):
        for code, json_name in zip(element.types, element.json_names, strict=True):
            variant = Variant(json_name, code, schema.is_primitive(code))
            found[json_name] = variant
            if variant.primitive:
                found["_" + json_name] = variant
    return MappingProxyType(found)


def children(item: Any, static: str, out: list[Any]) -> None:
    """Adds all child elements of an item, each with its type, in the order of the JSON members."""
    holder, type_name = item, static
    if type(item) is Element:
        holder, type_name = item.value, item.type
        if schema.is_primitive(type_name):
            holder = item.extra
    elif type(item) is dict and (not static or open_type(static)):
        type_name = system_type(item)
    if type(holder) is not dict:
        return
    if not type_name:
        for name in holder:
            _untyped(holder, name, out)
        return
    members = _by_member(type_name)
    for name in holder:
        variant = members.get(name)
        if variant is not None and (name == variant.name or variant.name not in holder):
            _take(holder, variant, out, bare=False)
