"""The tree of RFC 6962: known roots, and a slow plain oracle for roots and proofs of every small tree."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.privacy.audit.merkle import (
    EMPTY,
    CompactRange,
    consistency_ranges,
    hashes_of,
    inclusion_ranges,
    is_consistent,
    is_included,
    leaf_hash,
)

INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
# The roots over the first 0 to 8 of these inputs, as implementations of Certificate Transparency agree on them.
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 34  # leaves of the trees that are tried whole


# The oracle: RFC 6962, 2.1, word for word and slow.


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    return subproof(m, leaves, whole=True)


def subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def tree_of(leaves: Sequence[bytes]) -> CompactRange:
    tree = CompactRange()
    for leaf in leaves:
        tree.add(leaf_hash(leaf))
    return tree


LEAVES = [f"leaf {number}".encode() for number in range(MOST)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots(size: int) -> None:
    assert tree_of(INPUTS[:size]).root().hex() == ROOTS[size]
    assert mth(INPUTS[:size]).hex() == ROOTS[size]


def test_every_root_and_its_compact_range_goes_on() -> None:
    tree = CompactRange()
    assert tree.root() == EMPTY
    for size in range(1, MOST):
        tree.add(HASHES[size - 1])
        assert tree.root() == mth(LEAVES[:size])
        tree = CompactRange(tree.size, tree.hashes)  # as read again from the head


def test_every_inclusion_proof() -> None:
    for size in range(1, MOST):
        root = mth(LEAVES[:size])
        for index in range(size):
            made = hashes_of(inclusion_ranges(index, size), HASHES)
            assert made == path(index, LEAVES[:size])
            assert is_included(HASHES[index], index, size, made, root)


def test_every_consistency_proof() -> None:
    for new in range(1, MOST):
        for old in range(1, new + 1):
            made = hashes_of(consistency_ranges(old, new), HASHES)
            assert made == proof(old, LEAVES[:new])
            assert is_consistent(old, mth(LEAVES[:old]), new, mth(LEAVES[:new]), made)
        assert is_consistent(0, EMPTY, new, mth(LEAVES[:new]), [])
    assert is_consistent(0, EMPTY, 0, EMPTY, [])
    assert not is_consistent(0, HASHES[0], 3, mth(LEAVES[:3]), [])


@given(st.data())
def test_no_other_leaf_place_size_or_path_is_included(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MOST - 1))
    index = data.draw(st.integers(0, size - 1))
    root, made = mth(LEAVES[:size]), path(index, LEAVES[:size])
    assert not is_included(leaf_hash(b"another"), index, size, made, root)
    other = data.draw(st.integers(-2, size + 2).filter(lambda place: place != index))
    assert not is_included(HASHES[index], other, size, made, root)
    assert not is_included(HASHES[index], index, size, made, EMPTY)
    assert not is_included(HASHES[index], index, size, [*made, EMPTY], root)
    if made:
        assert not is_included(HASHES[index], index, size, made[:-1], root)
        place, bit = data.draw(st.integers(0, len(made) - 1)), data.draw(st.integers(0, 255))
        changed = bytearray(made[place])
        changed[bit // 8] ^= 1 << bit % 8
        assert not is_included(HASHES[index], index, size, [*made[:place], bytes(changed), *made[place + 1 :]], root)


@given(st.data())
def test_no_other_root_size_or_path_is_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, MOST - 1))
    old = data.draw(st.integers(1, new - 1))
    old_root, new_root, made = mth(LEAVES[:old]), mth(LEAVES[:new]), proof(old, LEAVES[:new])
    assert not is_consistent(old, EMPTY, new, new_root, made)
    assert not is_consistent(old, old_root, new, EMPTY, made)
    assert not is_consistent(new, new_root, old, old_root, made)
    assert not is_consistent(old, old_root, new, new_root, made[:-1])
    assert not is_consistent(old, old_root, new, new_root, [*made, EMPTY])
    place, bit = data.draw(st.integers(0, len(made) - 1)), data.draw(st.integers(0, 255))
    changed = bytearray(made[place])
    changed[bit // 8] ^= 1 << bit % 8
    assert not is_consistent(old, old_root, new, new_root, [*made[:place], bytes(changed), *made[place + 1 :]])


def test_what_can_not_be_meant() -> None:
    for size, hashes in ((1, []), (2, [EMPTY, EMPTY]), (1, [b"short"]), (-1, [])):
        with pytest.raises(ValueError, match="compact range"):
            CompactRange(size, hashes)
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_ranges(3, 3)
    with pytest.raises(ValueError, match="larger"):
        consistency_ranges(4, 3)
    with pytest.raises(ValueError, match="fewer leaves"):
        hashes_of([(0, 4)], HASHES[:3])
