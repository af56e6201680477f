"""The visit itself: Encounter, its diagnoses as Conditions, and the weight and blood group that the claim tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import (
    absent,
    coding,
    concept,
    extension,
    filled,
    identifier,
    listed,
    listing,
    measure,
)
from lienthong.sources.bhyt.older import CARE_TYPE
from lienthong.sources.bhyt.rest import Exact, is_code, is_codes, is_moment, is_number, is_text
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import maps, systems

__all__ = [
    "BLOOD_GROUP",
    "HELD",
    "VISIT",
    "add_encounter",
    "add_measures",
    "check_period",
    "other_facility",
    "period_of",
]

_ICD10 = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,4})?[*†+]?")
_DIED = ("5", "8")  # KET_QUA_DTRI
_EMERGENCY = "2"  # MA_DOITUONG_KCB; MA_LYDO_VVIEN of 4210/2017
_OLDER_CLASSES = {"1": "AMB", "2": "AMB", "3": "IMP"}
BLOOD_GROUP = "882-1"  # LOINC: ABO and Rh group [Type] in Blood

VISIT: Mapping[str, Exact] = {
    "LY_DO_VV": is_text,
    "LY_DO_VNT": is_text,
    "MA_LY_DO_VNT": is_code,
    "CHAN_DOAN_RV": is_text,
    "MA_BENH_CHINH": is_codes,
    "MA_BENH_KT": is_codes,
    "MA_DOITUONG_KCB": is_code,
    "MA_LOAI_KCB": is_code,
    "MA_LYDO_VVIEN": is_code,
    CARE_TYPE: is_code,
    "MA_NOI_DI": is_code,
    "MA_NOI_DEN": is_code,
    "NGAY_VAO": is_moment,
    "NGAY_RA": is_moment,
    "GIAY_CHUYEN_TUYEN": is_code,
    "SO_NGAY_DTRI": is_number,
    "PP_DIEU_TRI": is_text,
    "KET_QUA_DTRI": is_code,
    "MA_LOAI_RV": is_code,
    "GHI_CHU": is_text,
    "MA_KHOA": is_codes,
    "MA_CSKCB": is_code,
    "MA_HSBA": is_code,
    "CAN_NANG": is_number,
    "NHOM_MAU": is_text,
}
"""The fields of XML1 that the Encounter and what belongs to it hold."""

# Beside them stay on the Encounter, for no element of it is theirs:
KEPT = frozenset({"CHAN_DOAN_VAO", "MA_BENH_YHCT", "NGAY_VAO_NOI_TRU", "CAN_NANG_CON", "NGAY_TAI_KHAM"})
HELD = frozenset(VISIT) | KEPT


def add_encounter(
    visit: Visit, patient: dict[str, Any], facility: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The Encounter (key MA_LK) and references to its diagnoses, the main one first."""
    row = visit.summary
    encounter = visit.reference("Encounter", visit.key)
    conditions, lost = _add_conditions(visit, patient, encounter)
    period = period_of(visit)
    if "end" not in period:
        lost.add("NGAY_RA")
    if row.code("MA_CSKCB") != visit.facility:
        lost.add("MA_CSKCB")
    weight = row.amount("CAN_NANG")
    if weight is None or weight <= 0:
        lost.add("CAN_NANG")  # 0 is how systems write that nobody weighed
    content = filled(
        extension=listing(
            extension("KET_QUA_DTRI", valueCodeableConcept=_listed(visit, "KET_QUA_DTRI")),
            extension("PP_DIEU_TRI", valueString=row.text("PP_DIEU_TRI")),
            extension("GHI_CHU", valueString=row.text("GHI_CHU")),
            *visit.rest(row, VISIT, only=HELD, lost=lost),
        ),
        identifier=_chart(visit),
        status="finished" if "end" in period else "unknown" if visit.is_claim else "in-progress",
        type=listing(
            *(_listed(visit, name) for name in ("MA_LOAI_KCB", CARE_TYPE, "MA_DOITUONG_KCB", "MA_LYDO_VVIEN"))
        ),
        serviceType=concept(*(coding(systems.bhyt("MA_KHOA"), code) for code in row.codes("MA_KHOA"))),
        priority=concept(coding("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM"))
        if _EMERGENCY in (row.code("MA_DOITUONG_KCB"), row.code("MA_LYDO_VVIEN"))
        else None,
        subject=patient,
        period=period,
        length=_length(visit),
        reasonCode=_reasons(visit),
        diagnosis=[
            {
                "condition": condition,
                "use": concept(coding(systems.DIAGNOSIS_ROLE, "DD" if is_main else "CM")),
                "rank": number,
            }
            for number, (condition, is_main) in enumerate(conditions, 1)
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
    return encounter, [condition for condition, _ in conditions]


def period_of(visit: Visit) -> dict[str, Any]:
    """From NGAY_VAO to NGAY_RA; an end that lies before the begin is left out, with a finding."""
    start, end = (visit.moment(visit.summary, field) for field in ("NGAY_VAO", "NGAY_RA"))
    return filled(start=start, end=None if start and end and end < start else end)


def _listed(visit: Visit, field: str) -> dict[str, Any] | None:
    return listed(field, visit.summary.code(field), visit.on)


def _reasons(visit: Visit) -> list[dict[str, Any]]:
    """Why the person came, and why they were admitted: the second is known by its coding."""
    row = visit.summary
    code, admitted = row.code("MA_LY_DO_VNT"), row.text("LY_DO_VNT")
    reasons = [{"text": row.text("LY_DO_VV")}] if row.text("LY_DO_VV") else []
    if code or admitted:
        named = coding(systems.bhyt("FIELD"), "LY_DO_VNT")
        reasons += listing(concept(named, coding(systems.bhyt("MA_LY_DO_VNT"), code), text=admitted))
    return reasons


def _chart(visit: Visit) -> list[dict[str, Any]]:
    chart = visit.summary.code("MA_HSBA")
    return [identifier(f"{systems.bhyt('MA_HSBA')}:{visit.facility}", chart)] if chart else []


def _class(visit: Visit) -> dict[str, Any]:
    """HL7's class where the care type has one on that day, else the care type itself: nothing is guessed."""
    older, care = visit.summary.code(CARE_TYPE), visit.summary.code("MA_LOAI_KCB")
    known = _OLDER_CLASSES.get(older) if older else maps.encounter_class(care, visit.on)
    own = coding(systems.bhyt(CARE_TYPE), older) if older else coding(systems.bhyt("MA_LOAI_KCB"), care)
    return coding(systems.ENCOUNTER_CLASS, known or "") or own or absent()


def _length(visit: Visit) -> dict[str, Any] | None:
    days = visit.summary.amount("SO_NGAY_DTRI")
    return None if days is None else measure(days, "d", "ngày")


def _hospitalization(visit: Visit) -> dict[str, Any]:
    row = visit.summary
    left = _listed(visit, "MA_LOAI_RV") or {}
    if row.code("KET_QUA_DTRI") in _DIED:
        died = coding(systems.DISCHARGE_DISPOSITION, "exp", "Expired")
        left = {**left, "coding": [*left.get("coding", ()), died]}
    paper = row.code("GIAY_CHUYEN_TUYEN")
    return filled(
        preAdmissionIdentifier=identifier("", paper, text="GIAY_CHUYEN_TUYEN") if paper else None,
        origin=other_facility(row.code("MA_NOI_DI")),
        destination=other_facility(row.code("MA_NOI_DEN")),
        dischargeDisposition=left,
    )


def other_facility(code: str) -> dict[str, Any] | None:
    """A facility that is named and not sent: a reference by its identifier alone."""
    return {"type": "Organization", "identifier": identifier(systems.bhyt("MA_CSKCB"), code)} if code else None


def _add_conditions(
    visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]
) -> tuple[list[tuple[dict[str, Any], bool]], set[str]]:
    """The Conditions, each with whether it is the main one, and the fields that they do not give back."""
    row = visit.summary
    found: list[tuple[dict[str, Any], bool]] = []
    lost: set[str] = set()
    seen: set[str] = set()
    for field in ("MA_BENH_CHINH", "MA_BENH_KT"):
        for code in row.codes(field):
            if code in seen:
                lost.add(field)
                continue  # said twice: one Condition
            seen.add(code)
            text = row.text("CHAN_DOAN_RV") if field == "MA_BENH_CHINH" and not found else ""
            known = bool(_ICD10.fullmatch(code)) and code.isascii()
            if not known or code[-1] in "*+":
                lost.add(field)
            if not known:
                lost.add("CHAN_DOAN_RV")
            content = filled(
                verificationStatus=concept(coding(systems.VERIFICATION_STATUS, "confirmed")),
                category=[concept(coding(systems.CONDITION_CATEGORY, "encounter-diagnosis"))],
                code=_diagnosis(visit, field, code, text, known=known),
                subject=patient,
                encounter=encounter,
                recordedDate=visit.moment(row, "NGAY_RA") or visit.moment(row, "NGAY_VAO"),
            )
            condition = visit.add("Condition", f"{visit.key}/{code}", row, content, {"code": field})
            found.append((condition, field == "MA_BENH_CHINH"))
    if not found or not found[0][1]:
        lost.add("CHAN_DOAN_RV")
    return found, lost


def _diagnosis(visit: Visit, field: str, code: str, text: str, *, known: bool) -> dict[str, Any] | None:
    if known:
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


def add_measures(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """CAN_NANG in kilograms and NHOM_MAU as Observations."""
    row = visit.summary
    weight = row.amount("CAN_NANG")
    common = filled(
        subject=patient,
        encounter=encounter,
        effectiveDateTime=visit.moment(row, "NGAY_VAO"),
    )
    if weight is not None and weight > 0:
        content = {
            "status": "final",
            "category": [concept(coding(systems.OBSERVATION_CATEGORY, "vital-signs"))],
            "code": concept(coding(systems.LOINC, "29463-7", "Body weight")),
            **common,
            "valueQuantity": measure(weight, "kg", "kg"),
        }
        visit.add("Observation", f"{visit.key}/CAN_NANG", row, content, {"valueQuantity": "CAN_NANG"})
    if group := row.text("NHOM_MAU"):
        content = {
            "status": "final",
            "category": [concept(coding(systems.OBSERVATION_CATEGORY, "laboratory"))],
            "code": concept(coding(systems.LOINC, BLOOD_GROUP, "ABO and Rh group [Type] in Blood")),
            **common,
            "valueCodeableConcept": {"text": group},
        }
        visit.add("Observation", f"{visit.key}/NHOM_MAU", row, content, {"valueCodeableConcept": "NHOM_MAU"})


def check_period(visit: Visit) -> None:
    """Adds a finding where the visit ends before it begins."""
    start, end = (values.day(visit.summary.text(field)) for field in ("NGAY_VAO", "NGAY_RA"))
    if start and end and visit.moment(visit.summary, "NGAY_RA") and "end" not in period_of(visit):
        visit.note_order(visit.summary, "NGAY_RA")
