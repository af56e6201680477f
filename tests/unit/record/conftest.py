"""Fixtures of the record: grants, an open record, and a way to feed it files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.actors import Actor, Role
from lienthong.core.clock import Clock
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.privacy.access import Action, Grant, one_person, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Batch, Outcome, Published, Record, ai_guard

Resource = dict[str, Any]
Grants = Callable[..., Grant]


@pytest.fixture
def grants(tmp_path: Path, clock: Clock) -> Grants:
    """`grants(action)` for the operator; with `person` a physician's for that person."""
    log = AccessLog(tmp_path / "audit", b"k" * 32, clock, durable=False)

    def grant(action: Action = Action.EXPORT, person: str = "") -> Grant:
        if person:
            actor = Actor("bs", frozenset({Role.PHYSICIAN}))
            return permit(actor, "treatment", Action.READ_PERSON, scope=one_person(person), log=log)
        if action is Action.DECIDE:
            return permit(Actor("bs", frozenset({Role.PHYSICIAN})), "treatment", action, log=log)
        return permit(Actor("tester", operator=True), "data-operations", action, log=log)

    return grant


def verify(decision: bytes, body: bytes) -> str | None:
    """The decision of these tests is the word `signed` and the body it stands for."""
    return None if decision == b"signed " + body else "the decision is not over this content"


@pytest.fixture
def record(tmp_path: Path, clock: Clock) -> Iterator[Record]:
    with Record.open(tmp_path / "record.db", clock=clock, guard=ai_guard(verify), step=3) as opened:
        yield opened


class Feeder:
    """Puts resources into the record as one-file batches."""

    def __init__(self, record: Record, grants: Grants) -> None:
        self.record = record
        self.grant = grants(Action.INGEST)
        self.outcomes: list[Outcome] = []

    def begin(self, source: str = "main") -> Batch:
        return self.record.begin(self.grant, source=source)

    def put(
        self, batch: Batch, name: str, *records: Resource | list[Resource] | Finding, source: str = "main"
    ) -> None:
        """A file of this name; its digest is its name, so that the same name is the same file."""
        file = batch.file(name, f"sha-{name}", 100, "fhir")
        for line, item in enumerate(records, 1):
            origin = Origin(source, name, f"sha-{name}", str(line))
            if isinstance(item, Finding):
                self.outcomes.append(batch.put(file, origin, (), (), item))
            else:
                self.outcomes.append(batch.put(file, origin, item if isinstance(item, list) else [item]))

    def __call__(self, name: str, *records: Resource | list[Resource] | Finding, source: str = "main") -> Published:
        with self.begin(source) as batch:
            self.put(batch, name, *records, source=source)
            return batch.publish()


@pytest.fixture
def feed(record: Record, grants: Grants) -> Feeder:
    return Feeder(record, grants)
