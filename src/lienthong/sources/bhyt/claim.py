"""The claim: one item for each row of drugs (XML2), services and supplies (XML3), and the totals of XML1."""

from __future__ import annotations

from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import absent, coding, concept, extension, filled, listed, money, quantity
from lienthong.sources.bhyt.encounter import period_of
from lienthong.sources.bhyt.medication import drug
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["add_claim"]

# Totals beside the claim's own: who pays which part. FHIR has them in the answer (ClaimResponse), not in the claim.
_TOTALS = (
    "T_THUOC",
    "T_VTYT",
    "T_TONGCHI_BH",
    "T_BNTT",
    "T_BNCCT",
    "T_BHTT",
    "T_NGUONKHAC",
    "T_BHTT_GDV",
)


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
    content = filled(
        extension=[
            item for item in (extension(name, valueMoney=money(row.amount(name))) for name in _TOTALS) if item
        ],
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
        insurance=[
            {"sequence": number, "focal": number == 1, "coverage": coverage}
            for number, coverage in enumerate(coverages or [{"display": "no card in the claim"}], 1)
        ],
        item=[_item(visit, line, number, encounter) for number, line in enumerate(rows, 1)],
        total=money(row.amount("T_TONGCHI_BV")),
    )
    if created is None:
        content["_created"] = absent()
    visit.add("Claim", visit.key, row, content, {"identifier": "MA_LK", "total": "T_TONGCHI_BV"})
    place = f"Claim/{visit.id('Claim', visit.key)}#item"
    for number, line in enumerate(rows):
        visit.places[f"{place}[{number}]"] = line.place


def _item(visit: Visit, row: Row, sequence: int, encounter: dict[str, Any]) -> dict[str, Any]:
    on = values.day(row.text("NGAY_YL"))
    is_drug = row.table == "XML2"
    return filled(
        sequence=sequence,
        category=listed("MA_NHOM", row.code("MA_NHOM"), visit.on),
        productOrService=(drug(row) if is_drug else _service(row)) or absent(),
        servicedDate=on.isoformat() if on else None,
        quantity=quantity(row.amount("SO_LUONG"), row.text("DON_VI_TINH")),
        unitPrice=money(row.amount("DON_GIA" if is_drug else "DON_GIA_BV")),
        net=money(row.amount("THANH_TIEN_BV")),
        encounter=[encounter],
    )


def _service(row: Row) -> dict[str, Any] | None:
    """A supply by its own code and name, else the service; a supply may name the service it was used in."""
    supply, service = row.code("MA_VAT_TU"), row.code("MA_DICH_VU")
    return concept(
        coding(systems.bhyt("MA_VAT_TU"), supply),
        coding(systems.bhyt("MA_DICH_VU"), service),
        text=(row.text("TEN_VAT_TU") if supply else "") or row.text("TEN_DICH_VU") or row.text("TEN_VAT_TU"),
    )
