"""The record of a node: begin a batch, write what Lienthong itself says, and read what is published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection

from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.privacy.access import Action, Grant, require
from lienthong.record import persons
from lienthong.record.batch import Batch
from lienthong.record.body import Stored
from lienthong.record.clear import clear_batch, unpublished
from lienthong.record.faults import (
    FindingGroup,
    QuarantineRow,
    read_finding_groups,
    read_findings,
    read_quarantine,
)
from lienthong.record.files import FileRow, RecordRow, read_file, read_files, read_records
from lienthong.record.guard import Guard
from lienthong.record.lock import IngestLock
from lienthong.record.persons import LinkTables, Membership
from lienthong.record.reading import OUT_OF_SCOPE, READING, Reader, in_scope
from lienthong.record.resolve import Unresolved, unresolved_now
from lienthong.record.step import Step, prepare
from lienthong.record.store import AI_UNSIGNED, Store
from lienthong.record.summary import Published

__all__ = ["BatchRow", "Record"]

AUTHOR_SOURCE = "lienthong"

WITHOUT_ID = ErrorKind(
    "author-without-id",
    Category.INCORRECT,
    what="A resource to be written has no type or no id.",
    allowed="resourceType and id, both strings",
    cure="Give it an id of core.ids.",
)
CHANGED = ErrorKind(
    "resource-changed",
    Category.CONFLICT,
    what="The {type} has changed since it was read: it is in version {found}, not {expected}.",
    cure="Read it again and decide on what it says now.",
)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A published batch; `kind` is ingest or author, `summary` what came of an ingest."""

    id: int
    kind: str
    source: str
    actor: str
    purpose: str
    started_at: str
    published: int
    published_at: str
    summary: Published | None


