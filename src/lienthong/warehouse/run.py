"""`run_view`: a ViewDefinition over resources, files or a warehouse, on the engine that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.warehouse.engines import duckdb, reference
from lienthong.warehouse.engines.reference import Placed
from lienthong.warehouse.fhir_columns import DECIMAL_SUFFIX, holds
from lienthong.warehouse.fhir_files import find_files, is_ndjson, read_files
from lienthong.warehouse.manifest import NAME, NOT_BUILT, read_manifest
from lienthong.warehouse.sql_on_fhir.definition import compile_view
from lienthong.warehouse.sql_on_fhir.output import arrow_schema
from lienthong.warehouse.sql_on_fhir.plan import View
from lienthong.warehouse.sql_on_fhir.shape import NOT_FHIR, shape_of

__all__ = ["Rows", "read_view", "run_view", "stream_view", "warehouse_of"]

NO_ENGINE = ErrorKind(
    "engine-unknown",
    Category.INCORRECT,
    what="There is no engine '{name}'.",
    allowed="duckdb, reference",
    cure="Name one of them.",
)
NO_VIEW = ErrorKind(
    "view-unreadable",
    Category.INCORRECT,
    what="The view can't be read: {why}.",
    allowed="a ViewDefinition of SQL on FHIR v2 as JSON",
    cure="Name the file of a view.",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a view: their columns, and batches that are computed as they are taken."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def run_view(
    view: Mapping[str, Any], resources: Iterable[dict[str, Any]] | Path, *, engine: str = "duckdb"
) -> pa.Table:
    """The rows of a SQL-on-FHIR v2 ViewDefinition, in the order of the resources.

    `resources` are dicts (numbers with a point as `Decimal`, from `core.canonical.parse`) or a path: a file or a
    folder (.ndjson, .json, also gzipped), a node's home or its warehouse folder, which must have been built. Those of
    other types are left out. Columns stand in the order of the specification; types: boolean, int32, and text for
    all else (decimals and dates keep their digits and precision), lists where `collection` is true.

    Raises `view-wrong`, `fhirpath-syntax`, `view-unsupported` (faults of the view, with their place),
    `view-many-values` (a path gave several values for one row), `view-input-*`, `warehouse-not-built`,
    `engine-unknown`. A node's own door, which asks for a permit and logs, is `Node.run_view`.
    Source: SQL on FHIR v2 (https://sql-on-fhir.org/ig/).
    """
    rows = stream_view(view, resources, engine=engine)
    return pa.Table.from_batches(rows.batches, rows.schema)


def stream_view(
    view: Mapping[str, Any], resources: Iterable[dict[str, Any]] | Path, *, engine: str = "duckdb"
) -> Rows:
    """As `run_view`, in batches: whoever writes them out needs memory for one batch, however large the data are."""
    plan = compile_view(view)
    if engine not in ("duckdb", "reference"):
        raise NO_ENGINE.at("engine", name=engine)
    return Rows(arrow_schema(plan), _batches(plan, resources, engine))


def _batches(plan: View, resources: Iterable[dict[str, Any]] | Path, engine: str) -> Iterator[pa.RecordBatch]:
    if not isinstance(resources, Path):
        return _run(plan, _numbered(resources), engine)
    if folder := warehouse_of(resources):
        return _of_warehouse(plan, folder, engine)
    paths = find_files(resources)
    directly = engine == "duckdb" and duckdb.reads_lines(plan)
    if directly and all(is_ndjson(path) and duckdb.takes(path) for path in paths):
        return _of_lines(plan, paths)
    return _run(plan, read_files(paths), engine)


def _numbered(resources: Iterable[object]) -> Iterator[Placed]:
    for number, resource in enumerate(resources, 1):
        if not isinstance(resource, dict):
            raise NOT_FHIR.at(f"resource {number}", why="it is no object")
        yield f"resource {number}", resource


def _run(plan: View, placed: Iterable[Placed], engine: str) -> Iterator[pa.RecordBatch]:
    return duckdb.run(plan, placed) if engine == "duckdb" else reference.run(plan, placed)


def _of_lines(plan: View, paths: list[Path]) -> Iterator[pa.RecordBatch]:
    """DuckDB reads the files itself; where it can't, they are read again line by line, which names what is at fault.

    Both ways give the same rows in the same order, so the second goes on where the first one stopped.
    """
    sent = 0
    try:
        for batch in duckdb.run_lines(plan, paths):
            sent += batch.num_rows
            yield batch
        return
    except LienthongError as error:
        if error.category is not Category.UNREADABLE:
            raise
    for batch in duckdb.run(plan, read_files(paths)):
        if batch.num_rows > sent:
            yield batch.slice(sent)
        sent = max(0, sent - batch.num_rows)


def warehouse_of(path: Path) -> Path | None:
    """The warehouse folder that a path means, a node's home or that folder itself; None for any other path."""
    for folder in (path, path / "warehouse"):
        if (folder / NAME).is_file():
            return folder
    home = path.parent if path.name == "warehouse" else path
    if (home / "lienthong.toml").is_file():
        raise NOT_BUILT.at("warehouse")
    return None


def _of_warehouse(plan: View, folder: Path, engine: str) -> Iterator[pa.RecordBatch]:
    manifest = read_manifest(folder)
    if manifest is None:
        raise NOT_BUILT.at("warehouse")
    table = manifest.tables.get(f"fhir.{plan.resource}")
    if table is None:
        return iter(())
    path = folder / table.file
    if engine == "duckdb" and duckdb.takes(path) and holds(shape_of(plan), plan.resource):
        return duckdb.run_parquet(plan, path, DECIMAL_SUFFIX)
    return _run(plan, _stored(path, plan.resource), engine)


def _stored(path: Path, resource: str) -> Iterator[Placed]:
    """The whole resources of a type's Parquet: for what its columns do not hold."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=2048, columns=["record_json"]):
            for text in batch.column(0).to_pylist():
                found = parse(text)
                yield f"{resource}/{found.get('id', '')}", found


def read_view(path: Path) -> dict[str, Any]:
    """The ViewDefinition in a JSON file; `view-unreadable` where there is none. `run_view` checks what it says."""
    try:
        value = parse(path.read_bytes())
    except OSError as error:
        raise NO_VIEW.at(path.name, why=error.strerror or "the system refused") from None
    except ValueError as error:
        raise NO_VIEW.at(path.name, why=str(error)) from None
    if not isinstance(value, dict):
        raise NO_VIEW.at(path.name, why="it is no JSON object")
    return value
