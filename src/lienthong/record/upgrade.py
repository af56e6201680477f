"""Brings a record.db of an older schema to the present one by the Alembic migrations, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from lienthong.core.clock import Clock, instant
from lienthong.privacy.access import Action, Grant, require
from lienthong.record import schema
from lienthong.record.lock import IngestLock
from lienthong.record.store import NEWER, alone, schema_in, told

__all__ = ["schema_of", "upgrade"]

_SCRIPTS = Path(__file__).with_name("migrations")


def schema_of(path: Path) -> int | None:
    """The schema version of a record.db, whatever it is; None where there is no file or it holds no record yet."""
    if not path.exists():
        return None
    with told(), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone() is None:
            return None
        row = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        return int(row[0]) if row and str(row[0]).isdecimal() else None


def upgrade(path: Path, grant: Grant, *, clock: Clock, first: Callable[[], object]) -> tuple[int, int]:
    """The schema found and the schema now; `first` (the backup) is called before anything is changed.

    No ingest runs meanwhile (`ingest-running` where one does). Killed anywhere, the file is of the old schema or of
    the new one. Raises `record-newer` for a record that a newer Lienthong wrote.
    """
    require(grant, Action.KEEP_NODE)
    found = schema_of(path)
    if found is None or found == schema.SCHEMA_VERSION:
        return schema.SCHEMA_VERSION, schema.SCHEMA_VERSION
    if found > schema.SCHEMA_VERSION:
        raise NEWER.at(path.name, found=found, known=schema.SCHEMA_VERSION)
    lock = IngestLock(path.with_name(f"{path.stem}.ingest-lock"))
    lock.take(actor=grant.actor.name, source="upgrade", since=instant(clock()))
    try:
        first()
        with told(), alone(path) as connection:
            found = schema_in(connection) or found
            _migrate(connection, found)
    finally:
        lock.release()
    return found, schema.SCHEMA_VERSION


def _migrate(connection: Connection, found: int) -> None:
    """Each step from the schema found to the newest; the version stands in `meta`, where every command looks."""
    scripts = ScriptDirectory(str(_SCRIPTS))
    steps = list(scripts.iterate_revisions("head", str(found)))
    with Operations.context(MigrationContext.configure(connection)):
        for step in reversed(steps):
            step.module.upgrade()
            connection.execute(schema.meta.update().where(schema.meta.c.name == "schema").values(value=step.revision))
