"""The official SQL-on-FHIR v2 tests on both engines; the ledger holds the floor and the exclusions."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.canonical import parse
from lienthong.core.errors import LienthongError
from lienthong.warehouse import run_view

LEDGER = tomllib.loads((Path(__file__).parent / "ledger" / "sql_on_fhir.toml").read_text("utf-8"))
DECIMALS = {"decimal"}


def _columns(select: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(select.get("column", []))
    for inner in (*select.get("select", []), *select.get("unionAll", [])):
        found += _columns(inner)
    return found


def _value(item: Any, decimal: bool) -> Any:
    """Decimals stand as text in our tables; the tests write them as numbers."""
    if isinstance(item, list):
        return tuple(_value(entry, decimal) for entry in item)
    return Decimal(str(item)) if decimal and item is not None else item


def _rows(rows: list[dict[str, Any]], names: list[str], decimals: set[str]) -> list[str]:
    return sorted(repr([_value(row.get(name), name in decimals) for name in names]) for row in rows)


def _passes(suite: dict[str, Any], test: dict[str, Any], engine: str) -> bool:
    view = test["view"]
    if test.get("expectError"):
        try:
            run_view(view, suite["resources"], engine=engine)
        except LienthongError as error:
            return error.where != ""
        return False
    try:
        table = run_view(view, suite["resources"], engine=engine)
    except LienthongError:
        return False
    if "expectCount" in test:
        return bool(table.num_rows == test["expectCount"])
    decimals = {
        column["name"] for select in view["select"] for column in _columns(select) if column.get("type") in DECIMALS
    }
    names = table.column_names
    if test.get("expectColumns", names) != names:
        return False
    return _rows(table.to_pylist(), names, decimals) == _rows(test["expect"], names, decimals)


@pytest.mark.suite
@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_official_tests_pass_down_to_the_ledger(engine: str, suites: Callable[[str], Path]) -> None:
    failed, passed = [], 0
    for path in sorted((suites("sof_v2_tests") / "tests").glob("*.json")):
        suite = parse(path.read_bytes())
        for test in suite["tests"]:
            if _passes(suite, test, engine):
                passed += 1
            else:
                failed.append(f"{path.stem}: {test['title']}")
    excluded = {item["test"] for item in LEDGER.get("exclusion", []) if engine in item["engines"]}
    assert set(failed) == excluded
    assert passed >= LEDGER["floor"][engine]
