"""The key of a run: read from a file, made there when there is none, or drawn for this run alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.keys import KEY_BYTES, write_secret

__all__ = ["read_key"]

WRONG_KEY = ErrorKind(
    "deidentify-key-wrong",
    Category.INCORRECT,
    what="The key file can't be used: {why}.",
    allowed=f"a file of {KEY_BYTES} bytes that Lienthong made; a name that is free makes a new one",
    cure="Name the key that was used before, or a new file outside of the folder that is shown.",
)


def read_key(path: Path | None, to: Path, random: Callable[[int], bytes]) -> bytes:
    """The key in `path`, made there (for its owner alone) where there is none; without a path one of this run.

    A key inside the folder of the copies is refused: it would be shown with them.
    """
    if path is None:
        return random(KEY_BYTES)
    if path.resolve().is_relative_to(to.resolve()):
        raise WRONG_KEY.at("--key", why="it lies in the folder of the copies")
    try:
        if not path.exists():
            write_secret(path, random(KEY_BYTES))
        with path.open("rb") as file:
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise WRONG_KEY.at("--key", why=(error.strerror or "the system refuses").lower()) from None
    if len(key) != KEY_BYTES:
        raise WRONG_KEY.at("--key", why=f"it has not {KEY_BYTES} bytes")
    return key
