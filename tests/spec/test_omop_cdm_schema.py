"""The tables that are built have exactly the fields of OMOP CDM 5.4, in its order and of its types."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from lienthong.warehouse.omop.cdm import BUILT, cdm_tables, select_as_cdm

ROOT = Path(__file__).resolve().parents[2]


def test_the_schema_is_whole() -> None:
    tables = cdm_tables()
    assert (len(tables), sum(len(fields) for fields in tables.values())) == (39, 432)
    assert set(BUILT) <= set(tables)


@pytest.mark.suite
@pytest.mark.parametrize("table", sorted(cdm_tables()))
def test_fields_order_and_types_are_those_of_the_official_ddl(table: str, suites: Callable[[str], Path]) -> None:
    ddl = next((suites("omop_cdm54_spec") / "inst" / "ddl" / "5.4" / "duckdb").glob("*ddl.sql")).read_text("utf-8")
    ddl = re.sub(r"@cdmDatabaseSchema\.", "", ddl)
    with duckdb.connect() as official:
        official.execute(re.sub(r"--[^\n]*", "", ddl))
        wanted = official.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()
        ours = official.execute(
            f"SELECT column_name, column_type FROM (DESCRIBE {select_as_cdm(table, set(), '(SELECT 1)')})"
        ).fetchall()

    def same(type_name: str) -> str:
        # NUMERIC of the DDL is the CDM's float; a double holds what FHIR's decimals say, and their text stands beside
        return "DOUBLE" if type_name.startswith("DECIMAL") or type_name == "FLOAT" else type_name

    assert [(name.lower(), same(kind)) for name, kind in wanted] == ours
