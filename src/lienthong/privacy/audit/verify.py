"""Verifies a log from its leaves, checkpoints and public keys alone: no home, no data, no secret (decision 018)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lienthong.core.clock import instant
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.privacy.audit.checkpoint import Checkpoint, read_many
from lienthong.privacy.audit.leaf import Leaf, walk
from lienthong.privacy.audit.merkle import CompactRange
from lienthong.privacy.audit.notes import VerifyingKey

__all__ = ["CHECKPOINTS", "LEAVES", "PUBLIC", "Verified", "Witnessed", "finding", "verify"]

LEAVES = "log.ndjson"
CHECKPOINTS = "checkpoints"
PUBLIC = "log.pub"

_RULE = Rule("audit-log", "The audit log only grows, and is the one that was signed", "DESIGN 3.4, 3.6; RFC 6962")
_CURE = "Keep everything as it is, compare it with the last backup and with what witnesses hold; find out who wrote."


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The largest checkpoint that one witness has co-signed, and when (an instant)."""

    name: str
    size: int
    time: str

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "size": self.size, "time": self.time}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a log turned out to be: its size and root, what signs it, who witnessed it, and what is wrong."""

    key: str
    size: int
    root: str
    checkpoints: int
    signed: int
    witnesses: tuple[Witnessed, ...]
    findings: tuple[Finding, ...]
    roots: dict[int, bytes] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "size": self.size,
            "root": self.root,
            "checkpoints": self.checkpoints,
            "signed": self.signed,
            "witnesses": [item.to_json() for item in self.witnesses],
            "findings": [item.to_json() for item in self.findings],
        }


def verify(
    lines: Iterable[bytes],
    texts: Sequence[tuple[str, bytes]],
    key: VerifyingKey,
    witnesses: Collection[VerifyingKey] = (),
    *,
    sizes: Collection[int] = (),
    look: Callable[[Leaf], Iterable[Finding]] = lambda _: (),
) -> Verified:
    """Reads the lines of a log once and compares its roots with the checkpoints in `texts` (name of file, bytes).

    `key` is the log's, `witnesses` are those whose co-signature is asked for. `sizes` are further sizes whose roots
    are wanted, `look` sees each leaf on its way.
    """
    findings: list[Finding] = []
    signed = _signed(texts, key, witnesses, findings)
    wanted, roots, tree = {item.size for item in signed} | set(sizes), dict[int, bytes](), CompactRange()
    moved = 0
    if 0 in wanted:
        roots[0] = tree.root()
    for leaf in walk(lines):
        tree.add(leaf.hash)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
        row = str(leaf.index)
        if leaf.entry is None:
            findings.append(finding("unreadable", "A line of the log is no entry in its one form.", row))
        elif leaf.entry["sequence"] - leaf.index != moved:
            moved = leaf.entry["sequence"] - leaf.index
            findings.append(finding("misplaced", "An entry stands where another one was written.", row))
        findings += look(leaf)
    findings += _compared(signed, roots, tree.size)
    newest = max((item.size for item in signed), default=0)
    if not signed:
        findings.append(finding("unsigned", "No checkpoint of this log's key is here: nothing is proven.", ""))
    elif newest < tree.size:
        message = f"{tree.size - newest} entries are newer than the newest checkpoint here: nothing proves them."
        findings.append(finding("unsigned", message, f"{newest}-{tree.size - 1}", Severity.WARNING))
    seen = _witnessed(signed, witnesses)
    for witness in witnesses:
        if all(item.name != witness.name for item in seen):
            message = f"No checkpoint here is co-signed by the witness {witness.name}."
            findings.append(finding("unwitnessed", message, "", file=CHECKPOINTS))
    root = tree.root().hex()
    return Verified(str(key), tree.size, root, len(signed), newest, seen, tuple(findings), roots)


def finding(
    code: str, message: str, row: str, severity: Severity = Severity.ERROR, *, file: str = LEAVES, cure: str = _CURE
) -> Finding:
    """A finding about the log; `row` is a sequence, or the first and last of some."""
    return Finding(severity, f"audit-log-{code}", message, Place(file=f"audit/{file}", row=row), _RULE, cure)


def _signed(
    texts: Sequence[tuple[str, bytes]],
    key: VerifyingKey,
    witnesses: Collection[VerifyingKey],
    findings: list[Finding],
) -> list[Checkpoint]:
    """The checkpoints that this log's key signed, smallest first."""
    signed: list[Checkpoint] = []
    names = {witness.name: witness for witness in witnesses}
    for name, text in texts:
        try:
            found = read_many(text.decode("utf-8"))
        except (LienthongError, UnicodeDecodeError):
            findings.append(finding("checkpoint-unreadable", "A file of checkpoints is not whole.", "", file=name))
            continue
        for number, item in enumerate(found, 1):
            if item.origin != key.name or item.note.signed_by(key) is None:
                message = "A checkpoint is not signed by this log's key."
                findings.append(finding("checkpoint-forged", message, str(number), file=name))
                continue
            for line in item.signatures:
                witness = names.get(line.name)
                if witness is not None and item.note.signed_by(witness) is None:
                    message = f"The co-signature of {witness.name} does not fit."
                    findings.append(finding("checkpoint-forged", message, str(number), file=name))
            signed.append(item)
    return sorted(signed, key=lambda item: item.size)


def _compared(signed: Sequence[Checkpoint], roots: dict[int, bytes], size: int) -> list[Finding]:
    findings: list[Finding] = []
    fitting = [item.size for item in signed if roots.get(item.size) == item.root]
    wrong = sorted({item.size for item in signed if item.size <= size and roots[item.size] != item.root})
    largest = max((item.size for item in signed), default=0)
    if largest > size:
        message = f"{largest - size} entries are missing at the end: a checkpoint was signed over {largest}."
        findings.append(finding("cut", message, str(size)))
    if wrong and (max(fitting, default=0) >= wrong[0] or _two_roots(signed)):
        message = f"The log's key signed another history too: its checkpoint over {wrong[0]} entries is none of this."
        findings.append(finding("forked", message, f"0-{wrong[0] - 1}"))
    elif wrong:
        good = max((item for item in fitting if item < wrong[0]), default=0)
        message = "Entries are not those that were signed: one or more of these was edited, added or taken out."
        findings.append(finding("edited", message, f"{good}-{wrong[0] - 1}"))
    elif _two_roots(signed):
        findings.append(finding("forked", "The log's key signed two histories of one size.", str(largest)))
    return findings


def _two_roots(signed: Sequence[Checkpoint]) -> bool:
    return len({(item.size, item.root) for item in signed}) != len({item.size for item in signed})


def _witnessed(signed: Sequence[Checkpoint], witnesses: Collection[VerifyingKey]) -> tuple[Witnessed, ...]:
    seen: dict[str, Witnessed] = {}
    for item in signed:
        for witness in witnesses:
            line = item.note.signed_by(witness)
            if line is not None and line.seconds is not None:
                seen[witness.name] = Witnessed(witness.name, item.size, _time(line.seconds))
    return tuple(seen[name] for name in sorted(seen))


def _time(seconds: int) -> str:
    try:
        return instant(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return ""
