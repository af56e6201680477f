"""The resources of one visit, to be found by reference and by the key that the mapping gave them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.core.clock import zone
from lienthong.terminology import systems

__all__ = ["Shelf", "code_of", "coded", "display", "number_text", "parts"]

_KEYS = "urn:x-lienthong:"
Body = dict[str, Any]


class Shelf:
    """Resources by `Type/id` and by their own key; `offset` is the facility's, in which the XML tells times."""

    def __init__(self, resources: Iterable[Body], offset: str) -> None:
        self.offset = offset
        self._zone = zone(offset)
        self.all = {f"{body['resourceType']}/{body.get('id', '')}": body for body in resources}
        self._keyed: dict[str, dict[str, Body]] = {}
        for body in self.all.values():
            kind, key = body["resourceType"], own_key(body)
            if key:
                self._keyed.setdefault(kind, {})[key] = body

    def of(self, kind: str) -> list[Body]:
        return [body for body in self.all.values() if body["resourceType"] == kind]

    def to(self, reference: Any) -> Body:
        """The resource that a reference leads to; an empty one where it is not here."""
        return self.all.get(reference.get("reference", ""), {}) if isinstance(reference, dict) else {}

    def keyed(self, kind: str, key: str) -> Body:
        """The resource of a type with this key; an empty one where there is none."""
        return self._keyed.get(kind, {}).get(key, {})

    def under(self, kind: str, prefix: str) -> Iterator[tuple[str, Body]]:
        """The resources of a type whose keys begin so, each with the rest of its key."""
        for key, body in self._keyed.get(kind, {}).items():
            if key.startswith(prefix):
                yield key[len(prefix) :], body

    def moment(self, value: Any) -> str:
        """A dateTime as `yyyymmddHHMM` in the facility's zone, a date as `yyyymmdd`; empty where it is neither."""
        text = str(value or "")
        if len(text) == 10:
            return text.replace("-", "")
        if len(text) < 16:
            return ""
        if not text.endswith(self.offset):
            try:
                when = datetime.fromisoformat(text)
            except ValueError:
                return ""
            if when.tzinfo is not None:
                text = when.astimezone(self._zone).isoformat()
        return text[:10].replace("-", "") + text[11:13] + text[14:16]

    def staff(self, references: Iterable[Any]) -> str:
        """The licence numbers of clinicians, separated by semicolons."""
        return ";".join(filter(None, (self.licence(reference) for reference in references)))

    def licence(self, reference: Any) -> str:
        return identified(self.to(reference), systems.bhyt("MA_BAC_SI"))


def own_key(body: Body) -> str:
    """The source's own key of a resource; empty for one that no source of ours made."""
    ending = f":{body.get('resourceType', '')}"
    for item in identifiers(body):
        system = item.get("system", "")
        if system.startswith(_KEYS) and system.endswith(ending):
            return str(item.get("value", ""))
    return ""


def identifiers(body: Body) -> list[Body]:
    found = body.get("identifier", [])
    return [found] if isinstance(found, dict) else list(found)


def identified(body: Body, system: str) -> str:
    """The value of an identifier in a system; empty without one."""
    return next((str(item.get("value", "")) for item in identifiers(body) if item.get("system") == system), "")


def coded(concept: Any, system: str) -> list[str]:
    """The codes of a concept in a system."""
    if not isinstance(concept, dict):
        return []
    return [
        str(item["code"]) for item in concept.get("coding", ()) if item.get("system") == system and "code" in item
    ]


def code_of(concept: Any, field: str) -> str:
    """The code of a field's own list in a concept; empty without one."""
    return next(iter(coded(concept, systems.bhyt(field))), "")


def display(body: Body, url: str) -> Body:
    """The extension of an element with this url; empty without one."""
    return next((item for item in body.get("extension", ()) if item.get("url") == url), {})


def number_text(value: Any) -> str:
    """A number with its digits; empty for none."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, LexicalDecimal):
        return value.text
    return str(value) if isinstance(value, (int, Decimal)) else ""


def parts(body: Body, table: str, shelf: Shelf) -> dict[str, str]:
    """The texts that `rest` kept on an element for a table, by field."""
    found: dict[str, str] = {}
    for item in display(body, systems.EXTENSION + table).get("extension", ()):
        for name, value in item.items():
            if name == "url":
                continue
            if name in ("valueDateTime", "valueDate"):
                found[item["url"]] = shelf.moment(value)
            elif name in ("valueDecimal", "valueInteger"):
                found[item["url"]] = number_text(value)
            else:
                found[item["url"]] = str(value)
    return found
