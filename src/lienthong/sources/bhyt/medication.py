"""Each row of drugs (XML2) as a MedicationRequest: what was ordered, how much, how to take it.

During a stay NGAY_TH_YL says when the drug was given: a MedicationAdministration of the request. For outpatients it
says when the drug was handed over, and at the end of a stay it may be what is taken home: then none is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt.elements import absent, coding, concept, filled, listed, quantity
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rest import Exact, is_code, is_moment, is_one, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["REQUEST", "add_medications", "drug"]

REQUEST: Mapping[str, Exact] = {
    "MA_THUOC": is_code,
    "SO_DANG_KY": is_code,
    "TEN_THUOC": is_text,
    "DUONG_DUNG": is_code,
    "LIEU_DUNG": is_text,
    "CACH_DUNG": is_text,
    "NGAY_YL": is_moment,
    "NGAY_TH_YL": is_moment,
    "MA_BAC_SI": is_one,
}
"""The fields of XML2 that the request holds; HAM_LUONG also stands in the text of the drug."""


def drug(row: Row) -> dict[str, Any] | None:
    """MA_THUOC names the active ingredient, SO_DANG_KY the product; the text is its name and strength."""
    return concept(
        coding(systems.bhyt("MA_THUOC"), row.code("MA_THUOC")),
        coding(systems.bhyt("SO_DANG_KY"), row.code("SO_DANG_KY")),
        text=f"{row.text('TEN_THUOC')} {row.text('HAM_LUONG')}".strip(),
    )


_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC", "EMER"})
"""HL7's classes of encounters in which drugs are given by staff."""


def _is_given(visit: Visit, row: Row, encounter: dict[str, Any]) -> bool:
    """Whether a row says that the drug was given in the facility: in a stay, before the stay ended."""
    stay = visit.resource(encounter)["class"]
    if stay.get("system") != systems.ENCOUNTER_CLASS or stay.get("code") not in _STAYS:
        return False
    given, ended = visit.moment(row, "NGAY_TH_YL"), visit.moment(visit.summary, "NGAY_RA")
    return given is not None and (ended is None or given < ended)


def add_medications(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One MedicationRequest a row; a claim says that it was given out, so its status is completed.

    What was given in a stay is a MedicationAdministration beside it, which the way back does not read.
    """
    for row in visit.rows("XML2"):
        ordered_by = add_staff(visit, row, "MA_BAC_SI")
        given = visit.moment(row, "NGAY_TH_YL")
        dosage = filled(
            text=row.text("LIEU_DUNG"),
            patientInstruction=row.text("CACH_DUNG"),
            timing={"event": [given]} if given else None,
            route=concept(coding(systems.bhyt("DUONG_DUNG"), row.code("DUONG_DUNG"))),
        )
        amount = quantity(row.amount("SO_LUONG"), row.text("DON_VI_TINH"))
        content = filled(
            status="completed",
            intent="order",
            category=[item for item in [listed("MA_NHOM", row.code("MA_NHOM"), visit.on)] if item],
            medicationCodeableConcept=drug(row) or absent(),
            subject=patient,
            encounter=encounter,
            authoredOn=visit.moment(row, "NGAY_YL"),
            requester=ordered_by[0] if ordered_by else None,
            dosageInstruction=[dosage] if dosage else None,
            dispenseRequest={"quantity": amount} if amount else None,
        )
        key = visit.row_key(row)
        request = visit.add(
            "MedicationRequest",
            key,
            row,
            content,
            {"medicationCodeableConcept": "MA_THUOC", "authoredOn": "NGAY_YL", "dosageInstruction": "LIEU_DUNG"},
        )
        if _is_given(visit, row, encounter):
            taken = filled(text=row.text("LIEU_DUNG"), route=dosage.get("route"), dose=amount)
            content = filled(
                status="completed",
                medicationCodeableConcept=content["medicationCodeableConcept"],
                subject=patient,
                context=encounter,
                effectiveDateTime=given,
                request=request,
                dosage=taken if amount else None,  # FHIR's mad-1: a dosage has a dose
            )
            fields = {
                "medicationCodeableConcept": "MA_THUOC",
                "effectiveDateTime": "NGAY_TH_YL",
                "dosage": "SO_LUONG",
            }
            visit.add("MedicationAdministration", key, row, content, fields)
