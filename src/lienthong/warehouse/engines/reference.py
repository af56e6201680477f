"""The oracle: a plain and slow interpreter of a view's plan over dicts, against which every fast engine is tested.

It is written for sureness, not speed: every expression gives a list of items, and nothing is optimised.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from lienthong.core.canonical import LexicalDecimal
from lienthong.core.errors import Category, ErrorKind
from lienthong.warehouse.sql_on_fhir.output import arrow_schema, sql_type
from lienthong.warehouse.sql_on_fhir.plan import (
    Arithmetic,
    At,
    Boundary,
    Column,
    Columns,
    Combine,
    Compare,
    Concat,
    Count,
    Cross,
    Empty,
    Exists,
    Expr,
    Family,
    Field,
    ForEach,
    Join,
    Literal,
    Logic,
    Not,
    ReferenceKey,
    Repeat,
    ResourceKey,
    RowIndex,
    Rows,
    Single,
    Union,
    Var,
    View,
    Where,
    family,
)
from lienthong.warehouse.sql_on_fhir.shape import NOT_FHIR, Misfit, Shape, check, laid_out, shape_of
from lienthong.warehouse.sql_on_fhir.values import (
    REFERENCE,
    TOO_LARGE,
    arithmetic,
    boundary,
    compare_dates,
    compare_times,
    number,
    number_text,
    text_of,
)

__all__ = ["MANY_VALUES", "Placed", "evaluate", "reached", "run"]

MANY_VALUES = ErrorKind(
    "view-many-values",
    Category.INCORRECT,
    what="A path of the view gives more than one value for one row, and one is wanted.",
    allowed="one value or none; or collection: true",
    cure="Add .first() or .where(...) to the path, put it under forEach, or make the column a collection.",
)
_REFERENCE = re.compile(REFERENCE)

Placed = tuple[str, dict[str, Any]]
"""A resource with the place it came from, e.g. `Patient.ndjson line 2`."""

Env = Mapping[int, list[Any]]
Indexes = Mapping[int, int]
_BATCH = 2048


def run(view: View, resources: Iterable[Placed]) -> Iterator[pa.RecordBatch]:
    """The rows of a view over resources of its type (others are left out), in batches."""
    schema, shape = arrow_schema(view), shape_of(view)
    chosen = (item for item in resources if item[1].get("resourceType") == view.resource)
    while batch := list(itertools.islice(chosen, _BATCH)):
        rows = [row for place, resource in batch for row in _of_resource(view, shape, place, resource)]
        columns = [[row[number] for row in rows] for number in range(len(view.columns))]
        arrays = [pa.array(items, type=field.type) for items, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _of_resource(view: View, shape: Shape, place: str, resource: dict[str, Any]) -> list[tuple[Any, ...]]:
    try:
        check(resource, shape)
        laid_out(resource, shape, reached)  # the items of repeats are checked on the way
    except Misfit as error:
        raise NOT_FHIR.at(place, why=str(error)) from None
    env: Env = {0: [resource]}
    if all(evaluate(condition, env, {}) == [True] for condition in view.where):
        return list(_rows(view.rows, env, {}))
    return []


def _rows(rows: Rows, env: Env, at: Indexes) -> Iterator[tuple[Any, ...]]:
    match rows:
        case Columns(columns):
            yield tuple(_cell(column, evaluate(column.expr, env, at)) for column in columns)
        case ForEach(var, items, or_null, body):
            found = evaluate(items, env, at)
            for place, item in enumerate(found):
                yield from _rows(body, {**env, var: [item]}, {**at, var: place})
            if or_null and not found:
                yield from _rows(body, {**env, var: []}, {**at, var: 0})
        case Repeat(var, body=body):
            found = [item for focus in evaluate(rows.focus, env, at) for item in reached(rows, focus)]
            for place, item in enumerate(found):
                yield from _rows(body, {**env, var: [item]}, {**at, var: place})
        case Cross(parts):
            for combination in itertools.product(*(list(_rows(part, env, at)) for part in parts)):
                yield tuple(itertools.chain.from_iterable(combination))
        case Union(branches):
            for branch in branches:
                yield from _rows(branch, env, at)


def reached(repeat: Repeat, focus: Any) -> Iterator[Any]:
    """The items that the steps of a repeat reach from a focus, parents before their children, in document order."""

    def children(item: Any, type_name: str) -> list[Any]:
        steps = repeat.steps.get(type_name, ())
        return [child for step in steps for child in evaluate(step, {repeat.step_var: [item]}, {})]

    waiting = children(focus, repeat.focus.type)[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(children(item, repeat.type)[::-1])


def _cell(column: Column, items: list[Any]) -> Any:
    convert = _CONVERT[sql_type(column)]
    converted = [convert(item) for item in items]
    return converted if column.collection else next(iter(converted), None)


def _text(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else text_of(item)


def _date(item: str) -> date | None:
    try:
        return date.fromisoformat(item[:10]) if len(item) >= 10 else None
    except ValueError:
        return None


def _timestamp(item: str) -> datetime | None:
    try:
        return datetime.fromisoformat(item[:19]) if len(item) >= 10 else None
    except ValueError:
        return None


def _integer(item: Any, bits: int = 32) -> int:
    found = int(number(item))
    if not -(2 ** (bits - 1)) <= found < 2 ** (bits - 1):
        raise TOO_LARGE.at("an arithmetic or comparison of the view")
    return found


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "VARCHAR": _text,
    "BOOLEAN": bool,
    "INTEGER": _integer,
    "BIGINT": lambda item: _integer(item, 64),
    "DOUBLE": lambda item: float(text_of(item)),
    "DATE": _date,
    "TIMESTAMP": _timestamp,
}


def evaluate(expr: Expr, env: Env, at: Indexes) -> list[Any]:
    """The items of an expression: `env` binds the variables, `at` the row indexes."""

    def items(inner: Expr) -> list[Any]:
        return evaluate(inner, env, at)

    match expr:
        case Var(number_):
            return env[number_]
        case RowIndex(number_):
            return [0 if number_ is None else at[number_]]
        case Literal(value):
            return [value]
        case Empty():
            return []
        case Field(inner, name):
            return [found for item in items(inner) for found in _member(item, name)]
        case Where(inner, var, condition):
            return [item for item in items(inner) if evaluate(condition, {**env, var: [item]}, at) == [True]]
        case Combine(left, right):
            return items(left) + items(right)
        case At(inner, index):
            found = items(inner)
            return found[index : index + 1 or None]
        case Single(inner, place):
            found = items(inner)
            if len(found) > 1:
                raise MANY_VALUES.at(place)
            return found
        case Exists(inner):
            return [bool(items(inner))]
        case Count(inner):
            return [len(items(inner))]
        case Not(inner):
            return [not item for item in items(inner)]
        case Logic(operator, left, right):
            return _logic(operator, items(left), items(right))
        case Compare(operator, left, right, kind):
            return _compare(operator, items(left), items(right), kind)
        case Arithmetic(operator, left, right, type_name):
            return _arithmetic(operator, items(left), items(right), type_name)
        case Concat(operator, left, right):
            one, other = items(left), items(right)
            return ["".join(one + other)] if operator == "&" or (one and other) else []
        case Join(inner, separator):
            found = items(inner)
            return [separator.join(found)] if found else []
        case Boundary(inner, high, type_name):
            results = (boundary(_kind(type_name), item, high) for item in items(inner))
            return [item for item in results if item is not None]
        case ResourceKey(inner):
            return [f"{item['resourceType']}/{item['id']}" for item in items(inner) if "id" in item]
        case ReferenceKey(inner, target):
            return [key for item in items(inner) for key in _key(item, target)]


def _member(item: Any, name: str) -> list[Any]:
    if not isinstance(item, dict):
        raise Misfit(f"what holds '{name}' must be an object")
    value = item.get(name)
    found = value if isinstance(value, list) else [value]
    return [entry for entry in found if entry is not None]


def _key(reference: dict[str, Any], target: str) -> list[str]:
    match = _REFERENCE.fullmatch(reference.get("reference") or "")
    if not match or (target and not match[1].startswith(target + "/")):
        return []
    return [match[1]]


def _kind(type_name: str) -> str:
    kind = family(type_name)
    return {Family.DECIMAL: "decimal", Family.DATE: "date", Family.TIME: "time"}.get(kind, "dateTime")


def _logic(operator: str, one: list[Any], other: list[Any]) -> list[bool]:
    left, right = (one[0] if one else None), (other[0] if other else None)
    if operator == "implies":
        operator, left = "or", None if left is None else not left
    if operator == "and":
        if left is False or right is False:
            return [False]
        return [] if left is None or right is None else [True]
    if operator == "or":
        if left is True or right is True:
            return [True]
        return [] if left is None or right is None else [False]
    return [] if left is None or right is None else [left is not right]


def _compare(operator: str, one: list[Any], other: list[Any], kind: Family) -> list[bool]:
    if not one or not other:
        return []
    if operator == "=":
        if len(one) != len(other):
            return [False]
        orders = [_order(left, right, kind) for left, right in zip(one, other, strict=True)]
        if any(order not in (0, None) for order in orders):
            return [False]
        return [] if None in orders else [True]
    order = _order(one[0], other[0], kind)
    if order is None:
        return []
    return [{"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator]]


def _order(left: Any, right: Any, kind: Family) -> int | None:
    if kind in (Family.DATE, Family.DATETIME):
        return compare_dates(left, right)
    if kind is Family.TIME:
        return compare_times(left, right)
    if kind in (Family.INTEGER, Family.DECIMAL):
        left, right = number(left), number(right)
    return int(left > right) - int(left < right)


def _arithmetic(operator: str, one: list[Any], other: list[Any], type_name: str) -> list[Any]:
    if not one or not other:
        return []
    result = arithmetic(operator, number(one[0]), number(other[0]))
    if result is None:
        return []
    return [int(result)] if type_name == "integer" else [LexicalDecimal(number_text(result))]
