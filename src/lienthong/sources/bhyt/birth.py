"""A birth (XML9): the newborn as a Patient, carer and father as RelatedPersons, the weight, the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import coding, concept, extension, filled, identifier, listing, measure
from lienthong.sources.bhyt.paper import Paper, add_composition, add_relative, is_day
from lienthong.sources.bhyt.person import (
    CARD,
    GENDERS,
    PLACES,
    birth_elements,
    name_elements,
    nationality,
)
from lienthong.sources.bhyt.rest import Exact, is_code, is_moment, is_number, is_text, is_words
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["BIRTH", "BIRTH_PLACE", "CERTIFICATE", "add_births"]

BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
CERTIFICATE = Paper(("", ""), "Giấy chứng sinh", ("TINH_TRANG_CON", "GHI_CHU"))


def is_born(text: str) -> bool:
    """A birth to the minute; midnight is a time here, for a newborn's is always known."""
    return len(text) == 12 and is_moment(text) and not text.endswith("0000")


BIRTH: Mapping[str, Exact] = {
    "HO_TEN_NND": is_words,
    "NGAYSINH_NND": is_day,
    "MA_DANTOC_NND": is_code,
    "MA_BHXH_NND": is_code,
    "MA_THE_NND": is_code,
    "SO_CCCD_NND": is_code,
    "NGAYCAP_CCCD_NND": is_day,
    "NOICAP_CCCD_NND": is_text,
    "NOI_CU_TRU_NND": is_text,
    **dict.fromkeys(PLACES, is_code),
    "MA_QUOCTICH": is_code,
    "HO_TEN_CHA": is_words,
    "MA_THE_TAM": is_code,
    "HO_TEN_CON": is_words,
    "GIOI_TINH_CON": lambda text: text in GENDERS,
    "CAN_NANG_CON": is_number,
    "NGAY_SINH_CON": is_born,
    "NOI_SINH_CON": is_text,
}
"""The fields of XML9 that the newborn and the parents hold."""

_CARER = frozenset({*(name for name in BIRTH if name.endswith("_NND")), *PLACES})


def add_births(visit: Visit, encounter: dict[str, Any], facility: dict[str, Any]) -> None:
    """One newborn for each row of XML9; its key is MA_LK, table and row, never a card."""
    for row in visit.rows("XML9"):
        key = visit.row_key(row)
        child = visit.add("Patient", key, row, _child(visit, row, facility), _CHILD_FIELDS)
        lost = set() if row.text("HO_TEN_NND") else set(_CARER)
        if not row.code("SO_CCCD_NND"):
            lost |= {"NGAYCAP_CCCD_NND", "NOICAP_CCCD_NND"}
        _add_carer(visit, row, child)
        add_relative(visit, row, "HO_TEN_CHA", "FTH", child)
        weight = row.amount("CAN_NANG_CON")
        if weight is not None and weight > 0:
            content = {
                "status": "final",
                "category": [concept(coding(systems.OBSERVATION_CATEGORY, "vital-signs"))],
                "code": concept(coding(systems.LOINC, "8339-4", "Birth weight Measured")),
                "subject": child,
                **filled(encounter=encounter, effectiveDateTime=visit.moment(row, "NGAY_SINH_CON")),
                "valueQuantity": measure(weight, "g", "g"),
            }
            visit.add("Observation", f"{key}/CAN_NANG_CON", row, content, {"valueQuantity": "CAN_NANG_CON"})
        else:
            lost.add("CAN_NANG_CON")
        add_composition(visit, row, CERTIFICATE, child, encounter, facility, author=facility, mapped=BIRTH, lost=lost)


_CHILD_FIELDS = {"name": "HO_TEN_CON", "birthDate": "NGAY_SINH_CON", "gender": "GIOI_TINH_CON"}


def _child(visit: Visit, row: Row, facility: dict[str, Any]) -> dict[str, Any]:
    place, card = row.text("NOI_SINH_CON"), row.code("MA_THE_TAM")
    system = visit.settings.systems.insurance_card if CARD.fullmatch(card) else ""
    return filled(
        extension=listing(
            nationality(row.code("MA_QUOCTICH")),
            {"url": BIRTH_PLACE, "valueAddress": {"text": place}} if place else None,
        ),
        identifier=[identifier(system, card, text="MA_THE_TAM")] if card else None,
        name=name_elements(row.text("HO_TEN_CON")),
        gender=GENDERS.get(row.code("GIOI_TINH_CON")),
        managingOrganization=facility,
        **birth_elements(row.text("NGAY_SINH_CON"), visit.settings.offset),
    )


def _add_carer(visit: Visit, row: Row, child: dict[str, Any]) -> None:
    """The mother or carer, with the papers that name her."""
    uris = visit.settings.systems
    national = row.code("SO_CCCD_NND")
    issued = values.day(row.text("NGAYCAP_CCCD_NND"))
    papers = []
    if national:
        own = identifier(uris.national_id, national, "NI")
        by = {"display": row.text("NOICAP_CCCD_NND")} if row.text("NOICAP_CCCD_NND") else None
        papers.append(filled(**own, period={"start": issued.isoformat()} if issued else None, assigner=by))
    if number := row.code("MA_BHXH_NND"):
        papers.append(identifier(uris.insurance_number, number, text="MA_BHXH_NND"))
    if card := row.code("MA_THE_NND"):
        papers.append(identifier(uris.insurance_card if CARD.fullmatch(card) else "", card, text="MA_THE_NND"))
    codes = listing(*(extension(name, valueCoding=coding(systems.bhyt(name), row.code(name))) for name in PLACES))
    home = filled(extension=codes, text=row.text("NOI_CU_TRU_NND"))
    group = coding(systems.bhyt("MA_DANTOC"), row.code("MA_DANTOC_NND"))
    add_relative(
        visit,
        row,
        "HO_TEN_NND",
        "MTH",
        child,
        extension=listing(extension("MA_DANTOC", valueCoding=group)),
        identifier=papers,
        birthDate=_born(row),
        address=[{"use": "home", **home}] if home else None,
    )


def _born(row: Row) -> str | None:
    born = values.birth(row.text("NGAYSINH_NND"), "")
    return born.date if born and born.date else None
