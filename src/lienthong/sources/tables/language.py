"""A mapping file, checked and compiled: what its tables, columns, lookups and resources say.

First the JSON Schema (`mapping.schema.json`), then what a schema can't say: columns, maps, lookups and elements of
FHIR that are not there. Every error names the line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import Any, cast

import jsonschema
from jsonschema.exceptions import ValidationError, best_match

from lienthong.core.text import fold, nfc
from lienthong.fhir import schema
from lienthong.sources.tables.cells import FORMAT, Reader, date_reader, number_reader, truth_reader
from lienthong.sources.tables.letters import LETTERS
from lienthong.sources.tables.places import Document, Path, load
from lienthong.sources.tables.separated import ENCODINGS
from lienthong.sources.tables.template import Compiler, Condition, Part

__all__ = ["SCHEMA", "Column", "Lookup", "Mapped", "Resource", "Table", "compile_examples", "compile_mapping"]

SCHEMA = FilePath(__file__).parent / "mapping.schema.json"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where it stands, how its cells are read, or the lookup that gives them (then `found` is set)."""

    name: str
    header: str
    position: int
    optional: bool
    required: bool
    read: Reader
    letters: Callable[[str], str]
    blank: frozenset[str]
    split: str
    entries: Mapping[str, Any] | None
    folded: bool
    otherwise: Any
    wrong_is_text: bool
    lookup: str = ""
    found: str = ""
    key: Part | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that a row makes; `members` are compiled, each with the columns it was made of."""

    type: str
    key: Part
    when: Condition | None
    repeat: str
    members: tuple[tuple[str, Part], ...]
    has_identifier: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table of the same export that is looked into: by which columns, and which of its rows."""

    name: str
    table: str
    key: tuple[str, ...]
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of table: the files that hold it, how they are written, its columns, and what its rows become."""

    name: str
    files: tuple[str, ...]
    encoding: str
    letters: Callable[[str], str]
    separator: str
    quote: str
    header: int
    sheet: str
    short_rows: bool
    columns: tuple[Column, ...]
    key: Part
    resources: tuple[Resource, ...]

    def holds(self, name: str) -> bool:
        """Whether a file of this name (a path; case does not count) holds this table."""
        base = nfc(name.replace("\\", "/").rpartition("/")[2]).casefold().removesuffix(".gz")
        return any(fnmatchcase(base, nfc(pattern).casefold()) for pattern in self.files)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping ready to be used; `digest` is the SHA-256 (hex) of its text."""

    name: str
    version: str
    digest: str
    is_draft: bool
    source: str
    ignore: tuple[str, ...]
    tables: tuple[Table, ...]
    lookups: Mapping[str, Lookup]
    examples: tuple[dict[str, Any], ...]
    document: Document

    @property
    def title(self) -> str:
        """What stands in an origin: the mapping by name, version and digest."""
        return f"{self.name}@{self.version} sha256:{self.digest[:16]}"

    def table(self, name: str) -> Table | None:
        return next((table for table in self.tables if table.name == name), None)

    def ignores(self, name: str) -> bool:
        """Whether the mapping says of a file that it is none of its tables."""
        base = nfc(name.rpartition("/")[2]).casefold().removesuffix(".gz")
        return any(fnmatchcase(base, pattern.casefold()) for pattern in self.ignore)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


@lru_cache(maxsize=32)
def compile_mapping(text: str, name: str, offset: str) -> Mapped:
    """The mapping of a YAML text; `offset` is the zone of times without one. Raises `tables-mapping-wrong`."""
    document = load(text, name)
    fault = best_match(_validator().iter_errors(document.value))
    if fault is not None:
        raise document.wrong(*_told(fault))
    value: dict[str, Any] = document.value
    lookups: dict[str, Any] = value.get("lookups", {})
    tables = tuple(_Builder(document, value, offset, table, ("tables", table)).table() for table in value["tables"])
    return Mapped(
        value["name"],
        value["version"],
        hashlib.sha256(text.encode()).hexdigest(),
        value.get("draft", False),
        value.get("source", ""),
        tuple(value.get("ignore", ())),
        tables,
        {name: _lookup(document, name, spec, value["tables"]) for name, spec in lookups.items()},
        tuple(value.get("examples", ())),
        document,
    )


