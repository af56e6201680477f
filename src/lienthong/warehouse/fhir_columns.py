"""The typed columns of a type's Parquet: the elements that occur, typed by FHIR's schema, never by inference.

A decimal stands twice: `value` as a double to compute with, `value_text` with its digits. Booleans are BOOLEAN, the
integer types INTEGER, all other primitives VARCHAR (ids and partial dates as they came); elements nest as STRUCT and
lists. `contained` has no one type and stays in `record_json` only; so does what repeats within itself more than
three times (extensions, items), since a column type has a fixed depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.fhir import schema
from lienthong.warehouse.engines.duckdb_expressions import Tree
from lienthong.warehouse.engines.sql_text import quoted
from lienthong.warehouse.sql_on_fhir.plan import Family, family
from lienthong.warehouse.sql_on_fhir.shape import Shape

__all__ = ["DECIMAL_SUFFIX", "HOUSEKEEPING", "FhirColumns", "holds"]

DECIMAL_SUFFIX = "_text"
HOUSEKEEPING: Mapping[str, str] = {
    "record_seq": "BIGINT",
    "record_version": "INTEGER",
    "record_time": "VARCHAR",
    "record_ai": "BOOLEAN",
    "record_json": "VARCHAR",
}
"""What the record knows of a resource, beside its elements; no FHIR name has an underscore inside."""

_TYPES = {Family.BOOLEAN: "BOOLEAN", Family.INTEGER: "INTEGER"}
_DEEPEST_SELF = 3


@dataclass(slots=True)
class _Node:
    """An object as it occurs: its FHIR type, the types around it, and its members (None: left to the JSON)."""

    type: str
    within: tuple[str, ...]
    members: dict[str, _Member | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Member:
    """A member that occurs: `node` for an object, None for a primitive."""

    name: str
    type: str
    is_list: bool
    is_decimal: bool
    node: _Node | None


class FhirColumns:
    """Notes which elements the resources of a type have, and then says the columns."""

    def __init__(self, resource_type: str) -> None:
        self._root = _Node(resource_type, ())

    def note(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Notes the elements of a resource and gives it as it goes to Parquet, its decimals standing twice."""
        return _noted(resource, self._root)

    def types(self) -> dict[str, str]:
        """The columns and their DuckDB types, in the order of the FHIR schema; `id` is always there."""
        columns = {"id": "VARCHAR"}
        columns.update(_types(self._root))
        return columns

    def tree(self) -> Tree:
        """The members that the columns have, for a view's SQL."""
        return {"id": None, **_tree(self._root)}


def holds(shape: Shape, resource_type: str) -> bool:
    """Whether a type's columns hold all that a view touches, or would if it occurred."""
    return _holds(shape, _Node(resource_type, ()))


def _holds(shape: Shape, node: _Node) -> bool:
    for name, touched in shape.members.items():
        member = _member(node, name)
        if member is None or (member.node is not None and not _holds(touched.shape, member.node)):
            return False
    return not shape.repeats


def _member(node: _Node, name: str) -> _Member | None:
    """The member of a type by its JSON name; None where it is left to the JSON."""
    if name == "resourceType":
        return None
    if name.startswith("_"):
        beside = schema.element(node.type, name[1:])
        found = None if beside is None else (name, "Element", beside.is_list)
    else:
        element = schema.element(node.type, name)
        found = None if element is None else (name, element.types[0], element.is_list)
    if found is None:
        return None
    type_name = found[1]
    kind = family(type_name)
    if kind is not Family.COMPLEX:
        return _Member(name, type_name, found[2], kind is Family.DECIMAL, None)
    if type_name == "Resource" or (*node.within, node.type).count(type_name) >= _DEEPEST_SELF:
        return None
    return _Member(name, type_name, found[2], False, _Node(type_name, (*node.within, node.type)))


def _noted(value: dict[str, Any], node: _Node) -> dict[str, Any]:
    members = node.members
    found: dict[str, Any] = {}
    for name, item in value.items():
        try:
            member = members[name]
        except KeyError:
            member = members[name] = _member(node, name)
        if member is None or item is None:
            continue
        inner = member.node
        if inner is None:
            found[name] = item
            if member.is_decimal:
                found[name + DECIMAL_SUFFIX] = [_text(part) for part in item] if member.is_list else _text(item)
        elif member.is_list:
            found[name] = [None if part is None else _noted(part, inner) for part in item]
        else:
            found[name] = _noted(item, inner)
    return found


def _text(value: int | Decimal) -> str:
    return value.text if isinstance(value, LexicalDecimal) else str(value)


def _present(node: _Node) -> Iterator[_Member]:
    """The members that occur, in the order of the schema and then by name, whatever came first."""
    order = {name: place for place, item in enumerate(schema.elements(node.type)) for name in item.json_names}
    present = [member for member in node.members.values() if member is not None]
    return iter(sorted(present, key=lambda member: (order.get(member.name.lstrip("_"), -1), member.name)))


def _types(node: _Node) -> dict[str, str]:
    columns: dict[str, str] = {}
    for member in _present(node):
        suffix = "[]" if member.is_list else ""
        if member.node is not None:
            inner = ", ".join(f"{quoted(name)} {type_name}" for name, type_name in _types(member.node).items())
            if inner:
                columns[member.name] = f"STRUCT({inner}){suffix}"
        elif member.is_decimal:
            columns[member.name] = f"DOUBLE{suffix}"
            columns[member.name + DECIMAL_SUFFIX] = f"VARCHAR{suffix}"
        else:
            columns[member.name] = _TYPES.get(family(member.type), "VARCHAR") + suffix
    return columns


def _tree(node: _Node) -> dict[str, Tree | None]:
    tree: dict[str, Tree | None] = {}
    for member in _present(node):
        if member.node is None:
            tree[member.name] = None
            if member.is_decimal:
                tree[member.name + DECIMAL_SUFFIX] = None
        elif inner := _tree(member.node):
            tree[member.name] = inner
    return tree
