"""The tree of a FHIR resource in a mapping, compiled once: columns, constants, joins, conditions, lists.

No expression language: `$COLUMN` is the value of a column, `$$` a dollar sign, and an object with one of the names
below does what the name says. A part that refers to columns of which none says anything is left out, constants and
all: a system without its code says nothing.

    $raw: COLUMN                          the cell as it was written
    $join: [...], $with: " "              the texts that are there, joined
    $first: [...]                         the first that is there
    $reference: TYPE, $key: [...]         a reference to the resource of this type and key, of the same source
    $when: {...}                          beside other names, or with $value: only where the condition holds
    $repeat: $COLUMN, $value: ...         in a list: once for each item of a split column, called $item
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from lienthong.core.ids import resource_id
from lienthong.fhir import schema
from lienthong.sources.tables.cells import WRONG, Compared
from lienthong.sources.tables.places import Document, Path

__all__ = ["Compiler", "Condition", "Part", "Values", "joined_key"]


@dataclass(slots=True)
class Values:
    """The cells of one row by column: as written, and as values (None: blank, WRONG: not of its form)."""

    source: str
    raw: Mapping[str, str]
    typed: Mapping[str, Any]
    item: Any = None


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled part of a tree: what it gives for a row (None: nothing), and the columns it refers to."""

    give: Callable[[Values], Any]
    columns: frozenset[str] = frozenset()


Condition = Callable[[Values], bool]
_NONE: frozenset[str] = frozenset()


def joined_key(parts: list[str]) -> str:
    """The key of several parts: `|` between them, and before a `|` or `\\` that is part of one."""
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