def compile_examples(text: str, name: str) -> tuple[tuple[dict[str, Any], ...], Document]:
    """The examples of a file of their own (`examples: [...]`). Raises `tables-mapping-wrong`."""
    document = load(text, name)
    whole = cast(dict[str, Any], _validator().schema)
    about = {
        "type": "object",
        "required": ["examples"],
        "additionalProperties": False,
        "properties": {"examples": whole["properties"]["examples"]},
        "$defs": whole["$defs"],
    }
    fault = best_match(jsonschema.Draft202012Validator(about).iter_errors(document.value))
    if fault is not None:
        raise document.wrong(*_told(fault))
    return tuple(document.value["examples"]), document


def _told(fault: ValidationError) -> tuple[Path, str, str]:
    """The place, what is wrong and what is allowed, without the values: they are somebody's examples."""
    path: Path = tuple(fault.absolute_path)
    rule, wanted = str(fault.validator), cast(Any, fault.validator_value)
    about: dict[str, Any] = fault.schema if isinstance(fault.schema, dict) else {}
    instance = fault.instance
    if rule == "additionalProperties" and isinstance(instance, dict):
        known = sorted(about.get("properties", ()))
        unknown = min(str(name) for name in instance if name not in known)
        return (*path, unknown), f"nothing is called `{unknown}` here", ", ".join(known)
    if rule == "required" and isinstance(instance, dict):
        missing = [name for name in wanted if name not in instance]
        return path, f"`{missing[0]}` is missing", ", ".join(wanted)
    if rule == "enum":
        return path, "this is none of the words that may stand here", ", ".join(map(str, wanted))
    if rule == "type":
        return path, "this has the wrong type", str(wanted)
    if rule == "const":
        return path, "this is not the value that must stand here", str(wanted)
    return path, "this is not allowed here", about.get("description") or f"{rule}: {wanted}"


def _lookup(document: Document, name: str, spec: dict[str, Any], tables: dict[str, Any]) -> Lookup:
    path: Path = ("lookups", name)
    if spec["table"] not in tables:
        raise document.wrong((*path, "table"), "there is no such table", ", ".join(tables))
    columns = tables[spec["table"]]["columns"]
    own = frozenset(column for column, its in columns.items() if "lookup" not in (its or {}))
    compiler = Compiler(document, own)
    for number, column in enumerate(spec["key"]):
        compiler.column(column, (*path, "key", number))
    where = compiler.condition(spec["where"], (*path, "where")) if "where" in spec else None
    return Lookup(name, spec["table"], tuple(spec["key"]), where)


