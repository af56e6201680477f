"""The person of a visit: Patient, Coverage for each card, the facility as Organization, staff as Practitioners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.core.ids import key_system
from lienthong.core.settings import IdentifierSystems
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import coding, concept, extension, filled, identifier, listing
from lienthong.sources.bhyt.rest import Exact, is_code, is_codes, is_days, is_text, is_words
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = [
    "BIRTH_TIME",
    "CARD",
    "CODED",
    "GENDERS",
    "NATIONALITY",
    "PERSON",
    "PLACES",
    "add_coverages",
    "add_facility",
    "add_patient",
    "add_staff",
    "birth_elements",
    "name_elements",
    "nationality",
]

GENDERS = {"1": "male", "2": "female", "3": "unknown"}
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
CODED = ("MA_DANTOC", "MA_NGHE_NGHIEP")
PLACES = ("MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU")
_NATIONAL_ID = re.compile(r"\d{12}|\d{9}")
_PASSPORT = re.compile(r"[A-Z]\d{7}")
CARD = re.compile(r"[A-Z]{2}[0-9A-Z]\d{12}")
_DIED = "5"  # KET_QUA_DTRI; 8 died outside the hospital
_CARD_LISTS = ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN")


def is_birth(text: str) -> bool:
    """A birth as `birthDate` and the time of birth give it back: twelve digits, unknown ones as zeros."""
    born = values.birth(text, "")
    if born is None or not born.date or len(text) != 12:
        return False
    return born.time is not None or text == (born.date.replace("-", "") + "000000000000")[:12]


PERSON: Mapping[str, Exact] = {
    "MA_BN": is_code,
    "HO_TEN": is_words,
    "SO_CCCD": is_code,
    "NGAY_SINH": is_birth,
    "GIOI_TINH": lambda text: text in GENDERS,
    "MA_QUOCTICH": is_code,
    "MA_DANTOC": is_code,
    "MA_NGHE_NGHIEP": is_code,
    "DIA_CHI": is_text,
    **dict.fromkeys(PLACES, is_code),
    "DIEN_THOAI": is_code,
    "MA_THE_BHYT": is_codes,
    "MA_DKBD": is_codes,
    "GT_THE_TU": is_days,
    "GT_THE_DEN": is_days,
    "MA_KHUVUC": is_code,
}
"""The fields of XML1 that tell of the person and the cards; what of them has no element stays on the Patient."""


def add_facility(visit: Visit) -> dict[str, Any]:
    """The facility that sends the claim; its name from the settings, for the claim has none."""
    content = filled(
        identifier=[identifier(systems.bhyt("MA_CSKCB"), visit.facility)],
        name=visit.settings.facilities.get(visit.facility, ""),
    )
    return visit.add("Organization", visit.facility, visit.summary, content)


def add_staff(visit: Visit, row: Row, field: str) -> list[dict[str, Any]]:
    """The clinicians named in a field by the number of their licence; a claim has no names of staff."""
    text = row.texts.get(field)
    return [_staff(visit, row, code) for code in row.codes(field)] if text else []


def _staff(visit: Visit, row: Row, code: str) -> dict[str, Any]:
    found = visit.staff.get(code)
    if found is None:
        found = visit.add("Practitioner", code, row, {"identifier": [identifier(systems.bhyt("MA_BAC_SI"), code)]})
        visit.staff[code] = found
    return found


def add_patient(visit: Visit, facility: dict[str, Any]) -> dict[str, Any]:
    """The patient, by the facility's own number (MA_BN)."""
    row = visit.summary
    died = row.code("KET_QUA_DTRI") in (_DIED, "8")
    content = filled(
        extension=[*_extensions(row), *visit.rest(row, PERSON, only=PERSON, lost=_lost(row))],
        identifier=_national(visit, row) + _cards(visit, row),
        name=name_elements(row.text("HO_TEN")),
        telecom=[filled(system="phone", value=row.code("DIEN_THOAI"))] if row.text("DIEN_THOAI") else None,
        gender=GENDERS.get(row.code("GIOI_TINH")),
        deceasedBoolean=True if died else None,
        address=_address(row),
        managingOrganization=facility,
        **birth_elements(row.text("NGAY_SINH"), visit.settings.offset),
    )
    own = identifier(key_system(visit.source, "Patient"), row.code("MA_BN"), "MR")
    return visit.add(
        "Patient",
        row.code("MA_BN"),
        row,
        content,
        {
            "identifier": "MA_BN",
            "name": "HO_TEN",
            "birthDate": "NGAY_SINH",
            "gender": "GIOI_TINH",
            "address": "DIA_CHI",
        },
        own=own,
    )


def birth_elements(text: str, offset: str) -> dict[str, Any]:
    """`birthDate` with the precision it has, and the time of birth where it is known; nothing where it is no date."""
    born = values.birth(text, offset)
    if born is None or not born.date:
        return {}
    if not born.time:
        return {"birthDate": born.date}
    timed = {"extension": [{"url": BIRTH_TIME, "valueDateTime": born.time}]}
    return {"birthDate": born.date, "_birthDate": timed}


def name_elements(text: str) -> list[dict[str, Any]]:
    """The name as written; in a Vietnamese name the family name stands first."""
    parts = text.split()
    return [filled(use="official", text=" ".join(parts), family=parts[0], given=parts[1:])] if parts else []


def nationality(code: str) -> dict[str, Any] | None:
    """HL7's extension for a nationality; None without one."""
    if not code:
        return None
    part = {"url": "code", "valueCodeableConcept": concept(coding(systems.bhyt("MA_QUOCTICH"), code))}
    return {"url": NATIONALITY, "extension": [part]}


