"""Steps into FHIR elements by name: resolved when the expression is compiled where the type is known, else per item.

A choice element has its base name (`value`) and one JSON member for each type. A primitive's id and extensions stand
beside it in JSON (`_birthDate`). Source: FHIR R4 fhirpath.html, json.html#primitive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from lienthong.fhir import schema
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Many, One, Plan, system_type
from lienthong.fhir.fhirpath.values import Element, Quantity, TypeInfo

__all__ = [
    "Access",
    "Variant",
    "access",
    "children",
    "choice_plan",
    "descend",
    "open_type",
    "stepper",
    "variant_plan",
]


@dataclass(frozen=True, slots=True)
class Variant:
    """One JSON member of an element: its name, its type, whether that is a primitive."""

    name: str
    type: str
    primitive: bool
    beside: str = ""  # the member that holds a primitive's id and extensions

    def __post_init__(self) -> None:
        object.__setattr__(self, "beside", "_" + self.name)


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
    types, focus = (variant.type,), source.focus
    run = None if focus else source.one
    if repeats or (source.one is None and not focus):
        if variant.primitive:
            return Plan(_primitive_many(source.many, variant), types)
        if focus or run is not None:
            return Plan(_complex_list(run, variant), types)
        return Plan(_complex_many(source.many, variant), types)
    if not variant.primitive:
        step_one = _complex_one(run, variant)
        return Plan(_listed(step_one), types, step_one)
    step_one = _primitive_one(run, variant)
    return Plan(_listed(step_one), types, step_one, raw=_raw(run, variant), field=variant.name if focus else "")


def _listed(run: One) -> Many:
    def run_many(this: Any, env: Env) -> list[Any]:
        found = run(this, env)
        return EMPTY if found is None else [found]

    return run_many


def choice_plan(source: Plan, found: Access) -> Plan:
    """The step to a choice element (`value[x]`): each item with its type, or one type chosen later.

    An element has one of the types at most; a resource that has several is malformed, and the first one counts.
    """
    by_type = {variant.type: variant for variant in found.variants}

    def choose(type_name: str) -> Plan:
        return variant_plan(source, by_type[type_name], repeats=found.many)

    pick = _picker(found.variants)
    if source.one is not None and not found.many:
        run_one = source.one

        def step_one(this: Any, env: Env) -> Any:
            item = run_one(this, env)
            return None if item is None else pick(item)

        return Plan(_listed(step_one), tuple(by_type), step_one, choose)
    run = source.many

    def step_many(this: Any, env: Env) -> list[Any]:
        return [value for item in run(this, env) if (value := pick(item)) is not None]

    return Plan(step_many, tuple(by_type), None, choose)


def _picker(variants: tuple[Variant, ...]) -> Callable[[dict[str, Any]], Element | None]:
    """What gives the value of a choice; it looks first where it found one the last time."""
    table: dict[str, Variant] = {}
    for variant in variants:
        table[variant.name] = variant
        if variant.primitive:
            table[variant.beside] = variant
    names = frozenset(table)
    last = variants[0]

    def pick(item: dict[str, Any]) -> Element | None:
        nonlocal last
        variant = last
        value = item.get(variant.name)
        if value is None or (variant.primitive and variant.beside in item):
            if names.isdisjoint(item):
                return None
            variant = next(table[name] for name in item if name in names)
            value = item.get(variant.name)
            extra = item.get(variant.beside) if variant.primitive else None
            last = variant
            if type(extra) is dict:
                return Element(value, variant.type, extra)
        if value is None or (type(value) is not dict and not variant.primitive):
            return None
        return Element(value, variant.type)

    return pick


# The steps below come in pairs: from the item in focus (run is None) without a call, and from what a source gives.


def _complex_list(run: One | None, variant: Variant) -> Many:
    """The members of one element that may repeat."""
    name = variant.name

    def list_of_focus(this: Any, env: Env) -> list[Any]:
        value = None if this is None else this.get(name)
        if type(value) is list:
            return value if len(value) == 1 and type(value[0]) is dict else _objects(value)
        return [value] if type(value) is dict else EMPTY

    if run is None:
        return list_of_focus

    def list_of_source(this: Any, env: Env) -> list[Any]:
        item = run(this, env)
        value = None if item is None else item.get(name)
        if type(value) is list:
            return value if len(value) == 1 and type(value[0]) is dict else _objects(value)
        return [value] if type(value) is dict else EMPTY

    return list_of_source


def _objects(value: list[Any]) -> list[Any]:
    return [part for part in value if type(part) is dict]


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


def _complex_one(run: One | None, variant: Variant) -> One:
    name = variant.name

    def one_of_focus(this: Any, env: Env) -> Any:
        value = None if this is None else this.get(name)
        return value if type(value) is dict else None

    if run is None:
        return one_of_focus

    def one_of_source(this: Any, env: Env) -> Any:
        item = run(this, env)
        if item is None:
            return None
        value = item.get(name)
        return value if type(value) is dict else None

    return one_of_source


def _primitive_many(run: Many, variant: Variant) -> Many:
    name, beside, type_name = variant.name, variant.beside, variant.type

    def step_many(this: Any, env: Env) -> list[Any]:
        out: list[Any] = []
        for item in run(this, env):
            value = item.get(name)
            if beside in item:
                _with_extra(value, item[beside], type_name, out)
            elif type(value) is list:
                out += value if None not in value else [part for part in value if part is not None]
            elif value is not None:
                out.append(value)
        return out

    return step_many


def _primitive_one(run: One | None, variant: Variant) -> One:
    name, beside, type_name = variant.name, variant.beside, variant.type

    def one_of_focus(this: Any, env: Env) -> Any:
        if this is None:
            return None
        if beside in this and type(this[beside]) is dict:
            return Element(this.get(name), type_name, this[beside])
        return this.get(name)

    if run is None:
        return one_of_focus

    def one_of_source(this: Any, env: Env) -> Any:
        item = run(this, env)
        if item is None:
            return None
        if beside in item and type(item[beside]) is dict:
            return Element(item.get(name), type_name, item[beside])
        return item.get(name)

    return one_of_source


def _raw(run: One | None, variant: Variant) -> One:
    name = variant.name

    def raw_of_focus(this: Any, env: Env) -> Any:
        return None if this is None else this.get(name)

    if run is None:
        return raw_of_focus

    def raw_of_source(this: Any, env: Env) -> Any:
        item = run(this, env)
        return None if item is None else item.get(name)

    return raw_of_source


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


def stepper(name: str, *, bare: bool = False) -> Callable[[Any, list[Any]], None]:
    """What adds all that one item has under a name, each with its type; with `bare` as in a plan of one type."""
    known: dict[str, tuple[bool, tuple[Variant, ...]]] = {}

    def look(type_name: str) -> tuple[bool, tuple[Variant, ...]]:
        found = access(type_name, name)
        seen = known[type_name] = (schema.is_primitive(type_name), () if found is None else found.variants)
        return seen

    def step(item: Any, out: list[Any]) -> None:
        if type(item) is Element:
            type_name = item.type
            primitive, variants = known.get(type_name) or look(type_name)
            holder = item.extra if primitive else item.value
        elif type(item) is dict:
            holder, type_name = item, system_type(item)
            if not type_name:
                _untyped(item, name, out)
                return
            variants = (known.get(type_name) or look(type_name))[1]
        else:
            out += _system_member(item, name)
            return
        if variants and type(holder) is dict:
            for variant in variants:
                if variant.name in holder or variant.beside in holder:
                    _take(holder, variant, out, bare=bare)

    return step


def _system_member(item: Any, name: str) -> list[Any]:
    if isinstance(item, TypeInfo) and name in ("name", "namespace", "baseType"):
        return [item.base if name == "baseType" else getattr(item, name)]
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
    extra = holder.get(variant.beside) if variant.primitive else None
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


class _Branch(msgspec.Struct, eq=False):
    """A member on the way down: its type, and the members of that type (made when first met)."""

    name: str
    beside: str
    type: str
    primitive: bool
    below: dict[str, Any] | None = None


@cache
def _branches(type_name: str) -> dict[str, _Branch]:
    found = {}
    for name, variant in _by_member(type_name).items():
        found[name] = _Branch(variant.name, variant.beside, variant.type, variant.primitive)
    return found


def descend(item: Any, static: str, out: list[Any]) -> None:
    """Adds all that stands below an item, each with its type, parents before their children."""
    if type(item) is Element:
        primitive = schema.is_primitive(item.type)
        holder, type_name = (item.extra if primitive else item.value), item.type
    elif type(item) is dict and (not static or open_type(static)):
        holder, type_name = item, system_type(item)
    else:
        holder, type_name = item, static
    if type(holder) is not dict:
        return
    if type_name:
        _down(holder, _branches(type_name), out)
        return
    found: list[Any] = []
    children(holder, "", found)
    for child in found:
        out.append(child)
        descend(child, "", out)


def _down(holder: dict[str, Any], branches: dict[str, _Branch], out: list[Any]) -> None:
    for name, value in holder.items():
        branch = branches.get(name)
        if branch is None:
            continue
        if branch.primitive:
            if branch.beside in holder:
                if name == branch.name and value is not None:
                    _primitives_down(value, holder[branch.beside], branch.type, out)
                elif name != branch.name and holder.get(branch.name) is None:
                    _primitives_down(None, value, branch.type, out)
            elif type(value) is list:
                out += [Element(part, branch.type) for part in value if part is not None]
            elif value is not None:
                out.append(Element(value, branch.type))
            continue
        for part in value if type(value) is list else (value,):
            if type(part) is not dict:
                continue
            if branch.type == "Resource":
                out.append(part)
                descend(part, "Resource", out)
                continue
            out.append(Element(part, branch.type))
            if branch.below is None:
                branch.below = _branches(branch.type)
            _down(part, branch.below, out)


def _primitives_down(value: Any, extra: Any, type_name: str, out: list[Any]) -> None:
    found: list[Any] = []
    _with_extra(value, extra, type_name, found)
    for part in found:
        out.append(_typed(part, type_name))
        if type(part) is Element and part.extra is not None:
            _down(part.extra, _branches("Element"), out)
