"""Runs a view on DuckDB, over resources in memory, NDJSON files, or the warehouse's Parquet.

JSON is read into explicit typed columns: just the members that the view touches. Decimals reach DuckDB as texts,
since its JSON reader would make doubles of them.
"""

# ruff: noqa: S608  (SQL is made of a checked plan; every name is quoted and every text a literal)

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lienthong.core.canonical import encode_text_decimals
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.warehouse.engines.duckdb_expressions import MANY_MARK, TOO_LARGE_MARK
from lienthong.warehouse.engines.duckdb_sql import select
from lienthong.warehouse.engines.reference import MANY_VALUES
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.output import arrow_schema
from lienthong.warehouse.sql_on_fhir.plan import Family, View, family
from lienthong.warehouse.sql_on_fhir.shape import Shape, cut, has_decimals, has_repeats, shape_of
from lienthong.warehouse.sql_on_fhir.values import TOO_LARGE

__all__ = ["connect", "explained", "reads_directly", "run", "run_files"]

ENGINE_FAULT = ErrorKind(
    "view-engine",
    Category.FAULT,
    what="The engine could not run the view ({what}).",
    cure="Run it with engine='reference' and report the view; a report needs no patient's data.",
)
NOT_FHIR = ErrorKind(
    "view-input-unreadable",
    Category.UNREADABLE,
    what="A line of the input has not the shape of the resource.",
    allowed="one FHIR R4 resource a line",
    cure="Find it with `lienthong validate`.",
)
_BATCH = 2048


def connect(*, threads: int = 2, memory: str = "1GB", temp: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with our macros, bounded in threads and memory; it spills to `temp` and to nowhere else."""
    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": str(temp) if temp else "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(files("lienthong.warehouse.engines").joinpath("macros.sql").read_text("utf-8"))
    return connection


def run(view: View, resources: Iterable[dict[str, Any]], *, threads: int = 2, memory: str = "1GB") -> pa.Table:
    """The table of a view over resources (those of other types are left out), streamed through DuckDB in batches."""
    shape = shape_of(view)
    structure = text_literal(json.dumps(_structure(shape)))
    failed: list[LienthongError] = []
    batches = _batches(view, shape, _watched(resources, failed))
    lines = pa.RecordBatchReader.from_batches(pa.schema([("line", pa.string())]), batches)
    parsed = f"SELECT unnest(json_transform(line, {structure})) FROM _lines"
    with connect(threads=threads, memory=memory) as connection:
        connection.register("_lines", lines)
        try:
            return explained(lambda: _table(connection, select(view, f"({parsed})"), view))
        except LienthongError as error:
            raise failed[0] if failed else error from None


def _watched(resources: Iterable[dict[str, Any]], failed: list[LienthongError]) -> Iterator[dict[str, Any]]:
    """The resources; an error of ours while reading them is kept, since DuckDB would make it one of its own."""
    try:
        yield from resources
    except LienthongError as error:
        failed.append(error)
        raise


def _batches(view: View, shape: Shape, resources: Iterable[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    shorten = has_repeats(shape)
    chosen = (item for item in resources if item.get("resourceType") == view.resource)
    while batch := list(itertools.islice(chosen, _BATCH)):
        lines = [encode_text_decimals(cut(item, shape) if shorten else item) for item in batch]
        yield pa.RecordBatch.from_arrays([pa.array(lines, type=pa.binary()).cast(pa.string())], names=["line"])


def reads_directly(view: View) -> bool:
    """Whether DuckDB may read NDJSON itself: no decimal is touched, and there is no repeat."""
    shape = shape_of(view)
    return not has_decimals(shape) and not has_repeats(shape)


def run_files(view: View, paths: list[Path], *, threads: int = 2, memory: str = "1GB") -> pa.Table:
    """The table of a view that `reads_directly` over NDJSON files (also gzipped)."""
    shape = shape_of(view)
    columns = {name: _json_type(member.type, member.is_list, member.shape) for name, member in shape.members.items()}
    columns["resourceType"] = "VARCHAR"
    listed = ", ".join(f"{text_literal(name)}: {text_literal(type_name)}" for name, type_name in columns.items())
    names = ", ".join(text_literal(str(path)) for path in paths)
    source = (
        f"(SELECT * FROM read_json([{names}], format = 'newline_delimited', columns = {{{listed}}}) "
        f"WHERE {quoted('resourceType')} = {text_literal(view.resource)})"
    )
    with connect(threads=threads, memory=memory) as connection:
        return explained(lambda: _table(connection, select(view, source), view))


def _table(connection: duckdb.DuckDBPyConnection, sql: str, view: View) -> pa.Table:
    return connection.sql(sql).to_arrow_table().cast(arrow_schema(view))


def explained(work: Callable[[], pa.Table]) -> pa.Table:
    """Does the work; an error of DuckDB becomes ours, without the values that DuckDB would quote."""
    try:
        return work()
    except duckdb.Error as error:
        message = str(error)
        if MANY_MARK in message:
            raise MANY_VALUES.at(message.partition(MANY_MARK)[2].splitlines()[0]) from None
        if TOO_LARGE_MARK in message or isinstance(error, duckdb.OutOfRangeException):
            raise TOO_LARGE.at("an arithmetic or comparison of the view") from None
        if "JSON" in message and isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
            raise NOT_FHIR.at("input") from None
        raise ENGINE_FAULT.at("DuckDB", what=type(error).__name__) from None


_LEAVES = {Family.BOOLEAN: "BOOLEAN", Family.INTEGER: "INTEGER", Family.COMPLEX: "JSON"}


def _leaf(type_name: str) -> str:
    return _LEAVES.get(family(type_name), "VARCHAR")


def _structure(shape: Shape) -> dict[str, Any]:
    """The structure for json_transform."""
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        inner = member.shape
        item = _structure(inner) if inner.members or inner.repeats else _leaf(member.type)
        found[name] = [item] if member.is_list else item
    for name, (_, inner) in shape.repeats.items():
        found[name] = [_structure(inner) or "JSON"]
    return found


def _json_type(type_name: str, is_list: bool, shape: Shape) -> str:
    """The DuckDB type of a member."""
    item = _leaf(type_name)
    if shape.members:
        members = (
            f"{quoted(name)} {_json_type(member.type, member.is_list, member.shape)}"
            for name, member in shape.members.items()
        )
        item = f"STRUCT({', '.join(members)})"
    return item + "[]" if is_list else item
