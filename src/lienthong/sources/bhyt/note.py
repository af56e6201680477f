"""Each clinical note of XML5 as an Observation with its text, and the vital signs that its shorthand says exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from lienthong.sources.bhyt.elements import coding, concept, filled, measure
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["add_notes", "vital_signs"]

_NOTE = coding(systems.LOINC, "11506-3", "Progress note")
_PARTS = ("GIAI_DOAN_BENH", "HOI_CHAN", "PHAU_THUAT")


class VitalSign(NamedTuple):
    """One vital sign of a note: its name in the key, LOINC code and display, and its value or its parts."""

    name: str
    code: str
    display: str
    values: tuple[tuple[str, str, Decimal], ...]  # code, display, value; the code of the sign itself for one value
    unit: str  # UCUM
    written: str


# "M: 96; NĐ: 38.5; HA: 130/80": pulse, temperature, blood pressure. A label said twice is ambiguous and not read.
_START = r"(?<![^\W\d_])"
_PULSE = re.compile(_START + r"(?:M|Mạch)\s*:\s*(\d{2,3})(?![\d.,/])")
_TEMPERATURE = re.compile(_START + r"(?:NĐ|Nhiệt độ)\s*:\s*(\d{2}(?:[.,]\d)?)(?![\d.,/])")
_PRESSURE = re.compile(_START + r"(?:HA|Huyết áp)\s*:\s*(\d{2,3})\s*/\s*(\d{2,3})(?![\d.,/])")


def vital_signs(text: str) -> Iterator[VitalSign]:
    """The vital signs of a note's shorthand, each said once and within what a living person can have."""
    pulse, temperature, pressure = (_once(pattern, text) for pattern in (_PULSE, _TEMPERATURE, _PRESSURE))
    if pressure:
        high, low = Decimal(pressure[1]), Decimal(pressure[2])
        if 40 <= high <= 300 and 20 <= low < high:
            parts = (
                ("8480-6", "Systolic blood pressure", high),
                ("8462-4", "Diastolic blood pressure", low),
            )
            yield VitalSign("HA", "85354-9", "Blood pressure panel", parts, "mm[Hg]", "mmHg")
    if pulse and 20 <= Decimal(pulse[1]) <= 300:
        yield VitalSign("M", "8867-4", "Heart rate", (("8867-4", "", Decimal(pulse[1])),), "/min", "lần/phút")
    if temperature:
        value = Decimal(temperature[1].replace(",", "."))
        if 25 <= value <= 45:
            yield VitalSign("NĐ", "8310-5", "Body temperature", (("8310-5", "", value),), "Cel", "°C")


def _once(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return found[0] if len(found) == 1 else None


def add_notes(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One Observation a note, and one for each vital sign in it, which says that it derives from the note."""
    for row in visit.rows("XML5"):
        text = row.text("DIEN_BIEN_LS")
        common = filled(
            subject=patient,
            encounter=encounter,
            effectiveDateTime=visit.moment(row, "THOI_DIEM_DBLS"),
            performer=add_staff(visit, row, "NGUOI_THUC_HIEN"),
        )
        parts = [
            {"code": concept(coding(systems.bhyt("FIELD"), field)), "valueString": row.text(field)}
            for field in _PARTS
            if row.text(field)
        ]
        content = filled(status="final", code=concept(_NOTE), **common, valueString=text, component=parts)
        note = visit.add(
            "Observation",
            visit.row_key(row),
            row,
            content,
            {"valueString": "DIEN_BIEN_LS", "effectiveDateTime": "THOI_DIEM_DBLS"},
        )
        for sign in vital_signs(text):
            _add_sign(visit, row, sign, {**common, "derivedFrom": [note]})


def _add_sign(visit: Visit, row: Row, sign: VitalSign, common: dict[str, Any]) -> None:
    content: dict[str, Any] = {
        "status": "final",
        "category": [concept(coding(systems.OBSERVATION_CATEGORY, "vital-signs"))],
        "code": concept(coding(systems.LOINC, sign.code, sign.display)),
        **common,
    }
    if len(sign.values) == 1:
        content["valueQuantity"] = measure(sign.values[0][2], sign.unit, sign.written)
    else:
        content["component"] = [
            {
                "code": concept(coding(systems.LOINC, code, display)),
                "valueQuantity": measure(value, sign.unit, sign.written),
            }
            for code, display, value in sign.values
        ]
    visit.add("Observation", f"{visit.row_key(row)}/{sign.name}", row, content, {"code": "DIEN_BIEN_LS"})
