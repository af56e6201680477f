"""The visit of a message: Encounter (PV1, PV2) with Conditions (DG1), and where and by whom the patient is seen."""

from __future__ import annotations

import hashlib
from typing import Any

from lienthong.core.finding import Severity
from lienthong.sources.hl7v2 import maps
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import absent, authority, concept, concepts, entity, identifier, mapped
from lienthong.sources.hl7v2.message import Segment
from lienthong.sources.hl7v2.parties import identifiers, location, practitioners, sender
from lienthong.terminology import systems

__all__ = ["add_condition", "add_encounter"]

_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_PARTICIPANTS = ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"), (52, "PART"))
_PLACES = ((3, "active"), (6, "completed"), (11, "active"), (42, "reserved"))
# What the event says of the visit. For A04 HL7's event map says planned, but its map of PV1-2 says in-progress: the
# patient is there.
_EVENTS = {
    "A03": "finished",
    "A05": "planned",
    "A11": "cancelled",
    "A13": "in-progress",
    "A14": "planned",
    "A23": "entered-in-error",
    "A27": "cancelled",
    "A38": "cancelled",
}
_CODING_METHODS = {"I9": systems.ICD9_PROCEDURE, "I10": systems.ICD10, "I9C": systems.ICD9_PROCEDURE}


def add_encounter(
    pv1: Segment, pv2: Segment | None, patient: dict[str, Any], patient_key: str, conversion: Conversion
) -> tuple[dict[str, Any], str] | None:
    """The Encounter of a PV1 (and PV2): the reference to it and its key; None where PV1 says nothing of a visit."""
    key = _key(pv1, patient_key, conversion)
    if key is None:
        return None
    start, end = conversion.moment(pv1, 44), conversion.moment(pv1, 45)
    named = [(pv1, number, code) for number, code in _PARTICIPANTS]
    if pv2 is not None:
        named.append((pv2, 13, "REF"))
    participants = [
        {
            "type": [{"coding": [{"system": _PARTICIPATION, "code": code}]}],
            "individual": person,
        }
        for segment, number, code in named
        for person in practitioners(segment, number, conversion)
    ]
    content = filled(
        identifier=[*identifiers(pv1, 19, conversion, "VN"), *identifiers(pv1, 50, conversion, "VN")],
        status=_status(pv1, conversion),
        **{"class": _class(pv1, conversion)},
        type=concepts(pv1, 4, conversion, "AdmissionType", "0007"),
        serviceType=mapped("HospitalService", pv1.code(10), conversion, "0069", pv1.item(10)),
        subject=patient,
        participant=participants,
        period=filled(start=start, end=end),
        hospitalization=_hospitalization(pv1, conversion),
        location=_locations(pv1, conversion),
        serviceProvider=sender(conversion) if conversion.message.kind == "ADT" else None,
        **(_more(pv2, conversion) if pv2 else {}),
    )
    reference = conversion.add(
        "Encounter",
        key,
        pv1,
        content,
        {"class": "2", "location": "3", "type": "4", "participant": "7", "identifier": "19", "period": "44"},
    )
    return reference, key


def _key(pv1: Segment, patient_key: str, conversion: Conversion) -> str | None:
    visit = pv1.item(19)
    if visit.code(1):
        system = authority(visit.inner(4), conversion)
        return f"{system}|{visit.code(1)}" if system else visit.code(1)
    if pv1.code(44):
        return f"{patient_key}/{pv1.code(44)}"
    if not any(pv1.field(number) for number in range(3, 55)):
        return None
    conversion.note(
        Severity.WARNING,
        "hl7v2-visit-key-missing",
        "The visit has neither a number nor a begin, so it is a visit of this message alone.",
        pv1,
        19,
        "Send the visit number in PV1-19.",
    )
    return f"{patient_key}/message|{conversion.key}"


def _status(pv1: Segment, conversion: Conversion) -> str:
    event = _EVENTS.get(conversion.message.event) if conversion.message.kind == "ADT" else None
    if event is not None:
        return event
    if pv1.field(45):
        return "finished"
    return maps.target("EncounterStatus", pv1.code(2).upper()) or "unknown"


