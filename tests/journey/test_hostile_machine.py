"""A machine that fails: no rights, no room, damaged databases, kill -9, two at once; the node says so and goes on."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.journey.hostile import GOOD, SECRET, Node, balanced, patient, text

pytestmark = pytest.mark.slow

NOBODY = 65534


@pytest.fixture
def node(home: Path) -> Node:
    return Node(home)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.ndjson"
    path.write_text(GOOD)
    return path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Enough to be killed in the middle of it."""
    path = tmp_path / "many.ndjson"
    coding = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    with path.open("w") as file:
        file.write(GOOD)
        for number in range(30_000):
            found = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": coding}
            value = {"valueQuantity": {"value": number, "unit": "mmHg"}, "subject": {"reference": "Patient/good-1"}}
            file.write(text({**found, **value}) + "\n")
    return path


_LIBC = ctypes.CDLL(None)
_DROP_FROM_BOUNDING_SET = 24  # prctl(2)
_OVERRIDES = (1, 2, 3)  # capabilities(7): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER


def unprivileged() -> None:
    """In the child: permission bits do not bind root, so it lays down what lets it pass them."""
    if os.getuid() == 0:
        for capability in _OVERRIDES:
            _LIBC.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def test_files_and_folders_without_permission(node: Node, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    (folder / "closed").mkdir(parents=True)
    (folder / "good.ndjson").write_text(GOOD)
    (folder / "forbidden.json").write_text(text(patient("forbidden")))
    (folder / "closed" / "inside.json").write_text(text(patient("inside")))
    (folder / "forbidden.json").chmod(0)
    (folder / "closed").chmod(0)
    node.before = unprivileged
    try:
        said = node.attack("ingest", folder)
        counts = balanced(said)
        assert counts["quarantined"]["files"] == 2
        assert counts["resources"]["new"] == 2
        found = {row["file"]: row["rule"] for row in node.faults()}
        assert found == {"exports/forbidden.json": "file-not-opened", "exports/closed": "file-not-opened"}
    finally:
        (folder / "closed").chmod(0o755)
        (folder / "forbidden.json").chmod(0o644)
    again = node.attack("ingest", folder)
    assert again.code == 0 and again.json["resources"]["new"] == 2
    assert node.faults() == [], "what can be opened again leaves the quarantine"
    node.still_works()


def test_a_home_that_is_read_only(node: Node, good: Path) -> None:
    assert node.attack("ingest", good).code == 0
    locked = [node.home, *(path for path in node.home.rglob("*") if path.is_dir())]
    for path in locked:
        path.chmod(0o555)
    for command in (
        ("ingest", good),
        ("build",),
        ("retry",),
        ("query", "SELECT 1"),
        ("audit", "verify"),
        ("user", "list"),
    ):
        said = node.attack(*command, before=unprivileged)
        assert said.code == 5, (command, said.out)
        assert said.json["error"]["cure"]
    outside = Node(node.home / "inner")
    assert outside.attack("ingest", good, before=unprivileged).code == 5
    for path in locked:
        path.chmod(0o755)
    node.before = unprivileged
    node.still_works()


def test_folders_that_vanish_while_they_are_walked(node: Node, tmp_path: Path, good: Path) -> None:
    folder = tmp_path / "exports"
    for number in range(400):
        inner = folder / f"d{number}"
        inner.mkdir(parents=True)
        (inner / "a.json").write_text(text(patient(f"v{number}")))
    process = node.start("ingest", folder)
    for number in reversed(range(400)):
        inner = folder / f"d{number}"
        (inner / "a.json").unlink()
        inner.rmdir()
        time.sleep(0.002)
        if process.poll() is not None:
            break
    assert process.wait(60) in (0, 3, 2)
    err = (tmp_path / "err.txt").read_text()
    assert "Traceback" not in err and SECRET not in err
    node.still_works()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("record.db", "no database"),
        ("record.db", "truncated"),
        ("record.db", "other database"),
        ("decisions.db", "header only"),
        ("decisions.db", "random middle"),
        ("decisions.db", "folder"),
    ],
)
def test_damaged_databases(node: Node, good: Path, name: str, damage: str) -> None:
    assert node.attack("ingest", good).code == 0
    path = node.home / name
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    for beside in ("-wal", "-shm"):
        path.with_name(name + beside).unlink(missing_ok=True)
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "other database":
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE resource (a)")
            database.execute("CREATE TABLE person (a)")
            database.execute("CREATE TABLE decision (a)")
            database.execute("CREATE TABLE batch (a)")
            database.execute("CREATE TABLE attempt (a)")
            database.commit()
    else:
        content = {
            "no database": b"this is no database at all\n" * 500,
            "truncated": whole[: len(whole) // 2 + 100],
            "header only": whole[:100],
            "random middle": whole[:4096] + os.urandom(len(whole) - 4096),
        }
        path.write_bytes(content[damage])
    for command in (("ingest", good), ("build",), ("audit", "verify")):
        said = node.attack(*command)
        if name == "record.db" and command != ("audit", "verify"):
            assert said.code == 5, (command, said.out)
        assert "error" not in said.json or said.json["error"]["cure"]
    if path.is_dir():
        path.rmdir()
    for beside in ("-wal", "-shm"):
        path.with_name(name + beside).unlink(missing_ok=True)
    path.write_bytes(whole)
    node.still_works()


def test_a_record_that_another_process_locks(node: Node, good: Path) -> None:
    assert node.attack("ingest", good).code == 0
    with closing(sqlite3.connect(node.home / "record.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        said = node.attack("ingest", good, seconds=90)
        assert said.code == 5
        assert said.json["error"]["code"] == "record-busy" and said.json["error"]["retry"]
        assert node.attack("build").code == 0, "a writer never stops a reader"
        database.execute("ROLLBACK")
    node.still_works()


def _full_disk(kib: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))

    return limit


@pytest.mark.parametrize("kib", [4, 600, 4000])
def test_no_room_in_the_middle_of_an_ingest(node: Node, many: Path, good: Path, kib: int) -> None:
    said = node.attack("ingest", many, before=_full_disk(kib))
    assert said.code == 5, said.out
    assert said.json["error"]["category"] == "no_space", said.out
    if (node.home / "record.db").exists():
        listed = node.attack("query", "SELECT count(*) AS n FROM record.batches")
        assert listed.json["rows"] == [{"n": 0}], "nothing was published"
    node.still_works()


def test_no_room_on_a_small_disk(node: Node, many: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can't be mounted here")
    try:
        node = Node(small / "home", beside=tmp_path)
        said = node.attack("ingest", many)
        assert (said.code, said.json["error"]["category"]) == (5, "no_space"), said.out
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)  # somebody makes room
        node.still_works()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


@pytest.mark.parametrize("kib", [30, 300])
def test_no_room_in_the_middle_of_a_build(node: Node, many: Path, kib: int) -> None:
    assert node.attack("ingest", many).code == 0
    first = node.attack("build").json["snapshot"]
    said = node.attack("build", before=_full_disk(kib))
    assert said.code == 5, said.out
    assert said.json["error"]["category"] == "no_space", said.out
    manifest = json.loads((node.home / "warehouse" / "manifest.json").read_text())
    assert manifest["snapshot"] == first
    rows = node.attack("query", 'SELECT count(*) AS n FROM fhir."Observation"').json["rows"]
    assert rows == [{"n": 30_000}]
    node.still_works()


def test_killed_in_the_middle_of_a_build_and_two_at_once(node: Node, many: Path) -> None:
    assert node.attack("ingest", many).code == 0
    first = node.attack("build").json
    for share in (0.3, 0.6, 0.9):
        process = node.start("build")
        time.sleep(0.6 + share * first["seconds"])
        process.send_signal(signal.SIGKILL)
        process.wait()
        rows = node.attack("query", 'SELECT count(*) AS n FROM fhir."Observation"')
        assert rows.json["rows"] == [{"n": 30_000}]
    again = node.attack("build").json
    assert again["tables"] == first["tables"]
    command = [sys.executable, "-m", "lienthong", "--home", str(node.home), "build", "--json"]
    two = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [(process.communicate()[0], process.returncode) for process in two]
    codes = sorted(code for _, code in said)
    assert codes in ([0, 5], [0, 0]), said
    for out, code in said:
        if code:
            error = json.loads(out)["error"]
            assert error["code"] == "warehouse-busy" and error["retry"]
    node.still_works()


def test_two_ingests_at_once(node: Node, many: Path, good: Path) -> None:
    process = node.start("ingest", many)
    for _ in range(200):
        if (node.home / "record.ingest-lock").exists():
            break
        time.sleep(0.02)
    second = Node(node.home)
    command = [sys.executable, "-m", "lienthong", "--home", str(second.home), "ingest", str(good), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 5 and json.loads(done.stdout)["error"]["code"] == "ingest-running"
    assert process.wait(60) == 0
    node.still_works()
