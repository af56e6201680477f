"""What a mapping makes of each column, and so of what kind it is in a showable copy.

The target in FHIR tells: `Patient.name` a name, `birthDate` a birth, a `$reference` somebody's key. A column with
several targets is of the kind that hides most. Columns that are compared (keys of one type, lookups) are of one kind,
so that joins hold. `deidentify:` at a column says it outright.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lienthong.fhir import schema
from lienthong.sources.fhir import showable
from lienthong.sources.tables.language import Mapped

__all__ = ["STRONGEST", "Name", "Uses", "concept_kinds", "uses_of"]

Column = tuple[str, str]
"""A table and a column of it."""

_STAFF = frozenset({"Practitioner", "PractitionerRole"})
_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person", *_STAFF})
_PERSONS = ("Patient", "Encounter")  # by whose keys the rows of one person are found
STRONGEST = (
    "national-id", "card", "phone", "mail", "name", "family", "given", "staff", "licence", "birth", "key", "token",
    "address", "facility", "prefix", "removed", "date", "text", "address-of", "code", "catalogue", "number", "word",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """The columns of one name: whole, or family and given; `who` is `patient`, `staff` or `other`."""

    who: str
    whole: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


@dataclass(slots=True)
class Uses:
    """What the columns of a mapping are used for.

    `kinds` by table and column; `names` and `keys` (type, parts) by table; `words` of a column that stand in the
    mapping itself; `sexes` the column of a patient's sex by table; `events` columns of dates of a visit.
    """

    kinds: dict[Column, str] = field(default_factory=dict)
    names: dict[str, list[Name]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=lambda: defaultdict(list))
    words: dict[Column, set[str]] = field(default_factory=lambda: defaultdict(set))
    sexes: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    events: set[Column] = field(default_factory=set)


@cache
def _own() -> dict[str, dict[str, str]]:
    data = tomllib.loads(Path(__file__).with_name("deidentify.toml").read_text("utf-8"))
    return {
        part: {name: kind for kind, names in rules.items() for name in names} for part, rules in data.items()
    }  # fmt: skip


def concept_kinds() -> Mapping[str, str]:
    """The kind of each meaning that a header may have."""
    return _own()["concepts"]


def _kind(path: str, type_name: str) -> str:
    """The kind of an element by its path and its type."""
    own, fhir = _own(), showable.rules()
    found = own["paths"].get(path) or fhir.paths.get(path) or own["types"].get(type_name)
    found = found or fhir.types.get(type_name, "removed")
    return "code" if found == "kept" else found


def uses_of(mapping: Mapped) -> Uses:
    """The uses of all tables of a mapping."""
    return _Walk(mapping.document.value).uses()


class _Walk:
    """A walk through the trees of a mapping, with the types that FHIR gives their parts."""

    def __init__(self, mapping: dict[str, Any]) -> None:
        self._mapping = mapping
        self._found: dict[Column, set[str]] = defaultdict(set)
        self._alike: dict[tuple[str, int], set[Column]] = defaultdict(set)
        self._uses = Uses()
        self._table = ""
        self._type = ""
        self._item = ""
        self._is_gone = False

    def uses(self) -> Uses:
        for name, table in self._mapping["tables"].items():
            self._table = name
            self._key(table["key"], "")
            for its in table["resources"]:
                self._resource(its, its.get("key", table["key"]))
        groups = [*self._alike.values(), *self._looked_up()]
        for _ in self._mapping["tables"]:  # a chain of lookups is as long as there are tables
            for group in groups:
                together = set[str]().union(*(self._found[column] for column in group))
                for column in group:
                    self._found[column] |= together
        said = {
            (table, name): its["deidentify"]
            for table, spec in self._mapping["tables"].items()
            for name, its in spec["columns"].items()
            if its and "deidentify" in its
        }
        for group in groups:
            for column in group & said.keys():
                for other in group - said.keys():
                    said[other] = said[column]
        for column, found in self._found.items():
            own = found - {"part"}
            if not own or found == {"part", "removed"}:
                own = {"token"}  # a part of a key must stay one
            self._uses.kinds[column] = min(own, key=STRONGEST.index)
        self._uses.kinds |= said
        return self._uses

    def _looked_up(self) -> Iterator[set[Column]]:
        """Columns that a lookup compares, and those of which it gives the cells."""
        lookups = self._mapping.get("lookups", {})
        for table, spec in self._mapping["tables"].items():
            for name, its in spec["columns"].items():
                if not its or "lookup" not in its:
                    continue
                lookup = lookups[its["lookup"]]
                yield {(table, name), (lookup["table"], its["column"])}
                for own, other in zip(its["key"], lookup["key"], strict=True):
                    if str(own).startswith("$"):
                        yield {(table, _bare(own)), (lookup["table"], other)}
                for column, test in lookup.get("where", {}).items():
                    self._word((lookup["table"], column), test)

    def _resource(self, its: dict[str, Any], key: list[Any]) -> None:
        self._type, self._item = its["resource"], str(its.get("repeat", "")).removeprefix("$")
        self._key(key, self._type)
        self._when(its.get("when", {}))
        self._members(its["content"], self._type)

    def _key(self, parts: list[Any], type_name: str) -> None:
        """A key: its columns are alike wherever one of this type is named by them."""
        for number, part in enumerate(parts):
            if str(part).startswith("$"):
                column = self._column(part)
                self._found[column].add("key" if len(parts) == 1 else "part")
                if type_name:
                    self._alike[type_name, number].add(column)
        if type_name in _PERSONS:
            self._uses.keys[self._table].append((type_name, tuple(map(str, parts))))

    def _column(self, text: Any) -> Column:
        name = _bare(text)
        return self._table, self._item if name == "item" and self._item else name

    def _when(self, tests: Mapping[str, Any]) -> None:
        for name, test in tests.items():
            self._word((self._table, name), test)

    def _word(self, column: Column, test: Any) -> None:
        """Words that the mapping compares a column with."""
        self._found[column].add("word")
        said = test.get("not", ()) if isinstance(test, dict) else test
        for word in said if isinstance(said, list | tuple) else [said]:
            self._uses.words[column].add(("true" if word else "false") if isinstance(word, bool) else str(word))

    def _members(self, value: Mapping[str, Any], type_name: str) -> None:
        for name, item in value.items():
            if name == "$when":
                self._when(item)
                continue
            element = schema.element(type_name, name.removeprefix("_"))
            kind = element.types[0] if element is not None and len(element.types) == 1 else ""
            path = f"{element.owner}.{element.choice or element.name}" if element is not None else ""
            if name.startswith("_") or type_name == "Extension":
                self._extension(value, item, kind)
                continue
            self._tree(item, path, kind)

    def _extension(self, around: Mapping[str, Any], item: Any, kind: str) -> None:
        """What stands in an extension is copied where it is one of those that stay."""
        stays = around.get("url") in showable.rules().extensions
        self._tree(item, "" if stays else "Extension.url", kind if stays or kind == "Extension" else "")

    def _tree(self, value: Any, path: str, type_name: str) -> None:
        if isinstance(value, str):
            if value.startswith("$") and not value.startswith("$$"):
                self._use(self._column(value), path, type_name)
        elif isinstance(value, list):
            for item in value:
                self._tree(item, path, type_name)
        elif isinstance(value, dict):
            before = self._is_gone
            rules = showable.rules()
            self._is_gone = before or "removed" in (rules.paths.get(path), rules.types.get(type_name))
            self._object(value, path, type_name)
            self._is_gone = before

    def _object(self, value: dict[str, Any], path: str, type_name: str) -> None:
        self._when(value.get("$when", {}))
        if "$reference" in value:
            self._key(value["$key"], value["$reference"])
            if "display" in value:
                self._display(value["$reference"], value["display"])
        elif "$repeat" in value:
            before, self._item = self._item, str(value["$repeat"]).removeprefix("$")
            self._tree(value["$value"], path, type_name)
            self._item = before
        elif "$raw" in value:
            self._use((self._table, str(value["$raw"])), path, type_name)
        elif "$first" in value or "$join" in value or "$value" in value:
            parts = [value.get("$first"), value.get("$join"), value.get("$value")]
            joined = [self._column(part)[1] for part in _texts(value.get("$join")) if part.startswith("$")]
            if path == "HumanName.text" and len(joined) > 1:
                self._named(Name(self._who(), family=joined[0], given=tuple(joined[1:])))
            else:
                self._tree([part for part in parts if part is not None], path, type_name)
        elif type_name == "HumanName":
            self._human(value)
        elif type_name in ("Identifier", "ContactPoint"):
            self._valued(value, type_name)
        else:
            self._members(value, type_name)

    def _use(self, column: Column, path: str, type_name: str) -> None:
        if self._is_gone:
            self._found[column].add("removed")
            return
        kind = "word" if type_name and not schema.is_primitive(type_name) else _kind(path, type_name)
        if kind == "name":
            self._named(Name(self._who(), whole=column[1]))
            return
        self._found[column].add(kind)
        if path == "Patient.gender":
            self._uses.sexes[self._table] = column[1]
        elif path == "Address.state" and self._type == "Patient":
            self._uses.states[self._table] = column[1]
        elif path == "Period.start" and self._type == "Encounter":
            self._uses.events.add(column)

    def _who(self, whole: bool = True) -> str:
        return "staff" if self._type in _STAFF else "patient" if self._type == "Patient" and whole else "other"

    def _named(self, name: Name) -> None:
        if self._is_gone:
            for part in (name.whole, name.family, *name.given):
                self._found[self._table, part].add("removed")
            return
        if name not in self._uses.names[self._table]:
            self._uses.names[self._table].append(name)
        for column, kind in (
            (name.whole, "name"),
            (name.family, "family"),
            *((each, "given") for each in name.given),
        ):
            if column:
                self._found[self._table, column].add(kind)

    def _human(self, value: dict[str, Any]) -> None:
        """The parts of a name belong together; all else of it by its path."""
        family, given = value.get("family"), [part for part in _texts(value.get("given")) if part.startswith("$")]
        parts = [self._column(part)[1] for part in given]
        own = self._column(family)[1] if isinstance(family, str) and family.startswith("$") else ""
        if own or parts:
            self._named(Name(self._who(), family=own, given=tuple(parts)))
        self._members(
            {name: item for name, item in value.items() if name not in ("family", "given", "$when")}, "HumanName"
        )

    def _display(self, type_name: str, display: Any) -> None:
        for text in _texts(display):
            if text.startswith("$"):
                column = self._column(text)
                if type_name in _PEOPLE:
                    self._named(Name("staff" if type_name in _STAFF else "other", whole=column[1]))
                else:
                    self._found[column].add("text")

    def _valued(self, value: dict[str, Any], type_name: str) -> None:
        """An identifier or a way to reach somebody: of what kind its value is, its other parts say."""
        kind = "phone"
        if type_name == "ContactPoint" and value.get("system") in ("email", "url", "other"):
            kind = "mail"
        elif type_name == "Identifier":
            places = ("Organization", "Location", "HealthcareService")
            kind = showable.kind_of_identifier(value) or (
                "licence" if self._type in _STAFF else "facility" if self._type in places else "token"
            )
        for text in _columns(value.get("value")):
            self._found[self._column(text)].add(kind)
        self._members({name: item for name, item in value.items() if name not in ("value", "$when")}, type_name)


def _bare(text: Any) -> str:
    return str(text).removeprefix("$").partition(".")[0]


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _columns(value: Any) -> Iterator[str]:
    """All columns that a part of a tree refers to."""
    if isinstance(value, str):
        if value.startswith("$") and not value.startswith("$$"):
            yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from () if name == "$when" else _columns(f"${item}") if name == "$raw" else _columns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _columns(item)
