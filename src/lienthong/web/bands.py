"""What the pages chart first, and the normal band of each where the laboratory gave none.

A band that the laboratory sent (`Observation.referenceRange`) always wins. These are for adults only, each with its
source; where sources differ by method or laboratory (enzymes, hormones) there is none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lienthong.web.texts import mark

__all__ = ["KNOWN", "Band", "Known", "band_for"]

_VITALS = mark("Vital signs")
_LABS = mark("Laboratory")


@dataclass(frozen=True, slots=True)
class Band:
    """The normal band in the unit of the values: a side that is None is open; `source` says who drew it."""

    low: Decimal | None
    high: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """One measurement that is charted by name: its LOINC codes, its label and group (message ids), its place."""

    name: str
    group: str
    label: str
    loinc: tuple[str, ...]


KNOWN: tuple[Known, ...] = (
    Known("systolic", _VITALS, mark("Systolic blood pressure"), ("8480-6",)),
    Known("diastolic", _VITALS, mark("Diastolic blood pressure"), ("8462-4",)),
    Known("pulse", _VITALS, mark("Heart rate"), ("8867-4",)),
    Known("breaths", _VITALS, mark("Respiratory rate"), ("9279-1",)),
    Known("temperature", _VITALS, mark("Body temperature"), ("8310-5", "8331-1")),
    Known("oxygen", _VITALS, mark("Oxygen saturation"), ("2708-6", "59408-5")),
    Known("bmi", _VITALS, mark("Body mass index"), ("39156-5",)),
    Known("weight", _VITALS, mark("Body weight"), ("29463-7",)),
    Known("height", _VITALS, mark("Body height"), ("8302-2",)),
    Known("cholesterol", _LABS, mark("Total cholesterol"), ("2093-3", "14647-2")),
    Known("ldl", _LABS, mark("LDL cholesterol"), ("18262-6", "13457-7", "2089-1")),
    Known("hdl", _LABS, mark("HDL cholesterol"), ("2085-9", "14646-4")),
    Known("triglycerides", _LABS, mark("Triglycerides"), ("2571-8", "14927-8")),
    Known("glucose", _LABS, mark("Glucose"), ("2339-0", "2345-7", "15074-8")),
    Known("hba1c", _LABS, mark("HbA1c"), ("4548-4",)),
    Known("creatinine", _LABS, mark("Creatinine"), ("2160-0", "38483-4", "14682-9")),
    Known("egfr", _LABS, mark("Estimated glomerular filtration rate"), ("33914-3", "62238-1", "98979-8")),
    Known("haemoglobin", _LABS, mark("Haemoglobin"), ("718-7",)),
)

_PRESSURE = "ISH 2020, NHS"
_NCEP = "NCEP ATP III 2001"
_WHO = "WHO"
_ADA = "ADA 2024"
_RCP = "RCP NEWS2 2017"


def _band(low: str, high: str, source: str) -> Band:
    return Band(Decimal(low) if low else None, Decimal(high) if high else None, source)


_ANY: Mapping[tuple[str, str], Band] = {
    # ISH 2020 table 1: normal below 130/85; NHS "Low blood pressure": low below 90/60
    ("systolic", "mm[Hg]"): _band("90", "129", _PRESSURE),
    ("diastolic", "mm[Hg]"): _band("60", "84", _PRESSURE),
    # NEWS2 chart, the columns of score 0
    ("pulse", "/min"): _band("51", "90", _RCP),
    ("breaths", "/min"): _band("12", "20", _RCP),
    ("temperature", "Cel"): _band("36.1", "38.0", _RCP),
    ("oxygen", "%"): _band("96", "", _RCP),
    ("bmi", "kg/m2"): _band("18.5", "24.9", _WHO),
    ("cholesterol", "mg/dL"): _band("", "199", _NCEP),
    ("cholesterol", "mmol/L"): _band("", "5.1", _NCEP),
    ("ldl", "mg/dL"): _band("", "129", _NCEP),
    ("ldl", "mmol/L"): _band("", "3.3", _NCEP),
    ("hdl", "mg/dL"): _band("40", "", _NCEP),
    ("hdl", "mmol/L"): _band("1.03", "", _NCEP),
    ("triglycerides", "mg/dL"): _band("", "149", _NCEP),
    ("triglycerides", "mmol/L"): _band("", "1.69", _NCEP),
    ("hba1c", "%"): _band("", "5.6", _ADA),
    ("egfr", "mL/min/{1.73_m2}"): _band("60", "", "KDIGO 2024"),
}
_BY_SEX: Mapping[tuple[str, str, str], Band] = {
    # WHO 2011, WHO/NMH/NHD/MNM/11.1: anaemia below 130 (men), 120 (women who are not pregnant) g/L
    ("haemoglobin", "g/dL", "male"): _band("13.0", "", _WHO),
    ("haemoglobin", "g/dL", "female"): _band("12.0", "", _WHO),
    ("haemoglobin", "g/L", "male"): _band("130", "", _WHO),
    ("haemoglobin", "g/L", "female"): _band("120", "", _WHO),
}
_SPELLINGS: Mapping[str, str] = {
    "mmHg": "mm[Hg]",
    "mm Hg": "mm[Hg]",
    "{beats}/min": "/min",
    "beats/min": "/min",
    "{breaths}/min": "/min",
    "°C": "Cel",
    "kg/m²": "kg/m2",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/{1.73}m2": "mL/min/{1.73_m2}",
}


def band_for(name: str, unit: str, *, gender: str, is_adult: bool) -> Band | None:
    """The band of a known measurement in this unit, for an adult; None where we have no source for one."""
    if not is_adult:
        return None
    code = _SPELLINGS.get(unit, unit)
    return _ANY.get((name, code)) or _BY_SEX.get((name, code, gender))
