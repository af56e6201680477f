"""Runs a view on DuckDB, over resources in memory, NDJSON files, or the warehouse's Parquet; rows come in batches."""

# ruff: noqa: S608  (SQL is made of a checked plan; every name is quoted and every text a literal)

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lienthong.core.canonical import encode_text_decimals
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.warehouse.engines.duckdb_expressions import MANY_MARK, TOO_LARGE_MARK
from lienthong.warehouse.engines.duckdb_repeats import DEEPER_MARK, unrolled
from lienthong.warehouse.engines.duckdb_sources import (
    ESCAPED_MARK,
    checked,
    from_lines,
    members_of,
    quoted_numbers,
    typed,
)
from lienthong.warehouse.engines.duckdb_sql import select
from lienthong.warehouse.engines.reference import MANY_VALUES, Placed, reached
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.sql_on_fhir.output import arrow_schema
from lienthong.warehouse.sql_on_fhir.plan import View
from lienthong.warehouse.sql_on_fhir.shape import (
    NOT_FHIR,
    Misfit,
    check,
    exact_decimals,
    has_repeats,
    laid_out,
    shape_of,
)
from lienthong.warehouse.sql_on_fhir.values import TOO_LARGE

__all__ = ["connect", "reads_lines", "run", "run_lines", "run_parquet", "takes"]

ENGINE_FAULT = ErrorKind(
    "view-engine",
    Category.FAULT,
    what="The engine could not run the view ({what}).",
    cure="Run it with engine='reference' and report the view; a report needs no patient's data.",
)
_BATCH = 2048
_ROWS = 50_000


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


def run(view: View, resources: Iterable[Placed]) -> Iterator[pa.RecordBatch]:
    """The rows of a view over resources (those of other types are left out), streamed through DuckDB in batches."""
    failed: list[LienthongError] = []
    lines = pa.RecordBatchReader.from_batches(pa.schema([("line", pa.string())]), _lines(view, resources, failed))
    with connect() as connection:
        connection.register("_lines", lines)
        try:
            yield from _rows(connection, select(view, from_lines("_lines", "line", shape_of(view))), view)
        except LienthongError as error:
            raise failed[0] if failed else error from None


def _lines(view: View, resources: Iterable[Placed], failed: list[LienthongError]) -> Iterator[pa.RecordBatch]:
    """The resources as JSON; an error of ours is kept in `failed`, since DuckDB would make it one of its own."""
    shape = shape_of(view)
    repeats = has_repeats(shape)
    chosen = (item for item in resources if item[1].get("resourceType") == view.resource)
    try:
        while batch := list(itertools.islice(chosen, _BATCH)):
            lines = []
            for place, resource in batch:
                try:
                    check(resource, shape)
                    lines.append(encode_text_decimals(laid_out(resource, shape, reached) if repeats else resource))
                except Misfit as error:
                    raise NOT_FHIR.at(place, why=str(error)) from None
            yield pa.RecordBatch.from_arrays([pa.array(lines, type=pa.binary()).cast(pa.string())], names=["line"])
    except LienthongError as error:
        failed.append(error)
        raise


def takes(path: Path) -> bool:
    """Whether DuckDB takes a path as the one file that it names, not as a pattern for several."""
    return not any(sign in str(path) for sign in "*?[{")


def reads_lines(view: View) -> bool:
    """Whether `run_lines` can run it: all of it but a `repeat` in another iteration or over steps with conditions."""
    return unrolled(shape_of(view)) is not None


def run_lines(view: View, paths: list[Path]) -> Iterator[pa.RecordBatch]:
    """The rows of a view over NDJSON files that DuckDB reads itself.

    `view-input-unreadable` where a line can't be read, whatever the reason: its own line length, a resource of
    another type that has other kinds of members, bad JSON. The caller reads again with `run`, which says which.
    """
    read = unrolled(shape_of(view))
    assert read is not None, "reads_lines was not asked"
    shape, repeats = read
    with connect() as connection:
        holding = _holding(connection, view, paths)
        if not holding:
            return
        names = exact_decimals(shape)
        if names:
            _done(connection, checked(holding, shape))
            source = quoted_numbers(holding, view.resource, shape, names)
        else:
            source = typed(holding, view.resource, shape)
        if repeats:
            listed = ", ".join(f"{items} AS {quoted(name)}" for name, items in repeats.items())
            source = f"(SELECT *, {listed} FROM {source})"
        yield from _rows(connection, select(view, source), view)


def _holding(connection: duckdb.DuckDBPyConnection, view: View, paths: list[Path]) -> list[Path]:
    """The files with resources of the view's type: those named after it, and what is found in the others."""
    others = [path for path in paths if not _named_after(path, view.resource)]
    if not others or len(paths) == 1:
        return paths
    listed = ", ".join(text_literal(str(path)) for path in others)
    found = _done(
        connection,
        f"SELECT DISTINCT filename FROM read_json([{listed}], format = 'newline_delimited', filename = true, "
        f"columns = {{'resourceType': 'VARCHAR', 'id': 'VARCHAR'}}) "
        f'WHERE "resourceType" = {text_literal(view.resource)}',
    )
    with_type = {Path(row[0]) for row in found}
    return [path for path in paths if path in with_type or _named_after(path, view.resource)]


def _named_after(path: Path, resource: str) -> bool:
    rest = path.name.removeprefix(resource)
    return rest != path.name and not rest[0].isalpha()


def run_parquet(view: View, path: Path, decimal_suffix: str) -> Iterator[pa.RecordBatch]:
    """The rows of a view over a type's Parquet of the warehouse, whose columns must hold all that it touches."""
    tree = members_of(pq.read_schema(path))
    source = f"read_parquet({text_literal(str(path))})"
    with connect() as connection:
        yield from _rows(connection, select(view, source, tree, decimal_suffix), view)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, view: View) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema(view)
    try:
        for batch in connection.sql(sql).to_arrow_reader(_ROWS):
            yield batch.cast(schema)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _meaning(error) from None


def _done(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, ...]]:
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise _meaning(error) from None


def _meaning(error: Exception) -> LienthongError:
    """Our error for one of DuckDB, without the values that DuckDB would quote.

    In a stream its errors come through Arrow, as an OSError with the text that DuckDB gave.
    """
    message = str(error)
    if MANY_MARK in message:
        return MANY_VALUES.at(message.partition(MANY_MARK)[2].splitlines()[0])
    if TOO_LARGE_MARK in message or "Out of Range Error" in message or "out of range" in message:
        return TOO_LARGE.at("an arithmetic or comparison of the view")
    if any(words in message for words in (ESCAPED_MARK, DEEPER_MARK, "JSON", "Conversion Error", "IO Error")):
        return NOT_FHIR.at("input", why="a line or value can't be read")
    return ENGINE_FAULT.at("DuckDB", what=type(error).__name__)
