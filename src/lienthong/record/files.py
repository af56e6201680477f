"""The files of a batch, and what each of their records became: from a file to its records to the resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

__all__ = ["FileRow", "RecordRow", "read_file", "read_files", "read_records"]

# A file is known by its digest: one that was fed before brings nothing new, and its records stay traced to the first
# feeding. Records are counted distinct, as one claim becomes many resources with an origin each.
_SAME = """
SELECT s.id FROM file s JOIN batch p ON p.id = s.batch
 WHERE p.published IS NOT NULL AND (s.id = {file} OR (s.sha256 <> '' AND s.sha256 = {sha256}))"""
_THIS = _SAME.format(file="f.id", sha256="f.sha256")
_FILES = f"""
SELECT f.id, f.batch, f.source, f.name, f.sha256, f.size, f.format,
       (SELECT count(DISTINCT o.record) FROM origin o WHERE o.file IN ({_THIS})),
       (SELECT count(*) FROM quarantine q WHERE q.record <> '' AND q.resolved_batch IS NULL
           AND q.file IN ({_THIS})),
       (SELECT count(*) FROM quarantine q WHERE q.record = '' AND q.resolved_batch IS NULL
           AND q.file IN ({_THIS}))
  FROM file f JOIN batch b ON b.id = f.batch
 WHERE b.published IS NOT NULL AND f.{{column}} = ? ORDER BY f.id"""
_ALIKE = (
    f"SELECT f.id FROM file g JOIN file f ON f.id IN ({_SAME.format(file='g.id', sha256='g.sha256')}) WHERE g.id = ?"
)
_RECORDS = f"""
SELECT DISTINCT o.record FROM origin o WHERE o.file IN ({_ALIKE})
 ORDER BY length(o.record), o.record LIMIT ? OFFSET ?"""
_BECAME = f"""
SELECT DISTINCT r.type, r.id FROM origin o JOIN resource r ON r.seq = o.seq
 WHERE o.file IN ({_ALIKE}) AND o.record = ? ORDER BY r.seq"""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a published batch: `traced` counts its records that stand in the record, whenever it was first fed.

    `quarantined` counts its records that are quarantined still, `unreadable` is above 0 where the whole file is.
    """

    id: int
    batch: int
    source: str
    name: str
    sha256: str
    size: int
    format: str
    traced: int
    quarantined: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record of a file and the resources (`Type/id`) that it became or changed."""

    record: str
    resources: tuple[str, ...]


def read_files(connection: Connection, batch: int) -> Iterator[FileRow]:
    """The files of a published batch, in the order in which they were read."""
    for row in connection.exec_driver_sql(_FILES.format(column="batch"), (batch,)):
        yield FileRow(*row)


def read_file(connection: Connection, file: int) -> FileRow | None:
    """One file of a published batch by its number."""
    row = connection.exec_driver_sql(_FILES.format(column="id"), (file,)).first()
    return None if row is None else FileRow(*row)


def read_records(connection: Connection, file: int, *, offset: int, limit: int) -> Iterator[RecordRow]:
    """Some of a file's records, in the order of their names (lines of NDJSON in the order of lines)."""
    records = connection.exec_driver_sql(_RECORDS, (file, limit, offset)).scalars().all()
    for record in records:
        found = connection.exec_driver_sql(_BECAME, (file, record))
        yield RecordRow(record, tuple(f"{type_name}/{key}" for type_name, key in found))
