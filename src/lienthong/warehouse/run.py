"""`run_view`: a ViewDefinition over resources or files, on the engine that is asked for."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.warehouse.engines import duckdb, reference
from lienthong.warehouse.sql_on_fhir.definition import compile_view

__all__ = ["read_resources", "read_view", "run_view"]

NO_ENGINE = ErrorKind(
    "engine-unknown",
    Category.INCORRECT,
    what="There is no engine '{name}'.",
    allowed="duckdb, reference",
    cure="Name one of them.",
)
NO_INPUT = ErrorKind(
    "view-input-missing",
    Category.NOT_FOUND,
    what="There is no FHIR file to read.",
    allowed="a .ndjson or .json file, also gzipped, or a folder of them",
    cure="Name an existing file or folder.",
)
NO_VIEW = ErrorKind(
    "view-unreadable",
    Category.INCORRECT,
    what="The view can't be read: {why}.",
    allowed="a ViewDefinition of SQL on FHIR v2 as JSON",
    cure="Name the file of a view.",
)
UNREADABLE = ErrorKind(
    "view-input-json",
    Category.UNREADABLE,
    what="The input is no FHIR resource in JSON: {why}.",
    allowed="a resource or a Bundle in a .json file, or one resource a line in an .ndjson file",
    cure="Find all faults with `lienthong validate`.",
)

_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_WHOLE = (".json", ".json.gz")


def run_view(
    view: Mapping[str, Any], resources: Iterable[dict[str, Any]] | Path, *, engine: str = "duckdb"
) -> pa.Table:
    """The rows of a SQL-on-FHIR v2 ViewDefinition, in the order of the resources.

    `resources` are dicts (numbers with a point as `Decimal`, from `core.canonical.parse`) or the path of a file or a
    folder (.ndjson, .json, also gzipped); resources of other types are left out. Columns stand in the order of the
    specification; types: boolean, int32, and text for all else (decimals and dates keep their digits and precision),
    lists where `collection` is true.

    Raises `view-wrong`, `fhirpath-syntax`, `view-unsupported` (faults of the view, with their place),
    `view-many-values` (a path gave several values for one row), `view-input-*`, `engine-unknown`.
    Source: SQL on FHIR v2 (https://sql-on-fhir.org/ig/).
    """
    plan = compile_view(view)
    if engine not in ("duckdb", "reference"):
        raise NO_ENGINE.at("engine", name=engine)
    if isinstance(resources, Path):
        paths = _files(resources)
        if engine == "duckdb" and duckdb.reads_directly(plan) and all(path.name.endswith(_LINES) for path in paths):
            try:
                return duckdb.run_files(plan, paths)
            except LienthongError as error:
                if error.category is not Category.UNREADABLE:
                    raise
                # read again line by line: it takes longer lines, and names the one that is at fault
        resources = read_resources(paths)
    return duckdb.run(plan, resources) if engine == "duckdb" else reference.run(plan, resources)


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


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(item for item in path.iterdir() if item.name.endswith((*_LINES, *_WHOLE)))
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise NO_INPUT.at(str(path))
    return found


def read_resources(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The resources of FHIR files, with their decimals' digits; those of a Bundle one by one."""
    for path in paths:
        with _opened(path) as stream:
            if path.name.removesuffix(".gz").endswith(".json"):
                value = _parsed(stream.read(), path.name)
                if value.get("resourceType") == "Bundle":
                    entries = value.get("entry", [])
                    yield from (item["resource"] for item in entries if isinstance(item.get("resource"), dict))
                else:
                    yield value
                continue
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _parsed(line, f"{path.name} line {number}")


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.name.endswith(".gz") else path.open("rb")


def _parsed(data: bytes, place: str) -> dict[str, Any]:
    try:
        value = parse(data)
    except ValueError as error:
        raise UNREADABLE.at(place, why=str(error)) from None
    if not isinstance(value, dict):
        raise UNREADABLE.at(place, why="it is no JSON object")
    return value
