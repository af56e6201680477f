"""Fixtures that every test may use: where the official suites lie, a fixed clock, an operator."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sql-on-fhir-report",
        metavar="FILE",
        help="write the official SQL-on-FHIR tests' results as test_report.json",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where nothing may be left out (CI), a skipped test is a failed one, with its reason."""
    report = yield
    if report.skipped and os.environ.get("LIENTHONG_NOTHING_LEFT_OUT") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out: {call.excinfo.value if call.excinfo else item.name}"
    return report


@pytest.fixture(scope="session")
def suites() -> Callable[[str], Path]:
    """`suites(name)` is the folder of an official suite or data set; the test is left out by name without it."""
    folder = Path(os.environ.get("LIENTHONG_SUITES", ROOT / ".." / "shared" / "data"))

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_dir():
            pytest.skip(f"suite {name} is not here (LIENTHONG_SUITES)")
        return path

    return find


@pytest.fixture
def clock() -> Clock:
    """A clock that always says 2026-11-23 08:15 UTC."""
    return lambda: datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@pytest.fixture
def operator() -> Actor:
    """The operator of the machine."""
    return Actor("tester", operator=True)
