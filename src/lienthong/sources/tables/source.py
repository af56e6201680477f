"""Reads tables, CSV and Excel, by the mappings of the node: each row becomes one record, or is quarantined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from io import BufferedReader
from itertools import chain
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.settings import Settings
from lienthong.core.text import nfc
from lienthong.sources.container import HEAD, is_workbook
from lienthong.sources.converted import Converted, LeftOut
from lienthong.sources.neighbours import Neighbours
from lienthong.sources.tables.conversion import Held, Layout, Rows, laid_out
from lienthong.sources.tables.language import Lookup, Mapped, Table, compile_mapping
from lienthong.sources.tables.letters import LETTERS
from lienthong.sources.tables.lookups import held_of
from lienthong.sources.tables.rows import RawRow
from lienthong.sources.tables.separated import ENCODINGS, encoding_of, read_rows
from lienthong.sources.tables.template import Values
from lienthong.sources.tables.workbook import Workbook, is_packed, open_workbook

__all__ = ["SOURCE", "TablesSource", "mapping_of", "marked", "no_table", "rows_of", "shipped"]

NO_MAPPING = ErrorKind(
    "tables-no-mapping",
    Category.UNREADABLE,
    what="This is a table, and no mapping says what its columns mean.",
    allowed="A table whose name fits a pattern under `files` of a mapping.",
    cure="Draft a mapping with `lienthong map propose FILE`, look it over, and ingest again with --mapping.",
)
DRAFT = ErrorKind(
    "tables-mapping-draft",
    Category.UNREADABLE,
    what="The mapping of this table is a draft: nobody has said that its proposals are right ({mapping}).",
    allowed="A mapping without `draft: true`.",
    cure="Look at every column, run `lienthong map test`, take out the line `draft: true`, then ingest again.",
)
TWO_MAPPINGS = ErrorKind(
    "tables-mapping-two",
    Category.UNREADABLE,
    what="Several mappings of this node fit the name of this table ({names}).",
    allowed="One mapping for a file.",
    cure="Name the one with --mapping, or narrow the patterns under `files`.",
)
EMPTY = ErrorKind(
    "tables-empty",
    Category.UNREADABLE,
    what="The table has no header row: it is empty or ends before row {row}.",
    allowed="A header row at the row that the mapping names (`header`, by default 1).",
    cure="Export it again, or correct `header` in the mapping; a file without a header row has `header: 0`.",
)
KEPT_ONLY = ErrorKind(
    "tables-lookup-apart",
    Category.UNREADABLE,
    what="The mapping looks into other tables, and they are not among the kept files that came with this one.",
    allowed="The file in its folder or archive, beside the tables that the mapping's lookups name.",
    cure="Ingest the folder again, all tables of the export together: what lies in quarantine is then taken up.",
)

MOST_KEYS = 1_000_000
_ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".psv")
_RULE = Rule("tables-mapping", "The mapping of the table", "docs/tables.md")
_MAPPINGS = Path(__file__).parent / "mappings"


@cache
def shipped() -> dict[str, str]:
    """The mappings that come with Lienthong, by name."""
    return {path.stem: path.read_text("utf-8") for path in sorted(_MAPPINGS.glob("*.yaml"))}


def mapping_of(name: str, settings: Settings) -> tuple[Mapped, list[Table]] | None:
    """The mapping of the settings that has tables in a file of this name, and these tables; None without one."""
    fitting: list[tuple[Mapped, list[Table]]] = []
    for mapping in _compiled(settings):
        tables = [table for table in mapping.tables if table.holds(name)]
        if tables and not mapping.ignores(name):
            fitting.append((mapping, tables))
    if len(fitting) > 1:
        raise TWO_MAPPINGS.at(name, names=", ".join(mapping.name for mapping, _ in fitting))
    return fitting[0] if fitting else None


def no_table(name: str, settings: Settings) -> LeftOut | None:
    """Why a file without a mapping is no table at all: a mapping says so, or it is prose."""
    ignoring = next((mapping.name for mapping in _compiled(settings) if mapping.ignores(name)), "")
    if ignoring:
        return LeftOut(name, f"the mapping {ignoring} says that it is none of its tables")
    return LeftOut(name, "text, no export") if name.lower().removesuffix(".gz").endswith(".txt") else None


def _compiled(settings: Settings) -> list[Mapped]:
    return [compile_mapping(text, file, settings.offset) for file, text in settings.mappings.items()]


@dataclass(frozen=True, slots=True)
class TablesSource:
    """CSV and Excel by a mapping (a `Source` that may look beside the file)."""

    name: str = "tables"

    def recognise(self, head: bytes, name: str) -> bool:
        """By its name, and for a workbook by its first bytes: what the columns mean only a mapping says."""
        base = name.lower().removesuffix(".gz")
        return base.endswith(_ENDINGS) or (is_workbook(base) and (is_packed(head) or not head.strip()))

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """One record a row, with no other table to look into."""
        yield from self.convert_beside(
            stream, name=name, sha256=sha256, settings=settings, source=source, neighbours=Neighbours()
        )

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
        """One record a row; lookups read the other tables of the export."""
        found = mapping_of(name, settings)
        if found is None:
            why = "a table without a mapping; `lienthong map propose` drafts one"
            yield no_table(name, settings) or LeftOut(name, why, NO_MAPPING.at(name))
            return
        mapping, tables = found
        if mapping.is_draft:
            raise DRAFT.at(name, mapping=mapping.name)
        label = source or mapping.source or settings.source
        workbook = open_workbook(stream, settings.max_file_bytes) if is_packed(stream.peek(8)) else None
        for each in tables if workbook else tables[:1]:
            table = each if workbook else marked(each, stream.peek(4)[:4])
            rows = workbook.rows(table.sheet) if workbook else _separated(stream, table)
            yield from _Table(mapping, table, label, name, sha256, settings, neighbours).records(
                rows, is_ragged=workbook is not None
            )


def marked(table: Table, head: bytes) -> Table:
    """The table as a file's byte order mark says: the letters of an old encoding are none of a Unicode file."""
    old = LETTERS[ENCODINGS[table.encoding][1]]
    if old is nfc or encoding_of(head, table.encoding)[1] != "unicode" or table.letters is not old:
        return table
    columns = tuple(replace(each, letters=nfc) if each.letters is old else each for each in table.columns)
    return replace(table, letters=nfc, columns=columns)


