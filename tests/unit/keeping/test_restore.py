"""A restored node equals the old one, with its keys; a damaged or hostile backup restores nothing."""

from __future__ import annotations

import io
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lienthong import Node
from lienthong.core.actors import Actor
from lienthong.core.clock import Clock, system_clock
from lienthong.core.errors import LienthongError
from lienthong.decisions.statement import Verdict
from lienthong.keeping.backup import backup
from lienthong.keeping.keys import copy_keys
from lienthong.keeping.manifest import MANIFEST, Entry, Manifest
from lienthong.keeping.restore import WITHOUT_KEYS, restore
from lienthong.pipeline import quiet
from lienthong.privacy.access import Action, Grant
from lienthong.privacy.vault import Vault

GrantOf = Callable[[Path], Grant]
Content = Callable[[Path], dict[str, list[tuple[Any, ...]]]]
PROCESS = Path(__file__).with_name("keeping_process.py")
OPERATOR = Actor("tester", operator=True)


@pytest.fixture(params=["b", "b.zip"])
def saved(request: pytest.FixtureRequest, home: Path, tmp_path: Path, grant_of: GrantOf) -> Path:
    """A folder of backups, and one file."""
    place: Path = tmp_path / request.param
    backup(home, place, grant_of(home), clock=system_clock, progress=quiet)
    return place


@pytest.fixture
def keys(home: Path, tmp_path: Path, grant_of: GrantOf, clock: Clock) -> Path:
    copy_keys(home, tmp_path / "keys-apart", grant_of(home), clock=clock)
    return tmp_path / "keys-apart"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LienthongError) as caught:
        call()
    return caught.value.code


def first_ingest(home: Path, folder: Path) -> Path:
    """The files of the home's first ingest, as they came: out of the vault."""
    folder.mkdir()
    with closing(sqlite3.connect(home / "record.db")) as database:
        rows = database.execute("SELECT name, sha256 FROM file WHERE batch = 1 AND sha256 <> ''").fetchall()
    for name, sha256 in rows:
        with Vault(home / "raw", home / "keys").open(sha256) as stream:
            (folder / Path(name).name).write_bytes(stream.read())
    return folder


def tables(node: Node) -> dict[str, Any]:
    node.build()
    return {
        name: node.query(f'SELECT * FROM {space}."{table}" ORDER BY ALL').to_pylist()
        for name in node.warehouse.tables()
        for space, table in [name.split(".", 1)]
    }


@pytest.mark.slow
def test_a_restored_node_equals_the_old_one(
    home: Path, saved: Path, keys: Path, tmp_path: Path, content: Content, clock: Clock, maker: ModuleType
) -> None:
    before = content(home)
    new = tmp_path / "new"
    done = restore(saved, new, keys=keys, progress=quiet)
    assert (done.not_working, done.next) == ((), "lienthong build")
    assert content(new) == before
    assert len(before["record.db.version"]) > 100
    assert before["decisions.db.decision"]

    for path in (home / "raw").glob("??/*"):
        opened = [Vault(folder / "raw", folder / "keys").open(path.name) for folder in (home, new)]
        assert opened[0].read() == opened[1].read()
        for stream in opened:
            stream.close()

    exports = first_ingest(home, tmp_path / "exports")
    with Node(home, actor=OPERATOR, clock=clock) as old, Node(new, actor=OPERATOR, clock=clock) as node:
        assert node.verify_audit() == ()
        assert tables(node) == tables(old)
        # this Lienthong reads the files better than the one that made the home: both take what is better, once
        better = [one.ingest([exports]).to_json()["resources"] for one in (old, node)]
        assert better[0] == better[1]
        again = node.ingest([exports]).to_json()["resources"]
        assert (again["new"], again["updated"]) == (0, 0)
        assert again["unchanged"] > 20
        actor = node.people.sign_in(maker.PHYSICIAN, maker.PASSWORD)
    assert actor is not None
    with Node(new, actor=actor, purpose="treatment", clock=clock) as node:
        grant = node.permit(Action.READ_WORKLIST)
        waiting = [
            item.id
            for item in node.record.resources(grant, "RiskAssessment")
            if item.resource()["status"] == "preliminary"
        ]
        signed = node.decide(waiting[0], Verdict.ACCEPT, passphrase=maker.PASSPHRASE)
        assert signed.resource()["status"] == "final"
    with Node(new, actor=OPERATOR, clock=clock) as node:
        assert node.verify_audit() == ()


@pytest.mark.slow
def test_without_keys_just_what_is_said_does_not_work(
    home: Path, saved: Path, tmp_path: Path, content: Content, clock: Clock, maker: ModuleType
) -> None:
    before, new = content(home), tmp_path / "new"
    done = restore(saved, new, keys=None, progress=quiet)
    assert done.not_working == WITHOUT_KEYS
    assert content(new) == before
    assert (new / "audit" / "of-the-backup" / "log.ndjson").read_bytes().count(b"\n") > 2
    fresh = tmp_path / "fresh.ndjson"
    fresh.write_text('{"resourceType":"Patient","id":"new"}\n')
    with Node(new, actor=OPERATOR, clock=clock) as node, Node(home, actor=OPERATOR, clock=clock) as old:
        assert tables(node) == tables(old)
        assert node.ingest([fresh]).published.resources.new == 1
        assert node.log.verify() == []
        assert node.trace("omop.person/1").origins
        assert code_of(node.retry) == "vault-key-missing"
        with pytest.raises(LienthongError, match="people-tampered"):
            node.people.sign_in(maker.PHYSICIAN, maker.PASSWORD)


