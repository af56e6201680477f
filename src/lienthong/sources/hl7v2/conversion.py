"""One message on its way to FHIR: its ids, its times, and the resources and findings made of it so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.sources.hl7v2 import times
from lienthong.sources.hl7v2.message import Message, Segment

__all__ = ["MAPPING", "Conversion", "filled"]

MAPPING = Rule("hl7v2-mapping", "HL7 v2 to FHIR", "HL7 Version 2 to FHIR, mapping tables (HL7/v2-to-fhir)")
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


def filled(**members: Any) -> dict[str, Any]:
    """The members that have a value: neither None nor an empty text, list or object."""
    return {name: value for name, value in members.items() if value is not None and value not in ("", [], {})}


@dataclass(slots=True)
class Conversion:
    """A message and what has been made of it so far; the mappings of this folder add to it.

    `key` is the message's own (MSH-10), `offset` the zone of times without one: that of MSH-7 (HL7 v2, 2.A DTM), else
    the facility's.
    """

    message: Message
    key: str
    source: str
    settings: Settings
    file: str
    offset: str = ""
    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _keys: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.offset = times.offset_of(self.message.header.code(7)) or self.settings.offset

    def add(
        self,
        kind: str,
        key: str,
        segment: Segment,
        content: dict[str, Any],
        fields: Mapping[str, str] = _NO_FIELDS,
        *,
        place: str = "",
    ) -> dict[str, Any]:
        """Adds a resource made of a segment, with its id and its key as an identifier; gives a reference to it.

        What has the same type and key as one before is that one. `fields` says of which field of the segment a main
        element was made.
        """
        number = resource_id(self.source, kind, key)
        name = f"{kind}/{number}"
        if (kind, number) not in self.resources:
            body = {"resourceType": kind, "id": number, **content}
            body["identifier"] = [
                {"system": key_system(self.source, kind), "value": key},
                *content.get("identifier", ()),
            ]
            self.resources[kind, number] = body
            at = place or segment.place
            self.places[name] = at
            for element, field_name in fields.items():
                if element in body:
                    self.places[f"{name}#{element}"] = f"{at}-{field_name}" if not place else field_name
        return {"reference": name}

    def body(self, reference: dict[str, Any]) -> dict[str, Any]:
        """The resource that a reference of `add` leads to."""
        kind, _, number = reference["reference"].partition("/")
        return self.resources[kind, number]

    def single_key(self, kind: str, key: str) -> str:
        """The key, numbered where the message has it a second time for another thing of the same kind."""
        self._keys[kind, key] += 1
        count = self._keys[kind, key]
        return key if count == 1 else f"{key}#{count}"

    def moment(self, segment: Segment, number: int) -> str | None:
        """A field as a FHIR dateTime; what is none is noted and left out."""
        return self._time(segment, number, times.to_moment(segment.code(number), self.offset))

    def day(self, segment: Segment, number: int) -> str | None:
        """A field as a FHIR date."""
        return self._time(segment, number, times.to_date(segment.code(number)))

    def instant(self, segment: Segment, number: int) -> str | None:
        """A field as a FHIR instant; a time that is less precise gives none."""
        self.moment(segment, number)
        return times.to_instant(segment.code(number), self.offset) if segment.field(number) else None

    def _time(self, segment: Segment, number: int, found: str | None) -> str | None:
        text = segment.code(number)
        if found is None and text.strip("0"):
            self.note(
                Severity.WARNING,
                "hl7v2-date-wrong",
                "This is no date or time of HL7 v2, so it is left out.",
                segment,
                number,
                "Write it as YYYYMMDDHHMMSS, or as much of it as is known.",
            )
        return found

    def note(
        self, severity: Severity, code: str, message: str, segment: Segment, number: int = 0, cure: str = ""
    ) -> None:
        """Adds a finding at a field of a segment; the message never holds the value."""
        place = Place(
            file=self.file,
            record=self.key,
            table=segment.name,
            row=str(segment.number),
            field=f"{segment.name}-{number}" if number else "",
        )
        self.findings.append(Finding(severity, code, message, place, MAPPING, cure))
