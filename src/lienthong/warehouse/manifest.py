"""The manifest: which files make up the current snapshot. Readers look nowhere else, and it is swapped whole.

A build writes all its files under names of its own, then replaces `manifest.json` in one step (`os.replace` of a
file already on the disk). Killed before that, the old snapshot stands and the new files are nobody's: the next build
removes them. The files of the snapshot before stay until the build after, for readers that opened it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lienthong.core.errors import Category, ErrorKind

__all__ = ["NOT_BUILT", "Manifest", "TableFile", "building", "clean", "read_manifest", "swap", "sync"]

NAME = "manifest.json"
LOCK = "build.lock"
TEMPORARY = "tmp"
FORMAT = 1

BUILDING = ErrorKind(
    "warehouse-busy",
    Category.BUSY,
    what="Another build of this warehouse is running.",
    cure="Wait until it has ended.",
)
NOT_BUILT = ErrorKind(
    "warehouse-not-built",
    Category.MISSING,
    what="The warehouse is empty: nothing has been built yet.",
    cure="Run `lienthong build`.",
)
DAMAGED = ErrorKind(
    "warehouse-manifest-damaged",
    Category.UNREADABLE,
    what="The warehouse's manifest can't be read.",
    cure="Remove HOME/warehouse/manifest.json and run `lienthong build`: it makes all anew from the record.",
)
NO_SPACE = ErrorKind(
    "warehouse-no-space",
    Category.NO_SPACE,
    what="There is no room for the warehouse.",
    cure="Free some space and run `lienthong build`; the snapshot before stands.",
)


@dataclass(frozen=True, slots=True)
class TableFile:
    """One table of a snapshot: its file below the warehouse's folder, and its rows."""

    file: str
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {"file": self.file, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot: `tables` by name (`omop.person`), the report of its build, and the files of the one before."""

    snapshot: str
    number: int
    built_at: str
    tables: Mapping[str, TableFile]
    report: Mapping[str, Any] = field(default_factory=dict)
    previous: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "snapshot": self.snapshot,
            "number": self.number,
            "built_at": self.built_at,
            "tables": {name: table.to_json() for name, table in self.tables.items()},
            "report": dict(self.report),
            "previous": list(self.previous),
        }


def read_manifest(folder: Path) -> Manifest | None:
    """The current manifest, or None where nothing has been built."""
    try:
        text = (folder / NAME).read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        value = json.loads(text)
        tables = {name: TableFile(item["file"], item["rows"]) for name, item in value["tables"].items()}
        return Manifest(
            value["snapshot"], value["number"], value["built_at"], tables, value["report"], tuple(value["previous"])
        )
    except (ValueError, KeyError, TypeError):
        raise DAMAGED.at(NAME) from None


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Holds the one right to build; the system gives it back when the process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BUILDING.at("warehouse") from None
        yield
    finally:
        os.close(handle)


def clean(folder: Path, manifest: Manifest | None) -> None:
    """Removes the files that neither the snapshot nor the one before it names, e.g. of a build that was killed."""
    kept: set[str] = set()
    if manifest is not None:
        kept = {table.file for table in manifest.tables.values()} | set(manifest.previous)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name not in (NAME, LOCK) and path.relative_to(folder).as_posix() not in kept:
            path.unlink()


def swap(folder: Path, manifest: Manifest) -> None:
    """Makes this the current manifest, on the disk before it counts."""
    temporary = folder / f"{NAME}.new"
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(manifest.to_json(), stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, folder / NAME)
    sync(folder)


def sync(path: Path) -> None:
    """Waits until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
