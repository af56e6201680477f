"""Walks through a resource once and runs each invariant where its element stands.

Each type has a table, made when first needed, of the members that matter: those that lead further down, and those
without which an invariant holds anyway, so that it is looked at only where they are there. An invariant is first
answered by its shortcut, and by its expression only where that does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.fhir import schema
from lienthong.fhir.invariants import catalogue, faults
from lienthong.fhir.invariants.catalogue import Invariant
from lienthong.fhir.invariants.shortcut import SPECIAL, UNKNOWN, Sketch, needed, sketch

__all__ = ["broken"]

# A place: the place above, the member's name, its number in an array or -1; text is made of it only where needed.
_Trail = tuple[Any, str, int]

# R4 says that contained resources should have no narrative (references.html#contained), and dom-6 that resources
# should have one; HL7's advice is taken for those that stand alone.
_NOT_CONTAINED = frozenset({"dom-6"})


def broken(resource: dict[str, Any]) -> list[Finding]:
    """The findings of all invariants that do not hold of a resource and the resources in it, outer ones first.

    The resource must have FHIR's shape: no finding of `inspect` with a code in `UNHOLDABLE`. An invariant whose
    expression ends in an error is a finding too (`invariant-not-checked`). Each finding has the constraint's key as
    the id of its rule. Never an error.
    """
    name = resource.get("resourceType")
    if not isinstance(name, str) or name not in schema.resource_types():
        return []
    found: list[Finding] = []
    _Walk(found, resource, resource).enter(_table(name), resource, (None, name, -1))
    return found


class _Test:
    """An invariant for values of one type."""

    __slots__ = ("expression", "invariant", "quick", "type_name")

    def __init__(self, invariant: Invariant, type_name: str) -> None:
        self.invariant = invariant
        self.expression = invariant.compiled
        self.type_name = type_name
        self.quick: Sketch = SPECIAL.get(invariant.key) or sketch(self.expression.tree, type_name)


class _Member:
    """What a member of a type asks for.

    `tests` are the invariants of the object that may fail where the member is there, `of_items` those of each of its
    values, `table` that of its values where they are objects; `holds_resource` says that they are resources, which
    `is_contained` or stand for themselves. `instead_of` is the name of the primitive to which extensions belong.
    """

    __slots__ = ("holds_resource", "instead_of", "is_contained", "of_items", "table", "tests")

    def __init__(self) -> None:
        self.tests: tuple[_Test, ...] = ()
        self.of_items: tuple[_Test, ...] = ()
        self.table: _Table | None = None
        self.holds_resource = False
        self.is_contained = False
        self.instead_of = ""


class _Table:
    """The members of a type that matter, and the invariants that are looked at for each of its objects."""

    __slots__ = ("_always", "_members", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._always: tuple[_Test, ...] = ()
        self._members: dict[str, _Member] | None = None

    @property
    def always(self) -> tuple[_Test, ...]:
        return self._always

    @property
    def members(self) -> dict[str, _Member]:
        # A table is filled at its first use: types lead to each other in circles.
        return self._fill() if self._members is None else self._members

    def _fill(self) -> dict[str, _Member]:
        members: dict[str, _Member] = {}
        for element in schema.elements(self._name):
            for code, name in zip(element.types, element.json_names, strict=True):
                made = _Member()
                made.of_items = tuple(_Test(item, code) for item in catalogue.of_element(element.path, code))
                if code == "Resource":
                    made.holds_resource, made.is_contained = True, element.name == "contained"
                elif not schema.is_primitive(code):
                    made.table = _table(code)
                else:
                    beside = _Member()
                    beside.table, beside.instead_of = _table("Element"), name
                    members["_" + name] = beside
                members[name] = made
        always = []
        for invariant in _of(self._name):
            test = _Test(invariant, self._name)
            triggers = needed(test.expression.tree, self._name)
            if triggers is None:
                always.append(test)
            for name in triggers or ():
                members[name].tests += (test,)
        self._always = tuple(always)
        self._members = {name: member for name, member in members.items() if _matters(member)}
        return self._members


def _matters(member: _Member) -> bool:
    return bool(member.tests or member.of_items or member.table is not None or member.holds_resource)


def _of(type_name: str) -> Iterator[Invariant]:
    """The invariants of a type, those of its base types first."""
    for name in reversed(schema.ancestry(type_name)):
        yield from catalogue.of_type(name)


@cache
def _table(name: str) -> _Table:
    return _Table(name)


class _Walk:
    """The walk through one resource; `root` is the one that contains it, or it itself."""

    __slots__ = ("found", "resource", "root")

    def __init__(self, found: list[Finding], resource: dict[str, Any], root: dict[str, Any]) -> None:
        self.found = found
        self.resource = resource
        self.root = root

    def enter(self, table: _Table, value: dict[str, Any], trail: _Trail) -> None:
        members = table.members
        for test in table.always:
            answer = test.quick(value)
            if answer is not True:
                self.run(test, value, trail, answer)
        for name, item in value.items():
            member = members.get(name)
            if member is None:
                continue
            if member.tests and (not member.instead_of or member.instead_of not in value):
                for test in member.tests:
                    answer = test.quick(value)
                    if answer is not True:
                        self.run(test, value, trail, answer)
            if type(item) is list:
                for number, part in enumerate(item):
                    if type(part) is dict:
                        self.part(member, part, (trail, name, number))
                    elif member.of_items and part is not None:
                        self.primitive(member, value, name, part, number, trail)
            elif type(item) is dict:
                self.part(member, item, (trail, name, -1))
            elif member.of_items and item is not None:
                self.primitive(member, value, name, item, -1, trail)

    def part(self, member: _Member, value: dict[str, Any], trail: _Trail) -> None:
        """An object inside: the invariants of the element, then those of its own type."""
        for test in member.of_items:
            answer = test.quick(value)
            if answer is not True:
                self.run(test, value, trail, answer)
        if member.table is not None:
            self.enter(member.table, value, trail)
        elif member.holds_resource:
            name = value.get("resourceType")
            if isinstance(name, str) and name in schema.resource_types():
                root = self.root if member.is_contained else value
                _Walk(self.found, value, root).enter(_table(name), value, trail)

    def primitive(
        self, member: _Member, holder: dict[str, Any], name: str, value: Any, number: int, trail: _Trail
    ) -> None:
        beside = holder.get("_" + name)
        if number >= 0:
            beside = beside[number] if type(beside) is list and number < len(beside) else None
        for test in member.of_items:
            self.run(test, value, (trail, name, number), UNKNOWN, beside if type(beside) is dict else None)

    def run(self, test: _Test, value: Any, trail: _Trail, answer: Any, beside: dict[str, Any] | None = None) -> None:
        """What the shortcut says, unless it is that the invariant holds; where it does not know, the expression."""
        invariant = test.invariant
        if invariant.key in _NOT_CONTAINED and self.root is not self.resource:
            return
        if answer is UNKNOWN:
            try:
                answer = test.expression.holds(
                    value, test.type_name, resource=self.resource, root=self.root, extra=beside
                )
            except LienthongError as error:
                self.found.append(faults.not_checked(invariant, _path(trail), error.code))
                return
        if answer is not True:  # an empty answer is not true (SPEC_READINGS.md)
            self.found.append(_not_held(invariant, _path(trail)))


@lru_cache(maxsize=512)
def _not_held(invariant: Invariant, path: str) -> Finding:
    # the same advice (dom-6) is found at most resources of a file
    return faults.not_held(invariant, path)


def _path(trail: _Trail) -> str:
    parts: list[str] = []
    place: _Trail | None = trail
    while place is not None:
        place, name, number = place
        parts.append(name if number < 0 else f"{name}[{number}]")
    return ".".join(reversed(parts))
