"""The head of the patient page: name, age, sex, allergies, and identifiers that stay masked until asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from lienthong.core.settings import IdentifierSystems
from lienthong.web.elements import concept, first, is_mistake, items, status_code, text, time_of
from lienthong.web.texts import mark, parse_when

__all__ = ["Age", "Allergy", "Identifier", "Person", "age_on", "name_of", "person_of", "sex_of"]

_SEXES = {"male": mark("Male"), "female": mark("Female"), "other": mark("Other sex")}
_UNKNOWN_SEX = mark("Sex not recorded")
_CRITICAL = {"high": mark("high risk"), "low": mark("low risk"), "unable-to-assess": mark("risk not known")}
_SHOWN_END = 3


@dataclass(frozen=True, slots=True)
class Age:
    """An age in the unit in which it is spoken of: years, months under two years, days under one month."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Allergy:
    what: str
    risk: str
    since: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier: what it is, and its value or the mask that stands for it."""

    label: str
    shown: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the patient is; `sex` and the labels are message ids."""

    id: str
    name: str
    other_names: tuple[str, ...]
    birth: str
    age: Age | None
    died: str
    sex: str
    allergies: tuple[Allergy, ...]
    none_known: bool
    identifiers: tuple[Identifier, ...]
    revealed: bool


def name_of(patient: Mapping[str, Any]) -> str:
    """The name to call a person by: the official one first, as written, with its tones."""
    names = items(patient.get("name"))
    for use in ("official", "usual", "", "nickname"):
        for name in names:
            if text(name.get("use")) == use and _name(name):
                return _name(name)
    return next((_name(name) for name in names if _name(name)), "")


def _name(name: Mapping[str, Any]) -> str:
    if text(name.get("text")):
        return text(name["text"])
    given = [text(part) for part in name.get("given", []) if isinstance(part, str)]
    prefix = [text(part) for part in name.get("prefix", []) if isinstance(part, str)]
    return " ".join(part for part in (*prefix, *given, text(name.get("family"))) if part)


def sex_of(patient: Mapping[str, Any]) -> str:
    return _SEXES.get(text(patient.get("gender")), _UNKNOWN_SEX)


def age_on(birth: str, day: date) -> Age | None:
    """The age on a day, as precise as the birth date allows; None when it is not known or lies ahead."""
    born = parse_when(birth, UTC)
    if born is None:
        return None
    born = born.date() if isinstance(born, datetime) else born
    if len(birth) == 4:
        years = day.year - born.year
        return Age(years, "years") if years >= 0 else None
    if born > day:
        return None
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day and len(birth) > 7)
    if months >= 24:
        return Age(months // 12, "years")
    if months >= 1:
        return Age(months, "months")
    return Age((day - born).days, "days")


def person_of(
    person: str,
    resources: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    zone: tzinfo,
    systems: IdentifierSystems,
    revealed: bool,
) -> Person:
    """The head of a person's page, from all Patients and allergies in their record; the newest Patient leads."""
    patients = [resource for resource in resources if resource.get("resourceType") == "Patient"]
    patients.sort(key=lambda patient: text(_meta(patient).get("lastUpdated")), reverse=True)
    lead: Mapping[str, Any] = patients[0] if patients else {}
    names = dict.fromkeys(name for name in map(name_of, patients) if name)
    death = _death(patients)
    last_day = parse_when(death, zone) if death else None
    until = now.astimezone(zone).date() if last_day is None else _day(last_day)
    birth = next((text(patient.get("birthDate")) for patient in patients if text(patient.get("birthDate"))), "")
    allergies, none_known = _allergies(resources)
    return Person(
        id=person,
        name=next(iter(names), ""),
        other_names=tuple(names)[1:],
        birth=birth,
        age=age_on(birth, until),
        died=death,
        sex=sex_of(lead),
        allergies=allergies,
        none_known=none_known,
        identifiers=_identifiers(patients, systems, revealed),
        revealed=revealed,
    )


def _meta(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return first(resource.get("meta"))


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _death(patients: Iterable[Mapping[str, Any]]) -> str:
    """When the person died: a FHIR time, `true` when only the fact is recorded, or nothing."""
    for patient in patients:
        if text(patient.get("deceasedDateTime")):
            return text(patient["deceasedDateTime"])
        if patient.get("deceasedBoolean") is True:
            return "true"
    return ""


def _allergies(resources: Iterable[Mapping[str, Any]]) -> tuple[tuple[Allergy, ...], bool]:
    """The allergies that hold, the dangerous ones first, and whether somebody recorded that there are none."""
    found: list[Allergy] = []
    none_known = False
    for resource in resources:
        if resource.get("resourceType") != "AllergyIntolerance" or is_mistake(resource):
            continue
        if status_code(resource) in ("inactive", "resolved"):
            continue
        codings = [text(coding.get("code")) for coding in items(first(resource.get("code")).get("coding"))]
        # SNOMED CT 716186003 "No known allergy" and its kinds are recorded as allergies
        if "716186003" in codings:
            none_known = True
            continue
        risk = _CRITICAL.get(text(resource.get("criticality")), "")
        found.append(Allergy(concept(resource.get("code")), risk, time_of(resource)))
    order = list(_CRITICAL.values())
    unique = {allergy.what: allergy for allergy in found}
    shown = sorted(unique.values(), key=lambda item: (order.index(item.risk) if item.risk else 9, item.what))
    return tuple(shown), none_known


def _identifiers(
    patients: Iterable[Mapping[str, Any]], systems: IdentifierSystems, revealed: bool
) -> tuple[Identifier, ...]:
    labels = {
        systems.national_id: mark("National id"),
        systems.insurance_card: mark("Insurance card"),
        systems.insurance_number: mark("Social insurance number"),
        systems.passport: mark("Passport"),
    }
    found: dict[tuple[str, str], None] = {}
    for patient in patients:
        for identifier in items(patient.get("identifier")):
            value = text(identifier.get("value"))
            system = text(identifier.get("system"))
            label = labels.get(system) or concept(identifier.get("type"))
            if not label:
                label = mark("Hospital number") if system.startswith("urn:x-lienthong:") else mark("Other number")
            if value:
                found[label, value] = None
    return tuple(Identifier(label, value if revealed else _masked(value)) for label, value in found)


def _masked(value: str) -> str:
    """A mask of fixed length: it tells the end of a long number and nothing of a short one."""
    return "••••••" + (value[-_SHOWN_END:] if len(value) > 2 * _SHOWN_END + 2 else "")
