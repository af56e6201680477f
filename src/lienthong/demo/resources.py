"""Writes registrations and visits of hospital B as FHIR R4 resources, with ids and references of that hospital."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lienthong.core.settings import IDENTIFIER_PRESETS
from lienthong.demo.bedside import AVPU, SCALE_2, Signs, measured
from lienthong.demo.chance import Chance
from lienthong.demo.formulary import CHRONIC, LABS, SMOKING, Diagnosis, Lab
from lienthong.demo.people import Registration
from lienthong.demo.visits import Prescription, Visit

__all__ = ["FACILITY_B", "MRN", "PRACTITIONERS", "Resource", "of_visits", "organization", "patient", "practitioners"]

FACILITY_B = "92999"
NAME_B = "Trung tâm Y tế Cửu Long (bịa)"
_HOME = "https://cuulong.example/sid"
MRN = f"{_HOME}/mrn"
LICENCE = f"{_HOME}/cchn"
PRACTITIONERS = {
    1: ("990041/BIA-CCHN", "Phạm Thị Hương (bịa)"),
    2: ("990042/BIA-CCHN", "Võ Minh Khoa (bịa)"),
    3: ("990043/BIA-CCHN", "Huỳnh Ngọc Yến (bịa)"),
    4: ("990044/BIA-CCHN", "Đỗ Quốc Thái (bịa)"),
}
Resource = dict[str, Any]

_SYSTEMS = IDENTIFIER_PRESETS["vncore"]
_HL7 = "http://terminology.hl7.org/CodeSystem"
_DISPOSITIONS = {"home": ("home", "Home"), "died": ("exp", "Expired")}
_UCUM = "http://unitsofmeasure.org"


def _when(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}+07:00"


def _concept(text: str, *codings: tuple[str, str, str]) -> Resource:
    return {
        "coding": [{"system": system, "code": code, "display": display} for system, code, display in codings],
        "text": text,
    }


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


def _quantity(value: Decimal, unit: str, code: str) -> Resource:
    return {"value": value, "unit": unit, "system": _UCUM, "code": code}


def organization() -> Resource:
    return {
        "resourceType": "Organization",
        "id": "CL",
        "identifier": [{"system": f"{_HOME}/ma-cskcb", "value": FACILITY_B}],
        "active": True,
        "name": NAME_B,
        "address": [{"text": "Số 1, đường Sen Đá (bịa), Phường Ninh Kiều, Thành phố Cần Thơ", "country": "VN"}],
    }


def practitioners() -> Iterator[Resource]:
    for number, (licence, name) in PRACTITIONERS.items():
        yield {
            "resourceType": "Practitioner",
            "id": f"CL-BS{number}",
            "identifier": [{"system": LICENCE, "value": licence}],
            "active": True,
            "name": [{"text": f"BS. {name}"}],
        }


def patient(registration: Registration, died: datetime | None = None) -> Resource:
    """A Patient as registered; a birth date of a year alone stays a year, and a death in this hospital is known."""
    identifiers: list[Resource] = [{"use": "usual", "system": MRN, "value": registration.key}]
    if registration.national_id:
        identifiers.append({"use": "official", "system": _SYSTEMS.national_id, "value": registration.national_id})
    if registration.old_id:
        old = {"use": "old", "system": _SYSTEMS.national_id, "value": registration.old_id}
        identifiers.append(old | {"type": {"text": "CMND"}})
    if registration.card:
        identifiers.append({"system": _SYSTEMS.insurance_card, "value": registration.card})
    words = registration.name.split(" ")
    home = registration.address
    made = {
        "resourceType": "Patient",
        "id": registration.key,
        "identifier": identifiers,
        "active": True,
        "name": [{"use": "official", "text": registration.name, "family": words[0], "given": words[1:]}],
        "telecom": [{"system": "phone", "value": registration.phone, "use": "mobile"}],
        "gender": registration.sex,
        "birthDate": registration.birth,
        "address": [
            {
                "use": "home",
                "text": home.text,
                "line": [home.line],
                "city": home.province,
                "district": home.ward,
                "country": "VN",
            }
        ],
        "managingOrganization": {"reference": "Organization/CL"},
    }
    return made if died is None else made | {"deceasedDateTime": _when(died)}


def of_visits(seed: int, visits: list[Visit], *, by_messages: bool = False) -> Iterator[Resource]:
    """All resources of one patient's visits, oldest first: what is chronic is one Condition from its first visit.

    With `by_messages` the laboratory and the wards send theirs as HL7 v2: here are the visits to the clinic and all
    drugs and orders, without results of a laboratory and without a stay's Encounter, Conditions and vital signs.
    """
    known: dict[str, str] = {}
    for visit in visits:
        chance = Chance("resources", seed, visit.hospital, visit.number)
        sent = by_messages and visit.kind == "inpatient"
        if not sent:
            yield _encounter(visit, known)
            yield from _conditions(visit, known)
        for observation in _observations(visit, sent=sent, by_messages=by_messages):
            yield _apart(observation) if sent else observation
        alive = visit.outcome != "died"
        for number, item in enumerate(visit.prescriptions, 1):
            active = visit is visits[-1] and chance.holds(0.8) and alive
            yield (
                _request(visit, number, item, active=active)
                if not sent
                else _apart(_request(visit, number, item, active=active))
            )
        if visit.is_scale_2:
            yield _apart(_order(visit)) if sent else _order(visit)


def _apart(resource: Resource) -> Resource:
    """Of a stay that the interface engine sends: the pharmacy knows its patient, and not the Encounter of that."""
    return {name: value for name, value in resource.items() if name != "encounter"}


def _id(visit: Visit, kind: str, number: int | str = "") -> str:
    return f"CL-{kind}{visit.number:06d}" + (f"-{number}" if number else "")


def _subject(visit: Visit) -> Resource:
    return {"reference": f"Patient/{visit.registration.key}"}


def _of_encounter(visit: Visit) -> Resource:
    return {"reference": f"Encounter/{_id(visit, 'LK')}"}


def _by(visit: Visit) -> Resource:
    return {"reference": f"Practitioner/CL-BS{visit.physician}"}


def _encounter(visit: Visit, known: dict[str, str]) -> Resource:
    inpatient = visit.kind == "inpatient"
    main = known.get(visit.main.icd10) or _condition_id(visit, visit.main)
    made = {
        "resourceType": "Encounter",
        "id": _id(visit, "LK"),
        "identifier": [{"system": f"{_HOME}/ma-lk", "value": _id(visit, "LK")}],
        "status": "finished",
        "class": {
            "system": f"{_HL7}/v3-ActCode",
            "code": "IMP" if inpatient else "AMB",
            "display": "inpatient encounter" if inpatient else "ambulatory",
        },
        "subject": _subject(visit),
        "participant": [{"individual": _by(visit)}],
        "period": {"start": _when(visit.start), "end": _when(visit.end)},
        "reasonCode": [{"text": visit.main.complaint}],
        "diagnosis": [{"condition": {"reference": f"Condition/{main}"}, "rank": 1}],
        "serviceType": {"text": visit.department.vi},
        "serviceProvider": {"reference": "Organization/CL"},
    }
    if inpatient:
        code, text = _DISPOSITIONS["died" if visit.outcome == "died" else "home"]
        where = {"coding": [{"system": f"{_HL7}/discharge-disposition", "code": code, "display": text}]}
        made["hospitalization"] = {"dischargeDisposition": where}
    return made


def _condition_id(visit: Visit, diagnosis: Diagnosis) -> str:
    return _id(visit, "CD", diagnosis.icd10.replace(".", ""))


def _conditions(visit: Visit, known: dict[str, str]) -> Iterator[Resource]:
    for diagnosis in (visit.main, *visit.others):
        if diagnosis.icd10 in known:
            continue
        chronic = diagnosis in CHRONIC.values()
        own = _condition_id(visit, diagnosis)
        if chronic:
            known[diagnosis.icd10] = own
        condition = {
            "resourceType": "Condition",
            "id": own,
            "clinicalStatus": _coded("condition-clinical", "active" if chronic else "resolved"),
            "verificationStatus": _coded("condition-ver-status", "confirmed"),
            "category": [_coded("condition-category", "problem-list-item" if chronic else "encounter-diagnosis")],
            "code": _concept(
                diagnosis.vi,
                ("http://hl7.org/fhir/sid/icd-10", diagnosis.icd10, diagnosis.en),
                ("http://snomed.info/sct", diagnosis.snomed, diagnosis.en),
            ),
            "subject": _subject(visit),
            "encounter": _of_encounter(visit),
            "onsetDateTime": f"{visit.start:%Y-%m-%d}",
            "recordedDate": _when(visit.start),
        }
        if not chronic:
            condition["abatementDateTime"] = f"{visit.end:%Y-%m-%d}"
        yield condition


def _observations(visit: Visit, *, sent: bool, by_messages: bool) -> Iterator[Resource]:
    signs = None if sent else visit.vitals
    if signs is not None:
        pressure = _observation(
            visit, "HA", "vital-signs", "85354-9", "Blood pressure panel with all children optional"
        )
        pressure["component"] = [
            {
                "code": _concept(text, ("http://loinc.org", code, text)),
                "valueQuantity": _quantity(Decimal(value), "mmHg", "mm[Hg]"),
            }
            for code, text, value in (
                ("8480-6", "Systolic blood pressure", signs.systolic),
                ("8462-4", "Diastolic blood pressure", signs.diastolic),
            )
        ]
        yield pressure
        for own, code, text, value in (
            ("M", "8867-4", "Heart rate", _quantity(Decimal(signs.pulse), "/min", "/min")),
            ("ND", "8310-5", "Body temperature", _quantity(signs.temperature.quantize(Decimal("0.1")), "°C", "Cel")),
            ("CN", "29463-7", "Body weight", _quantity(signs.weight.quantize(Decimal("0.01")), "kg", "kg")),
            ("CC", "8302-2", "Body height", _quantity(Decimal(signs.height).quantize(Decimal("0.1")), "cm", "cm")),
        ):
            yield _observation(visit, own, "vital-signs", code, text) | {"valueQuantity": value}
    if not sent:
        for number, item in enumerate(visit.signs, 1):
            yield from _bedside(visit, number, item)
    for name, result in () if by_messages else visit.labs:
        lab = LABS[name]
        yield _observation(visit, f"XN-{name}", "laboratory", lab.loinc, lab.en) | {
            "valueQuantity": _quantity(loinc_value(lab, result), lab.loinc_unit, lab.ucum)
        }
    if visit.smoking:
        code, text = SMOKING[visit.smoking]
        smoking = _observation(visit, "HT", "social-history", "72166-2", "Tobacco smoking status")
        yield smoking | {"valueCodeableConcept": _concept(text, ("http://snomed.info/sct", code, text))}

    if visit.is_pregnant:
        pregnant = _observation(visit, "TN", "social-history", "82810-3", "Pregnancy status")
        yield pregnant | {
            "valueCodeableConcept": _concept("Mang thai", ("http://loinc.org", "LA15173-0", "Pregnant"))
        }


def _bedside(visit: Visit, number: int, signs: Signs) -> Iterator[Resource]:
    """One set of vital signs of an inpatient, each with its own time; the pressure's parts stand alone here."""
    moment = {"effectiveDateTime": _when(signs.moment)}
    for own, code, text, value, unit, ucum in measured(signs):
        made = _observation(visit, f"{own}-{number}", "vital-signs", code, text)
        yield made | moment | {"valueQuantity": _quantity(value, unit, ucum)}
    if signs.consciousness:
        code, text = AVPU[signs.consciousness]
        made = _observation(visit, f"TG-{number}", "vital-signs", "67775-7", "Level of responsiveness (AVPU)")
        yield made | moment | {"valueCodeableConcept": _concept(text, ("http://loinc.org", code, text))}