class Record(Reader):
    """HOME/record.db. Safe with several threads and processes; a writer never stops a reader."""

    def __init__(self, store: Store, clock: Clock, step: int) -> None:
        super().__init__(store)
        self._clock = clock
        self._step = step

    @staticmethod
    def open(path: Path, *, clock: Clock, guard: Guard, step: int = 2000) -> Record:
        """Opens the record, or makes it; `guard` is asked by the storage before any AI output is written.

        `step` is how many resources an ingest commits at once (`Settings.step`).
        """
        return Record(Store(path, guard), clock, step)

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Writing

    def begin(self, grant: Grant, *, source: str) -> Batch:
        """Opens a batch, one at a time; what a killed ingest left is cleared first."""
        require(grant, Action.INGEST)
        now = instant(self._clock())
        lock = IngestLock(self._store.path.with_name(self._store.path.stem + ".ingest-lock"))
        with self._store.told():
            lock.take(actor=grant.actor.name, source=source, since=now)
        try:
            with self._store.reading() as connection:
                left = unpublished(connection)
            for number in left:
                clear_batch(self._store, number, self._step)
            with self._store.writing() as connection:
                number = _begin(connection, "ingest", source, grant, now)
            return Batch(self._store, self._clock, lock, number, self._step)
        except BaseException:
            lock.release()
            raise

    def author(
        self,
        grant: Grant,
        resources: Iterable[dict[str, Any]],
        *,
        decision: bytes | None = None,
        expected: Mapping[str, int] | None = None,
    ) -> list[Stored]:
        """What Lienthong itself writes (suggestions, signed outcomes): all of it or nothing, published at once.

        `decision` is stored with the resources that are AI outputs, and the guard is asked whether it stands for
        them. `expected` names the version (`Type/id` -> version) on which a resource is based; another one is a
        conflict. What is equal to the current version is not written again.
        """
        require(grant, Action.RUN_PRODUCT, Action.DECIDE, Action.INGEST)
        prepared = []
        for resource in resources:
            try:
                prepared.append(prepare(resource, AUTHOR_SOURCE))
            except (KeyError, TypeError):
                raise WITHOUT_ID.at() from None
        now = instant(self._clock())
        with self._store.writing() as connection:
            number = _begin(connection, "author", AUTHOR_SOURCE, grant, now)
            step = Step(number)
            for item in prepared:
                slot = step.slot(connection, item.type, item.id)
                based = (expected or {}).get(f"{item.type}/{item.id}")
                if based is not None and based != slot.base:
                    raise CHANGED.at(f"{item.type}", type=item.type, found=slot.base, expected=based)
                signed = decision if item.ai else None
                reason = self._store.check(item.body, signed, int(item.ai), int(slot.ai))
                if reason is not None:
                    raise AI_UNSIGNED.at(item.type, why=reason)
                if slot.content != item.digest or (signed is not None and not _decided(connection, slot.seq, signed)):
                    step.add(slot, item, signed)
            step.write(connection, now)
            connection.exec_driver_sql(
                "UPDATE batch SET published = (SELECT coalesce(max(published), 0) + 1 FROM batch), published_at = ?"
                " WHERE id = ?",
                (now, number),
            )
        return [self._current(item.type, item.id) for item in prepared]

    def linking(self, grant: Grant, batch: Batch) -> LinkTables:
        """The tables of the linkage inside an open batch, which is settled first."""
        require(grant, Action.INGEST)
        batch.settle()
        return LinkTables(self._store, batch.id, self._step)

    # Persons

    def memberships(self, grant: Grant) -> list[Membership]:
        """Every patient's person."""
        require(grant, *READING)
        if grant.scope != "node":
            raise OUT_OF_SCOPE.at("membership", allowed="a grant for the whole node")
        with self._store.reading() as connection:
            return list(persons.memberships(connection))

    def person_of(self, grant: Grant, patient: str) -> str | None:
        """The person's id of a Patient's id; of a person's grant, that person's only."""
        require(grant, *READING)
        with self._store.reading() as connection:
            person = persons.person_of(connection, patient)
            if person is None or not in_scope(connection, grant, person):
                return None
            return person

    def patients_of(self, grant: Grant, person: str) -> list[str]:
        """The ids of a person's Patients, also where the person is known under another id now."""
        require(grant, *READING)
        with self._store.reading() as connection:
            if not in_scope(connection, grant, person):
                raise OUT_OF_SCOPE.at("person", allowed="a grant for this person")
            return [key for _, key in persons.members_of(connection, person)]

    def current_person(self, grant: Grant, person: str) -> str | None:
        """The id under which a person is known now; None where there is none."""
        require(grant, *READING)
        with self._store.reading() as connection:
            known = persons.resolve_person(connection, person)
            return known if known is not None and in_scope(connection, grant, known) else None

    # Without patients' data

    def counts(self) -> dict[str, int]:
        """How many resources of each type there are now."""
        with self._store.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT r.type, count(*) FROM resource r WHERE EXISTS (SELECT 1 FROM version v JOIN batch b"
                " ON b.id = v.batch WHERE v.seq = r.seq AND b.published IS NOT NULL) GROUP BY r.type ORDER BY r.type"
            )
            return {row[0]: row[1] for row in rows}

    def batches(self) -> list[BatchRow]:
        """The published batches in the order of publishing."""
        with self._store.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, kind, source, actor, purpose, started_at, published, published_at, summary FROM batch"
                " WHERE published IS NOT NULL ORDER BY published"
            ).all()
        return [_batch_row(row) for row in rows]

    def files(self, batch: int) -> list[FileRow]:
        """The files of a published batch, in the order in which they were read."""
        with self._store.reading() as connection:
            return list(read_files(connection, batch))

    def file(self, file: int) -> FileRow | None:
        """One file of a published batch by its number; None where there is none."""
        with self._store.reading() as connection:
            return read_file(connection, file)

    def records_of(self, file: int, *, offset: int = 0, limit: int = 100) -> list[RecordRow]:
        """Some of a file's records with the resources that each became."""
        with self._store.reading() as connection:
            return list(read_records(connection, file, offset=offset, limit=limit))

    def findings(self, batch: int | None = None) -> list[Finding]:
        """The findings of a published batch, or of all."""
        with self._store.reading() as connection:
            return list(read_findings(connection, batch))

    def finding_groups(self, batch: int, *, examples: int = 5) -> list[FindingGroup]:
        """The findings of a published batch by kind, with the first of each; quick however many there are."""
        with self._store.reading() as connection:
            return list(read_finding_groups(connection, batch, examples))

    def quarantine(self) -> list[QuarantineRow]:
        """All that was ever quarantined, with the batch that kept it after a fix."""
        with self._store.reading() as connection:
            return list(read_quarantine(connection, resolved=True))

    def open_quarantine(self) -> list[QuarantineRow]:
        """What is still quarantined: the files and records to try again."""
        with self._store.reading() as connection:
            return list(read_quarantine(connection, resolved=False))

    def unresolved_references(self) -> list[Unresolved]:
        """The references that name nothing in the record now, counted by place and target."""
        with self._store.reading() as connection:
            return unresolved_now(connection)

    def _current(self, type_name: str, key: str) -> Stored:
        found = self._find(type_name, key)
        assert found is not None, "it has just been published"
        return found


def _batch_row(row: Any) -> BatchRow:
    number, kind, source, actor, purpose, started_at, published, published_at, text = row
    summary = Published.from_json(json.loads(text)) if text else None
    return BatchRow(number, kind, source, actor, purpose, started_at, published, published_at, summary)


def _begin(connection: Connection, kind: str, source: str, grant: Grant, now: str) -> int:
    number = int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM batch").scalar_one())
    connection.exec_driver_sql(
        "INSERT INTO batch (id, kind, source, actor, purpose, started_at) VALUES (?, ?, ?, ?, ?, ?)",
        (number, kind, source, grant.actor.name, grant.purpose.value, now),
    )
    return number


def _decided(connection: Connection, seq: int | None, decision: bytes) -> bool:
    found = connection.exec_driver_sql(
        "SELECT decision FROM version WHERE seq = ? ORDER BY version DESC LIMIT 1", (seq,)
    ).scalar()
    return bool(found == decision)