def _extensions(row: Row) -> list[dict[str, Any]]:
    return listing(nationality(row.code("MA_QUOCTICH")), *(_coded(row, field) for field in CODED))


def _coded(row: Row, field: str) -> dict[str, Any] | None:
    return extension(field, valueCoding=coding(systems.bhyt(field), row.code(field)))


def _address(row: Row) -> list[dict[str, Any]]:
    """The address as text; its province, district and commune as codes, whose lists change with the years."""
    found = filled(extension=listing(*(_coded(row, field) for field in PLACES)), text=row.text("DIA_CHI"))
    return [{"use": "home", **found}] if found else []


def _national(visit: Visit, row: Row) -> list[dict[str, Any]]:
    number = row.code("SO_CCCD")
    uris: IdentifierSystems = visit.settings.systems
    if not number:
        return []
    if _NATIONAL_ID.fullmatch(number) and number.isascii():
        return [identifier(uris.national_id, number, "NI")]
    if _PASSPORT.fullmatch(number) and number.isascii():
        return [identifier(uris.passport, number, "PPN")]
    visit.note(
        Severity.WARNING,
        "bhyt-national-id-shape",
        "The number is neither a national id nor a passport; it is kept without a system and links no records.",
        row,
        "SO_CCCD",
        Rule("bhyt-national-id", "9 or 12 digits, or a capital letter and 7 digits", "portal validator of QĐ 4750"),
        "Correct it from the person's card.",
    )
    return [identifier("", number, text="SO_CCCD")]


def _cards(visit: Visit, row: Row) -> list[dict[str, Any]]:
    """Cards of 15 characters, or the 10 or 12 digits that may be shown instead (BHXH number, national id)."""
    uris: IdentifierSystems = visit.settings.systems
    found: list[dict[str, Any]] = []
    for card in dict.fromkeys(row.codes("MA_THE_BHYT")):
        if CARD.fullmatch(card):
            made = identifier(uris.insurance_card, card)
        elif len(card) == 10 and card.isascii() and card.isdigit():
            made = identifier(uris.insurance_number, card)
        elif len(card) == 12 and card.isascii() and card.isdigit():
            made = identifier(uris.national_id, card, "NI", text="MA_THE_BHYT")
        else:
            visit.note(
                Severity.WARNING,
                "bhyt-card-shape",
                "The card number has neither 15, 12 nor 10 characters of a card; it is kept without a system.",
                row,
                "MA_THE_BHYT",
                Rule("bhyt-card", "The number of a health-insurance card"),
                "Correct it from the card.",
            )
            made = identifier("", card, text="MA_THE_BHYT")
        if card != row.code("SO_CCCD"):
            found.append(made)
    return found


def _lost(row: Row) -> set[str]:
    """The fields beside the cards whose values can't be told apart, or are not held by the Coverages."""
    cards = row.codes("MA_THE_BHYT")
    lost = {field for field in _CARD_LISTS if not cards or len(row.codes(field)) != len(cards)}
    if not cards:
        lost.add("MA_KHUVUC")
    if not lost & {"GT_THE_TU", "GT_THE_DEN"}:
        periods = zip(row.codes("GT_THE_TU"), row.codes("GT_THE_DEN"), strict=True)
        if any(end < start for start, end in periods):
            lost.add("GT_THE_DEN")
    return lost


def add_coverages(visit: Visit, patient: dict[str, Any]) -> list[dict[str, Any]]:
    """One Coverage a card, as the visit knew it; its key is MA_LK and a number, never the card."""
    row = visit.summary
    cards = row.codes("MA_THE_BHYT")
    begins, ends, registered = (_beside(visit, row, field, cards) for field in ("GT_THE_TU", "GT_THE_DEN", "MA_DKBD"))
    area = row.code("MA_KHUVUC")
    found: list[dict[str, Any]] = []
    for number, card in enumerate(cards):
        start, end = values.day(begins[number]), values.day(ends[number])
        if start and end and end < start:
            visit.note_order(row, "GT_THE_DEN")
            end = None
        content = filled(
            extension=listing(extension("MA_DKBD", valueCoding=coding(systems.bhyt("MA_CSKCB"), registered[number]))),
            status="active",
            subscriberId=card,
            beneficiary=patient,
            period=filled(start=start.isoformat() if start else "", end=end.isoformat() if end else ""),
            payor=[{"display": "Bảo hiểm xã hội Việt Nam"}],
        )
        classes = []
        if CARD.fullmatch(card):
            classes.append({"type": concept(coding(systems.COVERAGE_CLASS, "group")), "value": card[:2]})
        if area:
            classes.append({"type": concept(coding(systems.bhyt("FIELD"), "MA_KHUVUC")), "value": area})
        if classes:
            content["class"] = classes
        found.append(
            visit.add("Coverage", f"{visit.key}/{number + 1}", row, content, {"subscriberId": "MA_THE_BHYT"})
        )
    return found


def _beside(visit: Visit, row: Row, field: str, cards: list[str]) -> list[str]:
    """The values of a list that stands beside the cards; none where the two lists differ in length."""
    found = row.codes(field)
    if len(found) == len(cards):
        return found
    if found:
        visit.note(
            Severity.WARNING,
            "bhyt-list-length",
            "The list has not as many values as there are cards, so they can't be told apart; it is kept as text.",
            row,
            field,
            Rule("bhyt-card-lists", "Cards, their facilities and their dates in the same order", "QĐ 4750/QĐ-BYT"),
            "Give one value a card, separated by semicolons.",
        )
    return [""] * len(cards)
