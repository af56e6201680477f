"""A checkpoint of the log: origin, size and root as a signed note (C2SP tlog-checkpoint), and files of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lienthong.privacy.audit.merkle import HASH_BYTES
from lienthong.privacy.audit.notes import NO_NOTE, Note, Signature, SigningKey

__all__ = ["Checkpoint", "join", "read_many", "sign"]

_BODY = re.compile(r"([^\n]{1,200})\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment, and who says so: `origin` is the log's name, `size` its number of leaves."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def note(self) -> Note:
        root = base64.b64encode(self.root).decode("ascii")
        return Note(f"{self.origin}\n{self.size}\n{root}\n", self.signatures)

    def __str__(self) -> str:
        return str(self.note)

    def add(self, signatures: Iterable[Signature]) -> Checkpoint:
        """The same checkpoint with more signatures, each once."""
        merged = dict.fromkeys([*self.signatures, *signatures])
        return Checkpoint(self.origin, self.size, self.root, tuple(merged))

    @staticmethod
    def parse(text: str) -> Checkpoint:
        """The checkpoint in one note, or `audit-checkpoint-unreadable`; signatures are not looked at."""
        note = Note.parse(text)
        match = _BODY.fullmatch(note.text)
        if match is None:
            raise NO_NOTE.at("checkpoint", why="it has not an origin, a size and a root")
        root = base64.b64decode(match[3])
        made = Checkpoint(match[1], int(match[2]), root, note.signatures)
        if len(root) != HASH_BYTES or str(made) != text:
            raise NO_NOTE.at("checkpoint", why="its root is not written as such roots are")
        return made


def sign(origin: str, size: int, root: bytes, key: SigningKey) -> Checkpoint:
    """A checkpoint of this log, signed by its own key."""
    bare = Checkpoint(origin, size, root)
    return bare.add([key.sign(bare.note.text, 0)])


def join(checkpoints: Iterable[Checkpoint]) -> str:
    """Several checkpoints as one text: a blank line between a note's body and its signatures, none between notes."""
    return "".join(str(item) for item in checkpoints)


def read_many(text: str) -> list[Checkpoint]:
    """The checkpoints of a text that `join` wrote, or `audit-checkpoint-unreadable`."""
    notes, lines = list[str](), text.split("\n")
    if lines.pop() != "":
        raise NO_NOTE.at("checkpoints", why="its end is missing")
    start = 0
    for number, line in enumerate(lines):
        ends = line.startswith("— ") and (number + 1 == len(lines) or not lines[number + 1].startswith("— "))
        if ends:
            notes.append("\n".join(lines[start : number + 1]) + "\n")
            start = number + 1
    if start != len(lines):
        raise NO_NOTE.at("checkpoints", why="its last note is not whole")
    return [Checkpoint.parse(note) for note in notes]
