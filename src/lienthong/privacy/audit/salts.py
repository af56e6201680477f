"""The salts of the audit log: 32 random bytes for each sequence, in one file beside the keys, destroyed to forget.

They are made in blocks before they are used, so that an entry costs no second flush; whoever holds the log's lock
may call what writes. A salt of zeros has been destroyed, or was lost with an older copy of the keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from lienthong.privacy.keys import sync_folder

__all__ = ["SALT_BYTES", "Salts"]

SALT_BYTES = 32
_BLOCK = 128  # salts: 4 KiB
_NONE = bytes(SALT_BYTES)


class Salts:
    """The salts in a file; `random` gives bytes that nobody can guess."""

    def __init__(self, path: Path, random: Callable[[int], bytes], *, durable: bool) -> None:
        self._path, self._random, self._durable = path, random, durable
        self._first, self._block = 0, b""

    def take(self, sequence: int) -> bytes:
        """The salt for a new entry; on the disk before this returns."""
        salt = self._cached(sequence)
        if salt == _NONE:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            is_new = not self._path.exists()
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._block, self._first = self._make(handle, sequence), sequence
            finally:
                os.close(handle)
            if is_new and self._durable:
                sync_folder(self._path.parent)
            salt = self._block[:SALT_BYTES]
        return salt

    def read(self) -> bytes:
        """All salts as they are now, in the order of the sequences; there may be more of them than entries."""
        return self._path.read_bytes() if self._path.exists() else b""

    @staticmethod
    def of(salts: bytes, sequence: int) -> bytes | None:
        """The salt of an entry among what `read` gave; None where it is destroyed or missing."""
        salt = salts[sequence * SALT_BYTES : (sequence + 1) * SALT_BYTES]
        return salt if len(salt) == SALT_BYTES and salt != _NONE else None

    def destroy(self, sequences: Iterable[int]) -> None:
        """Overwrites these salts for ever; on the disk when this returns."""
        handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            for sequence in sequences:
                os.pwrite(handle, _NONE, sequence * SALT_BYTES)
            os.fsync(handle)
        finally:
            os.close(handle)
        self._block = b""

    def _cached(self, sequence: int) -> bytes:
        at = (sequence - self._first) * SALT_BYTES
        if at < 0 or at >= len(self._block):
            self._first, self._block = sequence, self._read_block(sequence)
            at = 0
        return self._block[at : at + SALT_BYTES] or _NONE

    def _read_block(self, sequence: int) -> bytes:
        if not self._path.exists():
            return b""
        with self._path.open("rb") as salts:
            salts.seek(sequence * SALT_BYTES)
            found = salts.read(_BLOCK * SALT_BYTES)
        return found[: len(found) // SALT_BYTES * SALT_BYTES]

    def _make(self, handle: int, sequence: int) -> bytes:
        """Salts from this sequence on: those that are there after it stay; what is skipped before it stays zeros."""
        at, size = sequence * SALT_BYTES, _BLOCK * SALT_BYTES
        found, fresh = os.pread(handle, size, at), self._random(size)
        block = bytearray(fresh)
        for place in range(SALT_BYTES, len(found) - SALT_BYTES + 1, SALT_BYTES):
            if (salt := found[place : place + SALT_BYTES]) != _NONE:
                block[place : place + SALT_BYTES] = salt
        if os.pwrite(handle, bytes(block), at) != size:
            raise OSError(28, "no room for the salts")
        if self._durable:
            os.fsync(handle)
        return bytes(block)
