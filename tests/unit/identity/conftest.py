"""Fixtures of identity: an open record, and Patients put into it and linked in one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import Linked, link
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record


@pytest.fixture
def grants(tmp_path: Path, clock: Clock) -> Callable[[Action], Grant]:
    log = AccessLog(tmp_path / "audit", b"k" * 32, clock, durable=False)
    return lambda action: permit(Actor("tester", operator=True), "data-operations", action, log=log)


@pytest.fixture
def record(tmp_path: Path, clock: Clock) -> Iterator[Record]:
    with Record.open(tmp_path / "r.db", clock=clock, guard=lambda body, decision: None, step=3) as opened:
        yield opened


@pytest.fixture
def arrive(record: Record, grants: Callable[[Action], Grant]) -> Callable[..., Linked]:
    """`arrive(patient, ...)`: one batch of these Patients, linked and published."""

    def put(*patients: dict[str, Any]) -> Linked:
        grant = grants(Action.INGEST)
        with record.begin(grant, source="main") as batch:
            name = f"file-{batch.id}"
            file = batch.file(name, name, 1, "fhir")
            for line, patient in enumerate(patients, 1):
                batch.put(file, Origin("main", name, name, str(line)), [patient])
            linked = link(record, grant, Settings(), batch)
            batch.publish()
        return linked

    return put
