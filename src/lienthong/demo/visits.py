"""The visits of the invented people: when, why, and what was measured, diagnosed and prescribed.

A visit knows no format; `claims` writes it as a claim and `resources` as FHIR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from lienthong.demo.chance import Chance
from lienthong.demo.formulary import ACUTE, CHRONIC, DRUGS, Diagnosis, Drug
from lienthong.demo.health import Vitals, measure, vitals
from lienthong.demo.people import Person, Registration

__all__ = ["WINDOWS", "Prescription", "Visit", "visits"]

# Days before the as-of date from which each hospital exports. A's claims begin when districts ended (2025-07-01), so
# that one layout of the claim holds for all of them.
WINDOWS = {"a": 487, "b": 1095}
_NOTES = {
    "chronic": "Người bệnh tỉnh, không đau ngực, không khó thở",
    "exam": "Người bệnh tỉnh, tiếp xúc tốt",
    "inpatient": "Sốt, ho, phổi có ran",
}


@dataclass(frozen=True, slots=True)
class Prescription:
    """A drug, how many units, for how many days."""

    drug: Drug
    quantity: int
    days: int
    covered: bool = True

    @property
    def dose(self) -> str:
        return f"{self.drug.daily} {self.drug.unit.lower()}/ngày"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; `kind` is chronic (a check of long illness), exam or inpatient; labs in the claim's units.

    `number` counts the visits of a hospital from 1; `smoking` is "" where nobody asked.
    """

    hospital: str
    number: int
    person: Person
    registration: Registration
    kind: str
    start: datetime
    end: datetime
    main: Diagnosis
    others: tuple[Diagnosis, ...]
    vitals: Vitals | None
    labs: tuple[tuple[str, Decimal], ...]
    prescriptions: tuple[Prescription, ...]
    smoking: str
    note: str
    physician: int

    @property
    def fever(self) -> bool:
        return self.kind == "inpatient"


def visits(seed: int, persons: tuple[Person, ...], hospital: str, as_of: date) -> tuple[Visit, ...]:
    """All visits to a hospital, in the order of time."""
    found: list[Visit] = []
    for person in persons:
        for registration in person.registrations:
            if registration.hospital == hospital:
                chance = Chance("visits", seed, registration.key)
                found += _of(chance, person, registration, as_of)
    found.sort(key=lambda visit: (visit.start, visit.registration.key))
    return tuple(_numbered(visit, number) for number, visit in enumerate(found, 1))


def _numbered(visit: Visit, number: int) -> Visit:
    return replace(visit, number=number)


def _of(chance: Chance, person: Person, registration: Registration, as_of: date) -> list[Visit]:
    ill = len(person.health.conditions)
    count = chance.whole(2, 5) if ill else chance.weighted(((1, 5.0), (2, 4.0), (3, 1.0)))
    window = WINDOWS[registration.hospital]
    found = []
    for turn in range(count):
        # Visits share the window evenly, each at some day of its part.
        part = window // count
        day = as_of - timedelta(days=window - turn * part - chance.whole(1, part - 15))
        day -= timedelta(days=max(0, day.weekday() - 4))  # no clinic at week-ends
        day = max(day, as_of - timedelta(days=window))
        found.append(_visit(chance, person, registration, day, first=turn == 0))
    return found


def _visit(chance: Chance, person: Person, registration: Registration, day: date, *, first: bool) -> Visit:
    health = person.health
    chronic = [CHRONIC[key] for key in health.conditions]
    kind = "chronic" if chronic and chance.holds(0.8) else "exam"
    main = chronic[0] if kind == "chronic" else chance.weighted(ACUTE)
    if main.icd10 == "J18.9":
        kind = "inpatient"
    others = tuple(item for item in chronic if item is not main)
    start = datetime.combine(day, time(7, 30)) + timedelta(minutes=chance.whole(0, 400))
    stay = timedelta(days=chance.whole(4, 9)) if kind == "inpatient" else timedelta(minutes=chance.whole(75, 170))
    labs = _labs(chance, person, kind, day, first=first)
    asked = registration.hospital == "b" and person.age(day) >= 18 and chance.holds(0.85 if first else 0.3)
    return Visit(
        hospital=registration.hospital,
        number=0,
        person=person,
        registration=registration,
        kind=kind,
        start=start,
        end=start + stay,
        main=main,
        others=others,
        vitals=vitals(chance, health, fever=kind == "inpatient") if chance.holds(0.93) else None,
        labs=tuple((lab, measure(chance, health, lab)) for lab in labs),
        prescriptions=tuple(_prescriptions(chance, person, kind, main, adult=person.age(day) >= 18)),
        smoking=health.smoking if asked else "",
        note=_NOTES[kind],
        physician=chance.whole(1, 4),
    )


def _labs(chance: Chance, person: Person, kind: str, day: date, *, first: bool) -> list[str]:
    if person.age(day) < 18:
        return ["glucose"] if kind == "inpatient" else []
    labs = ["glucose"] if kind != "exam" or chance.holds(0.4) else []
    if "diabetes" in person.health.conditions and kind == "chronic":
        labs.append("hba1c")
    if chance.holds(0.75 if first or kind == "chronic" else 0.3):
        labs += ["cholesterol", "hdl", "ldl", "triglycerides"]
    if kind == "inpatient" or chance.holds(0.3):
        labs.append("creatinine")
    return labs


def _prescriptions(chance: Chance, person: Person, kind: str, main: Diagnosis, *, adult: bool) -> list[Prescription]:
    if kind == "chronic":
        days = 28 if chance.holds(0.7) else 30
        found = [Prescription(DRUGS[key], DRUGS[key].daily * days, days) for key in person.health.drugs]
    else:
        days = chance.whole(5, 7)
        found = [Prescription(DRUGS[key], DRUGS[key].daily * days, days) for key in main.drugs]
    if adult and chance.holds(0.08):
        # Not on the insurance's list: the patient pays for it.
        found.append(Prescription(DRUGS["vitamin"], 60, 30, covered=False))
    return found
