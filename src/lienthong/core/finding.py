"""A fault found in data: how severe, what, where, by which rule and its source, and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Place", "Rule", "Severity"]


class Severity(StrEnum):
    """How much a finding matters; `error` makes a command end with exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is: never the value that stands there.

    `record` is what people call it (MA_LK in a claim, MSH-10 in HL7 v2, the line in NDJSON, the row in a table),
    `path` a FHIR element path such as `Patient.name[0].family`.
    """

    file: str = ""
    record: str = ""
    table: str = ""
    row: str = ""
    field: str = ""
    path: str = ""

    def to_json(self) -> dict[str, str]:
        return {
            "file": self.file,
            "record": self.record,
            "table": self.table,
            "row": self.row,
            "field": self.field,
            "path": self.path,
        }

    def __str__(self) -> str:
        return " ".join(
            part for part in (self.file, self.record, self.table, self.row, self.field, self.path) if part
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that was broken: its id, title, legal or technical source, and the dates in which it holds (ISO)."""

    id: str
    title: str = ""
    source: str = ""
    valid_from: str | None = None
    valid_to: str | None = None

    def to_json(self) -> dict[str, str | None]:
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with all that a person needs to cure it; as JSON it has just these keys."""

    severity: Severity
    code: str
    message: str
    place: Place = field(default_factory=Place)
    rule: Rule = field(default_factory=lambda: Rule(""))
    cure: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "place": self.place.to_json(),
            "rule": self.rule.to_json(),
            "cure": self.cure,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Finding:
        return Finding(
            Severity(value["severity"]),
            value["code"],
            value["message"],
            Place(**value["place"]),
            Rule(**value["rule"]),
            value["cure"],
        )

    def at(self, **place: str) -> Finding:
        """The same finding with more of its place known, e.g. the file and the record."""
        return replace(self, place=replace(self.place, **place))
