"""One entry of the audit log: its members, its one canonical form, and what may never stand in it.

Members: `v` (form, 1), `sequence` (index in the tree, from 0), `time`, `actor`, `purpose`, `action`, `scope` (`node`
or `person`), `outcome`, `seal`; where they apply `person` and `about` (commitments: who was looked at, what was
decided) and `facts` (numbers, codes and digests of the act). Names of staff stand in clear, of patients never.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core import canonical
from lienthong.privacy.audit.merkle import leaf_hash

__all__ = ["FORM", "Fact", "Leaf", "commit", "encode", "parse", "seal_of", "walk"]

FORM = 1
Fact = str | int

_TEXTS = ("time", "actor", "purpose", "action", "scope", "outcome", "seal")
_COMMITMENTS = ("person", "about")
_FACT_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_FACT = re.compile(r"[A-Za-z0-9.:/@_+=-]{1,200}")  # a code, a digest, a version: no words, so no patient's value
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line of the log on its way through the tree: where it stands, its bytes, its hash and the one before it.

    `entry` is None where the line is no entry in canonical form; it is in the tree all the same.
    """

    index: int
    line: bytes
    entry: dict[str, Any] | None
    previous: bytes
    hash: bytes


def commit(salt: bytes, member: str, value: str) -> str:
    """What stands in a leaf for a value: without the salt of its sequence it says nothing."""
    return hmac.digest(salt, f"lienthong audit {member}\0{value}".encode(), "sha256").hex()


def encode(entry: Mapping[str, Any], previous: bytes, seal_key: bytes) -> bytes:
    """The bytes of a leaf with its seal; a fact that is no number or code is a ValueError (our own mistake)."""
    for name, fact in entry.get("facts", {}).items():
        if not _FACT_NAME.fullmatch(name) or not (isinstance(fact, int) or _FACT.fullmatch(fact)):
            raise ValueError(f"the fact {name} is no number and no code")
    return canonical.encode({**entry, "seal": seal_of(entry, previous, seal_key)})


def seal_of(entry: Mapping[str, Any], previous: bytes, seal_key: bytes) -> str:
    """The node's HMAC over the hash of the leaf before and this one without its seal; 128 bits, hex."""
    bare = {name: value for name, value in entry.items() if name != "seal"}
    return hmac.digest(seal_key, previous + canonical.encode(bare), "sha256")[:16].hex()


def parse(line: bytes) -> dict[str, Any] | None:
    """The entry in a line without its newline; None where it is not one in its canonical form."""
    try:
        entry = canonical.parse(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or canonical.encode(entry) != line or entry.get("v") != FORM:
        return None
    known = {"v", "sequence", *_TEXTS, *_COMMITMENTS, "facts"}
    if not known.issuperset(entry) or not isinstance(entry.get("sequence"), int):
        return None
    if not all(isinstance(entry.get(name), str) for name in _TEXTS):
        return None
    if not all(_HEX.fullmatch(str(entry[name])) for name in _COMMITMENTS if name in entry):
        return None
    return entry if isinstance(entry.get("facts", {}), dict) else None


def walk(lines: Iterable[bytes], *, start: int = 0, previous: bytes = b"") -> Iterator[Leaf]:
    """The leaves of lines, from index `start` on; `previous` is the hash of the leaf before the first."""
    for index, line in enumerate(lines, start):
        bare = line.removesuffix(b"\n")
        entry = parse(bare) if len(bare) < len(line) else None
        leaf = Leaf(index, line, entry, previous, leaf_hash(bare))
        previous = leaf.hash
        yield leaf
