"""A patient, an insurance card and a pulse against profiles like those of a country's core guide."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from lienthong.core.finding import Finding, Severity
from lienthong.fhir import validate
from lienthong.fhir.profiles import Profiles

CORE = "http://fhir.example.vn/core/StructureDefinition/"
CCCD, BHYT = "http://fhir.example.vn/core/sid/cccd", "http://fhir.example.vn/core/sid/bhyt"

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">...</div>'}  # dom-6
LAN: dict[str, Any] = {
    "resourceType": "Patient",
    "text": NARRATIVE,
    "id": "lan",
    "meta": {"profile": [CORE + "patient"]},
    "extension": [
        {"url": CORE + "ethnicity", "valueCodeableConcept": {"coding": [{"system": "urn:x:dan-toc", "code": "01"}]}}
    ],
    "identifier": [
        {"system": CCCD, "value": "001087000001"},
        {"system": BHYT, "value": "GD4010123456789"},
        {"system": "http://hospital.example/mrn", "value": "BN1"},
    ],
    "name": [{"text": "Nguyễn Thị Lan", "family": "Nguyễn"}],
    "birthDate": "1987-02-28",
}
CARD: dict[str, Any] = {
    "resourceType": "Coverage",
    "text": NARRATIVE,
    "status": "active",
    "type": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PUBLICPOL"}],
        "text": "BHYT",
    },
    "subscriberId": "GD4010123456789",
    "beneficiary": {"reference": "Patient/lan"},
    "payor": [{"reference": "Organization/bhxh"}],
}
PULSE: dict[str, Any] = {
    "resourceType": "Observation",
    "text": NARRATIVE,
    "status": "final",
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/lan"},
    "effectiveDateTime": "2026-11-23T08:15:00+07:00",
    "valueQuantity": {
        "value": Decimal("72"),
        "unit": "lần/phút",
        "system": "http://unitsofmeasure.org",
        "code": "/min",
    },
}


def changed(resource: dict[str, Any], **members: Any) -> dict[str, Any]:
    made = {**copy.deepcopy(resource), **members}
    return {name: value for name, value in made.items() if value is not None}


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Code, place and ruling element of each finding."""
    return [
        (item.code, item.place.path, item.rule.id.rpartition("#")[2]) for item in findings if item.rule is not None
    ]


@pytest.mark.parametrize(
    ("resource", "profile"),
    [(LAN, "patient"), (CARD, "coverage"), (PULSE, "pulse")],
    ids=["patient", "card", "pulse"],
)
def test_what_conforms_has_no_finding(core: Profiles, resource: dict[str, Any], profile: str) -> None:
    assert validate(resource, profiles=[core, CORE + profile]) == []
    assert validate(resource, profiles=[core, f"{CORE}{profile}|1.0.0"]) == []


PATIENTS: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    ("no name", {"name": None}, [("profile-missing", "Patient.name", "Patient.name")]),
    (
        "a name without text",
        {"name": [{"family": "Lê"}]},
        [("profile-missing", "Patient.name[0].text", "Patient.name.text")],
    ),
    (
        "two citizen's numbers",
        {"identifier": [{"system": CCCD, "value": "1"}, {"system": CCCD, "value": "2"}]},
        [("profile-too-many", "Patient.identifier", "Patient.identifier:cccd")],
    ),
    (
        "a citizen's number too long",
        {"identifier": [{"system": CCCD, "value": "0010870000012"}]},
        [("profile-too-long", "Patient.identifier[0].value", "Patient.identifier:cccd.value")],
    ),
    (
        "the length of another number is free",
        {"identifier": [{"system": "http://hospital.example/mrn", "value": "0010870000012345"}]},
        [],
    ),
    (
        "a card's number without value",
        {"identifier": [{"system": BHYT}]},
        [("profile-missing", "Patient.identifier[0].value", "Patient.identifier:bhyt.value")],
    ),
    ("no identifier", {"identifier": None}, [("profile-missing", "Patient.identifier", "Patient.identifier")]),
    (
        "born too early",
        {"birthDate": "1899-12-31"},
        [("profile-below-minimum", "Patient.birthDate", "Patient.birthDate")],
    ),
    ("a year alone may be right", {"birthDate": "1900"}, []),
    (
        "dead without a date",
        {"deceasedBoolean": True},
        [("profile-wrong-type", "Patient.deceasedBoolean", "Patient.deceased[x]")],
    ),
    ("dead on a date", {"deceasedDateTime": "2026-11-01"}, []),
    (
        "an extension of the guide, with a value of another type",
        {"extension": [{"url": CORE + "ethnicity", "valueString": "Kinh"}]},
        [("profile-wrong-type", "Patient.extension[0].valueString", "Extension.value[x]")],
    ),
    (
        "an extension of the guide without code",
        {"extension": [{"url": CORE + "ethnicity", "valueCodeableConcept": {"text": "Kinh"}}]},
        [("profile-missing", "Patient.extension[0].valueCodeableConcept.coding", "Extension.value[x].coding")],
    ),
    (
        "an extension of the guide twice",
        {"extension": LAN["extension"] * 2},
        [("profile-too-many", "Patient.extension", "Patient.extension:ethnicity")],
    ),
    (
        "an extension of nobody",
        {"extension": [{"url": "http://hospital.example/x", "valueString": "1"}]},
        [("extension-unknown", "Patient.extension[0]", "fhir-r4-extension-unknown")],
    ),
]


