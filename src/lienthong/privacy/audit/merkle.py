"""The Merkle tree of RFC 6962 (SHA-256): leaf and node hashes, a compact range, and proofs with their checks.

Leaves are counted from 0. A proof is first the ranges of leaves that it is made of, then their hashes in one pass
over the leaves, so that memory stays O(log n) for a log of any length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = [
    "EMPTY",
    "HASH_BYTES",
    "CompactRange",
    "consistency_ranges",
    "hashes_of",
    "inclusion_ranges",
    "is_consistent",
    "is_included",
    "leaf_hash",
    "node_hash",
]

HASH_BYTES: Final = 32
EMPTY: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962, 2.1)."""

Range = tuple[int, int]
"""Leaves from the first up to, not including, the second."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: one hash for each full subtree, largest first; O(log n) memory.

    `hashes` has as many members as `size` has bits that are 1, or the constructor raises ValueError.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self._hashes = size, list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count() or any(len(item) != HASH_BYTES for item in self._hashes):
            raise ValueError("the hashes of a compact range do not fit its size")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(self._hashes)

    def copy(self) -> CompactRange:
        return CompactRange(self.size, self._hashes)

    def add(self, leaf: bytes) -> None:
        """Grows the tree by the hash of one leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self._hashes:
            return EMPTY
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root


def _split(count: int) -> int:
    """The largest power of two that is smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes are PATH(index, D[size]) (RFC 6962, 2.1.1), from the leaf up to the root."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of this size")
    start, end, ranges = 0, size, list[Range]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes are PROOF(old, D[new]) (RFC 6962, 2.1.2); none where the two are equal or old is 0."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is larger than the newer one")
    start, end, ranges = 0, new, list[Range]()
    if old == 0:
        return ranges
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def hashes_of(ranges: Sequence[Range], leaves: Iterable[bytes]) -> list[bytes]:
    """The tree hash of each range, in the order given, in one pass over the hashes of all leaves.

    The ranges of a proof do not overlap. Raises ValueError where there are fewer leaves than a range wants.
    """
    order = sorted(range(len(ranges)), key=lambda number: ranges[number])
    made = [CompactRange() for _ in ranges]
    at = 0
    for index, leaf in enumerate(leaves):
        while at < len(order) and index >= ranges[order[at]][1]:
            at += 1
        if at == len(order):
            break
        if index >= ranges[order[at]][0]:
            made[order[at]].add(leaf)
    if any(tree.size != end - start for tree, (start, end) in zip(made, ranges, strict=True)):
        raise ValueError("the log has fewer leaves than the proof is about")
    return [tree.root() for tree in made]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that the leaf with this hash is at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, made = index, size - 1, leaf
    for item in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            made = node_hash(item, made)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            made = node_hash(made, item)
        number, last = number >> 1, last >> 1
    return last == 0 and made == root


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the newer tree only adds to the older one (RFC 9162, 2.1.4.2).

    Every tree adds to the empty one; two of one size are consistent where their roots are equal.
    """
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not path and old_root == EMPTY and (new > 0 or new_root == EMPTY)
    if old == new:
        return not path and old_root == new_root
    hashes = list(path)
    if not hashes:
        return False
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = hashes[0]
    for item in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node_hash(item, first), node_hash(item, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, item)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
