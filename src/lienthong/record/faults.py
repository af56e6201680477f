"""Findings and quarantined records: written with their batch, read when it is published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection

from lienthong.core.finding import Finding, Severity
from lienthong.core.origin import Origin
from lienthong.record import schema
from lienthong.record.step import insert_sql

__all__ = ["FaultLog", "FindingGroup", "QuarantineRow", "read_finding_groups", "read_findings", "read_quarantine"]

_FINDING = insert_sql(schema.finding, columns=("batch", "severity", "code", "file", "record", "finding"))
_QUARANTINE = insert_sql(
    schema.quarantine,
    columns=("batch", "file", "source", "sha256", "record", "reason", "rule", "since", "finding"),
)
_OPEN = """
SELECT q.id, q.record, q.rule, json_extract(q.finding, '$.place.file')
  FROM quarantine q JOIN batch b ON b.id = q.batch
 WHERE q.sha256 = ? AND q.source = ? AND q.resolved_batch IS NULL AND b.published IS NOT NULL"""
# A file that could not even be opened has no digest; it is known by its name.
_OPEN_UNREAD = """
SELECT q.id, q.record, q.rule, json_extract(q.finding, '$.place.file')
  FROM quarantine q JOIN batch b ON b.id = q.batch JOIN file f ON f.id = q.file
 WHERE q.sha256 = '' AND f.name = ? AND q.resolved_batch IS NULL AND b.published IS NOT NULL"""
_ROWS = """
SELECT q.batch, f.name, q.sha256, q.source, q.record, q.reason, q.rule, q.since, q.finding,
       CASE WHEN s.published IS NULL THEN NULL ELSE q.resolved_batch END
  FROM quarantine q JOIN batch b ON b.id = q.batch JOIN file f ON f.id = q.file
       LEFT JOIN batch s ON s.id = q.resolved_batch
 WHERE b.published IS NOT NULL AND (? OR s.published IS NULL) ORDER BY q.id"""


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A record that could not be kept, or a whole file (`record` empty); `resolved_batch` is the batch that kept it
    after a fix."""

    batch: int
    file: str
    sha256: str
    source: str
    record: str
    reason: str
    rule: str
    since: str
    finding: Finding
    resolved_batch: int | None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one kind in a batch: how many, and the first of them."""

    severity: Severity
    code: str
    count: int
    examples: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row of the quarantine that is open: its number (None: of this batch) and rule, and the file it tells of.

    One digest may have several names, and each file in an archive has its own beside the archive's digest.
    """

    id: int | None
    rule: str
    file: str


