"""Writes the rows of a showable copy: as CSV in UTF-8 with the marks of the file, or as an Excel workbook.

A cell that a spreadsheet would run as a formula is written as text: in CSV with a `'` before it, in Excel as such.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, Protocol

import xlsxwriter

from lienthong.sources.tables.rows import Plain

__all__ = ["Book", "Separated", "Sink"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[., ][0-9]+)*")
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,14})?")
_MOST_TEXT = 32_767  # characters of a cell of Excel


class Sink(Protocol):
    """Where rows go; `sheet` begins a table, which has `before` rows before its header."""

    def sheet(self, name: str, before: int, /) -> None: ...

    def row(self, cells: Sequence[str]) -> None: ...

    def close(self) -> None: ...


class Separated:
    """CSV and its kin. `mark`: a byte order mark, which tells a reader that an old encoding is none any more."""

    def __init__(self, out: BinaryIO, separator: str, quote: str, *, mark: bool) -> None:
        self._out = out
        self._separator = separator
        self._quote = quote
        if mark:
            out.write(codecs.BOM_UTF8)

    def sheet(self, _name: str, before: int) -> None:
        self._out.write(b"\r\n" * before)

    def row(self, cells: Sequence[str]) -> None:
        line = self._separator.join(map(self._cell, cells))
        if not line and self._quote:
            line = self._quote * 2  # a blank line would be none
        self._out.write(f"{line}\r\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Nothing is left to be written."""

    def _cell(self, cell: str) -> str:
        if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
            cell = f"'{cell}"
        marks = (self._separator, "\n", "\r")
        if not self._quote:
            return " ".join(re.split("|".join(map(re.escape, marks)), cell))
        if self._quote not in cell and not any(mark in cell for mark in marks):
            return cell
        return self._quote + cell.replace(self._quote, self._quote * 2) + self._quote


class Book:
    """A workbook: text as text, what was a number or a date as one."""

    def __init__(self, out: BinaryIO) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book: Any = xlsxwriter.Workbook(out, options)
        self._book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - a workbook's time has no zone
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._names: set[str] = set()
        self._sheet: Any = None
        self._at = 0

    def sheet(self, name: str, before: int) -> None:
        number = 1
        while not name or name.casefold() in self._names:
            name, number = f"Sheet{number}", number + 1
        self._names.add(name.casefold())
        self._sheet, self._at = self._book.add_worksheet(name), before

    def row(self, cells: Sequence[str]) -> None:
        for at, cell in enumerate(cells):
            if cell:
                self._write(at, cell)
        self._at += 1

    def close(self) -> None:
        if self._sheet is None:
            self.sheet("", 0)
        self._book.close()

    def _write(self, at: int, cell: str) -> None:
        if isinstance(cell, Plain):
            if cell in ("true", "false"):
                self._sheet.write_boolean(self._at, at, cell == "true")
                return
            if _PLAIN_NUMBER.fullmatch(cell):
                self._sheet.write_number(self._at, at, float(cell))
                return
            try:
                moment = datetime.fromisoformat(cell)
                style = self._moment if len(cell) > len("2000-01-01") else self._day
                self._sheet.write_datetime(self._at, at, moment.replace(tzinfo=None), style)
                return
            except ValueError:
                pass
        self._sheet.write_string(self._at, at, cell[:_MOST_TEXT])
