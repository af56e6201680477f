"""FHIRPath trees to typed plan expressions, by FHIR's schema: the subset that SQL on FHIR asks for, and a bit more.

Supported: paths, choices by `ofType` or `as`, `where`, `exists`, `empty`, `not`, `first`, `last`, `count`, `join`,
`combine` (of parts of one element), `[n]`, `extension(url)`, `getResourceKey`, `getReferenceKey`, `lowBoundary`,
`highBoundary`, boolean operators, comparison, arithmetic, `&`, `is`, constants, `%rowIndex`, `%resource`, `$this`.
Anything else is `view-unsupported`, by name.
Source: SQL on FHIR v2, "Required FHIRPath expressions/functions", and FHIRPath N1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.fhir import schema
from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath import parse
from lienthong.warehouse.sql_on_fhir.plan import (
    Arithmetic,
    At,
    Boundary,
    Combine,
    Compare,
    Concat,
    Count,
    Empty,
    Exists,
    Expr,
    Family,
    Field,
    Join,
    Literal,
    Logic,
    Not,
    ReferenceKey,
    ResourceKey,
    RowIndex,
    Single,
    Var,
    Where,
    family,
    inexact,
    is_many,
)

__all__ = ["UNSUPPORTED", "WRONG_VIEW", "Scope", "expression", "path", "single"]

WRONG_VIEW = ErrorKind(
    "view-wrong",
    Category.INCORRECT,
    what="The view can't be run: {why}.",
    allowed="{allowed}",
    cure="Correct the ViewDefinition at that place (SQL on FHIR v2).",
)
UNSUPPORTED = ErrorKind(
    "view-unsupported",
    Category.UNSUPPORTED,
    what="The view uses {what}, which views do not support yet.",
    allowed="the paths and functions that SQL on FHIR v2 requires",
    cure="Write the path another way, or compute that column in SQL over the view.",
)

_NUMBERS = (Family.INTEGER, Family.DECIMAL)
_DATES = (Family.DATE, Family.DATETIME)
_LITERALS = {
    ast.LiteralKind.BOOLEAN: "boolean",
    ast.LiteralKind.STRING: "string",
    ast.LiteralKind.INTEGER: "integer",
    ast.LiteralKind.DECIMAL: "decimal",
    ast.LiteralKind.DATE: "date",
    ast.LiteralKind.DATETIME: "dateTime",
    ast.LiteralKind.TIME: "time",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at a place of the view: the item in focus, the resource, the row index, the constants."""

    this: Expr
    root: Var
    place: str
    constants: Mapping[str, Literal]
    row: int | None = None
    lenient: bool = False  # an unknown member is empty: the steps of a repeat need not exist everywhere
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def wrong(self, node: ast.Node, why: str, allowed: str = "") -> LienthongError:
        return WRONG_VIEW.at(f"{self.place}, column {node.at + 1}", why=why, allowed=allowed)

    def unsupported(self, node: ast.Node, what: str) -> LienthongError:
        return UNSUPPORTED.at(f"{self.place}, column {node.at + 1}", what=what)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A choice element that no type has been picked of."""

    name: str
    variants: tuple[Field, ...]


def path(text: object, scope: Scope) -> Expr:
    """The expression of a path of the view; a choice must have been narrowed to one type.

    Raises `fhirpath-syntax`, `view-wrong` and `view-unsupported` with the view's place and the column.
    """
    if not isinstance(text, str):
        raise WRONG_VIEW.at(scope.place, why="a path must be a text", allowed="a FHIRPath expression")
    try:
        tree = parse(text)
    except LienthongError as error:
        raise error.kind.at(
            f"{scope.place}, {error.where}",
            why=error.what.partition(": ")[2].removesuffix("."),
            allowed=error.allowed,
        ) from None
    return expression(tree, scope)


def expression(node: ast.Node, scope: Scope) -> Expr:
    """The typed expression of a tree."""
    found = _any(node, scope)
    if isinstance(found, _Choice):
        types = ", ".join(item.type for item in found.variants)
        raise scope.wrong(node, f"'{found.name}' may have several types", f"{found.name}.ofType(one of: {types})")
    return found


def single(expr: Expr, place: str) -> Expr:
    """The expression as one item or none, checked when the view runs where it can't be known before."""
    return Single(expr, place, expr.type) if is_many(expr) else expr


