"""Care that goes on over many visits: HIV (XML6) and tuberculosis (XML15), each an EpisodeOfCare.

What is about HIV carries HL7's security label HIV: a closed list of people may know of it (Law on HIV/AIDS).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import coding, concept, filled, listed
from lienthong.sources.bhyt.paper import is_day
from lienthong.sources.bhyt.rest import Exact, is_code
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["EPISODES", "HIV_CODES", "VIRAL_LOAD", "add_episodes"]

VIRAL_LOAD = "KQ_XNTL_VR"
_HIV_LABEL = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}
# By table: what the care is for, the first letters of its diagnoses, and the fields of its begin and end.
EPISODES: Mapping[str, tuple[str, tuple[str, ...], str, str]] = {
    "XML6": ("Chăm sóc và điều trị HIV/AIDS", ("B20", "B21", "B22", "B23", "B24", "Z21"), "BDDT_ARV", ""),
    "XML15": ("Điều trị lao", ("A15", "A16", "A17", "A18", "A19"), "NGAYBD_DTRI_LAO", "NGAYKT_DTRI_LAO"),
}
HIV_CODES: Mapping[str, Exact] = {VIRAL_LOAD: is_code, "NGAY_XN_TLVR": is_day, "GIAI_DOAN_LAM_SANG": is_code}
"""The fields of XML6 that Observations hold."""


def add_episodes(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any], facility: dict[str, Any]) -> None:
    """One EpisodeOfCare for each row of XML6 and XML15, and of XML6 the viral load and the clinical stage."""
    for table, (title, codes, begin, end) in EPISODES.items():
        for row in visit.rows(table):
            lost: set[str] = set()
            start, stop = (values.day(row.text(name)) if name else None for name in (begin, end))
            if start and stop and stop < start:
                visit.note_order(row, end)
                lost.add(end)
                stop = None
            label = {"meta": _HIV_LABEL} if table == "XML6" else {}
            mapped: dict[str, Exact] = {name: is_day for name in (begin, end) if name}
            if table == "XML6":
                mapped.update(HIV_CODES)
                if not row.code(VIRAL_LOAD):
                    lost.add("NGAY_XN_TLVR")
                _add_findings(visit, row, patient, encounter)
            content = filled(
                **label,
                extension=visit.rest(row, mapped, lost=lost, copies=True),
                status="finished" if stop else "active",
                type=[concept(coding(systems.bhyt("LOAIHOSO"), table), text=title)],
                diagnosis=_diagnoses(visit, codes),
                patient=patient,
                managingOrganization=facility,
                period=filled(start=start.isoformat() if start else "", end=stop.isoformat() if stop else ""),
            )
            visit.add("EpisodeOfCare", visit.row_key(row), row, content, {"period": begin})


def _diagnoses(visit: Visit, codes: tuple[str, ...]) -> list[dict[str, Any]]:
    """The visit's Conditions that the care is for."""
    return [
        {"condition": {"reference": f"Condition/{number}"}}
        for (kind, number), body in visit.resources.items()
        if kind == "Condition"
        and any(item.get("code", "").startswith(codes) for item in body.get("code", {}).get("coding", ()))
    ]


def _add_findings(visit: Visit, row: Row, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    named = {
        VIRAL_LOAD: coding(systems.LOINC, "25836-8", "HIV 1 RNA [#/volume] (viral load) in Specimen by NAA"),
        "GIAI_DOAN_LAM_SANG": coding(systems.bhyt("FIELD"), "GIAI_DOAN_LAM_SANG"),
    }
    for name, code in named.items():
        if not row.code(name):
            continue
        when = visit.moment(row, "NGAY_XN_TLVR") if name == VIRAL_LOAD else visit.moment(visit.summary, "NGAY_VAO")
        content = filled(
            meta=_HIV_LABEL,
            status="final",
            code=concept(code),
            subject=patient,
            encounter=encounter,
            effectiveDateTime=when,
            valueCodeableConcept=listed(name, row.code(name), visit.on),
        )
        visit.add("Observation", f"{visit.row_key(row)}/{name}", row, content, {"valueCodeableConcept": name})
