"""Where a backup is written: a folder with a dated folder for each backup and one pool of kept files, or one zip.

In the pool a kept file lies under its name and a tag of its bytes: it is copied once however often a backup is taken,
and one that was kept anew under another key lies beside the old one.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from lienthong.core.errors import Category, ErrorKind
from lienthong.keeping.manifest import MANIFEST, Entry, Manifest
from lienthong.privacy.keys import sync_folder

__all__ = ["GENERATION", "LOCK", "FileTarget", "FolderTarget", "Target", "open_target", "writing"]

LOCK = "lienthong-backups.lock"
GENERATION = re.compile(r"\d{8}T\d{9}Z")
_PIECE = 1 << 20
_EDGE = 4096  # bytes at both ends of a kept file; the first are sealed with its own key, so no other file has them
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DATABASE_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)

NO_SPACE = ErrorKind(
    "backup-no-space",
    Category.NO_SPACE,
    what="There is no room left to write the backup{need}; it is not whole and will not be taken for one.",
    cure="Make room where the backup is written, or name another place; what was copied is used by the next try.",
)
UNWRITABLE = ErrorKind(
    "backup-unwritable",
    Category.UNAVAILABLE,
    what="The backup can't be written: {why}.",
    cure="Look at the disk and at the rights of the folder.",
)
UNREADABLE = ErrorKind(
    "backup-source-unreadable",
    Category.UNAVAILABLE,
    what="A database of the node can't be copied: {why}.",
    cure="Run `lienthong doctor`; if the file is damaged, restore the last whole backup.",
)
TAKEN = ErrorKind(
    "backup-target-taken",
    Category.CONFLICT,
    what="This place holds something else: {why}.",
    allowed="a new or empty folder, one that holds backups of Lienthong, or a new file that ends in .zip",
    cure="Name another place.",
)
INSIDE = ErrorKind(
    "backup-inside",
    Category.INCORRECT,
    what="{one} may not lie inside {other}.",
    cure="Name a place outside of it, best on another disk.",
)
RUNNING = ErrorKind(
    "backup-running",
    Category.BUSY,
    what="Another backup into this folder is running.",
    cure="Wait until it has ended.",
)


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Says what an error of the disk means while a backup or a restore is written."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NO_SPACE.at(where, need="") from None
        raise UNWRITABLE.at(where, why=error.strerror or "the system refused") from None
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _DATABASE_FULL:
            raise NO_SPACE.at(where, need="") from None
        raise UNREADABLE.at(where, why=getattr(error, "sqlite_errorname", "unknown")) from None


class Target(Protocol):
    """A place that takes the files of one backup and, at the end, the manifest that makes it whole."""

    def missing(self, source: Path) -> int:
        """The bytes that a kept file needs here: 0 where it lies here already."""

    def database(self, path: str, reader: sqlite3.Connection) -> Entry: ...

    def content(self, path: str, stream: BinaryIO, size: int) -> Entry: ...

    def kept(self, path: str, source: Path) -> Entry: ...

    def finish(self, manifest: Manifest) -> Path: ...


@contextmanager
def open_target(place: Path, name: str) -> Iterator[Target]:
    """The target of one backup by the name of its place; what a killed backup left in a folder is cleared first."""
    if place.suffix.lower() == ".zip":
        if place.exists():
            raise TAKEN.at(str(place), why="a file of this name is here already")
        with (
            writing(str(place)),
            tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as drafts,
            FileTarget(place, Path(drafts)) as target,
        ):
            yield target
        return
    if place.exists() and (not place.is_dir() or (any(place.iterdir()) and not (place / LOCK).exists())):
        raise TAKEN.at(str(place), why="it is no folder of backups")
    with writing(str(place)):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RUNNING.at(str(place)) from None
            yield FolderTarget(place, name)
        finally:
            os.close(lock)


class FolderTarget:
    """A folder of backups; this one's dated folder, beside the pool of kept files."""

    def __init__(self, place: Path, name: str) -> None:
        self._place = place
        self._clear()
        self._folder = place / name
        self._folder.mkdir(mode=0o700)
        self._known = self._digests()

    def missing(self, source: Path) -> int:
        size = source.stat().st_size
        pooled = self._place / _pooled(source)
        return 0 if pooled.exists() and pooled.stat().st_size == size else size

    def database(self, path: str, reader: sqlite3.Connection) -> Entry:
        return _database(self._folder / path, path, path, reader)

    def content(self, path: str, stream: BinaryIO, size: int) -> Entry:
        return _written(self._folder / path, path, path, stream, size)

    def kept(self, path: str, source: Path) -> Entry:
        stored = _pooled(source)
        pooled, size = self._place / stored, source.stat().st_size
        if pooled.exists() and pooled.stat().st_size == size:
            return Entry(path, stored, size, self._known.get(stored) or _digest(pooled))
        draft = pooled.with_suffix(".part")
        with source.open("rb") as stream:
            entry = _written(draft, path, stored, stream, size)
        os.replace(draft, pooled)
        sync_folder(pooled.parent)
        return entry

    def finish(self, manifest: Manifest) -> Path:
        for folder in {(self._folder / entry.path).parent for entry in manifest.files}:
            if folder.is_relative_to(self._folder) and folder.exists():
                sync_folder(folder)
        draft = self._folder / f"{MANIFEST}.part"
        text = manifest.to_bytes()
        _written(draft, "", "", io.BytesIO(text), len(text))
        os.replace(draft, self._folder / MANIFEST)
        sync_folder(self._folder)
        sync_folder(self._place)
        return self._folder

    def _clear(self) -> None:
        for folder in self._place.iterdir():
            if GENERATION.fullmatch(folder.name) and not (folder / MANIFEST).exists():
                shutil.rmtree(folder)
        for draft in self._place.glob("raw/??/*.part"):
            draft.unlink()

    def _digests(self) -> dict[str, str]:
        """What the newest whole backup knows of the pool, so that no file is read again for its digest."""
        whole = sorted(folder for folder in self._place.iterdir() if (folder / MANIFEST).exists())
        if not whole:
            return {}
        newest = Manifest.from_bytes((whole[-1] / MANIFEST).read_bytes())
        return {entry.stored: entry.sha256 for entry in newest.files}


