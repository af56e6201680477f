"""What is measured at the bedside of an inpatient, set by set: the course of an illness as a ward writes it down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from lienthong.demo.chance import Chance
from lienthong.demo.health import Health
from lienthong.demo.illnesses import Illness

__all__ = ["AVPU", "SCALE_2", "Signs", "course", "measured"]

# Answers to LOINC 67775-7 (level of responsiveness, AVPU).
AVPU = {
    "alert": ("LA9340-6", "Alert"),
    "voice": ("LA17108-4", "Responds to voice"),
    "pain": ("LA17107-6", "Responds to pain"),
    "unresponsive": ("LA9343-0", "Unresponsive"),
}
# An order of a target saturation of 88 to 92 %: Lienthong's own code, for no international code names it.
SCALE_2 = ("urn:x-lienthong:orders", "spo2-target-88-92", "Mục tiêu SpO2 88–92 %")


@dataclass(frozen=True, slots=True)
class Signs:
    """One set: breaths and beats a minute, %, litres of oxygen a minute (0 is air), mmHg, degrees Celsius, AVPU.

    None and "" where it was not measured.
    """

    moment: datetime
    respiration: int | None
    spo2: int | None
    oxygen: int | None
    systolic: int | None
    diastolic: int | None
    pulse: int | None
    temperature: Decimal | None
    consciousness: str

    @property
    def is_complete(self) -> bool:
        needed = (self.respiration, self.spo2, self.oxygen, self.systolic, self.pulse, self.temperature)
        return None not in needed and self.consciousness != ""


def measured(signs: Signs) -> Iterator[tuple[str, str, str, Decimal, str, str]]:
    """The numbers of a set: own name, LOINC code, its name, value, unit as printed, UCUM."""
    for own, code, text, value, unit, ucum in (
        ("NT", "9279-1", "Respiratory rate", signs.respiration, "/min", "/min"),
        ("SPO2", "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", signs.spo2, "%", "%"),
        ("OXY", "3151-8", "Inhaled oxygen flow rate", signs.oxygen, "L/min", "L/min"),
        ("TTH", "8480-6", "Systolic blood pressure", signs.systolic, "mmHg", "mm[Hg]"),
        ("TTR", "8462-4", "Diastolic blood pressure", signs.diastolic, "mmHg", "mm[Hg]"),
        ("M", "8867-4", "Heart rate", signs.pulse, "/min", "/min"),
        ("ND", "8310-5", "Body temperature", signs.temperature, "°C", "Cel"),
    ):
        if value is not None:
            yield own, code, text, Decimal(value), unit, ucum


def course(
    chance: Chance, health: Health, illness: Illness, start: datetime, end: datetime, *, scale_2: bool
) -> tuple[tuple[Signs, ...], bool]:
    """The sets of a stay, two hours after its begin, each morning and before its end; and whether it got worse."""
    moments = [start + timedelta(hours=1)]
    day = start.date() + timedelta(days=1)
    while (morning := datetime.combine(day, time(6, 30))) < end - timedelta(hours=3):
        moments.append(morning + timedelta(minutes=chance.whole(0, 50)))
        day += timedelta(days=1)
    moments.append(end - timedelta(hours=2))
    worse = chance.holds(illness.worse)
    on_oxygen = chance.holds(illness.oxygen) or (worse and chance.holds(0.7))
    # One ward of five never writes down all parameters of the chart.
    gap = chance.weighted((("", 78), ("respiration", 9), ("consciousness", 8), ("oxygen", 5)))
    last = max(1, len(moments) - 1)
    found = []
    for index, moment in enumerate(moments):
        done = index / last
        severity = 0.7 + 1.1 * done if worse else 1 - done
        found.append(_signs(chance, health, illness, moment, severity, gap, oxygen=on_oxygen, scale_2=scale_2))
    return tuple(found), worse


def _signs(
    chance: Chance,
    health: Health,
    illness: Illness,
    moment: datetime,
    severity: float,
    gap: str,
    *,
    oxygen: bool,
    scale_2: bool,
) -> Signs:
    flow = round((2 + 2.5 * severity) * oxygen) if severity > 0.25 else 0
    saturation = chance.normal(90 if scale_2 else 97.5 - 0.55 * illness.breath * severity, 1.1)
    systolic = round(chance.normal(health.systolic - (24 * severity if severity > 1 else 0), 7))
    temperature = Decimal(round(chance.normal(36.8 + illness.fever * severity, 0.25) * 10)) / 10
    answer = "alert"
    if severity > 1.3 and chance.holds(0.6):
        answer = chance.weighted((("voice", 6), ("pain", 3), ("unresponsive", 1)))
    return Signs(
        moment,
        None if gap == "respiration" else max(9, round(chance.normal(17 + illness.breath * severity, 1.4))),
        min(100, max(70, round(saturation))),
        None if gap == "oxygen" else flow,
        max(66, systolic),
        max(40, min(systolic - 18, round(chance.normal(health.diastolic - 8 * severity, 5)))),
        max(52, round(chance.normal(78 + 5 * illness.fever * severity + 2.2 * illness.breath * severity, 6))),
        temperature.quantize(Decimal("0.1")),
        "" if gap == "consciousness" else answer,
    )
