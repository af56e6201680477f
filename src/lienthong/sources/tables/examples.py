"""Runs the golden examples of a mapping: rows in, resources expected; what differs is told by its path.

An expected resource has no id and no key of the source: both follow from the key. A reference is written as in the
mapping, `{$reference: Patient, $key: [BN1]}`, with the key itself. Numbers are compared to the digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lienthong import fhir
from lienthong.core.canonical import LexicalDecimal
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.sources.converted import Converted
from lienthong.sources.tables.conversion import Held, Layout, Rows
from lienthong.sources.tables.language import Mapped, Table
from lienthong.sources.tables.lookups import held_of
from lienthong.sources.tables.rows import RawRow
from lienthong.sources.tables.template import joined_key

__all__ = ["Outcome", "Tested", "run_examples"]

NO_EXAMPLES = ErrorKind(
    "tables-examples-missing",
    Category.INCORRECT,
    what="The mapping has no examples to test.",
    allowed="`examples` in the mapping, or in a file beside it that ends in .examples.yaml.",
    cure="Write a row or two of invented people and the resources that you expect; docs/tables.md shows how.",
)

_SOURCE = "example"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One example: its name, and in what the resources differ from what was expected."""

    name: str
    differences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "ok": not self.differences, "differences": list(self.differences)}


@dataclass(frozen=True, slots=True)
class Tested:
    """The examples of a mapping and how they came out."""

    mapping: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> int:
        return sum(bool(outcome.differences) for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        return {
            "mapping": self.mapping,
            "examples": len(self.outcomes),
            "failed": self.failed,
            "results": [outcome.to_json() for outcome in self.outcomes],
        }


def run_examples(mapping: Mapped) -> Tested:
    """Every example of the mapping; an error where it has none, or where one names what is not there."""
    if not mapping.examples:
        raise NO_EXAMPLES.at(mapping.document.name)
    outcomes = [
        Outcome(example.get("name", f"example {number + 1}"), tuple(_differences(mapping, example, number)))
        for number, example in enumerate(mapping.examples)
    ]
    return Tested(mapping.title, tuple(outcomes))


def _differences(mapping: Mapped, example: dict[str, Any], number: int) -> Iterator[str]:
    path = ("examples", number)
    table = mapping.table(example["table"])
    if table is None:
        allowed = ", ".join(each.name for each in mapping.tables)
        raise mapping.document.wrong((*path, "table"), "there is no such table", allowed)
    beside = example.get("beside", {})
    held = {name: _held(mapping, table, name, beside, path) for name in {c.lookup for c in table.columns if c.lookup}}
    converter, rows = _rows(mapping, table, example["rows"], (*path, "rows"), held)
    items = [converter.convert(row) for row in rows]
    yield from _faults(items, example)
    if "expect" in example:
        found = [_bare(body) for item in items for body in item.resources]
        wanted = [_expected(body) for body in example["expect"]]
        if len(found) != len(wanted):
            kinds = ", ".join(body["resourceType"] for body in found) or "none"
            yield f"{len(wanted)} resources expected, {len(found)} found ({kinds})"
        for at, (theirs, ours) in enumerate(zip(wanted, found, strict=False)):
            yield from _compared(theirs, ours, f"expect[{at}]")


def _faults(items: list[Converted], example: dict[str, Any]) -> Iterator[str]:
    codes = sorted(finding.code for item in items for finding in item.findings)
    if codes != sorted(example.get("findings", [])):
        yield f"findings expected: {sorted(example.get('findings', [])) or 'none'}, found: {codes or 'none'}"
    rejected = sorted(item.rejected.code for item in items if item.rejected)
    if rejected != sorted(example.get("rejected", [])):
        yield f"rejected rows expected: {sorted(example.get('rejected', [])) or 'none'}, found: {rejected or 'none'}"
    for item in items:
        for body in item.resources:
            for finding in fhir.validate(body):
                if finding.severity is Severity.ERROR:
                    yield f"FHIR, {item.origin.record}: {finding.message} ({finding.place.path})"


def _rows(
    mapping: Mapped, table: Table, given: list[dict[str, Any]], path: tuple[str | int, ...], held: Mapping[str, Held]
) -> tuple[Rows, list[RawRow]]:
    columns = [column for column in table.columns if not column.lookup]
    by_header: dict[str, list[str]] = {}
    for column in columns:
        by_header.setdefault(column.header, []).append(column.name)
    rows: list[RawRow] = []
    for number, row in enumerate(given):
        known = {column.name for column in columns} | by_header.keys()
        for name in row:
            if name not in known:
                raise mapping.document.wrong((*path, number, name), f"no column `{name}`", ", ".join(sorted(known)))
        cells = tuple(str(row.get(column.name, row.get(column.header, "")) or "") for column in columns)
        rows.append(RawRow(number + 2, cells))
    layout = Layout(tuple((column, at) for at, column in enumerate(columns)), len(columns), 0)
    return Rows(mapping, table, _SOURCE, mapping.document.name, "", layout, held), rows


def _held(
    mapping: Mapped, table: Table, name: str, beside: Mapping[str, list[dict[str, Any]]], path: tuple[str | int, ...]
) -> Held:
    lookup = mapping.lookups[name]
    other = mapping.table(lookup.table)
    assert other is not None
    wanted = {column.found for column in table.columns if column.lookup == name}
    converter, rows = _rows(mapping, other, beside.get(lookup.table, []), (*path, "beside", lookup.table), {})
    return held_of(lookup, (converter.looked_at(row) for row in rows), wanted, mapping.document.name)


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    """A resource without its id and the key of its source, which follow from the key."""
    system = key_system(_SOURCE, body["resourceType"])
    bare = {name: value for name, value in body.items() if name != "id"}
    if "identifier" in bare:
        bare["identifier"] = [item for item in bare["identifier"] if item.get("system") != system]
        if not bare["identifier"]:
            del bare["identifier"]
    return bare


def _expected(value: Any) -> Any:
    if isinstance(value, dict):
        if "$reference" in value:
            kind, key = str(value["$reference"]), joined_key([str(part) for part in value.get("$key", ())])
            reference = {"reference": f"{kind}/{resource_id(_SOURCE, kind, key)}"}
            return {**reference, "display": value["display"]} if "display" in value else reference
        return {name: _expected(item) for name, item in value.items()}
    return [_expected(item) for item in value] if isinstance(value, list) else value


def _compared(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in (*wanted, *(name for name in found if name not in wanted)):
            if name not in found:
                yield f"{path}.{name}: expected, not found"
            elif name not in wanted:
                yield f"{path}.{name}: found, not expected"
            else:
                yield from _compared(wanted[name], found[name], f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path}: {len(wanted)} items expected, {len(found)} found"
        for at, (theirs, ours) in enumerate(zip(wanted, found, strict=False)):
            yield from _compared(theirs, ours, f"{path}[{at}]")
    elif _text(wanted) != _text(found):
        yield f"{path}: {_text(wanted)} expected, {_text(found)} found"


def _text(value: Any) -> str:
    if isinstance(value, LexicalDecimal):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, Decimal)) else type(value).__name__
