"""Where a backup is read from: the newest whole one of a folder, one dated folder, or one zip file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from lienthong.core.errors import Category, ErrorKind
from lienthong.keeping.manifest import MANIFEST, Entry, Manifest
from lienthong.keeping.target import GENERATION, LOCK

__all__ = ["Source", "open_source"]

NO_BACKUP = ErrorKind(
    "backup-missing",
    Category.NOT_FOUND,
    what="There is no whole backup here: {why}.",
    allowed="a folder of backups, one dated folder of it, or a .zip that `lienthong backup` wrote to its end",
    cure="Name another backup; one that was killed or ran out of room is not whole and can't be restored.",
)


class Source(Protocol):
    """A whole backup: its manifest, and the bytes of each file."""

    @property
    def manifest(self) -> Manifest: ...

    def open(self, entry: Entry) -> IO[bytes]: ...


@contextmanager
def open_source(place: Path) -> Iterator[Source]:
    """The backup at a place, by whatever of its names it was given; `backup-missing` where none is whole."""
    if place.is_file():
        try:
            with zipfile.ZipFile(place) as whole:
                yield _FileSource(whole)
        except (zipfile.BadZipFile, KeyError):
            raise NO_BACKUP.at(str(place), why="the file is no backup, or is cut off") from None
        return
    if not place.is_dir():
        raise NO_BACKUP.at(str(place), why="there is no such file or folder")
    folder = place
    if not GENERATION.fullmatch(place.resolve().name) or not (place.resolve().parent / LOCK).exists():
        whole_ones = sorted(
            item for item in place.iterdir() if GENERATION.fullmatch(item.name) and (item / MANIFEST).exists()
        )
        if not whole_ones:
            raise NO_BACKUP.at(str(place), why="no dated folder in it has a manifest")
        folder = whole_ones[-1]
    if not (folder / MANIFEST).exists():
        raise NO_BACKUP.at(str(folder), why="it has no manifest, so it was never finished")
    yield _FolderSource(folder)


class _FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.manifest = Manifest.from_bytes((folder / MANIFEST).read_bytes())

    def open(self, entry: Entry) -> IO[bytes]:
        root = self._folder.resolve().parent if entry.stored.startswith("raw/") else self._folder
        return (root / entry.stored).open("rb")


class _FileSource:
    def __init__(self, whole: zipfile.ZipFile) -> None:
        self._zip = whole
        self.manifest = Manifest.from_bytes(whole.read(MANIFEST))

    def open(self, entry: Entry) -> IO[bytes]:
        return self._zip.open(entry.stored)
