"""One moment of a node that is in use: both databases as of the same instant, and the audit log with its head."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from lienthong.privacy.access_log import HEAD
from lienthong.privacy.audit.closed import HEAD as CLOSED_HEAD
from lienthong.privacy.audit.closed import NAME as CLOSED
from lienthong.privacy.audit.verify import CHECKPOINTS, LEAVES, PUBLIC

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


def log_now(audit: Path) -> dict[str, int | bytes]:
    """What of HOME/audit is one moment: of a file that only grows how many bytes count, of any other its bytes."""
    path, now = audit / LEAVES, dict[str, int | bytes]()
    if path.exists():
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # as whoever appends: entries, head and checkpoints fit
            now[LEAVES] = os.fstat(handle).st_size
            signed = audit / CHECKPOINTS
            if signed.exists():
                now[CHECKPOINTS] = signed.stat().st_size
            now |= {name: (audit / name).read_bytes() for name in (HEAD, PUBLIC) if (audit / name).exists()}
        finally:
            os.close(handle)
    now |= {name: (audit / name).read_bytes() for name in (CLOSED, CLOSED_HEAD) if (audit / name).exists()}
    return now


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
