"""What the exact rules look at in a Patient: national ids, insurance cards, birth date and sex."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lienthong.core.settings import IdentifierSystems

__all__ = ["Profile", "profile"]

_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CARD = re.compile(r"[A-Z]{2}\d{13}|\d{10}|\d{12}")
_NATIONAL_ID = re.compile(r"\d{12}|\d{9}")
_TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-0203"
_UP = "0123456789" * 2
_DOWN = _UP[::-1]


@dataclass(frozen=True, slots=True)
class Profile:
    """A Patient as the rules see it; equal ones are treated alike.

    `birth` is a FHIR date at the precision given, `sex` empty where it is not known. `cards` are insurance cards and
    social-insurance numbers, only where birth date and sex are there in full, because without them a card decides
    nothing.
    """

    national_ids: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()
    birth: str = ""
    sex: str = ""

    def shared_keys(self) -> list[str]:
        """What two Patients must share one of to be looked at together; in a fixed order."""
        cards = [f"card:{card}|{self.birth}|{self.sex}" for card in self.cards]
        return sorted([*(f"national-id:{number}" for number in self.national_ids), *cards])

    def rule(self, other: Profile) -> str | None:
        """The rule by which two Patients may be one person, before contradictions: national-id, card or none."""
        if self.national_ids & other.national_ids:
            return "national-id"
        if self.cards & other.cards and self.birth == other.birth and self.sex == other.sex:
            return "card"
        return None

    def contradicts(self, other: Profile) -> bool:
        """Whether two Patients can't be one person: another national id of the same form, birth date or sex."""
        if self.sex and other.sex and self.sex != other.sex:
            return True
        length = min(len(self.birth), len(other.birth))
        if self.birth[:length] != other.birth[:length]:
            return True
        # The old number of 9 digits and the new one of 12 stand side by side in one person.
        if self.national_ids & other.national_ids:
            return False
        forms = {len(number) for number in self.national_ids}
        return any(len(number) in forms for number in other.national_ids)


def profile(patient: dict[str, Any], systems: IdentifierSystems) -> Profile:
    """The profile of a Patient resource; what is malformed or obviously no real number is left out.

    Sources: national id of 12 digits (Law on Identification 2023), the old one of 9; insurance card of 15
    characters (Quyết định 1351/QĐ-BHXH), of which the last 10 are the social-insurance number, or 10 or 12 digits.
    """
    birth = patient.get("birthDate")
    birth = birth if isinstance(birth, str) else ""
    sex = patient.get("gender")
    sex = sex if sex in ("male", "female", "other") else ""
    national: set[str] = set()
    cards: set[str] = set()
    for system, value, type_code in _identifiers(patient):
        if (system == systems.national_id or type_code == "NI") and _NATIONAL_ID.fullmatch(value) and _real(value):
            national.add(value)
        if system in (systems.insurance_card, systems.insurance_number) and _CARD.fullmatch(value):
            cards.update(card for card in (value, value[-10:] if len(value) == 15 else value) if _real(card[-10:]))
    if not (_FULL_DATE.fullmatch(birth) and sex):
        cards.clear()
    return Profile(frozenset(national), frozenset(cards), birth, sex)


def _identifiers(patient: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(system, value, code of the identifier's type in v2-0203)."""
    items = patient.get("identifier")
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("value"), str):
            continue
        concept = item.get("type")
        codings = concept.get("coding") if isinstance(concept, dict) else None
        codes = [
            coding.get("code")
            for coding in codings or ()
            if isinstance(coding, dict) and coding.get("system") == _TYPE_SYSTEM
        ]
        yield str(item.get("system") or ""), item["value"].strip(), "NI" if "NI" in codes else ""


def _real(number: str) -> bool:
    """Whether a number is not one that is typed where there is none: one digit all along, or 123456789."""
    return len(set(number)) > 1 and number not in _UP and number not in _DOWN
