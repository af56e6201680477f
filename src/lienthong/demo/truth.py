"""What is true of the invented hospitals, to measure Lienthong against it: people, links, faults, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import combinations, pairwise
from typing import Any

from lienthong.demo.bundles import entry_url
from lienthong.demo.exports import BundleFile, ClaimFile, LineFile, PlainFile, ZipFile
from lienthong.demo.fault import Fault
from lienthong.demo.faults import FhirFile
from lienthong.demo.feeds import MessageFile, is_fed
from lienthong.demo.formulary import CHRONIC, DRUGS, LABS, Diagnosis
from lienthong.demo.messages import Message, patient_key
from lienthong.demo.people import Person, Registration, exact_rules
from lienthong.demo.resources import loinc_value
from lienthong.demo.visits import Visit

__all__ = [
    "apart",
    "claim_counts",
    "cvd",
    "diseases",
    "fault_list",
    "fhir_counts",
    "linked_persons",
    "links",
    "news2",
    "patients",
]

_APART = {
    "twins": "twins: same family name, sex, birth date and address",
    "father-and-son": "father and son: the same name and address",
    "couple": "husband and wife: the same address and phone, other names and numbers",
    "borrowed-national-id": "the son was registered with his mother's national id",
}
_ANTIHYPERTENSIVES = tuple(DRUGS[name] for name in ("amlodipin", "losartan", "enalapril", "bisoprolol"))


def _key(registration: Registration) -> dict[str, str]:
    return {
        "hospital": registration.hospital,
        "key": patient_key(registration) if registration.feed else registration.key,
    }


def patients(persons: Sequence[Person], bundled: frozenset[str]) -> list[dict[str, Any]]:
    """Each person with the patient keys that they have: MA_BN in A, the MRN (and the source's own id) in B."""
    found = []
    for person in persons:
        keys = []
        for item in person.registrations:
            own = _key(item)["key"]
            if item.key in bundled:
                own = entry_url("Patient", item.key).removeprefix("urn:uuid:")
            keys.append(_key(item) | {"id": own})
        found.append({"person": person.key, "sex": person.sex, "born": person.born.isoformat(), "patients": keys})
    return found


def links(persons: Sequence[Person]) -> list[dict[str, Any]]:
    """Every pair of patients who are one person: which exact rules must find it, or none can."""
    return [
        {
            "person": person.key,
            "patients": [_key(one), _key(other)],
            "variation": "messages" if one.hospital == other.hospital == "b" else person.variation,
            "rules": list(exact_rules(one, other)),
            "found": bool(exact_rules(one, other)),
        }
        for person in persons
        for one, other in combinations(person.registrations, 2)
    ]


def linked_persons(persons: Sequence[Person]) -> int:
    """How many persons there are once every link that the exact rules find is made."""
    groups = 0
    for person in persons:
        seen: list[Registration] = []
        for item in person.registrations:
            groups += not any(exact_rules(item, other) for other in seen)
            seen.append(item)
    return groups


def apart(persons: Sequence[Person]) -> list[dict[str, Any]]:
    """Pairs of patients who look like one person and are two: nothing may join them."""
    return [
        {"patients": [_key(before.registrations[0]), _key(person.registrations[0])], "why": _APART[person.kin]}
        for before, person in pairwise(persons)
        if person.kin
    ]


def claim_counts(files: Sequence[ClaimFile | PlainFile], faults: Sequence[Fault]) -> dict[str, Any]:
    """Files and claims of hospital A as they are sent, and what remains of them."""
    whole = [file for file in files if isinstance(file, ClaimFile) and file.keep == 1.0]
    sent = [visit.number for file in whole for visit in file.visits]
    lost = sum(fault.effect == "quarantined" and fault.scope == "record" for fault in faults)
    return {
        "files": sum(isinstance(file, ClaimFile) for file in files),
        "left_out": sum(isinstance(file, PlainFile) for file in files),
        "truncated": sum(isinstance(file, ClaimFile) and file.keep < 1.0 for file in files),
        "records": len(sent),
        "claims": len(set(sent)) - lost,
        "quarantined": {"files": 1 if any(_file_lost(fault) for fault in faults) else 0, "records": lost},
    }


def fhir_counts(files: Sequence[FhirFile], sent: Sequence[MessageFile], faults: Sequence[Fault]) -> dict[str, Any]:
    """Files and records (lines, entries, messages) of hospital B, its FHIR resources by type without the bad line."""
    messages = [message for file in sent for message in file.messages]
    kinds: Counter[str] = Counter()
    bundles = [file for file in files if isinstance(file, BundleFile) and file.keep == 1.0]
    bundles += [member for file in files if isinstance(file, ZipFile) for member in file.members]
    for file in files:
        if isinstance(file, LineFile):
            kinds.update(file.kinds)
    for bundle in bundles:
        kinds.update(resource["resourceType"] for resource in bundle.resources())
    records = kinds.total()
    lost = sum(fault.effect == "quarantined" and fault.scope == "record" for fault in faults)
    kinds["Observation"] -= sum(fault.kind == "bad-line" for fault in faults)
    kinds += Counter()
    return {
        "files": sum(not isinstance(file, PlainFile) for file in files) + len(sent),
        "left_out": sum(isinstance(file, PlainFile) for file in files),
        "truncated": sum(isinstance(file, BundleFile) and file.keep < 1.0 for file in files),
        "records": records + len(messages),
        "hl7v2": {"files": len(sent), "messages": len(messages), "kinds": _kinds(messages)},
        "resources": dict(sorted(kinds.items())),
        "quarantined": {"files": 1 if any(_file_lost(fault) for fault in faults) else 0, "records": lost},
    }


def _kinds(messages: Sequence[Message]) -> dict[str, int]:
    """How many messages of each type were made, before any of them was spoiled."""
    return dict(sorted(Counter("^".join(item.segments[0].split("|")[8].split("^")[:2]) for item in messages).items()))


def _file_lost(fault: Fault) -> bool:
    return fault.effect == "quarantined" and fault.scope == "file"


def cvd(persons: Sequence[Person], visits: Sequence[Visit], as_of: date) -> list[dict[str, Any]]:
    """For each adult what the exports hold of the inputs of ten-year cardiovascular risk, beside what is true.

    `recorded` has the latest of each by hospital, A in the claim's units (mmol/L), B in LOINC's (mg/dL); an input
    that a hospital never wrote down is not there. `complete` names the hospitals that hold all measured inputs.
    """
    of_person: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda item: (item.start, item.hospital)):
        of_person.setdefault(visit.person.number, []).append(visit)
    found = []
    for person in persons:
        own = of_person.get(person.number, [])
        if person.age(as_of) < 18 or not own:
            continue
        recorded = {name: _recorded([visit for visit in own if visit.hospital == name]) for name in ("a", "b")}
        needed = {
            "a": {"systolic", "cholesterol", "hdl"},
            "b": {"systolic", "cholesterol", "hdl", "smoking"},
        }
        found.append(
            {
                "person": person.key,
                "age": person.age(as_of),
                "sex": person.sex,
                "true": {
                    "diabetes": "diabetes" in person.health.conditions,
                    "hypertension": "hypertension" in person.health.conditions,
                    "prior_cvd": "heart" in person.health.conditions
                    or any(_is_cvd(diagnosis) for visit in own for diagnosis in (visit.main, *visit.others)),
                    "treated": person.health.treated,
                    "smoking": person.health.smoking,
                    "systolic": round(person.health.systolic),
                },
                "recorded": {name: values for name, values in recorded.items() if values},
                "complete": [name for name in ("a", "b") if needed[name] <= recorded[name].keys()],
            }
        )
    return found


