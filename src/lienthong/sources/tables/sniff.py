"""Looks at a table to propose how it is written: encoding, old letters, separator; and its first rows as text."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.core.text import fold, nfc
from lienthong.sources.tables.cells import is_text
from lienthong.sources.tables.letters import LETTERS
from lienthong.sources.tables.separated import ENCODINGS, encoding_of, read_rows, split
from lienthong.sources.tables.workbook import is_packed, open_workbook

__all__ = ["Sniffed", "sniff"]

HEAD = 1 << 20
MOST_ROWS = 600
_SEPARATORS = (",", ";", "\t", "|", "^", "~")
_WORD = re.compile(r"[^\W\d_]+")
# A Vietnamese syllable without tones: onset, one to three vowels, coda.
_SYLLABLE = re.compile(
    r"(ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnpqrstvx])?[aeiouy]{1,3}(ch|ng|nh|[cmnpt])?", re.IGNORECASE
)
_OLD = ("tcvn3", "vni", "viscii", "windows-1258", "windows-1252")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """How a file seems to be written, and its first rows."""

    encoding: str
    letters: str
    separator: str
    sheet: str
    rows: tuple[tuple[str, ...], ...]


def sniff(stream: BufferedReader) -> Sniffed:
    """The first rows of a table, CSV or Excel, in the encoding that gives the most Vietnamese."""
    head = stream.read(HEAD)
    if is_packed(head):
        packed: Any = io.BytesIO(head + stream.read())
        workbook = open_workbook(io.BufferedReader(packed), 1 << 30)
        sheet = next(iter(workbook.sheets))
        rows = [row.cells for _, row in zip(range(MOST_ROWS), workbook.rows(sheet), strict=False) if not row.fault]
        letters = _letters(" ".join(str(cell) for row in rows for cell in row))
        return Sniffed("utf-8", letters, "", sheet, _read(rows, letters))
    encoding = _encoding(head)
    codec, letters, mark = encoding_of(head, encoding)
    text = head[mark:].decode(codec, "replace" if codec.startswith("utf-16") else "surrogateescape")
    if letters == "unicode":
        letters = _letters(text)
    separator = _separator(text)
    bare: Any = io.BytesIO(head)  # typeshed asks for more of a raw stream than BufferedReader does
    source: BufferedReader = io.BufferedReader(bare)
    found = read_rows(source, head, encoding=encoding, separator=separator, quote='"')
    rows = [row.cells for _, row in zip(range(MOST_ROWS), found, strict=False) if row.fault is None]
    return Sniffed(encoding, letters, separator, "", _read(rows[:-1] if len(head) == HEAD else rows, letters))


def _read(rows: list[tuple[str, ...]], letters: str) -> tuple[tuple[str, ...], ...]:
    read = LETTERS[letters]
    return tuple(tuple(str(cell) if str(cell).isascii() else nfc(read(str(cell))) for cell in row) for row in rows)


def _encoding(head: bytes) -> str:
    """The encoding by its mark, as UTF-8 where it is one, else the one whose words are most Vietnamese."""
    for name in ("utf-8", "utf-16", "utf-16-be"):
        if encoding_of(head, name)[2]:
            return next(key for key, value in ENCODINGS.items() if value[0] == encoding_of(head, name)[0])
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4 and len(head) == HEAD:
            return "utf-8"
    else:
        return "utf-8"
    return max(_OLD, key=lambda name: _likely(_decoded(head, name)))


def _decoded(head: bytes, name: str) -> str:
    codec, letters = ENCODINGS[name]
    return nfc(LETTERS[letters](head.decode(codec, "surrogateescape")))


def _letters(text: str) -> str:
    """Old font letters inside of a Unicode text, where they make more Vietnamese of it."""
    plain = _likely(nfc(text))
    best = max(("tcvn3", "vni"), key=lambda name: _likely(LETTERS[name](text)))
    return best if plain < 0.5 and _likely(LETTERS[best](text)) > plain + 0.2 else "unicode"


def _likely(text: str) -> float:
    """The share of words with letters beyond ASCII that are Vietnamese syllables; 1 where there is no such word."""
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    if not words:
        return 1.0 if is_text(text) else 0.0
    good = sum(1 for word in words if _SYLLABLE.fullmatch(fold(word)) and _is_cased(word))
    bad = len(re.findall("[\ud800-\udfff\x80-\x9f\ufffd]", text))
    return good / len(words) - min(0.5, bad / len(text) * 10)


def _is_cased(word: str) -> bool:
    return word.islower() or word.isupper() or word[1:].islower()


def _separator(text: str) -> str:
    """The separator that cuts most of the first lines into the same number of cells, more than one."""

    def fit(separator: str) -> tuple[float, int]:
        try:
            widths = Counter(
                len(split(line, separator, '"') or ()) for line in text.splitlines()[:100] if line.strip()
            )
        except LienthongError:
            return 0.0, 0
        if not widths:
            return 0.0, 0
        width, count = widths.most_common(1)[0]
        return (count / sum(widths.values()) if width > 1 else 0.0), width

    return max(_SEPARATORS, key=fit)
