"""What is evaluated, by its digest: every file of a product's folder on which its figures depend."""

from __future__ import annotations

import hashlib
from importlib.resources.abc import Traversable

from lienthong.products.shipped import NOT_WHOLE

__all__ = ["ABOUT", "digest", "file_digest"]

ABOUT = ("card.toml", "protocol.toml", "data.toml", "train.py", "train_comparator.py", "LICENCES.md")
"""Files that are about the artefact and no part of it: words, and what was done with it. The card is among them since
it takes its figures from runs, which name this digest."""


def digest(folder: Traversable) -> str:
    """SHA-256 (hex) over the names, sizes and bytes of the files that lie directly in the folder, but for `ABOUT`."""
    whole = hashlib.sha256()
    try:
        files = [item for item in folder.iterdir() if item.is_file() and not item.name.startswith(".")]
        for file in sorted(files, key=lambda item: item.name):
            if file.name not in ABOUT:
                data = file.read_bytes()
                whole.update(f"{file.name} {len(data)}\n".encode() + data)
    except OSError:
        raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
    return whole.hexdigest()


def file_digest(folder: Traversable, name: str) -> str:
    """SHA-256 (hex) of the bytes of one file of the folder, as `sha256sum` tells it."""
    try:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except OSError:
        raise NOT_WHOLE.at(f"catalogue/{folder.name}/{name}", name=folder.name) from None