@pytest.mark.parametrize(("members", "expected"), [case[1:] for case in PATIENTS], ids=[case[0] for case in PATIENTS])
def test_a_patient(core: Profiles, members: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    # the profile is claimed in meta.profile and named: each fault is still said once
    assert told(validate(changed(LAN, **members), profiles=[core, CORE + "patient"])) == expected
    assert told(validate(changed(LAN, **members), profiles=[core])) == expected


def test_without_profiles_the_base_alone_is_checked(core: Profiles) -> None:
    assert {finding.code for finding in validate(changed(LAN, name=None))} == {"extension-unknown"}


CARDS: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    ("no type", {"type": None}, [("profile-missing", "Coverage.type", "Coverage.type")]),
    (
        "another type",
        {"type": {"coding": [{"code": "HIP"}]}},
        [("profile-pattern", "Coverage.type", "Coverage.type")],
    ),
    (
        "for a relative",
        {"beneficiary": {"reference": "RelatedPerson/1"}},
        # the base allows only a Patient here, and says so first
        [
            ("reference-target", "Coverage.beneficiary.reference", "fhir-r4-reference-target"),
            ("profile-reference-target", "Coverage.beneficiary", "Coverage.beneficiary"),
        ],
    ),
    (
        "two payers",
        {"payor": [{"reference": "Organization/1"}, {"reference": "Organization/2"}]},
        [("profile-too-many", "Coverage.payor", "Coverage.payor")],
    ),
    (
        "a contained patient is looked at",
        {"contained": [{"resourceType": "Patient", "id": "p"}], "beneficiary": {"reference": "#p"}},
        [
            ("profile-missing", "Coverage.contained[0].identifier", "Patient.identifier"),
            ("profile-missing", "Coverage.contained[0].name", "Patient.name"),
            ("profile-missing", "Coverage.contained[0].birthDate", "Patient.birthDate"),
        ],
    ),
]