class FaultLog:
    """The findings and quarantined records of one open batch, kept in memory until the next step is written."""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._findings: list[tuple[Any, ...]] = []
        self._quarantine: list[tuple[Any, ...]] = []
        self._resolved: list[tuple[int, int]] = []
        self._open: dict[tuple[str, ...], dict[str, list[_Waiting]]] = {}

    def __len__(self) -> int:
        return len(self._findings) + len(self._quarantine) + len(self._resolved)

    def note(self, findings: Iterable[Finding]) -> None:
        for item in findings:
            self._findings.append(
                (
                    self._batch,
                    item.severity.value,
                    item.code,
                    item.place.file,
                    item.place.record,
                    _text(item.to_json()),
                )
            )

    def reject(self, connection: Connection, file: int, origin: Origin, reason: Finding, since: str) -> None:
        """A record is quarantined; told once while it stays so for the same reason, for each name its file has."""
        rule = reason.rule.id or reason.code
        waiting = self._waiting(connection, origin)
        known = waiting.setdefault(origin.record, [])
        named = [row for row in known if row.file == reason.place.file]
        if any(row.rule == rule for row in named):
            return
        self._resolve(known, named)
        known.append(_Waiting(None, rule, reason.place.file))
        self._quarantine.append(
            (
                self._batch,
                file,
                origin.source,
                origin.sha256,
                origin.record,
                reason.message,
                rule,
                since,
                _text(reason.to_json()),
            )
        )

    def keep(self, connection: Connection, origin: Origin) -> None:
        """A record is kept: what was quarantined of it, or of its whole file, is resolved."""
        unread = (self._unread(connection, name) for name in _with_folders(origin.file))
        for waiting in (self._waiting(connection, origin), *unread):
            if waiting:
                rows = waiting.get(origin.record, [])
                self._resolve(rows, [row for row in rows if row.file == origin.file])
                rows = waiting.get("", [])
                self._resolve(rows, [row for row in rows if f"{origin.file}/".startswith(f"{row.file}/")])

    def write(self, connection: Connection) -> None:
        for statement, rows in (
            (_FINDING, self._findings),
            (_QUARANTINE, self._quarantine),
            ("UPDATE quarantine SET resolved_batch = ? WHERE id = ?", self._resolved),
        ):
            if rows:
                connection.exec_driver_sql(statement, rows)

    def clear(self) -> None:
        """Forgets what has been written."""
        self._findings.clear()
        self._quarantine.clear()
        self._resolved.clear()

    def _resolve(self, rows: list[_Waiting], cured: list[_Waiting]) -> None:
        for row in cured:
            rows.remove(row)
            if row.id is not None:
                self._resolved.append((self._batch, row.id))

    def _waiting(self, connection: Connection, origin: Origin) -> dict[str, list[_Waiting]]:
        if not origin.sha256:
            return self._unread(connection, origin.file)
        return self._found(connection, _OPEN, (origin.sha256, origin.source))

    def _unread(self, connection: Connection, name: str) -> dict[str, list[_Waiting]]:
        return self._found(connection, _OPEN_UNREAD, (name,))

    def _found(self, connection: Connection, query: str, key: tuple[str, ...]) -> dict[str, list[_Waiting]]:
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = {}
            for number, record, rule, name in connection.exec_driver_sql(query, key):
                found.setdefault(record, []).append(_Waiting(number, rule, name))
        return found


@lru_cache(maxsize=1024)
def _with_folders(file: str) -> tuple[str, ...]:
    """The file's name and those of the folders it lies in: one of them may have been closed before."""
    return (file, *map(str, PurePosixPath(file).parents[:-1]))


def read_findings(connection: Connection, batch: int | None) -> Iterator[Finding]:
    """The findings of a published batch, or of all, in the order in which they were found."""
    rows = connection.exec_driver_sql(
        "SELECT f.finding FROM finding f JOIN batch b ON b.id = f.batch"
        " WHERE b.published IS NOT NULL AND (?1 IS NULL OR f.batch = ?1) ORDER BY f.id",
        (batch,),
    )
    for (text,) in rows:
        yield Finding.from_json(json.loads(text))


def read_finding_groups(connection: Connection, batch: int, examples: int) -> Iterator[FindingGroup]:
    """The findings of a published batch by severity and code: errors first, then what is most frequent."""
    groups = connection.exec_driver_sql(
        "SELECT f.severity, f.code, count(*) FROM finding f JOIN batch b ON b.id = f.batch"
        " WHERE b.published IS NOT NULL AND f.batch = ? GROUP BY f.severity, f.code",
        (batch,),
    ).all()
    order = list(Severity)
    for severity, code, count in sorted(groups, key=lambda row: (order.index(Severity(row[0])), -row[2], row[1])):
        first = connection.exec_driver_sql(
            "SELECT finding FROM finding WHERE batch = ? AND severity = ? AND code = ? ORDER BY id LIMIT ?",
            (batch, severity, code, examples),
        ).scalars()
        yield FindingGroup(
            Severity(severity), code, count, tuple(Finding.from_json(json.loads(text)) for text in first)
        )


def read_quarantine(connection: Connection, *, resolved: bool) -> Iterator[QuarantineRow]:
    """What is quarantined, and with `resolved` also what was kept since."""
    for row in connection.exec_driver_sql(_ROWS, (int(resolved),)):
        values = list(row)
        values[8] = Finding.from_json(json.loads(values[8]))
        yield QuarantineRow(*values)


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
