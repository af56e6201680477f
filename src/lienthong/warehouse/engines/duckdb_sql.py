"""A view's plan as one plain DuckDB SELECT over explicit typed columns.

One item is a nullable value, several are a list. Rows of nested `forEach` are unnested step by step; the branches of
a `unionAll` become a list of structs that is unnested once, so that a resource is read once and its rows stay in
order. Nothing of a resource's text is parsed here: whoever gives the source names its columns and their types.
"""

# ruff: noqa: S608  (SQL is made of a checked plan; every name is quoted and every text a literal)

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lienthong.warehouse.engines.reference import REFERENCE
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.output import sql_type
from lienthong.warehouse.sql_on_fhir.paths import UNSUPPORTED
from lienthong.warehouse.sql_on_fhir.plan import (
    Arithmetic,
    At,
    Boundary,
    Column,
    Columns,
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
    columns_of,
    family,
)
from lienthong.warehouse.sql_on_fhir.shape import repeat_name

__all__ = ["MANY_MARK", "TOO_LARGE_MARK", "Tree", "select"]

MANY_MARK = "lienthong:many:"
TOO_LARGE_MARK = "lienthong:too-large"

_SHORT = 160
_LONGEST = 1_000_000

Tree = Mapping[str, "Tree | None"]
"""The members that the source's columns have, by name; None stands for a leaf, or for all that is asked for."""


@dataclass(frozen=True, slots=True)
class _Value:
    """The SQL of an expression's items; `sql` None where it is empty whatever the data are.

    The resource itself is no value but the row: its `sql` is "", and `guard` the condition under which it is there.
    """

    sql: str | None
    many: bool = False
    tree: Tree | None = None
    guard: str = ""

    @property
    def is_row(self) -> bool:
        return self.sql == ""


_NOTHING = _Value(None)


@dataclass(frozen=True, slots=True)
class _Env:
    """What variables and row indexes are in SQL at one place."""

    values: Mapping[int, _Value]
    indexes: Mapping[int, str]

    def bind(self, number: int, value: _Value, index: str) -> _Env:
        return _Env({**self.values, number: value}, {**self.indexes, number: index})


@dataclass(slots=True)
class _Writer:
    resource: str
    decimal_suffix: str
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def name(self, prefix: str) -> str:
        return f"_{prefix}{next(self.numbers)}"

    def let(self, parts: tuple[str, ...], body: Callable[..., str]) -> str:
        """SQL that names each part more than once, without writing a long one more than once.

        Otherwise the text would double with every step of a path. A lambda over a list of one binds the parts.
        """
        if sum(len(part) for part in parts) <= _SHORT:
            return body(*parts)
        bound = self.name("t")
        packed = ", ".join(f"p{number} := {part}" for number, part in enumerate(parts))
        names = (f"struct_extract({bound}, 'p{number}')" for number in range(len(parts)))
        return f"list_extract(list_transform([struct_pack({packed})], lambda {bound}: {body(*names)}), 1)"


def select(view: View, source: str, tree: Tree | None = None, decimal_suffix: str = "") -> str:
    """The SELECT of a view over `source`: a relation whose columns are the members of the view's resource.

    `tree` are the members that it has (None: all that the view touches); others are empty. Where decimals stand as
    text beside a double, `decimal_suffix` is what the text's name ends in.
    """
    writer = _Writer(view.resource, decimal_suffix)
    env = _Env({0: _Value("", False, tree)}, {})
    conditions = [_condition(writer, item, env) for item in view.where]
    start = f"SELECT * FROM {source}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
    stage, columns = _stage(writer, view.rows, start, env)
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns)
    return f"SELECT {listed} FROM ({stage})"


def _condition(writer: _Writer, expr: Expr, env: _Env) -> str:
    value = _value(writer, expr, env)
    return "FALSE" if value.sql is None else value.sql


# --- rows -------------------------------------------------------------------------------------------------------


def _stage(writer: _Writer, rows: Rows, source: str, env: _Env) -> tuple[str, list[tuple[str, str]]]:
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
                if not or_null:
                    return f"SELECT * FROM ({source}) WHERE FALSE", _stage(
                        writer, body, source, env.bind(rows.var, _NOTHING, "0")
                    )[1]
                return _stage(writer, body, source, env.bind(rows.var, _NOTHING, "0"))
            if items.is_row:
                if items.guard and not or_null:
                    source, items = f"SELECT * FROM ({source}) WHERE {items.guard}", replace(items, guard="")
                return _stage(writer, body, source, env.bind(rows.var, items, "0"))
            items_sql = _list(writer, items)
            if or_null:
                items_sql = _or_null(writer, items_sql)
            stage = (
                f"SELECT *, unnest({items_sql}) AS {item}, generate_subscripts({items_sql}, 1) - 1 AS {index} "
                f"FROM ({source})"
            )
            return _stage(writer, body, stage, env.bind(rows.var, _Value(item, False, items.tree), index))
        case Union():
            row = writer.name("u")
            stage = f"SELECT *, unnest({_row_list(writer, rows, env)}) AS {row} FROM ({source})"
            names = [column.name for column in columns_of(rows)]
            return stage, [(name, f"struct_extract({row}, {text_literal(name)})") for name in names]


