"""Every input file, kept encrypted under the SHA-256 of its plain bytes, with a key of its own (DESIGN 3.1, 3.9).

A kept file is a header of 16 bytes and chunks of 1 MiB, each sealed by AES-256-GCM. The nonce is the chunk's number
(the key is used for this one file only); number and a mark for the last chunk are authenticated, so that chunks can't
be moved, dropped or cut off unseen. The key lies in `keys`/files, outside the backup: without it the file is gone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.privacy.keys import KEY_BYTES, sync_folder, write_secret

__all__ = ["CHUNK", "Kept", "Vault"]

CHUNK = 1 << 20
_TAG = 16
_HEADER = b"lienthong-kept/1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

NO_SPACE = ErrorKind(
    "vault-no-space",
    Category.NO_SPACE,
    what="There is no room left to keep this file; nothing of it was kept.",
    cure="Make room on the disk that holds HOME/raw and HOME/keys.",
)
UNWRITABLE = ErrorKind(
    "vault-unwritable",
    Category.UNAVAILABLE,
    what="The file can't be kept: {why}.",
    cure="Look at the disk and the rights of HOME/raw and HOME/keys.",
)
NOT_KEPT = ErrorKind(
    "vault-not-kept",
    Category.NOT_FOUND,
    what="No file with this digest is kept on this node.",
    allowed="the SHA-256 of a kept file, 64 lower-case hex digits",
    cure="Read the file in again, or put HOME/raw back from the backup.",
)
NO_KEY = ErrorKind(
    "vault-key-missing",
    Category.MISSING,
    what="The key of this kept file is not here: it was destroyed by an erasure, or HOME/keys was not put back.",
    cure="If nothing was erased, put HOME/keys back from where the keys are kept.",
)
TAMPERED = ErrorKind(
    "vault-tampered",
    Category.CONFLICT,
    what="A kept file is not what was kept: chunk {chunk} is damaged, changed, moved or missing.",
    cure="Put the file back from the backup of HOME/raw, or read the original in again.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept: the SHA-256 (hex) and the size of its plain bytes, and whether it was not kept before."""

    sha256: str
    size: int
    is_new: bool


class Vault:
    """The kept input files of a node: encrypted in `raw`, their keys in `keys`/files."""

    def __init__(self, raw: Path, keys: Path, *, random: Callable[[int], bytes] = os.urandom) -> None:
        self._raw = raw
        self._incoming = raw / ".incoming"
        self._keys = keys / "files"
        self._random = random
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_left_behind()

    def keep(self, stream: BinaryIO) -> Kept:
        """Keeps all bytes of a stream; they are on the disk when this returns, or an error says that they are not.

        Memory is bounded by one chunk. A file that is kept already is read, and nothing changes.
        """
        try:
            return self._keep(stream)
        except OSError as error:
            if error.errno in _FULL:
                raise NO_SPACE.at("raw/") from None
            raise UNWRITABLE.at("raw/", why=error.strerror or "the system refused") from None

    @property
    def folders(self) -> tuple[Path, Path]:
        """HOME/raw and HOME/keys, so that another process can open the same vault."""
        return self._raw, self._keys.parent

    def holds(self, sha256: str) -> bool:
        """Whether a file with this digest is kept and its key is here."""
        return self._path(sha256).exists() and self._key_path(sha256).exists()

    def open(self, sha256: str) -> BinaryIO:
        """The plain bytes of a kept file, seekable, one chunk in memory; what was tampered with raises an error."""
        try:
            file = self._path(sha256).open("rb", buffering=0)
        except FileNotFoundError:
            raise NOT_KEPT.at(f"raw/{_short(sha256)}") from None
        try:
            key = self._key_path(sha256).read_bytes()
            if len(key) != KEY_BYTES:
                raise NO_KEY.at(f"keys/files/{_short(sha256)}")
            return io.BufferedReader(_Opened(file, key, f"raw/{_short(sha256)}"), buffer_size=CHUNK)
        except FileNotFoundError:
            file.close()
            raise NO_KEY.at(f"keys/files/{_short(sha256)}") from None
        except LienthongError:
            file.close()
            raise

    def discard(self, sha256: str) -> None:
        """Forgets a file that turned out to be no export: its key first, so that a crash leaves nothing readable."""
        with self._alone():
            self._key_path(sha256).unlink(missing_ok=True)
            self._path(sha256).unlink(missing_ok=True)

    def verify(self) -> Iterator[Finding]:
        """What is wrong with the kept files: reads every one of them to the end."""
        for path in sorted(self._raw.glob("??/*")):
            try:
                digest = hashlib.sha256()
                with self.open(path.name) as file:
                    while chunk := file.read(CHUNK):
                        digest.update(chunk)
                why = (
                    ""
                    if digest.hexdigest() == path.name
                    else "The content of a kept file is not the one it is named by."
                )
                code = "vault-tampered"
            except LienthongError as error:
                why, code = error.what, error.code
            if why:
                place = Place(file=f"raw/{_short(path.name)}")
                rule = Rule("vault-whole", "Every kept file is what was kept", "DESIGN 3.1")
                yield Finding(Severity.ERROR, code, why, place, rule, "Put it back from the backup.")

    def _keep(self, stream: BinaryIO) -> Kept:
        key = self._random(KEY_BYTES)
        with self._draft() as (handle, draft):
            sha256, size = _encrypt(stream, handle, key)
            path = self._path(sha256)
            # One at a time: key and data must stay a pair when two processes keep the same file at once.
            with self._alone():
                if self.holds(sha256):
                    return Kept(sha256, size, False)
                os.fsync(handle)
                path.parent.mkdir(exist_ok=True)
                path.unlink(missing_ok=True)  # without its key it says nothing any more
                write_secret(self._key_path(sha256), key)
                os.replace(draft, path)
                sync_folder(path.parent)
                sync_folder(self._raw)
        return Kept(sha256, size, True)

    @contextmanager
    def _draft(self) -> Iterator[tuple[int, Path]]:
        path = self._incoming / f"{os.getpid()}-{os.urandom(8).hex()}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # says: this draft is alive
            yield handle, path
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self._raw / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _clear_left_behind(self) -> None:
        """Removes drafts of processes that were killed: nobody holds their lock."""
        for path in self._incoming.iterdir():
            try:
                handle = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A draft that is a moment old may not have its lock yet.
                if os.fstat(handle).st_size:
                    path.unlink(missing_ok=True)
            except BlockingIOError:
                continue
            finally:
                os.close(handle)

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise NOT_KEPT.at("raw/")
        return self._raw / sha256[:2] / sha256

    def _key_path(self, sha256: str) -> Path:
        return self._keys / f"{sha256}.key"


