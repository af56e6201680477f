"""The syntax tree of a FHIRPath expression: frozen nodes, each with the offset in the text where it began.

The tree says only what was written; what a name means is decided by who reads the tree (a view's plan, an evaluator).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

__all__ = [
    "Binary",
    "Call",
    "Constant",
    "Index",
    "Literal",
    "LiteralKind",
    "Member",
    "Node",
    "TypeOperation",
    "Unary",
    "Variable",
]


class LiteralKind(Enum):
    """What kind of value a literal is; dates and times keep their text, and so their precision."""

    EMPTY = "{}"
    BOOLEAN = "Boolean"
    STRING = "String"
    INTEGER = "Integer"
    DECIMAL = "Decimal"
    DATE = "Date"
    DATETIME = "DateTime"
    TIME = "Time"
    QUANTITY = "Quantity"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the expression; `unit` only with a quantity (a UCUM code, or a word such as `days`)."""

    kind: LiteralKind
    value: bool | int | Decimal | str | None
    at: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """`%name`: a constant of the environment."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$this`, `$index` or `$total`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Member:
    """A name after a point (or, with no input, a first name: a member of the context or its type)."""

    input: Node | None
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function on its input (or on the context, with no input)."""

    input: Node | None
    name: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Index:
    """`input[index]`."""

    input: Node
    index: Node
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`+` or `-` before an expression."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and the operator between them; `at` is the operator's offset."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class TypeOperation:
    """`operand is Type` or `operand as Type`; the type as written, e.g. `FHIR.Quantity`."""

    operator: str
    operand: Node
    type: str
    at: int


Node = Literal | Constant | Variable | Member | Call | Index | Unary | Binary | TypeOperation