def _or_null(writer: _Writer, items: str) -> str:
    """A list with one empty item where there is none."""
    return writer.let((items,), lambda found: f"CASE WHEN len({found}) > 0 THEN {found} ELSE [NULL] END")


def _items(writer: _Writer, rows: ForEach | Repeat, env: _Env) -> tuple[_Value, bool, Rows]:
    if isinstance(rows, ForEach):
        return _value(writer, rows.items, env), rows.or_null, rows.body
    focus = Field(rows.focus, repeat_name(rows), rows.type, True)
    return (_value(writer, focus, env) if rows.type else _NOTHING), False, rows.body


def _row_list(writer: _Writer, rows: Rows, env: _Env) -> str:
    """Rows as a list of structs."""
    match rows:
        case Columns(columns):
            return f"[{_struct((column.name, _cell(writer, column, env)) for column in columns)}]"
        case ForEach() | Repeat():
            items, or_null, body = _items(writer, rows, env)
            if items.sql is None:
                inner = _row_list(writer, body, env.bind(rows.var, _NOTHING, "0"))
                return inner if or_null else f"list_filter({inner}, lambda {writer.name('x')}: FALSE)"
            if items.is_row:
                inner = _row_list(
                    writer, body, env.bind(rows.var, items if or_null else replace(items, guard=""), "0")
                )
                if or_null or not items.guard:
                    return inner
                return f"list_filter({inner}, lambda {writer.name('x')}: {items.guard})"
            item, index = writer.name("v"), writer.name("i")
            items_sql = f"coalesce({_list(writer, items)}, [])"
            if or_null:
                items_sql = _or_null(writer, items_sql)
            inner = _row_list(writer, body, env.bind(rows.var, _Value(item, False, items.tree), f"({index} - 1)"))
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


def _cell(writer: _Writer, column: Column, env: _Env) -> str:
    value = _value(writer, column.expr, env)
    type_name = sql_type(column)
    if value.sql is None:
        return f"CAST([] AS {type_name}[])" if column.collection else f"CAST(NULL AS {type_name})"
    convert = _converter(type_name)
    if not column.collection:
        return convert(value.sql)
    item = writer.name("c")
    return f"coalesce(list_transform({_list(writer, value)}, lambda {item}: {convert(item)}), [])"


def _converter(type_name: str) -> Callable[[str], str]:
    if type_name == "DATE":
        return lambda sql: f"CASE WHEN length({sql}) >= 10 THEN TRY_CAST(left({sql}, 10) AS DATE) END"
    if type_name == "TIMESTAMP":
        return lambda sql: f"CASE WHEN length({sql}) >= 10 THEN TRY_CAST(left({sql}, 19) AS TIMESTAMP) END"
    return lambda sql: f"CAST({sql} AS {type_name})"


# --- expressions ------------------------------------------------------------------------------------------------


def _list(writer: _Writer, value: _Value) -> str:
    """The items as a list, whether many or one."""
    assert value.sql
    return value.sql if value.many else _without_nulls(writer, f"[{value.sql}]")


def _sql(value: _Value, type_name: str = "BOOLEAN") -> str:
    return f"CAST(NULL AS {type_name})" if value.sql is None else value.sql


def _value(writer: _Writer, expr: Expr, env: _Env) -> _Value:
    """The SQL of an expression; refused where it grows out of all proportion."""
    value = _written(writer, expr, env)
    if value.sql and len(value.sql) > _LONGEST:
        raise UNSUPPORTED.at(writer.resource, what="paths that are too long")
    return value


