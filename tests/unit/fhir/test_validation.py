"""Each fault is found at its place, said in the golden texts, and says nothing of the value."""

from __future__ import annotations

import copy
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lienthong import fhir
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding, Severity
from lienthong.fhir import UNHOLDABLE, faults

validate = partial(fhir.validate, invariants=False)  # structure alone; for the rest see invariants/

GOLDEN = Path(__file__).with_name("golden_findings.txt")

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Nguyễn", "given": ["Thị", "Ánh"]}],
    "gender": "female",
    "birthDate": "1987-02-28",
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "Organization/1"},
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Huyết áp"},
    "valueQuantity": {"value": Decimal("120.0"), "unit": "mmHg"},
}


def patient(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(PATIENT), **members}


def observation(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OBSERVATION), **members}


# One or more spoilt resources for every fault, with the places where it must be found.
CASES: list[tuple[str, Any, list[str]]] = [
    ("not-json", b'{"resourceType": "Patient",}', [""]),
    ("not-json", b"\xff\xfe{}", [""]),
    ("not-json", b"", [""]),
    ("not-an-object", b'["Patient"]', [""]),
    ("not-an-object", b"null", [""]),
    ("nested-too-deep", b'{"resourceType":"Questionnaire","status":"draft"'
     + b',"item":[{"linkId":"1","type":"group"' * 70 + b"}]" * 70 + b"}", ["Questionnaire" + ".item[0]" * 65]),
    ("resource-type-missing", {}, [""]),
    ("resource-type-missing", {"id": "1"}, [""]),
    ("resource-type-missing", patient(contained=[{"id": "c"}]), ["Patient.contained[0]"]),
    ("resource-type-unknown", {"resourceType": "patient"}, ["resourceType"]),
    ("resource-type-unknown", {"resourceType": "SubscriptionStatus"}, ["resourceType"]),
    ("resource-type-unknown", {"resourceType": "DomainResource"}, ["resourceType"]),
    ("resource-type-unknown", {"resourceType": 7}, ["resourceType"]),
    ("wrong-json-kind", patient(name={"family": "X"}), ["Patient.name"]),
    ("wrong-json-kind", patient(name=["X"]), ["Patient.name[0]"]),
    ("wrong-json-kind", patient(birthDate=["1987"]), ["Patient.birthDate"]),
    ("wrong-json-kind", patient(birthDate=1987), ["Patient.birthDate"]),
    ("wrong-json-kind", patient(active="true"), ["Patient.active"]),
    ("wrong-json-kind", patient(active=1), ["Patient.active"]),
    ("wrong-json-kind", patient(multipleBirthInteger="2"), ["Patient.multipleBirthInteger"]),
    ("wrong-json-kind", patient(multipleBirthInteger=True), ["Patient.multipleBirthInteger"]),
    ("wrong-json-kind", patient(multipleBirthInteger=Decimal("2.0")), ["Patient.multipleBirthInteger"]),
    ("wrong-json-kind", observation(valueQuantity={"value": "120"}), ["Observation.valueQuantity.value"]),
    ("wrong-json-kind", patient(contained=["x"]), ["Patient.contained[0]"]),
    ("wrong-json-kind", patient(_birthDate="x"), ["Patient._birthDate"]),
    ("wrong-json-kind", patient(maritalStatus="M"), ["Patient.maritalStatus"]),
    ("integer-too-large", patient(multipleBirthInteger=2**31), ["Patient.multipleBirthInteger"]),
    ("integer-too-large", patient(multipleBirthInteger=-(2**31) - 1), ["Patient.multipleBirthInteger"]),
    ("duplicate-member", b'{"resourceType":"Patient","name":[{"family":"A","family":"B"}],"id":"a","id":"b"}',
     ["Patient.id", "Patient.name[0].family"]),
    ("unknown-element", patient(nickname="x"), ["Patient.nickname"]),
    ("unknown-element", patient(**{"Nguyễn Thị Ánh": "x"}), ["Patient.?"]),
    ("unknown-element", patient(multipleBirth=2), ["Patient.multipleBirth"]),
    ("unknown-element", patient(_name=[{"id": "1"}]), ["Patient._name"]),
    ("unknown-element", patient(name=[{"resourceType": "HumanName"}]), ["Patient.name[0].resourceType"]),
    ("unknown-element", observation(valueMoney={"value": 1}), ["Observation.valueMoney"]),
    ("missing-element", {"resourceType": "Observation", "code": {"text": "x"}}, ["Observation.status"]),
    ("missing-element", {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
                         "subject": {"reference": "Patient/1"}}, ["MedicationRequest.medication[x]"]),
    ("missing-element", patient(link=[{"type": "seealso"}]), ["Patient.link[0].other"]),
    ("missing-element", patient(extension=[{"valueString": "x"}]), ["Patient.extension[0].url"]),
    ("several-choices", observation(valueString="x"), ["Observation.value[x]"]),
    ("several-choices", observation(_valueString={"id": "x"}), ["Observation.value[x]"]),
    ("empty-value", patient(name=[]), ["Patient.name"]),
    ("empty-value", patient(name=[{}]), ["Patient.name[0]"]),
    ("empty-value", patient(name=[{"family": ""}]), ["Patient.name[0].family"]),
    ("empty-value", patient(name=[{"given": []}]), ["Patient.name[0].given"]),
    ("empty-value", patient(_birthDate={}), ["Patient._birthDate"]),
    ("null-value", patient(birthDate=None), ["Patient.birthDate"]),
    ("null-value", patient(name=None), ["Patient.name"]),
    ("null-value", patient(name=[None]), ["Patient.name[0]"]),
    ("null-value", patient(name=[{"given": ["A", None]}]), ["Patient.name[0].given[1]"]),
    ("null-value", patient(name=[{"given": ["A", None], "_given": [{"id": "1"}, None]}]),
     ["Patient.name[0].given[1]"]),
    ("unaligned-extensions", patient(name=[{"given": ["A", "B"], "_given": [{"id": "1"}]}]),
     ["Patient.name[0].given"]),
    ("blank-text", patient(name=[{"family": " \t"}]), ["Patient.name[0].family"]),
    ("invalid-format", patient(birthDate="28/02/1987"), ["Patient.birthDate"]),
    ("invalid-format", patient(birthDate="2023-02-29"), ["Patient.birthDate"]),
    ("invalid-format", patient(id="p_1"), ["Patient.id"]),
    ("invalid-format", patient(name=[{"given": ["A", "\x00"]}]), ["Patient.name[0].given[1]"]),
    ("invalid-format", patient(telecom=[{"rank": 0}]), ["Patient.telecom[0].rank"]),
    ("invalid-format", patient(photo=[{"data": "%%%"}]), ["Patient.photo[0].data"]),
    ("invalid-format", patient(meta={"lastUpdated": "2026-11-23"}), ["Patient.meta.lastUpdated"]),
    ("invalid-format", patient(text={"status": "empty", "div": "text"}), ["Patient.text.div"]),
    ("unknown-code", patient(gender="nữ"), ["Patient.gender"]),
    ("unknown-code", {"resourceType": "Condition", "subject": {"reference": "Patient/1"},
                      "clinicalStatus": {"coding": [{"system": "http://hospital.example", "code": "active"}]}},
     ["Condition.clinicalStatus"]),
    ("unknown-code", {"resourceType": "Condition", "subject": {"reference": "Patient/1"},
                      "clinicalStatus": {"text": "active"}}, ["Condition.clinicalStatus"]),
    ("reference-target", patient(managingOrganization={"reference": "Location/1"}),
     ["Patient.managingOrganization.reference"]),
    ("reference-target", patient(managingOrganization={"reference": "http://h.example/fhir/Location/1"}),
     ["Patient.managingOrganization.reference"]),
    ("reference-target", patient(managingOrganization={"reference": "Location?name=x"}),
     ["Patient.managingOrganization.reference"]),
    ("reference-target", patient(managingOrganization={"type": "Location", "display": "x"}),
     ["Patient.managingOrganization.type"]),
    ("reference-target", observation(focus=[{"reference": "#a", "type": "Nobody"}]), ["Observation.focus[0].type"]),
    ("reference-malformed", patient(managingOrganization={"reference": "Bệnh viện"}),
     ["Patient.managingOrganization.reference"]),
    ("reference-malformed", observation(focus=[{"reference": "Nobody/1"}]), ["Observation.focus[0].reference"]),
    ("reference-type", patient(generalPractitioner=[{"reference": "Practitioner/1", "type": "Organization"}]),
     ["Patient.generalPractitioner[0].type"]),
    ("extension-value", patient(extension=[{"url": "u"}]), ["Patient.extension[0]"]),
    ("extension-value", patient(extension=[{"url": "u", "valueCode": "c",
                                            "extension": [{"url": "v", "valueCode": "c"}]}]),
     ["Patient.extension[0]"]),
    ("contained-id", patient(contained=[{"resourceType": "Basic", "code": {"text": "x"}}]), ["Patient.contained[0]"]),
    ("contained-id", patient(contained=[{"resourceType": "Organization", "id": "a", "name": "x"}] * 2),
     ["Patient.contained[1]"]),
]  # fmt: skip


