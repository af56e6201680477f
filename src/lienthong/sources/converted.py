"""The values that sources give: a file found, a record converted, a file left out; and the Protocol of a source."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings

__all__ = ["Converted", "Found", "LeftOut", "Source", "rejection"]

NO_FILE = ErrorKind(
    "file-not-plain",
    Category.UNREADABLE,
    what="This is no plain file.",
    allowed="Plain files; a pipe, a socket, a device or a dangling link can't be kept.",
    cure="Give the file itself.",
)
NOT_OPENED = ErrorKind(
    "file-not-opened",
    Category.UNREADABLE,
    what="The file can't be opened: {why}.",
    allowed="A file that the user of Lienthong may read.",
    cure="Correct its rights, or whatever the system names, and give it again.",
)


@dataclass(frozen=True, slots=True)
class Converted:
    """One record of an export as FHIR, or the finding for which it is quarantined (then `resources` is empty).

    With `origin.record == ""` the whole file is meant.
    """

    origin: Origin
    resources: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    rejected: Finding | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is no export: named, and neither a fault nor quarantined.

    `fault` is the error for which the file is quarantined where it was named itself and so must be an export.
    """

    name: str
    why: str
    fault: LienthongError | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A file among the given paths: `name` is how people call it, `given` whether it was named itself.

    `name` begins with the name of the folder that was given, so that it is the same wherever the folder lies.
    """

    path: Path
    name: str
    given: bool

    def open(self) -> BufferedReader:
        """The file, open to read; a `file-not-plain` or `file-not-opened` error instead of a hang or a traceback."""
        try:
            # O_NONBLOCK: opening a pipe without a writer would wait for ever.
            number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if self.path.is_symlink() or (error.strerror and "device" in error.strerror.lower()):
                raise NO_FILE.at(self.name) from None
            raise NOT_OPENED.at(self.name, why=(error.strerror or "the system refuses").lower()) from None
        try:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise NO_FILE.at(self.name)
            return os.fdopen(number, "rb")
        except LienthongError:
            os.close(number)
            raise


@runtime_checkable
class Source(Protocol):
    """A kind of export; found by the entry point group `lienthong.sources`."""

    @property
    def name(self) -> str:
        """The name that `--format` takes, e.g. `fhir`."""

    def recognise(self, head: bytes, name: str) -> bool:
        """Whether a file is of this kind, by its first bytes (text as UTF-8); `name` is only a hint."""

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """The records of one plain file, one by one, never more of it in memory than `settings.max_record_bytes`.

        The first MiB of the file can be peeked at, before anything is read.

        A file that turns out to be no export gives one LeftOut. A fault of the whole file is raised as a
        LienthongError; a fault of a record is its `rejected`.
        """


def rejection(error: LienthongError, **place: str) -> Finding:
    """The finding that stands for an error of a file or record, at this place."""
    message = f"{error.what} Allowed: {error.allowed}" if error.allowed else error.what
    return Finding(Severity.ERROR, error.code, message, Place(**place), Rule(error.code), error.cure)
