"""The official SQL-on-FHIR v2 tests on both engines; the ledger holds the floor and the exclusions.

`--sql-on-fhir-report FILE` also writes DuckDB's results in the form that the specification's site collects
(`test_report.json` of an implementation).
"""

from __future__ import annotations

import json
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


def _results(folder: Path, engine: str) -> dict[str, Any]:
    """Each file's tests by name with what came of them."""
    report: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        suite = parse(path.read_bytes())
        tests = [
            {"name": test["title"], "result": {"passed": _passes(suite, test, engine)}} for test in suite["tests"]
        ]
        report[path.name] = {"tests": tests}
    return report


@pytest.mark.suite
@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_official_tests_pass_down_to_the_ledger(
    engine: str, suites: Callable[[str], Path], pytestconfig: pytest.Config
) -> None:
    report = _results(suites("sof_v2_tests") / "tests", engine)
    target = pytestconfig.getoption("sql_on_fhir_report")
    if target and engine == "duckdb":
        Path(target).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    found = {
        f"{name.removesuffix('.json')}: {test['name']}": test["result"]["passed"]
        for name, file in report.items()
        for test in file["tests"]
    }
    excluded = {item["test"] for item in LEDGER.get("exclusion", []) if engine in item["engines"]}
    assert {name for name, passed in found.items() if not passed} == excluded
    assert sum(len(file["tests"]) for file in report.values()) - len(excluded) >= LEDGER["floor"][engine]
