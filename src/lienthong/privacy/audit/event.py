"""The log's readable face: an entry as a FHIR R4 AuditEvent, after the patterns of IHE BALP.

The person stands in it only where the reader was permitted to name that person; otherwise the commitment does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.core.ids import key_system

__all__ = ["audit_event"]

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"

# Our actions as FHIR's: event type, subtype, and C R U D E.
_ACTIONS: Mapping[str, tuple[tuple[str, str, str], tuple[str, str, str] | None, str]] = {
    "read-person": ((_TYPE, "rest", "RESTful Operation"), (_INTERACTION, "read", "read"), "R"),
    "read-identifiers": ((_TYPE, "rest", "RESTful Operation"), (_INTERACTION, "read", "read"), "R"),
    "trace": ((_TYPE, "rest", "RESTful Operation"), (_INTERACTION, "read", "read"), "R"),
    "read-worklist": ((_TYPE, "rest", "RESTful Operation"), (_INTERACTION, "search", "search"), "E"),
    "read-findings": ((_TYPE, "rest", "RESTful Operation"), (_INTERACTION, "search", "search"), "E"),
    "query": ((_DCM, "110112", "Query"), None, "E"),
    "export": ((_DCM, "110106", "Export"), None, "R"),
    "release": ((_DCM, "110106", "Export"), None, "R"),
    "ingest": ((_DCM, "110107", "Import"), None, "C"),
    "manage-people": ((_DCM, "110113", "Security Alert"), (_DCM, "110137", "User Security Attributes Changed"), "U"),
    "read-log": ((_DCM, "110101", "Audit Log Used"), None, "R"),
}
_OTHER = ((_DCM, "110100", "Application Activity"), None, "E")
_PURPOSES = {
    "treatment": ("TREAT", "treatment"),
    "data-operations": ("HOPERAT", "healthcare operations"),
    "quality": ("HQUALIMP", "health quality improvement"),
    "payment": ("HPAYMT", "healthcare payment"),
    "research": ("HRESCH", "healthcare research"),
    "training": ("TRAIN", "training"),
}
_REFUSED, _DONE = "8", "0"  # 8: serious failure, the action was ended


def audit_event(entry: Mapping[str, Any], origin: str, *, person: str = "") -> dict[str, Any]:
    """The AuditEvent of an entry; `origin` is the log's name, `person` the id that the reader may see."""
    type_, subtype, action = _ACTIONS.get(entry["action"], _OTHER)
    purpose, display = _PURPOSES.get(entry["purpose"], ("HOPERAT", "healthcare operations"))
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"{origin.rpartition('/')[2]}-{entry['sequence']}",
        "type": _coding(*type_),
        "subtype": [
            *([_coding(*subtype)] if subtype else []),
            {"system": key_system("lienthong", "audit-action"), "code": entry["action"]},
        ],
        "action": action,
        "recorded": entry["time"],
        "outcome": _REFUSED if entry["outcome"] == "refused" else _DONE,
        "outcomeDesc": entry["outcome"],
        "purposeOfEvent": [{"coding": [_coding(_REASON, purpose, display)]}],
        "agent": [
            {
                "type": {"coding": [_coding(_PARTICIPATION, "IRCP", "information recipient")]},
                "who": {"display": entry["actor"]},
                "altId": entry["actor"],
                "requestor": True,
                "purposeOfUse": [{"coding": [_coding(_REASON, purpose, display)]}],
            }
        ],
        "source": {
            "observer": {"display": origin},
            "type": [_coding(_SOURCE, "4", "Application Server")],
        },
    }
    entities = [*_person(entry, person), *_facts(entry)]
    if entities:
        event["entity"] = entities
    return event


def _person(entry: Mapping[str, Any], person: str) -> list[dict[str, Any]]:
    if "person" not in entry:
        return []
    system, value = ("person", person) if person else ("audit-commitment", entry["person"])
    return [
        {
            "what": {"identifier": {"system": key_system("lienthong", system), "value": value}},
            "type": _coding(_ENTITY, "1", "Person"),
            "role": _coding(_OBJECT, "1", "Patient"),
        }
    ]


def _facts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the act was about, in its numbers and codes, and the commitment of what was decided."""
    facts = {**entry.get("facts", {}), **({"about": entry["about"]} if "about" in entry else {})}
    if not facts:
        return []
    return [
        {
            "type": _coding(_ENTITY, "4", "Other"),
            "role": _coding(_OBJECT, "20", "Job"),
            "detail": [{"type": name, "valueString": str(value)} for name, value in sorted(facts.items())],
        }
    ]


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
