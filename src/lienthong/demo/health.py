"""The hidden health of each invented person, from which every diagnosis, drug and measure of the exports follows.

Shares by age and sex are near those of Vietnamese surveys (STEPS 2021: hypertension in about three adults of ten,
diabetes in seven of a hundred, smoking in four men of ten and one woman of a hundred), raised for people who come to
a hospital. They make believable data, not an epidemiology.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import exp

from lienthong.demo.chance import Chance
from lienthong.demo.formulary import LABS

__all__ = ["Health", "Vitals", "draw", "measure", "vitals"]


@dataclass(frozen=True, slots=True)
class Health:
    """What is true of a person, seen by nobody: conditions (keys of `CHRONIC`), drugs (keys of `DRUGS`), usual
    blood pressure in mmHg, usual laboratory values in the claim's units, height in cm and weight in kg."""

    conditions: tuple[str, ...]
    drugs: tuple[str, ...]
    treated: bool
    smoking: str
    systolic: float
    diastolic: float
    labs: dict[str, float]
    height: int
    weight: float


@dataclass(frozen=True, slots=True)
class Vitals:
    """One set of vital signs: mmHg, beats a minute, degrees Celsius, kg, cm."""

    systolic: int
    diastolic: int
    pulse: int
    temperature: Decimal
    weight: Decimal
    height: int


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-value))


def draw(chance: Chance, age: int, sex: str) -> Health:
    """The health of somebody of this age (years) and sex."""
    man, adult = sex == "male", age >= 18
    hypertension = adult and chance.holds(_logistic(-5.6 + 0.09 * age))
    diabetes = adult and chance.holds(_logistic(-5.9 + 0.06 * age + (0.8 if hypertension else 0)))
    lipids = age >= 30 and chance.holds(0.12 + 0.25 * hypertension + 0.25 * diabetes)
    heart = age >= 45 and chance.holds(0.02 + 0.05 * hypertension + 0.05 * diabetes)
    copd = age >= 45 and chance.holds(0.06 if man else 0.015)
    kidney = age >= 40 and chance.holds(0.015 + 0.05 * hypertension + 0.06 * diabetes)
    smoking = "never"
    if adult:
        smoking = chance.weighted(
            (("current", 38), ("former", 20), ("never", 42))
            if man
            else (("current", 1.5), ("former", 1), ("never", 97.5))
        )
    treated = hypertension and chance.holds(0.8)
    drugs: list[str] = []
    if treated:
        drugs += chance.several(
            ("amlodipin", "losartan", "enalapril", "bisoprolol"), chance.weighted(((1, 6), (2, 4)))
        )
    if diabetes:
        drugs += ["metformin", "gliclazid"] if chance.holds(0.35) else ["metformin"]
    if lipids and chance.holds(0.75):
        drugs.append("atorvastatin")
    if copd:
        drugs.append("salbutamol")
    systolic = chance.normal(104 + 0.33 * age + (26 if hypertension else 0) - (14 if treated else 0), 8)
    total = max(2.8, chance.normal(4.5 + (1.3 if lipids else 0) - (0.6 if "atorvastatin" in drugs else 0), 0.6))
    hdl = min(2.4, max(0.7, chance.normal(1.15 if man else 1.35, 0.2)))
    triglycerides = min(4.4, max(0.5, chance.normal(1.5 + 0.6 * lipids + 0.4 * diabetes, 0.45)))
    height = round(chance.normal(165 if man else 155, 6)) if adult else round(min(160, 75 + 6 * age))
    index = chance.normal(22.8 + 1.2 * (diabetes or hypertension), 2.2) if adult else 16.5
    return Health(
        conditions=tuple(
            key
            for key, holds in (
                ("heart", heart),
                ("hypertension", hypertension),
                ("diabetes", diabetes),
                ("copd", copd),
                ("kidney", kidney),
                ("lipids", lipids),
            )
            if holds
        ),
        drugs=tuple(drugs),
        treated=treated,
        smoking=smoking,
        systolic=systolic if adult else 95 + age,
        diastolic=(0.42 * systolic + 24) if adult else 60 + age / 2,
        labs={
            "glucose": chance.normal(8.4, 1.5) if diabetes else chance.normal(5.2, 0.4),
            "hba1c": chance.normal(7.6, 0.9) if diabetes else chance.normal(5.4, 0.2),
            "cholesterol": total,
            "hdl": hdl,
            "ldl": max(0.8, total - hdl - triglycerides / 2.2),
            "triglycerides": triglycerides,
            "creatinine": chance.normal(84 if man else 66, 11) + 90 * kidney,
            "urea": chance.normal(5.0, 0.8) + 5 * kidney,
            "alt": max(8.0, chance.normal(24, 7)),
            "ast": max(8.0, chance.normal(23, 6)),
            "crp": max(0.3, chance.normal(2.0, 0.8)),
            "leukocytes": chance.normal(7.0, 1.1),
            "hemoglobin": chance.normal(148 if man else 132, 8) - 22 * kidney,
            "hematocrit": chance.normal(44 if man else 39.5, 2) - 6 * kidney,
            "platelets": chance.normal(245, 35),
        },
        height=height,
        weight=max(4.0, index * (height / 100) ** 2),
    )


def vitals(chance: Chance, health: Health, *, fever: bool) -> Vitals:
    """What a nurse measures on one day."""
    systolic = max(80, round(chance.normal(health.systolic, 6)))
    return Vitals(
        systolic=systolic,
        diastolic=min(systolic - 20, max(45, round(chance.normal(health.diastolic, 4)))),
        pulse=max(50, round(chance.normal(92 if fever else 78, 7))),
        temperature=(Decimal(round(chance.normal(38.4 if fever else 36.8, 0.25) * 10)) / 10).quantize(Decimal("0.1")),
        weight=(Decimal(round(chance.normal(health.weight, 0.7) * 10)) / 10).quantize(Decimal("0.01")),
        height=health.height,
    )


def measure(chance: Chance, health: Health, lab: str, shift: float = 0.0) -> Decimal:
    """What the laboratory finds on one day, in the claim's unit, with just the digits the machine prints.

    `shift` is what an illness adds to the usual value.
    """
    usual = health.labs[lab]
    value = max(usual * 0.6, chance.normal(usual, usual * 0.05))
    if shift:
        value = max(usual * 0.08, value + shift * max(0.3, chance.normal(1, 0.2)))
    return Decimal(repr(value)).quantize(Decimal(LABS[lab].digits), ROUND_HALF_EVEN)
