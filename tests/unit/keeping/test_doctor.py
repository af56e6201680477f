"""The doctor names what is wrong with machine and node, with a cure, and its exit code says how bad it is."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lienthong.core.clock import Clock, system_clock
from lienthong.core.errors import ExitCode
from lienthong.keeping import doctor, machine
from lienthong.keeping.backup import backup
from lienthong.keeping.checkup import Item, Report, State
from lienthong.pipeline import quiet
from lienthong.privacy.access import Grant
from lienthong.record.schema import SCHEMA_VERSION


def at(*parts: int) -> Clock:
    return lambda: datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def look(home: Path, clock: Clock = system_clock) -> tuple[dict[str, Item], Report]:
    report = doctor.examine(home, clock=clock, port=0)
    return {item.name: item for item in report.items}, report


def test_it_knows_the_schema_that_the_record_has() -> None:
    assert doctor.SCHEMA == SCHEMA_VERSION


def test_without_a_home_it_looks_at_the_machine(tmp_path: Path) -> None:
    items, report = look(tmp_path / "none")
    assert items["node"].state is State.OK
    assert "record.db" not in items
    assert {"Python", "packages", "SQLite", "disk at HOME", "clock", "text", "port"} <= set(items)
    assert "duckdb " in items["packages"].said
    assert report.exit is ExitCode.DONE
    assert list(tmp_path.iterdir()) == [], "it makes nothing"


def test_a_node_in_order(home: Path, grant_of: Callable[[Path], Grant], tmp_path: Path) -> None:
    backup(home, tmp_path / "b", grant_of(home), clock=system_clock, progress=quiet)
    items, report = look(home)
    assert report.exit is ExitCode.DONE
    assert [item.name for item in report.items if item.state is State.ERROR] == []
    assert items["schema"].said == str(SCHEMA_VERSION)
    assert items["last ingest"].said.startswith("2026-11-23")
    assert items["last build"].state is State.WARNING, "the kept home has no warehouse"
    assert str(tmp_path / "b") in items["last backup"].said
    assert all(item.cure for item in report.items if item.state is not State.OK)
    assert json.loads(json.dumps(report.to_json()))["error"] == 0


def test_an_old_schema_and_a_newer_one(old_home: Path) -> None:
    items, report = look(old_home)
    assert "lienthong upgrade" in items["schema"].cure
    assert report.exit is ExitCode.FINDINGS
    with closing(sqlite3.connect(old_home / "record.db", isolation_level=None)) as database:
        database.execute("UPDATE meta SET value = '99'")
    items, report = look(old_home)
    assert items["schema"].state is State.ERROR
    assert report.exit is ExitCode.MISSING


def test_rights_and_lost_keys(home: Path) -> None:
    (home / "keys" / "node.key").chmod(0o644)
    home.chmod(0o755)
    items, report = look(home)
    assert items["rights of keys"].said == "1 files or folders of HOME/keys are open to others"
    assert items["rights of HOME"].state is State.WARNING
    assert report.exit is ExitCode.FINDINGS
    (home / "keys" / "node.key").unlink()
    next((home / "keys" / "files").iterdir()).unlink()
    items, report = look(home)
    assert "node.key" in items["keys"].said
    assert items["keys of kept files"].state is State.WARNING
    assert report.exit is ExitCode.MISSING


def test_a_damaged_database(home: Path) -> None:
    content = (home / "record.db").read_bytes()
    (home / "record.db").write_bytes(content[:16384] + os.urandom(8192) + content[24576:])
    items, report = look(home)
    assert items["record.db"].state is State.ERROR
    assert "restore" in items["record.db"].cure
    assert report.exit in (ExitCode.FINDINGS, ExitCode.MISSING)
    (home / "decisions.db").write_bytes(b"no database at all" * 100)
    assert look(home)[0]["decisions.db"].state is State.ERROR


def test_the_clock(home: Path) -> None:
    assert look(home, at(2019, 1, 1))[0]["clock"].state is State.ERROR
    newest = datetime.fromtimestamp((home / "record.db").stat().st_mtime, UTC)
    assert look(home, lambda: newest - timedelta(hours=2))[0]["clock"].state is State.ERROR
    assert "behind what was written last" in look(home, lambda: newest - timedelta(hours=2))[0]["clock"].said
    assert look(home, lambda: newest + timedelta(minutes=1))[0]["clock"].state is State.OK
    later = look(home, lambda: newest + timedelta(days=8))[0]["last backup"]
    assert (later.state, "every night" in later.cure) == (State.WARNING, True)


def test_disk_port_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    for free, state in ((20 << 30, State.OK), (2 << 30, State.WARNING), (1 << 20, State.ERROR)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: usage(free))
        assert machine.disk("disk", tmp_path).state is state
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        items = {item.name: item for item in machine.machine(tmp_path, port)}
    assert items["port"].state is State.WARNING
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "ascii")
    items = {item.name: item for item in machine.machine(tmp_path, 0)}
    assert "PYTHONUTF8" in items["text"].cure


def test_the_log(home: Path) -> None:
    now = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    items, _ = look(home, lambda: now)
    assert items["log"].state is State.OK
    (home / "logs").mkdir()
    line = '{"time":"2026-11-%sT08:00:00.000Z","level":"error","event":"error","code":"%s"}'
    said = [line % ("22", "our-fault"), line % ("22", "query-wrong"), line % ("02", "our-fault")]
    (home / "logs" / "lienthong.ndjson").write_text("\n".join(said) + "\n")
    assert look(home, lambda: now)[0]["log"].said == "1 faults of Lienthong in the last 7 days"
    (home / "logs" / "lienthong.ndjson").unlink()
    (home / "logs").rmdir()
    (home / "logs").write_text("a file where the folder should be")
    assert "can't be written" in look(home, lambda: now)[0]["log"].said


@pytest.mark.parametrize(
    ("version", "conditions", "holds"),
    [
        ("2.0.0", ">=2.0,<3", True),
        ("2", ">=2.0.0,<3", True),
        ("3.0.0", ">=2.0,<3", False),
        ("1.20.1", ">=1.17,<2", True),
        ("1.9", ">=1.17,<2", False),
        ("0.29.2", ">=0.29,<0.30", True),
        ("0.30.0", ">=0.29,<0.30", False),
        ("2026.6", ">=2025.2", True),
        ("2.1.9rc1", "~=2.1.3", True),
        ("2.2.0", "~=2.1.3", False),
        ("1.0", "!=1.0", False),
        ("1.0", "==1.0.0", True),
        ("1.0", "", True),
    ],
)
def test_versions_and_ranges(version: str, conditions: str, holds: bool) -> None:
    assert machine.within(version, conditions) is holds


def test_missing_and_wrong_packages_are_named_by_a_doctor_that_needs_none(tmp_path: Path) -> None:
    """The command itself, with every library of the node out of reach."""
    code = """
import sys
for name in ("duckdb", "pyarrow", "sqlalchemy", "lxml", "cryptography", "msgspec", "argon2", "jinja2", "babel",
             "starlette", "uvicorn", "alembic"):
    sys.modules[name] = None
from importlib import metadata
real = metadata.version
def version(name):
    if name == "duckdb":
        raise metadata.PackageNotFoundError(name)
    return "0.0.1" if name == "babel" else real(name)
metadata.version = version
from lienthong.cli import main
main(["--home", sys.argv[1], "doctor", "--json"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "none"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    said = {item["name"]: item for item in json.loads(done.stdout)["items"]}
    assert said["package duckdb"]["said"].startswith("not installed; needed: ")
    assert said["package babel"]["said"].startswith("0.0.1; needed: ")
    assert said["library lxml"]["state"] == "error"
    assert all(item["cure"] for item in said.values() if item["state"] == "error")