def found(resource: Any, code: str) -> list[Finding]:
    return [finding for finding in validate(resource) if finding.code == code]


@pytest.mark.parametrize(("code", "resource", "places"), CASES)
def test_the_fault_is_found_at_its_place(code: str, resource: Any, places: list[str]) -> None:
    assert [finding.place.path for finding in found(resource, code)] == places


def test_clean_resources_have_no_finding() -> None:
    assert validate(PATIENT) == []
    assert validate(OBSERVATION) == []


@pytest.mark.parametrize(
    "resource",
    [
        observation(status="final", _status={"id": "x"}),
        {key: value for key, value in observation(_status={"extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        ]}).items() if key != "status"},
        patient(name=[{"given": ["A", None], "_given": [None, {"id": "1"}]}]),
        patient(name=[{"_given": [{"id": "1"}]}]),
        patient(birthDate="1987", _birthDate={"id": "b"}),
        patient(managingOrganization={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),
        patient(managingOrganization={"reference": "Organization?identifier=s|1", "type": "Organization"}),
        patient(managingOrganization={"display": "only a name"}),
        patient(contained=[{"resourceType": "Organization", "id": "a", "name": "x"}],
                managingOrganization={"reference": "#a"}),
        observation(valueQuantity={"value": 1.5}),
        observation(
            extension=[{"url": "urn:x:u", "_valueString": {"extension": [{"url": "urn:x:v", "valueCode": "c"}]}}]
        ),
    ],
)  # fmt: skip
def test_rare_shapes_that_are_right(resource: dict[str, Any]) -> None:
    assert [finding for finding in validate(resource) if finding.severity is not Severity.INFORMATION] == []


def test_a_content_with_many_faults_names_them_all() -> None:
    resource = patient(gender="x", birthDate="y", nickname=1)
    assert sorted(finding.code for finding in validate(resource)) == [
        "invalid-format",
        "unknown-code",
        "unknown-element",
    ]


def test_findings_and_their_texts_are_golden() -> None:
    """Each fault has a case, and its sentence, source and cure stand in the golden file."""
    lines = []
    for code in dict.fromkeys(fault.code for fault in faults.ALL):
        _, resource, _ = next(case for case in CASES if case[0] == code)
        finding = found(resource, code)[0]
        lines.append(
            f"{finding.severity} {finding.code} at {finding.place.path or '(resource)'}\n"
            f"  {finding.message}\n  rule: {finding.rule.id}: {finding.rule.title}\n"
            f"  source: {finding.rule.source}\n  cure: {finding.cure}\n"
        )
    assert "".join(lines) == GOLDEN.read_text("utf-8")


def test_every_finding_is_whole() -> None:
    assert {code for code, _, _ in CASES} == {fault.code for fault in faults.ALL}
    for code, resource, _ in CASES:
        for finding in found(resource, code):
            assert finding.message and finding.cure and finding.rule.title
            assert finding.rule.source.startswith("FHIR R4 4.0.1, ") or code == "nested-too-deep"
            assert "{" not in finding.message + finding.cure + finding.rule.source


def test_no_finding_shows_a_value() -> None:
    secret = "Trần-Bí-Mật"
    spoilt = patient(
        gender=secret, birthDate=secret, active=secret, id=secret, name=secret, maritalStatus=[secret],
        managingOrganization={"reference": secret, "type": secret}, **{secret: secret}, contact=[{secret: 1}],
        contained=[{"resourceType": secret}], extension=[{"url": secret, "valueQuantity": secret}],
        multipleBirthInteger=secret, _gender=secret,
    )  # fmt: skip
    findings = validate(spoilt)
    assert len(findings) >= 12
    assert all(secret not in str(finding.to_json()) for finding in findings)


def test_unholdable_is_what_has_no_fhir_shape() -> None:
    assert set(UNHOLDABLE) == {
        "not-json",
        "not-an-object",
        "nested-too-deep",
        "resource-type-missing",
        "resource-type-unknown",
        "wrong-json-kind",
        "integer-too-large",
    }
    assert {fault.code for fault in faults.ALL if fault.severity is Severity.WARNING} == {
        "blank-text",
        "reference-malformed",
    }


def test_bytes_and_dict_give_the_same() -> None:
    assert validate(b'{"resourceType":"Patient","gender":"x"}') == validate(
        {"resourceType": "Patient", "gender": "x"}
    )
    assert validate(b'{"resourceType":"Patient","active":true}') == []


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"resourceType":"Patient","x":['])
def test_hostile_nesting_is_a_finding(opening: bytes) -> None:
    closing = b"]" if opening.endswith(b"[") else b"}"
    for depth in (50, 300, 900, 5_000, 100_000):
        data = opening * depth + b"1" + (closing if closing == b"}" else b"]") * depth
        assert validate(data)[0].code in UNHOLDABLE | {"unknown-element", "not-json"}


def test_a_profile_that_is_named_must_be_known() -> None:
    with pytest.raises(LienthongError) as raised:
        validate(PATIENT, profiles=("http://hospital.example/StructureDefinition/p",))
    assert raised.value.text() == (
        "The profile http://hospital.example/StructureDefinition/p is not here. [profile-not-loaded]\n"
        "  where:   profiles\n"
        "  allowed: profiles of FHIR R4 itself, until others are loaded\n"
        "  next:    Load the file or the package that defines it, and check the address; upper and lower case count."
    )


def test_what_has_no_fhir_shape_is_not_checked_against_profiles() -> None:
    findings = validate(b"[]", profiles=("http://hl7.org/fhir/StructureDefinition/bodyweight",))
    assert [finding.code for finding in findings] == ["not-an-object"]


@pytest.mark.parametrize("said", [["Patient"], {"a": "Patient"}, 7])
def test_a_type_of_a_reference_that_is_no_text_is_a_finding(said: Any) -> None:
    found = validate(observation(subject={"reference": "#p", "type": said}), invariants=False)
    assert ("wrong-json-kind", "Observation.subject.type") in [(item.code, item.place.path) for item in found]


def test_only_dict_and_bytes_are_taken() -> None:
    with pytest.raises(TypeError, match="a resource is a dict or bytes, not list"):
        validate([])  # type: ignore[arg-type]
