"""Opens what exports come in, a plain file, gzip or zip, as bounded streams: nothing is unpacked to disk.

Bounds against bombs: plain bytes in total (`settings.max_file_bytes`), plain bytes to packed bytes, members of a zip
and the size of its directory. An archive inside an archive is refused.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, TypeVar

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.text import printable

__all__ = ["HEAD", "WORKBOOKS", "Budget", "Member", "buffered", "is_archive", "is_workbook", "members"]

_T = TypeVar("_T")

HEAD = 1 << 20
"""Bytes of a member that can be looked at before it is read."""

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Endings of workbooks: packed as a zip, but one file to its reader."""

_MAX_RATIO = 400  # FHIR as NDJSON packs 20 to 60 times; a bomb of deflate a thousand times
_RATIO_FROM = 64 << 20  # small files may pack as well as they like
_MAX_MEMBERS = 100_000
_LONGEST_NAME = 300
_MAX_DIRECTORY = 64 << 20

DAMAGED = ErrorKind(
    "archive-damaged",
    Category.UNREADABLE,
    what="The packed file is damaged or cut off: it can't be unpacked to its end.",
    allowed="A whole gzip or zip file, without a password.",
    cure="Copy or export it again.",
)
TOO_LARGE = ErrorKind(
    "file-too-large",
    Category.UNREADABLE,
    what="The file holds more than {limit} bytes when it is unpacked.",
    allowed="max_file_bytes of the settings.",
    cure="Split the export, or raise max_file_bytes in lienthong.toml.",
)
BOMB = ErrorKind(
    "archive-bomb",
    Category.UNREADABLE,
    what="The file unpacks to far more than any export would.",
    allowed=f"{_MAX_RATIO} plain bytes for one packed byte, {_MAX_MEMBERS} members in a zip.",
    cure="Unpack it yourself if you trust it, and give the folder.",
)
NESTED = ErrorKind(
    "archive-nested",
    Category.UNREADABLE,
    what="This is an archive inside an archive.",
    allowed="A zip of plain files, or one gzip file.",
    cure="Unpack the outer one and give the folder.",
)
OTHER_ARCHIVE = ErrorKind(
    "archive-unknown",
    Category.UNREADABLE,
    what="This is an archive of a kind that is not read ({kind}).",
    allowed="Plain files, gzip and zip.",
    cure="Unpack it and give the folder.",
)

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHER = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x1f\x9d", "compress"),
)
_UNPACKING = (
    OSError,  # gzip.BadGzipFile is one
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,  # a method of packing that Python lacks
    RuntimeError,  # a password
    ValueError,
    struct.error,
)


@dataclass(slots=True)
class Budget:
    """How many plain bytes all members of one file may still give."""

    limit: int
    packed: int
    plain: int = 0

    def take(self, count: int) -> None:
        self.plain += count
        if self.plain > self.limit:
            raise TOO_LARGE.at(limit=self.limit)
        if self.plain > _RATIO_FROM and self.plain > self.packed * _MAX_RATIO:
            raise BOMB.at()


class _Bounded(io.RawIOBase):
    """Reads on from a stream within the budget; whatever breaks in unpacking becomes one error."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, budget: Budget) -> None:
        super().__init__()
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        filled = 0
        while filled < len(buffer):  # fill it, so that one peek sees all that a head may hold
            try:
                piece = self._stream.read(min(len(buffer) - filled, HEAD))
            except _UNPACKING:
                if filled:
                    break  # give what came before the damage; the next call meets it again
                raise DAMAGED.at() from None
            if not piece:
                break
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._budget.take(filled)
        return filled


@dataclass(frozen=True, slots=True)
class Member:
    """One plain file of a container: its name (`claims.zip/a.xml`), its first bytes and a stream of all of it.

    `fault` says why it can't be read at all; then `head` is empty.
    """

    name: str
    head: bytes
    stream: io.BufferedReader
    fault: LienthongError | None = None


def is_archive(head: bytes) -> str | None:
    """The kind of archive by its first bytes, or None."""
    if head[:2] == _GZIP:
        return "gzip"
    if head[:4] in _ZIP:
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _OTHER if head.startswith(magic)), None)


def is_workbook(name: str) -> bool:
    """Whether a file is called as workbooks are."""
    return name.lower().endswith(WORKBOOKS)


def members(stream: BinaryIO, name: str, limit: int) -> Iterator[Member]:
    """The plain files in a file, in their order; a stream holds until the next member is asked for.

    Raises LienthongError where the container itself can't be read.
    """
    stream.seek(0, io.SEEK_END)
    budget = Budget(limit, max(stream.tell(), 1))
    stream.seek(0)
    kind = is_archive(stream.read(512))
    stream.seek(0)
    if kind == "zip" and not is_workbook(name):
        yield from _zip(stream, name, budget)
    elif kind == "gzip":
        with gzip.GzipFile(fileobj=stream, mode="rb") as plain:
            yield _member(name, plain, budget, nested=True)
    elif kind is not None and kind != "zip":
        raise OTHER_ARCHIVE.at(name, kind=kind)
    else:
        yield _member(name, stream, budget, nested=False)


def _member(name: str, stream: IO[bytes] | gzip.GzipFile, budget: Budget, *, nested: bool) -> Member:
    opened = buffered(stream, budget)
    try:
        head = opened.peek(HEAD)
    except LienthongError as error:
        return Member(name, b"", opened, error)
    if nested and is_archive(head[:512]) and not (is_workbook(name) and is_archive(head[:512]) == "zip"):
        return Member(name, b"", opened, NESTED.at(name))
    return Member(name, head, opened)


def _zip(stream: BinaryIO, name: str, budget: Budget) -> Iterator[Member]:
    if _directory_size(stream) > _MAX_DIRECTORY:
        raise BOMB.at(name)
    archive = _unpacked(name, lambda: zipfile.ZipFile(stream))
    with archive:
        if len(archive.infolist()) > _MAX_MEMBERS:
            raise BOMB.at(name)
        for info in archive.infolist():
            if info.is_dir():
                continue
            inner = f"{name}/{printable(info.filename)[:_LONGEST_NAME]}"
            try:
                opened = _unpacked(inner, lambda info=info: archive.open(info))  # type: ignore[misc]
            except LienthongError as error:
                yield Member(inner, b"", _nothing(), error)
                continue
            with opened:
                yield _member(inner, opened, budget, nested=True)


def _unpacked(name: str, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except _UNPACKING:
        raise DAMAGED.at(name) from None


def _directory_size(stream: BinaryIO) -> int:
    """The size of a zip's directory as its end says, before any of it is read; 0 where it can't be said."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - (1 << 16) - 22 - 20))
    tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    directory = 0
    if end >= 0 and len(tail) >= end + 22:
        directory = struct.unpack_from("<L", tail, end + 12)[0]
    if directory == 0xFFFFFFFF and end >= 20:  # zip64: a locator before the end leads to a longer record
        stream.seek(min(struct.unpack_from("<Q", tail, end - 12)[0], size))
        record = stream.read(56)
        directory = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else 0
    stream.seek(0)
    return int(directory)


def _nothing() -> io.BufferedReader:
    return buffered(io.BytesIO(), Budget(0, 1))


def buffered(stream: IO[bytes] | gzip.GzipFile, budget: Budget) -> io.BufferedReader:
    raw: Any = _Bounded(stream, budget)  # typeshed asks for more of a raw stream than BufferedReader does
    return io.BufferedReader(raw, HEAD)
