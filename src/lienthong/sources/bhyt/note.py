"""Each clinical note of XML5 as an Observation with its text, and the vital signs that the text says exactly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt.elements import coding, concept, filled, measure
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rest import Exact, is_codes, is_moment, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.bhyt.vitals import Unclear, VitalSign, vital_signs
from lienthong.terminology import systems

__all__ = ["NOTE", "NOTE_PARTS", "add_notes"]

_PROGRESS = coding(systems.LOINC, "11506-3", "Progress note")
NOTE_PARTS = ("GIAI_DOAN_BENH", "HOI_CHAN", "PHAU_THUAT")
NOTE: Mapping[str, Exact] = {
    **dict.fromkeys(("DIEN_BIEN_LS", *NOTE_PARTS), is_text),
    "THOI_DIEM_DBLS": is_moment,
    "NGUOI_THUC_HIEN": is_codes,
}
"""The fields of XML5 that the note's Observation holds."""

_VITALS = Rule("bhyt-vital-signs", "Vital signs in a note: said once, in the usual unit, as a living person has them")


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
            for field in NOTE_PARTS
            if row.text(field)
        ]
        content = filled(
            extension=visit.rest(row, NOTE),
            status="final",
            code=concept(_PROGRESS),
            **common,
            valueString=text,
            component=parts,
        )
        note = visit.add(
            "Observation",
            visit.row_key(row),
            row,
            content,
            {"valueString": "DIEN_BIEN_LS", "effectiveDateTime": "THOI_DIEM_DBLS"},
        )
        for sign in vital_signs(text):
            if isinstance(sign, Unclear):
                _note_unclear(visit, row, sign)
            else:
                # Where it stands: a display, for an extension on every value would cost more than the value.
                span = f"{row.named('DIEN_BIEN_LS')}[{sign.start}:{sign.end}]"
                _add_sign(visit, row, sign, {**common, "derivedFrom": [{**note, "display": span}]}, span)


def _note_unclear(visit: Visit, row: Row, sign: Unclear) -> None:
    visit.note(
        Severity.INFORMATION,
        "bhyt-vital-unclear",
        f"The note names {sign.name} (from character {sign.start + 1}), but not so that it can be read for sure; "
        "no value is made of it.",
        row,
        "DIEN_BIEN_LS",
        _VITALS,
        "Nothing is lost: the text is kept. To have the value, write the sign once, with a colon and its usual unit.",
    )


_VITAL = [concept(coding(systems.OBSERVATION_CATEGORY, "vital-signs"))]


@cache
def _named(code: str, display: str) -> dict[str, Any] | None:
    return concept(coding(systems.LOINC, code, display))


def _add_sign(visit: Visit, row: Row, sign: VitalSign, common: dict[str, Any], span: str) -> None:
    content: dict[str, Any] = {
        "status": "final",
        "category": _VITAL,
        "code": _named(sign.code, sign.display),
        **common,
    }
    if len(sign.values) == 1:
        content["valueQuantity"] = measure(sign.values[0][2], sign.unit, sign.written)
    else:
        content["component"] = [
            {
                "code": _named(code, display),
                "valueQuantity": measure(value, sign.unit, sign.written),
            }
            for code, display, value in sign.values
        ]
    visit.add("Observation", f"{visit.row_key(row)}/{sign.name}", row, content, {"code": span})
