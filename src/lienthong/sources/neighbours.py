"""The files beside the one that is read: of the same folder, archive or ingest, for sources that join tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from lienthong.core.settings import Settings
from lienthong.core.text import printable
from lienthong.sources import container
from lienthong.sources.converted import Converted, Found, LeftOut

__all__ = ["Joining", "Neighbours"]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the file that is read lies, or the kept files that came with it, by name (a retry); nothing of both."""

    path: Path | None = None
    kept: Mapping[str, Callable[[], BinaryIO]] | None = None

    @property
    def is_kept(self) -> bool:
        """Whether only kept copies are at hand, so that what is not among them may lie in the export still."""
        return self.path is None

    def files(self, name: str, wanted: Callable[[str], bool], limit: int) -> Iterator[tuple[bytes, BufferedReader]]:
        """First bytes and stream of each wanted file beside the one of this name, itself included.

        Each stream holds until the next is asked for; at most `limit` bytes are unpacked of one file.
        """
        if self.path is None:
            yield from self._kept_files(name, wanted, limit)
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

    def _kept_files(
        self, name: str, wanted: Callable[[str], bool], limit: int
    ) -> Iterator[tuple[bytes, BufferedReader]]:
        """Of the kept files those of the same folder, and an archive that holds the file itself."""
        folder = name.rpartition("/")[0]
        for other, opened in sorted((self.kept or {}).items()):
            is_beside = other.rpartition("/")[0] == folder and wanted(other)
            if is_beside or name.startswith(f"{other}/"):
                with opened() as stream:
                    for member in container.members(stream, other, limit):
                        same = member.name.rpartition("/")[0] == folder
                        if member.fault is None and same and wanted(member.name):
                            yield member.head, member.stream


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