def _any(node: ast.Node, scope: Scope) -> Expr | _Choice:
    match node:
        case ast.Literal():
            return _literal(node, scope)
        case ast.Constant(name):
            return _constant(node, name, scope)
        case ast.Variable("$this"):
            return scope.this
        case ast.Variable(name):
            raise scope.unsupported(node, name)
        case ast.Member():
            return _member(node, scope)
        case ast.Call():
            return _call(node, scope)
        case ast.Index(tree, index):
            place = expression(index, scope)
            if not isinstance(place, Literal) or not isinstance(place.value, int) or place.value < 0:
                raise scope.wrong(index, "an index must be a whole number, 0 or more, or a constant that is one")
            items = expression(tree, scope)
            return At(items, place.value, items.type)
        case ast.Unary(operator, operand):
            number = _number(operand, scope)
            return number if operator == "+" else Arithmetic("-", Literal(0, "integer"), number, number.type)
        case ast.Binary():
            return _binary(node, scope)
        case ast.TypeOperation(operator, operand, type_name):
            narrowed = _of_type(_any(operand, scope), type_name, node, scope)
            return narrowed if operator == "as" else _exists(narrowed)


def _literal(node: ast.Literal, scope: Scope) -> Expr:
    if node.kind is ast.LiteralKind.EMPTY or node.value is None:
        return Empty()
    if node.kind is ast.LiteralKind.QUANTITY:
        raise scope.unsupported(node, "a quantity literal")
    return Literal(node.value, _LITERALS[node.kind])


def _constant(node: ast.Node, name: str, scope: Scope) -> Expr:
    if name in scope.constants:
        return scope.constants[name]
    if name == "rowIndex":
        return RowIndex(scope.row)
    if name in ("resource", "rootResource", "context"):
        return scope.root
    allowed = ", ".join(f"%{item}" for item in (*scope.constants, "rowIndex", "resource"))
    raise scope.wrong(node, f"there is no constant %{name}", allowed)


def _member(node: ast.Member, scope: Scope) -> Expr | _Choice:
    if node.input is None:
        if scope.this == scope.root and node.name == scope.root.type:
            return scope.root
        return _step(scope.this, node, scope)
    parent = _any(node.input, scope)
    if isinstance(parent, _Choice):
        types = ", ".join(item.type for item in parent.variants)
        raise scope.wrong(node, f"'{parent.name}' may have several types", f"{parent.name}.ofType(one of: {types})")
    return _step(parent, node, scope)


def _step(parent: Expr, node: ast.Member, scope: Scope) -> Expr | _Choice:
    name, kind = node.name, family(parent.type)
    if kind is Family.UNKNOWN:
        return Empty()
    if kind is not Family.COMPLEX:
        return _of_primitive(parent, node, scope)
    element = schema.element(parent.type, name)
    if element is None:
        if scope.lenient or isinstance(parent, Empty):
            return Empty()
        names = sorted(item.name for item in schema.elements(parent.type))
        raise scope.wrong(node, f"{parent.type} has no element '{name}'", ", ".join(names))
    if element.is_choice:
        pairs = zip(element.types, element.json_names, strict=True)
        return _Choice(name, tuple(Field(parent, json_name, code, element.is_list) for code, json_name in pairs))
    if element.choice:
        cure = f"{element.choice}.ofType({element.types[0]})"
        raise scope.wrong(node, f"'{name}' is a name of JSON, not of FHIRPath", cure)
    if len(element.types) != 1:
        raise scope.unsupported(node, f"'{name}', which has several types,")
    return Field(parent, name, element.types[0], element.is_list)


def _of_primitive(parent: Expr, node: ast.Member, scope: Scope) -> Expr:
    """`extension` and `id` of a primitive stand in JSON beside it, under its name with an underscore."""
    if node.name in ("extension", "id") and isinstance(parent, Field):
        beside = Field(parent.input, "_" + parent.name, "Element", parent.is_list)
        element = schema.element("Element", node.name)
        if element is not None:
            return Field(beside, node.name, element.types[0], element.is_list)
    raise scope.wrong(node, f"a {parent.type} has no element '{node.name}'", "extension, id")


def _of_type(found: Expr | _Choice, type_name: str, node: ast.Node, scope: Scope) -> Expr:
    name = type_name.removeprefix("FHIR.")
    if not schema.is_type(name):
        raise scope.wrong(node, f"'{type_name}' is no type of FHIR R4")
    if isinstance(found, _Choice):
        return next((item for item in found.variants if item.type == name), Empty(name))
    if found.type == "Resource" and name in schema.resource_types():
        var = next(scope.numbers)
        kind = Field(Var(var, found.type), "resourceType", "code", False)
        return Where(found, var, Compare("=", kind, Literal(name, "code"), Family.TEXT), name)
    if found.type and name in schema.ancestry(found.type):
        return found
    return Empty(name)


