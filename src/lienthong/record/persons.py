"""Persons and the patients that are one person: read as published, written inside a batch by the linkage.

A membership is never changed: a newer batch's row replaces it, so the state of every published batch stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from lienthong.record import schema
from lienthong.record.step import insert_sql
from lienthong.record.store import Store, driver

__all__ = ["LinkPatient", "LinkTables", "Membership", "members_of", "memberships", "person_of", "resolve_person"]

_PERSON = insert_sql(schema.person)
_MEMBERSHIP = insert_sql(schema.membership)
_MERGE = insert_sql(schema.merge)
_KEY = insert_sql(schema.identity_key)

# The newest published row of a patient.
_CURRENT = """
m.batch = (SELECT max(n.batch) FROM membership n JOIN batch b ON b.id = n.batch
            WHERE n.patient = m.patient AND b.published IS NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Membership:
    """A Patient (its id) belongs to a person (id) by a rule: first, national-id, card; `number` is the person's."""

    patient: str
    person: str
    rule: str
    number: int


@dataclass(frozen=True, slots=True)
class LinkPatient:
    """A Patient as it will be published; `touched`: by this batch, `is_new`: it has no earlier version."""

    seq: int
    id: str
    version: int
    body: bytes
    touched: bool
    is_new: bool


def memberships(connection: Connection) -> Iterator[Membership]:
    """Every patient's person, in the order of the patients' numbers."""
    rows = connection.exec_driver_sql(
        f"SELECT r.id, p.id, m.rule, p.seq FROM membership m JOIN resource r ON r.seq = m.patient"
        f" JOIN person p ON p.seq = m.person WHERE {_CURRENT} ORDER BY m.patient"
    )
    for patient, person, rule, number in rows:
        yield Membership(patient, person, rule, number)


def person_of(connection: Connection, patient: str) -> str | None:
    """The person's id of a patient."""
    found: str | None = connection.exec_driver_sql(
        f"SELECT p.id FROM resource r JOIN membership m ON m.patient = r.seq JOIN person p ON p.seq = m.person"
        f" WHERE r.type = 'Patient' AND r.id = ? AND {_CURRENT}",
        (patient,),
    ).scalar()
    return found


def resolve_person(connection: Connection, person: str) -> str | None:
    """The id under which this person is known now: another one where two turned out to be one; None if unknown."""
    row = connection.exec_driver_sql(
        "SELECT p.seq, p.id FROM person p JOIN batch b ON b.id = p.batch WHERE p.id = ? AND b.published IS NOT NULL",
        (person,),
    ).first()
    seen: set[int] = set()
    while row is not None and row[0] not in seen:
        seen.add(row[0])
        into = connection.exec_driver_sql(
            "SELECT p.seq, p.id FROM person p WHERE p.seq = (SELECT e.target FROM merge e"
            " JOIN batch b ON b.id = e.batch"
            " WHERE e.person = ? AND b.published IS NOT NULL ORDER BY e.batch DESC LIMIT 1)",
            (row[0],),
        ).first()
        if into is None:
            break
        row = into
    return None if row is None else str(row[1])


def members_of(connection: Connection, person: str) -> list[tuple[int, str]]:
    """The patients (seq, id) of a person, also of one known under another id now."""
    known = resolve_person(connection, person)
    rows = connection.exec_driver_sql(
        f"SELECT r.seq, r.id FROM person p JOIN membership m ON m.person = p.seq JOIN resource r ON r.seq = m.patient"
        f" WHERE p.id = ? AND {_CURRENT} ORDER BY r.seq",
        (known,),
    )
    return [(row[0], row[1]) for row in rows]


class LinkTables:
    """What the linkage reads and writes inside an open, settled batch; the newest version is the one to be."""

    def __init__(self, store: Store, batch: int, step: int) -> None:
        self._store = store
        self._batch = batch
        self._step = step
        self._reader = store.connect()

    def __enter__(self) -> LinkTables:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def touched(self) -> Iterator[list[LinkPatient]]:
        """The Patients of this batch, some at a time, in the order of their numbers."""
        last = 0
        while True:
            rows = self._all(
                "SELECT DISTINCT r.seq FROM version v JOIN resource r ON r.seq = v.seq"
                " WHERE v.batch = ? AND r.type = 'Patient' AND r.seq > ? ORDER BY r.seq LIMIT ?",
                (self._batch, last, self._step),
            )
            if not rows:
                return
            last = rows[-1][0]
            yield [self.patient(row[0]) for row in rows]

    def patient(self, seq: int) -> LinkPatient:
        """One Patient, its newest version."""
        row = self._all(
            "SELECT r.id, v.version, v.body, v.batch = ?,"
            " EXISTS (SELECT 1 FROM version w WHERE w.seq = r.seq AND w.batch <> ?)"
            " FROM resource r JOIN version v ON v.seq = r.seq WHERE r.seq = ? ORDER BY v.version DESC LIMIT 1",
            (self._batch, self._batch, seq),
        )[0]
        return LinkPatient(seq, row[0], row[1], row[2], bool(row[3]), not row[4])

    def old_keys(self, seq: int) -> list[str]:
        """The keys of a Patient before this batch, newest version first to have any."""
        rows = self._all(
            "SELECT DISTINCT k.key FROM identity_key k JOIN version v ON v.seq = k.seq AND v.version = k.version"
            " WHERE k.seq = ? AND v.batch <> ?",
            (seq, self._batch),
        )
        return [row[0] for row in rows]

    def sharing(self, key: str) -> list[int]:
        """The Patients that have this key in their newest version."""
        rows = self._all(
            "SELECT DISTINCT k.seq FROM identity_key k WHERE k.key = ?"
            " AND k.version = (SELECT max(v.version) FROM version v WHERE v.seq = k.seq) ORDER BY k.seq",
            (key,),
        )
        return [row[0] for row in rows]

    def put_keys(self, rows: Iterable[tuple[int, int, int, str]]) -> None:
        """Keys of Patients: (seq, version, n, key)."""
        self._write(((_KEY, list(rows)),))

    def founded(self, person: str) -> int | None:
        """The number of the person with this id, if there is one."""
        rows = self._all("SELECT seq FROM person WHERE id = ?", (person,))
        return rows[0][0] if rows else None

    def next_person(self) -> int:
        return int(self._all("SELECT coalesce(max(seq), 0) + 1 FROM person", ())[0][0])

    def member(self, patient: int) -> tuple[int, str] | None:
        """The person's number and the rule of a Patient, as it stands."""
        rows = self._all(
            "SELECT person, rule FROM membership WHERE patient = ? ORDER BY batch DESC LIMIT 1", (patient,)
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def merged(self, person: int) -> int | None:
        """Into which person this one was merged, as it stands."""
        rows = self._all("SELECT target FROM merge WHERE person = ? ORDER BY batch DESC LIMIT 1", (person,))
        return rows[0][0] if rows else None

    def place(self, patient: int, version: int) -> tuple[str, str]:
        """The file and record that a Patient came from."""
        rows = self._all(
            "SELECT f.name, o.record FROM origin o JOIN file f ON f.id = o.file WHERE o.seq = ? AND o.version = ?"
            " ORDER BY o.file, o.record LIMIT 1",
            (patient, version),
        )
        return (rows[0][0], rows[0][1]) if rows else ("", "")

    def put_links(
        self,
        persons: Sequence[tuple[int, str]],
        members: Sequence[tuple[int, int, str]],
        merges: Sequence[tuple[int, int | None]],
    ) -> None:
        """Writes persons (seq, id), members (patient, person, rule) and merges (person, target) of this batch."""
        self._write(
            (
                (_PERSON, [(seq, key, self._batch) for seq, key in persons]),
                (_MEMBERSHIP, [(patient, self._batch, person, rule) for patient, person, rule in members]),
                (_MERGE, [(person, self._batch, into) for person, into in merges]),
            )
        )

    def _write(self, statements: Iterable[tuple[str, list[tuple[Any, ...]]]]) -> None:
        with self._store.writing() as connection:
            for statement, rows in statements:
                if rows:
                    connection.exec_driver_sql(statement.replace("INSERT", "INSERT OR REPLACE", 1), rows)

    def _all(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._store.told():
            return driver(self._reader).execute(statement, values).fetchall()
