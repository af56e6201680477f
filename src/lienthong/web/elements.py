"""How a page reads an element of a FHIR resource: concept, reference, time, status; nothing here trusts a shape.

The record also keeps resources with findings, so each function takes whatever stands there and gives text or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any

from lienthong.web.texts import parse_when

__all__ = [
    "codes",
    "concept",
    "first",
    "is_mistake",
    "items",
    "link_of",
    "mapping",
    "moment",
    "reference",
    "status_code",
    "text",
    "time_of",
]

_TIMES = (
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "authoredOn",
    "whenHandedOver",
    "period",
    "recordedDate",
    "recorded",
    "date",
    "issued",
)


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list element, or of a lone object."""
    if isinstance(value, Mapping):
        return [value]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def first(value: Any) -> Mapping[str, Any]:
    return next(iter(items(value)), {})


def text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def concept(value: Any) -> str:
    """The words of a CodeableConcept (or the first of several): its text, else a display, else the bare code."""
    found = first(value)
    if text(found.get("text")):
        return text(found["text"])
    codings = items(found.get("coding"))
    displays = [text(coding.get("display")) for coding in codings]
    bare = [text(coding.get("code")) for coding in codings]
    return next((word for word in displays + bare if word), "")


def codes(value: Any) -> list[tuple[str, str]]:
    """The (system, code) pairs of a CodeableConcept or of several."""
    return [
        (text(coding.get("system")), text(coding.get("code")))
        for found in items(value)
        for coding in items(found.get("coding"))
    ]


def reference(value: Any) -> str:
    """`Type/id` of a literal reference, without its version; nothing for any other."""
    parts = text(first(value).get("reference")).split("/")
    return f"{parts[0]}/{parts[1]}" if len(parts) in (2, 4) and all(parts[:2]) else ""


def link_of(resource: Mapping[str, Any]) -> str:
    """`Type/id`, under which a page opens this resource."""
    return f"{text(resource.get('resourceType'))}/{text(resource.get('id'))}"


def status_code(resource: Mapping[str, Any]) -> str:
    """The status of a resource as FHIR codes it: a condition's is its clinical status."""
    for name in ("clinicalStatus", "status"):
        value = resource.get(name)
        if isinstance(value, Mapping):
            return next((code for _, code in codes(value) if code), "")
        if text(value):
            return text(value)
    return ""


def is_mistake(resource: Mapping[str, Any]) -> bool:
    """Whether its author took the entry back (`entered-in-error`)."""
    verification = [code for _, code in codes(resource.get("verificationStatus"))]
    return "entered-in-error" in (text(resource.get("status")), *verification)


def time_of(resource: Mapping[str, Any], names: Iterable[str] = _TIMES) -> str:
    """When it happened, as FHIR text: the first time element that is there, the start of a period."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, Mapping):
            value = value.get("start") or value.get("end")
        if text(value):
            return text(value)
    return ""


def moment(when: str, zone: tzinfo) -> datetime | None:
    """A FHIR time as a moment to sort and to draw by; a day counts from its midnight."""
    value = parse_when(when, zone)
    if value is None or isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime.combine(value, time(), zone)
