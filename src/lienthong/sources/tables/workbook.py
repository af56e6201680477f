"""Reads Excel workbooks (.xlsx, .xlsm) row by row: the values that are kept, never a formula, in bounded memory.

Our own small reader, because a workbook may be hostile (docs/decisions/015-tables.md): a library that lays a sheet
out as a grid is ended by two far cells. Entities and the network are off; what is unpacked is counted as it comes.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BufferedReader
from math import isfinite
from typing import IO, Any

from lxml import etree

from lienthong.core.errors import Category, ErrorKind
from lienthong.sources.container import Budget, buffered
from lienthong.sources.tables.rows import Plain, RawRow

__all__ = ["Workbook", "is_packed", "open_workbook"]

MOST_PACKED = 128 << 20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_SHARED = 64 << 20
"""Characters of all shared texts; they are held in memory while a sheet is read."""

NO_WORKBOOK = ErrorKind(
    "tables-workbook-broken",
    Category.UNREADABLE,
    what="The workbook can't be read: {why}.",
    allowed="A whole .xlsx or .xlsm file without a password, of at most {limit} MiB.",
    cure="Open it in Excel or LibreOffice, save it again as .xlsx, or save the sheet as CSV in UTF-8.",
)
OLD_WORKBOOK = ErrorKind(
    "tables-workbook-kind",
    Category.UNREADABLE,
    what="This is {kind}, which is not read.",
    allowed="Excel workbooks as .xlsx or .xlsm, and CSV.",
    cure="Open it in Excel or LibreOffice and save it as .xlsx, without a password.",
)
NO_SHEET = ErrorKind(
    "tables-sheet-missing",
    Category.UNREADABLE,
    what="The workbook has no sheet `{name}`, which the mapping names.",
    allowed="{count} sheets are in it.",
    cure="Correct `sheet` in the mapping, or leave it out for the first sheet.",
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?")
_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|_.|\*.', re.IGNORECASE)
_SHORT_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,14})?")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet has no zone
_LAST_DAY = 2_958_465  # 31 December 9999 by 1900's days; its own time is left out, so that no rounding leads beyond
_FAULTS = (
    etree.XMLSyntaxError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
)
_OUR_LIMIT = MOST_PACKED >> 20


def is_packed(head: bytes) -> bool:
    """Whether the first bytes are those of a workbook of any kind."""
    return head.startswith((b"PK\x03\x04", _OLE))


@dataclass(slots=True)
class Workbook:
    """An opened workbook: its sheets by name in their order, its shared texts, and which styles show dates."""

    archive: zipfile.ZipFile
    budget: Budget
    sheets: dict[str, str]
    shared: list[str]
    dates: tuple[bool, ...]
    epoch: datetime

    def rows(self, sheet: str) -> Iterator[RawRow]:
        """The rows of a sheet ("" for the first); rows that hold nothing are left out but counted."""
        if sheet and sheet not in self.sheets:
            raise NO_SHEET.at(name=sheet, count=len(self.sheets))
        number = 0
        try:
            part = self.sheets[sheet] if sheet else next(iter(self.sheets.values()))
            with self.archive.open(part) as packed:
                for row in self._rows(buffered(packed, self.budget)):
                    number = row.number
                    yield row
        except _FAULTS:
            yield RawRow(number + 1, fault=_broken("a sheet is damaged from this row on"))

    def _rows(self, stream: IO[bytes]) -> Iterator[RawRow]:
        number, cells = 0, dict[int, str]()
        for event, element in _parsed(stream, ("start", "end"), ("{*}row", "{*}c")):
            if event == "start":
                if element.tag.endswith("}row") or element.tag == "row":
                    number, cells = _number(element.get("r"), number + 1), {}
                continue
            if element.tag.rpartition("}")[2] == "c":
                column = _column(element.get("r"), max(cells, default=-1) + 1)
                text = self._cell(element)
                if text:
                    cells[column] = text
            elif cells:
                yield RawRow(number, tuple(cells.get(column, "") for column in range(max(cells) + 1)))
                cells = {}
            _drop(element)

    def _cell(self, cell: Any) -> str:
        kind, value = cell.get("t", "n"), ""
        if kind == "inlineStr":
            return "".join(_texts(cell))
        for child in cell:
            if child.tag.rpartition("}")[2] == "v":
                value = child.text or ""
        if kind == "s":
            number = int(value) if value.isdecimal() else -1
            return self.shared[number] if 0 <= number < len(self.shared) else "\ufffd"
        if kind == "str" or not value:
            return value
        if kind == "b":
            return Plain("true" if value.strip() == "1" else "false")
        if kind == "e":
            return "\ufffd"  # an error such as #REF!: no value, so the cell is refused
        if kind == "d":
            return Plain(value) if _ISO_DATE.fullmatch(value) else value
        style = cell.get("s", "0")
        shows_date = style.isdecimal() and int(style) < len(self.dates) and self.dates[int(style)]
        return self._number(value.strip(), shows_date=shows_date)

    def _number(self, text: str, *, shows_date: bool) -> str:
        if _SHORT_NUMBER.fullmatch(text) and not shows_date:
            return Plain(text)
        try:
            number = float(text)
        except ValueError:
            return text
        if not isfinite(number) or (shows_date and not 0 <= number < _LAST_DAY - (self.epoch - _EPOCH).days):
            return "\ufffd"
        if not shows_date:
            # Excel writes binary numbers with 17 digits; the shortest one that is the same is what was typed.
            return Plain(format(Decimal(repr(number)), "f").removesuffix(".0"))
        if number < 1:
            return (self.epoch + timedelta(seconds=round(number * 86_400))).time().isoformat()
        days = number + 1 if number < 60 and self.epoch.year < 1904 else number  # Excel's 29 February 1900
        moment = self.epoch + timedelta(seconds=round(days * 86_400))
        return Plain(moment.date().isoformat() if number == int(number) else moment.isoformat("T", "seconds"))


def open_workbook(stream: BufferedReader, limit: int) -> Workbook:
    """The workbook of a stream; at most `limit` bytes are unpacked. Raises an error of kind UNREADABLE."""
    data = stream.read(MOST_PACKED + 1)
    if len(data) > MOST_PACKED:
        raise _broken("it is too large")
    if data.startswith(_OLE):
        raise OLD_WORKBOOK.at(kind="an Excel file of before 2007 (.xls), or one with a password")
    budget = Budget(limit, max(len(data), 1))
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = set(archive.namelist())
        if "xl/workbook.bin" in names:
            raise OLD_WORKBOOK.at(kind="a binary Excel workbook (.xlsb)")
        if "content.xml" in names and "xl/workbook.xml" not in names:
            raise OLD_WORKBOOK.at(kind="an OpenDocument sheet (.ods)")
        sheets, epoch = _sheets(archive, budget)
        shared = _shared(archive, budget) if "xl/sharedStrings.xml" in names else []
        dates = _dates(archive, budget) if "xl/styles.xml" in names else ()
    except _FAULTS:
        raise _broken("it is no whole workbook") from None
    if not sheets:
        raise _broken("it has no sheet")
    return Workbook(archive, budget, sheets, shared, dates, epoch)


def _broken(why: str) -> Any:
    return NO_WORKBOOK.at(why=why, limit=_OUR_LIMIT)


def _parsed(stream: IO[bytes], events: tuple[str, ...], tags: tuple[str, ...] | None) -> Iterator[tuple[str, Any]]:
    yield from etree.iterparse(
        stream, events=events, tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _drop(element: Any) -> None:
    """Forgets an element and those before it, so that memory stays small."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _part(archive: zipfile.ZipFile, name: str, budget: Budget, *tags: str) -> Iterator[Any]:
    with archive.open(name) as packed:
        for _, element in _parsed(buffered(packed, budget), ("end",), tuple(f"{{*}}{tag}" for tag in tags)):
            yield element
            _drop(element)


