"""Whose picture it is: a Patient of the record, by the number in the picture and a birth date that agrees.

A number alone is not enough: other hospitals count from 1 too. What contradicts (birth date, sex) is refused even
where a person named the patient.
"""

from __future__ import annotations

from typing import Any

from lienthong.privacy.access import Grant
from lienthong.products.imaging.dicom import Radiograph
from lienthong.record import Record

__all__ = ["UNMATCHED", "patient_of"]

UNMATCHED = ("patient-not-found", "patient-not-unique", "patient-contradicts")
_SEXES = {"M": "male", "F": "female"}


def patient_of(record: Record, grant: Grant, radiograph: Radiograph, named: str) -> tuple[str, str]:
    """The id of the Patient and ""; or "" and a word of `UNMATCHED`. `named` is the id that a person gave, or ""."""
    if named:
        found = [stored for stored in record.find(grant, named) if stored.type == "Patient"]
    else:
        found = record.search_identifier(grant, "Patient", None, radiograph.patient) if radiograph.patient else []
    bodies = [(stored.id, stored.resource()) for stored in found]
    fitting = [key for key, body in bodies if _agrees(body, radiograph, named=bool(named))]
    if len(fitting) == 1:
        return fitting[0], ""
    if fitting:
        return "", "patient-not-unique"
    return "", "patient-contradicts" if bodies else "patient-not-found"


def _agrees(patient: dict[str, Any], radiograph: Radiograph, *, named: bool) -> bool:
    sex, born = patient.get("gender"), patient.get("birthDate")
    if sex in _SEXES.values() and _SEXES.get(radiograph.sex, sex) != sex:
        return False
    if radiograph.birth is None or not born:
        return named
    day = radiograph.birth.isoformat()
    # A mere year is no contradiction, but it is no proof either.
    return day.startswith(str(born)) if named else day == born
