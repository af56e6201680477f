"""Copies the keys of a node apart from its backups, on purpose: whoever has both can read everything."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong import __version__
from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.keeping.home import fingerprint, require_home
from lienthong.keeping.manifest import MANIFEST, Entry, Manifest
from lienthong.keeping.target import INSIDE, LOCK, TAKEN, writing
from lienthong.privacy.access import Action, Grant, require
from lienthong.privacy.keys import sync_folder, write_secret

__all__ = ["WARNING", "KeysCopied", "copy_keys", "read_keys"]

WARNING = (
    "These are the keys of this node. Keep them apart from the backups, where few people come: whoever has both can"
    " read every kept file and seal the log. A key that was destroyed to erase a person must be destroyed here too."
)

NOT_KEYS = ErrorKind(
    "keys-copy-missing",
    Category.NOT_FOUND,
    what="There is no whole copy of a node's keys in this folder.",
    allowed="a folder that `lienthong backup --keys DIR` wrote to its end",
    cure="Name that folder, or restore without keys.",
)
KEYS_DAMAGED = ErrorKind(
    "keys-copy-damaged",
    Category.CONFLICT,
    what="A key in the copy is not the one that was copied.",
    cure="Use another copy of the keys.",
)


@dataclass(frozen=True, slots=True)
class KeysCopied:
    """The copy: where, how many keys, and how many lie there that the node has no more."""

    place: Path
    keys: int
    new: int
    no_more: int

    def to_json(self) -> dict[str, Any]:
        return {
            "keys": str(self.place),
            "count": self.keys,
            "new": self.new,
            "no_more_in_home": self.no_more,
            "warning": WARNING,
        }


def copy_keys(home: Path, place: Path, grant: Grant, *, clock: Clock) -> KeysCopied:
    """HOME/keys into a folder of its own, mode 0700; while it is written it is not taken for whole.

    Nothing is removed there: a key that HOME has no more was destroyed by an erasure, or HOME lost it.
    """
    require(grant, Action.KEEP_NODE)
    require_home(home)
    if place.resolve().is_relative_to(home.resolve()):
        raise INSIDE.at(str(place), one="The copy of the keys", other="the node")
    if any((folder / LOCK).exists() for folder in (place.resolve(), *place.resolve().parents)):
        raise INSIDE.at(str(place), one="The copy of the keys", other="a folder of backups")
    if place.exists() and (not place.is_dir() or (any(place.iterdir()) and not (place / "keys").is_dir())):
        raise TAKEN.at(str(place), why="it is no copy of keys")
    files, new = [], 0
    with writing(str(place)):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        (place / MANIFEST).unlink(missing_ok=True)
        for source in sorted((home / "keys").rglob("*")):
            if not source.is_file() or source.name.startswith("."):
                continue
            name = f"keys/{source.relative_to(home / 'keys').as_posix()}"
            content = source.read_bytes()
            if not (place / name).exists() or (place / name).read_bytes() != content:
                write_secret(place / name, content)
                new += 1
            files.append(Entry(name, name, len(content), hashlib.sha256(content).hexdigest()))
        manifest = Manifest(instant(clock()), __version__, {}, fingerprint(home / "keys"), tuple(files))
        write_secret(place / MANIFEST, manifest.to_bytes())
        os.chmod(place, 0o700)
        sync_folder(place)
    here = {path.relative_to(place).as_posix() for path in (place / "keys").rglob("*") if path.is_file()}
    return KeysCopied(place, len(files), new, len(here - {entry.path for entry in files}))


def read_keys(place: Path) -> Manifest:
    """The manifest of a copy of keys, each of which has been compared with its digest."""
    try:
        manifest = Manifest.from_bytes((place / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NOT_KEYS.at(str(place)) from None
    for entry in manifest.files:
        path = place / entry.stored
        if not entry.path.startswith("keys/") or not path.is_file():
            raise KEYS_DAMAGED.at(entry.path)
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
            raise KEYS_DAMAGED.at(entry.path)
    return manifest
