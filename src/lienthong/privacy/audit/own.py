"""What the node itself can say of its log beyond what anybody can: seals, the head, and the older log before it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core.finding import Finding, Severity
from lienthong.privacy.audit.closed import ClosedLog
from lienthong.privacy.audit.head import Head
from lienthong.privacy.audit.leaf import Leaf, seal_of
from lienthong.privacy.audit.notes import VerifyingKey
from lienthong.privacy.audit.verify import CHECKPOINTS, LEAVES, PUBLIC, finding, verify

__all__ = ["Snapshot", "read_lines", "verify_own"]

_REPAIRS = {
    "cut": "Before this entry the log had been cut: it was shorter than its sealed head said.",
    "edited": "Before this entry the log was not the one that its sealed head said.",
    "head-missing": "Before this entry the head of the log was missing or not sealed.",
    "not-sealed": "Before this entry there were some that this node did not write.",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the log in a folder: its bytes that count, its checkpoints and its head (None: not sealed)."""

    folder: Path
    size: int
    checkpoints: bytes
    head: Head | None
    has_head: bool


def read_lines(path: Path, size: int) -> Iterator[bytes]:
    """The lines in the first bytes of a file; the last one may be torn."""
    if size:
        with path.open("rb") as lines:
            for line in lines:
                yield line[:size]
                size -= len(line)
                if size <= 0:
                    return


def verify_own(snapshot: Snapshot, key: VerifyingKey, seal_key: bytes, closed: ClosedLog) -> list[Finding]:
    """All that is wrong with the node's log, and with the older one that it follows."""
    first: list[dict[str, Any]] = []

    def look(leaf: Leaf) -> Iterable[Finding]:
        entry = leaf.entry
        if leaf.index == 0 and entry is not None and entry["action"] == "log-continued":
            first.append(entry.get("facts", {}))
        if entry is None:
            return
        if not hmac.compare_digest(seal_of(entry, leaf.previous, seal_key).encode(), entry["seal"].encode()):
            message = "An entry is not as this node sealed it, or does not follow the one that it was written after."
            yield finding("forged", message, str(leaf.index))
        elif entry["action"] == "log-repair":
            yield _repair(leaf.index, entry["outcome"])

    head, texts = snapshot.head, [(CHECKPOINTS, snapshot.checkpoints)] if snapshot.checkpoints else []
    lines = read_lines(snapshot.folder / LEAVES, snapshot.size)
    done = verify(lines, texts, key, sizes=[head.size] if head else [], look=look)
    # what is newer than the newest checkpoint is held by the head
    findings = [item for item in done.findings if not _unsigned_tail(item)]
    if not done.size and not snapshot.has_head and not snapshot.checkpoints:
        return closed.verify(None) if closed.exists else []  # nothing was written yet
    if head is None:
        findings.append(finding("head-wrong", "The head of the log is missing or not sealed.", "head"))
    elif head.size > done.size:
        message = f"{head.size - done.size} entries are missing at the end of the log."
        findings.append(finding("cut", message, str(done.size)))
    elif done.roots[head.size] != head.root:
        findings.append(finding("head-wrong", "The head does not fit the entries.", "head"))
    elif head.size < done.size:
        message = f"{done.size - head.size} entries are newer than the head: a process was stopped while it wrote."
        findings.append(finding("unfinished", message, str(head.size), Severity.WARNING))
    public = snapshot.folder / PUBLIC
    if not public.is_file() or public.read_bytes() != f"{key}\n".encode():
        findings.append(finding("key-wrong", "log.pub is not the public key of this log.", "", file=PUBLIC))
    if first or closed.exists:
        findings += closed.verify(first[0] if first else None)
    return findings


def _unsigned_tail(item: Finding) -> bool:
    return item.code == "audit-log-unsigned" and item.severity is Severity.WARNING


def _repair(index: int, outcome: str) -> Finding:
    if outcome == "unfinished-entry":
        return finding(
            "unfinished",
            "Before this entry one was left unfinished (power or disk failed while it was written).",
            str(index),
            Severity.WARNING,
            cure="Nothing was read on its behalf; find out what stopped the machine.",
        )
    return finding(
        "repaired",
        _REPAIRS.get(outcome, "Before this entry the log was not whole."),
        str(index),
    )
