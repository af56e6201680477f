"""The time line of a patient: visits, newest first, each with its conditions, medicines, procedures and notes."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from lienthong.web.elements import (
    codes,
    concept,
    first,
    is_mistake,
    items,
    link_of,
    moment,
    reference,
    status_code,
    text,
    time_of,
)
from lienthong.web.texts import mark

__all__ = ["Event", "Summary", "Timeline", "Visit", "summary_of", "timeline_of"]

_CONDITIONS = mark("Conditions")
_MEDICINES = mark("Medicines")
_PROCEDURES = mark("Procedures")
_NOTES = mark("Reports and notes")

KINDS: Mapping[str, str] = {
    "Condition": _CONDITIONS,
    "MedicationRequest": _MEDICINES,
    "MedicationStatement": _MEDICINES,
    "MedicationAdministration": _MEDICINES,
    "MedicationDispense": _MEDICINES,
    "Immunization": _MEDICINES,
    "Procedure": _PROCEDURES,
    "ImagingStudy": _PROCEDURES,
    "DiagnosticReport": _NOTES,
    "DocumentReference": _NOTES,
    "Composition": _NOTES,
    "ClinicalImpression": _NOTES,
}
GROUPS = (_CONDITIONS, _MEDICINES, _PROCEDURES, _NOTES)

_CLASSES: Mapping[str, str] = {
    "AMB": mark("Outpatient"),
    "EMER": mark("Emergency"),
    "IMP": mark("Inpatient"),
    "ACUTE": mark("Inpatient"),
    "NONAC": mark("Inpatient"),
    "SS": mark("Day treatment"),
    "OBSENC": mark("Observation ward"),
    "HH": mark("At home"),
    "VR": mark("Remote"),
}
STATUSES: Mapping[str, str] = {
    "active": mark("active"),
    "recurrence": mark("recurred"),
    "relapse": mark("relapsed"),
    "inactive": mark("no longer active"),
    "remission": mark("in remission"),
    "resolved": mark("resolved"),
    "stopped": mark("stopped"),
    "cancelled": mark("cancelled"),
    "on-hold": mark("on hold"),
    "draft": mark("draft"),
    "preliminary": mark("preliminary"),
    "not-done": mark("not done"),
    "in-progress": mark("in progress"),
    "refuted": mark("ruled out"),
}
_NOTE_LENGTH = 4000
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry: its group and status are message ids, `link` is `Type/id`, `note` what its author wrote."""

    group: str
    title: str
    when: str
    status: str
    link: str
    note: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter with its entries by group; without a link it gathers entries outside of any visit."""

    link: str
    title: str
    place: str
    kind: str
    start: str
    end: str
    groups: tuple[tuple[str, tuple[Event, ...]], ...]
    measured: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of visits; `mistakes` entries were taken back by their authors and are not shown."""

    visits: tuple[Visit, ...]
    total: int
    page: int
    pages: int
    mistakes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What holds now: conditions that are active and medicines that are ordered."""

    conditions: tuple[Event, ...]
    medicines: tuple[Event, ...]


def timeline_of(resources: Iterable[Mapping[str, Any]], *, zone: tzinfo, page: int, size: int = 10) -> Timeline:
    """The visits of one page (from 1), newest first, out of all resources of a person."""
    encounters: dict[str, Mapping[str, Any]] = {}
    events: dict[str, list[Event]] = defaultdict(list)
    measured: dict[str, int] = defaultdict(int)
    medications = {link_of(item): item for item in resources if item.get("resourceType") == "Medication"}
    orders = {link_of(item) for item in resources if item.get("resourceType") == "MedicationRequest"}
    mistakes = 0
    for resource in resources:
        kind = text(resource.get("resourceType"))
        if kind == "MedicationAdministration" and reference(resource.get("request")) in orders:
            continue  # its order tells of the medicine already
        if kind not in KINDS and kind not in ("Encounter", "Observation"):
            continue
        if is_mistake(resource):
            mistakes += 1
        elif kind == "Encounter":
            encounters[link_of(resource)] = resource
        elif kind == "Observation":
            measured[_encounter(resource)] += 1
        else:
            events[_encounter(resource)].append(_event(resource, medications))
    visits = [_visit(link, item, events.pop(link, []), measured[link]) for link, item in encounters.items()]
    by_day: dict[str, list[Event]] = defaultdict(list)
    for outside in events.values():
        for event in outside:
            by_day[event.when[:10]].append(event)
    visits += [_gathered(day, found) for day, found in by_day.items()]
    visits.sort(key=lambda visit: moment(visit.start, zone) or _EARLIEST, reverse=True)
    pages = max(1, -(-len(visits) // size))
    page = min(max(page, 1), pages)
    return Timeline(tuple(visits[(page - 1) * size : page * size]), len(visits), page, pages, mistakes)


def summary_of(resources: Iterable[Mapping[str, Any]], *, zone: tzinfo) -> Summary:
    """The active conditions and medicines, each once, the newest first."""
    conditions: list[Event] = []
    medicines: list[Event] = []
    medications = {link_of(item): item for item in resources if item.get("resourceType") == "Medication"}
    for resource in resources:
        kind = KINDS.get(text(resource.get("resourceType")), "")
        if kind not in (_CONDITIONS, _MEDICINES) or is_mistake(resource):
            continue
        if kind == _CONDITIONS and status_code(resource) in ("active", "recurrence", "relapse") and _holds(resource):
            conditions.append(_event(resource, medications))
        if (
            resource.get("resourceType") in ("MedicationRequest", "MedicationStatement")
            and status_code(resource) == "active"
        ):
            medicines.append(_event(resource, medications))
    return Summary(_newest_each(conditions, zone), _newest_each(medicines, zone))


def _holds(condition: Mapping[str, Any]) -> bool:
    return not any(code == "refuted" for _, code in codes(condition.get("verificationStatus")))


def _newest_each(events: list[Event], zone: tzinfo) -> tuple[Event, ...]:
    events.sort(key=lambda event: moment(event.when, zone) or _EARLIEST, reverse=True)
    found: dict[str, Event] = {}
    for event in events:
        found.setdefault(event.title, event)
    return tuple(found.values())


def _encounter(resource: Mapping[str, Any]) -> str:
    return reference(resource.get("encounter") or first(resource.get("context")).get("encounter")) or reference(
        resource.get("context")
    )


def _event(resource: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]) -> Event:
    kind = text(resource.get("resourceType"))
    status = "refuted" if kind == "Condition" and not _holds(resource) else status_code(resource)
    return Event(
        group=KINDS[kind],
        title=_title(resource, medications) or mark("Without a name"),
        when=time_of(resource),
        status=STATUSES.get(status, ""),
        link=link_of(resource),
        note=_note(resource),
    )


def _title(resource: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]) -> str:
    medicine = resource.get("medicationReference")
    named = concept(medications.get(reference(medicine), {}).get("code")) or text(first(medicine).get("display"))
    for name in ("code", "medicationCodeableConcept", "vaccineCode", "type", "procedureCode"):
        if concept(resource.get(name)):
            return concept(resource[name])
    return named or text(resource.get("title")) or text(resource.get("description"))


def _note(resource: Mapping[str, Any]) -> str:
    """What stands beside the title: dosage, conclusion, the text of a document; cut at 4,000 characters."""
    parts = [
        text(dosage.get("text")) for dosage in items(resource.get("dosageInstruction") or resource.get("dosage"))
    ]
    parts += [text(resource.get(name)) for name in ("conclusion", "summary")]
    parts += [text(note.get("text")) for note in items(resource.get("note"))]
    attachments = items(resource.get("presentedForm"))
    attachments += [first(content.get("attachment")) for content in items(resource.get("content"))]
    parts += [_attached(attachment) for attachment in attachments]
    return "\n".join(part for part in parts if part)[:_NOTE_LENGTH]


def _attached(attachment: Mapping[str, Any]) -> str:
    if not text(attachment.get("contentType")).startswith("text/plain"):
        return text(attachment.get("title"))
    try:
        return base64.b64decode(text(attachment.get("data")), validate=True).decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError):
        return text(attachment.get("title"))


def _grouped(events: list[Event]) -> tuple[tuple[str, tuple[Event, ...]], ...]:
    ordered = sorted(events, key=lambda event: (event.when, event.title))
    groups = ((group, tuple(event for event in ordered if event.group == group)) for group in GROUPS)
    return tuple((group, found) for group, found in groups if found)


def _visit(link: str, encounter: Mapping[str, Any], events: list[Event], measured: int) -> Visit:
    period = first(encounter.get("period"))
    place = text(first(encounter.get("serviceProvider")).get("display"))
    if not place:
        place = text(first(first(encounter.get("location")).get("location")).get("display"))
    return Visit(
        link=link,
        title=concept(encounter.get("reasonCode")) or concept(encounter.get("type")),
        place=place,
        kind=_CLASSES.get(text(first(encounter.get("class")).get("code")), mark("Visit")),
        start=text(period.get("start")) or text(period.get("end")),
        end=text(period.get("end")),
        groups=_grouped(events),
        measured=measured,
    )


def _gathered(day: str, events: list[Event]) -> Visit:
    return Visit("", "", "", mark("Outside of a visit"), day, "", _grouped(events), 0)
