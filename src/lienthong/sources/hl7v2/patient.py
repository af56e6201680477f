"""The patient of a message: Patient (PID, PD1), RelatedPersons (NK1), and the merge of two registrations (MRG)."""

from __future__ import annotations

from typing import Any

from lienthong.core.finding import Severity
from lienthong.sources.hl7v2 import maps, times
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import (
    address,
    authority,
    concept,
    concepts,
    contact_points,
    human_name,
    identifier,
    is_national,
    mapped,
    names,
)
from lienthong.sources.hl7v2.message import Item, Segment
from lienthong.sources.hl7v2.parties import identifiers, organization, practitioners

__all__ = ["add_patient", "add_related", "merge", "patient_key"]

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_OWN = "urn:x-lienthong:extension:hl7v2:"
_LOCAL = ("MR", "PI", "PT", "MRT")  # table 0203: numbers that the facility itself gives to a patient
_PASSING = ("AN", "VN", "ANON", "ANC")  # numbers of a visit or an account, none of a patient
_FLAGS = {"Y": True, "N": False}


def patient_key(items: list[Item], conversion: Conversion) -> str:
    """The key of a Patient: its record number (MR), else another of the facility, with its authority; empty of none.

    A number of the state or of an insurer is never one (DESIGN 3.3).
    """
    own = [item for item in items if item.code(1) and item.code(5) not in _PASSING and not is_national(item)]
    if not own:
        return ""
    chosen = min(own, key=lambda item: _LOCAL.index(item.code(5)) if item.code(5) in _LOCAL else len(_LOCAL))
    system = authority(chosen.inner(4), conversion)
    return f"{system}|{chosen.code(1)}" if system else chosen.code(1)


def add_patient(pid: Segment, pd1: Segment | None, conversion: Conversion) -> tuple[dict[str, Any], str]:
    """The Patient of a PID and of the PD1 with it: the reference to it, and its key."""
    key = patient_key([*pid.items(3), *pid.items(2), *pid.items(4)], conversion)
    if not key:
        conversion.note(
            Severity.WARNING,
            "hl7v2-patient-key-missing",
            "The message has no patient number of the facility, so its patient stands alone.",
            pid,
            3,
            "Send the facility's own number in PID-3 with the type MR.",
        )
        key = f"message|{conversion.key}"
    multiple = _multiple(pid)
    died = conversion.moment(pid, 29)
    birth = conversion.day(pid, 7)
    content = filled(
        extension=_extensions(pid, conversion),
        identifier=_identifiers(pid, conversion),
        active=False if conversion.message.event == "A29" else None,
        name=[*names(pid, 5, conversion), *names(pid, 9, conversion)],
        telecom=[
            *contact_points(pid.items(13), "home"),
            *contact_points(pid.items(14), "work"),
            *contact_points(pid.items(40)),
        ],
        gender=maps.target("Sex", pid.code(8).upper()),
        birthDate=birth,
        deceasedDateTime=died,
        deceasedBoolean=None if died else _FLAGS.get(pid.code(30).upper()),
        address=_addresses(pid, conversion),
        maritalStatus=mapped("MaritalStatus", pid.code(16), conversion, "0002", pid.item(16)),
        communication=[{"language": language}] if (language := concept(pid.item(15), conversion)) else None,
        generalPractitioner=_general_practitioners(pd1, conversion),
        **multiple,
    )
    born = times.to_moment(pid.code(7), conversion.offset) if len(pid.code(7)) >= 10 else None
    if birth and born:
        content["_birthDate"] = {"extension": [{"url": f"{_EXTENSION}patient-birthTime", "valueDateTime": born}]}
    reference = conversion.add(
        "Patient",
        key,
        pid,
        content,
        {
            "identifier": "3",
            "name": "5",
            "birthDate": "7",
            "gender": "8",
            "address": "11",
            "telecom": "13",
            "maritalStatus": "16",
            "deceasedDateTime": "29",
            "deceasedBoolean": "30",
        },
    )
    return reference, key


def _identifiers(pid: Segment, conversion: Conversion) -> list[dict[str, Any]]:
    found = [*identifiers(pid, 3, conversion)]
    for number in (2, 4):
        known = {item["value"] for item in found}
        found += [item for item in identifiers(pid, number, conversion) if item["value"] not in known]
    found += identifiers(pid, 18, conversion, "AN")
    insured = pid.whole(19)
    if insured and insured not in [item["value"] for item in found]:
        found.append(filled(type=mapped("IdentifierType", "SS", conversion, "0203"), value=insured))
    licence = identifier(pid.item(20), conversion) if pid.field(20) else None
    if licence:
        found.append(filled(type=mapped("IdentifierType", "DL", conversion, "0203"), value=licence["value"]))
    return found


def _addresses(pid: Segment, conversion: Conversion) -> list[dict[str, Any]]:
    found = [where for item in pid.items(11) if (where := address(item, conversion))]
    district = pid.whole(12)
    if district and not found:
        return [{"district": district}]
    if district and len(found) == 1 and "district" not in found[0]:
        found[0]["district"] = district
    return found


