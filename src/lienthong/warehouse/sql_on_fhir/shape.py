"""Which members of a resource a view touches: the tree of them, and whether a resource has their shape.

An engine that reads JSON names just these as typed columns. A `repeat` has no fixed depth, so no column type can hold
what it walks through: its items are laid out in a list beside its focus (`_repeat3`) when a resource is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.core.errors import Category, ErrorKind
from lienthong.warehouse.sql_on_fhir.plan import (
    Arithmetic,
    At,
    Boundary,
    Columns,
    Combine,
    Compare,
    Concat,
    Count,
    Cross,
    Exists,
    Expr,
    Family,
    Field,
    ForEach,
    Join,
    Logic,
    Not,
    ReferenceKey,
    Repeat,
    ResourceKey,
    Rows,
    Single,
    Union,
    Var,
    View,
    Where,
    family,
)

__all__ = [
    "NOT_FHIR",
    "Member",
    "Misfit",
    "Shape",
    "check",
    "exact_decimals",
    "has_repeats",
    "laid_out",
    "repeat_name",
    "shape_of",
]

NOT_FHIR = ErrorKind(
    "view-input-unreadable",
    Category.UNREADABLE,
    what="A resource of the input has not the shape of FHIR R4: {why}.",
    allowed="FHIR R4 resources",
    cure="Find all such faults with `lienthong validate`, and correct them where the resources come from.",
)


_OBJECT, _INTEGER, _TEXT = frozenset({dict}), frozenset({int}), frozenset({str})
_Kinds = frozenset[type]
_KINDS: Mapping[Family, _Kinds] = {
    Family.COMPLEX: _OBJECT,
    Family.BOOLEAN: frozenset({bool}),
    Family.INTEGER: _INTEGER,
    Family.DECIMAL: frozenset({int, float, Decimal, LexicalDecimal}),
    Family.UNKNOWN: frozenset(),
}


@dataclass(slots=True)
class Member:
    """A touched member: its FHIR type, whether it is an array, what of it is touched, whether its digits matter."""

    type: str
    is_list: bool
    shape: Shape
    exact: bool = False
    kind: Family = field(init=False)
    kinds: _Kinds = field(init=False)  # what a value of it may be in Python; any where there is none

    def __post_init__(self) -> None:
        self.kind = family(self.type)
        self.kinds = _KINDS.get(self.kind, _TEXT)


@dataclass(slots=True)
class Shape:
    """The touched members of an object by their JSON names, and the repeats that start at it."""

    members: dict[str, Member] = field(default_factory=dict)
    repeats: dict[str, tuple[Repeat, Shape]] = field(default_factory=dict)


def repeat_name(repeat: Repeat) -> str:
    """The member under which the items of a repeat stand beside its focus."""
    return f"_repeat{repeat.var}"


def shape_of(view: View) -> Shape:
    """The members of a resource that a view touches."""
    root = Shape({"id": Member("id", False, Shape())})
    env = {0: root}
    for condition in view.where:
        _touch(condition, env)
    _touch_rows(view.rows, env)
    return root


def _touch_rows(rows: Rows, env: dict[int, Shape]) -> None:
    match rows:
        case Columns(columns):
            for column in columns:
                _touch(column.expr, env)
        case ForEach(var, items, _, body):
            _touch_rows(body, {**env, var: _touch(items, env)})
        case Repeat(var, focus, body=body):
            inner = Shape()
            _touch(focus, env).repeats[repeat_name(rows)] = (rows, inner)
            _touch_rows(body, {**env, var: inner})
        case Cross(parts) | Union(parts):
            for part in parts:
                _touch_rows(part, env)


def _touch(expr: Expr, env: dict[int, Shape]) -> Shape:
    """Notes what an expression touches; gives the shape of its items."""
    match expr:
        case Var(number):
            return env[number]
        case Field(inner, name, type_name, is_list, exact):
            owner = _touch(inner, env)
            member = owner.members.setdefault(name, Member(type_name, is_list, Shape()))
            member.exact = member.exact or exact
            return member.shape
        case Where(inner, var, condition):
            shape = _touch(inner, env)
            _touch(condition, {**env, var: shape})
            return shape
        case At(inner) | Single(inner):
            return _touch(inner, env)
        case Combine(left, right):
            _touch(right, env)
            return _touch(left, env)
        case Exists(inner) | Count(inner) | Not(inner) | Join(inner) | Boundary(inner) | ResourceKey(inner):
            _touch(inner, env)
        case ReferenceKey(inner):
            _touch(Field(inner, "reference", "string", False), env)
        case Logic(_, left, right) | Compare(_, left, right) | Arithmetic(_, left, right) | Concat(_, left, right):
            _touch(left, env)
            _touch(right, env)
        case _:
            pass
    return Shape()


def _all(shape: Shape) -> Iterator[Shape]:
    yield shape
    for member in shape.members.values():
        yield from _all(member.shape)
    for _, inner in shape.repeats.values():
        yield from _all(inner)


def exact_decimals(shape: Shape) -> frozenset[str]:
    """The JSON names of the touched decimals whose digits matter: a reader that makes doubles of them won't do."""
    found = (pair for item in _all(shape) for pair in item.members.items())
    return frozenset(name for name, member in found if member.kind is Family.DECIMAL and member.exact)


def has_repeats(shape: Shape) -> bool:
    """Whether the view has a repeat."""
    return any(item.repeats for item in _all(shape))


class Misfit(ValueError):
    """Says what of a resource is of another kind than FHIR says, without its value."""


def check(value: object, shape: Shape) -> None:
    """Raises `Misfit` where a touched member of an object is of another kind than FHIR says."""
    if not isinstance(value, dict):
        raise Misfit("an object must stand where another value stands")
    for name, member in shape.members.items():
        inner = value.get(name)
        if inner is None:
            continue
        if not member.is_list:
            _check_item(inner, member, name)
        elif type(inner) is list:
            for item in inner:
                if item is not None:
                    _check_item(item, member, name)
                elif member.kinds is _OBJECT and not name.startswith("_"):
                    raise Misfit(f"'{name}' must hold no null")
        else:
            raise Misfit(f"'{name}' must be a list")


def _check_item(value: Any, member: Member, name: str) -> None:
    kinds = member.kinds
    if type(value) in kinds:
        if kinds is _OBJECT and member.shape.members:
            check(value, member.shape)
        elif kinds is not _INTEGER or -(2**31) <= value < 2**31:
            return
        else:
            raise Misfit(f"'{name}' has more than 32 bits")
    elif kinds:
        raise Misfit(f"'{name}' must be {'an object' if kinds is _OBJECT else f'of type {member.type}'}")


Reached = Callable[[Repeat, Any], Iterable[Any]]
"""Gives the items that a repeat reaches from a focus."""


def laid_out(value: dict[str, Any], shape: Shape, reached: Reached) -> dict[str, Any]:
    """The touched members of an object that passed `check`, the items of its repeats laid out beside them."""
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        inner = value.get(name)
        if inner is None:
            continue
        if not member.shape.members and not member.shape.repeats:
            found[name] = inner
        elif isinstance(inner, list):
            found[name] = [laid_out(item, member.shape, reached) for item in inner if item is not None]
        else:
            found[name] = laid_out(inner, member.shape, reached)
    for name, (repeat, inner_shape) in shape.repeats.items():
        items = list(reached(repeat, value))
        for item in items:
            check(item, inner_shape)
        found[name] = [laid_out(item, inner_shape, reached) for item in items]
    return found
