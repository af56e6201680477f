"""The older access log, chained by hash and sealed with the node's key: it is closed now and only verified.

`access.ndjson` has entries with `sequence` (from 1), `previous`, `hash` (SHA-256 over canonical JSON of all others)
and `seal` (HMAC of the hash); `access.head` is the sealed number and hash of the newest. The first leaf of the log
that follows it says with which number and hash it was closed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core import canonical
from lienthong.core.finding import Finding, Place, Rule, Severity

__all__ = ["HEAD", "NAME", "ClosedLog"]

NAME = "access.ndjson"
HEAD = "access.head"
_FIRST = "0" * 64
_RULE = Rule("access-log-chain", "The access log is whole and in order", "DESIGN 3.6")


@dataclass(frozen=True, slots=True)
class _State:
    sequence: int = 0
    hash: str = _FIRST


class ClosedLog:
    """The older log in a folder; `key` is the node's key."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path, self._head = folder / NAME, folder / HEAD
        self._seal_key = hmac.digest(key, b"lienthong access log: seal", "sha256")

    @property
    def exists(self) -> bool:
        return self._path.is_file()

    def end(self) -> dict[str, str | int]:
        """The facts that close it: the number and hash of the last entry that can be read."""
        state = _State()
        with self._path.open("rb") as lines:
            for line in lines:
                entry = _parsed(line)
                if entry is not None:
                    state = _State(entry["sequence"], entry["hash"])
        return {"entries": state.sequence, "hash": state.hash}

    def verify(self, closed: Mapping[str, Any] | None) -> list[Finding]:
        """What is wrong with it; `closed` are the facts of the leaf that closed it, None where none did."""
        if not self.exists:
            return [_finding("", "access-log-cut", "The older log is missing.")] if closed is not None else []
        findings: list[Finding] = []
        state = _State()
        with self._path.open("rb") as lines:
            for row, line in enumerate(lines, 1):
                state = self._check(line, row, state, findings)
        findings += self._against_head(state)
        if closed is None or closed != {"entries": state.sequence, "hash": state.hash}:
            findings.append(_finding("", "access-log-reopened", "The older log is not as it was when it was closed."))
        return findings

    def _against_head(self, state: _State) -> list[Finding]:
        head = self._read_head()
        if head is None:
            wrong = state.sequence or self._head.exists()
            message = "The head of the log is missing or not sealed."
            return [_finding("head", "access-log-head-wrong", message)] if wrong else []
        if head.sequence > state.sequence:
            message = f"{head.sequence - state.sequence} entries are missing at the end of the log."
            return [_finding(str(state.sequence), "access-log-cut", message)]
        if head.sequence == state.sequence and head.hash != state.hash:
            return [_finding("head", "access-log-head-wrong", "The head does not fit the last entry.")]
        return []

    def _seal(self, digest: str) -> str:
        return hmac.digest(self._seal_key, digest.encode(), "sha256").hex()

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
