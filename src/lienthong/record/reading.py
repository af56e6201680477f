"""Reads what is published: always with a grant, and only what the grant covers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import NODE, Action, Grant, require
from lienthong.record.body import Stored
from lienthong.record.compartment import ABOUT_NOBODY, in_compartment
from lienthong.record.persons import members_of
from lienthong.record.store import Store

__all__ = ["READING", "Came", "Reader", "in_scope"]

READING = (
    Action.INGEST,
    Action.BUILD,
    Action.QUERY,
    Action.EXPORT,
    Action.TRACE,
    Action.READ_PERSON,
    Action.READ_WORKLIST,
    Action.DECIDE,
    Action.RUN_PRODUCT,
)
"""The actions that read resources."""

PAGE = 1000
"""How many resources a stream reads at once."""

OUT_OF_SCOPE = ErrorKind(
    "record-out-of-scope",
    Category.FORBIDDEN,
    what="The grant does not cover this part of the record.",
    allowed="{allowed}",
    cure="Ask privacy.access.permit for the scope that is meant.",
)
NOT_FOUND = ErrorKind(
    "resource-not-found",
    Category.NOT_FOUND,
    what="There is no such {type} in the record{version}.",
    cure="Look at the id; `lienthong trace ID` finds a resource by its id alone.",
)

_COLUMNS = "r.type, r.id, r.seq, v.version, v.batch, v.recorded_at, v.digest, v.body, v.ai, v.decision, v.deleted"
_CURRENT = """
v.version = (SELECT max(w.version) FROM version w JOIN batch b ON b.id = w.batch
              WHERE w.seq = r.seq AND b.published <= ?)"""
_BY_ID = (
    f"SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.type = ? AND r.id = ? AND {_CURRENT}"
)
_BY_ANY_TYPE = f"SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.id = ? AND {_CURRENT}"
_BY_SEQ = f"SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.seq = ? AND {_CURRENT}"
_STREAM = f"""
SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq
 WHERE r.type = ? AND r.seq > ? AND {_CURRENT} ORDER BY r.seq LIMIT ?"""
_VERSIONS = f"""
SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq JOIN batch b ON b.id = v.batch
 WHERE r.type = ? AND r.id = ? AND b.published IS NOT NULL AND (? IS NULL OR v.version = ?) ORDER BY v.version"""
_STATE = "SELECT coalesce(max(published), 0) FROM batch"
_POINTING = "SELECT e.seq, e.version, e.path, r.type FROM reference e JOIN resource r ON r.seq = e.seq"
_POINTING += " WHERE e.target_id = ? AND e.target_type = 'Patient'"
_CAME = """
SELECT o.file, o.record FROM origin o JOIN file f ON f.id = o.file JOIN batch b ON b.id = f.batch
 WHERE o.seq = ? AND o.version = ? AND b.published <= ? ORDER BY o.file LIMIT 1"""
_OF_FILE = "SELECT record, seq, version FROM origin WHERE file = ? ORDER BY seq, version"
_OF_VERSION = f"SELECT {_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.seq = ? AND v.version = ?"
_ORIGINS = """
SELECT o.version, f.batch, b.source, f.name, f.sha256, o.record, o.field, o.fields
  FROM origin o JOIN file f ON f.id = o.file JOIN batch b ON b.id = f.batch
 WHERE o.seq = ? AND b.published IS NOT NULL ORDER BY o.version, o.file, o.record"""


@dataclass(frozen=True, slots=True)
class Came:
    """Where one version of a resource stands in what came: file, record and field; `fields` by element path."""

    version: int
    batch: int
    source: str
    file: str
    sha256: str
    record: str
    field: str
    fields: Mapping[str, str]


class Reader:
    """The read functions of the record, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def state(self) -> int:
        """The number of the newest published batch: what `as_of` means, to read several types as of one moment."""
        with self._store.reading() as connection:
            return _state(connection)

    def read(self, grant: Grant, type: str, id: str, version: int | None = None) -> Stored:
        """The current version of a resource, or the given one; `resource-not-found` where there is none."""
        require(grant, *READING)
        with self._store.reading() as connection:
            stored = _find(connection, type, id, version)
            _cover(connection, grant, stored)
        if stored is None:
            raise NOT_FOUND.at(type, type=type, version="" if version is None else f" in version {version}")
        return stored

    def find(self, grant: Grant, id: str) -> list[Stored]:
        """The current resources with this id, of whatever type; of a person's grant, that person's only."""
        require(grant, *READING)
        with self._store.reading() as connection:
            state = _state(connection)
            rows = connection.exec_driver_sql(_BY_ANY_TYPE, (id, state)).all()
            found = [_stored(row) for row in rows if not row[10]]
            return [stored for stored in found if _covers(connection, grant, stored)]

    def pointing_at(self, grant: Grant, type: str, id: str) -> list[Stored]:
        """The current resources that refer to this one, in the order of their numbers."""
        require(grant, *READING)
        with self._store.reading() as connection:
            state = _state(connection)
            pairs = connection.exec_driver_sql(
                "SELECT DISTINCT seq, version FROM reference WHERE target_type = ? AND target_id = ? ORDER BY seq",
                (type, id),
            ).all()
            found = []
            for seq, version in pairs:
                row = connection.exec_driver_sql(_BY_SEQ, (seq, state)).first()
                if row is not None and row[3] == version and not row[10]:
                    found.append(_stored(row))
            return [stored for stored in found if _covers(connection, grant, stored)]

    def history(self, grant: Grant, type: str, id: str) -> list[Stored]:
        """All versions of a resource, oldest first."""
        require(grant, *READING)
        with self._store.reading() as connection:
            rows = connection.exec_driver_sql(_VERSIONS, (type, id, None, None)).all()
            found = [_stored(row) for row in rows]
            _cover(connection, grant, found[-1] if found else None)
        return found

    def resources(self, grant: Grant, type: str, *, as_of: int | None = None) -> Iterator[Stored]:
        """The current resources of a type in the order of their numbers, streamed; `as_of` is a `state()`.

        Batches that are published meanwhile are not seen: the stream is one state, and holds up no writer.
        """
        require(grant, *READING)
        if grant.scope != NODE:
            raise OUT_OF_SCOPE.at(type, allowed="a grant for the whole node")
        return self._stream(type, self.state() if as_of is None else as_of)

    def _find(self, type_name: str, key: str) -> Stored | None:
        with self._store.reading() as connection:
            return _find(connection, type_name, key, None)

    def _stream(self, type_name: str, as_of: int) -> Iterator[Stored]:
        last = 0
        while True:
            with self._store.reading() as connection:
                rows = connection.exec_driver_sql(_STREAM, (type_name, last, as_of, PAGE)).all()
            for row in rows:
                if not row[10]:
                    yield _stored(row)
            if len(rows) < PAGE:
                return
            last = rows[-1][2]

    def together(
        self, grant: Grant, type: str, *, shared: Set[str], as_of: int | None = None
    ) -> Iterator[tuple[Stored, list[Stored]]]:
        """Each current resource of a type, and all that came in the same record of the same file, itself among them.

        Of the types in `shared` the version is the one that came so (a patient as that visit knew them), of any other
        the current one. What came in no file stands alone.
        """
        known: tuple[int, Mapping[str, list[tuple[int, int]]]] = (0, {})
        state = self.state() if as_of is None else as_of
        for stored in self.resources(grant, type, as_of=state):
            with self._store.reading() as connection:
                came = connection.exec_driver_sql(_CAME, (stored.seq, stored.version, state)).first()
                if came is None:
                    yield stored, [stored]
                    continue
                file, record = came
                if known[0] != file:
                    known = (file, _records(connection, file))
                found = [_member(connection, pair, shared, state) for pair in known[1][record]]
            yield stored, [item for item in found if item is not None and not item.deleted]

    def compartment(self, grant: Grant, person: str) -> Iterator[Stored]:
        """All that the record holds about a person: the Patients, and what is in their compartments."""
        require(grant, *READING)
        with self._store.reading() as connection:
            if not in_scope(connection, grant, person):
                raise OUT_OF_SCOPE.at("person", allowed="a grant for this person")
            state = _state(connection)
            found = _about(connection, members_of(connection, person))
            stored = [
                _stored(row)
                for seq, version in sorted(found.items())
                if (row := connection.exec_driver_sql(_BY_SEQ, (seq, state)).first()) is not None
                and (version is None or row[3] in version)
                and not row[10]
            ]
        return iter(stored)

    def search_identifier(self, grant: Grant, type: str, system: str | None, value: str) -> list[Stored]:
        """The current resources of a type that carry this identifier (None: of any system); of a person's grant, that
        person's only."""
        require(grant, *READING)
        with self._store.reading() as connection:
            state = _state(connection)
            rows = connection.exec_driver_sql(
                "SELECT DISTINCT i.seq, i.version FROM identifier i JOIN resource r ON r.seq = i.seq"
                " WHERE i.value = ? AND coalesce(i.system = ?, TRUE) AND r.type = ? ORDER BY i.seq, i.version",
                (value, system, type),
            ).all()
            found = []
            for seq, version in rows:
                row = connection.exec_driver_sql(_BY_SEQ, (seq, state)).first()
                if row is not None and row[3] == version and not row[10]:
                    stored = _stored(row)
                    if _covers(connection, grant, stored):
                        found.append(stored)
        return found

    def origins(self, grant: Grant, type: str, id: str) -> list[Came]:
        """Every file, record and field that a resource came from, by version."""
        require(grant, *READING)
        with self._store.reading() as connection:
            stored = _find(connection, type, id, None)
            _cover(connection, grant, stored)
            if stored is None:
                raise NOT_FOUND.at(type, type=type, version="")
            rows = connection.exec_driver_sql(_ORIGINS, (stored.seq,)).all()
        return [_came(row) for row in rows]