def _recorded(visits: Sequence[Visit]) -> dict[str, Any]:
    if not visits:
        return {}
    latest: dict[str, Any] = {}
    for visit in visits:
        day = f"{visit.start:%Y-%m-%d}"
        if visit.vitals:
            latest["systolic"] = {"value": str(visit.vitals.systolic), "date": day}
            latest["diastolic"] = {"value": str(visit.vitals.diastolic), "date": day}
        for name, value in visit.labs:
            if name in ("cholesterol", "hdl"):
                written = loinc_value(LABS[name], value) if visit.hospital == "b" else value
                latest[name] = {"value": str(written), "date": day}
        if visit.smoking:
            latest["smoking"] = {"value": visit.smoking, "date": day}
    diagnosed = {diagnosis for visit in visits for diagnosis in (visit.main, *visit.others)}
    drugs = {item.drug for visit in visits for item in visit.prescriptions}
    latest["diabetes"] = CHRONIC["diabetes"] in diagnosed
    latest["prior_cvd"] = any(_is_cvd(diagnosis) for diagnosis in diagnosed)
    latest["treated"] = any(drug in drugs for drug in _ANTIHYPERTENSIVES)
    return latest


def _is_cvd(diagnosis: Diagnosis) -> bool:
    return diagnosis.icd10.startswith(("I25", "I50", "I63"))


