"""The items of a `repeat` as SQL, without Python: nested columns to a bounded depth, laid out in a list.

A column type has a fixed depth, and a `repeat` has none. So the members that its steps lead through are nested to a
depth that data hardly reach; where a resource goes deeper, the query stops with a mark and the caller takes the way
through Python, which has no bound. A recursive query would have to hold all resources at once and lose their order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.plan import Expr, Field, Repeat, Var
from lienthong.warehouse.sql_on_fhir.shape import Member, Shape, has_repeats

__all__ = ["DEEPER_MARK", "Unrolled", "unrolled"]

DEEPER_MARK = "lienthong:deeper"
_DEPTHS = {1: 8, 2: 5}  # by the number of steps: the size of the type grows with its power
_LEAST = 3

Step = tuple[Field, ...]
Unrolled = tuple[Shape, dict[str, str]]
"""The shape to read, without repeats, and the SQL of each repeat's items by the name of its column."""


def unrolled(shape: Shape) -> Unrolled | None:
    """The repeats of a view so unrolled; None where one does not start at the resource or has no plain steps."""
    if any(has_repeats(member.shape) for member in shape.members.values()):
        return None
    read, columns = _copied(shape), {}
    for name, (repeat, inner) in shape.repeats.items():
        writer = _writer(repeat, inner)
        if writer is None:
            return None
        first, nested = writer
        for step in first:
            _put(read, step, nested(1))
        columns[name] = _items(repeat, inner, first)
    return read, columns


def _writer(repeat: Repeat, inner: Shape) -> tuple[list[Step], Callable[[int], Shape]] | None:
    first = [_plain(step) for step in repeat.steps.get(repeat.focus.type, ())]
    later = [_plain(step) for step in repeat.steps.get(repeat.type, ())]
    if not first or not all((*first, *later)) or has_repeats(inner) or _crosses(inner, later):
        return None

    def nested(level: int) -> Shape:
        """What is read of an item at a level: what the view touches, and the items below it."""
        found = _copied(inner)
        for step in later:
            _put(found, step, nested(level + 1) if level < _depth(later) else Shape())
        return found

    return first, nested


def _depth(steps: list[Step]) -> int:
    return _DEPTHS.get(len(steps), _LEAST)


def _plain(step: Expr) -> Step:
    """The members that a step leads through, where it does nothing else."""
    found: list[Field] = []
    while isinstance(step, Field):
        found.insert(0, step)
        step = step.input
    return tuple(found) if isinstance(step, Var) else ()


def _crosses(inner: Shape, steps: list[Step]) -> bool:
    """Whether the view also asks for what a step leads to: its type would differ from level to level."""
    for step in steps:
        shape: Shape | None = inner
        for field in step[:-1]:
            member = shape.members.get(field.name) if shape else None
            if member and not member.shape.members:
                return True
            shape = member.shape if member else None
        if shape and step[-1].name in shape.members:
            return True
    return False


def _copied(shape: Shape) -> Shape:
    return _merged(shape, Shape())


def _merged(one: Shape, other: Shape) -> Shape:
    """A shape of its own with the members of both."""
    found: dict[str, Member] = {}
    for name in {**one.members, **other.members}:
        both = [shape.members[name] for shape in (one, other) if name in shape.members]
        shape = _merged(both[0].shape, both[-1].shape) if len(both) > 1 else _copied(both[0].shape)
        found[name] = Member(both[0].type, both[0].is_list, shape, any(member.exact for member in both))
    return Shape(found)


def _put(shape: Shape, step: Step, items: Shape) -> None:
    """Adds the members of a step to a shape of its own, with `items` at its end."""
    for field in step[:-1]:
        shape = shape.members.setdefault(field.name, Member(field.type, field.is_list, Shape())).shape
    last = step[-1]
    there = shape.members.get(last.name)
    shape.members[last.name] = Member(last.type, last.is_list, _merged(there.shape if there else Shape(), items))


def _items(repeat: Repeat, inner: Shape, first: list[Step]) -> str:
    """All items that a repeat reaches from the resource, parents before their children, as a list of structs."""
    numbers = itertools.count()
    later = [_plain(step) for step in repeat.steps.get(repeat.type, ())]

    def below(owner: str, steps: list[Step], level: int) -> str:
        children = _joined([_followed(owner, step, numbers) for step in steps])
        item = f"_w{next(numbers)}"
        packed = _packed(item, inner, numbers)
        if not later:
            return f"list_transform({children}, lambda {item}: {packed})"
        own = f"[{packed}]"
        if level < _depth(later):
            own = f"list_concat({own}, {below(item, later, level + 1)})"
        else:
            deeper = " OR ".join(f"len({_followed(item, step, numbers)}) > 0" for step in later)
            own = f"CASE WHEN {deeper} THEN error({text_literal(DEEPER_MARK)}) ELSE {own} END"
        return f"flatten(list_transform({children}, lambda {item}: {own}))"

    return below("", first, 1)


def _joined(lists: list[str]) -> str:
    joined = lists[0]
    for other in lists[1:]:
        joined = f"list_concat({joined}, {other})"
    return f"list_filter({joined}, lambda _n: _n IS NOT NULL)"


def _followed(owner: str, step: Step, numbers: itertools.count[int]) -> str:
    """The items of a step from an item (or the resource, whose members are columns), as a list."""
    found, many = owner, False
    for field in step:
        name = text_literal(field.name)
        if many:
            item = f"_w{next(numbers)}"
            found = f"list_transform({found}, lambda {item}: struct_extract({item}, {name}))"
            found = f"flatten({found})" if field.is_list else found
        else:
            found = f"struct_extract({found}, {name})" if found else quoted(field.name)
            many = field.is_list
        many = many or field.is_list
    return f"coalesce({found}, [])" if many else f"CASE WHEN {found} IS NULL THEN [] ELSE [{found}] END"


def _packed(owner: str, shape: Shape, numbers: itertools.count[int]) -> str:
    """What the view touches of an item, of one type at all levels."""
    members = []
    for name, member in shape.members.items():
        found = f"struct_extract({owner}, {text_literal(name)})"
        if member.shape.members:
            if member.is_list:
                item = f"_w{next(numbers)}"
                found = f"list_transform({found}, lambda {item}: {_packed(item, member.shape, numbers)})"
            else:
                found = _packed(found, member.shape, numbers)
        members.append(f"{quoted(name)} := {found}")
    packed = f"struct_pack({', '.join(members)})" if members else 'struct_pack("_" := TRUE)'
    return f"CASE WHEN {owner} IS NOT NULL THEN {packed} END"