class _Opened(io.RawIOBase):
    """A kept file, decrypted chunk by chunk as it is read."""

    def __init__(self, file: io.FileIO, key: bytes, where: str) -> None:
        super().__init__()
        self._file = file
        self._cipher = AESGCM(key)
        self._where = where
        body = os.fstat(file.fileno()).st_size - len(_HEADER)
        self._chunks = -(-body // (CHUNK + _TAG))
        if body < _TAG or os.pread(file.fileno(), len(_HEADER), 0) != _HEADER:
            raise TAMPERED.at(where, chunk=0)
        self._size = body - _TAG * self._chunks
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")
        if self._size == 0:
            self._chunk(0)  # an empty file, too, is authenticated

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, CHUNK)
        piece = memoryview(self._chunk(number))[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] == number:
            return self._held[1]
        sealed = os.pread(self._file.fileno(), CHUNK + _TAG, len(_HEADER) + number * (CHUNK + _TAG))
        try:
            plain = self._cipher.decrypt(_nonce(number), sealed, _about(number, number == self._chunks - 1))
        except (InvalidTag, ValueError):
            raise TAMPERED.at(self._where, chunk=number) from None
        self._held = (number, plain)
        return plain


def _encrypt(stream: BinaryIO, handle: int, key: bytes) -> tuple[str, int]:
    """Writes the header and the sealed chunks; gives digest and size of the plain bytes."""
    cipher, digest, size, number = AESGCM(key), hashlib.sha256(), 0, 0
    _write(handle, _HEADER)
    chunk = _whole_chunk(stream)
    while True:
        after = _whole_chunk(stream) if len(chunk) == CHUNK else b""
        digest.update(chunk)
        size += len(chunk)
        _write(handle, cipher.encrypt(_nonce(number), chunk, _about(number, not after)))
        if not after:
            return digest.hexdigest(), size
        chunk, number = after, number + 1


def _whole_chunk(stream: BinaryIO) -> bytes:
    """A full chunk unless the stream ends; a pipe may give less at once."""
    chunk = stream.read(CHUNK)
    while 0 < len(chunk) < CHUNK and (more := stream.read(CHUNK - len(chunk))):
        chunk += more
    return chunk


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _about(number: int, last: bool) -> bytes:
    return _HEADER + number.to_bytes(8, "big") + (b"\1" if last else b"\0")


def _short(sha256: str) -> str:
    return sha256[:16]
