"""A ViewDefinition (JSON) checked and compiled to its plan; every fault is named with its place in the view.

Source: SQL on FHIR v2, ViewDefinition and its validation and processing algorithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lienthong.fhir import schema
from lienthong.warehouse.sql_on_fhir.head import (
    check_head,
    check_members,
    check_profiles,
    constants,
    list_of,
    named,
    object_of,
)
from lienthong.warehouse.sql_on_fhir.output import ALLOWED_SQL_TYPES
from lienthong.warehouse.sql_on_fhir.paths import UNSUPPORTED, WRONG_VIEW, Scope, path, single
from lienthong.warehouse.sql_on_fhir.plan import (
    At,
    Column,
    Columns,
    Cross,
    Empty,
    Expr,
    Family,
    ForEach,
    Repeat,
    Rows,
    Single,
    Union,
    Var,
    View,
    Where,
    columns_of,
    family,
    inexact,
)

__all__ = ["compile_view"]

_SELECT = frozenset({"column", "select", "forEach", "forEachOrNull", "repeat", "unionAll"})
_COLUMN = frozenset({"name", "path", "type", "collection", "description", "tag"})
_WHERE = frozenset({"path", "description"})
_TAG = frozenset({"name", "value"})
_ROWS = ("forEach", "forEachOrNull", "repeat")
_SQL_TYPES = {
    "CHARACTER VARYING": "VARCHAR",
    "VARCHAR": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "INTEGER": "INTEGER",
    "INT": "INTEGER",
    "BIGINT": "BIGINT",
    "DOUBLE PRECISION": "DOUBLE",
    "DOUBLE": "DOUBLE",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}


def compile_view(view: object) -> View:
    """The plan of a ViewDefinition as parsed JSON.

    Raises `view-wrong`, `view-unsupported` and `fhirpath-syntax`, each with its place (`select[0].column[1].path,
    column 7`).
    """
    definition = object_of(view, "view")
    resource = check_head(definition)
    root = Var(0, resource)
    scope = Scope(root, root, "", constants(definition))
    where = []
    for number, item in enumerate(list_of(definition, "where", "")):
        place = f"where[{number}]"
        check_members(object_of(item, place), _WHERE, place)
        condition = path(item.get("path"), replace(scope, place=f"{place}.path"))
        if family(condition.type) not in (Family.BOOLEAN, Family.UNKNOWN):
            raise WRONG_VIEW.at(f"{place}.path", why="a condition must be true or false", allowed="boolean")
        where.append(single(condition, f"{place}.path"))
    selects = list_of(definition, "select", "")
    if not selects:
        raise WRONG_VIEW.at("select", why="a view selects at least one column", allowed="select: [{column: [...]}]")
    parts = [_select(item, f"select[{number}]", scope) for number, item in enumerate(selects)]
    rows = parts[0] if len(parts) == 1 else Cross(tuple(parts))
    columns = columns_of(rows)
    if not columns:
        raise WRONG_VIEW.at("select", why="a view selects at least one column", allowed="select: [{column: [...]}]")
    seen: set[str] = set()
    for column in columns:
        # names are compared as SQL does, without case
        if column.name.lower() in seen:
            raise WRONG_VIEW.at(column.place, why=f"two columns are named '{column.name}'", allowed="unique names")
        seen.add(column.name.lower())
    check_profiles(definition)
    return View(definition.get("name", "view"), resource, tuple(where), rows, columns)


def _select(item: object, place: str, scope: Scope) -> Rows:
    select = object_of(item, place)
    check_members(select, _SELECT, place)
    given = [name for name in _ROWS if name in select]
    if len(given) > 1:
        raise WRONG_VIEW.at(place, why=f"{' and '.join(given)} exclude each other", allowed="one of them")
    if not given:
        return _body(select, place, scope)
    if given[0] == "repeat":
        return _repeat(select, place, scope)
    items = path(select[given[0]], replace(scope, place=f"{place}.{given[0]}"))
    var = next(scope.numbers)
    body = _body(select, place, replace(scope, this=Var(var, items.type), row=var))
    return ForEach(var, items, given[0] == "forEachOrNull", body)


def _body(select: Mapping[str, Any], place: str, scope: Scope) -> Rows:
    parts: list[Rows] = []
    columns = list_of(select, "column", place)
    if columns:
        found = (_column(item, f"{place}.column[{number}]", scope) for number, item in enumerate(columns))
        parts.append(Columns(tuple(found)))
    for number, item in enumerate(list_of(select, "select", place)):
        parts.append(_select(item, f"{place}.select[{number}]", scope))
    branches = list_of(select, "unionAll", place)
    if branches:
        found_branches = [_select(item, f"{place}.unionAll[{number}]", scope) for number, item in enumerate(branches)]
        _check_union([columns_of(branch) for branch in found_branches], f"{place}.unionAll")
        parts.append(Union(tuple(found_branches)))
    return parts[0] if len(parts) == 1 else Cross(tuple(parts))


def _check_union(branches: list[tuple[Column, ...]], place: str) -> None:
    first = branches[0]
    for number, columns in enumerate(branches):
        if [item.name for item in columns] != [item.name for item in first]:
            raise WRONG_VIEW.at(
                f"{place}[{number}]",
                why="the branches of a unionAll have different columns",
                allowed=", ".join(item.name for item in first),
            )
        for one, other in zip(first, columns, strict=True):
            if one.collection != other.collection or _output(one) != _output(other):
                raise WRONG_VIEW.at(other.place, why=f"'{one.name}' has another type in the first branch")


def _output(column: Column) -> Family | str:
    """What of a column's type shows in its values: all text, dates and times are text."""
    kind = family(column.type)
    return column.sql_type or (kind if kind in (Family.BOOLEAN, Family.INTEGER, Family.DECIMAL) else Family.TEXT)


