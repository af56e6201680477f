"""The SQLite store of the record: connections, transactions, the guard's function, and what its errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.record import schema
from lienthong.record.guard import Guard, is_labelled
from lienthong.record.triggers import GUARD_FUNCTION, GUARD_REFUSED, TRIGGERS

__all__ = ["AI_UNSIGNED", "NEWER", "Store", "alone", "driver", "schema_in", "told"]

WAIT_SECONDS = 30.0
"""How long a writer waits for another one; an ingest holds the lock for one step at a time."""

NO_SPACE = ErrorKind(
    "record-no-space",
    Category.NO_SPACE,
    what="There is no room left to write the record.",
    cure="Make room on the disk that holds HOME and do it again; what was not published is not in the record.",
)
BUSY = ErrorKind(
    "record-busy",
    Category.BUSY,
    what="The record is being written by another process for longer than {seconds} seconds.",
    cure="Wait until it has ended.",
)
UNREADABLE = ErrorKind(
    "record-unreadable",
    Category.UNAVAILABLE,
    what="The record can't be used: {why}.",
    cure="Look at the disk and at the rights of HOME/record.db, or put the file back from the backup.",
)
NEWER = ErrorKind(
    "record-newer",
    Category.UNSUPPORTED,
    what="The record was written by a newer Lienthong (schema {found}).",
    allowed="schema {known}",
    cure="Use that version of Lienthong, or a newer one.",
)
OLDER = ErrorKind(
    "record-older",
    Category.MISSING,
    what="The record was written by an older Lienthong (schema {found}).",
    allowed="schema {known}",
    cure="Run `lienthong upgrade`: it takes a backup first, and changes all or nothing.",
)
REFUSED = ErrorKind(
    "record-refused",
    Category.CONFLICT,
    what="The record refuses this: {why}.",
    cure="Published content only grows: store a new version through the record's functions.",
)
AI_UNSIGNED = ErrorKind(
    "ai-unsigned",
    Category.FORBIDDEN,
    what="This can't be stored: {why}.",
    allowed="a status that is not final (preliminary, draft, unconfirmed ...), or a physician's signed decision",
    cure="Store it as preliminary and let an entitled physician decide.",
)

_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_CONNECT_ARGUMENTS = {"timeout": WAIT_SECONDS, "check_same_thread": False, "cached_statements": 256}

# What a connection of this program never does after the tables are made: the triggers stay.
_SCHEMA_CHANGES = frozenset(
    getattr(sqlite3, f"SQLITE_{verb}{temp}_{thing}")
    for verb in ("CREATE", "DROP")
    for temp, thing in (
        ("", "TRIGGER"),
        ("_TEMP", "TRIGGER"),
        ("", "TABLE"),
        ("", "INDEX"),
        ("", "VIEW"),
        ("_TEMP", "VIEW"),
    )
) | {sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_ATTACH}
_FIXED_PRAGMAS = frozenset({"writable_schema", "trusted_schema", "journal_mode", "legacy_alter_table"})


class Store:
    """HOME/record.db; `reading` and `writing` give one transaction each, safe with several threads and processes."""

    def __init__(self, path: Path, guard: Guard) -> None:
        self.path = path
        self._guard = guard
        self._url = sqlalchemy.URL.create("sqlite", database=str(path))
        with self.told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._create()
        self._engine = create_engine(self._url, poolclass=QueuePool, connect_args=_CONNECT_ARGUMENTS)
        event.listen(self._engine, "connect", self._prepare)
        event.listen(self._engine, "begin", _begin)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the record; never waits for a writer."""
        with self.told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """One transaction, alone; on the disk when the block ends without an error. Keep it short.

        Without `durable` it is on the disk with the next one that is: enough for what nobody sees yet.
        """
        with (
            self.told(),
            self._engine.connect().execution_options(lienthong_writes=True) as connection,
        ):
            driver(connection).execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with connection.begin():
                yield connection

    def connect(self) -> Connection:
        """A connection to keep (the reader of a batch); its user closes it."""
        with self.told():
            return self._engine.connect()

    def told(self) -> AbstractContextManager[None]:
        """Says what an error of the database means."""
        return told()

    def _create(self) -> None:
        # Most times the tables are there: then to open the record must not wait for a writer.
        if self.path.exists() and self.path.stat().st_size:
            with alone(self.path, writes=False) as connection:
                if schema_in(connection) == schema.SCHEMA_VERSION:
                    return
        with alone(self.path) as connection:
            found = schema_in(connection)
            if found is None:
                schema.METADATA.create_all(connection)
                for trigger in TRIGGERS:
                    connection.exec_driver_sql(trigger)
                found = schema.SCHEMA_VERSION
                connection.execute(schema.meta.insert().values(name="schema", value=str(found)))
        if found != schema.SCHEMA_VERSION:
            kind = NEWER if found > schema.SCHEMA_VERSION else OLDER
            raise kind.at(self.path.name, found=found, known=schema.SCHEMA_VERSION)

    def _prepare(self, connection: sqlite3.Connection, _: object) -> None:
        _settle(connection, _)
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.create_function(GUARD_FUNCTION, 4, self.check, deterministic=False)
        connection.set_authorizer(_authorize)

    def check(self, body: bytes | str, decision: bytes | None, ai: int, was_ai: int) -> str | None:
        """What the triggers ask before any version is written: why not, or None."""
        raw = body.encode() if isinstance(body, str) else body
        labelled = is_labelled(raw)
        if labelled != bool(ai):
            return "its mark as an AI output is not that of its content"
        if was_ai and not labelled:
            return "the label of an AI output can't be taken off"
        if not labelled and decision is None:
            return None
        try:
            return self._guard(raw, decision)
        except LienthongError as error:
            return error.what