def _separated(stream: BufferedReader, table: Table) -> Iterator[RawRow]:
    return read_rows(
        stream, stream.peek(HEAD)[:4], encoding=table.encoding, separator=table.separator, quote=table.quote
    )


def rows_of(table: Table, head: bytes, stream: BufferedReader, limit: int) -> tuple[Iterator[RawRow], bool]:
    """The rows of a table in a file, and whether it is a workbook, whose rows may be of any width."""
    if is_packed(head):
        workbook: Workbook = open_workbook(stream, limit)
        return workbook.rows(table.sheet), True
    return _separated(stream, table), False


@dataclass(slots=True)
class _Table:
    """One table of one file on its way."""

    mapping: Mapped
    table: Table
    source: str
    file: str
    sha256: str
    settings: Settings
    neighbours: Neighbours
    notes: list[Finding] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)

    def records(self, rows: Iterator[RawRow], *, is_ragged: bool) -> Iterator[Converted]:
        layout, first = self._layout(rows)
        names = {column.lookup for column in self.table.columns if column.lookup}
        if names and self.neighbours.is_kept and not self.neighbours.kept:
            raise KEPT_ONLY.at(self.file)
        held = {name: self._held(self.mapping.lookups[name]) for name in sorted(names)}
        if layout.unmapped:
            self._note(
                Severity.INFORMATION,
                "tables-column-unmapped",
                f"{layout.unmapped} columns of the table are not mapped; they stand only in the kept file.",
                "Map them where they are needed.",
            )
        prefix = f"{self.table.sheet} " if self.table.sheet else ""
        converter = Rows(
            self.mapping, self.table, self.source, self.file, self.sha256, layout, held, prefix, is_ragged
        )
        converter.notes = self.notes
        for row in chain(first, rows):
            yield self._counted(converter.convert(row), row)

    def _layout(self, rows: Iterator[RawRow]) -> tuple[Layout, list[RawRow]]:
        """The layout by the header row; without one, the first row tells the width and is the first record."""
        for row in rows:
            if row.fault is not None:
                raise row.fault
            if self.table.header == 0:
                return laid_out(self.table, row.cells), [row]
            if row.number >= self.table.header:
                return laid_out(self.table, [self.table.letters(cell) for cell in row.cells]), []
        raise EMPTY.at(self.file, row=max(self.table.header, 1))

    def _held(self, lookup: Lookup) -> Held:
        """The rows of another table by key: of every file beside this one that holds it."""
        other = self.mapping.table(lookup.table)
        assert other is not None
        wanted = {column.found for column in self.table.columns if column.lookup == lookup.name}
        there: list[bool] = []

        def rows() -> Iterator[Values | None]:
            limit = self.settings.max_file_bytes
            for head, stream in self.neighbours.files(self.file, other.holds, limit):
                there.append(True)
                found, is_ragged = rows_of(other, head, stream, limit)
                looked = other if is_ragged else marked(other, head)
                reader = _Table(self.mapping, looked, self.source, self.file, "", self.settings, Neighbours())
                layout, first = reader._layout(found)
                converter = Rows(self.mapping, looked, self.source, self.file, "", layout, {}, "", is_ragged)
                for row in chain(first, found):
                    yield converter.looked_at(row)

        held = held_of(lookup, rows(), wanted, self.file)
        if not there and self.neighbours.is_kept:
            raise KEPT_ONLY.at(self.file)
        if not there:
            self._note(
                Severity.WARNING,
                "tables-lookup-missing",
                f"The table `{lookup.table}`, which the mapping looks into, does not lie beside this file.",
                "Ingest the whole export together.",
            )
        return held

    def _counted(self, item: Converted, row: RawRow) -> Converted:
        """Notes a key that an earlier row has with other cells; the first million keys of a file are watched."""
        own = next((f"{body['resourceType']}/{body['id']}" for body in item.resources[:1]), "")
        if not own or len(self._seen) >= MOST_KEYS:
            return item
        before = self._seen.setdefault(hash(own), hash(row.cells))
        if before == hash(row.cells) or self.table.resources[0].key.columns != self.table.key.columns:
            return item
        place = Place(self.file, item.origin.record, self.table.name, str(row.number))
        finding = Finding(
            Severity.WARNING,
            "tables-key-twice",
            "An earlier row of the table has the same key and other cells; this one counts as the newer version.",
            place,
            _RULE,
            "Give the table a key that tells its rows apart.",
        )
        return Converted(item.origin, item.resources, (*item.findings, finding), item.rejected)

    def _note(self, severity: Severity, code: str, message: str, cure: str) -> None:
        place = Place(self.file, "", self.table.name)
        self.notes.append(Finding(severity, code, message, place, _RULE, cure))


SOURCE = TablesSource()
