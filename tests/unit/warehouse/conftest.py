"""A small record to build from: `fill(resources)` publishes them, persons linked, and gives record and grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.actors import Actor, Purpose
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import link
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record, ai_guard
from lienthong.warehouse import Built, Warehouse


@dataclass(slots=True)
class Site:
    """A record, a warehouse, and the right to use them."""

    home: Path
    record: Record
    warehouse: Warehouse
    log: AccessLog
    operator: Actor
    batches: int = 0
    built: Built | None = None
    told: list[tuple[str, int, int | None]] = field(default_factory=list)

    def grant(self, action: Action) -> Grant:
        return permit(self.operator, Purpose.OPERATIONS, action, log=self.log)

    def fill(self, resources: Iterable[dict[str, Any]]) -> None:
        self.batches += 1
        grant = self.grant(Action.INGEST)
        digest = f"{self.batches:064}"
        with self.record.begin(grant, source="test") as batch:
            file = batch.file("a.ndjson", digest, 1, "fhir")
            for number, resource in enumerate(resources, 1):
                batch.put(file, Origin("test", "a.ndjson", digest, str(number)), [resource], [], None)
            link(self.record, grant, Settings(), batch)
            batch.publish()

    def build(self) -> Built:
        return self.warehouse.build(self.record, self.grant(Action.BUILD))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.warehouse.query(sql).to_pylist()]


@contextmanager
def opened(home: Path) -> Iterator[Site]:
    def clock() -> datetime:
        return datetime(2026, 11, 23, 8, 15, tzinfo=UTC)

    log = AccessLog(home / "audit", b"k" * 32, clock)
    with Record.open(home / "record.db", clock=clock, guard=ai_guard(lambda *_: None)) as record:
        yield Site(home, record, Warehouse(home / "warehouse", clock), log, Actor("tester", operator=True))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of one test's own."""
    with opened(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that the tests of a module share, and only read."""
    with opened(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def patient() -> Callable[..., dict[str, Any]]:
    def make(key: str = "p1", **members: Any) -> dict[str, Any]:
        return {"resourceType": "Patient", "id": key, "gender": "female", "birthDate": "1970-02-28", **members}

    return make
