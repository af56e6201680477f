"""From a resource, a person or an OMOP row back to file, record and field, and forward to what was made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import Grant
from lienthong.record import Came, Record, Stored
from lienthong.warehouse.omop.cdm import key_of
from lienthong.warehouse.store import Warehouse

__all__ = ["Traced", "trace"]

KEYS_A_RESOURCE = 100
"""An OMOP key is the resource's number times this, and the number of the part (docs/decisions/004-warehouse.md)."""

_ROW = re.compile(r"omop\.([a-z_]+)/(\d+)")
_PERSON_TABLES = frozenset({"person", "death", "observation_period"})
"""Tables whose key is the person's number: their rows are traced by the Patient of the person's row."""

NOT_FOUND = ErrorKind(
    "trace-not-found",
    Category.NOT_FOUND,
    what="Nothing on this node has this name.",
    allowed="Type/id, an id, a person's id, or a row such as omop.person/1",
    cure="Copy the id from a query, a page or an export; a new row needs a new `lienthong build`.",
)


@dataclass(frozen=True, slots=True)
class Traced:
    """The way of one thing: what was asked, its resource, where each version came from, and what came of it."""

    asked: str
    resource: str
    origins: tuple[Came, ...]
    forward: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `lienthong trace --json` (DESIGN 5); `origin` is the newest one, `origins` all of them."""
        origins = [
            {
                "version": came.version,
                "batch": came.batch,
                "source": came.source,
                "file": came.file,
                "sha256": came.sha256,
                "record": came.record,
                "field": came.field,
                "fields": dict(came.fields),
            }
            for came in self.origins
        ]
        return {
            "from": self.asked,
            "resource": self.resource,
            "origin": origins[-1] if origins else None,
            "origins": origins,
            "forward": list(self.forward),
        }


def trace(name: str, record: Record, warehouse: Warehouse, grant: Grant) -> Traced:
    """The origin of a resource (`Type/id` or its id), of a person (by the newest Patient), or of an OMOP row."""
    stored = _resource(name, record, warehouse, grant)
    origins = tuple(record.origins(grant, stored.type, stored.id))
    forward = (*_rows(stored, warehouse), *_made_of(stored, record, grant))
    return Traced(name, f"{stored.type}/{stored.id}/{stored.version}", origins, forward)


def _resource(name: str, record: Record, warehouse: Warehouse, grant: Grant) -> Stored:
    row = _ROW.fullmatch(name)
    if row:
        return _of_row(row[1], int(row[2]), record, warehouse, grant)
    bare = name.rpartition("/")[2]
    found = [item for item in record.find(grant, bare) if name in (bare, item.reference)]
    if not found:
        patients = record.patients_of(grant, bare)
        found = [item for patient in patients for item in record.find(grant, patient)]
    if not found:
        raise NOT_FOUND.at(f"trace {name}")
    return found[-1]


def _of_row(table: str, key: int, record: Record, warehouse: Warehouse, grant: Grant) -> Stored:
    where = f"omop.{table}/{key}"
    if f"omop.{table}" not in warehouse.tables() or not _is_row(table, key, warehouse):
        raise NOT_FOUND.at(where)
    if table in _PERSON_TABLES:
        sql = f"SELECT person_source_value AS id FROM omop.person WHERE person_id = {key}"  # noqa: S608 - an int
        ids = warehouse.query(sql).column("id").to_pylist()
        found = [item for patient in ids for item in record.find(grant, patient) if item.type == "Patient"]
    else:
        found = [
            item
            for kind, resource_id in _numbered(key // KEYS_A_RESOURCE, warehouse)
            for item in record.find(grant, resource_id)
            if item.type == kind
        ]
    if not found:
        raise NOT_FOUND.at(where)
    return found[-1]


def _numbered(seq: int, warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """The resource with this number, as (type, id)."""
    types = [name.partition(".")[2] for name in warehouse.tables() if name.startswith("fhir.")]
    parts = (f"SELECT '{kind}' AS type, id FROM fhir.\"{kind}\" WHERE record_seq = {seq}" for kind in types)  # noqa: S608
    for row in warehouse.query(" UNION ALL ".join(parts)).to_pylist():
        yield row["type"], row["id"]


def _is_row(table: str, key: int, warehouse: Warehouse) -> bool:
    if not key_of(table):
        return False
    sql = f"SELECT count(*) AS n FROM omop.{table} WHERE {key_of(table)} = {key}"  # noqa: S608 - a known table, an int
    return bool(warehouse.query(sql).column("n")[0].as_py())


def _rows(stored: Stored, warehouse: Warehouse) -> Iterator[str]:
    """The OMOP rows that were made of a resource, where the warehouse is built."""
    names = [name for name in warehouse.tables() if name.startswith("omop.")]
    low, high = stored.seq * KEYS_A_RESOURCE, (stored.seq + 1) * KEYS_A_RESOURCE
    for name in names:
        table = name.partition(".")[2]
        key = key_of(table)
        if not key:
            continue
        if table in _PERSON_TABLES:
            if stored.type != "Patient" or not _PLAIN.fullmatch(stored.id):
                continue
            condition = f"person_id IN (SELECT person_id FROM omop.person WHERE person_source_value = '{stored.id}')"  # noqa: S608
        else:
            condition = f"{key} >= {low} AND {key} < {high}"
        sql = f"SELECT {key} AS key FROM {name} WHERE {condition} ORDER BY 1"  # noqa: S608 - known names, ints
        for value in warehouse.query(sql).column("key").to_pylist():
            yield f"{name}/{value}"


_PLAIN = re.compile(r"[A-Za-z0-9.-]{1,64}")


def _made_of(stored: Stored, record: Record, grant: Grant) -> Iterator[str]:
    """The AI outputs that were computed from a resource, and the decisions about them."""
    for item in record.pointing_at(grant, stored.type, stored.id):
        if item.ai or item.type == "Provenance":
            yield item.reference
