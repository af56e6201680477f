"""One moment of a node that is in use: both databases as of the same instant, and the access log with its head."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

__all__ = ["DATABASES", "log_now", "one_moment"]

DATABASES = ("record.db", "decisions.db")
_WAIT_SECONDS = 30.0


@contextmanager
def one_moment(home: Path) -> Iterator[Mapping[str, sqlite3.Connection]]:
    """Reading connections to the databases of HOME that all see one instant, while others go on writing.

    A decision is signed in decisions.db, then written into record.db, then noted as written. So the door to signing
    is held shut for the milliseconds in which both snapshots are opened: whatever is noted as written in the one is
    in the other, and what is not is written after a restore. Raises sqlite3.Error.
    """
    with ExitStack() as stack:
        readers = {
            name: stack.enter_context(closing(_connect(home / name))) for name in DATABASES if (home / name).exists()
        }
        with ExitStack() as door:
            if "decisions.db" in readers:
                gate = door.enter_context(closing(_connect(home / "decisions.db")))
                gate.execute("BEGIN IMMEDIATE")
            for reader in readers.values():
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it sees this instant
        yield readers


def log_now(audit: Path) -> tuple[int, bytes] | None:
    """The bytes of the access log up to its newest whole entry, and the head that seals them; None without a log."""
    path, head = audit / "access.ndjson", audit / "access.head"
    if not path.exists():
        return None
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # as whoever appends: entry and head fit
        return os.fstat(handle).st_size, head.read_bytes() if head.exists() else b""
    finally:
        os.close(handle)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
