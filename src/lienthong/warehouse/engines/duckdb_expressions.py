"""The expressions of a view's plan as DuckDB SQL: one item is a nullable value, several are a list."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.paths import UNSUPPORTED
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
)
from lienthong.warehouse.sql_on_fhir.values import REFERENCE

__all__ = ["MANY_MARK", "NOTHING", "TOO_LARGE_MARK", "Env", "Tree", "Value", "Writer", "as_list", "value_of"]

MANY_MARK = "lienthong:many:"
TOO_LARGE_MARK = "lienthong:too-large"

_SHORT = 160
_LONGEST = 1_000_000

Tree = Mapping[str, "Tree | None"]
"""The members that the source's columns have, by name; None stands for a leaf, or for all that is asked for."""


@dataclass(frozen=True, slots=True)
class Value:
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


NOTHING = Value(None)


@dataclass(frozen=True, slots=True)
class Env:
    """What variables and row indexes are in SQL at one place."""

    values: Mapping[int, Value]
    indexes: Mapping[int, str]

    def bind(self, number: int, value: Value, index: str) -> Env:
        return Env({**self.values, number: value}, {**self.indexes, number: index})


@dataclass(slots=True)
class Writer:
    """What stays the same for a whole view: its resource type, the suffix of decimals, the numbers of names."""

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


def as_list(writer: Writer, value: Value) -> str:
    """The items as a list, whether many or one."""
    assert value.sql
    return value.sql if value.many else _without_nulls(writer, f"[{value.sql}]")


def _sql(value: Value, type_name: str = "BOOLEAN") -> str:
    return f"CAST(NULL AS {type_name})" if value.sql is None else value.sql


def value_of(writer: Writer, expr: Expr, env: Env) -> Value:
    """The SQL of an expression; refused where it grows out of all proportion."""
    value = _written(writer, expr, env)
    if value.sql and len(value.sql) > _LONGEST:
        raise UNSUPPORTED.at(writer.resource, what="paths that are too long")
    return value


def _written(writer: Writer, expr: Expr, env: Env) -> Value:
    match expr:
        case Var(number):
            return env.values[number]
        case RowIndex(number):
            return Value("0" if number is None else env.indexes[number])
        case Literal(literal, type_name):
            return Value(_literal(literal, type_name))
        case Empty():
            return NOTHING
        case Field():
            return _field(writer, expr, env)
        case Where():
            return _where(writer, expr, env)
        case Combine(left, right):
            return _combine(writer, value_of(writer, left, env), value_of(writer, right, env))
        case At(inner, index):
            return _at(value_of(writer, inner, env), index)
        case Single(inner, place):
            value = value_of(writer, inner, env)
            if value.sql is None or not value.many:
                return value
            fault = f"error({text_literal(MANY_MARK + place)})"
            one = writer.let(
                (value.sql,), lambda found: f"CASE WHEN len({found}) > 1 THEN {fault} ELSE {found}[1] END"
            )
            return Value(one, False, value.tree)
        case Exists(inner):
            value = value_of(writer, inner, env)
            if value.sql is None:
                return Value("FALSE")
            if value.is_row:
                return Value(f"coalesce({value.guard}, FALSE)" if value.guard else "TRUE")
            return Value(f"coalesce(len({value.sql}) > 0, FALSE)" if value.many else f"({value.sql} IS NOT NULL)")
        case Count(inner):
            value = value_of(writer, inner, env)
            if value.sql is None:
                return Value("0")
            if value.is_row:
                return Value(f"CAST(coalesce({value.guard or 'TRUE'}, FALSE) AS INTEGER)")
            counted = f"coalesce(len({value.sql}), 0)" if value.many else f"CAST({value.sql} IS NOT NULL AS INTEGER)"
            return Value(counted)
        case Not(inner):
            return Value(f"(NOT {_sql(value_of(writer, inner, env))})")
        case Logic(operator, left, right):
            return _logic(operator, _sql(value_of(writer, left, env)), _sql(value_of(writer, right, env)))
        case Compare():
            return _compare(writer, expr, env)
        case Arithmetic():
            result = _number(writer, expr, env)
            if result is None:
                return NOTHING
            return Value(f"CAST({result} AS HUGEINT)" if expr.type == "integer" else f"lt_text({result})")
        case Concat(operator, left, right):
            one, other = (_sql(value_of(writer, item, env), "VARCHAR") for item in (left, right))
            if operator == "&":
                one, other = f"coalesce({one}, '')", f"coalesce({other}, '')"
            return Value(f"({one} || {other})")
        case Join(inner, separator):
            value = value_of(writer, inner, env)
            if value.sql is None or not value.many:
                return value
            by = text_literal(separator)
            return Value(
                writer.let((value.sql,), lambda x: f"CASE WHEN len({x}) > 0 THEN array_to_string({x}, {by}) END")
            )
        case Boundary(inner, high, type_name):
            value = value_of(writer, inner, env)
            kind_name = {Family.DECIMAL: "decimal", Family.DATE: "date", Family.TIME: "time"}.get(
                family(type_name), "datetime"
            )
            macro = f"lt_{kind_name}_{'high' if high else 'low'}"
            return value if value.sql is None else Value(writer.let((value.sql,), lambda x: f"{macro}({x})"))
        case ResourceKey():
            return Value(f"({text_literal(writer.resource + '/')} || {quoted('id')})")
        case ReferenceKey():
            return _reference_key(writer, expr, env)


