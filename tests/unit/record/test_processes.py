"""Several processes on one record: a killed ingest leaves nothing, an open one stops neither writer nor reader."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.core.origin import Origin
from lienthong.privacy.access import Action, Grant
from lienthong.record import Record, ai_guard

Grants = Callable[..., Grant]
PROCESS = Path(__file__).with_name("ingest_process.py")
COUNT = 600


def patient(key: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, **more}


@contextmanager
def ingest(folder: Path, *, pause: float = 0) -> Iterator[Iterator[dict[str, Any]]]:
    """The ingest in its own process; what it says, line by line; killed with SIGKILL at the end of the block."""
    command = [sys.executable, str(PROCESS), str(folder), str(COUNT), "50", str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield (json.loads(line) for line in process.stdout)
        process.send_signal(signal.SIGKILL)


def dump(record: Record) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; the clock stands still in these tests, so times are equal."""
    with record._store.reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        return {
            name: sorted((tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
            for name in names
        }


def opened(folder: Path, clock: Clock) -> Record:
    return Record.open(folder / "record.db", clock=clock, guard=ai_guard(lambda decision, body: "no"), step=50)


def first_ingest(record: Record, grants: Grants) -> None:
    """What is in the record before: a patient that the second file changes, and a reference that it resolves."""
    with record.begin(grants(Action.INGEST), source="main") as batch:
        file = batch.file("first", "sha-first", 1, "fhir")
        waiting = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient?identifier=key|4"}}
        from_first = [patient("p2", gender="female"), waiting]
        batch.put(file, origin_of("first"), from_first)
        batch.publish()


def origin_of(name: str) -> Any:
    return Origin("main", name, f"sha-{name}", "1")


@pytest.fixture(scope="module")
def moments() -> list[str]:
    return ["begun", "put:50", "put:350", "put:600", "linked"]


@pytest.mark.slow
def test_killed_and_started_again_is_as_without_the_kill(
    tmp_path: Path, clock: Clock, grants: Grants, moments: list[str]
) -> None:
    whole = tmp_path / "whole"
    with opened(whole, clock) as record:
        first_ingest(record, grants)
        before = dump(record)
        with ingest(whole) as lines:
            assert list(lines)[-1]["new"] == COUNT - 1
        expected = dump(record)
        assert len(expected["membership"]) == COUNT / 2 and len(expected["person"]) == COUNT / 6
    assert {name for name in expected if expected[name] != before[name]} >= {"version", "membership", "quarantine"}
    for moment in moments:
        folder = tmp_path / moment.replace(":", "-")
        with opened(folder, clock) as record:
            first_ingest(record, grants)
            name, _, number = moment.partition(":")
            with ingest(folder) as lines:
                for line in lines:
                    if name in line and (not number or line[name] == int(number)):
                        break
            left = dump(record)
            assert [row.id for row in record.batches()] == [1]
            assert record.counts() == {"Condition": 1, "Patient": 1}
            if moment == "put:600":
                assert len(left["version"]) > 2  # there is something to clear
            with ingest(folder) as lines:
                assert list(lines)[-1]["new"] == COUNT - 1
            assert dump(record) == expected, moment
            with ingest(folder) as lines:
                assert list(lines)[-1]["new"] == 0


@pytest.mark.slow
def test_clearing_may_be_killed_too(tmp_path: Path, clock: Clock, grants: Grants) -> None:
    with opened(tmp_path, clock) as record:
        first_ingest(record, grants)
        before = dump(record)
        with ingest(tmp_path) as lines:
            assert any("linked" in line for line in lines)
        for _ in range(3):
            # a new one begins to clear and is killed at once
            with ingest(tmp_path):
                pass
        record.begin(grants(Action.INGEST), source="main").abandon()
        assert dump(record) == before


def test_a_decision_is_written_and_all_is_read_while_an_ingest_runs(
    tmp_path: Path, clock: Clock, grants: Grants
) -> None:
    with opened(tmp_path, clock) as record:
        first_ingest(record, grants)
        with ingest(tmp_path, pause=0.05) as lines:
            assert "begun" in next(lines)
            written = 0
            for line in lines:
                if "put" not in line:
                    assert "linked" in line
                    break
                risk = {"resourceType": "RiskAssessment", "id": f"r{written}", "status": "final"}
                (stored,) = record.author(grants(Action.RUN_PRODUCT), [risk])
                written += 1
                assert stored.version == 1
                assert record.counts() == {"Condition": 1, "Patient": 1, "RiskAssessment": written}
                assert len(list(record.resources(grants(), "Patient"))) == 1
                with pytest.raises(LienthongError, match="Another ingest is running: by child"):
                    record.begin(grants(Action.INGEST), source="other")
            assert written == COUNT / 50
            assert next(lines)["new"] == COUNT - 1
        assert record.counts() == {
            "Condition": 1,
            "Observation": COUNT / 2,
            "Patient": COUNT / 2,
            "RiskAssessment": written,
        }
        numbers = [item.seq for item in record.resources(grants(), "RiskAssessment")]
        assert len(set(numbers)) == written


def test_a_version_written_in_between_is_seen_by_the_step(record: Record, grants: Grants, feed: Any) -> None:
    """Somebody else writes the same resource while a step is still in memory: both versions are kept, in order."""
    with feed.begin() as batch:
        feed.put(batch, "a", patient("p1", gender="male"))
        record.author(grants(Action.RUN_PRODUCT), [patient("p1", gender="female"), patient("p0")])
        feed.put(batch, "b", patient("p1", gender="unknown"))
        batch.publish()
    versions = record.history(grants(), "Patient", "p1")
    assert [item.resource()["gender"] for item in versions] == ["female", "male", "unknown"]
    assert [(item.version, item.seq) for item in versions] == [(1, 1), (2, 1), (3, 1)]