def _records(connection: Connection, file: int) -> Mapping[str, list[tuple[int, int]]]:
    """The number and version of every resource that came in a file, by record."""
    found: dict[str, list[tuple[int, int]]] = {}
    for record, seq, version in connection.exec_driver_sql(_OF_FILE, (file,)):
        found.setdefault(record, []).append((seq, version))
    return found


def _member(connection: Connection, pair: tuple[int, int], shared: Set[str], state: int) -> Stored | None:
    row = connection.exec_driver_sql(_BY_SEQ, (pair[0], state)).first()
    if row is not None and row[0] in shared and row[3] != pair[1]:
        row = connection.exec_driver_sql(_OF_VERSION, pair).first()
    return None if row is None else _stored(row)


def in_scope(connection: Connection, grant: Grant, person: str) -> bool:
    """Whether a grant covers this person, also by an id that the person had before."""
    if grant.covers(person):
        return True
    granted = grant.scope.partition(":")[2]
    return bool(members_of(connection, person)) and members_of(connection, granted) == members_of(connection, person)


def _came(row: Any) -> Came:
    version, batch, source, file, sha256, record, field, fields = row
    return Came(version, batch, source, file, sha256, record, field, json.loads(fields) if fields else {})


def _find(connection: Connection, type_name: str, key: str, version: int | None) -> Stored | None:
    if version is None:
        row = connection.exec_driver_sql(_BY_ID, (type_name, key, _state(connection))).first()
    else:
        row = connection.exec_driver_sql(_VERSIONS, (type_name, key, version, version)).first()
    return None if row is None else _stored(row)


