"""The typed plan of a view: what every engine runs, with all names, types and choices already resolved.

Expressions give collections. `many` says whether more than one item is possible; an expression that is not many
gives one item or none. Types are names of FHIR R4 (`dateTime`, `HumanName`, `Observation.component`); an empty name
stands for a type that nothing is known about, whose members are all empty. Conditions are three-valued: true, false
or empty, as in FHIRPath and SQL alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum

from lienthong.fhir import schema

__all__ = [
    "Arithmetic",
    "At",
    "Boundary",
    "Column",
    "Columns",
    "Combine",
    "Compare",
    "Concat",
    "Count",
    "Cross",
    "Empty",
    "Exists",
    "Expr",
    "Family",
    "Field",
    "ForEach",
    "Join",
    "Literal",
    "Logic",
    "Not",
    "ReferenceKey",
    "Repeat",
    "ResourceKey",
    "RowIndex",
    "Rows",
    "Single",
    "Union",
    "Var",
    "View",
    "Where",
    "columns_of",
    "family",
    "indexed",
    "inexact",
    "is_many",
]


class Family(Enum):
    """The kinds of values that operators tell apart."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "string"
    DATE = "date"
    DATETIME = "dateTime"
    TIME = "time"
    COMPLEX = "element"
    UNKNOWN = "unknown"


_FAMILIES = {
    "boolean": Family.BOOLEAN,
    "integer": Family.INTEGER,
    "integer64": Family.INTEGER,  # R4 has none, but a constant or column of a view may be one
    "positiveInt": Family.INTEGER,
    "unsignedInt": Family.INTEGER,
    "decimal": Family.DECIMAL,
    "date": Family.DATE,
    "dateTime": Family.DATETIME,
    "instant": Family.DATETIME,
    "time": Family.TIME,
    "": Family.UNKNOWN,
}


def family(type_name: str) -> Family:
    """The family of a FHIR type: all other primitives are text, everything else is complex."""
    return _FAMILIES.get(type_name) or (Family.TEXT if schema.is_primitive(type_name) else Family.COMPLEX)


@dataclass(frozen=True, slots=True)
class Var:
    """One item that rows or a `where` bind: 0 is the resource, each ForEach, Repeat and Where has a number."""

    id: int
    type: str


@dataclass(frozen=True, slots=True)
class RowIndex:
    """The 0-based place of the item that the rows `id` stand on; `None` outside of any: 0."""

    id: int | None
    type: str = "integer"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant or literal: bool, int, Decimal, or text (dates and times too)."""

    value: bool | int | Decimal | str
    type: str


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing, e.g. `ofType` of a type that the element can't have."""

    type: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of each item; `is_list` where it stands as an array.

    `exact` is false where the digits of a decimal do not matter: its double will do, or that it is there at all.
    """

    input: Expr
    name: str
    type: str
    is_list: bool
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Where:
    """The items for which the condition over `Var(var)` is true; `type` may be narrower than the input's."""

    input: Expr
    var: int
    condition: Expr
    type: str


@dataclass(frozen=True, slots=True)
class Combine:
    """The items of one, then those of the other, twice what stands in both; both are parts of one element."""

    left: Expr
    right: Expr
    type: str


@dataclass(frozen=True, slots=True)
class At:
    """The item at a 0-based place, counted from the end where it is negative (-1 is the last), or none."""

    input: Expr
    index: int
    type: str


