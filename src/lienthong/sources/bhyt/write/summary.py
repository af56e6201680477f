"""The row of XML1 (or of a check-in) out of Patient, Coverages, Encounter, Conditions and Claim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lienthong.sources.bhyt.claim import TOTALS
from lienthong.sources.bhyt.older import CARE_TYPE
from lienthong.sources.bhyt.person import BIRTH_TIME, CODED, GENDERS, NATIONALITY, PLACES
from lienthong.sources.bhyt.rest import ROW
from lienthong.sources.bhyt.write.shelf import (
    Shelf,
    code_of,
    coded,
    display,
    identified,
    identifiers,
    number_text,
    own_key,
    parts,
)
from lienthong.terminology import systems

__all__ = ["birth_text", "name_text", "nationality_text", "place_texts", "summary"]

Body = dict[str, Any]
_SEXES = {value: code for code, value in GENDERS.items()}


def summary(shelf: Shelf, table: str, key: str, claim: Body, encounter: Body, patient: Body) -> dict[str, str]:
    """The texts of the row; those that `rest` kept win, for they are what the file had."""
    texts = {
        "MA_LK": key,
        **_person(shelf, patient),
        **_cards(shelf, key, claim),
        **_visit(shelf, key, encounter),
        **_money(claim),
    }
    for body in (patient, encounter, claim):
        texts.update(parts(body, table, shelf))
    return {name: text for name, text in texts.items() if text and name != ROW}


def _person(shelf: Shelf, patient: Body) -> dict[str, str]:
    address: Body = next(iter(patient.get("address", ())), {})
    phone = next((item.get("value", "") for item in patient.get("telecom", ()) if item.get("system") == "phone"), "")
    return {
        "MA_BN": own_key(patient) or next((item.get("value", "") for item in identifiers(patient)), ""),
        "HO_TEN": name_text(patient),
        "SO_CCCD": _national(patient),
        "NGAY_SINH": birth_text(shelf, patient),
        "GIOI_TINH": _SEXES.get(patient.get("gender", ""), "3" if patient.get("gender") == "other" else ""),
        "MA_QUOCTICH": nationality_text(patient),
        **{name: _coding(patient, name) for name in CODED},
        "DIA_CHI": address.get("text", ""),
        **place_texts(address),
        "DIEN_THOAI": phone,
    }


def name_text(body: Body) -> str:
    """The name as a Vietnamese name is written; of one in parts, the family name first."""
    name: Body = next(iter(body.get("name", ())), {})
    return str(name.get("text") or " ".join([name.get("family", ""), *name.get("given", ())]).strip())


def _national(patient: Body) -> str:
    for item in identifiers(patient):
        kind = item.get("type", {})
        if kind.get("text") == "SO_CCCD":
            return str(item.get("value", ""))
        if kind.get("text") == "MA_THE_BHYT":
            continue
        if {"NI", "PPN"} & set(coded(kind, systems.IDENTIFIER_TYPE)):
            return str(item.get("value", ""))
    return ""


def birth_text(shelf: Shelf, body: Body) -> str:
    """Twelve digits, of which unknown ones are zeros."""
    timed = display(body.get("_birthDate", {}), BIRTH_TIME).get("valueDateTime")
    if timed:
        return shelf.moment(timed)
    born = str(body.get("birthDate", "")).replace("-", "")
    return (born + "000000000000")[:12] if born else ""


def nationality_text(patient: Body) -> str:
    part = display(display(patient, NATIONALITY), "code")
    return code_of(part.get("valueCodeableConcept"), "MA_QUOCTICH")


def _coding(body: Body, name: str) -> str:
    return str(display(body, systems.EXTENSION + name).get("valueCoding", {}).get("code", ""))


def place_texts(address: Body) -> dict[str, str]:
    return {name: _coding(address, name) for name in PLACES}


def _cards(shelf: Shelf, key: str, claim: Body) -> dict[str, str]:
    own = sorted(
        ((int(number), body) for number, body in shelf.under("Coverage", f"{key}/") if number.isdigit()),
        key=lambda pair: pair[0],
    )
    coverages = [body for _, body in own] or [shelf.to(item.get("coverage")) for item in claim.get("insurance", ())]
    lists = {
        "MA_THE_BHYT": [body.get("subscriberId", "") for body in coverages],
        "MA_DKBD": [_coding(body, "MA_DKBD") for body in coverages],
        "GT_THE_TU": [shelf.moment(body.get("period", {}).get("start"))[:8] for body in coverages],
        "GT_THE_DEN": [shelf.moment(body.get("period", {}).get("end"))[:8] for body in coverages],
    }
    areas = (
        item.get("value", "")
        for body in coverages
        for item in body.get("class", ())
        if "MA_KHUVUC" in coded(item.get("type"), systems.bhyt("FIELD"))
    )
    texts = {name: ";".join(found) for name, found in lists.items() if found and all(found)}
    return {**texts, "MA_KHUVUC": next(areas, "")}


def _visit(shelf: Shelf, key: str, encounter: Body) -> dict[str, str]:
    stay = encounter.get("hospitalization", {})
    types = encounter.get("type", ())
    period = encounter.get("period", {})
    facility = shelf.to(encounter.get("serviceProvider"))
    chart = next(
        (
            item["value"]
            for item in identifiers(encounter)
            if item.get("system", "").startswith(systems.bhyt("MA_HSBA"))
        ),
        "",
    )
    weight = shelf.keyed("Observation", f"{key}/CAN_NANG").get("valueQuantity", {}).get("value")
    group = shelf.keyed("Observation", f"{key}/NHOM_MAU").get("valueCodeableConcept", {}).get("text", "")
    outcome = display(encounter, systems.EXTENSION + "KET_QUA_DTRI").get("valueCodeableConcept")
    return {
        **_reasons(encounter),
        **_diagnoses(shelf, encounter),
        **{name: _first(types, name) for name in ("MA_DOITUONG_KCB", "MA_LOAI_KCB", "MA_LYDO_VVIEN", CARE_TYPE)},
        "MA_NOI_DI": _facility(stay.get("origin")),
        "MA_NOI_DEN": _facility(stay.get("destination")),
        "NGAY_VAO": shelf.moment(period.get("start")),
        "NGAY_RA": shelf.moment(period.get("end")),
        "GIAY_CHUYEN_TUYEN": stay.get("preAdmissionIdentifier", {}).get("value", ""),
        "SO_NGAY_DTRI": number_text(encounter.get("length", {}).get("value")),
        "PP_DIEU_TRI": display(encounter, systems.EXTENSION + "PP_DIEU_TRI").get("valueString", ""),
        "GHI_CHU": display(encounter, systems.EXTENSION + "GHI_CHU").get("valueString", ""),
        "KET_QUA_DTRI": code_of(outcome, "KET_QUA_DTRI"),
        "MA_LOAI_RV": code_of(stay.get("dischargeDisposition"), "MA_LOAI_RV"),
        "MA_KHOA": ";".join(coded(encounter.get("serviceType"), systems.bhyt("MA_KHOA"))),
        "MA_CSKCB": identified(facility, systems.bhyt("MA_CSKCB")),
        "MA_HSBA": chart,
        "CAN_NANG": number_text(weight),
        "NHOM_MAU": group,
    }


def _first(concepts: Iterable[Any], name: str) -> str:
    return next(filter(None, (code_of(concept, name) for concept in concepts)), "")


def _facility(reference: Any) -> str:
    return str((reference or {}).get("identifier", {}).get("value", ""))


def _reasons(encounter: Body) -> dict[str, str]:
    found = {"LY_DO_VV": "", "LY_DO_VNT": "", "MA_LY_DO_VNT": ""}
    for reason in encounter.get("reasonCode", ()):
        if "LY_DO_VNT" in coded(reason, systems.bhyt("FIELD")):
            found["LY_DO_VNT"] = reason.get("text", "")
            found["MA_LY_DO_VNT"] = code_of(reason, "MA_LY_DO_VNT")
        elif not found["LY_DO_VV"]:
            found["LY_DO_VV"] = reason.get("text", "")
    return found


def _diagnoses(shelf: Shelf, encounter: Body) -> dict[str, str]:
    main: list[str] = []
    others: list[str] = []
    text = ""
    for item in encounter.get("diagnosis", ()):
        condition = shelf.to(item.get("condition"))
        codes = coded(condition.get("code"), systems.ICD10)[:1]
        is_main = "DD" in coded(item.get("use"), systems.DIAGNOSIS_ROLE) or not encounter_has_main(encounter)
        if is_main and not main:
            text = condition.get("code", {}).get("text", "") if codes else ""
        (main if is_main and not (main and not encounter_has_main(encounter)) else others).extend(codes)
    return {"MA_BENH_CHINH": ";".join(main), "MA_BENH_KT": ";".join(others), "CHAN_DOAN_RV": text}


def encounter_has_main(encounter: Body) -> bool:
    """Whether the visit says which diagnosis is the main one, or which only comes with it."""
    roles = [coded(item.get("use"), systems.DIAGNOSIS_ROLE) for item in encounter.get("diagnosis", ())]
    return any("DD" in role or "CM" in role for role in roles)


def _money(claim: Body) -> dict[str, str]:
    amounts = {
        name: number_text(display(claim, systems.EXTENSION + name).get("valueMoney", {}).get("value"))
        for name in TOTALS
    }
    procedures = (
        coded(item.get("procedureCodeableConcept"), systems.ICD9_PROCEDURE) for item in claim.get("procedure", ())
    )
    return {
        **amounts,
        "T_TONGCHI_BV": number_text(claim.get("total", {}).get("value")),
        "MA_PTTT_QT": ";".join(code for codes in procedures for code in codes),
        "MA_TAI_NAN": code_of(claim.get("accident", {}).get("type"), "MA_TAI_NAN"),
    }
