"""A build, from the record to a new snapshot: Parquet of each type, views, OMOP tables, checks, then one swap.

All is written under names of the new snapshot; nothing counts before the manifest is swapped (`manifest`).
"""

# ruff: noqa: S608  (SQL over names of FHIR's and OMOP's schemas and paths of our own, all quoted)

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from lienthong.core.clock import Clock, instant, zone
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import Grant
from lienthong.warehouse.built import Built
from lienthong.warehouse.checks import run_checks
from lienthong.warehouse.engines.duckdb import connect
from lienthong.warehouse.engines.duckdb_expressions import Tree
from lienthong.warehouse.engines.duckdb_sql import select
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.fhir_columns import DECIMAL_SUFFIX
from lienthong.warehouse.fhir_tables import Readable, empty_fhir_table, write_fhir_table
from lienthong.warehouse.manifest import (
    NO_SPACE,
    TEMPORARY,
    Manifest,
    TableFile,
    building,
    clean,
    read_manifest,
    swap,
    sync,
)
from lienthong.warehouse.omop.tables import NEEDED, Node, write_omop
from lienthong.warehouse.site import Site
from lienthong.warehouse.sql_on_fhir.definition import compile_view
from lienthong.warehouse.sql_on_fhir.plan import View

__all__ = ["Progress", "build_snapshot", "shipped_views"]

Progress = Callable[[str, int, int | None], None]
"""Told of (step, done, of): `read` resources, then `views`, `omop` and `checks`."""

BUILD_FAULT = ErrorKind(
    "warehouse-build",
    Category.FAULT,
    what="The step '{step}' of the build failed ({what}); the snapshot before stands.",
    cure="Run `lienthong build` again; report the step if it fails again.",
)

_FULL = ("No space left", "File too large", "max_temp_directory_size")  # so DuckDB words it


@cache
def shipped_views() -> tuple[View, ...]:
    """The compiled views that ship with the warehouse, by name."""
    folder = files("lienthong.warehouse.views")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    return tuple(compile_view(json.loads(folder.joinpath(name).read_text("utf-8"))) for name in names)


def build_snapshot(
    folder: Path,
    clock: Clock,
    record: Readable,
    grant: Grant,
    progress: Progress,
    *,
    offset: str,
    controller: str,
    memory: str,
) -> Built:
    """Builds a snapshot of the record's published state and makes it the current one."""
    started = time.monotonic()
    with building(folder):
        before = read_manifest(folder)
        clean(folder, before)
        number = before.number + 1 if before else 1
        now = clock()
        snapshot = f"{number:06}-{now.strftime('%Y%m%dT%H%M%SZ')}"
        temporary = folder / TEMPORARY
        temporary.mkdir(exist_ok=True)
        with connect(memory=memory, temp=temporary) as connection:
            site = Site(folder, snapshot, connection)
            with _told(site):
                trees = _fhir(site, record, grant, temporary, progress)
                _people(site, record, grant)
                _views(site, trees, progress)
                today = now.astimezone(zone(offset)).date()
                balance = write_omop(site, Node(controller, offset, today), progress)
                site.step = "checks"
                names = ("checks.results", "checks.failing_rows")
                checks = run_checks(connection, today, *(site.path(name) for name in names))
                for name in names:
                    site.keep(name, site.rows(f"SELECT count(*) FROM read_parquet({_text(site.path(name))})")[0][0])
                progress("checks", checks.run, checks.run)
        rows = {name: table.rows for name, table in site.tables.items()}
        built = Built(snapshot, rows, checks, balance, time.monotonic() - started)
        with _told(site):
            site.step = "swap"
            _settle(folder, site.tables.values())
            previous = tuple(sorted(table.file for table in before.tables.values())) if before else ()
            manifest = Manifest(snapshot, number, instant(now), site.tables, built.to_json(), previous)
            swap(folder, manifest)
            clean(folder, manifest)
        return built


def _text(path: Path) -> str:
    return text_literal(str(path))


@contextmanager
def _told(site: Site) -> Iterator[None]:
    """Says what an error of the engine or the disk means; the engine's own words may quote values and stay out."""
    try:
        yield
    except duckdb.Error as error:
        if any(words in str(error) for words in _FULL):
            raise NO_SPACE.at("warehouse") from None
        raise BUILD_FAULT.at(site.step, step=site.step, what=type(error).__name__) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NO_SPACE.at("warehouse") from None
        raise BUILD_FAULT.at(site.step, step=site.step, what=error.strerror or "the system refused") from None


def _settle(folder: Path, tables: Iterable[TableFile]) -> None:
    """Waits until all files of the snapshot are on the disk."""
    parents: set[Path] = set()
    for table in tables:
        path = folder / table.file
        sync(path)
        parents.add(path.parent)
    for parent in parents:
        sync(parent)


def _fhir(site: Site, record: Readable, grant: Grant, temporary: Path, progress: Progress) -> dict[str, Tree]:
    """Parquet of each type, of one state of the record; and the members that each has."""
    for schema in ("fhir", "views", "omop"):
        site.connection.execute(f"CREATE SCHEMA {schema}")
    site.connection.execute("CREATE SCHEMA checks")
    state, counts = record.state(), record.counts()
    total, done = sum(counts.values()), 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        progress("read", done, max(total, done))

    trees: dict[str, Tree] = {}
    for resource_type in sorted(counts):
        name = f"fhir.{resource_type}"
        site.step = name
        table = write_fhir_table(
            site.connection,
            resource_type,
            record.resources(grant, resource_type, as_of=state),
            temporary / f"{resource_type}.ndjson",
            site.path(name),
            more,
        )
        if table.rows:
            trees[resource_type] = table.tree
            site.keep(name, table.rows)
    for resource_type in NEEDED:
        if resource_type not in trees:
            site.define(f"fhir.{resource_type}", empty_fhir_table())
    return trees


def _people(site: Site, record: Readable, grant: Grant) -> None:
    """views.person_patient: which Patient is which person, with the person's number that OMOP uses."""
    site.step = "views.person_patient"
    members = record.memberships(grant)
    table = pa.table(
        {
            "person_id": pa.array([item.number for item in members], pa.int64()),
            "person": pa.array([item.person for item in members], pa.string()),
            "patient_id": pa.array([item.patient for item in members], pa.string()),
            "patient_key": pa.array([f"Patient/{item.patient}" for item in members], pa.string()),
            "rule": pa.array([item.rule for item in members], pa.string()),
        }
    )
    site.connection.register("_members", table)
    site.write("views.person_patient", "SELECT * FROM _members ORDER BY person_id, patient_id")
    site.connection.unregister("_members")


def _views(site: Site, trees: dict[str, Tree], progress: Progress) -> None:
    views = shipped_views()
    for done, view in enumerate(views, 1):
        site.step = f"views.{view.name}"
        source = f"fhir.{quoted(view.resource)}" if view.resource in trees else empty_fhir_table()
        site.write(site.step, select(view, source, trees.get(view.resource, {"id": None}), DECIMAL_SUFFIX))
        progress("views", done, len(views))
