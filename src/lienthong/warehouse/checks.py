"""Checks of the OMOP tables as SQL: each counts its rows and those that fail, and keeps the failing ones.

Kinds after Kahn and OHDSI's Data Quality Dashboard: a required field is filled, a key is unique, a reference
resolves, an end is not before its start, a birth is plausible, nothing happens before birth, long after death or
after the build. Numerator and denominator are kept, so that a threshold can be changed later without running them
again.
"""

# ruff: noqa: S608  (SQL over names of the CDM's own schema)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from lienthong.warehouse.built import CheckCounts
from lienthong.warehouse.fhir_tables import write_parquet
from lienthong.warehouse.omop.cdm import BUILT, cdm_tables, key_of

__all__ = ["Check", "checks_of", "run_checks"]

_SPANS = {
    "visit_occurrence": ("visit_start_date", "visit_end_date"),
    "condition_occurrence": ("condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure_occurrence": ("procedure_date", "procedure_end_date"),
    "observation_period": ("observation_period_start_date", "observation_period_end_date"),
}
_STARTS = {
    **{table: start for table, (start, _) in _SPANS.items()},
    "measurement": "measurement_date",
    "observation": "observation_date",
    "death": "death_date",
}
_UNTIL_DEATH = ("visit_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "observation")
GRACE_AFTER_DEATH = 60
"""Days: results and papers come after a death; the days are those of OHDSI's plausibleBeforeDeath."""
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
    def row(self) -> str:
        """The SQL of the key by which a failing row is found again; `cdm_source` has one row and no key."""
        return f"t.{self.key}" if self.key else "0"

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.table}.{self.field}"


def checks_of(today: date) -> Iterator[Check]:
    """All checks of the tables that are built; `today` is the day of the build."""
    for table in BUILT:
        fields = cdm_tables()[table]
        key = key_of(table)
        for item in fields:
            if item.required:
                yield Check("isRequired", "conformance", table, item.name, key, f"t.{item.name} IS NULL")
            if item.name == key:
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
    if table == "provider":
        bad = f"t.year_of_birth NOT BETWEEN {EARLIEST_BIRTH} AND {today.year}"
        yield Check("plausibleBirth", "plausibility", table, "year_of_birth", key, bad, "t.year_of_birth IS NOT NULL")
        return
    if table not in _STARTS:
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
    if table in _UNTIL_DEATH:
        died = "(SELECT d.death_date FROM omop.death d WHERE d.person_id = t.person_id)"
        late = f"t.{start} > {died} + INTERVAL {GRACE_AFTER_DEATH} DAY"
        yield Check("beforeDeath", "plausibility", table, start, key, late, f"{died} IS NOT NULL")
    # a day's grace: the facility's day may be ahead of the day of the machine that builds
    late = f"t.{start} > DATE '{today.isoformat()}' + INTERVAL 1 DAY"
    yield Check("notInFuture", "plausibility", table, start, key, late)


_RESULT = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("category", pa.string()),
        ("table_name", pa.string()),
        ("field", pa.string()),
        ("failing", pa.int64()),
        ("checked", pa.int64()),
        ("failed", pa.bool_()),
        ("condition", pa.string()),
    ]
)


def run_checks(connection: duckdb.DuckDBPyConnection, today: date, results: Path, failing: Path) -> CheckCounts:
    """Runs the checks on the `omop` tables of a connection and writes their results and the failing rows' keys."""
    rows: list[dict[str, object]] = []
    selects = ["SELECT '' AS id, '' AS table_name, '' AS key_field, CAST(0 AS BIGINT) AS key WHERE FALSE"]
    for table, group in groupby(checks_of(today), key=lambda check: check.table):
        checks = list(group)
        counts = ", ".join(
            f"count(*) FILTER (WHERE {check.applies} AND {check.failing}), count(*) FILTER (WHERE {check.applies})"
            for check in checks
        )
        counted = connection.execute(f"SELECT {counts} FROM omop.{table} t").fetchall()[0]
        for check, bad, checked in zip(checks, counted[::2], counted[1::2], strict=True):
            rows.append(_result(check, bad, checked))
            if bad:
                selects.append(
                    f"SELECT '{check.id}', '{table}', '{check.key}', {check.row} FROM omop.{table} t "
                    f"WHERE {check.applies} AND {check.failing}"
                )
    connection.register("_check_results", pa.Table.from_pylist(rows, schema=_RESULT))
    write_parquet(connection, "SELECT * FROM _check_results", results)
    connection.unregister("_check_results")
    write_parquet(connection, f"{' UNION ALL '.join(selects)} ORDER BY id, key", failing)
    return CheckCounts(len(rows), sum(row["failed"] is True for row in rows))


def _result(check: Check, bad: int, checked: int) -> dict[str, object]:
    return {
        "id": check.id,
        "kind": check.kind,
        "category": check.category,
        "table_name": check.table,
        "field": check.field,
        "failing": bad,
        "checked": checked,
        "failed": bad > 0,
        "condition": check.failing,
    }
