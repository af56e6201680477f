"""Before a batch is published: references become `Type/id` where exactly one resource is meant; the rest is found.

Set-wise, over the rows of the batch and over what earlier batches left waiting for an identifier that came now.
While the ingest lock is held every version in the store is published or of this batch, so the newest one of a
resource is the one that will be current.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from lienthong.core import canonical
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.fhir.references import walk
from lienthong.record.index import without_numbers
from lienthong.record.step import insert_version
from lienthong.record.store import Store

__all__ = ["Unresolved", "resolve", "unresolved", "unresolved_now"]

UNRESOLVED = "reference-unresolved"
AMBIGUOUS = "reference-ambiguous"
_RULE = Rule(UNRESOLVED, "A reference names a resource of this record", "FHIR R4 2.3, 3.1.0.11.5")

_MATCHES = """
  FROM identifier i JOIN resource r ON r.seq = i.seq
 WHERE i.value = p.value AND (p.target_type = '' OR r.type = p.target_type)
   AND (p.system IS NULL OR i.system = CASE p.form WHEN 'urn' THEN p.system || r.type ELSE p.system END)
   AND i.version = (SELECT max(w.version) FROM version w WHERE w.seq = i.seq)"""

# One target is meant where the lowest and the highest match are the same resource.
_WAITING = f"""
SELECT p.seq, p.version, p.n, (SELECT min(i.seq) {_MATCHES}) AS lowest, (SELECT max(i.seq) {_MATCHES}) AS highest
  FROM pending p JOIN version v ON v.seq = p.seq AND v.version = p.version
 WHERE p.form <> 'unsupported' AND (p.seq, p.version, p.n) > (?, ?, ?)
   AND NOT EXISTS (SELECT 1 FROM version w WHERE w.seq = p.seq AND w.version > p.version)
   AND (v.batch = ? OR v.ai = 0 AND v.decision IS NULL AND EXISTS (
        SELECT 1 FROM identifier i JOIN version n ON n.seq = i.seq AND n.version = i.version
         WHERE i.value = p.value AND n.batch = ?))
 ORDER BY p.seq, p.version, p.n LIMIT ?"""

_VERSION = "SELECT batch, body, digest, given, ai FROM version WHERE seq = ? AND version = ?"
_TARGET = """
SELECT p.path, r.type, r.id FROM pending p JOIN resource r ON r.seq = ?
 WHERE p.seq = ? AND p.version = ? AND p.n = ?"""
_COPY = (
    "INSERT INTO identifier SELECT seq, version + 1, n, system, value FROM identifier WHERE seq = ? AND version = ?",
    "INSERT INTO reference SELECT seq, version + 1, n, path, target_type, target_id FROM reference"
    " WHERE seq = ? AND version = ?",
    "INSERT INTO pending SELECT seq, version + 1, n, path, form, target_type, system, value FROM pending"
    " WHERE seq = ? AND version = ?",
)
_REFER = """
INSERT INTO reference (seq, version, n, path, target_type, target_id)
SELECT ?1, ?2, coalesce(max(n), -1) + 1, ?3, ?4, ?5 FROM reference WHERE seq = ?1 AND version = ?2"""

_IS_NEWEST = "NOT EXISTS (SELECT 1 FROM version w WHERE w.seq = v.seq AND w.version > v.version)"
_PLACE = "coalesce((SELECT min(f.name || char(10) || o.record) FROM origin o JOIN file f ON f.id = o.file"
_PLACE += " WHERE o.seq = v.seq AND o.version = v.version), char(10))"

_DANGLING = f"""
SELECT e.path, e.target_type, {_PLACE}, 'missing'
  FROM version v JOIN reference e ON e.seq = v.seq AND e.version = v.version
 WHERE v.batch = ? AND {_IS_NEWEST}
   AND NOT EXISTS (SELECT 1 FROM resource t WHERE t.type = e.target_type AND t.id = e.target_id)
UNION ALL
SELECT p.path, p.target_type, {_PLACE},
       CASE WHEN p.form = 'unsupported' THEN 'unsupported' WHEN EXISTS (SELECT 1 {_MATCHES}) THEN 'several'
            ELSE 'missing' END
  FROM version v JOIN pending p ON p.seq = v.seq AND p.version = v.version
 WHERE v.batch = ? AND {_IS_NEWEST} AND p.form <> 'logical'"""


_CURRENT = """v.version = (SELECT max(w.version) FROM version w JOIN batch b ON b.id = w.batch
                                WHERE w.seq = v.seq AND b.published IS NOT NULL)"""
_UNRESOLVED_NOW = f"""
SELECT r.type, e.path, e.target_type, count(*)
  FROM reference e JOIN version v ON v.seq = e.seq AND v.version = e.version JOIN resource r ON r.seq = e.seq
 WHERE {_CURRENT} AND NOT EXISTS (
       SELECT 1 FROM resource t JOIN version u ON u.seq = t.seq JOIN batch c ON c.id = u.batch
        WHERE t.type = e.target_type AND t.id = e.target_id AND c.published IS NOT NULL)
 GROUP BY r.type, e.path, e.target_type