@dataclass(slots=True)
class _Builder:
    """Builds one table."""

    document: Document
    mapping: dict[str, Any]
    offset: str
    name: str
    path: Path

    def table(self) -> Table:
        spec = self.mapping["tables"][self.name]
        columns = {name: its if its is not None else {} for name, its in spec["columns"].items()}
        lists = frozenset(name for name, its in columns.items() if "split" in its)
        compiler = Compiler(self.document, frozenset(columns), lists)
        encoding = spec.get("encoding", "utf-8")
        letters = spec.get("letters", ENCODINGS[encoding][1])
        separator = spec.get("separator", ",")
        quote = spec.get("quote", '"')
        key = compiler.key(spec["key"], (*self.path, "key"))
        return Table(
            self.name,
            tuple(spec["files"]),
            encoding,
            LETTERS[letters],
            "\t" if separator == "tab" else separator,
            "" if quote == "none" else quote,
            spec.get("header", 1),
            spec.get("sheet", ""),
            spec.get("short_rows", False),
            tuple(self._column(name, its, letters, spec) for name, its in columns.items()),
            key,
            tuple(self._resources(spec, compiler)),
        )

    def _column(self, name: str, its: dict[str, Any], letters: str, spec: dict[str, Any]) -> Column:
        path: Path = (*self.path, "columns", name)
        kind = its.get("type", "text")
        if "lookup" in its:
            return self._looked_up(name, its, path)
        if its.get("comparator") and f"${name}.comparator" not in json.dumps(spec["resources"]):
            allowed = f"comparator: ${name}.comparator beside value: ${name}"
            raise self.document.wrong(path, f"the comparator of `{name}` is not used, and would be lost", allowed)
        if spec.get("header", 1) == 0 and "position" not in its:
            raise self.document.wrong(path, "without a header row a column needs its position", "position: 1, 2, ...")
        if (kind == "code") != ("map" in its):
            raise self.document.wrong(path, "a column of type code has a map, and no other", "type: code, map: NAME")
        maps = self.mapping.get("maps", {})
        if "map" in its and its["map"] not in maps:
            raise self.document.wrong((*path, "map"), "there is no such map", ", ".join(maps) or "maps: ...")
        entries = maps[its["map"]] if "map" in its else {}
        folded = entries.get("fold", False)
        said = {
            fold(nfc(str(key))) if folded else nfc(str(key)): item for key, item in entries.get("entries", {}).items()
        }
        return Column(
            name,
            its.get("header", name),
            its.get("position", 0),
            its.get("optional", False),
            its.get("required", False),
            self._reader(kind, its, path),
            LETTERS[its.get("letters", letters)],
            frozenset(str(word) for word in its.get("blank", ())),
            its.get("split", ""),
            said or None,
            folded,
            entries.get("otherwise"),
            "otherwise" in its,
        )

    def _looked_up(self, name: str, its: dict[str, Any], path: Path) -> Column:
        lookups = self.mapping.get("lookups", {})
        if its["lookup"] not in lookups:
            raise self.document.wrong(
                (*path, "lookup"), "there is no such lookup", ", ".join(lookups) or "lookups: ..."
            )
        spec = lookups[its["lookup"]]
        if "key" not in its or "column" not in its or len(its["key"]) != len(spec["key"]):
            allowed = f"key: [{', '.join('$...' for _ in spec['key'])}], column: NAME"
            raise self.document.wrong(path, "a lookup needs a key of its length and a column", allowed)
        theirs = self.mapping["tables"].get(spec["table"], {}).get("columns", {})
        if its["column"] not in theirs:
            raise self.document.wrong((*path, "column"), "the other table has no such column", ", ".join(theirs))
        own = frozenset(
            column
            for column, other in self.mapping["tables"][self.name]["columns"].items()
            if "lookup" not in (other or {})
        )
        key = Compiler(self.document, own).key(its["key"], (*path, "key"))
        return Column(
            name, "", 0, True, its.get("required", False), str, nfc, frozenset(), "", None, False, None, False,
            its["lookup"], its["column"], key,
        )  # fmt: skip

    def _reader(self, kind: str, its: dict[str, Any], path: Path) -> Reader:
        if kind in ("integer", "decimal"):
            decimal, thousands = its.get("decimal", "."), its.get("thousands", "")
            if decimal == thousands:
                raise self.document.wrong(path, "decimal and thousands are the same mark", 'e.g. decimal: ","')
            return number_reader(decimal, thousands, whole=kind == "integer", comparator=its.get("comparator", False))
        if kind in ("date", "dateTime"):
            given = its.get("format", "iso")
            formats = given if isinstance(given, list) else [given]
            for text in formats:
                if text != "iso" and ("".join(FORMAT.findall(text)) != text or "yyyy" not in text):
                    allowed = "iso, or yyyy, mm, dd, HH, MM, SS with marks between them, e.g. dd/mm/yyyy HH:MM"
                    raise self.document.wrong((*path, "format"), "this is no format of a date", allowed)
            zone = its.get("zone", self.offset)
            return date_reader(formats, "+00:00" if zone == "Z" else zone, with_time=kind == "dateTime")
        if kind == "boolean":
            words = {
                name: [str(word).lower() for word in its.get(name, default)]
                for name, default in (("true", ("true", "1")), ("false", ("false", "0")))
            }
            return truth_reader(words["true"], words["false"])
        return str

    def _resources(self, spec: dict[str, Any], compiler: Compiler) -> Iterator[Resource]:
        for number, its in enumerate(spec["resources"]):
            path: Path = (*self.path, "resources", number)
            kind = its["resource"]
            if kind not in schema.resource_types():
                raise self.document.wrong((*path, "resource"), "this is no type of FHIR R4", "e.g. Patient")
            for name in ("id", "resourceType"):
                if name in its["content"]:
                    raise self.document.wrong(
                        (*path, "content", name), f"{name} is not written by hand", "key: [...]"
                    )
            repeat = compiler.repeated(its["repeat"], (*path, "repeat")) if "repeat" in its else ""
            own = Compiler(self.document, compiler.columns, compiler.lists, has_item=bool(repeat))
            members = tuple(
                (
                    name,
                    own.tree(item, (*path, "content", name), own.checked(name, item, (*path, "content", name), kind)),
                )
                for name, item in its["content"].items()
            )
            yield Resource(
                kind,
                own.key(its.get("key", spec["key"]), (*path, "key")),
                own.condition(its["when"], (*path, "when")) if "when" in its else None,
                repeat,
                members,
                (element := schema.element(kind, "identifier")) is not None and element.max is None,
            )
