"""Checks of the OMOP tables as SQL: each counts its rows and those that fail, and keeps the failing ones.

Kinds after Kahn and OHDSI's Data Quality Dashboard: a required field is filled, a key is unique, a reference
resolves, an end is not before its start, a birth is plausible, nothing happens before birth or after the
build. Numerator and denominator are kept, so that a threshold can be changed later without running them again.
"""

# ruff: noqa: S608  (SQL over names of the CDM's own schema)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from lienthong.warehouse.built import CheckCounts
from lienthong.warehouse.fhir_tables import write_parquet
from lienthong.warehouse.omop.cdm import BUILT, cdm_tables

__all__ = ["Check", "checks_of", "run_checks"]

_SPANS = {
    "visit_occurrence": ("visit_start_date", "visit_end_date"),
    "condition_occurrence": ("condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
}
_STARTS = {**{table: start for table, (start, _) in _SPANS.items()}, "measurement": "measurement_date"}
EARLIEST_BIRTH = 1850


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its kind and category, the rows it looks at, and the condition under which a row fails."""

    kind: str
    category: str
    table: str
    field: str
    key: str
    failing: str
    applies: str = "TRUE"

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.table}.{self.field}"


def checks_of(today: date) -> Iterator[Check]:
    """All checks of the tables that are built; `today` is the day of the build."""
    for table in BUILT:
        fields = cdm_tables()[table]
        key = next(item.name for item in fields if item.key)
        for item in fields:
            if item.required:
                yield Check("isRequired", "conformance", table, item.name, key, f"t.{item.name} IS NULL")
            if item.key:
                others = f"(SELECT count(*) FROM omop.{table} o WHERE o.{key} = t.{key})"
                yield Check("isPrimaryKey", "conformance", table, item.name, key, f"{others} > 1")
            target, _, target_field = item.references.partition(".")
            if target in BUILT:
                found = f"EXISTS (SELECT 1 FROM omop.{target} o WHERE o.{target_field} = t.{item.name})"
                filled = f"t.{item.name} IS NOT NULL"
                yield Check("isForeignKey", "conformance", table, item.name, key, f"NOT {found}", filled)
        yield from _temporal(table, key, today)


def _temporal(table: str, key: str, today: date) -> Iterator[Check]:
    if table == "person":
        bad = f"t.year_of_birth NOT BETWEEN {EARLIEST_BIRTH} AND {today.year}"
        yield Check("plausibleBirth", "plausibility", table, "year_of_birth", key, bad)
        return
    start = _STARTS[table]
    if table in _SPANS:
        end = _SPANS[table][1]
        yield Check("startBeforeEnd", "plausibility", table, end, key, f"t.{end} < t.{start}", f"t.{end} IS NOT NULL")
    born = (
        "(SELECT make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)) "
        "FROM omop.person p WHERE p.person_id = t.person_id)"
    )
    yield Check("afterBirth", "plausibility", table, start, key, f"t.{start} < {born}")
    # a day's grace: the facility's day may be ahead of the day of the machine that builds
    late = f"t.{start} > DATE '{today.isoformat()}' + INTERVAL 1 DAY"
    yield Check("notInFuture", "plausibility", table, start, key, late)


def run_checks(connection: duckdb.DuckDBPyConnection, today: date, results: Path, failing: Path) -> CheckCounts:
    """Runs the checks on the `omop` tables of a connection and writes their results and the failing rows' keys."""
    connection.execute(
        "CREATE TEMP TABLE check_result (id VARCHAR, kind VARCHAR, category VARCHAR, table_name VARCHAR, "
        "field VARCHAR, failing BIGINT, checked BIGINT, failed BOOLEAN, condition VARCHAR)"
    )
    connection.execute(
        "CREATE TEMP TABLE check_failing (id VARCHAR, table_name VARCHAR, key_field VARCHAR, key BIGINT)"
    )
    run = failed = 0
    for check in checks_of(today):
        rows = f"FROM omop.{check.table} t WHERE {check.applies}"
        counted = f"SELECT count(*) FILTER (WHERE {check.failing}), count(*) {rows}"
        bad, checked = connection.execute(counted).fetchall()[0]
        connection.execute(
            "INSERT INTO check_result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                check.id,
                check.kind,
                check.category,
                check.table,
                check.field,
                bad,
                checked,
                bad > 0,
                check.failing,
            ],
        )
        if bad:
            connection.execute(
                f"INSERT INTO check_failing SELECT ?, ?, ?, t.{check.key} {rows} AND {check.failing}",
                [check.id, check.table, check.key],
            )
        run += 1
        failed += bad > 0
    write_parquet(connection, "SELECT * FROM check_result", results)
    write_parquet(connection, "SELECT * FROM check_failing ORDER BY id, key", failing)
    return CheckCounts(run, failed)