def _literal(value: bool | int | Decimal | str, type_name: str) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if family(type_name) is Family.INTEGER:
        return f"CAST({value} AS INTEGER)" if abs(int(value)) < 2**31 else f"CAST({value} AS HUGEINT)"
    return text_literal(str(value))


def _field(writer: Writer, expr: Field, env: Env) -> Value:
    owner = value_of(writer, expr.input, env)
    name = expr.name + (writer.decimal_suffix if expr.exact and family(expr.type) is Family.DECIMAL else "")
    if owner.sql is None or (owner.tree is not None and name not in owner.tree):
        return NOTHING
    tree = None if owner.tree is None else owner.tree[name]
    primitive = family(expr.type) is not Family.COMPLEX

    def member(sql: str) -> str:
        return f"struct_extract({sql}, {text_literal(name)})" if sql else quoted(name)

    if not owner.many:
        found = member(owner.sql)
        if owner.guard:
            found = f"CASE WHEN {owner.guard} THEN {found} END"
        # a list of primitives may hold nulls, where an item has an extension and no value
        return Value(_without_nulls(writer, found) if expr.is_list and primitive else found, expr.is_list, tree)
    item = writer.name("v")
    found = f"list_transform({owner.sql}, lambda {item}: {member(item)})"
    if expr.is_list:
        found = f"flatten({found})"
    return Value(_without_nulls(writer, found) if primitive or not expr.is_list else found, True, tree)


def _without_nulls(writer: Writer, sql: str) -> str:
    item = writer.name("v")
    return f"list_filter({sql}, lambda {item}: {item} IS NOT NULL)"


def _where(writer: Writer, expr: Where, env: Env) -> Value:
    value = value_of(writer, expr.input, env)
    if value.sql is None:
        return NOTHING
    if value.is_row:
        condition = value_of(writer, expr.condition, env.bind(expr.var, replace(value, guard=""), "0"))
        if condition.sql is None:
            return NOTHING
        both = f"CASE WHEN {value.guard} THEN {condition.sql} ELSE FALSE END" if value.guard else condition.sql
        return replace(value, guard=both)
    item = writer.name("v")
    condition = value_of(writer, expr.condition, env.bind(expr.var, Value(item, False, value.tree), "0"))
    if condition.sql is None:
        return NOTHING
    found = f"list_filter({as_list(writer, value)}, lambda {item}: coalesce({condition.sql}, FALSE))"
    return Value(found if value.many else f"list_extract({found}, 1)", value.many, value.tree)


def _combine(writer: Writer, left: Value, right: Value) -> Value:
    """One list after the other; DuckDB takes a list that is NULL for an empty one."""
    if left.sql is None or right.sql is None:
        return right if left.sql is None else left
    return Value(f"list_concat({as_list(writer, left)}, {as_list(writer, right)})", True, left.tree)


def _at(value: Value, index: int) -> Value:
    if value.sql is None:
        return value
    if not value.many:
        return value if index in (0, -1) else NOTHING
    return Value(f"list_extract({value.sql}, {index + 1 if index >= 0 else index})", False, value.tree)


def _logic(operator: str, left: str, right: str) -> Value:
    match operator:
        case "and":
            return Value(f"({left} AND {right})")
        case "or":
            return Value(f"({left} OR {right})")
        case "xor":
            return Value(f"({left} <> {right})")
        case _:
            return Value(f"((NOT {left}) OR {right})")


def _ordered(writer: Writer, operator: str, left: str, right: str, kind: Family) -> str:
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


def _compare(writer: Writer, expr: Compare, env: Env) -> Value:
    left, right = value_of(writer, expr.left, env), value_of(writer, expr.right, env)
    if left.sql is None or right.sql is None:
        return Value("CAST(NULL AS BOOLEAN)")
    if not left.many and not right.many:
        if expr.family is Family.DECIMAL:
            one, other = _number(writer, expr.left, env), _number(writer, expr.right, env)
            return Value(f"({one} {expr.operator} {other})")
        return Value(_ordered(writer, expr.operator, left.sql, right.sql, expr.family))
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

    return Value(writer.let((as_list(writer, left), as_list(writer, right)), same))


def _number(writer: Writer, expr: Expr, env: Env) -> str | None:
    """The value of a single number as DECIMAL(38, 18); None where it is empty whatever the data are."""
    if not isinstance(expr, Arithmetic):
        value = value_of(writer, expr, env)
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


def _reference_key(writer: Writer, expr: ReferenceKey, env: Env) -> Value:
    value = value_of(writer, Field(expr.input, "reference", "string", False), env)
    if value.sql is None:
        return value
    pattern = text_literal(f"^{REFERENCE}$".replace("[A-Za-z]+", expr.target or "[A-Za-z]+"))

    def key(sql: str) -> str:
        return f"nullif(regexp_extract({sql}, {pattern}, 1), '')"

    if not value.many:
        return Value(key(value.sql))
    item = writer.name("v")
    return Value(_without_nulls(writer, f"list_transform({value.sql}, lambda {item}: {key(item)})"), True)
