"""Restores a backup into an empty home: every digest is compared before anything is there, then all of it is."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.decisions.store import SCHEMA_VERSION as DECISIONS_SCHEMA
from lienthong.keeping.keys import read_keys
from lienthong.keeping.manifest import NEWER, Entry, Manifest
from lienthong.keeping.source import Source, open_source
from lienthong.keeping.target import writing
from lienthong.privacy.keys import sync_folder
from lienthong.record.schema import SCHEMA_VERSION

__all__ = ["WITHOUT_KEYS", "Restored", "restore"]

WITHOUT_KEYS = (
    "kept files stay closed: `lienthong retry` and the check of kept files fail; new exports are read and kept",
    "nobody signs in or signs, and no person is added: people and decisions are sealed with a key that is not here",
    "the audit log begins anew; the old one lies in audit/of-the-backup and is tied to no person without the keys",
)
"""What does not work in a home that was restored without its keys; to have it, restore again with them."""

OLD_LOG = "audit/of-the-backup"
_PIECE = 1 << 20

HOME_TAKEN = ErrorKind(
    "restore-home-taken",
    Category.CONFLICT,
    what="The folder to restore into is not empty, and a restore replaces nothing.",
    allowed="a folder that is empty or not there yet",
    cure="Name another one with --home, or move the old home away first.",
)
DAMAGED = ErrorKind(
    "backup-damaged",
    Category.CONFLICT,
    what="A file of the backup is not what was saved: it is {why}. Nothing was restored.",
    cure="Restore another backup; the dated folders beside it are backups too.",
)
OTHER_KEYS = ErrorKind(
    "restore-keys-other",
    Category.CONFLICT,
    what="These are the keys of another node.",
    allowed="the keys that belong to the backup",
    cure="Name the right copy of the keys, or restore without keys.",
)
RUNNING = ErrorKind(
    "restore-running",
    Category.BUSY,
    what="Another restore into this home is running.",
    cure="Wait until it has ended.",
)

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored home: from when, how much, whether with keys, and what does not work in it."""

    home: Path
    taken_at: str
    files: int
    bytes: int
    keys: int
    kept_without_key: int
    schema: int
    seconds: float

    @property
    def not_working(self) -> tuple[str, ...]:
        if not self.keys:
            return WITHOUT_KEYS
        if self.kept_without_key:
            return (f"{self.kept_without_key} kept files stay closed: the copy of the keys has none for them",)
        return ()

    @property
    def next(self) -> str:
        """What to do before the restored node is used."""
        return "lienthong upgrade, then lienthong build" if self.schema < SCHEMA_VERSION else "lienthong build"

    def to_json(self) -> dict[str, Any]:
        return {
            "home": str(self.home),
            "taken_at": self.taken_at,
            "files": self.files,
            "bytes": self.bytes,
            "keys": self.keys,
            "kept_without_key": self.kept_without_key,
            "not_working": list(self.not_working),
            "next": self.next,
            "seconds": round(self.seconds, 3),
        }


def restore(place: Path, home: Path, *, keys: Path | None, progress: Progress) -> Restored:
    """The backup at `place` as a home, with the keys that were copied apart where they are given.

    It is put together beside `home` and moved there when all digests have fitted, so a killed restore leaves no home.
    Raises `restore-home-taken`, `backup-missing`, `backup-damaged`, `backup-newer`, `restore-keys-other`,
    `keys-copy-missing`, `backup-no-space`.
    """
    started = monotonic()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise HOME_TAKEN.at(str(home))
    with open_source(place) as source:
        manifest = source.manifest
        _refuse_newer(manifest)
        key_files = _keys(keys, manifest)
        with writing(str(home)), _draft(home) as draft:
            for number, entry in enumerate(manifest.files):
                progress("files", number, len(manifest.files))
                _put(source, entry, draft / _where(entry.path, with_keys=bool(key_files)))
            for name in key_files:
                _put_key(keys, name, draft)
            for folder in sorted({path for path in draft.rglob("*") if path.is_dir()}):
                sync_folder(folder)
            sync_folder(draft)
            os.replace(draft, home)
            sync_folder(home.resolve().parent)
    kept = {entry.path.rsplit("/", 1)[-1] for entry in manifest.files if entry.path.startswith("raw/")}
    without = kept - {name.removeprefix("keys/files/").removesuffix(".key") for name in key_files}
    size = sum(entry.size for entry in manifest.files)
    return Restored(
        home,
        manifest.taken_at,
        len(manifest.files),
        size,
        len(key_files),
        len(without),
        manifest.schema.get("record", SCHEMA_VERSION),
        monotonic() - started,
    )


def _refuse_newer(manifest: Manifest) -> None:
    for name, known in (("record", SCHEMA_VERSION), ("decisions", DECISIONS_SCHEMA)):
        found = manifest.schema.get(name, known)
        if found > known:
            raise NEWER.at(name, found=f"schema {found}, Lienthong {manifest.lienthong}", known=f"schema {known}")


def _keys(place: Path | None, manifest: Manifest) -> list[str]:
    if place is None:
        return []
    found = read_keys(place)
    if found.keys != manifest.keys:
        raise OTHER_KEYS.at(str(place))
    return [entry.path for entry in found.files]


def _where(path: str, *, with_keys: bool) -> str:
    """A log that is sealed by a key that is not here is put aside, for a new one begins."""
    return path if with_keys or not path.startswith("audit/") else path.replace("audit", OLD_LOG, 1)


@contextmanager
def _draft(home: Path) -> Iterator[Path]:
    """A folder beside the home to be, cleared of what a killed restore left; gone unless it became the home."""
    place = home.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    lock_path, draft = place.parent / f".{place.name}.restore-lock", place.parent / f".{place.name}.restoring"
    lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RUNNING.at(str(home)) from None
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        yield draft
    finally:
        if draft.exists():
            shutil.rmtree(draft)
        lock_path.unlink(missing_ok=True)
        os.close(lock)


def _put(source: Source, entry: Entry, place: Path) -> None:
    """One file, on the disk when this returns; `backup-damaged` where its bytes are not the ones that were saved."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as target:
        try:
            with source.open(entry) as stream:
                while piece := stream.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    target.write(piece)
        except (FileNotFoundError, KeyError):
            raise DAMAGED.at(entry.path, why="missing") from None
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise DAMAGED.at(entry.path, why="changed or cut off") from None
        target.flush()
        os.fsync(target.fileno())
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise DAMAGED.at(entry.path, why="changed or cut off")


def _put_key(place: Path | None, name: str, draft: Path) -> None:
    assert place is not None, "there are key files only where a copy was named"
    target = draft / name
    for folder in (target.parent.parent, target.parent):
        if folder != draft:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write((place / name).read_bytes())
        file.flush()
        os.fsync(file.fileno())
