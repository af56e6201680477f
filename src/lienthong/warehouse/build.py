"""A build, from the record to a new snapshot: Parquet of each type, views, OMOP tables, checks, then one swap.

All is written under names of the new snapshot; nothing counts before the manifest is swapped (`manifest`).
"""

# ruff: noqa: S608  (SQL over names of FHIR's and OMOP's schemas and paths of our own, all quoted)

from __future__ import annotations

import csv
import errno
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lienthong.core.clock import Clock, instant, zone
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import Grant
from lienthong.warehouse.built import NO_TABLE, Balance, Built
from lienthong.warehouse.checks import run_checks
from lienthong.warehouse.engines.duckdb import connect
from lienthong.warehouse.engines.duckdb_sql import Tree, select
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.fhir_columns import DECIMAL_SUFFIX
from lienthong.warehouse.fhir_tables import Readable, empty_fhir_table, write_fhir_table, write_parquet
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
from lienthong.warehouse.omop.cdm import BUILT, cdm_tables, select_as_cdm, sql_of
from lienthong.warehouse.sql_on_fhir.definition import compile_view
from lienthong.warehouse.sql_on_fhir.plan import View

__all__ = ["Progress", "build_snapshot", "shipped_views"]

Progress = Callable[[str, int, int | None], None]
"""Told of (step, done, of): `read` resources, then `views`, `omop` and `checks`."""

KEYS_FULL = ErrorKind(
    "omop-keys-full",
    Category.UNSUPPORTED,
    what="The record holds more resources than OMOP's 32-bit keys can number.",
    allowed="21,474,836 resources",
    cure="Split the node; the price of stable keys stands in docs/decisions/004-warehouse.md.",
)
BUILD_FAULT = ErrorKind(
    "warehouse-build",
    Category.FAULT,
    what="The step '{step}' of the build failed ({what}); the snapshot before stands.",
    cure="Run `lienthong build` again; report the step if it fails again.",
)

_LAST_SEQ = (2**31 - 1 - 99) // 100
_DRUGS = (
    "MedicationRequest",
    "MedicationDispense",
    "MedicationAdministration",
    "MedicationStatement",
    "Immunization",
)
_NEEDED = ("Patient", "Encounter", "Condition", "Observation", *_DRUGS)


@cache
def shipped_views() -> tuple[View, ...]:
    """The compiled views that ship with the warehouse, by name."""
    folder = files("lienthong.warehouse.views")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    return tuple(compile_view(json.loads(folder.joinpath(name).read_text("utf-8"))) for name in names)