def _repeat(select: Mapping[str, Any], place: str, scope: Scope) -> Rows:
    texts = list_of(select, "repeat", place)
    if not texts:
        raise WRONG_VIEW.at(f"{place}.repeat", why="a repeat needs at least one path", allowed='["item"]')
    step_var = next(scope.numbers)
    steps: dict[str, tuple[Expr, ...]] = {}
    waiting, reached = [scope.this.type], ""
    while waiting:
        type_name = waiting.pop()
        found = []
        for number, text in enumerate(texts):
            inner = replace(
                scope, this=Var(step_var, type_name), place=f"{place}.repeat[{number}]", lenient=True, row=None
            )
            step = path(text, inner)
            if isinstance(step, Empty):
                continue
            if _stays(step):
                why = "the path leads to the item itself, so it would never end"
                raise WRONG_VIEW.at(f"{place}.repeat[{number}]", why=why, allowed="a path to members, e.g. item")
            if reached and step.type != reached:
                raise UNSUPPORTED.at(f"{place}.repeat[{number}]", what=f"a repeat over {reached} and {step.type}")
            reached = step.type
            found.append(step)
        steps[type_name] = tuple(found)
        if reached and reached not in steps and not waiting:
            waiting.append(reached)
    var = next(scope.numbers)
    body = _body(select, place, replace(scope, this=Var(var, reached), row=var))
    return Repeat(var, scope.this, step_var, steps, reached, body)


def _stays(step: Expr) -> bool:
    """Whether a path leads to no member: `$this`, also narrowed by conditions."""
    while isinstance(step, Where | At | Single):
        step = step.input
    return isinstance(step, Var)


def _column(item: object, place: str, scope: Scope) -> Column:
    column = object_of(item, place)
    check_members(column, _COLUMN, place)
    name = named(column, place, "column")
    collection = column.get("collection", False)
    if not isinstance(collection, bool):
        raise WRONG_VIEW.at(f"{place}.collection", why="it must be true or false", allowed="true, false")
    where = f"{place}.path"
    expr = path(column.get("path"), replace(scope, place=where))
    type_name = column.get("type") or expr.type or "string"
    if not isinstance(type_name, str):
        raise WRONG_VIEW.at(f"{place}.type", why="a type must be a text", allowed="a primitive type of FHIR R4")
    type_name = type_name.removeprefix("http://hl7.org/fhir/StructureDefinition/")
    if family(expr.type) is Family.COMPLEX:
        raise UNSUPPORTED.at(where, what=f"a column of the complex type {expr.type}")
    if not (schema.is_primitive(type_name) or type_name == "integer64"):
        raise WRONG_VIEW.at(f"{place}.type", why="a column has a primitive type", allowed="e.g. string, dateTime")
    _check_type(expr, type_name, f"{place}.type")
    if not collection:
        expr = single(expr, where)
    sql_type = _tag(column, expr.type, place)
    if sql_type == "DOUBLE":
        expr = inexact(expr)
    return Column(name, type_name, collection, expr, where, sql_type)


def _check_type(expr: Expr, type_name: str, place: str) -> None:
    have, want = family(expr.type), family(type_name)
    plain = (Family.BOOLEAN, Family.INTEGER, Family.DECIMAL)
    if have is Family.UNKNOWN or have is want or want is Family.TEXT:
        return
    if have is Family.INTEGER and want is Family.DECIMAL:
        return
    if have not in plain and want not in plain:
        return
    raise WRONG_VIEW.at(place, why=f"the path gives {expr.type}, not {type_name}", allowed=expr.type)


def _tag(column: Mapping[str, Any], type_name: str, place: str) -> str:
    """The SQL type that a tag `ansi/type` asks for, where the values of the path can be given so."""
    possible = ALLOWED_SQL_TYPES.get(family(type_name), frozenset(_SQL_TYPES.values()))
    for number, item in enumerate(list_of(column, "tag", place)):
        tag = object_of(item, f"{place}.tag[{number}]")
        check_members(tag, _TAG, f"{place}.tag[{number}]")
        if tag.get("name") == "ansi/type":
            value = str(tag.get("value", "")).upper()
            if value not in _SQL_TYPES:
                raise WRONG_VIEW.at(
                    f"{place}.tag[{number}]", why="the SQL type is not known here", allowed=", ".join(_SQL_TYPES)
                )
            if _SQL_TYPES[value] not in possible:
                why = f"a value of type {type_name} can't be given as {value}"
                raise WRONG_VIEW.at(f"{place}.tag[{number}]", why=why, allowed=", ".join(sorted(possible)))
            return _SQL_TYPES[value]
    return ""