@dataclass(slots=True)
class Compiler:
    """Compiles the trees, keys and conditions of one table, whose columns it knows; errors name the line."""

    document: Document
    columns: frozenset[str]
    lists: frozenset[str] = frozenset()
    has_item: bool = field(default=False)

    def tree(self, value: Any, path: Path, type_name: str) -> Part:
        """A part of which FHIR says that it is of this type ("" where it does not say)."""
        if isinstance(value, dict):
            return self._object(value, path, type_name)
        if isinstance(value, list):
            return self._list(value, path, type_name)
        if isinstance(value, str):
            return self._text(value, path)
        if value is None:
            raise self.document.wrong(path, "there is no value", "a constant, $COLUMN, a list or an object")
        return Part(lambda _values: value)

    def key(self, parts: list[Any], path: Path) -> Part:
        """A key: None where any of its parts is blank or wrong; `$COLUMN.optional` may be blank."""
        compiled: list[tuple[Part, bool]] = []
        for number, each in enumerate(parts):
            text = str(each)
            optional = text.startswith("$") and text.endswith(".optional")
            part = self._text(text.removesuffix(".optional") if optional else text, (*path, number))
            compiled.append((part, optional))

        def give(values: Values) -> str | None:
            texts: list[str] = []
            for part, optional in compiled:
                value = part.give(values)
                if isinstance(value, (dict, list)) or (value is None and not optional):
                    return None
                texts.append("" if value is None else str(value))
            return joined_key(texts) if any(texts) else None

        return Part(give, _columns([part for part, _ in compiled]))

    def condition(self, tests: Mapping[str, Any], path: Path) -> Condition:
        """All tests hold; each is of one column."""
        compiled = [_test(self.column(name, (*path, name)), wanted) for name, wanted in tests.items()]
        return lambda values: all(test(values) for test in compiled)

    def column(self, name: str, path: Path) -> str:
        """The name of a column that the table has."""
        if name not in self.columns:
            near = get_close_matches(name, self.columns, 3, 0.5)
            allowed = ", ".join(near or sorted(self.columns)[:20])
            raise self.document.wrong(path, f"the table has no column `{name}`", f"its columns, e.g. {allowed}")
        return name

    def _text(self, text: str, path: Path) -> Part:
        if not text.startswith("$"):
            return Part(lambda _values: text)
        if text.startswith("$$"):
            constant = text[1:]
            return Part(lambda _values: constant)
        name, _, member = text[1:].partition(".")
        if name == "item" and self.has_item and not member:
            return Part(lambda values: values.item, frozenset({"$item"}))
        self.column(name, path)
        if member == "comparator":
            return Part(lambda values: _comparator(values.typed.get(name)), frozenset({name}))
        if member:
            raise self.document.wrong(path, f"a column has no `{member}`", "$COLUMN or $COLUMN.comparator")
        return Part(lambda values: _said(values.typed.get(name)), frozenset({name}))

    def _object(self, value: dict[str, Any], path: Path, type_name: str) -> Part:
        orders = {name for name in value if name.startswith("$")}
        if "$when" in orders:
            holds = self.condition(self._dict(value["$when"], (*path, "$when")), (*path, "$when"))
            rest = {name: item for name, item in value.items() if name != "$when"}
            inner = (
                self.tree(rest["$value"], (*path, "$value"), type_name)
                if rest.keys() == {"$value"}
                else self.tree(rest, path, type_name)
            )
            return Part(lambda values: inner.give(values) if holds(values) else None, inner.columns)
        if orders:
            return self._order(value, path, orders)
        return self._members(value, path, type_name)

    def _order(self, value: dict[str, Any], path: Path, orders: set[str]) -> Part:
        names = value.keys()
        if names == {"$raw"}:
            name = self.column(str(value["$raw"]), (*path, "$raw"))
            return Part(lambda values: values.raw.get(name) or None, frozenset({name}))
        if "$join" in names and names <= {"$join", "$with"}:
            parts = self._parts(value["$join"], (*path, "$join"))
            between = str(value.get("$with", " "))
            return Part(lambda values: _joined(parts, between, values), _columns(parts))
        if names == {"$first"}:
            parts = self._parts(value["$first"], (*path, "$first"))
            return Part(
                lambda values: next((found for part in parts if (found := part.give(values)) is not None), None),
                _columns(parts),
            )
        if "$reference" in names and names <= {"$reference", "$key", "display"}:
            return self._reference(value, path)
        wrong = ", ".join(sorted(orders))
        allowed = "$raw; $join with $with; $first; $reference with $key; $when; $repeat with $value, in a list"
        raise self.document.wrong(path, f"{wrong} can't be used so", allowed)

    def _reference(self, value: dict[str, Any], path: Path) -> Part:
        kind = value["$reference"]
        if kind not in schema.resource_types():
            raise self.document.wrong((*path, "$reference"), "this is no type of FHIR R4", "e.g. Patient, Encounter")
        parts = value.get("$key")
        if not isinstance(parts, list) or not parts:
            raise self.document.wrong(path, "$reference needs a $key", "$key: [$COLUMN]")
        key = self.key(parts, (*path, "$key"))
        display = self.tree(value["display"], (*path, "display"), "string") if "display" in value else None

        def give(values: Values) -> Any:
            found = key.give(values)
            if found is None:
                return None
            reference = {"reference": f"{kind}/{resource_id(values.source, kind, found)}"}
            told = display.give(values) if display else None
            return {**reference, "display": told} if told is not None else reference

        return Part(give, key.columns)

    def _members(self, value: dict[str, Any], path: Path, type_name: str) -> Part:
        parts: list[tuple[str, Part]] = []
        for name, item in value.items():
            parts.append((name, self.tree(item, (*path, name), self.checked(name, item, (*path, name), type_name))))
        columns = _columns([part for _, part in parts])

        def give(values: Values) -> dict[str, Any] | None:
            found: dict[str, Any] = {}
            says = not columns
            for name, part in parts:
                given = part.give(values)
                if given is not None:
                    found[name] = given
                    says = says or bool(part.columns)
            return found if says and found else None

        return Part(give, columns)

    def checked(self, name: str, item: Any, path: Path, type_name: str) -> str:
        """The type of a member, which FHIR must know; a list must stand where FHIR has one."""
        if not type_name:
            return ""
        base = name.removeprefix("_")
        element = schema.element(type_name, base)
        if element is None:
            names = [each for known in schema.elements(type_name) for each in known.json_names]
            near = get_close_matches(base, names, 3, 0.5)
            raise self.document.wrong(path, f"{type_name} has no `{base}`", ", ".join(near or names[:20]))
        is_list = element.max is None or element.max > 1
        if is_list and isinstance(item, dict) and "$repeat" not in item and "$when" not in item:
            raise self.document.wrong(path, f"{type_name}.{base} is a list", f"{base}: [ {{...}} ]")
        if not is_list and isinstance(item, list):
            raise self.document.wrong(path, f"{type_name}.{base} is no list", f"{base}: one value")
        if name != base:
            return "Element"
        kind = element.types[0] if len(element.types) == 1 else ""
        return "" if kind == "Resource" else kind

    def _list(self, items: list[Any], path: Path, type_name: str) -> Part:
        parts = [self._item(item, (*path, number), type_name) for number, item in enumerate(items)]

        def give(values: Values) -> list[Any] | None:
            found: list[Any] = []
            for part, spliced in parts:
                given = part.give(values)
                if given is None:
                    continue
                if spliced:
                    found += given
                else:
                    found.append(given)
            return found or None

        return Part(give, _columns([part for part, _ in parts]))

    def _item(self, item: Any, path: Path, type_name: str) -> tuple[Part, bool]:
        if not isinstance(item, dict) or "$repeat" not in item:
            part = self.tree(item, path, type_name)
            is_list = isinstance(item, str) and item.startswith("$") and item[1:] in self.lists
            return part, is_list
        if item.keys() != {"$repeat", "$value"}:
            raise self.document.wrong(
                path, "$repeat needs a $value and nothing else", "$repeat: $COLUMN, $value: ..."
            )
        name = self.repeated(item["$repeat"], (*path, "$repeat"))
        inner = Compiler(self.document, self.columns, self.lists, has_item=True).tree(
            item["$value"], (*path, "$value"), type_name
        )

        def give(values: Values) -> list[Any] | None:
            found = []
            items = values.typed.get(name)
            for each in items if isinstance(items, list) else ():
                given = inner.give(Values(values.source, values.raw, values.typed, each))
                if given is not None:
                    found.append(given)
            return found or None

        return Part(give, (inner.columns - {"$item"}) | {name}), True

    def repeated(self, text: Any, path: Path) -> str:
        """The split column that `$repeat` or `repeat` names."""
        name = str(text).removeprefix("$")
        self.column(name, path)
        if name not in self.lists:
            raise self.document.wrong(path, f"the column `{name}` is no list", "a column with `split`")
        return name

    def _parts(self, value: Any, path: Path) -> list[Part]:
        if not isinstance(value, list) or not value:
            raise self.document.wrong(path, "a list is needed", "[$COLUMN, ...]")
        return [self.tree(item, (*path, number), "") for number, item in enumerate(value)]

    def _dict(self, value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise self.document.wrong(
                path, "a condition is needed", "COLUMN: text, COLUMN: [..], COLUMN: {is: given}"
            )
        return value


def _said(value: Any) -> Any:
    if value is None or value is WRONG:
        return None
    return value.value if isinstance(value, Compared) else value


def _comparator(value: Any) -> str | None:
    return value.comparator if isinstance(value, Compared) else None


def _columns(parts: list[Part]) -> frozenset[str]:
    return _NONE.union(*(part.columns for part in parts))


def _joined(parts: list[Part], between: str, values: Values) -> str | None:
    texts = [(part.give(values), bool(part.columns)) for part in parts]
    if not any(refers and text is not None for text, refers in texts):
        return None
    return between.join(str(text) for text, _ in texts if text is not None)


def _test(name: str, wanted: Any) -> Condition:
    if isinstance(wanted, dict):
        tests: list[Condition] = []
        if "is" in wanted:
            tests.append(_IS[wanted["is"]](name))
        if "not" in wanted:
            refused = _words(wanted["not"])
            tests.append(lambda values: values.raw.get(name, "") not in refused)
        return lambda values: all(test(values) for test in tests)
    words = _words(wanted)
    return lambda values: values.raw.get(name, "") in words


def _words(value: Any) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    return frozenset(("true" if item else "false") if isinstance(item, bool) else str(item) for item in items)


_IS: Mapping[str, Callable[[str], Condition]] = {
    "given": lambda name: lambda values: values.typed.get(name) is not None,
    "blank": lambda name: lambda values: values.typed.get(name) is None,
    "right": lambda name: lambda values: values.typed.get(name) not in (None, WRONG),
    "wrong": lambda name: lambda values: values.typed.get(name) is WRONG,
}