@dataclass(slots=True)
class _Site:
    """Where a build writes, and what it has written."""

    folder: Path
    snapshot: str
    connection: duckdb.DuckDBPyConnection
    tables: dict[str, TableFile] = field(default_factory=dict)
    step: str = ""

    def path(self, name: str) -> Path:
        """The file of a table such as `omop.person`."""
        schema, _, table = name.partition(".")
        return self.folder / schema / table / f"{self.snapshot}.parquet"

    def keep(self, name: str, rows: int) -> None:
        """Notes a written table and makes it known to the SQL that comes after it."""
        path = self.path(name)
        self.tables[name] = TableFile(path.relative_to(self.folder).as_posix(), rows)
        self.define(name, f"read_parquet({text_literal(str(path))})")

    def write(self, name: str, source: str) -> None:
        self.keep(name, write_parquet(self.connection, source, self.path(name)))

    def define(self, name: str, relation: str) -> None:
        schema, _, table = name.partition(".")
        self.connection.execute(f"CREATE VIEW {schema}.{quoted(table)} AS SELECT * FROM {relation}")

    def rows(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()


def build_snapshot(
    folder: Path, clock: Clock, offset: str, memory: str, record: Readable, grant: Grant, progress: Progress
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
            site = _Site(folder, snapshot, connection)
            with _told(site):
                trees = _fhir(site, record, grant, temporary, progress)
                _people(site, record, grant)
                _views(site, trees, progress)
                balance = _omop(site, offset, progress)
                site.step = "checks"
                today = now.astimezone(zone(offset)).date()
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
def _told(site: _Site) -> Iterator[None]:
    """Says what an error of the engine or the disk means; the engine's own words may quote values and stay out."""
    try:
        yield
    except duckdb.Error as error:
        if "No space left" in str(error) or "max_temp_directory_size" in str(error):
            raise NO_SPACE.at("warehouse") from None
        raise BUILD_FAULT.at(site.step, step=site.step, what=type(error).__name__) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
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


def _fhir(site: _Site, record: Readable, grant: Grant, temporary: Path, progress: Progress) -> dict[str, Tree]:
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
    for resource_type in _NEEDED:
        if resource_type not in trees:
            site.define(f"fhir.{resource_type}", empty_fhir_table())
    return trees


def _people(site: _Site, record: Readable, grant: Grant) -> None:
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


def _views(site: _Site, trees: dict[str, Tree], progress: Progress) -> None:
    views = shipped_views()
    for done, view in enumerate(views, 1):
        site.step = f"views.{view.name}"
        source = f"fhir.{quoted(view.resource)}" if view.resource in trees else empty_fhir_table()
        site.write(site.step, select(view, source, trees.get(view.resource, {"id": None}), DECIMAL_SUFFIX))
        progress("views", done, len(views))


def _omop(site: _Site, offset: str, progress: Progress) -> tuple[Balance, ...]:
    _prepare_omop(site, offset)
    balance: list[Balance] = []
    for done, table in enumerate(BUILT, 1):
        site.step = f"omop.{table}"
        site.connection.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {sql_of(table)}")
        given = {row[0] for row in site.rows("SELECT column_name FROM (DESCRIBE candidate)")}
        key = next(item.name for item in cdm_tables()[table] if item.key)
        rows = select_as_cdm(table, given, "candidate")
        site.write(site.step, f"{rows} WHERE left_out IS NULL AND is_row ORDER BY {key}")
        if table == "visit_occurrence":
            site.connection.execute(
                "CREATE TEMP VIEW visit_of_encounter AS SELECT 'Encounter/' || f.id AS encounter_key, "
                'o.visit_occurrence_id, o.visit_start_date FROM fhir."Encounter" f '
                "JOIN omop.visit_occurrence o ON o.visit_occurrence_id = lt_key(f.record_seq, 0)"
            )
        balance += _balance(site, site.step)
        progress("omop", done, len(BUILT))
    mapped = {item.source for item in balance}
    for name, file in site.tables.items():
        schema, _, resource_type = name.partition(".")
        if schema == "fhir" and resource_type not in mapped:
            balance.append(Balance(resource_type, "", NO_TABLE, file.rows, 0))
    return tuple(sorted(balance, key=lambda item: (item.source, item.reason, item.table)))


def _prepare_omop(site: _Site, offset: str) -> None:
    """The macros and the small tables that the SQL files use."""
    site.step = "omop"
    for name in _NEEDED:
        if site.rows(f"SELECT coalesce(max(record_seq), 0) FROM fhir.{quoted(name)}")[0][0] > _LAST_SEQ:
            raise KEYS_FULL.at(f"fhir.{name}")
    minutes = int((zone(offset).utcoffset(None).total_seconds()) // 60)
    macros = files("lienthong.warehouse.omop").joinpath("macros.sql").read_text("utf-8")
    site.connection.execute(macros.replace("{offset_minutes}", str(minutes)))
    union = " UNION ALL ".join(
        f"SELECT {text_literal(name)} AS type, id, record_seq, record_ai FROM fhir.{quoted(name)}" for name in _DRUGS
    )
    site.connection.execute(f"CREATE TEMP VIEW drug_resources AS {union}")
    with files("lienthong.terminology").joinpath("omop_concepts.csv").open(encoding="utf-8") as stream:
        concepts = [row for row in csv.DictReader(stream) if not row["valid_to"]]
    site.connection.execute(
        "CREATE TEMP TABLE concept_of (concept_system VARCHAR, concept_code VARCHAR, concept_id INTEGER)"
    )
    site.connection.executemany(
        "INSERT INTO concept_of VALUES (?, ?, ?)",
        [[row["system"], row["code"], int(row["concept_id"])] for row in concepts],
    )


def _balance(site: _Site, table: str) -> list[Balance]:
    """What became of each source resource of a table: in, with its rows, or out for one reason."""
    found = site.rows(
        "WITH of_resource AS (SELECT source_type, source_seq, bool_or(left_out IS NULL) AS is_in, "
        "coalesce(min(left_out) FILTER (WHERE left_out <> 'no number'), min(left_out)) AS reason, "
        "count(*) FILTER (WHERE left_out IS NULL AND is_row) AS written FROM candidate GROUP BY ALL) "
        "SELECT source_type, CASE WHEN is_in THEN '' ELSE reason END AS why, count(*), sum(written) "
        "FROM of_resource GROUP BY ALL ORDER BY ALL"
    )
    return [
        Balance(source, "" if why else table, why, resources, int(rows)) for source, why, resources, rows in found
    ]
