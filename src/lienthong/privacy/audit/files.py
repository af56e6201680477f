"""An exported log as files: what of a folder is verified, keys by text or file, checkpoints from others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.privacy.audit.checkpoint import Checkpoint, read_many
from lienthong.privacy.audit.notes import NO_KEY, NO_NOTE, VerifyingKey
from lienthong.privacy.audit.verify import CHECKPOINTS, LEAVES, PUBLIC, Verified, verify

__all__ = ["read_checkpoint", "read_key", "verify_files"]

_MOST = 1 << 20  # bytes of a key or one checkpoint

NO_LOG = ErrorKind(
    "audit-files-missing",
    Category.NOT_FOUND,
    what="There is no log to verify here: {why}.",
    allowed="a folder that holds log.ndjson, or files with the entries in their order",
    cure="Name what `lienthong audit export DIR` wrote, or HOME/audit.",
)
KEY_NEEDED = ErrorKind(
    "audit-key-missing",
    Category.INCORRECT,
    what="The public key of the log is not known: no log.pub lies beside the entries.",
    allowed="--key with the key in one line, or a file that holds it",
    cure="Give the key as the node published it.",
)


def read_key(text: str) -> VerifyingKey:
    """A public key from its one line, or from the file that holds it."""
    path = Path(text)
    if "+" not in text or path.is_file():
        return VerifyingKey.parse(_small(path, NO_KEY.at(str(path), why="the file can't be read")))
    return VerifyingKey.parse(text)


def read_checkpoint(path: Path) -> Checkpoint:
    """The newest checkpoint of a file; it must hold one."""
    found = read_many(_small(path, NO_NOTE.at(str(path), why="the file can't be read")) + "\n")
    if not found:
        raise NO_NOTE.at(str(path), why="the file is empty")
    return max(found, key=lambda item: item.size)


def verify_files(
    places: Sequence[Path],
    checkpoints: Sequence[Path],
    key: VerifyingKey | None,
    witnesses: Sequence[VerifyingKey],
) -> Verified:
    """Verifies a log from a folder or from files of entries, and the checkpoints given beside it."""
    lines, texts = [], []
    for place in places:
        if place.is_dir():
            if not (place / LEAVES).is_file():
                raise NO_LOG.at(str(place), why="the folder has no log.ndjson")
            lines.append(place / LEAVES)
            if (place / CHECKPOINTS).is_file():
                texts.append((CHECKPOINTS, (place / CHECKPOINTS).read_bytes()))
            if key is None and (place / PUBLIC).is_file():
                key = read_key(str(place / PUBLIC))
        elif place.is_file():
            lines.append(place)
        else:
            raise NO_LOG.at(str(place), why="there is no such file or folder")
    if key is None:
        raise KEY_NEEDED.at("--key")
    for path in checkpoints:
        if not path.is_file():
            raise NO_NOTE.at(str(path), why="there is no such file")
        texts.append((path.name, path.read_bytes()))
    return verify(_lines(lines), texts, key, witnesses)


def _lines(paths: Sequence[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            yield from file


def _small(path: Path, error: LienthongError) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        raise error from None