def news2(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """For each person whose latest bedside set is of hospital B: that set, and what changes how it is scored.

    `latest` is no earlier than anything else that B measured of the person; values are as written, "" where nothing
    was. `worse` tells that the stay was one of deterioration.
    """
    of_person: dict[int, list[Visit]] = {}
    for visit in visits:
        of_person.setdefault(visit.person.number, []).append(visit)
    found = []
    for _, own in sorted(of_person.items()):
        last = max(own, key=lambda item: item.end)
        if last.hospital != "b" or not last.signs:
            continue
        signs = last.signs[-1]
        found.append(
            {
                "person": last.person.key,
                "age": last.person.age(signs.moment.date()),
                "by": "hl7v2" if is_fed(last) else "fhir",
                "complete": signs.is_complete,
                "not_for": _not_for(own, signs.moment.date()),
                "scale_2": last.is_scale_2,
                "worse": last.outcome in ("worse", "died"),
                "latest": {
                    "time": f"{signs.moment:%Y-%m-%dT%H:%M:%S}+07:00",
                    "respiration": _written(signs.respiration),
                    "spo2": _written(signs.spo2),
                    "oxygen": _written(signs.oxygen),
                    "systolic": _written(signs.systolic),
                    "pulse": _written(signs.pulse),
                    "temperature": _written(signs.temperature),
                    "consciousness": signs.consciousness,
                },
            }
        )
    return found


def _not_for(visits: Sequence[Visit], day: date) -> list[str]:
    """Why the score may not be meant for somebody: under 16, dead, or ever seen for pregnancy or childbirth."""
    reasons = {
        "under-age": visits[0].person.age(day) < 16,
        "died": any(visit.outcome == "died" for visit in visits),
        "pregnancy": any(visit.main.icd10.startswith(("O", "Z34")) for visit in visits),
    }
    return [name for name, holds in reasons.items() if holds]


def _written(value: object) -> str:
    return "" if value is None else str(value)


def diseases(visits: Sequence[Visit]) -> dict[str, dict[str, int]]:
    """How many visits of each hospital had each main diagnosis (ICD-10), and how many ended in death."""
    found: dict[str, dict[str, int]] = {}
    for visit in visits:
        row = found.setdefault(visit.main.icd10, {"a": 0, "b": 0, "inpatient": 0, "died": 0})
        row[visit.hospital] += 1
        row["inpatient"] += visit.kind == "inpatient"
        row["died"] += visit.outcome == "died"
    return dict(sorted(found.items()))


def fault_list(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """The planted faults as plain values."""
    return [asdict(fault) | {"seen_by": fault.seen_by} for fault in faults]
