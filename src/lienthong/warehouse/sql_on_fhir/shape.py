"""Which members of a resource a view touches: the tree of them, and a resource cut down to it.

An engine that reads JSON names just these as typed columns. A `repeat` has no fixed depth, so no column type can hold
what it walks through: its items are laid out in a list beside its focus (`_repeat3`) when a resource is cut down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lienthong.warehouse.engines.reference import reached
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

__all__ = ["Member", "Shape", "cut", "has_decimals", "has_repeats", "repeat_name", "shape_of"]


@dataclass(slots=True)
class Member:
    """A touched member: its FHIR type, whether it is an array, and what of it is touched (nothing of a primitive)."""

    type: str
    is_list: bool
    shape: Shape


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
        case Field(inner, name, type_name, is_list):
            owner = _touch(inner, env)
            member = owner.members.setdefault(name, Member(type_name, is_list, Shape()))
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


def has_decimals(shape: Shape) -> bool:
    """Whether a decimal is touched: a reader that makes doubles of them won't do."""
    return any(family(member.type) is Family.DECIMAL for item in _all(shape) for member in item.members.values())


def has_repeats(shape: Shape) -> bool:
    """Whether the view has a repeat."""
    return any(item.repeats for item in _all(shape))


def cut(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The touched members of an object, with the items of its repeats laid out beside them."""
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        inner = value.get(name)
        if inner is None:
            continue
        if not member.shape.members and not member.shape.repeats:
            found[name] = inner
        elif isinstance(inner, list):
            found[name] = [cut(item, member.shape) for item in inner if item is not None]
        else:
            found[name] = cut(inner, member.shape)
    for name, (repeat, inner_shape) in shape.repeats.items():
        found[name] = [cut(item, inner_shape) for item in reached(repeat, value)]
    return found