def _call(node: ast.Call, scope: Scope) -> Expr:
    if node.name in ("ofType", "as", "is"):
        name = _type_argument(node, scope)
        narrowed = _of_type(_input(node, scope), name, node, scope)
        return _exists(narrowed) if node.name == "is" else narrowed
    found = _input(node, scope)
    if isinstance(found, _Choice):
        if node.name in ("exists", "empty") and not node.arguments:
            return _choice_exists(found, node.name)
        types = ", ".join(item.type for item in found.variants)
        raise scope.wrong(node, f"'{found.name}' may have several types", f"{found.name}.ofType(one of: {types})")
    match node.name, len(node.arguments):
        case "where", 1:
            return _where(found, node.arguments[0], scope)
        case "exists", 1:
            return _exists(_where(found, node.arguments[0], scope))
        case "exists", 0:
            return _exists(found)
        case "empty", 0:
            return Not(_exists(found))
        case "not", 0:
            return Not(_condition(found, node, scope))
        case "count", 0:
            return Count(inexact(found))
        case "first", 0:
            return At(found, 0, found.type)
        case "last", 0:
            return At(found, -1, found.type)
        case "combine", 1:
            return _combine(found, node, scope)
        case "extension", 1:
            return _extension(found, node, scope)
        case "join", 0 | 1:
            return _join(found, node, scope)
        case "lowBoundary" | "highBoundary", 0:
            return _boundary(found, node, scope)
        case "getResourceKey", 0:
            if found != scope.root:
                raise scope.wrong(node, "getResourceKey() stands on the resource itself only")
            return ResourceKey(found)
        case "getReferenceKey", 0 | 1:
            return _reference_key(found, node, scope)
        case _:
            raise scope.unsupported(node, f"{node.name}() with {len(node.arguments)} arguments")


def _input(node: ast.Call, scope: Scope) -> Expr | _Choice:
    return scope.this if node.input is None else _any(node.input, scope)


def _exists(items: Expr) -> Expr:
    return Exists(inexact(items))


def _choice_exists(choice: _Choice, name: str) -> Expr:
    found: Expr = _exists(choice.variants[0])
    for item in choice.variants[1:]:
        found = Logic("or", found, _exists(item))
    return Not(found) if name == "empty" else found


def _type_argument(node: ast.Call, scope: Scope) -> str:
    if len(node.arguments) != 1:
        raise scope.wrong(node, f"{node.name}() takes one type")
    parts, tree = [], node.arguments[0]
    while isinstance(tree, ast.Member):
        parts.append(tree.name)
        if tree.input is None:
            return ".".join(reversed(parts))
        tree = tree.input
    raise scope.wrong(node, f"{node.name}() takes a type, such as Quantity")


def _where(items: Expr, tree: ast.Node, scope: Scope) -> Expr:
    var = next(scope.numbers)
    inner = replace(scope, this=Var(var, items.type))
    return Where(items, var, _condition(expression(tree, inner), tree, inner), items.type)


def _combine(found: Expr, node: ast.Call, scope: Scope) -> Expr:
    """Items of one element in an order of the view's own; those of different elements have columns of their own."""
    other = expression(node.arguments[0], scope)
    if isinstance(found, Empty) or isinstance(other, Empty):
        return other if isinstance(found, Empty) else found
    same = _element(found) == _element(other) and found.type == other.type
    if not same or not isinstance(_element(found), Field):
        raise scope.unsupported(node, "combine() of different elements")
    return Combine(found, other, found.type)


def _element(expr: Expr) -> Expr:
    """The element whose items an expression picks."""
    match expr:
        case Where(inner) | At(inner) | Combine(inner) | Single(inner):
            return _element(inner)
        case _:
            return expr


def _extension(found: Expr, node: ast.Call, scope: Scope) -> Expr:
    url = expression(node.arguments[0], scope)
    if not isinstance(url, Literal) or family(url.type) is not Family.TEXT:
        raise scope.wrong(node, "extension() takes the extension's url as a text or constant")
    items = _step(found, ast.Member(None, "extension", node.at), scope)
    assert not isinstance(items, _Choice)
    var = next(scope.numbers)
    return Where(
        items, var, Compare("=", Field(Var(var, items.type), "url", "uri", False), url, Family.TEXT), items.type
    )


def _join(found: Expr, node: ast.Call, scope: Scope) -> Expr:
    separator = expression(node.arguments[0], scope) if node.arguments else Literal("", "string")
    if not isinstance(separator, Literal) or not isinstance(separator.value, str):
        raise scope.wrong(node, "join() takes a text")
    _demand(found, (Family.TEXT,), node, scope)
    return Join(found, separator.value)


