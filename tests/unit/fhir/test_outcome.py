"""Findings as an OperationOutcome: valid FHIR, one issue each, and nothing of the resource's values."""

from __future__ import annotations

from lienthong.fhir import validate
from lienthong.fhir.outcome import FILE, operation_outcome

SPOILT = {
    "resourceType": "Patient",
    "gender": "Nguyễn",
    "birthDate": "31/12/1990",
    "nickname": "An",
    "managingOrganization": {"reference": "#khoa"},
}


def test_each_finding_is_an_issue_with_its_place() -> None:
    found = validate(SPOILT, invariants=False)
    made = operation_outcome(found, file="a.ndjson", record="line 3")
    assert [(issue["code"], issue["severity"], issue["expression"]) for issue in made["issue"]] == [
        ("code-invalid", "error", ["Patient.gender"]),
        ("value", "error", ["Patient.birthDate"]),
        ("structure", "error", ["Patient.nickname"]),
        ("invalid", "error", ["Patient.managingOrganization.reference"]),
    ]
    assert [issue["details"]["coding"][0]["code"] for issue in made["issue"]] == [item.code for item in found]
    assert made["extension"] == [{"url": FILE, "valueString": "a.ndjson line 3"}]
    for value in ("Nguyễn", "31/12/1990", "khoa"):
        assert value not in str(made)


def test_it_is_valid_fhir_and_says_when_all_is_well() -> None:
    for findings in ([], validate(SPOILT)):
        codes = {item.code for item in validate(operation_outcome(findings, file="a.json"))}
        assert codes <= {"best-practice", "extension-unknown"}
    assert operation_outcome([])["issue"] == [
        {"severity": "information", "code": "informational", "details": {"text": "No finding."}}
    ]
