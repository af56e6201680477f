"""A view's plan as one plain DuckDB SELECT over explicit typed columns.

One item is a nullable value, several are a list. Rows of nested `forEach` are unnested step by step; the branches of
a `unionAll` become a list of structs that is unnested once, so that a resource is read once and its rows stay in
order. Nothing of a resource's text is parsed here: whoever gives the source names its columns and their types.
"""

# ruff: noqa: S608  (SQL is made of a checked plan; every name is quoted and every text a literal)

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from lienthong.warehouse.engines.duckdb_expressions import NOTHING, Env, Tree, Value, Writer, as_list, value_of
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.output import sql_type
from lienthong.warehouse.sql_on_fhir.plan import (
    Column,
    Columns,
    Cross,
    Expr,
    Field,
    ForEach,
    Repeat,
    Rows,
    Union,
    View,
    columns_of,
    indexed,
)
from lienthong.warehouse.sql_on_fhir.shape import repeat_name

__all__ = ["select"]


def select(view: View, source: str, tree: Tree | None = None, decimal_suffix: str = "") -> str:
    """The SELECT of a view over `source`: a relation whose columns are the members of the view's resource.

    `tree` are the members that it has (None: all that the view touches); others are empty. Where decimals stand as
    text beside a double, `decimal_suffix` is what the text's name ends in.
    """
    writer = Writer(view.resource, decimal_suffix)
    env = Env({0: Value("", False, tree)}, {})
    conditions = [_condition(writer, item, env) for item in view.where]
    start = f"SELECT * FROM {source}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
    stage, columns = _stage(writer, view.rows, start, env)
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns)
    return f"SELECT {listed} FROM ({stage})"


def _condition(writer: Writer, expr: Expr, env: Env) -> str:
    value = value_of(writer, expr, env)
    return "FALSE" if value.sql is None else value.sql


def _stage(writer: Writer, rows: Rows, source: str, env: Env) -> tuple[str, list[tuple[str, str]]]:
    """The query that has these rows, after the query `source`, and the SQL of the columns over it."""
    match rows:
        case Columns(columns):
            return source, [(column.name, _cell(writer, column, env)) for column in columns]
        case Cross(parts):
            found: list[tuple[str, str]] = []
            for part in parts:
                source, columns_of_part = _stage(writer, part, source, env)
                found += columns_of_part
            return source, found
        case ForEach() | Repeat():
            item, index = writer.name("f"), writer.name("i")
            items, or_null, body = _items(writer, rows, env)
            if items.sql is None:
                inner, columns_of_body = _stage(writer, body, source, env.bind(rows.var, NOTHING, "0"))
                return (inner if or_null else f"SELECT * FROM ({inner}) WHERE FALSE"), columns_of_body
            if items.is_row:
                if items.guard and not or_null:
                    source, items = f"SELECT * FROM ({source}) WHERE {items.guard}", replace(items, guard="")
                return _stage(writer, body, source, env.bind(rows.var, items, "0"))
            items_sql = as_list(writer, items)
            if or_null:
                items_sql = _or_null(writer, items_sql)
            place = f", generate_subscripts({items_sql}, 1) - 1 AS {index}" if rows.var in indexed(body) else ""
            stage = f"SELECT *, unnest({items_sql}) AS {item}{place} FROM ({source})"
            return _stage(writer, body, stage, env.bind(rows.var, Value(item, False, items.tree), index))
        case Union():
            row = writer.name("u")
            stage = f"SELECT *, unnest({_row_list(writer, rows, env)}) AS {row} FROM ({source})"
            names = [column.name for column in columns_of(rows)]
            return stage, [(name, f"struct_extract({row}, {text_literal(name)})") for name in names]


def _or_null(writer: Writer, items: str) -> str:
    """A list with one empty item where there is none."""
    return writer.let((items,), lambda found: f"CASE WHEN len({found}) > 0 THEN {found} ELSE [NULL] END")


def _items(writer: Writer, rows: ForEach | Repeat, env: Env) -> tuple[Value, bool, Rows]:
    if isinstance(rows, ForEach):
        return value_of(writer, rows.items, env), rows.or_null, rows.body
    focus = Field(rows.focus, repeat_name(rows), rows.type, True)
    return (value_of(writer, focus, env) if rows.type else NOTHING), False, rows.body


def _row_list(writer: Writer, rows: Rows, env: Env) -> str:
    """Rows as a list of structs."""
    match rows:
        case Columns(columns):
            return f"[{_struct((column.name, _cell(writer, column, env)) for column in columns)}]"
        case ForEach() | Repeat():
            items, or_null, body = _items(writer, rows, env)
            if items.sql is None:
                inner = _row_list(writer, body, env.bind(rows.var, NOTHING, "0"))
                return inner if or_null else f"list_filter({inner}, lambda {writer.name('x')}: FALSE)"
            if items.is_row:
                inner = _row_list(
                    writer, body, env.bind(rows.var, items if or_null else replace(items, guard=""), "0")
                )
                if or_null or not items.guard:
                    return inner
                return f"list_filter({inner}, lambda {writer.name('x')}: {items.guard})"
            item, index = writer.name("v"), writer.name("i")
            items_sql = f"coalesce({as_list(writer, items)}, [])"
            if or_null:
                items_sql = _or_null(writer, items_sql)
            inner = _row_list(writer, body, env.bind(rows.var, Value(item, False, items.tree), f"({index} - 1)"))
            return f"flatten(list_transform({items_sql}, lambda {item}, {index}: {inner}))"
        case Cross(parts):
            found, names = _row_list(writer, parts[0], env), [column.name for column in columns_of(parts[0])]
            for part in parts[1:]:
                one, other = writer.name("a"), writer.name("b")
                more = [column.name for column in columns_of(part)]
                both = _struct(
                    (name, f"struct_extract({owner}, {text_literal(name)})")
                    for owner, owned in ((one, names), (other, more))
                    for name in owned
                )
                inner = f"list_transform({_row_list(writer, part, env)}, lambda {other}: {both})"
                found, names = f"flatten(list_transform({found}, lambda {one}: {inner}))", names + more
            return found
        case Union(branches):
            return f"flatten([{', '.join(_row_list(writer, branch, env) for branch in branches)}])"


def _struct(members: Iterable[tuple[str, str]]) -> str:
    return f"struct_pack({', '.join(f'{quoted(name)} := {sql}' for name, sql in members)})"


def _cell(writer: Writer, column: Column, env: Env) -> str:
    value = value_of(writer, column.expr, env)
    type_name = sql_type(column)
    if value.sql is None:
        return f"CAST([] AS {type_name}[])" if column.collection else f"CAST(NULL AS {type_name})"
    convert = _converter(type_name)
    if not column.collection:
        return convert(value.sql)
    item = writer.name("c")
    return f"coalesce(list_transform({as_list(writer, value)}, lambda {item}: {convert(item)}), [])"


def _converter(type_name: str) -> Callable[[str], str]:
    if type_name == "DATE":
        return lambda sql: f"CASE WHEN length({sql}) >= 10 THEN TRY_CAST(left({sql}, 10) AS DATE) END"
    if type_name == "TIMESTAMP":
        return lambda sql: f"CASE WHEN length({sql}) >= 10 THEN TRY_CAST(left({sql}, 19) AS TIMESTAMP) END"
    return lambda sql: f"CAST({sql} AS {type_name})"
