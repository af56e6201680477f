"""The quick half of profiles passes nothing that the close look has a word to say of, on what Hypothesis damages."""

from __future__ import annotations

import copy
import random
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.finding import Finding
from lienthong.fhir import profiles
from lienthong.fhir.profiles import Profiles
from lienthong.fhir.profiles.quick import Quick

CORE = "http://fhir.example.vn/core/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CCCD = "http://fhir.example.vn/core/sid/cccd"


def definition(name: str, type_name: str, *elements: dict[str, Any], base: str = "") -> dict[str, Any]:
    for element in elements:
        parts = element["id"].split(".")
        element["path"] = ".".join(part.partition(":")[0] for part in parts)
        if ":" in parts[-1]:
            element["sliceName"] = parts[-1].partition(":")[2]
    return {
        "resourceType": "StructureDefinition",
        "url": CORE + name,
        "title": name,
        "type": type_name,
        "baseDefinition": base or R4 + type_name,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    }


def by(kind: str, path: str, rules: str = "open", *, ordered: bool = False) -> dict[str, Any]:
    return {"discriminator": [{"type": kind, "path": path}], "rules": rules, "ordered": ordered}


def of(code: str, **profiles: str) -> list[dict[str, Any]]:
    return [{"code": code, **{name: [address] for name, address in profiles.items()}}]


PULSE = definition(
    "pulse",
    "Observation",
    {"id": "Observation.valueQuantity", "min": 1},
    {"id": "Observation.valueQuantity.value", "minValueDecimal": 0, "maxValueDecimal": 400},
    {"id": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [CORE + "patient"]}]},
    {"id": "Observation.component", "slicing": by("exists", "value", "closed", ordered=True)},
    {"id": "Observation.component:measured", "max": "1"},
    {"id": "Observation.component:measured.value[x]", "min": 1},
    {"id": "Observation.component:absent", "max": "1"},
    {"id": "Observation.component:absent.value[x]", "max": "0"},
    base=R4 + "heartrate",
)
ETHNICITY = definition(
    "ethnicity",
    "Extension",
    {"id": "Extension.url", "fixedUri": CORE + "ethnicity"},
    {"id": "Extension.value[x]", "min": 1, "type": [{"code": "CodeableConcept"}]},
    {"id": "Extension.value[x].coding", "min": 1},
)
PATIENT = definition(
    "patient",
    "Patient",
    {"id": "Patient", "constraint": [{"key": "vn", "expression": "name.exists() or identifier.count() > 1"}]},
    {"id": "Patient.extension:ethnicity", "max": "1", "type": of("Extension", profile=CORE + "ethnicity")},
    {"id": "Patient.identifier", "min": 1, "slicing": by("value", "system", "openAtEnd")},
    {"id": "Patient.identifier:cccd", "min": 1, "max": "1"},
    {"id": "Patient.identifier:cccd.system", "min": 1, "fixedUri": CCCD},
    {"id": "Patient.identifier:cccd.value", "min": 1, "maxLength": 12},
    {"id": "Patient.telecom", "slicing": by("value", "system", "closed")},
    {"id": "Patient.telecom:phone", "max": "2"},
    {"id": "Patient.telecom:phone.system", "min": 1, "fixedCode": "phone"},
    {"id": "Patient.gender", "binding": {"strength": "required", "valueSet": "urn:set"}},
    {"id": "Patient.maritalStatus", "binding": {"strength": "extensible", "valueSet": "urn:set"}},
    {"id": "Patient.birthDate", "min": 1, "minValueDate": "1900-01-01"},
    {"id": "Patient.deceased[x]", "type": [{"code": "dateTime"}]},
    {"id": "Patient.generalPractitioner", "max": "2", "type": of("Reference", targetProfile=R4 + "Practitioner")},
)
SET = {
    "resourceType": "ValueSet",
    "url": "urn:set",
    "compose": {"include": [{"system": "urn:x", "concept": [{"code": "female"}, {"code": "M"}]}]},
}
RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "extension": [{"url": CORE + "ethnicity", "valueCodeableConcept": {"coding": [{"code": "01"}]}}],
        "identifier": [{"system": CCCD, "value": "001087000001"}, {"system": "urn:mrn", "value": "1"}],
        "name": [{"text": "Lan"}],
        "telecom": [{"system": "phone", "value": "1"}],
        "gender": "female",
        "maritalStatus": {"coding": [{"system": "urn:x", "code": "M"}]},
        "birthDate": "1987-02-28",
        "_birthDate": {"extension": [{"url": "urn:x", "valueString": "sáng"}]},
        "deceasedDateTime": "2026-11-01",
        "generalPractitioner": [{"reference": "Practitioner/1"}],
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-11-23",
        "valueQuantity": {
            "value": Decimal(72),
            "unit": "/phút",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        },
        "component": [
            {"code": {"text": "a"}, "valueInteger": 3},
            {"code": {"text": "b"}, "dataAbsentReason": {"text": "c"}},
        ],
    },
]
KNOWN = profiles.load(PULSE, ETHNICITY, PATIENT, SET)
ASKED: list[list[str | Profiles]] = [[KNOWN, CORE + "patient"], [KNOWN, CORE + "pulse"]]
OTHERS: list[Any] = [
    *(None, True, 0, 401, "", "x", [], {}, [{}], {"value": 3}, "1899", "urn:x", "phone", "fax"),
    *({"reference": "#p"}, {"reference": "Device/1"}, "Device/1", "Patient/2", "http://h.example/Device/1"),
]


def close_look(resource: dict[str, Any], asked: list[str | Profiles], *, invariants: bool) -> list[Finding]:
    with mock.patch.object(Quick, "is_clean", return_value=False):
        return profiles.check(resource, asked, invariants=invariants)


def damaged(whole: dict[str, Any], seed: int, times: int) -> dict[str, Any]:
    made, rng = copy.deepcopy(whole), random.Random(seed)
    for _ in range(times):
        places: list[tuple[Any, Any]] = []
        todo: list[Any] = [made]
        while todo:
            value = todo.pop()
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            places += [(value, key) for key in keys if key != "resourceType"]
            todo += [value[key] for key in keys if isinstance(value[key], (dict, list))]
        holder, key = rng.choice(places)
        other, other_key = rng.choice(places)
        match rng.randrange(5):
            case 0:
                holder[key] = copy.deepcopy(rng.choice(OTHERS))
            case 1:
                del holder[key]
            case 2:
                holder[key] = copy.deepcopy(other[other_key])
            case 3 if isinstance(holder, list):
                holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
            case 4 if isinstance(holder, list):
                rng.shuffle(holder)
    return made


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_right_is_passed_quickly(number: int) -> None:
    resource, asked = RESOURCES[number], ASKED[number]
    profile = KNOWN.profile(str(asked[1]))
    assert Quick.of(KNOWN, invariants=True).is_clean(resource, resource["resourceType"], profile)
    assert close_look(resource, asked, invariants=True) == []


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.booleans(), st.booleans())
def test_nothing_is_passed_that_the_close_look_minds(seed: int, times: int, second: bool, invariants: bool) -> None:
    asked, resource = ASKED[second], damaged(RESOURCES[second], seed, times)
    profile = KNOWN.profile(str(asked[1]))
    if Quick.of(KNOWN, invariants=invariants).is_clean(resource, resource["resourceType"], profile):
        assert close_look(resource, asked, invariants=invariants) == [], resource
