"""Wrong passwords and passphrases in a row, and the waiting that makes guessing slow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from lienthong.core.clock import Clock, instant
from lienthong.decisions.store import Store

__all__ = ["FREE", "SCHEMA", "Attempts"]

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS attempt (who TEXT PRIMARY KEY, failures INTEGER NOT NULL, last TEXT NOT NULL) STRICT;"
)

FREE = 5  # wrong tries before the first wait
_FIRST_WAIT = timedelta(seconds=30)  # doubled by each further wrong try
_LONGEST_WAIT = timedelta(minutes=15)
_FORGET = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Counts by a hash of the name, for unknown names too: whoever guesses can't tell which names exist.

    A name that was typed may be a password that went into the wrong field, so it is not kept in clear.
    """

    store: Store
    clock: Clock

    def wait(self, door: str, name: str) -> int:
        """Seconds until this name is looked at again at this door; 0 when it is now."""
        with self.store.read() as connection:
            row = connection.execute(
                "SELECT failures, last FROM attempt WHERE who = ?", (_who(door, name),)
            ).fetchone()
        if row is None or row[0] < FREE:
            return 0
        pause = min(_FIRST_WAIT * 2 ** min(row[0] - FREE, 10), _LONGEST_WAIT)
        left = datetime.fromisoformat(row[1]) + pause - self.clock()
        return max(0, -(-int(left.total_seconds() * 1000) // 1000))

    def failed(self, door: str, name: str) -> int:
        """Notes a wrong try and gives the number of them in a row."""
        now = self.clock()
        with self.store.write() as connection:
            connection.execute("DELETE FROM attempt WHERE last < ?", (instant(now - _FORGET),))
            connection.execute(
                "INSERT INTO attempt VALUES (?, 1, ?) "
                "ON CONFLICT (who) DO UPDATE SET failures = failures + 1, last = excluded.last",
                (_who(door, name), instant(now)),
            )
            row = connection.execute("SELECT failures FROM attempt WHERE who = ?", (_who(door, name),)).fetchone()
        return int(row[0])

    def clear(self, door: str, name: str) -> None:
        with self.store.write() as connection:
            connection.execute("DELETE FROM attempt WHERE who = ?", (_who(door, name),))


def _who(door: str, name: str) -> str:
    return hashlib.sha256(f"{door}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
