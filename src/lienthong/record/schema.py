"""The tables of the record, declared with SQLAlchemy, and the version of this schema.

Visibility: a version is seen when its batch has a `published` number, and the newest such version is the current one.
The numbers rise by one, so "the record as of number n" is a set that never changes. The index tables (identifier,
reference, pending, identity_key) hold rows for each version; a row counts while its version is the current one.
"""

from __future__ import annotations

from sqlalchemy import BLOB, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, text

__all__ = [
    "METADATA",
    "SCHEMA_VERSION",
    "batch",
    "file",
    "finding",
    "identifier",
    "identity_key",
    "membership",
    "merge",
    "meta",
    "origin",
    "pending",
    "person",
    "quarantine",
    "reference",
    "resource",
    "version",
]

SCHEMA_VERSION = 2
"""Raised with each change of the tables, together with a migration of `record/migrations/versions`."""

METADATA = MetaData()

meta = Table(
    "meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

batch = Table(
    "batch",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # ingest, or author: what Lienthong itself writes
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("published", Integer, unique=True),  # 1, 2, 3 ... in the order of publishing
    Column("published_at", Text),
    Column("summary", Text),
)

resource = Table(
    "resource",
    METADATA,
    Column("seq", Integer, primary_key=True),  # assigned once, the base of OMOP keys
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    UniqueConstraint("id", "type"),  # in this order, to find a resource by its id alone too
    Index("resource_type", "type"),
)

version = Table(
    "version",
    METADATA,
    Column("seq", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("digest", BLOB, nullable=False),  # SHA-256 of the body
    Column("given", BLOB),  # SHA-256 of the content as it came, where references were rewritten since
    Column("ai", Integer, nullable=False),  # 1: carries the label of an AI output
    Column("deleted", Integer, nullable=False, server_default=text("0")),
    Column("recorded_at", Text, nullable=False),
    Column("decision", BLOB),
    Column("body", BLOB, nullable=False),
    UniqueConstraint("seq", "version"),
    Index("version_batch", "batch"),
    Index("version_ai", "seq", sqlite_where=text("ai = 1"), postgresql_where=text("ai = 1")),
)

file = Table(
    "file",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch", Integer, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("format", Text, nullable=False),
)

origin = Table(
    "origin",
    METADATA,
    Column("file", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("field", Text, nullable=False),
    Column("fields", Text),  # JSON: element path -> place in the record
    Index("origin_seq", "seq"),
    sqlite_with_rowid=False,
)

identifier = Table(
    "identifier",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("system", Text, nullable=False),  # empty: none given
    Column("value", Text, nullable=False),
    Index("identifier_value", "value", "system"),
    sqlite_with_rowid=False,
)

reference = Table(
    "reference",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("target_type", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Index("reference_target", "target_id"),
    sqlite_with_rowid=False,
)

pending = Table(
    "pending",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("form", Text, nullable=False),  # conditional, urn, logical, unsupported
    Column("target_type", Text, nullable=False),  # empty: any
    Column("system", Text),  # None: any; of a urn: the start of the key system, before the type
    Column("value", Text, nullable=False),
    Index("pending_value", "value"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch", Integer, nullable=False, index=True),
    Column("file", Integer, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("record", Text, nullable=False),  # empty: the whole file
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("finding", Text, nullable=False),  # JSON
    Column("resolved_batch", Integer),
    Index("quarantine_file", "sha256", "source"),
    Index("quarantine_resolved", "resolved_batch", sqlite_where=text("resolved_batch IS NOT NULL")),
)

finding = Table(
    "finding",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("finding", Text, nullable=False),  # JSON, whole
    Index("finding_kind", "batch", "severity", "code"),  # the findings of an ingest are shown by kind
)

person = Table(
    "person",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("batch", Integer, nullable=False, index=True),
)

membership = Table(
    "membership",
    METADATA,
    Column("patient", Integer, primary_key=True),  # resource.seq
    Column("batch", Integer, primary_key=True),
    Column("person", Integer, nullable=False, index=True),  # person.seq
    Column("rule", Text, nullable=False),
    Index("membership_batch", "batch"),
    sqlite_with_rowid=False,
)

merge = Table(
    "merge",
    METADATA,
    Column("person", Integer, primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("target", Integer),  # None: stands for itself again
    Index("merge_batch", "batch"),
    sqlite_with_rowid=False,
)

identity_key = Table(
    "identity_key",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Index("identity_key_key", "key"),
    sqlite_with_rowid=False,
)
