"""The visit itself: Encounter, its diagnoses as Conditions, and the weight that the claim tells."""

from __future__ import annotations

import re
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import absent, coding, concept, extension, filled, identifier, listed, measure
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import maps, systems

__all__ = ["add_encounter", "add_weight"]

_ICD10 = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,4})?[*†+]?")
_DIED = ("5", "8")  # KET_QUA_DTRI
_EMERGENCY = "2"  # MA_DOITUONG_KCB


def add_encounter(
    visit: Visit, patient: dict[str, Any], facility: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The Encounter (key MA_LK) and references to its diagnoses, the main one first."""
    row = visit.summary
    encounter = visit.reference("Encounter", visit.key)
    conditions = _add_conditions(visit, patient, encounter)
    period = period_of(visit)
    content = filled(
        extension=[
            item
            for item in [
                extension("KET_QUA_DTRI", valueCodeableConcept=_listed(visit, "KET_QUA_DTRI")),
                extension("PP_DIEU_TRI", valueString=row.text("PP_DIEU_TRI")),
                extension("GHI_CHU", valueString=row.text("GHI_CHU")),
            ]
            if item
        ],
        identifier=_chart(visit),
        status="finished" if "end" in period else "unknown",
        type=[item for item in (_listed(visit, "MA_LOAI_KCB"), _listed(visit, "MA_DOITUONG_KCB")) if item],
        serviceType=concept(*(coding(systems.bhyt("MA_KHOA"), code) for code in row.codes("MA_KHOA"))),
        priority=concept(coding("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM"))
        if row.code("MA_DOITUONG_KCB") == _EMERGENCY
        else None,
        subject=patient,
        period=period,
        length=_length(visit),
        reasonCode=[{"text": row.text(field)} for field in ("LY_DO_VV", "LY_DO_VNT") if row.text(field)],
        diagnosis=[
            {
                "condition": condition,
                "use": concept(coding(systems.DIAGNOSIS_ROLE, "CM" if number else "DD")),
                "rank": number + 1,
            }
            for number, condition in enumerate(conditions)
        ],
        hospitalization=_hospitalization(visit),
        serviceProvider=facility,
    )
    content["class"] = _class(visit)
    visit.add(
        "Encounter",
        visit.key,
        row,
        content,
        {"identifier": "MA_LK", "period": "NGAY_VAO", "class": "MA_LOAI_KCB"},
    )
    return encounter, conditions


def period_of(visit: Visit) -> dict[str, Any]:
    """From NGAY_VAO to NGAY_RA; an end that lies before the begin is left out, with a finding."""
    start, end = (visit.moment(visit.summary, field) for field in ("NGAY_VAO", "NGAY_RA"))
    return filled(start=start, end=None if start and end and end < start else end)


def _listed(visit: Visit, field: str) -> dict[str, Any] | None:
    return listed(field, visit.summary.code(field), visit.on)


def _chart(visit: Visit) -> list[dict[str, Any]]:
    chart = visit.summary.code("MA_HSBA")
    return [identifier(f"{systems.bhyt('MA_HSBA')}:{visit.facility}", chart)] if chart else []


def _class(visit: Visit) -> dict[str, Any]:
    """HL7's class where the care type has one on that day, else the care type itself: nothing is guessed."""
    care = visit.summary.code("MA_LOAI_KCB")
    known = maps.encounter_class(care, visit.on)
    return coding(systems.ENCOUNTER_CLASS, known or "") or coding(systems.bhyt("MA_LOAI_KCB"), care) or absent()


def _length(visit: Visit) -> dict[str, Any] | None:
    days = visit.summary.amount("SO_NGAY_DTRI")
    return None if days is None else measure(days, "d", "ngày")


def _hospitalization(visit: Visit) -> dict[str, Any]:
    row = visit.summary
    left = _listed(visit, "MA_LOAI_RV") or {}
    if row.code("KET_QUA_DTRI") in _DIED:
        left.setdefault("coding", []).append(coding(systems.DISCHARGE_DISPOSITION, "exp", "Expired"))
    paper = row.code("GIAY_CHUYEN_TUYEN")
    return filled(
        preAdmissionIdentifier=identifier("", paper, text="GIAY_CHUYEN_TUYEN") if paper else None,
        origin=_other_facility(row.code("MA_NOI_DI")),
        destination=_other_facility(row.code("MA_NOI_DEN")),
        dischargeDisposition=left,
    )


def _other_facility(code: str) -> dict[str, Any] | None:
    """A facility that is named and not sent: a reference by its identifier alone."""
    return {"type": "Organization", "identifier": identifier(systems.bhyt("MA_CSKCB"), code)} if code else None


def _add_conditions(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> list[dict[str, Any]]:
    row = visit.summary
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for field in ("MA_BENH_CHINH", "MA_BENH_KT"):
        for code in row.codes(field):
            if code in seen:
                continue  # said twice: one Condition
            seen.add(code)
            text = row.text("CHAN_DOAN_RV") if field == "MA_BENH_CHINH" and not found else ""
            content = filled(
                verificationStatus=concept(coding(systems.VERIFICATION_STATUS, "confirmed")),
                category=[concept(coding(systems.CONDITION_CATEGORY, "encounter-diagnosis"))],
                code=_diagnosis(visit, field, code, text),
                subject=patient,
                encounter=encounter,
                recordedDate=visit.moment(row, "NGAY_RA") or visit.moment(row, "NGAY_VAO"),
            )
            found.append(visit.add("Condition", f"{visit.key}/{code}", row, content, {"code": field}))
    return found


def _diagnosis(visit: Visit, field: str, code: str, text: str) -> dict[str, Any] | None:
    if _ICD10.fullmatch(code) and code.isascii():
        return concept(coding(systems.ICD10, code.rstrip("*+")), text=text)
    visit.note(
        Severity.WARNING,
        "bhyt-icd10-shape",
        "The code has not the shape of a code of ICD-10; it is kept as text.",
        visit.summary,
        field,
        Rule("bhyt-icd10", "ICD-10 codes, separated by semicolons", "QĐ 4469/QĐ-BYT 2020; TT 06/2026/TT-BYT"),
        "Use a code of the list that holds on the day the visit ends.",
    )
    return concept(text=code if not text else f"{code}: {text}")


def add_weight(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """CAN_NANG in kilograms as an Observation; 0 is how systems write that nobody weighed."""
    row = visit.summary
    weight = row.amount("CAN_NANG")
    if weight is None or weight <= 0:
        return
    content = filled(
        status="final",
        category=[concept(coding(systems.OBSERVATION_CATEGORY, "vital-signs"))],
        code=concept(coding(systems.LOINC, "29463-7", "Body weight")),
        subject=patient,
        encounter=encounter,
        effectiveDateTime=visit.moment(row, "NGAY_VAO"),
        valueQuantity=measure(weight, "kg", "kg"),
    )
    visit.add("Observation", f"{visit.key}/CAN_NANG", row, content, {"valueQuantity": "CAN_NANG"})


def check_period(visit: Visit) -> None:
    """Adds a finding where the visit ends before it begins."""
    start, end = (values.day(visit.summary.text(field)) for field in ("NGAY_VAO", "NGAY_RA"))
    if start and end and visit.moment(visit.summary, "NGAY_RA") and "end" not in period_of(visit):
        visit.note_order(visit.summary, "NGAY_RA")
