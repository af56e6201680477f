"""The files beside the one that is read: of the same folder or the same archive, for sources that join tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol, runtime_checkable

from lienthong.core.settings import Settings
from lienthong.core.text import printable
from lienthong.sources import container
from lienthong.sources.converted import Converted, Found, LeftOut

__all__ = ["Joining", "Neighbours"]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the file that is read lies; None where only its kept copy is there (a retry)."""

    path: Path | None = None

    def files(self, name: str, wanted: Callable[[str], bool], limit: int) -> Iterator[tuple[bytes, BufferedReader]]:
        """First bytes and stream of each wanted file beside the one of this name, itself included.

        Each stream holds until the next is asked for; at most `limit` bytes are unpacked of one file.
        """
        if self.path is None:
            return
        outer, inner = _split(name, printable(self.path.name))
        if inner:
            folder = name.rpartition("/")[0]
            for member_name, head, stream in _members(self.path, outer, limit):
                if member_name.rpartition("/")[0] == folder and wanted(member_name):
                    yield head, stream
            return
        for path in sorted(self.path.parent.iterdir()):
            if wanted(path.name) and path.is_file():
                for member_name, head, stream in _members(path, path.name, limit):
                    if member_name == path.name:
                        yield head, stream


@runtime_checkable
class Joining(Protocol):
    """A source that looks into other files of the same export."""

    def convert_beside(
        self,
        stream: BufferedReader,
        *,
        name: str,
        sha256: str,
        settings: Settings,
        source: str | None,
        neighbours: Neighbours,
    ) -> Iterator[Converted | LeftOut]:
        """As `Source.convert`, with the files beside this one."""


def _split(name: str, file: str) -> tuple[str, str]:
    """The name of the file itself, and what of the name lies inside of it as an archive."""
    at = f"/{name}/".find(f"/{file}/")
    end = at + len(file)
    return name[:end], name[end + 1 :]


def _members(path: Path, name: str, limit: int) -> Iterator[tuple[str, bytes, BufferedReader]]:
    with Found(path, name, False).open() as stream:
        for member in container.members(stream, name, limit):
            if member.fault is None:
                yield member.name, member.head, member.stream