def _class(pv1: Segment, conversion: Conversion) -> dict[str, Any]:
    code = pv1.code(2)
    found = maps.concept_of("EncounterClass", code.upper())
    if found is None:
        known = concept(pv1.item(2), conversion, maps.table("0004"))
        codings = known.get("coding") if known else None
        return codings[0] if codings else absent()
    target, system, display = found
    return filled(system=system, code=target, display=display)


def _locations(pv1: Segment, conversion: Conversion) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, status in _PLACES:
        for item in pv1.items(number):
            place = location(item, pv1, number, conversion)
            if place:
                planned = number == 3 and pv1.code(2).upper() == "P"
                found.append({"location": place, "status": "planned" if planned else status})
    return found


def _hospitalization(pv1: Segment, conversion: Conversion) -> dict[str, Any]:
    before = identifier(pv1.item(5), conversion) if pv1.field(5) else None
    to = pv1.item(37)
    return filled(
        preAdmissionIdentifier=before,
        admitSource=concept(pv1.item(14), conversion, maps.table("0023")),
        reAdmission=mapped("ReAdmission", pv1.code(13), conversion, "0092", pv1.item(13)),
        dietPreference=concepts(pv1, 38, conversion, "", maps.table("0114")),
        specialCourtesy=concepts(pv1, 16, conversion, "", maps.table("0099")),
        specialArrangement=concepts(pv1, 15, conversion, "AmbulatoryStatus", "0009"),
        destination={"display": to.text} if to.text else None,
        dischargeDisposition=concept(pv1.item(36), conversion, maps.table("0112")),
    )


def _more(pv2: Segment, conversion: Conversion) -> dict[str, Any]:
    mode = concept(pv2.item(38), conversion, maps.table("0430"))
    codings = mode.get("coding") if mode else None
    days = pv2.code(11)
    return filled(
        extension=[{"url": f"{_EXTENSION}encounter-modeOfArrival", "valueCoding": codings[0]}] if codings else None,
        reasonCode=concepts(pv2, 3, conversion),
        priority=mapped("EncounterPriority", pv2.code(25), conversion, "0217", pv2.item(25)),
        length={"value": int(days), "unit": "d", "system": systems.UCUM, "code": "d"}
        if days.isascii() and days.isdigit() and len(days) < 6
        else None,
    )


def add_condition(
    dg1: Segment,
    patient: dict[str, Any],
    patient_key: str,
    encounter: tuple[dict[str, Any], str] | None,
    conversion: Conversion,
) -> None:
    """The Condition of a DG1, and its place among the diagnoses of the Encounter."""
    method = _CODING_METHODS.get(dg1.code(2).upper(), "")
    code = concept(dg1.item(3), conversion, method) or {}
    text = dg1.whole(4)
    if text:
        code.setdefault("text", text)
    if not code:
        return
    own = dg1.item(20)
    named = entity(own, conversion) if own else None
    asserters = practitioners(dg1, 16, conversion)
    deleted = dg1.code(21).upper() == "D"
    content = filled(
        identifier=[named] if named else None,
        verificationStatus={"coding": [{"system": systems.VERIFICATION_STATUS, "code": "entered-in-error"}]}
        if deleted
        else None,
        category=[{"coding": [{"system": systems.CONDITION_CATEGORY, "code": "encounter-diagnosis"}]}],
        code=code,
        subject=patient,
        encounter=encounter[0] if encounter else None,
        onsetDateTime=conversion.moment(dg1, 5),
        recordedDate=conversion.moment(dg1, 19),
        asserter=asserters[0] if asserters else None,
    )
    what = dg1.code(3) or hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
    base = encounter[1] if encounter else patient_key
    key = conversion.single_key("Condition", f"{base}/DG1/{what}")
    reference = conversion.add("Condition", key, dg1, content, {"code": "3", "onsetDateTime": "5", "asserter": "16"})
    if encounter is None or deleted:
        return
    use = mapped("DiagnosisType", dg1.code(6).upper(), conversion, "0052") if dg1.field(6) else None
    rank = dg1.code(15)
    is_rank = rank.isascii() and rank.isdigit() and len(rank) < 9 and int(rank) > 0
    diagnosis = filled(condition=reference, use=use, rank=int(rank) if is_rank else None)
    conversion.body(encounter[0]).setdefault("diagnosis", []).append(diagnosis)
