"""The replacements of one run: the key, what a first reading knows, what was asked for, a tally."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lienthong.core.text import nfc
from lienthong.privacy import shifts
from lienthong.privacy.circles import Circles
from lienthong.privacy.free_text import Scrubber
from lienthong.privacy.pseudonyms import Pseudonyms

__all__ = ["Replacer", "Someone"]


class Replacer:
    """What all files of one run share.

    `tally` counts replacements by kind, `not_copied` are columns that are left out, by a name that says nothing; both
    are taken anew for each file.
    """

    def __init__(self, key: bytes, circles: Circles, *, no_text: bool = False, keep_facility: bool = False) -> None:
        self.circles = circles
        self.no_text = no_text
        self.keep_facility = keep_facility
        self.tally: Counter[str] = Counter()
        self.not_copied: tuple[str, ...] = ()
        self.pseudonyms = Pseudonyms(key, taken=circles.names, year_of=self._year_of, keep_facility=keep_facility)

    def days(self, nodes: Iterable[str]) -> int:
        """By how many days the dates of a record with these nodes move."""
        return self.circles.days(nodes, lambda anchor, below: self.pseudonyms.whole("shift", anchor, below))

    def someone(self, nodes: Iterable[str]) -> Someone:
        """The replacements of one record, whose people these nodes name."""
        return Someone(self, tuple(nodes))

    def _year_of(self, number: str, year: int) -> int:
        return self.circles.year_of_birth(number, year, self.days([f"n:{number}"]))


class Someone:
    """The replacements of one record: its shift, and a scrubber that knows the names that stand in it."""

    def __init__(self, replacer: Replacer, nodes: tuple[str, ...]) -> None:
        self.replacer = replacer
        self.nodes = nodes
        self.days = replacer.days(nodes)
        self.scrubber = Scrubber(replacer.pseudonyms, self.days)
        for kind, text, sex in replacer.circles.words(nodes):
            if kind == "name":
                self.scrubber.know_name(text, replacer.pseudonyms.name(text, sex))
            else:
                self.scrubber.know_address(text)

    def note(self, kind: str) -> None:
        self.replacer.tally[kind] += 1

    def compact(self, text: str) -> str:
        """`yyyymmdd…` moved; digits that are no date become zeros, so that the fault stays; all else is taken out."""
        new = shifts.compact(text, self.days)
        if new is None:
            return "0" * len(text) if text.isascii() and text.isdigit() and len(text) <= 14 else ""
        return new

    def settlement(self, year: str, month: str) -> tuple[str, str] | None:
        """A year and a month of accounts, moved."""
        return shifts.settlement(year, month, self.days)

    def iso(self, text: str) -> str:
        """A FHIR date, dateTime or instant moved; what is no date is taken out."""
        return shifts.iso(text, self.days) or ""

    def birth(self, text: str) -> str:
        """A birth in ISO form, moved, and grouped where the person is over 89."""
        return self.replacer.circles.birth(text, self.nodes, self.days) or ""

    def compact_birth(self, text: str) -> str:
        """NGAY_SINH: `yyyymmddHHMM` with zeros for what is unknown, or `yyyymmdd`; what is no date is taken out."""
        if not (text.isascii() and text.isdigit() and len(text) >= 4):
            return ""
        year, month, day, rest = text[:4], text[4:6], text[6:8], text[8:]
        parts = [part for part in (year, month, day) if part.strip("0")]
        if not parts or len(text) not in (4, 6, 8, 12, 14):
            return "0" * len(text) if not text.strip("0") else ""
        new = self.birth("-".join(parts)).replace("-", "")
        return (new + "00000000")[: min(len(text), 8)] + rest if new else ""

    def text(self, text: str) -> str:
        """Free text, scrubbed, or nothing of it where no text was asked for."""
        if self.replacer.no_text:
            return ""
        return self.scrubber.clean(nfc(text))
