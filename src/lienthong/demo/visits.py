"""The visits of the invented people: when, why, and what was measured, diagnosed and prescribed.

A visit knows no format; `claims` writes it as a claim and `resources` as FHIR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from lienthong.demo.bedside import Signs, course
from lienthong.demo.chance import Chance
from lienthong.demo.formulary import CHRONIC, DRUGS, Diagnosis, Drug
from lienthong.demo.health import Vitals, measure, vitals
from lienthong.demo.illnesses import BY_CODE, ILLNESSES, PREGNANCY, Department, Illness, season
from lienthong.demo.people import Person, Registration

__all__ = ["WINDOWS", "Prescription", "Visit", "visits"]

# Days before the as-of date from which each hospital exports. A's claims begin when districts ended (2025-07-01), so
# that one layout of the claim holds for all of them.
WINDOWS = {"a": 487, "b": 1095}
_NOTES = {
    "chronic": "Người bệnh tỉnh, không đau ngực, không khó thở",
    "exam": "Người bệnh tỉnh, tiếp xúc tốt",
    "inpatient": "Nhập viện",
}
_CLINIC = Department("K01", "Khoa Khám bệnh", "Outpatient clinic")
_COUNT = ("leukocytes", "hemoglobin", "hematocrit", "platelets")


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

    `number` counts the visits of a hospital from 1; `smoking` is "" where nobody asked. `signs` are the sets of an
    inpatient's bedside, `is_scale_2` an order of a saturation of 88 to 92 %, `outcome` cured, better, same, worse or
    died (at `end`).
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
    department: Department = _CLINIC
    signs: tuple[Signs, ...] = ()
    is_scale_2: bool = False
    is_pregnant: bool = False
    outcome: str = "better"
    is_operated: bool = False


def visits(seed: int, persons: tuple[Person, ...], as_of: date) -> tuple[tuple[Visit, ...], tuple[Visit, ...]]:
    """All visits to A and to B, each in the order of time. Who dies does so at the last visit that they ever make."""
    found: list[Visit] = []
    for person in persons:
        own = [
            visit
            for registration in person.registrations
            if not registration.feed
            for visit in _of(Chance("visits", seed, registration.key), person, registration, as_of)
        ]
        last = max(range(len(own)), key=lambda index: own[index].end)
        ill = BY_CODE.get(own[last].main.icd10)
        chance = Chance("outcome", seed, person.number)
        if (
            ill is not None
            and own[last].kind == "inpatient"
            and chance.holds(ill.death * (3 if _is_old(own[last]) else 1))
        ):
            own[last] = replace(own[last], outcome="died")
        found += own
    found.sort(key=lambda visit: (visit.start, visit.registration.key))
    return _of_hospital(found, "a"), _of_hospital(found, "b")


def _of_hospital(found: list[Visit], name: str) -> tuple[Visit, ...]:
    own = (visit for visit in found if visit.hospital == name)
    return tuple(replace(visit, number=number) for number, visit in enumerate(own, 1))


def _is_old(visit: Visit) -> bool:
    return visit.person.age(visit.start.date()) >= 70


def _of(chance: Chance, person: Person, registration: Registration, as_of: date) -> list[Visit]:
    ill = len(person.health.conditions)
    count = chance.whole(2, 5) if ill else chance.weighted(((1, 5.0), (2, 4.0), (3, 1.0)))
    window = WINDOWS[registration.hospital]
    found = []
    for turn in range(count):
        # Visits share the window evenly, each at some day of its part.
        part = window // count
        day = as_of - timedelta(days=window - turn * part - chance.whole(1, part - 23))
        day = max(day, person.born + timedelta(days=33))
        day -= timedelta(days=max(0, day.weekday() - 4))  # no clinic at week-ends
        day = max(day, as_of - timedelta(days=window))
        found.append(_visit(chance, person, registration, day, first=turn == 0))
    return found


def _visit(chance: Chance, person: Person, registration: Registration, day: date, *, first: bool) -> Visit:
    health = person.health
    chronic = [CHRONIC[key] for key in health.conditions]
    ill = None if chronic and chance.holds(0.68) else _illness(chance, person, day)
    main = chronic[0] if ill is None else ill.diagnosis
    stay = ill.stay if ill else None
    kind = "inpatient" if stay else ("chronic" if ill is None else "exam")
    start = datetime.combine(day, time(7, 30)) + timedelta(minutes=chance.whole(0, 400))
    end = start + (timedelta(days=chance.whole(*stay)) if stay else timedelta(minutes=chance.whole(75, 170)))
    labs = _labs(chance, person, kind, day, ill, first=first)
    shifts = ill.labs if ill else {}
    asked = registration.hospital == "b" and person.age(day) >= 18 and chance.holds(0.85 if first else 0.3)
    fever = ill is not None and ill.fever > 0.8
    copd = "copd" in health.conditions or main.icd10.startswith("J44")
    scale_2 = stay is not None and copd and chance.holds(0.6)
    signs: tuple[Signs, ...] = ()
    worse = False
    if ill is not None and stay is not None:
        signs, worse = course(chance, health, ill, start, end, scale_2=scale_2)
    adult = person.age(day) >= 18
    prescriptions = _prescriptions(chance, person, kind, main, (end - start).days, adult=adult)
    return Visit(
        hospital=registration.hospital,
        number=0,
        person=person,
        registration=registration,
        kind=kind,
        start=start,
        end=end,
        main=main,
        others=tuple(item for item in chronic if item is not main),
        vitals=vitals(chance, health, fever=fever) if chance.holds(0.93) else None,
        labs=tuple((lab, measure(chance, health, lab, shifts.get(lab, 0.0))) for lab in labs),
        prescriptions=tuple(prescriptions),
        smoking=health.smoking if asked else "",
        note=f"{main.complaint}. {_NOTES[kind]}" if kind == "inpatient" else _NOTES[kind],
        physician=chance.whole(1, 4),
        department=ill.department if ill else _CLINIC,
        signs=signs,
        is_scale_2=scale_2,
        is_pregnant=main is PREGNANCY.diagnosis,
        outcome="worse" if worse and chance.holds(0.4) else ("cured" if stay and chance.holds(0.4) else "better"),
        is_operated=ill is not None and ill.operation,
    )


def _illness(chance: Chance, person: Person, day: date) -> Illness:
    age = person.age(day)
    return chance.weighted(
        [
            (item, season(item, day.month))
            for item in ILLNESSES
            if item.ages[0] <= age <= item.ages[1] and item.sex in ("", person.sex)
        ]
    )


def _labs(chance: Chance, person: Person, kind: str, day: date, ill: Illness | None, *, first: bool) -> list[str]:
    shown = list(ill.labs) if ill else []
    if any(name in _COUNT for name in shown) or kind == "inpatient":
        shown = [*(name for name in shown if name not in _COUNT), *_COUNT]
    if person.age(day) < 18:
        return (["glucose"] if kind == "inpatient" else []) + [name for name in shown if name != "glucose"]
    labs = ["glucose"] if kind != "exam" or chance.holds(0.4) else []
    if "diabetes" in person.health.conditions and kind == "chronic":
        labs.append("hba1c")
    if chance.holds(0.75 if first or kind == "chronic" else 0.3):
        labs += ["cholesterol", "hdl", "ldl", "triglycerides"]
    if kind == "inpatient" or "kidney" in person.health.conditions or chance.holds(0.3):
        labs += ["creatinine", "urea"]
    return labs + [name for name in shown if name not in labs]


def _prescriptions(
    chance: Chance, person: Person, kind: str, main: Diagnosis, nights: int, *, adult: bool
) -> list[Prescription]:
    if kind == "chronic":
        days = 28 if chance.holds(0.7) else 30
        found = [Prescription(DRUGS[key], DRUGS[key].daily * days, days) for key in person.health.drugs]
    else:
        days = max(1, nights) if kind == "inpatient" else chance.whole(5, 7)
        found = [Prescription(DRUGS[key], DRUGS[key].daily * days, days) for key in main.drugs]
    if adult and chance.holds(0.08):
        # Not on the insurance's list: the patient pays for it.
        found.append(Prescription(DRUGS["vitamin"], 60, 30, covered=False))
    return found
