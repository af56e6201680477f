"""Queries read the warehouse and nothing else, and their errors hold no value of the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lienthong.core.errors import Category, LienthongError

Make = Callable[..., dict[str, Any]]
SECRET = "Trần Văn Bí Mật"


@pytest.fixture(scope="module")
def built(shared_site: Any, patient: Make) -> Any:
    shared_site.fill([patient(name=[{"family": SECRET}])])
    shared_site.build()
    return shared_site


def test_all_schemas_are_there_and_the_record_is_handed_in(built: Any) -> None:
    table = built.warehouse.query(
        'SELECT p.person_id, v.family, f."birthDate", r.n FROM omop.person p, views.patient v, fhir."Patient" f, '
        "record.quarantine r, checks.results LIMIT 1",
        {"quarantine": pa.table({"n": [3]})},
    )
    assert table.to_pylist() == [{"person_id": 1, "family": SECRET, "birthDate": "1970-02-28", "n": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{out}'",
        "COPY omop.person TO '{out}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "ATTACH '{out}'",
        "CREATE TABLE t (a INT)",
        "DELETE FROM omop.person",
        "SET enable_external_access = true",
        "SET allowed_paths = []",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('{secret}')",
    ],
)
def test_a_query_reaches_nothing_but_the_warehouse(built: Any, tmp_path: Path, sql: str) -> None:
    out, secret = tmp_path / "out.csv", tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(LienthongError) as caught:
        built.warehouse.query(sql.format(out=out, secret=secret))
    assert caught.value.category is Category.FORBIDDEN
    assert "lienthong export" in caught.value.cure
    assert not out.exists()


def test_the_files_of_the_snapshot_can_not_be_written_over(built: Any) -> None:
    path = built.warehouse.files()["omop.person"]
    with pytest.raises(LienthongError):
        built.warehouse.query(f"COPY (SELECT 1 AS a) TO '{path}'")
    assert built.rows("SELECT count(*) FROM omop.person") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "code", "why"),
    [
        ("SELEC 1", "query-wrong", 'syntax error at or near "SELEC"'),
        ("SELECT nope FROM omop.person", "query-wrong", '"nope"'),
        ("SELECT 1 FROM omop.nope", "query-wrong", "nope does not exist"),
        ("SELECT 1; SELECT 2", "query-wrong", "it holds 2 statements"),
        ("", "query-wrong", "it holds 0 statements"),
        ("SELECT * FROM table_of_python", "query-wrong", "table_of_python does not exist"),
        ("SELECT CAST(family AS INTEGER) FROM views.patient", "query-value", "Conversion"),
        ("SELECT CAST(family AS DATE) FROM views.patient", "query-value", "Conversion"),
        ("SELECT error(family) FROM views.patient", "query-value", "InvalidInput"),
        (f"SELECT '{SECRET}' FROM omop.nope", "query-wrong", "nope does not exist"),
        (f"SELECT * FROM views.patient WHERE family = '{SECRET}' AND", "query-wrong", "syntax error"),
    ],
)
def test_errors_say_what_and_hold_no_value(built: Any, sql: str, code: str, why: str) -> None:
    table_of_python = pa.table({"a": [1]})
    with pytest.raises(LienthongError) as caught:
        built.warehouse.query(sql)
    assert table_of_python.num_rows == 1
    assert caught.value.category is Category.INCORRECT
    assert caught.value.code == code
    assert why in caught.value.what
    assert SECRET not in caught.value.text()
    assert caught.value.__cause__ is None


def test_rows_keep_the_order_that_was_asked_for(built: Any) -> None:
    assert built.rows("SELECT x FROM range(5000) t(x) ORDER BY x DESC")[:3] == [(4999,), (4998,), (4997,)]


def test_describe_lists_what_there_is(built: Any) -> None:
    names = built.rows("SELECT table_schema || '.' || table_name FROM information_schema.tables")
    assert ("omop.person",) in names and ("fhir.Patient",) in names
