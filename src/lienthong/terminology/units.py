"""Units of measure as hospitals write them, to UCUM codes: only spellings whose meaning is beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ucum"]

# Source: The Unified Code for Units of Measure, version 2.1. A spelling that could mean two units is left out.
_CODES: Mapping[str, str] = MappingProxyType(
    {
        "%": "%",
        "mmol/l": "mmol/L",
        "µmol/l": "umol/L",
        "μmol/l": "umol/L",
        "umol/l": "umol/L",
        "nmol/l": "nmol/L",
        "pmol/l": "pmol/L",
        "meq/l": "meq/L",
        "g/l": "g/L",
        "g/dl": "g/dL",
        "mg/l": "mg/L",
        "mg/dl": "mg/dL",
        "µg/l": "ug/L",
        "ug/l": "ug/L",
        "ng/ml": "ng/mL",
        "ng/l": "ng/L",
        "ng/dl": "ng/dL",
        "pg/ml": "pg/mL",
        "u/l": "U/L",
        "iu/l": "[IU]/L",
        "iu/ml": "[IU]/mL",
        "ui/l": "[IU]/L",
        "mmhg": "mm[Hg]",
        "kg": "kg",
        "cm": "cm",
        "kg/m2": "kg/m2",
        "fl": "fL",
        "pg": "pg",
        "mm/h": "mm/h",
        "ml/min": "mL/min",
        "ml/phút": "mL/min",
        "lần/phút": "/min",
        "10^9/l": "10*9/L",
        "10*9/l": "10*9/L",
        "10^12/l": "10*12/L",
        "10*12/l": "10*12/L",
        "°c": "Cel",
    }
)


def ucum(unit: str) -> str | None:
    """The UCUM code of a unit as it was written, or None where it is not sure."""
    if unit in ("G/L", "T/L"):  # giga and tera per litre: cell counts; a small g would be grams
        return "10*9/L" if unit == "G/L" else "10*12/L"
    return _CODES.get(unit.lower())
