"""What a source does to make its files showable: it learns who is in them, then writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO, Protocol, runtime_checkable

from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.converted import LeftOut

__all__ = ["Deidentifier", "Naming"]


class Deidentifier(Protocol):
    """A kind of export that can be made showable; nothing of a file is copied that no rule speaks of."""

    @property
    def ending(self) -> str:
        """What the name of a written file ends in, e.g. `.xml`."""

    def learn(
        self, stream: BufferedReader, *, name: str, settings: Settings, circles: Circles, this_year: int
    ) -> Iterator[None]:
        """Tells `circles` who belongs together, one step a record; what can't be read is passed over."""

    def rewrite(
        self, stream: BufferedReader, out: BinaryIO, *, name: str, settings: Settings, replacer: Replacer
    ) -> Iterator[Finding | LeftOut | None]:
        """Writes the file anew: None for each record that was written, the finding for what was not copied.

        A file that turns out to be no export gives one LeftOut.

        A fault of the whole file is raised as a LienthongError.
        """


@runtime_checkable
class Naming(Protocol):
    """A `Deidentifier` whose copies have names that their reader looks for."""

    def named(self, name: str, number: int, settings: Settings) -> str:
        """The name of the copy of a file; it says nothing of the file's own, which may name somebody."""
