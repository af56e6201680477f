"""Proofs as values and as files: that a leaf is in a log, that one checkpoint only adds to another (RFC 6962, 2.1).

A file is one JSON object: `form`, base64 hashes in `path`, and the signed checkpoints that it is about.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.audit.checkpoint import Checkpoint
from lienthong.privacy.audit.leaf import Leaf
from lienthong.privacy.audit.merkle import (
    consistency_ranges,
    hashes_of,
    inclusion_ranges,
    is_consistent,
    is_included,
    leaf_hash,
)
from lienthong.privacy.audit.notes import VerifyingKey

__all__ = ["Consistency", "Inclusion", "prove_consistent", "prove_included", "read_proof"]

INCLUSION = "lienthong-audit-inclusion/1"
CONSISTENCY = "lienthong-audit-consistency/1"

NO_LEAF = ErrorKind(
    "audit-sequence-unknown",
    Category.NOT_FOUND,
    what="The log has no entry of this sequence.",
    allowed="0 to {last}",
    cure="See `lienthong audit show`.",
)
NO_PROOF = ErrorKind(
    "audit-proof-unreadable",
    Category.INCORRECT,
    what="This is no proof of an audit log.",
    allowed="a file of `lienthong audit prove` or of `lienthong audit checkpoint --since`",
    cure="Ask for the file again.",
)
NOT_NEWER = ErrorKind(
    "audit-checkpoint-older",
    Category.INCORRECT,
    what="The checkpoint that was given is not an earlier one of this log.",
    allowed="an earlier checkpoint of the same log",
    cure="Give the one that you have kept; if this log signed it, run `lienthong audit verify --checkpoint` with it.",
)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf (its bytes without the newline) stands at `sequence` of the log that the checkpoint is of."""

    leaf: bytes
    sequence: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def holds(self, key: VerifyingKey) -> bool:
        """Whether it is right and the checkpoint is signed by the log's key."""
        of = self.checkpoint
        return _signed(of, key) and is_included(leaf_hash(self.leaf), self.sequence, of.size, self.path, of.root)

    def to_json(self) -> dict[str, Any]:
        return {
            "form": INCLUSION,
            "leaf": self.leaf.decode("utf-8"),
            "sequence": self.sequence,
            "path": _texts(self.path),
            "checkpoint": str(self.checkpoint),
        }


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the newer checkpoint only adds to the older one."""

    older: Checkpoint
    newer: Checkpoint
    path: tuple[bytes, ...]

    def holds(self, key: VerifyingKey) -> bool:
        old, new = self.older, self.newer
        return (
            _signed(old, key)
            and _signed(new, key)
            and is_consistent(old.size, old.root, new.size, new.root, self.path)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "form": CONSISTENCY,
            "older": str(self.older),
            "newer": str(self.newer),
            "path": _texts(self.path),
        }


def prove_included(sequence: int, leaves: Iterable[Leaf], checkpoint: Checkpoint) -> Inclusion:
    """The proof for one entry, in one pass over the leaves of the log."""
    if not 0 <= sequence < checkpoint.size:
        raise NO_LEAF.at(str(sequence), last=checkpoint.size - 1)
    found = [b""]

    def hashes() -> Iterable[bytes]:
        for leaf in leaves:
            if leaf.index == sequence:
                found[0] = leaf.line.removesuffix(b"\n")
            yield leaf.hash

    path = hashes_of([*inclusion_ranges(sequence, checkpoint.size), (sequence, sequence + 1)], hashes())
    return Inclusion(found[0], sequence, tuple(path[:-1]), checkpoint)


def prove_consistent(older: Checkpoint, leaves: Iterable[Leaf], newer: Checkpoint) -> Consistency:
    """The proof that `newer` adds to `older`; refused where the log never was what `older` says."""
    if older.origin != newer.origin or older.size > newer.size:
        raise NOT_NEWER.at("checkpoint")
    path = hashes_of(consistency_ranges(older.size, newer.size), (leaf.hash for leaf in leaves))
    if not is_consistent(older.size, older.root, newer.size, newer.root, path):
        raise NOT_NEWER.at("checkpoint")
    return Consistency(older, newer, tuple(path))


def read_proof(data: bytes) -> Inclusion | Consistency:
    """The proof in a file, or `audit-proof-unreadable`; whether it holds is asked of it."""
    try:
        value = canonical.parse(data)
        form = value["form"]
        path = tuple(base64.b64decode(item, validate=True) for item in value["path"])
        if form == INCLUSION and isinstance(value["sequence"], int):
            of = Checkpoint.parse(value["checkpoint"])
            return Inclusion(value["leaf"].encode("utf-8"), value["sequence"], path, of)
        if form == CONSISTENCY:
            return Consistency(Checkpoint.parse(value["older"]), Checkpoint.parse(value["newer"]), path)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        pass
    raise NO_PROOF.at("proof")


def _signed(checkpoint: Checkpoint, key: VerifyingKey) -> bool:
    return checkpoint.origin == key.name and checkpoint.note.signed_by(key) is not None


def _texts(path: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(item).decode("ascii") for item in path]