def _boundary(found: Expr, node: ast.Call, scope: Scope) -> Expr:
    if found.type == "Period":
        found = Field(found, "end" if node.name == "highBoundary" else "start", "dateTime", False)
    _demand(found, (*_NUMBERS, *_DATES, Family.TIME), node, scope)
    type_name = "decimal" if family(found.type) in _NUMBERS else found.type
    return Boundary(single(found, scope.place), node.name == "highBoundary", type_name)


def _reference_key(found: Expr, node: ast.Call, scope: Scope) -> Expr:
    target = _type_argument(node, scope).removeprefix("FHIR.") if node.arguments else ""
    if target and target not in schema.resource_types():
        raise scope.wrong(node, f"'{target}' is no resource type of FHIR R4")
    if isinstance(found, Empty):
        return Empty("string")
    if found.type != "Reference":
        raise scope.wrong(node, f"getReferenceKey() stands on a Reference, not on {found.type}")
    return ReferenceKey(found, target)


def _demand(expr: Expr, allowed: tuple[Family, ...], node: ast.Node, scope: Scope) -> None:
    kind = family(expr.type)
    if kind not in (*allowed, Family.UNKNOWN):
        names = ", ".join(item.value for item in allowed)
        raise scope.wrong(node, f"a value of type {expr.type} stands where {names} is needed", names)


def _condition(expr: Expr, node: ast.Node, scope: Scope) -> Expr:
    _demand(expr, (Family.BOOLEAN,), node, scope)
    return single(expr, scope.place)


def _number(node: ast.Node, scope: Scope) -> Expr:
    found = expression(node, scope)
    _demand(found, _NUMBERS, node, scope)
    return single(found, scope.place)


def _binary(node: ast.Binary, scope: Scope) -> Expr:
    operator = node.operator
    left, right = expression(node.left, scope), expression(node.right, scope)
    match operator:
        case "and" | "or" | "xor" | "implies":
            return Logic(operator, _condition(left, node.left, scope), _condition(right, node.right, scope))
        case "=" | "!=":
            equal = Compare("=", left, right, _common(left, right, node, scope))
            return equal if operator == "=" else Not(equal)
        case "<" | "<=" | ">" | ">=":
            kind = _common(left, right, node, scope)
            if kind is Family.BOOLEAN:
                raise scope.wrong(node, "booleans have no order")
            return Compare(operator, single(left, scope.place), single(right, scope.place), kind)
        case "&":
            return _concat(node, left, right, scope)
        case "+" if Family.TEXT in (family(left.type), family(right.type)):
            return _concat(node, left, right, scope)
        case "+" | "-" | "*" | "/":
            _demand(left, _NUMBERS, node.left, scope)
            _demand(right, _NUMBERS, node.right, scope)
            both = operator != "/" and family(left.type) is family(right.type) is Family.INTEGER
            type_name = "integer" if both else "decimal"
            return Arithmetic(operator, single(left, scope.place), single(right, scope.place), type_name)
        case _:
            raise scope.unsupported(node, f"the operator '{operator}'")


def _concat(node: ast.Binary, left: Expr, right: Expr, scope: Scope) -> Expr:
    _demand(left, (Family.TEXT,), node.left, scope)
    _demand(right, (Family.TEXT,), node.right, scope)
    return Concat(node.operator, single(left, scope.place), single(right, scope.place))


def _common(left: Expr, right: Expr, node: ast.Node, scope: Scope) -> Family:
    """The family by whose rules two values are compared."""
    kinds = {family(left.type), family(right.type)} - {Family.UNKNOWN}
    if Family.COMPLEX in kinds:
        raise scope.unsupported(node, "a comparison of whole elements")
    if len(kinds) <= 1:
        return next(iter(kinds), Family.TEXT)
    if kinds <= set(_NUMBERS):
        return Family.DECIMAL
    if kinds <= set(_DATES):
        return Family.DATETIME
    names = " and ".join(sorted(kind.value for kind in kinds))
    raise scope.wrong(node, f"{names} can't be compared")


def constant_value(value: object, type_name: str) -> bool | int | Decimal | str | None:
    """The value of a constant of the view in its type's family, or None where it does not fit."""
    kind = family(type_name)
    match value:
        case bool():
            return value if kind is Family.BOOLEAN else None
        case int():
            return value if kind in _NUMBERS else None
        case float() | Decimal():
            return Decimal(str(value)) if kind is Family.DECIMAL else None
        case str() if type_name == "integer64":  # stands as a text in JSON
            return int(value) if value.removeprefix("-").isdecimal() else None
        case str():
            return value if kind not in (Family.BOOLEAN, *_NUMBERS, Family.COMPLEX) else None
        case _:
            return None
