"""Profiles that read like a country's core guide: a patient with a citizen's number, an insurance card, a pulse."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.fhir import profiles
from lienthong.fhir.profiles import Profiles

CORE = "http://fhir.example.vn/core/StructureDefinition/"
CCCD = "http://fhir.example.vn/core/sid/cccd"
BHYT = "http://fhir.example.vn/core/sid/bhyt"
R4 = "http://hl7.org/fhir/StructureDefinition/"

Rule = dict[str, Any]


def definition(name: str, type_name: str, *elements: Rule, base: str = "", **members: Any) -> dict[str, Any]:
    """A profile of the guide by its differential; an element needs only its id."""
    for element in elements:
        parts = element["id"].split(".")
        element.setdefault("path", ".".join(part.partition(":")[0] for part in parts))
        if ":" in parts[-1]:
            element.setdefault("sliceName", parts[-1].partition(":")[2])
    return {
        "resourceType": "StructureDefinition",
        "url": CORE + name,
        "version": "1.0.0",
        "name": name,
        "title": f"VN {name}",
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": type_name,
        "baseDefinition": base or R4 + type_name,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
        **members,
    }


def sliced(*discriminators: str, rules: str = "open", ordered: bool = False) -> Rule:
    """A slicing by `type path` pairs written as `value:system`."""
    pairs = [item.partition(":")[::2] for item in discriminators]
    return {
        "discriminator": [{"type": kind, "path": path} for kind, path in pairs],
        "rules": rules,
        "ordered": ordered,
    }


ETHNICITY = definition(
    "ethnicity",
    "Extension",
    {"id": "Extension.url", "fixedUri": CORE + "ethnicity"},
    {"id": "Extension.extension", "max": "0"},
    {"id": "Extension.value[x]", "min": 1, "type": [{"code": "CodeableConcept"}]},
    {
        "id": "Extension.value[x].coding",
        "min": 1,
    },
)

PATIENT = definition(
    "patient",
    "Patient",
    {"id": "Patient.extension", "slicing": sliced("value:url")},
    {
        "id": "Patient.extension:ethnicity",
        "min": 0,
        "max": "1",
        "type": [{"code": "Extension", "profile": [CORE + "ethnicity"]}],
        "mustSupport": True,
    },
    {"id": "Patient.identifier", "min": 1, "slicing": sliced("value:system"), "mustSupport": True},
    {"id": "Patient.identifier:cccd", "min": 0, "max": "1"},
    {"id": "Patient.identifier:cccd.system", "min": 1, "fixedUri": CCCD},
    {"id": "Patient.identifier:cccd.value", "min": 1, "maxLength": 12},
    {"id": "Patient.identifier:bhyt", "min": 0, "max": "1"},
    {"id": "Patient.identifier:bhyt.system", "min": 1, "fixedUri": BHYT},
    {"id": "Patient.identifier:bhyt.value", "min": 1, "maxLength": 15},
    {"id": "Patient.name", "min": 1, "mustSupport": True},
    {"id": "Patient.name.text", "min": 1},
    {"id": "Patient.birthDate", "min": 1, "minValueDate": "1900-01-01"},
    {"id": "Patient.deceased[x]", "type": [{"code": "dateTime"}]},
    {"id": "Patient.photo", "max": "0"},
    {"id": "Patient.telecom", "mustSupport": True},
)

COVERAGE = definition(
    "coverage",
    "Coverage",
    {"id": "Coverage.type", "min": 1, "patternCodeableConcept": {"coding": [{"code": "PUBLICPOL"}]}},
    {"id": "Coverage.subscriberId", "min": 1, "maxLength": 15},
    {"id": "Coverage.beneficiary", "type": [{"code": "Reference", "targetProfile": [CORE + "patient"]}]},
    {"id": "Coverage.payor", "max": "1"},
)

PULSE = definition(
    "pulse",
    "Observation",
    {"id": "Observation.valueQuantity", "min": 1},
    {"id": "Observation.valueQuantity.value", "minValueDecimal": 0, "maxValueDecimal": 400},
    {"id": "Observation.device", "max": "0"},
    base=R4 + "heartrate",
)


@pytest.fixture(scope="session")
def core() -> Profiles:
    """The guide's profiles."""
    return profiles.load(ETHNICITY, PATIENT, COVERAGE, PULSE)