@dataclass(frozen=True, slots=True)
class Single:
    """The one item or none; more than one is an error when the view runs. `place` says which path demands it."""

    input: Expr
    place: str
    type: str


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether there is any item."""

    input: Expr
    type: str = "boolean"


@dataclass(frozen=True, slots=True)
class Count:
    """How many items there are."""

    input: Expr
    type: str = "integer"


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a condition; empty stays empty."""

    input: Expr
    type: str = "boolean"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`, `xor`, `implies` of two conditions, three-valued."""

    operator: str
    left: Expr
    right: Expr
    type: str = "boolean"


@dataclass(frozen=True, slots=True)
class Compare:
    """`=` (collections) or `<`, `<=`, `>`, `>=` (single items) by the rules of a family of values."""

    operator: str
    left: Expr
    right: Expr
    family: Family
    type: str = "boolean"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+`, `-`, `*`, `/` of two single numbers."""

    operator: str
    left: Expr
    right: Expr
    type: str


@dataclass(frozen=True, slots=True)
class Concat:
    """Two single texts, one after the other: `+` is empty where one is, `&` takes an empty one for no text."""

    operator: str
    left: Expr
    right: Expr
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Join:
    """The texts joined by a separator; empty where there are none."""

    input: Expr
    separator: str
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The lowest or highest value that a single decimal, date or time can mean at its precision."""

    input: Expr
    high: bool
    type: str


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """`Type/id` of the resource."""

    input: Expr
    type: str = "string"


@dataclass(frozen=True, slots=True)
class ReferenceKey:
    """`Type/id` of each relative literal reference, of one type where `target` is given."""

    input: Expr
    target: str
    type: str = "string"


Expr = (
    Var
    | RowIndex
    | Literal
    | Empty
    | Field
    | Where
    | Combine
    | At
    | Single
    | Exists
    | Count
    | Not
    | Logic
    | Compare
    | Arithmetic
    | Concat
    | Join
    | Boundary
    | ResourceKey
    | ReferenceKey
)


def inexact(expr: Expr) -> Expr:
    """The same items, for a use to which the digits of a decimal do not matter."""
    match expr:
        case Field():
            return replace(expr, exact=False)
        case Where(input) | At(input) | Single(input):
            return replace(expr, input=inexact(input))
        case Combine(left, right):
            return replace(expr, left=inexact(left), right=inexact(right))
        case _:
            return expr


def is_many(expr: Expr) -> bool:
    """Whether an expression may give more than one item."""
    match expr:
        case Field(input, _, _, is_list):
            return is_list or is_many(input)
        case Where(input) | ReferenceKey(input):
            return is_many(input)
        case Combine():
            return True
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its FHIR type, whether it holds all items as a list, and the SQL type a tag asks for (or "")."""

    name: str
    type: str
    collection: bool
    expr: Expr
    place: str
    sql_type: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """One row."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class ForEach:
    """The rows of the body for each item; with `or_null`, for an empty item where there is none."""

    var: int
    items: Expr
    or_null: bool
    body: Rows


@dataclass(frozen=True, slots=True)
class Repeat:
    """The rows of the body for each item that the steps reach from the focus, again and again, parents first.

    `steps` are the paths over `Var(step_var)` by the type they start at: the focus's, then the items' own.
    """

    var: int
    focus: Expr
    step_var: int
    steps: Mapping[str, tuple[Expr, ...]]
    type: str
    body: Rows


@dataclass(frozen=True, slots=True)
class Cross:
    """Every combination of the rows of the parts."""

    parts: tuple[Rows, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of one branch after the other; all have the same columns."""

    branches: tuple[Rows, ...]


Rows = Columns | ForEach | Repeat | Cross | Union


@dataclass(frozen=True, slots=True)
class View:
    """A whole view: its resource type, the conditions on a resource, and its rows and columns in order."""

    name: str
    resource: str
    where: tuple[Expr, ...]
    rows: Rows
    columns: tuple[Column, ...]


def columns_of(rows: Rows) -> tuple[Column, ...]:
    """The columns of rows, in the order of the specification."""
    match rows:
        case Columns(columns):
            return columns
        case ForEach(body=body) | Repeat(body=body):
            return columns_of(body)
        case Cross(parts):
            return tuple(column for part in parts for column in columns_of(part))
        case Union(branches):
            return columns_of(branches[0])


def indexed(rows: Rows) -> frozenset[int]:
    """The numbers of the rows whose place something asks for (`%rowIndex`)."""

    def found(part: object) -> Iterator[int]:
        if isinstance(part, RowIndex):
            if part.id is not None:
                yield part.id
        elif isinstance(part, tuple):
            for item in part:
                yield from found(item)
        elif is_dataclass(part):
            for item in fields(part):
                yield from found(getattr(part, item.name))

    return frozenset(found(rows))
