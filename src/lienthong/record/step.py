"""Resources gathered in memory and written as rows in one short transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import dialect

from lienthong.core import canonical
from lienthong.fhir.references import may_extend
from lienthong.record import schema
from lienthong.record.body import body_of
from lienthong.record.guard import is_labelled
from lienthong.record.index import Indexed, indexed
from lienthong.record.store import driver

__all__ = ["Prepared", "Slot", "Step", "insert_sql", "insert_version", "look_up", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A resource ready to be stored."""

    type: str
    id: str
    body: bytes
    digest: bytes
    ai: bool
    index: Indexed


@dataclass(slots=True)
class Slot:
    """What the record holds of one resource: `base` is its newest version there, `added` how many this step adds.

    `content` is the digest of the newest content as it came, `ai` whether any version was an AI output.
    """

    type: str
    id: str
    seq: int | None
    base: int
    content: bytes | None
    ai: bool
    added: int = 0


def prepare(resource: dict[str, Any], source: str) -> Prepared:
    """The body, digest, label and index of a resource; KeyError or TypeError where it has no type or id."""
    type_name, key = resource["resourceType"], resource["id"]
    if not isinstance(type_name, str) or not isinstance(key, str) or not key:
        raise TypeError("a resource has a type and an id")
    body = body_of(resource)
    index = indexed(resource, source, extended=may_extend(body))
    return Prepared(type_name, key, body, hashlib.sha256(body).digest(), is_labelled(body), index)


def insert_sql(table: Table, *, ignore: bool = False, columns: Iterable[str] | None = None) -> str:
    """The INSERT with question marks in the order of the columns, for tuples."""
    statement = table.insert().prefix_with("OR IGNORE") if ignore else table.insert()
    named = dict.fromkeys(columns if columns is not None else table.columns.keys())
    return str(statement.values(named).compile(dialect=dialect(), column_keys=list(named)))


_NEW_RESOURCE = insert_sql(schema.resource)
_NEW_VERSION = insert_sql(schema.version)
_IDENTIFIER = insert_sql(schema.identifier)
_REFERENCE = insert_sql(schema.reference)
_PENDING = insert_sql(schema.pending)
_ORIGIN = insert_sql(schema.origin, ignore=True)
_LOOK_UP = """
SELECT r.seq, v.version, coalesce(v.given, v.digest),
       EXISTS (SELECT 1 FROM version a WHERE a.seq = r.seq AND a.ai = 1)
  FROM resource r JOIN version v ON v.seq = r.seq
 WHERE r.type = ? AND r.id = ? ORDER BY v.version DESC LIMIT 1"""


def look_up(connection: Connection, type_name: str, key: str) -> tuple[Any, ...] | None:
    """seq, newest version, digest of its content as it came, whether it ever was an AI output."""
    row: tuple[Any, ...] | None = driver(connection).execute(_LOOK_UP, (type_name, key)).fetchone()
    return row


class Step:
    """The additions to one batch since the last `write`; `write` empties it."""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self.slots: dict[tuple[str, str], Slot] = {}
        self._versions: list[tuple[Slot, int, Prepared, bytes | None]] = []
        self._origins: list[tuple[int, Slot, int, str, str, str | None]] = []
        self.bytes = 0

    def __len__(self) -> int:
        """How many resources were put, changed or not."""
        return max(len(self._origins), len(self._versions))

    def slot(self, connection: Connection, type_name: str, key: str) -> Slot:
        """What is known of this resource, with what this step adds."""
        found = self.slots.get((type_name, key))
        if found is None:
            row = look_up(connection, type_name, key)
            found = Slot(type_name, key, None, 0, None, False) if row is None else Slot(type_name, key, *row)
            self.slots[type_name, key] = found
        return found

    def add(self, slot: Slot, prepared: Prepared, decision: bytes | None = None) -> None:
        """A new version of a resource."""
        slot.added += 1
        slot.content = prepared.digest
        slot.ai = slot.ai or prepared.ai
        self._versions.append((slot, slot.added, prepared, decision))
        self.bytes += len(prepared.body)

    def came_from(self, slot: Slot, file: int, record: str, field: str, fields: Mapping[str, str]) -> None:
        """The newest version of a resource stands in this record of this file."""
        text = canonical.encode(dict(fields)).decode() if fields else None
        self._origins.append((file, slot, slot.added, record, field, text))

    def refresh(self, connection: Connection) -> None:
        """Looks again, because somebody else has written since: numbers move, contents stay."""
        for slot in self.slots.values():
            row = look_up(connection, slot.type, slot.id)
            if row is not None:
                slot.seq, slot.base = row[0], row[1]

    def write(self, connection: Connection, recorded_at: str) -> None:
        """Writes all rows, inside the caller's writing transaction."""
        next_seq = connection.exec_driver_sql("SELECT coalesce(max(seq), 0) + 1 FROM resource").scalar_one()
        resources, versions = [], []
        identifiers: list[tuple[Any, ...]] = []
        references: list[tuple[Any, ...]] = []
        pending: list[tuple[Any, ...]] = []
        for slot, number, new, decision in self._versions:
            seq = slot.seq
            if seq is None:
                seq = slot.seq = next_seq
                next_seq += 1
                resources.append((seq, slot.type, slot.id))
            version = slot.base + number
            versions.append(
                (seq, version, self._batch, new.digest, None, int(new.ai), 0, recorded_at, decision, new.body)
            )
            _index_rows(seq, version, new.index, identifiers, references, pending)
        origins = [
            (file, slot.seq, slot.base + number, record, field, fields)
            for file, slot, number, record, field, fields in self._origins
        ]
        for statement, rows in (
            (_NEW_RESOURCE, resources),
            (_NEW_VERSION, versions),
            (_IDENTIFIER, identifiers),
            (_REFERENCE, references),
            (_PENDING, pending),
            (_ORIGIN, origins),
        ):
            if rows:
                connection.exec_driver_sql(statement, rows)

    def clear(self) -> None:
        self.slots.clear()
        self._versions.clear()
        self._origins.clear()
        self.bytes = 0


def insert_version(connection: Connection, row: tuple[Any, ...]) -> None:
    """One version, its values in the order of the table's columns."""
    connection.exec_driver_sql(_NEW_VERSION, row)


def _index_rows(
    seq: int,
    version: int,
    index: Indexed,
    identifiers: list[tuple[Any, ...]],
    references: list[tuple[Any, ...]],
    pending: list[tuple[Any, ...]],
) -> None:
    for n, (system, value) in enumerate(index.identifiers):
        identifiers.append((seq, version, n, system, value))
    for n, (path, type_name, key) in enumerate(index.references):
        references.append((seq, version, n, path, type_name, key))
    for n, item in enumerate(index.pending):
        pending.append((seq, version, n, item.path, item.form, item.type, item.system, item.value))