def _multiple(pid: Segment) -> dict[str, Any]:
    order = pid.code(25)
    if order.isascii() and order.isdigit() and len(order) < 3 and int(order) > 0:
        return {"multipleBirthInteger": int(order)}
    flag = _FLAGS.get(pid.code(24).upper())
    return {} if flag is None else {"multipleBirthBoolean": flag}


def _extensions(pid: Segment, conversion: Conversion) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    maiden = human_name(pid.item(6), conversion) if pid.field(6) else {}
    text = maiden.get("family") or maiden.get("text")
    if text:
        found.append({"url": f"{_EXTENSION}patient-mothersMaidenName", "valueString": text})
    religion = mapped("Religion", pid.code(17), conversion, "0006", pid.item(17))
    if religion:
        found.append({"url": f"{_EXTENSION}patient-religion", "valueCodeableConcept": religion})
    for number in (10, 22):  # race and ethnic group: HL7 leaves the extension to each country
        groups = concepts(pid, number, conversion)
        found += [{"url": f"{_OWN}PID-{number}", "valueCodeableConcept": group} for group in groups]
    place = pid.whole(23)
    if place:
        found.append({"url": f"{_EXTENSION}patient-birthPlace", "valueAddress": {"text": place}})
    for number, name in ((26, "patient-citizenship"), (28, "patient-nationality")):
        for country in concepts(pid, number, conversion):
            inner = {"url": "code", "valueCodeableConcept": country}
            found.append({"url": f"{_EXTENSION}{name}", "extension": [inner]})
    return found


def _general_practitioners(pd1: Segment | None, conversion: Conversion) -> list[dict[str, Any]]:
    if pd1 is None:
        return []
    found = [organization(item, pd1, 3, conversion) for item in pd1.items(3)]
    return [*(item for item in found if item), *practitioners(pd1, 4, conversion)]


def add_related(nk1: Segment, patient: dict[str, Any], key: str, conversion: Conversion) -> dict[str, Any]:
    """The RelatedPerson of an NK1, whose key is that of the patient and the number of the segment (NK1-1)."""
    sets = nk1.code(1) or str(nk1.number)
    content = filled(
        identifier=[*identifiers(nk1, 12, conversion), *identifiers(nk1, 33, conversion)],
        patient=patient,
        relationship=[
            *concepts(nk1, 3, conversion, "Relationship", "0063"),
            *concepts(nk1, 7, conversion, "ContactRole", "0131"),
        ],
        name=[*names(nk1, 2, conversion), *names(nk1, 30, conversion)],
        telecom=[
            *contact_points(nk1.items(5)),
            *contact_points(nk1.items(6), "work"),
            *contact_points(nk1.items(31)),
            *contact_points(nk1.items(40)),
            *contact_points(nk1.items(41)),
        ],
        gender=maps.target("Sex", nk1.code(15).upper()),
        birthDate=conversion.day(nk1, 16),
        address=[where for item in nk1.items(4) if (where := address(item, conversion))],
        period=filled(start=conversion.moment(nk1, 8), end=conversion.moment(nk1, 9)),
        communication=[{"language": language}] if (language := concept(nk1.item(20), conversion)) else None,
    )
    single = conversion.single_key("RelatedPerson", f"{key}/NK1/{sets}")
    fields = {"name": "2", "relationship": "3", "address": "4", "telecom": "5", "gender": "15", "birthDate": "16"}
    return conversion.add("RelatedPerson", single, nk1, content, fields)


def merge(mrg: Segment, patient: dict[str, Any], conversion: Conversion) -> None:
    """Two registrations of one person: the older Patient (MRG-1) is replaced by that of PID, linked both ways.

    Of the older one the message has numbers and perhaps a name; birth date and sex are those of the same person.
    """
    items = [*mrg.items(1), *mrg.items(4)]
    key = patient_key(items, conversion)
    survivor = conversion.body(patient)
    if not key:
        conversion.note(
            Severity.WARNING,
            "hl7v2-merge-key-missing",
            "The message names no patient number that is merged, so nothing is linked.",
            mrg,
            1,
        )
        return
    content = filled(
        identifier=[found for item in items if (found := identifier(item, conversion))],
        active=False,
        name=names(mrg, 7, conversion) or survivor.get("name"),
        gender=survivor.get("gender"),
        birthDate=survivor.get("birthDate"),
        link=[{"other": patient, "type": "replaced-by"}],
    )
    older = conversion.add("Patient", key, mrg, content, {"identifier": "1", "name": "7"})
    if older == patient:
        conversion.note(
            Severity.WARNING,
            "hl7v2-merge-itself",
            "The message merges a patient with itself, so nothing is linked.",
            mrg,
            1,
        )
        return
    survivor.setdefault("link", []).append({"other": older, "type": "replaces"})
    conversion.places[f"{patient['reference']}#link"] = f"{mrg.place}-1"
