"""The manifest of a backup: its files with size and SHA-256, written last, so that a killed backup has none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind

__all__ = ["FORMAT", "MANIFEST", "Entry", "Manifest"]

MANIFEST = "manifest.json"
FORMAT = 2  # 2: the audit log has more files than 1 knows

DAMAGED = ErrorKind(
    "backup-manifest-damaged",
    Category.CONFLICT,
    what="The manifest of the backup is not the one that was written: {why}.",
    cure="Take another backup; each dated folder is one of its own.",
)
NEWER = ErrorKind(
    "backup-newer",
    Category.UNSUPPORTED,
    what="The backup was written by a newer Lienthong ({found}).",
    allowed="{known}",
    cure="Restore it with that version of Lienthong, or a newer one.",
)

# What may lie in a backup: no manifest leads a restore to any other place.
_PATH = re.compile(
    r"lienthong\.toml|mappings/[a-z0-9][a-z0-9-]{0,60}\.yaml|record\.db|decisions\.db"
    r"|evaluations/(lock|run)-[a-z0-9][a-z0-9-]{0,100}\.json"
    r"|audit/(access\.(ndjson|head)|log\.(ndjson|head|pub)|checkpoints)|raw/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|keys/(node|decisions)\.key|keys/audit\.salts|keys/files/[0-9a-f]{64}\.key|keys/people/[a-z0-9][a-z0-9._@-]{0,80}"
)
_STORED = re.compile(r"(raw/[0-9a-f]{2}/[0-9a-f]{64}\.[0-9a-f]{16})|" + _PATH.pattern)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: where it belongs in HOME, where it lies in the backup, its size in bytes and its SHA-256 (hex)."""

    path: str
    stored: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "stored": self.stored, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup: when, by which Lienthong, of which schemas, under which keys, and every file."""

    taken_at: str
    lienthong: str
    schema: Mapping[str, int]
    keys: str
    files: tuple[Entry, ...]

    def to_bytes(self) -> bytes:
        body: dict[str, Any] = {
            "format": FORMAT,
            "taken_at": self.taken_at,
            "lienthong": self.lienthong,
            "schema": dict(self.schema),
            "keys": self.keys,
            "files": [entry.to_json() for entry in self.files],
        }
        return canonical.encode({**body, "digest": _digest(body)})

    @staticmethod
    def from_bytes(text: bytes) -> Manifest:
        """The manifest, or `backup-manifest-damaged`: cut off, edited, or with a path that leads out of HOME."""
        try:
            body = canonical.parse(text)
            if body["format"] > FORMAT:
                raise NEWER.at(MANIFEST, found=f"format {body['format']}", known=f"format {FORMAT}")
            digest = body.pop("digest")
            files = tuple(Entry(**item) for item in body["files"])
            manifest = Manifest(body["taken_at"], body["lienthong"], body["schema"], body["keys"], files)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DAMAGED.at(MANIFEST, why="it can't be read") from None
        if digest != _digest(body):
            raise DAMAGED.at(MANIFEST, why="its content does not fit its digest")
        for entry in files:
            if not (
                _PATH.fullmatch(entry.path) and _STORED.fullmatch(entry.stored) and _SHA256.fullmatch(entry.sha256)
            ):
                raise DAMAGED.at(MANIFEST, why="it names a file that belongs in no backup")
        return manifest


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical.encode(body)).hexdigest()
