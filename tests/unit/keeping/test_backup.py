"""A backup is one moment of a node in use; it is whole or it is none; keys are never in it."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.clock import Clock, system_clock
from lienthong.core.errors import Category, LienthongError
from lienthong.keeping.backup import backup, save
from lienthong.keeping.keys import copy_keys, read_keys
from lienthong.keeping.manifest import MANIFEST, Manifest
from lienthong.keeping.moment import one_moment
from lienthong.keeping.restore import restore
from lienthong.pipeline import quiet
from lienthong.privacy.access import Action, Grant
from lienthong.privacy.vault import Vault

GrantOf = Callable[[Path], Grant]
PROCESS = Path(__file__).with_name("keeping_process.py")


def take(home: Path, place: Path, grant_of: GrantOf) -> Any:
    return backup(home, place, grant_of(home), clock=system_clock, progress=quiet)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LienthongError) as caught:
        call()
    return caught.value.code


def test_every_file_is_there_with_its_digest(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    taken = take(home, tmp_path / "b", grant_of)
    manifest = Manifest.from_bytes((taken.place / MANIFEST).read_bytes())
    assert manifest.schema == {"record": 2, "decisions": 1}
    kept = {path.name for path in (home / "raw").glob("??/*")}
    assert {entry.path.rsplit("/", 1)[-1] for entry in manifest.files if entry.path.startswith("raw/")} == kept
    assert {"record.db", "decisions.db", "lienthong.toml", "audit/log.ndjson", "audit/log.head"} < {
        entry.path for entry in manifest.files
    }
    for entry in manifest.files:
        root = taken.place.parent if entry.stored.startswith("raw/") else taken.place
        content = (root / entry.stored).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry.size, entry.sha256)
        assert (root / entry.stored).stat().st_mode & 0o077 == 0
    assert json.loads((home / "last-backup.json").read_text())["taken_at"] == taken.taken_at


def test_signed_locks_and_runs_go_with_it(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    names = {"evaluations/lock-news2-0123456789ab.json", "evaluations/run-cvd-risk-0123456789ab.json"}
    (home / "evaluations").mkdir()
    for name in names:
        (home / name).write_text("{}")
    (home / "evaluations" / "notes.txt").write_text("left out")
    taken = take(home, tmp_path / "b", grant_of)
    restore(taken.place, tmp_path / "again", keys=None, progress=quiet)
    assert {f"evaluations/{path.name}" for path in (tmp_path / "again" / "evaluations").iterdir()} == names


@pytest.mark.parametrize("name", ["b", "b.zip"])
def test_no_key_is_in_it(home: Path, tmp_path: Path, grant_of: GrantOf, name: str) -> None:
    take(home, tmp_path / name, grant_of)
    written = [tmp_path / name] if name.endswith(".zip") else [p for p in (tmp_path / name).rglob("*") if p.is_file()]
    everything = b"".join(path.read_bytes() for path in written)
    keys = [path.read_bytes() for path in (home / "keys").rglob("*") if path.is_file()]
    assert len(keys) > 10
    assert not [key for key in keys if key in everything]


def test_a_second_backup_copies_only_what_is_new(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    first = take(home, tmp_path / "b", grant_of)
    assert first.copied == len(list((home / "raw").glob("??/*"))) > 5
    vault = Vault(home / "raw", home / "keys")
    vault.keep(io.BytesIO(b"one more export"))
    again = next((home / "raw").glob("??/*"))
    with vault.open(again.name) as stream:
        plain = stream.read()
    (home / "keys" / "files" / f"{again.name}.key").unlink()
    vault.keep(io.BytesIO(plain))  # the same file under another key: other bytes under the same name
    second = take(home, tmp_path / "b", grant_of)
    assert second.copied == 2
    for number, taken in enumerate((first, second)):
        restore(taken.place, tmp_path / f"restored-{number}", keys=None, progress=quiet)


def test_it_is_one_moment_however_others_write(home: Path) -> None:
    with one_moment(home) as readers:
        for name, table in (("record.db", "batch"), ("decisions.db", "attempt")):
            before = readers[name].execute(f"SELECT count(*) FROM {table}").fetchone()
            with closing(sqlite3.connect(home / name, timeout=1)) as other:
                if table == "batch":
                    other.execute(
                        "INSERT INTO batch (id, kind, source, actor, purpose, started_at)"
                        " VALUES (99, 'ingest', 's', 'a', 'p', 't')"
                    )
                else:
                    other.execute("INSERT INTO attempt VALUES ('x', 1, 't')")
                other.commit()
            copy = sqlite3.connect(":memory:")
            readers[name].backup(copy, pages=1)
            assert copy.execute(f"SELECT count(*) FROM {table}").fetchone() == before
            copy.close()


def test_signing_waits_only_while_both_are_opened(home: Path) -> None:
    """What a decision's way needs, signed before written before noted, holds in any backup."""
    with closing(sqlite3.connect(home / "decisions.db", isolation_level=None)) as signing:
        signing.execute("BEGIN IMMEDIATE")
        signing.execute("INSERT INTO attempt VALUES ('half', 1, 't')")
        with closing(_impatient(home)) as gate, pytest.raises(sqlite3.OperationalError, match="locked"):
            gate.execute("BEGIN IMMEDIATE")
        signing.execute("ROLLBACK")
    with one_moment(home), closing(_impatient(home)) as after:
        after.execute("BEGIN IMMEDIATE")  # the door is open again
        after.execute("ROLLBACK")


