"""A record of an older schema: refused until it is upgraded; upgraded whole or not at all, even when killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory

from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.privacy.access import Action, Grant
from lienthong.record import Record
from lienthong.record.schema import SCHEMA_VERSION
from lienthong.record.upgrade import schema_of, upgrade

Grants = Callable[..., Grant]
PROCESS = Path(__file__).with_name("upgrade_process.py")
HOMES = Path(__file__).resolve().parents[2] / "fixtures" / "homes"
OLD = sorted(HOMES.glob("schema-*.zip"))


def kept(folder: Path, home: Path) -> Path:
    with zipfile.ZipFile(home) as archive:
        archive.extractall(folder)
    return folder / "record.db"


def tables(path: Path) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names if name != "meta"}


def opened(path: Path, clock: Clock) -> Record:
    return Record.open(path, clock=clock, guard=lambda body, decision: None)


def nothing() -> None:
    """The step before an upgrade, where a test needs none."""


def test_every_schema_that_was_given_out_is_kept_and_has_its_migration() -> None:
    assert [home.stem for home in OLD] == [f"schema-{number}" for number in range(1, SCHEMA_VERSION)]
    scripts = ScriptDirectory(str(Path(sys.modules[upgrade.__module__].__file__ or "").with_name("migrations")))
    assert scripts.get_heads() == [str(SCHEMA_VERSION)]
    assert len(list(scripts.iterate_revisions("head", "base"))) == SCHEMA_VERSION


@pytest.mark.parametrize("home", OLD, ids=lambda home: home.stem)
def test_an_upgraded_record_is_a_fresh_one_with_the_old_rows(
    tmp_path: Path, clock: Clock, grants: Grants, home: Path
) -> None:
    path, number = kept(tmp_path / "old", home), int(home.stem.removeprefix("schema-"))
    before = rows(path)
    assert len(before["version"]) > 100
    assert before["quarantine"]
    assert before["finding"]
    with pytest.raises(LienthongError) as caught:
        opened(path, clock)
    assert caught.value.code == "record-older"
    assert "lienthong upgrade" in caught.value.cure
    assert schema_of(path) == number

    called: list[int | None] = []
    done = upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=lambda: called.append(schema_of(path)))
    assert done == (number, SCHEMA_VERSION)
    assert called == [number], "the backup is taken before anything is changed"
    assert rows(path) == before
    opened(tmp_path / "fresh.db", clock).close()
    assert tables(path) == tables(tmp_path / "fresh.db")
    with opened(path, clock) as record:
        assert sum(record.counts().values()) > 100
    assert upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=lambda: called.append(0))[0] == SCHEMA_VERSION
    assert called == [number], "a second time there is nothing to do and no backup"


def test_killed_anywhere_it_is_the_old_record_or_the_new_one(tmp_path: Path, clock: Clock, grants: Grants) -> None:
    opened(tmp_path / "fresh.db", clock).close()
    new = tables(tmp_path / "fresh.db")
    path = kept(tmp_path / "whole", OLD[0])
    old, content = tables(path), rows(path)
    done = subprocess.run([sys.executable, PROCESS, path.parent, "0"], capture_output=True, text=True, check=True)
    statements = int(done.stdout)
    assert statements >= 6
    for last in range(2, statements + 1, 2):
        path = kept(tmp_path / f"killed-{last}", OLD[0])
        killed = subprocess.run([sys.executable, PROCESS, path.parent, str(last)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert tables(path) in (old, new)
        assert rows(path) == content
        upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=nothing)
        assert tables(path) == new
        assert rows(path) == content


def test_it_needs_the_grant_and_waits_for_no_ingest(tmp_path: Path, clock: Clock, grants: Grants) -> None:
    path = kept(tmp_path / "old", OLD[0])
    with pytest.raises(LienthongError, match="access-grant-wrong"):
        upgrade(path, grants(Action.INGEST), clock=clock, first=nothing)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(LienthongError, match="record-newer"):
        upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=nothing)
    assert schema_of(path) == 99
    assert schema_of(tmp_path / "none.db") is None


def test_a_failed_backup_changes_nothing(tmp_path: Path, clock: Clock, grants: Grants) -> None:
    path = kept(tmp_path / "old", OLD[0])
    before = tables(path)

    def full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=full)
    assert tables(path) == before
    assert upgrade(path, grants(Action.KEEP_NODE), clock=clock, first=nothing) == (1, SCHEMA_VERSION)