def _sheets(archive: zipfile.ZipFile, budget: Budget) -> tuple[dict[str, str], datetime]:
    targets: dict[str, str] = {}
    for element in _part(archive, "xl/_rels/workbook.xml.rels", budget, "Relationship"):
        target = element.get("Target", "")
        targets[element.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    sheets: dict[str, str] = {}
    epoch = _EPOCH
    for element in _part(archive, "xl/workbook.xml", budget, "sheet", "workbookPr"):
        if element.tag.endswith("workbookPr"):
            if element.get("date1904") in ("1", "true"):
                epoch = datetime(1904, 1, 1)  # noqa: DTZ001
            continue
        reference = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
        target = targets.get(reference, "")
        if "/worksheets/" in f"/{target}":  # not a sheet that is a chart
            sheets[element.get("name", "")] = target
    return sheets, epoch


def _shared(archive: zipfile.ZipFile, budget: Budget) -> list[str]:
    found: list[str] = []
    length = 0
    for element in _part(archive, "xl/sharedStrings.xml", budget, "si"):
        text = "".join(_texts(element))
        length += len(text) + 1
        if length > MOST_SHARED:
            raise _broken("its texts are too long")
        found.append(text)
    return found


def _texts(element: Any) -> Iterator[str]:
    """The texts of a cell, but for the reading aids of East Asian scripts."""
    for child in element.iter("{*}t"):
        if child.getparent().tag.rpartition("}")[2] != "rPh":
            yield child.text or ""


def _dates(archive: zipfile.ZipFile, budget: Budget) -> tuple[bool, ...]:
    custom: dict[str, bool] = {}
    styles: list[bool] = []
    with archive.open("xl/styles.xml") as packed:
        for _, element in _parsed(buffered(packed, budget), ("end",), ("{*}numFmt", "{*}cellXfs")):
            if element.tag.endswith("numFmt"):
                code = _QUOTED.sub("", element.get("formatCode", "")).split(";")[0].lower()
                custom[element.get("numFmtId", "")] = code != "general" and bool(set(code) & set("ymdhs"))
            else:
                for style in element:
                    number = style.get("numFmtId", "0")
                    standard = number.isdecimal() and int(number) in _DATE_IDS
                    styles.append(custom.get(number, standard))
    return tuple(styles)


def _number(text: str | None, following: int) -> int:
    number = int(text) if text and text.isdecimal() and len(text) < 9 else following
    if not following <= number <= MOST_ROWS:
        raise ValueError("rows are out of order or beyond what a sheet has")
    return number


def _column(text: str | None, following: int) -> int:
    match = _REFERENCE.fullmatch(text or "")
    column = following
    if match:
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        column -= 1
    if not 0 <= column < MOST_COLUMNS:
        raise ValueError("a column is beyond what a sheet has")
    return column
