"""Secret key files of a node: made once, readable by their owner only, durable before they are used."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind

__all__ = ["KEY_BYTES", "node_key", "sync_folder", "write_secret"]

KEY_BYTES = 32

WRONG_KEY = ErrorKind(
    "key-unreadable",
    Category.MISSING,
    what="A key of this node can't be read: it has not {size} bytes.",
    cure="Put the key file back from where the keys are kept; it is not in HOME's backup.",
)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_secret(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, mode 0600, durable when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def node_key(folder: Path, name: str, random: Callable[[int], bytes]) -> bytes:
    """The node's key of this name in HOME/keys, made from `random` when there is none yet.

    Two processes that start together agree on one key: it is linked into place, and the first one wins.
    """
    path = folder / f"{name}.key"
    if not path.exists():
        draft = folder / f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
        write_secret(draft, random(KEY_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(folder)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise WRONG_KEY.at(f"keys/{name}.key", size=KEY_BYTES)
    return key