def test_one_changed_byte_anywhere_restores_nothing(
    home: Path, tmp_path: Path, grant_of: GrantOf, keys: Path
) -> None:
    taken = backup(home, tmp_path / "b", grant_of(home), clock=system_clock, progress=quiet)
    files = [path for path in (tmp_path / "b").rglob("*") if path.is_file() and path.stat().st_size]
    assert len(files) == taken.files + 1
    for path in files:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        code = code_of(lambda: restore(tmp_path / "b", tmp_path / "new", keys=keys, progress=quiet))
        assert code == ("backup-manifest-damaged" if path.name == MANIFEST else "backup-damaged"), path
        assert not (tmp_path / "new").exists()
        path.write_bytes(content)
    one = next(iter(sorted((keys / "keys" / "files").iterdir())))
    one.write_bytes(bytes(32))
    assert (
        code_of(lambda: restore(tmp_path / "b", tmp_path / "new", keys=keys, progress=quiet)) == "keys-copy-damaged"
    )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".new")]


def test_a_zip_that_is_cut_off_or_changed_is_no_backup(home: Path, tmp_path: Path, grant_of: GrantOf) -> None:
    place = tmp_path / "b.zip"
    backup(home, place, grant_of(home), clock=system_clock, progress=quiet)
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    assert code_of(lambda: restore(place, tmp_path / "new", keys=None, progress=quiet)) == "backup-missing"
    with zipfile.ZipFile(io.BytesIO(whole)) as kept:
        about = kept.getinfo("record.db")
    middle = about.header_offset + 100 + about.compress_size // 2  # within the content, not in a header's date
    place.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert code_of(lambda: restore(place, tmp_path / "new", keys=None, progress=quiet)) == "backup-damaged"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "raw/../../outside", "keys/../outside", "warehouse/x", "record.db/../x"]
)
def test_a_manifest_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    for entry in (Entry(path, "record.db", 1, "0" * 64), Entry("record.db", path, 1, "0" * 64)):
        text = Manifest("2026-11-23T08:15:00.000Z", "0.1.0", {}, "", (entry,)).to_bytes()
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as hostile:
            hostile.writestr(MANIFEST, text)
            hostile.writestr(path, b"x")
        code = code_of(lambda: restore(tmp_path / "b.zip", tmp_path / "new", keys=None, progress=quiet))
        assert code == "backup-manifest-damaged"
        assert sorted(item.name for item in tmp_path.iterdir()) == ["b.zip"]


def test_a_home_that_is_not_empty_is_left_alone(saved: Path, home: Path, content: Content) -> None:
    before = content(home)
    assert code_of(lambda: restore(saved, home, keys=None, progress=quiet)) == "restore-home-taken"
    assert content(home) == before


def test_keys_of_another_node_and_newer_schemas_are_refused(
    home: Path, saved: Path, tmp_path: Path, grant_of: GrantOf, clock: Clock
) -> None:
    with Node(tmp_path / "other", actor=OPERATOR, clock=clock):
        pass
    copy_keys(tmp_path / "other", tmp_path / "other-keys", grant_of(tmp_path / "other"), clock=clock)
    new = tmp_path / "new"
    assert code_of(lambda: restore(saved, new, keys=tmp_path / "other-keys", progress=quiet)) == "restore-keys-other"
    assert code_of(lambda: restore(saved, new, keys=tmp_path / "none", progress=quiet)) == "keys-copy-missing"
    newer = Manifest("2027-01-01T00:00:00.000Z", "9.0.0", {"record": 99}, "", ())
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as file:
        file.writestr(MANIFEST, newer.to_bytes())
    with pytest.raises(LienthongError, match=r"schema 99, Lienthong 9\.0\.0") as caught:
        restore(tmp_path / "newer.zip", new, keys=None, progress=quiet)
    assert caught.value.code == "backup-newer"
    assert not new.exists()


def test_killed_in_the_middle_there_is_no_home(saved: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    for last in (2, 8, 20):
        killed = subprocess.run([sys.executable, PROCESS, "restore", new, saved, str(last)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert not new.exists()
    restore(saved, new, keys=None, progress=quiet)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_old_backup_is_restored_and_then_upgraded(
    old_home: Path, tmp_path: Path, grant_of: GrantOf, clock: Clock
) -> None:
    backup(old_home, tmp_path / "b", grant_of(old_home), clock=system_clock, progress=quiet)
    done = restore(tmp_path / "b", tmp_path / "new", keys=None, progress=quiet)
    assert (done.schema, done.next) == (1, "lienthong upgrade, then lienthong build")
    with pytest.raises(LienthongError, match="record-older"):
        Node(tmp_path / "new", actor=OPERATOR, clock=clock)