UNION ALL
SELECT r.type, p.path, p.target_type, count(*)
  FROM pending p JOIN version v ON v.seq = p.seq AND v.version = p.version JOIN resource r ON r.seq = p.seq
 WHERE {_CURRENT} AND p.form <> 'logical' GROUP BY r.type, p.path, p.target_type"""


def resolve(store: Store, batch: int, step: int, recorded_at: str) -> int:
    """Rewrites what can be resolved now, a step a transaction; how many references that were."""
    with store.reading() as connection:
        if connection.exec_driver_sql("SELECT 1 FROM pending LIMIT 1").first() is None:
            return 0
    resolved, last = 0, (0, 0, 0)
    while True:
        with store.writing() as connection:
            rows = connection.exec_driver_sql(_WAITING, (*last, batch, batch, step)).all()
            if not rows:
                return resolved
            last = (rows[-1][0], rows[-1][1], rows[-1][2])
            met = [row for row in rows if row[3] is not None and row[3] == row[4]]
            for (seq, version), group in groupby(met, key=lambda row: (row[0], row[1])):
                resolved += _rewrite(connection, batch, seq, version, {row[2]: row[3] for row in group}, recorded_at)


def _rewrite(
    connection: Connection, batch: int, seq: int, version: int, targets: dict[int, int], recorded_at: str
) -> int:
    """Puts `Type/id` into these pending references; a version of an older batch gets a new one in this batch."""
    owner, body, digest, given, ai = connection.exec_driver_sql(_VERSION, (seq, version)).one()
    found: dict[str, tuple[str, str]] = {}
    for n, target in targets.items():
        path, type_name, key = connection.exec_driver_sql(_TARGET, (target, seq, version, n)).one()
        found[path] = (type_name, key)
    resource: dict[str, Any] = canonical.parse(body)
    for reference in walk(resource):
        if reference.path in found:
            reference.holder["reference"] = "/".join(found[reference.path])
    rewritten = canonical.encode(resource)
    content = (hashlib.sha256(rewritten).digest(), given or digest)
    if owner == batch:
        connection.exec_driver_sql(
            "UPDATE version SET body = ?, digest = ?, given = ? WHERE seq = ? AND version = ?",
            (rewritten, *content, seq, version),
        )
    else:
        insert_version(connection, (seq, version + 1, batch, *content, ai, 0, recorded_at, None, rewritten))
        for copy in _COPY:
            connection.exec_driver_sql(copy, (seq, version))
        version += 1
    connection.exec_driver_sql(
        "DELETE FROM pending WHERE seq = ? AND version = ? AND n = ?", [(seq, version, n) for n in targets]
    )
    connection.exec_driver_sql(_REFER, [(seq, version, path, *named) for path, named in found.items()])
    return len(targets)


def unresolved(connection: Connection, batch: int) -> Iterator[Finding]:
    """A warning for each reference of this batch whose target is not in the record."""
    for path, target, place, why in connection.exec_driver_sql(_DANGLING, (batch, batch)):
        file, _, record = place.partition("\n")
        yield _finding(path, target or "resource", file, record, why)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """References of one kind that name nothing in the record now: at `path` of a `type`, to a `target` type."""

    type: str
    path: str
    target: str
    count: int


def unresolved_now(connection: Connection) -> list[Unresolved]:
    """The present state: what is published and current, against what is published and current."""
    found: Counter[tuple[str, str, str]] = Counter()
    for type_name, path, target, count in connection.exec_driver_sql(_UNRESOLVED_NOW):
        found[type_name, without_numbers(path), target] += count
    return [Unresolved(*key, count) for key, count in sorted(found.items())]


def _finding(path: str, target: str, file: str, record: str, why: str) -> Finding:
    place = Place(file=file, record=record, path=path)
    if why == "several":
        return Finding(
            Severity.WARNING,
            AMBIGUOUS,
            f"The reference fits several resources of type {target} in the record.",
            place,
            _RULE,
            "Make the identifier unique at its source, or refer to the resource by its id.",
        )
    if why == "unsupported":
        return Finding(
            Severity.WARNING,
            UNRESOLVED,
            f"The reference searches a {target} by something else than an identifier.",
            place,
            _RULE,
            "Refer to it by its id, or as Type?identifier=system|value.",
        )
    return Finding(
        Severity.WARNING,
        UNRESOLVED,
        f"The reference names a {target} that is not in the record.",
        place,
        _RULE,
        f"Ingest the export that holds the {target}; the reference is found again then.",
    )
