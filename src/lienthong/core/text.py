"""Vietnamese text: NFC inside, searchable with and without tones."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold", "nfc", "printable"]

_SPACE = re.compile(r"\s+")
_DYET = str.maketrans({"đ": "d", "Đ": "D"})


def nfc(text: str) -> str:
    """The text in Unicode normal form C, as it is kept inside."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The text without tones and case, single-spaced, for search and comparison: `Nguyễn  Đức` → `nguyen duc`."""
    bare = unicodedata.normalize("NFD", text.translate(_DYET))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _SPACE.sub(" ", bare).strip().casefold()


def printable(name: str) -> str:
    """A name that others gave (a file's) as it can be told and stored anywhere: what can't be printed is escaped."""
    if name.isprintable():
        return name
    escaped = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)
    return "".join(escaped)