def _written(writer: _Writer, expr: Expr, env: _Env) -> _Value:
    match expr:
        case Var(number):
            return env.values[number]
        case RowIndex(number):
            return _Value("0" if number is None else env.indexes[number])
        case Literal(literal, type_name):
            return _Value(_literal(literal, type_name))
        case Empty():
            return _NOTHING
        case Field():
            return _field(writer, expr, env)
        case Where():
            return _where(writer, expr, env)
        case At(inner, index):
            return _at(_value(writer, inner, env), index)
        case Single(inner, place):
            value = _value(writer, inner, env)
            if value.sql is None or not value.many:
                return value
            fault = f"error({text_literal(MANY_MARK + place)})"
            one = writer.let(
                (value.sql,), lambda found: f"CASE WHEN len({found}) > 1 THEN {fault} ELSE {found}[1] END"
            )
            return _Value(one, False, value.tree)
        case Exists(inner):
            value = _value(writer, inner, env)
            if value.sql is None:
                return _Value("FALSE")
            if value.is_row:
                return _Value(f"coalesce({value.guard}, FALSE)" if value.guard else "TRUE")
            return _Value(f"coalesce(len({value.sql}) > 0, FALSE)" if value.many else f"({value.sql} IS NOT NULL)")
        case Count(inner):
            value = _value(writer, inner, env)
            if value.sql is None:
                return _Value("0")
            if value.is_row:
                return _Value(f"CAST(coalesce({value.guard or 'TRUE'}, FALSE) AS INTEGER)")
            counted = f"coalesce(len({value.sql}), 0)" if value.many else f"CAST({value.sql} IS NOT NULL AS INTEGER)"
            return _Value(counted)
        case Not(inner):
            return _Value(f"(NOT {_sql(_value(writer, inner, env))})")
        case Logic(operator, left, right):
            return _logic(operator, _sql(_value(writer, left, env)), _sql(_value(writer, right, env)))
        case Compare():
            return _compare(writer, expr, env)
        case Arithmetic():
            result = _number(writer, expr, env)
            if result is None:
                return _NOTHING
            return _Value(f"CAST({result} AS HUGEINT)" if expr.type == "integer" else f"lt_text({result})")
        case Concat(operator, left, right):
            one, other = (_sql(_value(writer, item, env), "VARCHAR") for item in (left, right))
            if operator == "&":
                one, other = f"coalesce({one}, '')", f"coalesce({other}, '')"
            return _Value(f"({one} || {other})")
        case Join(inner, separator):
            value = _value(writer, inner, env)
            if value.sql is None or not value.many:
                return value
            by = text_literal(separator)
            return _Value(
                writer.let((value.sql,), lambda x: f"CASE WHEN len({x}) > 0 THEN array_to_string({x}, {by}) END")
            )
        case Boundary(inner, high, type_name):
            value = _value(writer, inner, env)
            kind_name = {Family.DECIMAL: "decimal", Family.DATE: "date", Family.TIME: "time"}.get(
                family(type_name), "datetime"
            )
            macro = f"lt_{kind_name}_{'high' if high else 'low'}"
            return value if value.sql is None else _Value(writer.let((value.sql,), lambda x: f"{macro}({x})"))
        case ResourceKey():
            return _Value(f"({text_literal(writer.resource + '/')} || {quoted('id')})")
        case ReferenceKey():
            return _reference_key(writer, expr, env)


def _literal(value: bool | int | Decimal | str, type_name: str) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if family(type_name) is Family.INTEGER:
        return f"CAST({value} AS INTEGER)" if abs(int(value)) < 2**31 else f"CAST({value} AS HUGEINT)"
    return text_literal(str(value))


def _field(writer: _Writer, expr: Field, env: _Env) -> _Value:
    owner = _value(writer, expr.input, env)
    name = expr.name + (writer.decimal_suffix if family(expr.type) is Family.DECIMAL else "")
    if owner.sql is None or (owner.tree is not None and name not in owner.tree):
        return _NOTHING
    tree = None if owner.tree is None else owner.tree[name]
    primitive = family(expr.type) is not Family.COMPLEX

    def member(sql: str) -> str:
        return f"struct_extract({sql}, {text_literal(name)})" if sql else quoted(name)

    if not owner.many:
        found = member(owner.sql)
        if owner.guard:
            found = f"CASE WHEN {owner.guard} THEN {found} END"
        # a list of primitives may hold nulls, where an item has an extension and no value
        return _Value(_without_nulls(writer, found) if expr.is_list and primitive else found, expr.is_list, tree)
    item = writer.name("v")
    found = f"list_transform({owner.sql}, lambda {item}: {member(item)})"
    if expr.is_list:
        found = f"flatten({found})"
    return _Value(_without_nulls(writer, found) if primitive or not expr.is_list else found, True, tree)


def _without_nulls(writer: _Writer, sql: str) -> str:
    item = writer.name("v")
    return f"list_filter({sql}, lambda {item}: {item} IS NOT NULL)"


