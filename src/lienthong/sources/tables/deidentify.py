"""Makes tables showable: CSV and Excel by the mapping that reads them, else by headers that are surely known.

A table is written anew, its columns by `deidentify.toml`; a column that nothing speaks of is left out. CSV keeps its
separator and comes out in UTF-8; Excel comes out as .xlsx without its formulas, notes and other sheets.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import BufferedReader
from itertools import chain, islice
from typing import Any, BinaryIO

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.core.text import nfc
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.container import HEAD
from lienthong.sources.converted import LeftOut, rejection
from lienthong.sources.tables import plan
from lienthong.sources.tables.conversion import OTHER_WIDTH
from lienthong.sources.tables.language import Mapped, Table
from lienthong.sources.tables.letters import LETTERS
from lienthong.sources.tables.propose import header_row
from lienthong.sources.tables.rows import RawRow
from lienthong.sources.tables.separated import read_rows
from lienthong.sources.tables.showable import Showing
from lienthong.sources.tables.sniff import MOST_ROWS, sniff
from lienthong.sources.tables.source import DRAFT, EMPTY, mapping_of, marked, no_table
from lienthong.sources.tables.workbook import Workbook, is_packed, open_workbook
from lienthong.sources.tables.written import Book, Separated, Sink

__all__ = ["TablesDeidentifier"]

UNKNOWN = ErrorKind(
    "deidentify-table-unknown",
    Category.UNREADABLE,
    what="No mapping says what the columns of this table mean, and too few headers are known; it is not copied.",
    allowed="A table with a mapping, or one whose header row has at least two known names, e.g. `Mã bệnh nhân`.",
    cure="Draft a mapping with `lienthong map propose FILE`, look it over, and give it with --mapping.",
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One table of a file: its rows after the header, and how it is written."""

    name: str
    showing: Showing
    rows: Iterator[RawRow]
    header: int
    may_be_short: bool


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that was opened: its tables, how a CSV is written (None: a workbook), how many sheets are not copied."""

    sheets: Iterator[_Sheet]
    marks: tuple[str, str, bool] | None
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class TablesDeidentifier:
    """CSV and Excel (a `Deidentifier` that says how a copy is named)."""

    ending: str = ".csv"

    def named(self, name: str, number: int, settings: Settings) -> str:
        """The name by which the mapping finds the copy: that of its pattern, a number in the place of each `*`."""
        base = nfc(name.rpartition("/")[2])
        ending = ".xlsx" if base.casefold().removesuffix(".gz").endswith((".xlsx", ".xlsm")) else ""
        found = mapping_of(name, settings)
        for table in found[1] if found else ():
            for pattern in table.files:
                new = nfc(pattern).replace("*", f"{number:04d}").replace("?", "0")
                fits = fnmatchcase(base.casefold().removesuffix(".gz"), nfc(pattern).casefold())
                if fits and table.holds(new) and "/" not in new and new.casefold().endswith(ending):
                    return new
        return f"{number:04d}{ending or self.ending}"

    def learn(
        self, stream: BufferedReader, *, name: str, settings: Settings, circles: Circles, this_year: int
    ) -> Iterator[None]:
        """Who is in each row."""
        opened = _opened(stream, name, settings)
        if isinstance(opened, LeftOut):
            return
        for sheet in opened.sheets:
            for row in sheet.rows:
                if row.fault is None and sheet.showing.is_whole(row, may_be_short=sheet.may_be_short):
                    sheet.showing.learn(row, circles, this_year)
                yield None

    def rewrite(
        self, stream: BufferedReader, out: BinaryIO, *, name: str, settings: Settings, replacer: Replacer
    ) -> Iterator[Finding | LeftOut | None]:
        """Each row whose cells are surely those of its columns."""
        opened = _opened(stream, name, settings)
        if isinstance(opened, LeftOut):
            yield opened
            return
        separator, quote, mark = opened.marks or ("", "", False)
        sink: Sink = Separated(out, separator, quote, mark=mark) if opened.marks else Book(out)
        replacer.tally.update({"unknown-sheet": opened.unknown} if opened.unknown else {})
        for sheet in opened.sheets:
            sink.sheet(sheet.name, max(sheet.header - 1, 0))
            replacer.not_copied += sheet.showing.plan.dropped
            if sheet.header:
                sink.row(sheet.showing.header())
            for row in sheet.rows:
                record = f"{sheet.name} row {row.number}".strip()
                if row.fault is not None:
                    yield rejection(row.fault, file=name, record=record)
                elif not sheet.showing.is_whole(row, may_be_short=sheet.may_be_short):
                    fault = OTHER_WIDTH.at(count=len(row.cells), width=sheet.showing.plan.all)
                    yield rejection(fault, file=name, record=record)
                else:
                    sink.row(sheet.showing.shown(row, replacer))
                    yield None
        sink.close()


def _opened(stream: BufferedReader, name: str, settings: Settings) -> _Opened | LeftOut:
    head = stream.peek(HEAD)[:HEAD]
    found = mapping_of(name, settings)
    if found is None and (left_out := no_table(name, settings)) is not None:
        return left_out
    workbook = open_workbook(stream, settings.max_file_bytes) if is_packed(head) else None
    if found is not None:
        mapping, tables = found
        if mapping.is_draft:
            raise DRAFT.at(name, mapping=mapping.name)
        if workbook is not None:
            read = {table.sheet or next(iter(workbook.sheets)) for table in tables}
            first = sorted(tables, key=lambda table: table.sheet != "")
            return _Opened(_mapped_sheets(mapping, first, workbook, name), None, len(workbook.sheets.keys() - read))
        table = marked(tables[0], head[:4])
        rows = read_rows(stream, head[:4], encoding=table.encoding, separator=table.separator, quote=table.quote)
        marks = (table.separator, table.quote, table.encoding != "utf-8")
        return _Opened(iter([_mapped(mapping, table, rows, name, is_ragged=False)]), marks)
    if workbook is not None:
        guessed = [sheet for each in workbook.sheets if (sheet := _guessed_sheet(workbook, each)) is not None]
        if not guessed:
            raise UNKNOWN.at(name)
        return _Opened(iter(guessed), None, len(workbook.sheets) - len(guessed))
    return _guessed(stream, head, name)


def _mapped_sheets(mapping: Mapped, tables: list[Table], workbook: Workbook, name: str) -> Iterator[_Sheet]:
    for table in tables:
        yield _mapped(mapping, table, workbook.rows(table.sheet), name, is_ragged=True)


def _mapped(mapping: Mapped, table: Table, rows: Iterator[RawRow], name: str, *, is_ragged: bool) -> _Sheet:
    """A table by its mapping; its header row is found as ingest finds it."""
    for row in rows:
        if row.fault is not None:
            raise row.fault
        if table.header == 0 or row.number >= table.header:
            names = [table.letters(cell) for cell in row.cells]
            made = plan.mapped(mapping, table, row.cells if table.header == 0 else names)
            rest = chain([row], rows) if table.header == 0 else rows
            return _Sheet(table.sheet, Showing(made), rest, table.header, table.short_rows or is_ragged)
    raise EMPTY.at(name, row=max(table.header, 1))


def _guessed_sheet(workbook: Workbook, name: str) -> _Sheet | None:
    """A sheet of a workbook by its headers; its own name may name somebody and goes."""
    first = [row for row in islice(workbook.rows(name), MOST_ROWS) if row.fault is None]
    texts = [tuple(nfc(str(cell)) for cell in row.cells) for row in first]
    number = header_row(texts) if texts else 0
    made = plan.guessed(texts[number - 1], texts[number:], "unicode") if texts else None
    if made is None:
        return None
    header = first[number - 1].number
    rows = (row for row in workbook.rows(name) if row.number > header)
    return _Sheet("", Showing(made), rows, 1, True)


def _guessed(stream: BufferedReader, head: bytes, name: str) -> _Opened:
    """A CSV by its headers."""
    cut = head.rfind(b"\n") + 1 if len(head) == HEAD else 0  # a letter may end beyond the head
    bare: Any = io.BytesIO(head[:cut] if cut else head)
    seen = sniff(io.BufferedReader(bare))
    number = header_row(seen.rows) if seen.rows else 0
    made = plan.guessed(seen.rows[number - 1], seen.rows[number:], seen.letters) if seen.rows else None
    if made is None:
        raise UNKNOWN.at(name)
    letters = LETTERS[seen.letters]
    rows = read_rows(stream, head[:4], encoding=seen.encoding, separator=seen.separator, quote='"')
    wanted = [nfc(letters(cell)) for cell in seen.rows[number - 1]]
    for row in rows:  # up to the header row
        if row.fault is None and [nfc(letters(cell)) for cell in row.cells] == wanted:
            break
    mark = head.startswith(b"\xef\xbb\xbf") or seen.encoding != "utf-8"
    return _Opened(iter([_Sheet("", Showing(made), rows, 1, False)]), (seen.separator, '"', mark))