def _order(visit: Visit) -> Resource:
    """The order of a target saturation of 88 to 92 % for one stay: NEWS2's second scale."""
    return {
        "resourceType": "ServiceRequest",
        "id": _id(visit, "YL", "SPO2"),
        "status": "completed",
        "intent": "order",
        "code": _concept(SCALE_2[2], SCALE_2),
        "subject": _subject(visit),
        "encounter": _of_encounter(visit),
        "occurrencePeriod": {"start": _when(visit.start), "end": _when(visit.end)},
        "authoredOn": _when(visit.start),
        "requester": _by(visit),
    }


def loinc_value(lab: Lab, value: Decimal) -> Decimal:
    """A laboratory value in the unit and digits of its LOINC code; a trailing zero is a digit that was measured."""
    return (value * lab.factor).quantize(Decimal(lab.loinc_digits), ROUND_HALF_UP)


def _observation(visit: Visit, own: str, category: str, code: str, text: str) -> Resource:
    return {
        "resourceType": "Observation",
        "id": _id(visit, "OB", own),
        "status": "final",
        "category": [_coded("observation-category", category)],
        "code": _concept(text, ("http://loinc.org", code, text)),
        "subject": _subject(visit),
        "encounter": _of_encounter(visit),
        "effectiveDateTime": _when(visit.start),
        "performer": [_by(visit)],
    }


def _request(visit: Visit, number: int, item: Prescription, *, active: bool) -> Resource:
    drug = item.drug
    codings = [("http://www.whocc.no/atc", drug.atc, drug.en)]
    if drug.rxnorm:
        codings.append(("http://www.nlm.nih.gov/research/umls/rxnorm", drug.rxnorm, drug.en))
    return {
        "resourceType": "MedicationRequest",
        "id": _id(visit, "TH", number),
        "status": "active" if active else "completed",
        "intent": "order",
        "medicationCodeableConcept": _concept(f"{drug.vi} {drug.strength}", *codings),
        "subject": _subject(visit),
        "encounter": _of_encounter(visit),
        "authoredOn": _when(visit.start),
        "requester": _by(visit),
        "dosageInstruction": [{"text": item.dose}],
        "dispenseRequest": {
            "quantity": {"value": Decimal(item.quantity), "unit": drug.unit},
            "expectedSupplyDuration": _quantity(Decimal(item.days), "d", "d"),
        },
    }
