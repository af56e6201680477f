"""One row becomes resources: its cells read as the mapping says, its faults noted, the place of each cell kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.origin import Origin
from lienthong.core.text import fold, nfc
from lienthong.sources.converted import Converted, rejection
from lienthong.sources.tables.cells import WRONG, is_text
from lienthong.sources.tables.language import Column, Mapped, Resource, Table
from lienthong.sources.tables.rows import Plain, RawRow
from lienthong.sources.tables.template import Values

__all__ = ["Held", "Layout", "Rows", "laid_out"]

Held = Mapping[str, tuple[Mapping[str, str], frozenset[str]]]
"""A lookup: a row's cells by key as they were written, and the columns in which other rows of the key differ."""

NO_COLUMN = ErrorKind(
    "tables-column-missing",
    Category.UNREADABLE,
    what="The table has no column {names}.",
    allowed="Every column of the mapping that is not `optional`, named as in the file's header row, each once.",
    cure="Compare the header row with the mapping: its row, its separator, its encoding; then correct the mapping.",
)
NO_KEY = ErrorKind(
    "tables-key-missing",
    Category.UNREADABLE,
    what="The row has no key: one of its key columns is blank or can't be read.",
    allowed="A row with all columns of the table's key ({columns}).",
    cure="Fill it in the hospital's system and export again, or choose another key in the mapping.",
)
REQUIRED = ErrorKind(
    "tables-required-missing",
    Category.UNREADABLE,
    what="The row lacks what the mapping requires, or it can't be read.",
    allowed="A row with the column {column}.",
    cure="Fill it in the hospital's system and export again, or drop `required` in the mapping.",
)
OTHER_WIDTH = ErrorKind(
    "tables-row-width",
    Category.UNREADABLE,
    what="The row has {count} cells and the header {width}, so nobody knows which cell is which.",
    allowed="Rows as wide as the header row; with `short_rows: true` they may lack their last cells.",
    cure="Put cells that hold a separator or a line break into quotes, and export again.",
)

