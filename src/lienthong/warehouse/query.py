"""Read-only SQL over a snapshot: `omop`, `views`, `fhir`, `checks`, and `record` handed in as Arrow tables.

A query is one SELECT. The connection can read the snapshot's files and no other, and its configuration is locked; an
error of DuckDB is told without the values that DuckDB would quote.
"""

# ruff: noqa: S608  (views over paths of our own manifest, all quoted)

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.warehouse.engines.duckdb import connect
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.manifest import NOT_BUILT, Manifest

__all__ = ["run_query"]

WRONG_SQL = ErrorKind(
    "query-wrong",
    Category.INCORRECT,
    what="The query can't be run: {why}.",
    allowed='one SELECT over omop.<table>, views.<name>, fhir."<Type>", checks.<table>, record.<table>',
    cure="Correct it; `SELECT table_schema, table_name FROM information_schema.tables` lists the tables.",
)
NOT_ALLOWED = ErrorKind(
    "query-not-allowed",
    Category.FORBIDDEN,
    what="A query may only read the warehouse: {why}.",
    allowed="one SELECT over the tables of the warehouse",
    cure="Take data out with `lienthong export`, which passes the release gate; load data with `lienthong ingest`.",
)
VALUE_FAULT = ErrorKind(
    "query-value",
    Category.INCORRECT,
    what="A value of the data does not fit what the query does with it ({what}).",
    cure="Use TRY_CAST where a text may be no number or date, and check for zero and for empty values.",
)
TOO_LARGE = ErrorKind(
    "query-too-large",
    Category.NO_SPACE,
    what="The query needs more memory than it may have.",
    cure="Ask for fewer columns or rows, or aggregate.",
)

_BUILT_SCHEMAS = ("fhir", "views", "omop", "checks")
_CATALOGUE = ("information_schema", "duckdb_", "pg_", "sqlite_", "pragma_", "show", "describe")
_ROWS = 2048
_MOST_BYTES = 256 << 20
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d{6,}\b")
_OF_VALUES = (
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
    duckdb.ConstraintException,
    duckdb.TypeMismatchException,
)
_OF_THE_QUERY = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.SyntaxException)


def run_query(
    folder: Path, manifest: Manifest | None, sql: str, extra: Mapping[str, pa.Table], *, memory: str = "1GB"
) -> pa.Table:
    """The result of one SELECT over a snapshot; without one there are the tables of `extra` alone.

    Raises `warehouse-not-built` (missing), `query-wrong`, `query-value` (incorrect), `query-not-allowed` (forbidden),
    `query-too-large`.
    """
    with connect(memory=memory) as connection:
        _define(connection, folder, manifest, sql.lower(), extra)
        try:
            _refuse_all_but_select(connection, sql)
            if manifest is None and _names_built(connection, sql):
                raise NOT_BUILT.at("warehouse")
            return _bounded(connection.sql(sql).to_arrow_reader(_ROWS))
        except duckdb.Error as error:
            raise _meaning(error) from None
        except OSError:  # what Arrow makes of the engine's errors: a text longer than its batches hold
            raise TOO_LARGE.at("query") from None


def _bounded(reader: pa.RecordBatchReader) -> pa.Table:
    """All rows, streamed, so that a result without end is refused before it fills the memory."""
    batches, size = [], 0
    with reader:
        for batch in reader:
            size += batch.nbytes
            if size > _MOST_BYTES:
                raise TOO_LARGE.at("query")
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def _define(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest | None,
    sql: str,
    extra: Mapping[str, pa.Table],
) -> None:
    """The tables that the query (in lower case) may mean: each costs a millisecond, and there are dozens."""
    lists = any(word in sql for word in _CATALOGUE)
    connection.execute("SET python_enable_replacements = false")
    for schema in (*_BUILT_SCHEMAS, "record"):
        connection.execute(f"CREATE SCHEMA {schema}")
    paths = []
    for name, table in manifest.tables.items() if manifest else ():
        schema, _, bare = name.partition(".")
        path = str((folder / table.file).resolve())
        paths.append(path)
        if not lists and bare.lower() not in sql:
            continue
        connection.execute(f"CREATE VIEW {schema}.{quoted(bare)} AS SELECT * FROM read_parquet({text_literal(path)})")
    for name, arrow in extra.items():
        connection.register(f"_record_{name}", arrow)
        connection.execute(f"CREATE VIEW record.{quoted(name)} AS SELECT * FROM {quoted(f'_record_{name}')}")
    listed = ", ".join(text_literal(path) for path in paths)
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _names_built(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a query names a table that only a build makes."""
    named = connection.get_table_names(sql, qualified=True)
    return any(set(name.lower().replace('"', "").split(".")[:-1]) & set(_BUILT_SCHEMAS) for name in named)


def _refuse_all_but_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise WRONG_SQL.at("query", why=f"it holds {len(statements)} statements")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name.lower().replace("_", " ")
        raise NOT_ALLOWED.at("query", why=f"it is a statement of the kind '{kind}'")


def _meaning(error: duckdb.Error) -> LienthongError:
    if isinstance(error, duckdb.PermissionException):
        return NOT_ALLOWED.at("query", why="it reaches outside of the warehouse")
    if isinstance(error, duckdb.OutOfMemoryException):
        return TOO_LARGE.at("query")
    if isinstance(error, _OF_THE_QUERY):
        # the first line speaks of the query's own names; what follows quotes the query
        first = str(error).strip().splitlines()[0].rstrip(".!")
        return WRONG_SQL.at("query", why=_LITERAL.sub("'...'", first))
    if isinstance(error, _OF_VALUES):
        return VALUE_FAULT.at("query", what=type(error).__name__.removesuffix("Exception"))
    return WRONG_SQL.at("query", why=f"the engine refuses it ({type(error).__name__})")