class FileTarget:
    """One zip file, under a draft's name until it is whole; kept files are encrypted and are not packed again."""

    def __init__(self, place: Path, drafts: Path) -> None:
        self._place, self._drafts = place, drafts
        self._draft = drafts / "backup"
        self._zip = zipfile.ZipFile(self._draft, "w", zipfile.ZIP_DEFLATED, allowZip64=True)

    def __enter__(self) -> FileTarget:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def missing(self, source: Path) -> int:
        return source.stat().st_size

    def database(self, path: str, reader: sqlite3.Connection) -> Entry:
        draft = self._drafts / path
        entry = _database(draft, path, path, reader)
        with draft.open("rb") as stream:
            self.content(path, stream, entry.size)
        draft.unlink()
        return entry

    def content(self, path: str, stream: BinaryIO, size: int) -> Entry:
        return self._add(path, stream, size, zipfile.ZIP_DEFLATED)

    def kept(self, path: str, source: Path) -> Entry:
        with source.open("rb") as stream:
            return self._add(path, stream, source.stat().st_size, zipfile.ZIP_STORED)

    def finish(self, manifest: Manifest) -> Path:
        self._zip.writestr(MANIFEST, manifest.to_bytes())
        self._zip.close()
        with self._draft.open("rb") as whole:
            os.fsync(whole.fileno())
        os.link(self._draft, self._place)  # unlike a rename, it never replaces what came there meanwhile
        sync_folder(self._place.parent)
        return self._place

    def _add(self, path: str, stream: BinaryIO, size: int, method: int) -> Entry:
        about = zipfile.ZipInfo(path)
        about.compress_type, about.external_attr = method, 0o600 << 16
        with self._zip.open(about, "w", force_zip64=True) as target:
            return Entry(path, path, size, _pour(stream, target, size))


def _database(place: Path, path: str, stored: str, reader: sqlite3.Connection) -> Entry:
    """The database as its reader sees it, by SQLite's online backup: page by page, whoever writes meanwhile."""
    place.unlink(missing_ok=True)
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(place)) as target:
        target.execute("PRAGMA synchronous = OFF")  # flushed once, below
        reader.backup(target, pages=4096)
    with place.open("rb") as stream:
        os.fsync(stream.fileno())
    return Entry(path, stored, place.stat().st_size, _digest(place))


def _written(place: Path, path: str, stored: str, stream: BinaryIO, size: int) -> Entry:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(place, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as target:
        sha256 = _pour(stream, target, size)
        target.flush()
        os.fsync(target.fileno())
    return Entry(path, stored, size, sha256)


def _pour(source: BinaryIO, target: IO[bytes], size: int) -> str:
    """Copies `size` bytes and gives their SHA-256; fewer are an error of the disk."""
    digest, left = hashlib.sha256(), size
    while left:
        piece = source.read(min(_PIECE, left))
        if not piece:
            raise OSError(errno.EIO, "a file became shorter while it was copied")
        digest.update(piece)
        target.write(piece)
        left -= len(piece)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _pooled(source: Path) -> str:
    with source.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        edges = stream.read(_EDGE)
        stream.seek(max(0, size - _EDGE))
        edges += stream.read(_EDGE)
    tag = hashlib.sha256(f"{size} ".encode() + edges).hexdigest()[:16]
    return f"raw/{source.parent.name}/{source.name}.{tag}"
