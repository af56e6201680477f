"""Backs a node up while it is used: databases of one moment, kept files, log, settings; never keys (DESIGN 3.9)."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong import __version__
from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.decisions.store import SCHEMA_VERSION as DECISIONS_SCHEMA
from lienthong.keeping.home import did, fingerprint, require_home
from lienthong.keeping.keys import KeysCopied, copy_keys
from lienthong.keeping.manifest import Entry, Manifest
from lienthong.keeping.moment import log_now, one_moment
from lienthong.keeping.names import LAST_BACKUP, SETTINGS
from lienthong.keeping.target import INSIDE, NO_SPACE, Target, open_target, writing
from lienthong.privacy.access import Action, Grant, require
from lienthong.privacy.keys import sync_folder
from lienthong.record.upgrade import schema_of

__all__ = ["LEFT_OUT", "BackedUp", "Saved", "backup", "save"]

NOTHING = ErrorKind(
    "backup-nothing",
    Category.INCORRECT,
    what="There is no place to back up to.",
    allowed="a folder, a new .zip file, or --keys with a folder for the keys",
    cure="Name one: `lienthong backup /mnt/backups`.",
)

LEFT_OUT = {
    "keys": "never in a backup: without them kept files stay closed; `lienthong backup --keys DIR` copies them apart",
    "warehouse": "`lienthong build` makes it anew from the record",
    "logs": "the operational log belongs to the machine",
}

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A whole backup: where it lies, what it holds, how much of it was copied, and where the keys are."""

    place: Path
    taken_at: str
    files: int
    copied: int
    bytes: int
    keys: Path
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "backup": str(self.place),
            "taken_at": self.taken_at,
            "files": self.files,
            "copied": self.copied,
            "bytes": self.bytes,
            "left_out": LEFT_OUT,
            "keys": str(self.keys),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """What one call of `lienthong backup` did."""

    backup: BackedUp | None
    keys: KeysCopied | None

    def to_json(self) -> dict[str, Any]:
        return {
            **(self.backup.to_json() if self.backup else {}),
            **({"copied_keys": self.keys.to_json()} if self.keys else {}),
        }


def backup(home: Path, place: Path, grant: Grant, *, clock: Clock, progress: Progress) -> BackedUp:
    """A consistent copy of the node into a folder of backups, or into a new file that ends in .zip.

    Others may ingest, sign and read meanwhile. Killed anywhere, there is no manifest and so no backup; the next one
    into the same folder clears what was left and copies only the kept files that are not there. Raises
    `backup-no-space`, `backup-target-taken`, `backup-inside`, `backup-running`, `backup-unwritable`.
    """
    require(grant, Action.KEEP_NODE)
    require_home(home)
    if place.resolve().is_relative_to(home.resolve()):
        raise INSIDE.at(str(place), one="A backup", other="the node that it saves")
    started, now = monotonic(), clock().astimezone(UTC)
    name = now.strftime("%Y%m%dT%H%M%S") + f"{now.microsecond // 1000:03d}Z"
    with writing(str(place)), open_target(place, name) as target:
        _room(home, place, target)
        files = _databases(home, target)
        files += _log_and_settings(home, target)
        kept, copied = _kept(home, target, progress)
        files += kept
        schema = {"record": schema_of(home / "record.db") or 0, "decisions": _decisions_schema(home)}
        manifest = Manifest(instant(now), __version__, schema, fingerprint(home / "keys"), tuple(files))
        written = target.finish(manifest)
    size = sum(entry.size for entry in files)
    _note(home, written, instant(now), size)
    return BackedUp(written, instant(now), len(files), copied, size, home / "keys", monotonic() - started)


def save(
    home: Path, place: Path | None, keys: Path | None, grant: Grant, *, clock: Clock, progress: Progress
) -> Saved:
    """A backup, a copy of the keys apart, or both; the keys after the backup, so that none of its files lacks one."""
    if place is None and keys is None:
        raise NOTHING.at("lienthong backup")
    if place is not None and keys is not None:
        one, other = keys.resolve(), place.resolve()
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise INSIDE.at(str(keys), one="The copy of the keys", other="the backup, nor the backup inside it")
    taken = backup(home, place, grant, clock=clock, progress=progress) if place else None
    copied = copy_keys(home, keys, grant, clock=clock) if keys else None
    if taken is not None:
        did(home, grant, clock, {"act": "backup", "files": taken.files, "bytes": taken.bytes})
    if copied is not None:
        did(home, grant, clock, {"act": "copy-keys", "keys": copied.keys})
    return Saved(taken, copied)


def _room(home: Path, place: Path, target: Target) -> None:
    """Refuses before anything is copied where the disk has less room than the backup needs."""
    need = sum(path.stat().st_size for path in (home / "record.db", home / "decisions.db") if path.exists())
    need += sum(target.missing(path) for path in (home / "raw").glob("??/*"))
    folder = place if place.is_dir() else place.parent
    free = shutil.disk_usage(folder).free
    if free < need:
        raise NO_SPACE.at(str(place), need=f" ({need:,} bytes needed, {free:,} free)")


def _databases(home: Path, target: Target) -> list[Entry]:
    with one_moment(home) as readers:
        return [target.database(name, reader) for name, reader in readers.items()]


def _log_and_settings(home: Path, target: Target) -> list[Entry]:
    settings = (home / SETTINGS).read_bytes()
    files = [target.content(SETTINGS, io.BytesIO(settings), len(settings))]
    for path in sorted((home / "mappings").glob("[a-z0-9]*.yaml")):
        mapping = path.read_bytes()
        files.append(target.content(f"mappings/{path.name}", io.BytesIO(mapping), len(mapping)))
    for path in sorted(item for kind in ("lock", "run") for item in (home / "evaluations").glob(f"{kind}-*.json")):
        signed = path.read_bytes()
        files.append(target.content(f"evaluations/{path.name}", io.BytesIO(signed), len(signed)))
    for name, part in log_now(home / "audit").items():
        if isinstance(part, bytes):
            files.append(target.content(f"audit/{name}", io.BytesIO(part), len(part)))
        else:
            with (home / "audit" / name).open("rb") as growing:
                files.append(target.content(f"audit/{name}", growing, part))
    return files


def _kept(home: Path, target: Target, progress: Progress) -> tuple[list[Entry], int]:
    """The kept files: after the databases, so that every file that the record names is there."""
    sources, files, copied = sorted((home / "raw").glob("??/*")), [], 0
    for number, source in enumerate(sources):
        progress("kept files", number, len(sources))
        try:
            copied += target.missing(source) > 0
            files.append(target.kept(f"raw/{source.parent.name}/{source.name}", source))
        except FileNotFoundError:
            if source.exists():
                raise
            continue  # what turned out to be no export was discarded meanwhile; no record names it
    progress("kept files", len(sources), len(sources))
    return files, copied


def _decisions_schema(home: Path) -> int:
    path = home / "decisions.db"
    if not path.exists():
        return DECISIONS_SCHEMA
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0]) or DECISIONS_SCHEMA


def _note(home: Path, place: Path, taken_at: str, size: int) -> None:
    draft = home / f".{LAST_BACKUP}.{os.getpid()}"
    with writing(str(home)):
        draft.write_text(json.dumps({"taken_at": taken_at, "place": str(place.resolve()), "bytes": size}), "utf-8")
        os.replace(draft, home / LAST_BACKUP)
        sync_folder(home)
