"""A full disk, a damaged file, a newer schema: a clear error, and nothing half-written."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from lienthong.core.clock import Clock
from lienthong.core.errors import Category, LienthongError
from lienthong.privacy.access import Grant
from lienthong.record import Record

Grants = Callable[..., Grant]
PROCESS = Path(__file__).with_name("ingest_process.py")


def patient(key: str, text: str = "") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, "name": [{"text": text}]}


def error_of(call: Callable[[], object]) -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        call()
    return caught.value


def test_no_room_in_the_database(feed: Any, record: Record, grants: Grants) -> None:
    feed("a", patient("p1"))
    with record._store.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
    error = error_of(lambda: feed("b", *(patient(f"q{number}", "x" * 5000) for number in range(50))))
    assert (error.category, error.code) == (Category.NO_SPACE, "record-no-space")
    assert "What was not published" not in error.what and "Make room" in error.cure
    assert record.counts() == {"Patient": 1}
    with record._store.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    feed("b", *(patient(f"q{number}", "x" * 5000) for number in range(50)))
    assert record.counts() == {"Patient": 51}


def test_no_room_on_the_disk(tmp_path: Path) -> None:
    """A real refusal of the system to let a file grow, in a process of its own."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    done = subprocess.run(
        [sys.executable, str(PROCESS), str(tmp_path), "2000", "50"],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert json.loads(done.stdout.splitlines()[-1])["error"] == "record-no-space", done.stderr
    whole = subprocess.run(
        [sys.executable, str(PROCESS), str(tmp_path), "2000", "50"], capture_output=True, text=True, check=True
    )
    assert json.loads(whole.stdout.splitlines()[-1])["new"] == 2000


def test_a_newer_schema_is_refused(record: Record, clock: Clock) -> None:
    path = record._store.path
    record.close()
    with closing(connect(path, isolation_level=None)) as outside:
        outside.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    error = error_of(lambda: Record.open(path, clock=clock, guard=lambda body, decision: None))
    assert error.category is Category.UNSUPPORTED
    assert error.what == "The record was written by a newer Lienthong (schema 99)."
    assert "schema 2" in error.allowed


def test_a_file_that_is_no_database(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "record.db"
    path.write_bytes(b"no database at all" * 100)
    error = error_of(lambda: Record.open(path, clock=clock, guard=lambda body, decision: None))
    assert (error.category, error.what) == (
        Category.UNAVAILABLE,
        "The record can't be used: file is not a database.",
    )


def test_a_folder_that_can_not_be_made(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    error = error_of(lambda: Record.open(tmp_path / "file" / "r.db", clock=clock, guard=lambda body, decision: None))
    assert error.category is Category.UNAVAILABLE


def test_a_writer_that_waits_too_long_is_told(
    record: Record, clock: Clock, feed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(connect(record._store.path, isolation_level=None)) as outside:
        with record._store.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        outside.execute("BEGIN IMMEDIATE")
        error = error_of(lambda: feed("a", patient("p1")))
        assert (error.category, error.retry) == (Category.BUSY, True)
        assert "written by another process" in error.what
        outside.execute("ROLLBACK")
    feed("a", patient("p1"))