def _impatient(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "decisions.db", timeout=0.05, isolation_level=None)


def test_killed_anywhere_it_is_no_backup(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    place = tmp_path / "b"
    for last in (3, 13, 20, 15):  # the last is the manifest itself: what was copied before is not copied again
        killed = subprocess.run([sys.executable, PROCESS, "backup", home, place, str(last)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert code_of(lambda: restore(place, tmp_path / "new", keys=None, progress=quiet)) == "backup-missing"
        assert not (tmp_path / "new").exists()
    taken = take(home, place, grant_of)
    assert taken.copied == 0, "a backup goes on where the killed one stopped"
    assert sorted(path.name for path in place.iterdir()) == sorted(
        ["lienthong-backups.lock", "raw", taken.place.name]
    )
    assert not list(place.rglob("*.part"))
    assert restore(place, tmp_path / "new", keys=None, progress=quiet).files == taken.files


def test_no_room_is_said_and_is_no_backup(home: Path, tmp_path: Path) -> None:
    """A real refusal of the system to let a file grow, in a process of its own."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    for name in ("b", "b.zip"):
        done = subprocess.run(
            [sys.executable, PROCESS, "backup", home, tmp_path / name, "0"],
            preexec_fn=limit, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = json.loads(done.stdout)
        assert (said["error"], said["category"]) == ("backup-no-space", "NO_SPACE"), done.stderr
        assert not (tmp_path / "b.zip").exists()
        assert not list((tmp_path / "b").rglob(MANIFEST))
    assert Category.NO_SPACE.exit == 5


def test_too_small_a_disk_is_refused_before_anything_is_copied(
    home: Path, tmp_path: Path, grant_of: GrantOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(LienthongError, match=r"bytes needed, 1,000 free") as caught:
        take(home, tmp_path / "b", grant_of)
    assert caught.value.code == "backup-no-space"
    assert not list((tmp_path / "b").rglob("record.db"))


def test_places_that_are_refused(home: Path, tmp_path: Path, grant_of: GrantOf, clock: Clock) -> None:
    assert code_of(lambda: take(home, home / "b", grant_of)) == "backup-inside"
    other = tmp_path / "photos"
    other.mkdir()
    (other / "a.jpg").write_bytes(b"")
    assert code_of(lambda: take(home, other, grant_of)) == "backup-target-taken"
    (tmp_path / "b.zip").write_bytes(b"")
    assert code_of(lambda: take(home, tmp_path / "b.zip", grant_of)) == "backup-target-taken"
    assert code_of(lambda: take(home, tmp_path / "not-there" / "b.zip", grant_of)) == "backup-unwritable"
    assert code_of(lambda: grant_of(tmp_path)) == "home-missing"

    def both(place: Path | None, keys: Path | None) -> str:
        return code_of(lambda: save(home, place, keys, grant_of(home), clock=clock, progress=quiet))

    assert both(None, None) == "backup-nothing"
    assert both(tmp_path / "b", tmp_path / "b" / "keys") == "backup-inside"
    assert both(None, home / "copy") == "backup-inside"
    assert both(None, other) == "backup-target-taken"
    take(home, tmp_path / "c", grant_of)
    assert both(None, tmp_path / "c" / "keys") == "backup-inside"


def test_keys_are_copied_apart_and_named_when_they_are_no_more(
    home: Path, tmp_path: Path, grant_of: GrantOf, clock: Clock
) -> None:
    place = tmp_path / "k"
    copied = copy_keys(home, place, grant_of(home), clock=clock)
    assert copied.new == copied.keys == len([p for p in (home / "keys").rglob("*") if p.is_file()])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (place, *place.rglob("*")))
    assert "apart from the backups" in copied.to_json()["warning"]
    next((home / "keys" / "files").iterdir()).unlink()
    again = copy_keys(home, place, grant_of(home), clock=clock)
    assert (again.keys, again.new, again.no_more) == (copied.keys - 1, 0, 1)
    assert len(read_keys(place).files) == copied.keys - 1
    (place / MANIFEST).unlink()  # as if killed before its end
    assert code_of(lambda: read_keys(place)) == "keys-copy-missing"


def test_a_backup_needs_the_grant_to_keep_the_node(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    take(home, tmp_path / "b", grant_of)
    last = json.loads((home / "audit" / "log.ndjson").read_text().splitlines()[-1])
    assert (last["action"], last["outcome"]) == (Action.KEEP_NODE.value, "permitted")
