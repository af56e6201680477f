"""A witness: another party that co-signs checkpoints, and only ones that add to what it has co-signed before."""

from __future__ import annotations

from pathlib import Path

from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.audit.checkpoint import Checkpoint, join, read_many
from lienthong.privacy.audit.notes import WITNESS, SigningKey, VerifyingKey
from lienthong.privacy.audit.proof import Consistency
from lienthong.privacy.keys import write_secret

__all__ = ["cosign", "make_key", "memory_of", "read_signing_key"]

NOT_SIGNED = ErrorKind(
    "audit-witness-not-signed",
    Category.CONFLICT,
    what="The checkpoint is not signed by the log's key, so there is nothing to witness.",
    cure="Ask the node for its checkpoint and its key (audit/log.pub); if both are right, tell the ministry.",
)
NO_STEP = ErrorKind(
    "audit-witness-no-proof",
    Category.INCORRECT,
    what="This log was co-signed before, at {size} entries, and nothing proves that it has only grown since.",
    allowed="--proof with the file of `lienthong audit checkpoint --since` your last checkpoint",
    cure="Ask the node for it; your last checkpoint lies in {memory}.",
)
FORKED = ErrorKind(
    "audit-witness-forked",
    Category.CONFLICT,
    what="This checkpoint does not add to the one that was co-signed before: the log was rolled back or has a fork.",
    cure="Sign nothing; keep both files, they are the evidence, and tell whom this log answers to.",
)
TAKEN = ErrorKind(
    "audit-key-taken",
    Category.CONFLICT,
    what="There is a file of this name already, and a key is never replaced.",
    cure="Name another file.",
)


def make_key(path: Path, name: str, seed: bytes) -> VerifyingKey:
    """A new witness key in a file of its own (mode 0600); the public half is what is published."""
    key = SigningKey(name, WITNESS, seed)
    if path.exists():
        raise TAKEN.at(str(path))
    write_secret(path, f"{key.secret()}\n".encode())
    return key.verifying


def read_signing_key(path: Path) -> SigningKey:
    """The private key in a file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    return SigningKey.parse(text.removesuffix("\n"))


def memory_of(key: Path) -> Path:
    """Where a witness keeps the last checkpoint that it co-signed of each log: beside its key."""
    return key.with_name(f"{key.name}.seen")


def cosign(
    signed: Checkpoint, log: VerifyingKey, key: SigningKey, memory: Path, proof: Consistency | None, seconds: int
) -> Checkpoint:
    """The checkpoint with one more co-signature, remembered before it is given away.

    `proof` shows that it adds to the last one that `memory` holds of this log. `seconds` is now, since 1970.
    """
    if signed.origin != log.name or signed.note.signed_by(log) is None:
        raise NOT_SIGNED.at("checkpoint")
    seen = {item.origin: item for item in read_many(memory.read_text("utf-8"))} if memory.exists() else {}
    last = seen.get(signed.origin)
    if last is not None and (last.size, last.root) != (signed.size, signed.root):
        if last.size >= signed.size:
            raise FORKED.at("checkpoint")
        if proof is None:
            raise NO_STEP.at("--proof", size=last.size, memory=memory)
        ends = (proof.older.size, proof.older.root, proof.newer.size, proof.newer.root)
        if ends != (last.size, last.root, signed.size, signed.root) or not proof.holds(log):
            raise FORKED.at("--proof")
    done = signed.add([key.sign(signed.note.text, seconds)])
    write_secret(memory, join([*(item for item in seen.values() if item.origin != done.origin), done]).encode())
    return done
