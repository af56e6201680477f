"""Reads CSV and its kin row by row: any separator, any of the old encodings, one broken row never stopping the file.

A row is bounded. A quote that does not close within `MOST_LINES` lines or `MOST_TEXT` characters makes a fault of the
row in which it opens, and reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Iterator
from io import BufferedReader

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.sources.tables.rows import RawRow

__all__ = ["ENCODINGS", "encoding_of", "read_rows", "split"]

MOST_TEXT = 4 << 20
"""Characters of one row."""

MOST_LINES = 2_000
"""Lines of one row: a text cell may hold line breaks."""

ROW_TOO_LONG = ErrorKind(
    "tables-row-too-long",
    Category.UNREADABLE,
    what="The row is longer than {limit} characters.",
    allowed="Rows of a table; a line break ends a row.",
    cure="Look at the separator and the line breaks of the export, then export it again.",
)
QUOTE_OPEN = ErrorKind(
    "tables-quote-open",
    Category.UNREADABLE,
    what="A quote opens in this row and does not close again.",
    allowed=f"A cell in quotes ends with a quote, within {MOST_LINES:,} lines; a quote inside of it is doubled.",
    cure="Correct the cell; where quotes mean nothing in this file, write `quote: none` in the mapping.",
)

# The name in a mapping → Python's codec and the letters that its characters stand for (letters.LETTERS).
ENCODINGS = {
    "utf-8": ("utf-8", "unicode"),
    "utf-16": ("utf-16-le", "unicode"),
    "utf-16-be": ("utf-16-be", "unicode"),
    "windows-1258": ("cp1258", "unicode"),
    "windows-1252": ("cp1252", "unicode"),
    "tcvn3": ("latin-1", "tcvn3"),
    "vni": ("latin-1", "vni"),
    "viscii": ("latin-1", "viscii"),
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def encoding_of(head: bytes, named: str) -> tuple[str, str, int]:
    """Python's codec, the letters, and the length of the byte order mark, which wins over the name in the mapping."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return *ENCODINGS[name], len(mark)
    return *ENCODINGS[named], 0


def read_rows(stream: BufferedReader, head: bytes, *, encoding: str, separator: str, quote: str) -> Iterator[RawRow]:
    """The rows of a file in their order, blank lines left out but counted.

    Bytes that the encoding does not know become lone surrogates or U+FFFD, for which the cell is refused later.
    Damage to a packed file ends the rows with a fault.
    """
    codec, _, mark = encoding_of(head, encoding)
    stream.read(mark)
    errors = "replace" if codec.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(stream, encoding=codec, errors=errors, newline="")
    lines = _Lines(text)
    number = 0
    try:
        while (line := lines.take()) is not None:
            number += 1
            if line == "":
                yield RawRow(number, fault=ROW_TOO_LONG.at(limit=MOST_TEXT))
            elif line.strip("\r\n"):
                yield _row(number, line, lines, separator, quote)
    except LienthongError as error:
        yield RawRow(number + 1, fault=error)
    finally:
        if not stream.closed:
            text.detach()


def _row(number: int, line: str, lines: _Lines, separator: str, quote: str) -> RawRow:
    cells = split(line, separator, quote)
    more: list[str] = []
    length = len(line)
    while cells is None:
        added = lines.take()
        length += len(added or "")
        if not added or len(more) >= MOST_LINES or length > MOST_TEXT:
            if added is not None:
                more.append(added)
            lines.give_back(more)
            return RawRow(number, fault=QUOTE_OPEN.at())
        more.append(added)
        # Only a line with a quote can close the cell: a long open cell costs no more than its length.
        if quote in added:
            cells = split(line + "".join(more), separator, quote)
    return RawRow(number, tuple(cells))


def split(line: str, separator: str, quote: str) -> list[str] | None:
    """The cells of a row (RFC 4180), or None where a quote is open at its end.

    A quote counts only at the beginning of a cell; what follows a closing quote is taken as it is.
    """
    line = line.rstrip("\r\n") if not quote or quote not in line else line.removesuffix("\n").removesuffix("\r")
    if not quote or quote not in line:
        return line.split(separator)
    cells: list[str] = []
    at = 0
    while True:
        if line.startswith(quote, at):
            begin = at = at + 1
            while True:
                at = line.find(quote, at)
                if at < 0:
                    return None
                if not line.startswith(quote, at + 1):
                    break
                at += 2
            cell = line[begin:at].replace(quote * 2, quote)
            end = line.find(separator, at + 1)
            cells.append(cell + line[at + 1 : end if end >= 0 else len(line)])
        else:
            end = line.find(separator, at)
            cells.append(line[at : end if end >= 0 else len(line)])
        if end < 0:
            return cells
        at = end + len(separator)


class _Lines:
    """Lines of bounded length that can be given back; "" stands for one that is too long."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._waiting: deque[str] = deque()

    def take(self) -> str | None:
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(MOST_TEXT + 1)
        if not line:
            return None
        if len(line) <= MOST_TEXT:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(1 << 20)
        return ""

    def give_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))