@pytest.mark.parametrize(("members", "expected"), [case[1:] for case in CARDS], ids=[case[0] for case in CARDS])
def test_a_card(core: Profiles, members: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert told(validate(changed(CARD, **members), profiles=[core, CORE + "coverage"])) == expected


def test_a_patient_in_the_same_bundle_is_looked_at(core: Profiles) -> None:
    card = changed(CARD, beneficiary={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"})
    patient = changed(LAN, meta=None, name=None)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "resource": patient},
            {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239521", "resource": card},
        ],
    }
    assert validate(bundle, profiles=[core]) == []
    card["meta"] = {"profile": [CORE + "coverage"]}
    assert told(validate(bundle, profiles=[core])) == [
        ("profile-missing", "Bundle.entry[0].resource.name", "Patient.name")
    ]


PULSES: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    (
        "no value",
        {"valueQuantity": None},
        [("profile-missing", "Observation.value[x]", "Observation.value[x]:valueQuantity")],
    ),
    (
        "too fast to be true",
        {"valueQuantity": {**PULSE["valueQuantity"], "value": 401}},
        [("profile-above-maximum", "Observation.valueQuantity.value", "Observation.value[x]:valueQuantity.value")],
    ),
    (
        "no unit's code (a rule of R4's heart rate)",
        {"valueQuantity": {"value": 72, "unit": "lần/phút", "system": "http://unitsofmeasure.org"}},
        [("profile-missing", "Observation.valueQuantity.code", "Observation.value[x]:valueQuantity.code")],
    ),
    (
        "another unit (a rule of R4's heart rate)",
        {"valueQuantity": {**PULSE["valueQuantity"], "code": "/s"}},
        [("profile-fixed-value", "Observation.valueQuantity.code", "Observation.value[x]:valueQuantity.code")],
    ),
    (
        "no category (a rule of R4's vital signs)",
        {"category": None},
        [
            ("profile-missing", "Observation.category", "Observation.category"),
            ("profile-missing", "Observation.category", "Observation.category:VSCat"),
        ],
    ),
    (
        "no time",
        {"effectiveDateTime": None},
        [("profile-missing", "Observation.effective[x]", "Observation.effective[x]")],
    ),
    (
        "prohibited",
        {"device": {"reference": "Device/1"}},
        [("profile-prohibited", "Observation.device", "Observation.device")],
    ),
]


@pytest.mark.parametrize(("members", "expected"), [case[1:] for case in PULSES], ids=[case[0] for case in PULSES])
def test_a_pulse(core: Profiles, members: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    findings = validate(changed(PULSE, **members), profiles=[core, CORE + "pulse"], invariants=False)
    assert told(findings) == expected


def test_must_support_is_listed_when_asked_for(core: Profiles) -> None:
    lists = core.with_must_support()
    findings = validate(changed(LAN, extension=None), profiles=[lists])
    assert told(findings) == [
        ("profile-must-support", "Patient.extension", "Patient.extension:ethnicity"),
        ("profile-must-support", "Patient.telecom", "Patient.telecom"),
    ]
    assert {item.severity for item in findings} == {Severity.INFORMATION}
    assert validate(changed(LAN, extension=None), profiles=[core]) == []


def test_a_registry_is_shared_by_threads(core: Profiles) -> None:
    fresh = core.applying(CORE + "patient", CORE + "pulse")  # nothing of it is compiled yet
    work = [changed(LAN, name=None), changed(PULSE, valueQuantity=None), CARD] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda resource: told(validate(resource, profiles=[fresh])), work))
    assert found == [told(validate(resource, profiles=[fresh])) for resource in work]
    assert found[0] == [("profile-missing", "Patient.name", "Patient.name")] and found[2] == []


def test_a_profile_for_another_type_is_said(core: Profiles) -> None:
    (finding,) = validate(CARD, profiles=[core, CORE + "patient"])
    assert finding.code == "profile-other-type"
    assert finding.message == "The profile is for the type Patient, and this is another."


def test_a_claimed_profile_that_is_not_here_is_information(core: Profiles) -> None:
    card = changed(CARD, meta={"profile": ["http://other.example/StructureDefinition/card|2", "no address 012345"]})
    found = validate(card, profiles=[core])
    assert [(item.code, item.severity, item.place.path) for item in found if item.code != "invalid-format"] == [
        ("profile-unknown", Severity.INFORMATION, "Coverage.meta.profile[0]"),
        ("profile-unknown", Severity.INFORMATION, "Coverage.meta.profile[1]"),
    ]
    assert "012345" not in repr(found)  # what is no address could be a patient's value


def test_no_finding_says_a_patients_value(core: Profiles) -> None:
    secret = "Bí Mật 099"
    spoilt = changed(
        LAN,
        name=[{"family": secret}],
        birthDate="1899-01-01",
        identifier=[{"system": CCCD, "value": secret * 3}, {"system": BHYT, "value": secret * 3}],
        deceasedBoolean=True,
        extension=[{"url": CORE + "ethnicity", "valueString": secret}],
    )
    findings = validate(spoilt, profiles=[core])
    assert len(findings) >= 5
    assert secret not in repr(findings) and "1899" not in repr(findings)
