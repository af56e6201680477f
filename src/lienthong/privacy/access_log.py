"""The append-only access log: one JSON object a line, chained by hash, sealed with the node's key.

Each entry: `sequence` (from 1), `time`, `actor`, `purpose`, `action`, `scope` (`node`, or `person:` and an HMAC of
the id, never the id), `outcome`, `previous` (hash of the entry before), `hash` (SHA-256 over canonical JSON of all
these) and `seal` (HMAC of the hash, so that nobody without the node's key can add or rewrite). Beside the log lies
`access.head`, the sealed number and hash of the newest entry: with it a cut at the end is found too. What no file of
the node can show, a log that was put back together with its head, needs a witness outside (a later issue).
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core import canonical
from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity

__all__ = ["AccessLog"]

NAME = "access.ndjson"
HEAD = "access.head"
_FIRST = "0" * 64
_PERSON = "person:"
_TAIL = 4096  # bytes read at once to find the last line; an entry has about 600

UNWRITABLE = ErrorKind(
    "access-log-unwritable",
    Category.NO_SPACE,
    what="The access log can't be written, and without it nothing may be read: {why}.",
    cure="Make room on the disk that holds HOME/audit, or give the folder back its rights.",
)
_RULE = Rule("access-log-chain", "The access log is whole and in order", "DESIGN 3.6")


@dataclass(frozen=True, slots=True)
class _State:
    sequence: int = 0
    hash: str = _FIRST


class AccessLog:
    """The access log in a folder; any number of threads and processes may append at once.

    `key` is the node's key (32 bytes, HOME/keys), `clock` gives each time. `durable=False` leaves the flush to
    the disk to the system, for tests and benches only.
    """

    def __init__(self, folder: Path, key: bytes, clock: Clock, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._path = folder / NAME
        self._head = folder / HEAD
        self._commitment_key = hmac.digest(key, b"lienthong access log: commitment", "sha256")
        self._seal_key = hmac.digest(key, b"lienthong access log: seal", "sha256")
        self._durable = durable
        self._lock = threading.Lock()
        self._known: tuple[int, int, _State] | None = None  # inode, size and state after our own last entry

    def commitment(self, person: str) -> str:
        """What stands in the log for a person: an HMAC of the id, to find the entries about this person."""
        return hmac.digest(self._commitment_key, person.encode(), "sha256").hex()

    def append(self, *, actor: str, purpose: str, action: str, scope: str, outcome: str) -> None:
        """Adds one entry and returns when it is on the disk; `scope` is `node` or `person:<id>`."""
        shown = scope
        if scope.startswith(_PERSON):
            shown = _PERSON + self.commitment(scope.removeprefix(_PERSON))
        try:
            with self._lock, self._locked() as handle:
                state = self._state(handle)
                state = self._write(handle, state, actor, purpose, action, shown, outcome)
                status = os.fstat(handle)
                self._known = (status.st_ino, status.st_size, state)
        except OSError as error:
            raise UNWRITABLE.at(f"audit/{NAME}", why=error.strerror or "the system refused") from None

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entries that can be read, oldest first; `verify` says whether they are whole."""
        if self._path.exists():
            with self._path.open("rb") as lines:
                for line in lines:
                    entry = _parsed(line)
                    if entry is not None:
                        yield entry

    def verify(self) -> list[Finding]:
        """What is wrong with the log: an entry edited, cut out, added, moved, or cut off at the end."""
        findings: list[Finding] = []
        state = _State()
        if self._path.exists():
            with self._locked() as handle:
                reader = os.dup(handle)
                with os.fdopen(reader, "rb") as lines:
                    lines.seek(0)
                    for row, line in enumerate(lines, 1):
                        state = self._check(line, row, state, findings)
        head = self._read_head()
        if head is None and (state.sequence or self._head.exists()):
            findings.append(
                _finding("head", "access-log-head-wrong", "The head of the log is missing or not sealed.")
            )
        elif head is not None and head.sequence > state.sequence:
            missing = head.sequence - state.sequence
            findings.append(
                _finding(
                    str(state.sequence), "access-log-cut", f"{missing} entries are missing at the end of the log."
                )
            )
        elif head is not None and head.sequence == state.sequence and head.hash != state.hash:
            findings.append(_finding("head", "access-log-head-wrong", "The head does not fit the last entry."))
        return findings

    @contextmanager
    def _locked(self) -> Iterator[int]:
        # A handle of its own for each use: flock excludes other handles, also those of a forked process.
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _state(self, handle: int) -> _State:
        """The state to write after; what was found broken is itself put into the log."""
        status = os.fstat(handle)
        if self._known is not None and self._known[:2] == (status.st_ino, status.st_size):
            return self._known[2]
        end, last = _last_entry(handle, status.st_size)
        tail = _State(last["sequence"], last["hash"]) if last else _State()
        head = self._read_head()
        # After a cut the numbers go on from the head: the gap stays in the log for ever.
        state = head if head is not None and head.sequence > tail.sequence else tail
        if end < status.st_size:  # power was lost while an entry was written; nobody was told that it was
            os.ftruncate(handle, end)
            state = self._write(
                handle, state, "lienthong", "data-operations", "log-repair", "node", "unfinished-entry"
            )
        if head is None and (tail.sequence or self._head.exists()):
            state = self._write(handle, state, "lienthong", "data-operations", "log-repair", "node", "head-missing")
        return state

    def _write(
        self, handle: int, state: _State, actor: str, purpose: str, action: str, scope: str, outcome: str
    ) -> _State:
        entry: dict[str, Any] = {
            "sequence": state.sequence + 1,
            "time": instant(self.clock()),
            "actor": actor,
            "purpose": purpose,
            "action": action,
            "scope": scope,
            "outcome": outcome,
            "previous": state.hash,
        }
        digest = _digest(entry)
        line = canonical.encode({**entry, "hash": digest, "seal": self._seal(digest)}) + b"\n"
        size = os.fstat(handle).st_size
        written = os.write(handle, line)
        if written != len(line):
            os.ftruncate(handle, size)
            raise OSError(28, "no room for the whole entry")
        if self._durable:
            os.fsync(handle)
        state = _State(entry["sequence"], digest)
        self._write_head(state)
        return state

    def _seal(self, digest: str) -> str:
        return hmac.digest(self._seal_key, digest.encode(), "sha256").hex()

    def _write_head(self, state: _State) -> None:
        # Of fixed length and written in one call under the log's lock, so that no reader sees half of it.
        text = f"{state.sequence:020d} {state.hash} {self._head_seal(state)}\n".encode()
        handle = os.open(self._head, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(handle, text, 0)
        finally:
            os.close(handle)

    def _read_head(self) -> _State | None:
        if not self._head.exists():
            return None
        parts = self._head.read_bytes().decode("ascii", "replace").split()
        if len(parts) != 3 or not parts[0].isdecimal():
            return None
        state = _State(int(parts[0]), parts[1])
        return state if hmac.compare_digest(parts[2].encode(), self._head_seal(state).encode()) else None

    def _head_seal(self, state: _State) -> str:
        return self._seal(f"head {state.sequence} {state.hash}")

    def _check(self, line: bytes, row: int, state: _State, findings: list[Finding]) -> _State:
        entry = _parsed(line) if line.endswith(b"\n") else None
        place = str(row)
        if entry is None:
            findings.append(_finding(place, "access-log-unreadable", "A line of the log is no entry."))
            return state
        bare = {name: value for name, value in entry.items() if name not in ("hash", "seal")}
        if canonical.encode(entry) + b"\n" != line or _digest(bare) != entry["hash"]:
            findings.append(_finding(place, "access-log-edited", "An entry of the log has been edited."))
        elif not hmac.compare_digest(str(entry.get("seal")).encode(), self._seal(entry["hash"]).encode()):
            findings.append(_finding(place, "access-log-forged", "An entry of the log is not sealed by this node."))
        if entry["sequence"] != state.sequence + 1 or entry["previous"] != state.hash:
            findings.append(
                _finding(
                    place, "access-log-broken", "An entry does not follow the one before: some are cut out or moved."
                )
            )
        if entry.get("action") == "log-repair":
            findings.append(_repair(place, entry["outcome"]))
        return _State(entry["sequence"], entry["hash"])


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(canonical.encode(entry)).hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = canonical.parse(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("sequence"), int):
        return None
    return entry if isinstance(entry.get("hash"), str) and isinstance(entry.get("previous"), str) else None


def _last_entry(handle: int, size: int) -> tuple[int, dict[str, Any] | None]:
    """Where the last whole line ends, and the last entry that can be read (unreadable lines are passed over)."""
    tail, start = b"", size
    while start > 0:
        step = min(_TAIL, start)
        start -= step
        tail = os.pread(handle, step, start) + tail
        end = tail.rfind(b"\n") + 1
        # The first piece may be half a line, unless the file begins here.
        lines = tail[:end].split(b"\n")[:-1]
        for line in reversed(lines if start == 0 else lines[1:]):
            entry = _parsed(line)
            if entry is not None:
                return start + end, entry
    return tail.rfind(b"\n") + 1, None


def _finding(place: str, code: str, message: str) -> Finding:
    return Finding(
        Severity.ERROR,
        code,
        message,
        Place(file=f"audit/{NAME}", row=place),
        _RULE,
        "Keep the log as it is, compare it with the last backup, and find out who could write to HOME/audit.",
    )


def _repair(place: str, outcome: str) -> Finding:
    if outcome == "unfinished-entry":
        return Finding(
            Severity.WARNING,
            "access-log-unfinished",
            "Before this entry one was left unfinished (power or disk failed while it was written).",
            Place(file=f"audit/{NAME}", row=place),
            _RULE,
            "Nothing was read on its behalf; find out what stopped the machine.",
        )
    return _finding(
        place, "access-log-head-wrong", "Before this entry the head of the log was missing or not sealed."
    )
