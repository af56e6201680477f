"""The head of the log: the newest size, root and right edge, sealed by the node, so that a cut at the end is found.

The first line has a fixed length and holds all that is sealed; the hashes of the compact range follow, and the sealed
root says whether they are right. What was lost is made anew from the leaves.
"""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from lienthong.privacy.audit.merkle import CompactRange

__all__ = ["Head", "State", "read_head", "write_head"]

_LINE = re.compile(r"(\d{20}) (\d{20}) ([0-9a-f]{64}) ([0-9a-f]{64}) (\d{20}) (\d{12}) ([0-9a-f]{64})")


@dataclass(slots=True)
class State:
    """Where the next entry goes: the tree so far, the end of the file in bytes, the hash of the last leaf.

    `signed` and `signed_at` are the size of the newest checkpoint and when it was signed (seconds since 1970).
    """

    tree: CompactRange = field(default_factory=CompactRange)
    end: int = 0
    last: bytes = b""
    signed: int = 0
    signed_at: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """What the sealed line says; `tree` is None where the hashes after it are missing or do not fit the root."""

    size: int
    end: int
    last: bytes
    root: bytes
    signed: int
    signed_at: int
    tree: CompactRange | None

    def state(self) -> State | None:
        """The state that it stands for."""
        if self.tree is None:
            return None
        last = self.last if self.size else b""
        return State(self.tree.copy(), self.end, last, self.signed, self.signed_at)


def write_head(path: Path, state: State, key: bytes) -> None:
    """Writes the head in one call, under the log's lock, so that no reader sees half of it."""
    last = state.last.hex() or "0" * 64
    text = (
        f"{state.tree.size:020d} {state.end:020d} {last} {state.tree.root().hex()}"
        f" {state.signed:020d} {state.signed_at:012d}"
    )
    edge = b"".join(state.tree.hashes).hex()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(handle, f"{text} {_mac(key, text)}\n{edge}\n".encode(), 0)
    finally:
        os.close(handle)


def read_head(path: Path, key: bytes) -> Head | None:
    """The head, or None where there is none that this node sealed."""
    if not path.is_file():
        return None
    line, _, rest = path.read_bytes().decode("ascii", "replace").partition("\n")
    match = _LINE.fullmatch(line)
    if match is None or not hmac.compare_digest(match[7], _mac(key, line.rpartition(" ")[0])):
        return None
    size, root = int(match[1]), bytes.fromhex(match[4])
    edge = rest[: 64 * size.bit_count()]
    try:
        raw = bytes.fromhex(edge)
        tree: CompactRange | None = CompactRange(size, [raw[at : at + 32] for at in range(0, len(raw), 32)])
    except ValueError:
        tree = None
    if tree is not None and tree.root() != root:
        tree = None
    return Head(size, int(match[2]), bytes.fromhex(match[3]), root, int(match[5]), int(match[6]), tree)


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, f"head {text}".encode(), "sha256").hex()
