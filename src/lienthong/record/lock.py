"""One ingest at a time: a lock that the kernel releases however the process ends, and a word on who holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind

__all__ = ["IngestLock"]

INGEST_RUNNING = ErrorKind(
    "ingest-running",
    Category.BUSY,
    what="Another ingest is running: {who}.",
    allowed="one ingest at a time on a node",
    cure="Wait until it has ended, or end it; what it did not publish is cleared by the next one.",
)


class IngestLock:
    """Held from `begin` to `publish` or `abandon`; `path` lies next to the record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, *, actor: str, source: str, since: str) -> None:
        """Takes the lock at once, or raises `ingest-running` with what its holder wrote into it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _who(os.pread(handle, 4096, 0))
            os.close(handle)
            raise INGEST_RUNNING.at(self._path.name, who=who) from None
        os.ftruncate(handle, 0)
        os.pwrite(
            handle,
            canonical.encode({"actor": actor, "process": os.getpid(), "since": since, "source": source}),
            0,
        )
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def _who(text: bytes) -> str:
    try:
        holder = canonical.parse(text)
    except ValueError:  # just taken, not yet written
        return "it has just begun"
    return "by {actor} from the source {source}, process {process}, since {since}".format(**holder)