def _where(writer: _Writer, expr: Where, env: _Env) -> _Value:
    value = _value(writer, expr.input, env)
    if value.sql is None:
        return _NOTHING
    if value.is_row:
        condition = _value(writer, expr.condition, env.bind(expr.var, replace(value, guard=""), "0"))
        if condition.sql is None:
            return _NOTHING
        both = f"CASE WHEN {value.guard} THEN {condition.sql} ELSE FALSE END" if value.guard else condition.sql
        return replace(value, guard=both)
    item = writer.name("v")
    condition = _value(writer, expr.condition, env.bind(expr.var, _Value(item, False, value.tree), "0"))
    if condition.sql is None:
        return _NOTHING
    found = f"list_filter({_list(writer, value)}, lambda {item}: coalesce({condition.sql}, FALSE))"
    return _Value(found if value.many else f"list_extract({found}, 1)", value.many, value.tree)


def _at(value: _Value, index: int) -> _Value:
    if value.sql is None:
        return value
    if not value.many:
        return value if index in (0, -1) else _NOTHING
    return _Value(f"list_extract({value.sql}, {index + 1 if index >= 0 else index})", False, value.tree)


def _logic(operator: str, left: str, right: str) -> _Value:
    match operator:
        case "and":
            return _Value(f"({left} AND {right})")
        case "or":
            return _Value(f"({left} OR {right})")
        case "xor":
            return _Value(f"({left} <> {right})")
        case _:
            return _Value(f"((NOT {left}) OR {right})")


def _ordered(writer: _Writer, operator: str, left: str, right: str, kind: Family) -> str:
    """The comparison of two items, each named once."""
    match kind:
        case Family.DATE | Family.DATETIME:
            return writer.let((left, right), lambda a, b: f"(lt_compare_dates({a}, {b}) {operator} 0)")
        case Family.TIME:
            return writer.let((left, right), lambda a, b: f"(lt_clock({a}) {operator} lt_clock({b}))")
        case Family.DECIMAL:
            return writer.let((left, right), lambda a, b: f"(lt_number({a}) {operator} lt_number({b}))")
        case _:
            return f"({left} {operator} {right})"


def _compare(writer: _Writer, expr: Compare, env: _Env) -> _Value:
    left, right = _value(writer, expr.left, env), _value(writer, expr.right, env)
    if left.sql is None or right.sql is None:
        return _Value("CAST(NULL AS BOOLEAN)")
    if not left.many and not right.many:
        if expr.family is Family.DECIMAL:
            one, other = _number(writer, expr.left, env), _number(writer, expr.right, env)
            return _Value(f"({one} {expr.operator} {other})")
        return _Value(_ordered(writer, expr.operator, left.sql, right.sql, expr.family))
    index, result = writer.name("n"), writer.name("r")

    def same(one: str, other: str) -> str:
        pair = _ordered(writer, "=", f"list_extract({one}, {index})", f"list_extract({other}, {index})", expr.family)
        pairs = f"list_transform(range(1, len({one}) + 1), lambda {index}: {pair})"
        return (
            f"CASE WHEN coalesce(len({one}), 0) = 0 OR coalesce(len({other}), 0) = 0 THEN NULL "
            f"WHEN len({one}) <> len({other}) OR len(list_filter({pairs}, lambda {result}: NOT {result})) > 0 "
            f"THEN FALSE "
            f"WHEN len(list_filter({pairs}, lambda {result}: {result})) = len({one}) THEN TRUE END"
        )

    return _Value(writer.let((_list(writer, left), _list(writer, right)), same))


def _number(writer: _Writer, expr: Expr, env: _Env) -> str | None:
    """The value of a single number as DECIMAL(38, 18); None where it is empty whatever the data are."""
    if not isinstance(expr, Arithmetic):
        value = _value(writer, expr, env)
        return None if value.sql is None else writer.let((value.sql,), lambda x: f"lt_number({x})")
    left, right = _number(writer, expr.left, env), _number(writer, expr.right, env)
    if left is None or right is None:
        return None
    match expr.operator:
        case "+" | "-":
            return f"({left} {expr.operator} {right})"
        case "*":
            return f"lt_multiply({left}, {right})"
        case _:
            return writer.let((left, right), lambda a, b: f"lt_divide({a}, {b})")


def _reference_key(writer: _Writer, expr: ReferenceKey, env: _Env) -> _Value:
    value = _value(writer, Field(expr.input, "reference", "string", False), env)
    if value.sql is None:
        return value
    pattern = text_literal(f"^{REFERENCE}$".replace("[A-Za-z]+", expr.target or "[A-Za-z]+"))

    def key(sql: str) -> str:
        return f"nullif(regexp_extract({sql}, {pattern}, 1), '')"

    if not value.many:
        return _Value(key(value.sql))
    item = writer.name("v")
    return _Value(_without_nulls(writer, f"list_transform({value.sql}, lambda {item}: {key(item)})"), True)
