"""The claim: one item for each row of drugs (XML2), services and supplies (XML3), and the totals of XML1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import (
    absent,
    coding,
    concept,
    extension,
    filled,
    listed,
    listing,
    money,
    quantity,
)
from lienthong.sources.bhyt.encounter import HELD, period_of
from lienthong.sources.bhyt.medication import REQUEST, drug
from lienthong.sources.bhyt.person import PERSON
from lienthong.sources.bhyt.rest import Exact, is_code, is_codes, is_number, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.service import PERFORMED, kind_of, lost_of
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["CLAIM", "ITEM", "TOTALS", "add_claim"]

# Totals beside the claim's own: who pays which part. FHIR has them in the answer (ClaimResponse), not in the claim.
TOTALS = (
    "T_THUOC",
    "T_VTYT",
    "T_TONGCHI_BH",
    "T_BNTT",
    "T_BNCCT",
    "T_BHTT",
    "T_NGUONKHAC",
    "T_BHTT_GDV",
)
CLAIM: Mapping[str, Exact] = {
    **dict.fromkeys((*TOTALS, "T_TONGCHI_BV"), is_number),
    "MA_PTTT_QT": is_codes,
    "MA_TAI_NAN": is_code,
    # What other resources of the visit hold.
    **dict.fromkeys((*PERSON, *HELD), is_text),
}
"""The fields of XML1 that the Claim holds, or another resource of the visit; what is left stays on the Claim."""

_COMMON: Mapping[str, Exact] = {
    "MA_NHOM": is_code,
    "DON_VI_TINH": is_text,
    "SO_LUONG": is_number,
    "THANH_TIEN_BV": is_number,
}
ITEM: Mapping[str, Mapping[str, Exact]] = {
    "XML2": {**_COMMON, "DON_GIA": is_number, **REQUEST},
    "XML3": {
        **_COMMON,
        "DON_GIA_BV": is_number,
        "MA_VAT_TU": is_code,
        "MA_DICH_VU": is_code,
        "TEN_VAT_TU": is_text,
        "TEN_DICH_VU": is_text,
    },
}
"""The fields of a row of XML2 or XML3 that the item of the claim holds, or the resource of the same row."""


_SERVICES = {kind: {**ITEM["XML3"], **held} for kind, held in PERFORMED.items()}


def add_claim(
    visit: Visit,
    patient: dict[str, Any],
    encounter: dict[str, Any],
    facility: dict[str, Any],
    coverages: list[dict[str, Any]],
    conditions: list[dict[str, Any]],
) -> None:
    """The Claim (key MA_LK), with amounts in đồng and their digits."""
    row = visit.summary
    rows = [*visit.rows("XML2"), *visit.rows("XML3")]
    created = next(filter(None, (visit.moment(row, field) for field in ("NGAY_TTOAN", "NGAY_RA", "NGAY_VAO"))), None)
    begun = values.day(row.text("NGAY_VAO"))
    accident = row.code("MA_TAI_NAN")
    content = filled(
        extension=listing(
            *(extension(name, valueMoney=money(row.amount(name))) for name in TOTALS),
            *visit.rest(row, CLAIM),
        ),
        status="active",
        type=concept(coding(systems.CLAIM_TYPE, "institutional")),
        use="claim",
        patient=patient,
        billablePeriod=period_of(visit),
        created=created,
        provider=facility,
        priority=concept(coding(systems.PROCESS_PRIORITY, "normal")),
        diagnosis=[
            {"sequence": number, "diagnosisReference": condition} for number, condition in enumerate(conditions, 1)
        ],
        procedure=[
            {"sequence": number, "procedureCodeableConcept": concept(coding(systems.ICD9_PROCEDURE, code))}
            for number, code in enumerate(row.codes("MA_PTTT_QT"), 1)
        ],
        insurance=[
            {"sequence": number, "focal": number == 1, "coverage": coverage}
            for number, coverage in enumerate(coverages or [{"display": "no card in the claim"}], 1)
        ],
        item=[_item(visit, line, number, encounter) for number, line in enumerate(rows, 1)],
        total=money(row.amount("T_TONGCHI_BV")),
    )
    if created is None:
        content["_created"] = absent()
    if accident:
        # When it happened the claim does not say; FHIR asks for the day.
        day = {"date": begun.isoformat()} if begun else {"_date": absent()}
        content["accident"] = {**day, "type": listed("MA_TAI_NAN", accident, visit.on)}
    visit.add("Claim", visit.key, row, content, {"identifier": "MA_LK", "total": "T_TONGCHI_BV"})
    place = f"Claim/{visit.id('Claim', visit.key)}#item"
    for number, line in enumerate(rows):
        visit.places[f"{place}[{number}]"] = line.place


def _item(visit: Visit, row: Row, sequence: int, encounter: dict[str, Any]) -> dict[str, Any]:
    on = values.day(row.text("NGAY_YL"))
    is_drug = row.table == "XML2"
    amount = row.amount("SO_LUONG")
    lost = set() if amount is not None else {"DON_VI_TINH"}
    mapped = ITEM["XML2"]
    if not is_drug:
        mapped = _SERVICES[kind_of(row)]
        lost |= lost_of(row) | _unnamed(row)
    return filled(
        extension=visit.rest(row, mapped, lost=lost),
        sequence=sequence,
        category=listed("MA_NHOM", row.code("MA_NHOM"), visit.on),
        productOrService=(drug(row) if is_drug else _service(row)) or absent(),
        servicedDate=on.isoformat() if on else None,
        quantity=quantity(amount, row.text("DON_VI_TINH")),
        unitPrice=money(row.amount("DON_GIA" if is_drug else "DON_GIA_BV")),
        net=money(row.amount("THANH_TIEN_BV")),
        encounter=[encounter],
    )


def _unnamed(row: Row) -> set[str]:
    """The names that are not the item's text: of a supply that of the service, and the other way round."""
    supply, service = row.text("TEN_VAT_TU"), row.text("TEN_DICH_VU")
    other = "TEN_DICH_VU" if row.code("MA_VAT_TU") else "TEN_VAT_TU"
    return {"TEN_VAT_TU", "TEN_DICH_VU"} if supply == service else {other}


def _service(row: Row) -> dict[str, Any] | None:
    """A supply by its own code and name, else the service; a supply may name the service it was used in."""
    supply, service = row.code("MA_VAT_TU"), row.code("MA_DICH_VU")
    return concept(
        coding(systems.bhyt("MA_VAT_TU"), supply),
        coding(systems.bhyt("MA_DICH_VU"), service),
        text=(row.text("TEN_VAT_TU") if supply else "") or row.text("TEN_DICH_VU") or row.text("TEN_VAT_TU"),
    )
