"""The SQLite store of decisions and people, with tables that can only grow and are chained by hash."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity

__all__ = ["SCHEMA_VERSION", "Chain", "Entry", "Store"]

BUSY = ErrorKind(
    "decisions-busy",
    Category.BUSY,
    what="The store of decisions is being written by another process.",
    cure="Try again in a few seconds.",
)
UNREADABLE = ErrorKind(
    "decisions-unreadable",
    Category.UNAVAILABLE,
    what="The store of decisions can't be used: {why}.",
    cure="Look at the disk and the rights of HOME/decisions.db, or put the file back from the backup.",
)
NEWER = ErrorKind(
    "decisions-newer",
    Category.UNSUPPORTED,
    what="The store of decisions was written by a newer Lienthong (schema {found}).",
    allowed="schema {known}",
    cure="Use that version of Lienthong, or a newer one.",
)

SCHEMA_VERSION = 1
"""Stands in the file as `user_version`; 0 is a file from before the numbering, with the same tables."""

NO_SPACE = ErrorKind(
    "decisions-no-space",
    Category.NO_SPACE,
    what="There is no room left to write the store of decisions; nothing of this was written.",
    cure="Make room on the disk that holds HOME and do it again.",
)

_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FIRST = "0" * 64
_WAIT_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS {table} (
    sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
    body BLOB NOT NULL,
    previous TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} can only grow'); END;
CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} can only grow'); END;
CREATE TRIGGER IF NOT EXISTS {table}_in_order BEFORE INSERT ON {table}
    WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM {table})
      OR NEW.previous <> coalesce((SELECT hash FROM {table} ORDER BY sequence DESC LIMIT 1), '{first}')
    BEGIN SELECT RAISE(ABORT, '{table} grows only at its end'); END;
"""


class Store:
    """HOME/decisions.db: a connection for each use, so that threads and processes need not share one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, script: str) -> None:
        """Makes what is not there yet."""
        with self._translated(), closing(self._connect()) as connection:
            connection.executescript(script)
            if _version(connection) != SCHEMA_VERSION:
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._translated(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone; on the disk when the block ends without an error."""
        with self._translated(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a signature that was shown is on the disk
            connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE, too, fires the delete trigger
            if _version(connection) > SCHEMA_VERSION:
                raise NEWER.at("decisions.db", found=_version(connection), known=SCHEMA_VERSION)
        except (sqlite3.Error, LienthongError):
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BUSY.at("decisions.db") from None
            if code in _FULL:
                raise NO_SPACE.at("decisions.db") from None
            # a damaged file is no OperationalError; a constraint that does not hold is the caller's matter
            if isinstance(error, sqlite3.OperationalError) or code & 0xFF in _DAMAGED:
                raise UNREADABLE.at("decisions.db", why=error.sqlite_errorname) from error
            raise


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a chain: its number, what it says, and how it hangs on the one before."""

    sequence: int
    body: bytes
    previous: str
    hash: str
    seal: str

    def value(self) -> Any:
        return canonical.parse(self.body)


@dataclass(frozen=True, slots=True)
class Chain:
    """A table that only grows: each entry's hash covers the one before, and the node's key seals it."""

    store: Store
    table: Literal["decision", "people_event", "evaluation_event"]
    key: bytes

    def create(self) -> None:
        self.store.create(_SCHEMA.format(table=self.table, first=_FIRST))

    def append(self, connection: sqlite3.Connection, body: bytes) -> Entry:
        """Adds an entry within the writing transaction `connection`."""
        sequence, previous = self.head(connection)
        sequence += 1
        digest = _hash(sequence, previous, body)
        entry = Entry(sequence, body, previous, digest, self._seal(digest))
        connection.execute(
            f"INSERT INTO {self.table} VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - the name is a Literal
            (entry.sequence, entry.body, entry.previous, entry.hash, entry.seal),
        )
        return entry

    def head(self, connection: sqlite3.Connection) -> tuple[int, str]:
        """Number and hash of the newest entry; (0, zeros) when there is none."""
        row = connection.execute(
            f"SELECT sequence, hash FROM {self.table} ORDER BY sequence DESC LIMIT 1"  # noqa: S608
        ).fetchone()
        return (row[0], row[1]) if row else (0, _FIRST)

    def entries(self, connection: sqlite3.Connection) -> Iterator[Entry]:
        """All entries, oldest first, as they stand."""
        rows = connection.execute(
            f"SELECT sequence, body, previous, hash, seal FROM {self.table} ORDER BY sequence"  # noqa: S608
        )
        for row in rows:
            yield Entry(*row)

    def whole(self, entry: Entry) -> bool:
        """Whether an entry is what this node wrote: its hash and its seal are right."""
        digest = _hash(entry.sequence, entry.previous, entry.body)
        return digest == entry.hash and hmac.compare_digest(self._seal(digest), entry.seal)

    def verify(self) -> list[Finding]:
        """What is wrong with the chain: entries edited, forged, cut out or moved."""
        findings: list[Finding] = []
        sequence, previous = 0, _FIRST
        with self.store.read() as connection:
            for entry in self.entries(connection):
                if not self.whole(entry):
                    findings.append(self._finding(entry.sequence, "edited", "has been edited or forged"))
                if entry.sequence != sequence + 1 or entry.previous != previous:
                    findings.append(
                        self._finding(entry.sequence, "broken", "does not follow the one before: some are missing")
                    )
                sequence, previous = entry.sequence, entry.hash
        return findings

    def _seal(self, digest: str) -> str:
        return hmac.digest(self.key, f"{self.table} {digest}".encode(), "sha256").hex()

    def _finding(self, sequence: int, code: str, message: str) -> Finding:
        return Finding(
            Severity.ERROR,
            f"decisions-{code}",
            f"An entry of {self.table} {message}.",
            Place(file="decisions.db", table=self.table, row=str(sequence)),
            Rule("decisions-chain", "The store of decisions is whole and in order", "DESIGN 3.4"),
            "Keep the file as it is, compare it with the last backup, and find out who could write to HOME.",
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _hash(sequence: int, previous: str, body: bytes) -> str:
    return hashlib.sha256(f"{sequence} {previous} ".encode() + body).hexdigest()
