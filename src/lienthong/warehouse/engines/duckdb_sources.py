"""What a view's SQL on DuckDB reads from: NDJSON files, lines handed in through Arrow, the warehouse's Parquet.

JSON becomes explicit typed columns: just the members that the view touches. A decimal whose digits matter must reach
DuckDB as a text, since its JSON reader makes a double of each number; the others are read as the doubles they are.
"""

# ruff: noqa: S608  (SQL is made of a checked plan; every name is quoted and every text a literal)

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from lienthong.warehouse.engines.duckdb_expressions import Tree
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.plan import Family
from lienthong.warehouse.sql_on_fhir.shape import Member, Shape

__all__ = ["ESCAPED_MARK", "checked", "from_lines", "members_of", "quoted_numbers", "typed"]

ESCAPED_MARK = "lienthong:escaped-name"


def typed(paths: Iterable[Path], resource: str, shape: Shape) -> str:
    """The resources of a type in NDJSON files (also gzipped), read by DuckDB itself.

    It is strict: a line that is no JSON, or of another shape, is an error, also in a resource of another type.
    """
    return f"(SELECT * FROM {_read_json(paths, shape)} WHERE {_of_type(resource)})"


def checked(paths: Iterable[Path], shape: Shape) -> str:
    """A query that reads all that `typed` reads and gives one row: an error where a line has not the shape."""
    columns = ", ".join(f"count({quoted(name)})" for name in shape.members)
    return f"SELECT {columns} FROM {_read_json(paths, shape)}"


def quoted_numbers(paths: Iterable[Path], resource: str, shape: Shape, names: Iterable[str]) -> str:
    """The same as `typed`, with the numbers of these members as texts with their digits.

    Quotes are put around the numbers in the text of a line before it is parsed. That is sound: the name in quotes
    before a colon is a member's name, for a quote inside of a text has a backslash. It is not strict (see `checked`).
    """
    line = quoting = "CAST(json AS VARCHAR)"
    for name in sorted(names):
        found = text_literal(rf'"{name}"\s*:\s*(-?[0-9][0-9.eE+\-]*)')
        changed = text_literal(rf'"{name}":"\1"')
        quoting = f"regexp_replace({quoting}, {found}, {changed}, 'g')"
    # a letter of a name may be written as an escape, which the pattern would not see
    escaped = rf"regexp_matches({line}, '\\u00[4-7]')"
    quoting = f"CASE WHEN {escaped} THEN error({text_literal(ESCAPED_MARK)}) ELSE {quoting} END"
    listed = ", ".join(text_literal(str(path)) for path in paths)
    return (
        f"(SELECT * FROM {from_lines(f'read_ndjson_objects([{listed}])', quoting, shape)} WHERE {_of_type(resource)})"
    )


def from_lines(relation: str, line: str, shape: Shape) -> str:
    """The members of the resources whose JSON texts an expression over a relation gives; decimals must be texts.

    A text is parsed once for each row: since `random` may give another value each time, DuckDB does not copy the
    expression into every place that uses its result.
    """
    structure = text_literal(json.dumps({"resourceType": "VARCHAR", **_structure(shape)}))
    once = f"CASE WHEN random() >= 0 THEN {line} END"
    return f"(SELECT _r.* FROM (SELECT json_transform({once}, {structure}) AS _r FROM {relation}))"


def members_of(schema: pa.Schema) -> Tree:
    """The members that the columns of a Parquet file have."""
    return {field.name: _members(field.type) for field in schema}


def _members(kind: pa.DataType) -> Tree | None:
    if pa.types.is_list(kind):
        return _members(kind.value_type)
    if pa.types.is_struct(kind):
        return {field.name: _members(field.type) for field in kind}
    return None


def _of_type(resource: str) -> str:
    return f"{quoted('resourceType')} = {text_literal(resource)}"


def _read_json(paths: Iterable[Path], shape: Shape) -> str:
    columns = {name: _column(member) for name, member in shape.members.items()}
    columns["resourceType"] = "VARCHAR"
    listed = ", ".join(f"{text_literal(name)}: {text_literal(type_name)}" for name, type_name in columns.items())
    names = ", ".join(text_literal(str(path)) for path in paths)
    return f"read_json([{names}], format = 'newline_delimited', columns = {{{listed}}})"


_LEAVES = {Family.BOOLEAN: "BOOLEAN", Family.INTEGER: "INTEGER", Family.COMPLEX: "JSON"}


def _leaf(member: Member) -> str:
    if member.kind is Family.DECIMAL and not member.exact:
        return "DOUBLE"
    return _LEAVES.get(member.kind, "VARCHAR")


def _column(member: Member) -> str:
    """The DuckDB type of a member."""
    item = _leaf(member)
    if member.shape.members:
        inner = (f"{quoted(name)} {_column(inner)}" for name, inner in member.shape.members.items())
        item = f"STRUCT({', '.join(inner)})"
    return item + "[]" if member.is_list else item


def _structure(shape: Shape) -> dict[str, Any]:
    """The structure for json_transform."""
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        inner = member.shape
        item = _structure(inner) if inner.members or inner.repeats else _leaf(member)
        found[name] = [item] if member.is_list else item
    for name, (_, inner) in shape.repeats.items():
        found[name] = [_structure(inner) or "JSON"]
    return found
