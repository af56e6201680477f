"""One ingest into the record: put record by record, written in short steps, seen by nobody until published whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.record import resolve, schema
from lienthong.record.clear import clear_batch
from lienthong.record.faults import FaultLog
from lienthong.record.lock import IngestLock
from lienthong.record.step import Prepared, Slot, Step, insert_sql, prepare
from lienthong.record.store import AI_UNSIGNED, Store
from lienthong.record.summary import Counts, FindingCounts, Outcome, Published, Quarantined

__all__ = ["NO_ID", "Batch"]

STEP_BYTES = 32 * 1024**2
"""A step is written when its bodies are this large, whatever their number."""

NOT_OPEN = ErrorKind(
    "batch-not-open",
    Category.CONFLICT,
    what="This batch is {state}.",
    allowed="an open batch",
    cure="Begin a new one with Record.begin.",
)

_FILE = insert_sql(schema.file)
_FED_BEFORE = """
SELECT 1 FROM origin o JOIN version v ON v.seq = o.seq AND v.version = o.version
 WHERE o.file = ? AND o.seq = ? AND coalesce(v.given, v.digest) = ?"""
NO_ID = Finding(
    Severity.ERROR,
    "resource-without-id",
    "A resource of this record has no type or no id.",
    rule=Rule("resource-without-id", "Every resource kept has a type and an id", "DESIGN 3.3"),
    cure="Give the resource the source's own key.",
)


class Batch:
    """An open batch, used by one thread; as a context manager it is abandoned unless it was published."""

    def __init__(self, store: Store, clock: Clock, lock: IngestLock, number: int, step: int) -> None:
        self.id = number
        self.records = 0
        """Records so far, kept and quarantined."""
        self._store = store
        self._clock = clock
        self._lock = lock
        self._step_size = step
        self._state = "open"
        self._settled = False
        self._step = Step(number)
        self._faults = FaultLog(number)
        self._counts: Counter[str] = Counter()
        self._severities: Counter[str] = Counter()
        self._files: list[tuple[Any, ...]] = []
        self._fed: dict[int, list[int]] = {}
        self._left_out: list[tuple[str, str]] = []
        self._reader = store.connect()
        self._seen = self._look()
        self._next_file = int(self._reader.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM file").scalar_one())

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if self._state != "open":
            return
        if failed is None:
            self.abandon()
        else:
            # What made the block fail is what the caller needs to hear; the next `begin` clears what is left.
            with suppress(LienthongError):
                self.abandon()

    def file(self, name: str, sha256: str, size: int, format: str) -> int:
        """Names a file of this batch, as it was given and by its digest; its number goes with `put`."""
        self._open()
        if any(row[4] == sha256 for row in self._files):
            self.flush()
        number = self._next_file
        self._next_file += 1
        known = self._reader.exec_driver_sql("SELECT id FROM file WHERE sha256 = ?", (sha256,)).scalars()
        self._fed[number] = list(known)
        self._files.append((number, self.id, "", name, sha256, size, format))
        self._counts["files"] += 1
        return number

    def put(
        self,
        file: int,
        origin: Origin,
        resources: Iterable[dict[str, Any] | Prepared],
        findings: Iterable[Finding] = (),
        rejected: Finding | None = None,
    ) -> Outcome:
        """One record of a file: its resources are kept, or it is quarantined for `rejected`, whole.

        A resource may come prepared (`record.prepare`), so that another process can do that part.

        What is equal to the current version, or was fed before with the same file, changes nothing.
        """
        self._open()
        self._settled = False
        self.note(
            item.at(file=item.place.file or origin.file, record=item.place.record or origin.record)
            for item in findings
        )
        with self._store.told():
            return self._put(file, origin, resources, rejected)

    def note(self, findings: Iterable[Finding]) -> None:
        """Findings of this batch that belong to no `put`, e.g. of the linkage."""
        self._open()
        items = list(findings)
        self._faults.note(items)
        self._severities.update(item.severity.value for item in items)

    def leave_out(self, name: str, why: str) -> None:
        """Names a file that is no export: neither a fault nor quarantined, and told in the summary."""
        self._open()
        self._left_out.append((name, why))

    def flush(self) -> None:
        """Writes what is in memory, in one short transaction; nobody sees it yet."""
        self._open()
        if not (len(self._step) or len(self._faults) or self._files):
            return
        with self._store.writing(durable=False) as connection:
            if self._look() != self._seen:
                self._step.refresh(connection)
            # No view is held while the step is written, so that the log can be folded into the database.
            self._reader.rollback()
            if self._files:
                connection.exec_driver_sql(_FILE, self._files)
            self._step.write(connection, instant(self._clock()))
            self._faults.write(connection)
        self._step.clear()
        self._faults.clear()
        self._files.clear()
        self._seen = self._look()

    def settle(self) -> None:
        """Writes what is in memory and resolves references, so that the batch stands as it will be published."""
        self.flush()
        if not self._settled:
            self._counts["resolved"] += resolve.resolve(self._store, self.id, self._step_size, instant(self._clock()))
            self._settled = True
            self._seen = self._look()

    def publish(self) -> Published:
        """Makes the batch visible, whole and at once, and ends it."""
        self.settle()
        with self._store.reading() as connection:
            for finding in resolve.unresolved(connection, self.id):
                self.note([finding])
                self._counts["unresolved"] += 1
                if len(self._faults) >= 5 * self._step_size:
                    self.flush()
        self.flush()
        published = self._summary()
        with self._store.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE batch SET published = (SELECT coalesce(max(published), 0) + 1 FROM batch),"
                " published_at = ?, summary = ? WHERE id = ?",
                (instant(self._clock()), json.dumps(published.to_json()), self.id),
            )
        self._end("published")
        return published

    def abandon(self) -> None:
        """Takes out what was written and ends the batch; the record is as if it had never begun."""
        self._open()
        self._reader.rollback()
        try:
            clear_batch(self._store, self.id, self._step_size)
        finally:
            self._end("abandoned")

    def _put(
        self, file: int, origin: Origin, resources: Iterable[dict[str, Any] | Prepared], rejected: Finding | None
    ) -> Outcome:
        prepared: list[tuple[Slot, Prepared]] = []
        if rejected is None:
            rejected = self._prepare(origin, resources, prepared)
        if rejected is not None:
            return self._quarantine(file, origin, rejected)
        self.records += 1
        self._counts["kept"] += 1
        self._faults.keep(self._reader, origin)
        outcome = Counter(read=len(prepared))
        fields = _fields(origin)
        for slot, item in prepared:
            outcome[self._keep(file, origin, slot, item, fields)] += 1
        self._counts.update(outcome)
        full = len(self._step) >= self._step_size or len(self._faults) >= 5 * self._step_size
        if full or self._step.bytes >= STEP_BYTES:
            self.flush()
        return Outcome(outcome["read"], outcome["new"], outcome["updated"], outcome["unchanged"])

    def _prepare(
        self, origin: Origin, resources: Iterable[dict[str, Any] | Prepared], prepared: list[tuple[Slot, Prepared]]
    ) -> Finding | None:
        """Prepares all resources of a record, or says for what it is quarantined."""
        labelled: set[int] = set()  # slots that this record fills with an AI output; a record may hold 100,000
        for resource in resources:
            try:
                item = resource if isinstance(resource, Prepared) else prepare(resource, origin.source)
            except (KeyError, TypeError):
                return NO_ID
            slot = self._step.slot(self._reader, item.type, item.id)
            was_ai = slot.ai or id(slot) in labelled
            if item.ai or was_ai:
                reason = self._store.check(item.body, None, int(item.ai), int(was_ai))
                if reason is not None:
                    return _unsigned(item.type, reason)
            if item.ai:
                labelled.add(id(slot))
            prepared.append((slot, item))
        return None

    def _keep(
        self, file: int, origin: Origin, slot: Slot, item: Prepared, fields: dict[str, tuple[str, dict[str, str]]]
    ) -> str:
        came_from, parts = fields.get(f"{item.type}/{item.id}", ("", {})) if fields else ("", {})
        if slot.content is None:
            what = "new"
        elif self._fed[file] and slot.seq is not None and self._was_fed(file, slot.seq, item.digest):
            return "unchanged"
        elif slot.content == item.digest:
            what = "unchanged"
        else:
            what = "updated"
        if what != "unchanged":
            self._step.add(slot, item)
        self._step.came_from(slot, file, origin.record, came_from, parts)
        return what

    def _was_fed(self, file: int, seq: int, digest: bytes) -> bool:
        return any(
            self._reader.exec_driver_sql(_FED_BEFORE, (known, seq, digest)).first() is not None
            for known in self._fed[file]
        )

    def _quarantine(self, file: int, origin: Origin, reason: Finding) -> Outcome:
        placed = reason.at(file=reason.place.file or origin.file, record=reason.place.record or origin.record)
        self._faults.reject(self._reader, file, origin, placed, instant(self._clock()))
        if origin.record:
            self.records += 1
            self._counts["quarantined_records"] += 1
        else:
            self._counts["quarantined_files"] += 1
        return Outcome(quarantined=True)

    def _summary(self) -> Published:
        counts = self._counts
        return Published(
            self.id,
            counts["files"],
            self.records,
            counts["kept"],
            Counts(counts["read"], counts["new"], counts["updated"], counts["unchanged"]),
            Quarantined(counts["quarantined_files"], counts["quarantined_records"]),
            FindingCounts(*(self._severities[severity.value] for severity in Severity)),
            counts["resolved"],
            counts["unresolved"],
            tuple(self._left_out),
        )

    def _look(self) -> int:
        """Begins a new view for the look-ups of the next step; a number that moves when others have written."""
        self._reader.rollback()
        self._reader.exec_driver_sql("SELECT 1 FROM batch LIMIT 1").first()
        return int(self._reader.exec_driver_sql("PRAGMA data_version").scalar_one())

    def _open(self) -> None:
        if self._state != "open":
            raise NOT_OPEN.at(f"batch {self.id}", state=self._state)

    def _end(self, state: str) -> None:
        self._state = state
        self._reader.close()
        self._lock.release()


def _fields(origin: Origin) -> dict[str, tuple[str, dict[str, str]]]:
    """The places of each resource: its own, and those of its elements by path."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for name, place in origin.fields.items():
        reference, hash_sign, path = name.partition("#")
        whole, parts = found.get(reference, ("", {}))
        if hash_sign:
            parts[path] = place
        else:
            whole = place
        found[reference] = (whole, parts)
    return found


def _unsigned(type_name: str, reason: str) -> Finding:
    return Finding(
        Severity.ERROR,
        AI_UNSIGNED.code,
        f"This record can't be kept: {reason}.",
        Place(path=type_name),
        Rule(AI_UNSIGNED.code, "An AI output is final only by a physician's signature", "DESIGN 3.4"),
        AI_UNSIGNED.cure,
    )