@contextmanager
def told() -> Iterator[None]:
    """Says what an error of the database means."""
    try:
        yield
    except DBAPIError as error:
        raise _meaning(error.orig) from None
    except (sqlite3.Error, OSError) as error:
        raise _meaning(error) from None


@contextmanager
def alone(path: Path, *, writes: bool = True) -> Iterator[Connection]:
    """One transaction that may change the tables themselves; all of it is there at the end, or nothing."""
    url = sqlalchemy.URL.create("sqlite", database=str(path))
    engine = create_engine(url, poolclass=NullPool, connect_args=_CONNECT_ARGUMENTS)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection, connection.execution_options(lienthong_writes=writes).begin():
            yield connection
    finally:
        engine.dispose()


def schema_in(connection: Connection) -> int | None:
    """The schema version of the tables; None where there are none yet."""
    if schema.meta.name not in sqlalchemy.inspect(connection).get_table_names():
        return None
    found = connection.execute(select(schema.meta.c.value).where(schema.meta.c.name == "schema")).scalar()
    if found is None or not found.isdecimal():
        raise UNREADABLE.at("record.db", why="it says no schema version")
    return int(found)


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for the hot path."""
    raw: Any = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _settle(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own transactions begin late and end early; ours are said by `_begin`.
    connection.isolation_level = None
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("lienthong_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
) -> int:
    if action in _SCHEMA_CHANGES:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and second is not None and (first or "").lower() in _FIXED_PRAGMAS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _meaning(error: BaseException | None) -> LienthongError:
    """The error of ours that a database error means; the database's texts name tables and never values."""
    code = getattr(error, "sqlite_errorcode", None)
    text = str(error)
    if code in _FULL or (isinstance(error, OSError) and error.errno in (28, 122)):
        return NO_SPACE.at("record.db")
    if code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BUSY.at("record.db", seconds=int(WAIT_SECONDS))
    if GUARD_REFUSED in text:
        return AI_UNSIGNED.at("", why="the guard refuses it")
    if isinstance(error, sqlite3.IntegrityError):
        return REFUSED.at("record.db", why=text.removeprefix("record: "))
    if isinstance(error, OSError):
        text = error.strerror or "the system refused"
    return UNREADABLE.at("record.db", why=text)