_RULE = Rule("tables-mapping", "The mapping of the table", "docs/tables.md")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each column of the mapping stands in one file (None: it has none), and how many it does not map."""

    places: tuple[tuple[Column, int | None], ...]
    width: int
    unmapped: int


def laid_out(table: Table, header: Sequence[str]) -> Layout:
    """The layout of a file by its header row; `tables-column-missing` where a column stands nowhere or twice."""
    names = [_name(cell) for cell in header]
    places: list[tuple[Column, int | None]] = []
    missing: list[str] = []
    for column in table.columns:
        if column.lookup:
            continue
        at: int | None = None
        if column.position:
            at = column.position - 1
        elif names.count(_name(column.header)) == 1:
            at = names.index(_name(column.header))
        elif _name(column.header) in names or not column.optional:
            missing.append(column.header)
        places.append((column, at))
    if missing:
        raise NO_COLUMN.at(names=", ".join(missing))
    mapped = {at for _, at in places if at is not None}
    unmapped = sum(1 for number, name in enumerate(names) if name and number not in mapped) if table.header else 0
    return Layout(tuple(places), len(header), unmapped)


def _name(cell: str) -> str:
    return " ".join(nfc(cell).split()).casefold()


@dataclass(slots=True)
class Rows:
    """Converts the rows of one table of one file; `prefix` stands before the row's number where a sheet is named."""

    mapping: Mapped
    table: Table
    source: str
    file: str
    sha256: str
    layout: Layout
    held: Mapping[str, Held]
    prefix: str = ""
    is_ragged: bool = False
    notes: list[Finding] = field(default_factory=list)
    _headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._headers = {column.name: column.header or column.name for column in self.table.columns}

    def convert(self, row: RawRow) -> Converted:
        """The record of a row; what is wrong with it is its own."""
        record = f"{self.prefix}row {row.number}"
        if row.fault is not None:
            return self.rejected(record, row, row.fault)
        count = len(row.cells)
        extra = any(cell.strip() for cell in row.cells[self.layout.width :])
        if extra or (count < self.layout.width and not (self.table.short_rows or self.is_ragged)):
            return self.rejected(record, row, OTHER_WIDTH.at(count=count, width=self.layout.width))
        findings: list[Finding] = self.notes
        self.notes = []
        values = self.read(row, record, findings)
        if isinstance(values, LienthongError):
            return self.rejected(record, row, values, findings)
        if self.table.key.give(values) is None:
            names = ", ".join(sorted(self._headers[name] for name in self.table.key.columns))
            return self.rejected(record, row, NO_KEY.at(columns=names), findings)
        return self._record(values, row, record, findings)

    def looked_at(self, row: RawRow) -> Values | None:
        """The cells of a row for a lookup; its faults are told where its own table is read."""
        if row.fault is not None:
            return None
        raw: dict[str, str] = {}
        for column, at in self.layout.places:
            cell = row.cells[at] if at is not None and at < len(row.cells) else ""
            text = str(cell) if isinstance(cell, Plain) else nfc(column.letters(cell)).strip()
            raw[column.name] = text if is_text(text) and text not in column.blank else ""
        return Values(self.source, raw, {name: text or None for name, text in raw.items()})

    def read(self, row: RawRow, record: str, findings: list[Finding]) -> Values | LienthongError:
        """The cells of a row as values, looked up ones too; the error where a required one is not there."""
        raw: dict[str, str] = {}
        typed: dict[str, Any] = {}
        values = Values(self.source, raw, typed)
        for column, at in self.layout.places:
            cell = row.cells[at] if at is not None and at < len(row.cells) else ""
            typed[column.name] = self._cell(column, cell, raw, row, record, findings)
            if column.required and typed[column.name] in (None, WRONG):
                return REQUIRED.at(column=column.header)
        for column in self.table.columns:
            if column.lookup:
                typed[column.name] = self._looked_up(column, values, row, record, findings)
                if column.required and typed[column.name] in (None, WRONG):
                    return REQUIRED.at(column=column.name)
        return values

    def _cell(
        self, column: Column, cell: str, raw: dict[str, str], row: RawRow, record: str, findings: list[Finding]
    ) -> Any:
        if not isinstance(cell, Plain):
            cell = nfc(column.letters(cell)).strip() if not cell.isascii() else column.letters(cell).strip()
        raw[column.name] = str(cell)
        if not cell or cell in column.blank:
            raw[column.name] = ""
            return None
        if not is_text(cell):
            raw[column.name] = ""
            self._note(
                findings, Severity.ERROR, "tables-cell-unreadable", row, record, column,
                "The cell holds no readable text (other bytes than its encoding has, or an error of Excel);"
                " it is left out.",
                "Look at `encoding` in the mapping, or correct the cell.",
            )  # fmt: skip
            return WRONG
        if not column.split:
            return self._typed(column, cell, row, record, findings)
        items = [item.strip() for item in cell.split(column.split)]
        found = [self._typed(column, item, row, record, findings) for item in items if item]
        return [item for item in found if item not in (None, WRONG)] or None

    def _typed(self, column: Column, cell: str, row: RawRow, record: str, findings: list[Finding]) -> Any:
        if column.entries is not None:
            found = column.entries.get(fold(cell) if column.folded else cell)
            if found is None and column.otherwise is None:
                self._note(
                    findings, Severity.WARNING, "tables-code-unmapped", row, record, column,
                    "The map of this column has no entry for the cell, so it is left out.",
                    "Add it to the map, or give the map an `otherwise`.",
                )  # fmt: skip
                return WRONG
            return column.otherwise if found is None else found
        value = column.read(cell)
        if value is WRONG and not column.wrong_is_text:
            self._note(
                findings, Severity.ERROR, "tables-cell-wrong", row, record, column,
                "The cell is not of the form that the mapping says, so it is left out.",
                "Correct the cell, or the column's type and format in the mapping.",
            )  # fmt: skip
        return str(value) if isinstance(value, Plain) else value

    def _looked_up(self, column: Column, values: Values, row: RawRow, record: str, findings: list[Finding]) -> Any:
        assert column.key is not None
        key = column.key.give(values)
        found = self.held[column.lookup].get(key) if key is not None else None
        if found is None:
            values.raw[column.name] = ""  # type: ignore[index]
            return None
        cells, differing = found
        if column.found in differing:
            self._note(
                findings, Severity.WARNING, "tables-lookup-twice", row, record, column,
                "Several rows of the other table have this key; the first one is taken.",
                "Narrow the lookup with `where`, or give it more key columns.",
            )  # fmt: skip
        text = cells[column.found]
        values.raw[column.name] = text  # type: ignore[index]
        other = self.mapping.table(self.mapping.lookups[column.lookup].table)
        theirs = next(each for each in other.columns if each.name == column.found) if other else None
        if not text or theirs is None:
            return None
        value = theirs.entries.get(text, theirs.otherwise) if theirs.entries is not None else theirs.read(text)
        return str(value) if isinstance(value, Plain) else value

    def _record(self, values: Values, row: RawRow, record: str, findings: list[Finding]) -> Converted:
        resources: dict[str, dict[str, Any]] = {}
        places: dict[str, str] = {}
        for resource in self.table.resources:
            if resource.when is not None and not resource.when(values):
                continue
            for one in self._repeated(resource, values):
                self._add(resource, one, row, record, resources, places, findings)
        if not resources:
            self._note(
                findings, Severity.INFORMATION, "tables-row-nothing", row, record, None,
                "By the conditions of the mapping no resource is made of this row; it stands in the kept file.", "",
            )  # fmt: skip
        origin = Origin(self.source, self.file, self.sha256, record, MappingProxyType(places))
        return Converted(origin, tuple(resources.values()), tuple(findings))

    def _repeated(self, resource: Resource, values: Values) -> list[Values]:
        if not resource.repeat:
            return [values]
        items = values.typed.get(resource.repeat)
        if not isinstance(items, list):
            return []
        return [Values(values.source, values.raw, values.typed, item) for item in items]

    def _add(
        self, resource: Resource, values: Values, row: RawRow, record: str,
        resources: dict[str, dict[str, Any]], places: dict[str, str], findings: list[Finding],
    ) -> None:  # fmt: skip
        key = resource.key.give(values)
        if key is None:
            self._note(
                findings, Severity.WARNING, "tables-resource-key-missing", row, record, None,
                f"A key column of the {resource.type} is blank, so the row makes none.",
                "Fill it, or say with `when` in which rows there is none.",
            )  # fmt: skip
            return
        number = resource_id(self.source, resource.type, key)
        name = f"{resource.type}/{number}"
        body: dict[str, Any] = {"resourceType": resource.type, "id": number}
        at = f"{self.table.name}[{row.number}]"
        places[name] = at
        places[f"{name}#mapping"] = self.mapping.title
        for member, part in resource.members:
            value = part.give(values)
            if value is None:
                continue
            body[member] = value
            if part.columns:
                places[f"{name}#{member}"] = f"{at}." + ",".join(
                    sorted(self._headers.get(column, column) for column in part.columns)
                )
        if resource.has_identifier:
            own = {"system": key_system(self.source, resource.type), "value": key}
            body["identifier"] = [*body.get("identifier", ()), own]
        resources[name] = body

    def rejected(
        self, record: str, row: RawRow, error: LienthongError, findings: Sequence[Finding] = ()
    ) -> Converted:
        """The record of a row that can't be converted, with its reason and place."""
        place = {"file": self.file, "record": record, "table": self.table.name, "row": str(row.number)}
        finding = rejection(error, **place)
        return Converted(Origin(self.source, self.file, self.sha256, record), (), tuple(findings), finding)

    def _note(
        self, findings: list[Finding], severity: Severity, code: str, row: RawRow, record: str,
        column: Column | None, message: str, cure: str,
    ) -> None:  # fmt: skip
        header = (column.header or column.name) if column else ""
        place = Place(self.file, record, self.table.name, str(row.number), header)
        findings.append(Finding(severity, code, message, place, _RULE, cure))