def _state(connection: Connection) -> int:
    return int(connection.exec_driver_sql(_STATE).scalar_one())


def _stored(row: Any) -> Stored:
    return Stored(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6].hex(), row[7], bool(row[8]), row[9], bool(row[10])
    )


def _about(connection: Connection, patients: list[tuple[int, str]]) -> dict[int, set[int] | None]:
    """seq -> the versions that refer to one of these patients in a way that counts (None: the patient itself)."""
    found: dict[int, set[int] | None] = {seq: None for seq, _ in patients}
    for _, patient in patients:
        for seq, version, path, type_name in connection.exec_driver_sql(_POINTING, (patient,)):
            if in_compartment(type_name, path):
                versions = found.setdefault(seq, set())
                if versions is not None:
                    versions.add(version)
    return found


def _covers(connection: Connection, grant: Grant, stored: Stored) -> bool:
    if grant.scope == NODE or stored.type in ABOUT_NOBODY:
        return True
    patients = members_of(connection, grant.scope.partition(":")[2])
    if stored.type == "Patient":
        return stored.seq in {seq for seq, _ in patients}
    keys = {key for _, key in patients}
    pointing = connection.exec_driver_sql(
        "SELECT target_id, path FROM reference WHERE seq = ? AND version = ? AND target_type = 'Patient'",
        (stored.seq, stored.version),
    )
    return any(key in keys and in_compartment(stored.type, path) for key, path in pointing)


def _cover(connection: Connection, grant: Grant, stored: Stored | None) -> None:
    """Refuses what the grant does not cover; of what is not there a person's grant learns nothing either."""
    if grant.scope != NODE and (stored is None or not _covers(connection, grant, stored)):
        raise OUT_OF_SCOPE.at(stored.type if stored else "", allowed="what is in this person's record")
