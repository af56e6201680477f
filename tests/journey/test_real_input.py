"""Real input that none of us wrote: Synthea's resources and bundles, from file to OMOP and to suggestions."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Lienthong = Callable[..., Any]

pytestmark = [pytest.mark.suite, pytest.mark.slow]


@pytest.fixture
def exports(suites: Callable[[str], Path]) -> tuple[Path, Path]:
    return suites("synthea_r4_smart_dev100"), suites("synthea_r4_smart_bundles15")


def _expected(ndjson: Path, bundles: Path) -> Counter[str]:
    """The union of both folders, counted without Lienthong: resources by type and id."""
    seen: set[tuple[str, str]] = set()
    for path in ndjson.glob("*.ndjson.gz"):
        with gzip.open(path, "rt") as lines:
            for line in lines:
                resource = json.loads(line)
                seen.add((resource["resourceType"], resource["id"]))
    for path in bundles.glob("*.json.gz"):
        with gzip.open(path, "rt") as text:
            for entry in json.load(text)["entry"]:
                seen.add((entry["resource"]["resourceType"], entry["resource"]["id"]))
    return Counter(kind for kind, _ in seen)


def _rows(home: Path) -> list[tuple[Any, ...]]:
    """The record as it is seen, without times: every published version with its content and origin."""
    with sqlite3.connect(f"file:{home / 'record.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            """SELECT r.seq, r.type, r.id, v.version, v.digest, f.name, o.record, o.field
               FROM version v JOIN resource r USING (seq) JOIN batch b ON b.id = v.batch
               LEFT JOIN origin o ON o.seq = v.seq AND o.version = v.version LEFT JOIN file f ON f.id = o.file
               WHERE b.published_at IS NOT NULL ORDER BY 1, 4, 6, 7, 8"""
        ).fetchall()
    database.close()
    return rows


def test_every_resource_is_kept_and_every_reference_resolves(
    lienthong: Lienthong, home: Path, exports: tuple[Path, Path]
) -> None:
    first = lienthong("ingest", *exports)
    assert first.code == 0, first.err
    said = first.json
    expected = _expected(*exports)
    assert said["resources"]["new"] == sum(expected.values())
    assert said["quarantined"] == {"files": 0, "records": 0}
    assert said["records"] == said["kept"] == said["resources"]["read"]
    assert said["resources"]["read"] == sum(said["resources"][key] for key in ("new", "updated", "unchanged"))
    assert said["findings"]["error"] == 0
    assert said["findings"]["warning"] == 0, "a reference that does not resolve is a warning"

    # fed twice, nothing changes
    before = _rows(home)
    again = lienthong("ingest", *exports).json
    assert again["resources"] == {
        "read": said["resources"]["read"],
        "new": 0,
        "updated": 0,
        "unchanged": said["resources"]["read"],
    }
    assert _rows(home) == before

    # to OMOP, side by side
    built = lienthong("build")
    # a dead person of Synthea's is seen months later: the check that says so is the only one that fails
    assert built.code == 1, built.err
    failed = lienthong("query", "SELECT DISTINCT kind FROM checks.results WHERE failed").json["rows"]
    assert [row["kind"] for row in failed] == ["beforeDeath"]
    tables = built.json["tables"]
    assert tables["omop.person"] == expected["Patient"]
    assert tables["omop.visit_occurrence"] == expected["Encounter"]
    assert tables["omop.condition_occurrence"] == expected["Condition"]
    assert tables["omop.drug_exposure"] > 0
    assert built.json["checks"]["run"] > 0
    counted = lienthong("query", 'SELECT (SELECT count(*) FROM fhir."Observation") AS n').json
    assert counted["rows"][0]["n"] == expected["Observation"]

    # exported again: a line for each
    out = home.parent / "out"
    assert lienthong("export", out).code == 0
    written = {path.stem: len(path.read_bytes().splitlines()) for path in out.glob("*.ndjson")}
    assert written == dict(expected)

    # and the product runs on every adult who has its inputs
    ran = lienthong("product", "run", "cvd-risk").json
    assert ran["computed"] > 0
    assert ran["adults"] == ran["computed"] + sum(ran["abstained"].values())


def _killed(home: Path, exports: tuple[Path, Path], after: float) -> bool:
    command = [sys.executable, "-m", "lienthong", "--home", str(home), "ingest", *map(str, exports)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    running = process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return running


def test_killed_and_started_again_the_record_is_the_same(
    lienthong: Lienthong, home: Path, exports: tuple[Path, Path], tmp_path: Path
) -> None:
    started = time.monotonic()
    command = [sys.executable, "-m", "lienthong", "--home", str(tmp_path / "whole"), "ingest", *map(str, exports)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    took = time.monotonic() - started
    killed = [_killed(home, exports, took * share) for share in (0.3, 0.6, 0.9)]
    assert any(killed), "the ingest was too quick to be killed in its middle"
    with sqlite3.connect(home / "record.db") as database:
        assert database.execute("SELECT count(*) FROM batch WHERE published_at IS NOT NULL").fetchone() == (0,)
    database.close()
    assert lienthong("ingest", *exports).code == 0
    assert _rows(home) == _rows(tmp_path / "whole")


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_readers_see_nothing_of_an_ingest_before_its_end(
    lienthong: Lienthong, home: Path, exports: tuple[Path, Path]
) -> None:
    command = [sys.executable, "-m", "lienthong", "--home", str(home), "ingest", str(exports[0])]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _until(lambda: (home / "record.db").exists() and _written(home) > 2000)
    seen = lienthong("query", "SELECT count(*) AS n FROM record.batches")
    assert process.poll() is None, "the ingest was too quick to be looked at"
    process.wait()
    assert seen.code in (0, 5)


def _written(home: Path) -> int:
    try:
        with sqlite3.connect(f"file:{home / 'record.db'}?mode=ro", uri=True) as database:
            count: int = database.execute("SELECT count(*) FROM version").fetchone()[0]
            return count
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()
