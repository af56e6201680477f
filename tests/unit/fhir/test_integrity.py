"""What must hold between the parts of a resource: each fault is found at its place, and what is right has none."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import pytest

from lienthong import fhir
from lienthong.core.finding import Severity
from lienthong.fhir.integrity import examine, faults

validate = partial(fhir.validate, invariants=False)

UUID = "urn:uuid:0b6e1f8e-0000-4000-8000-00000000000{}"
CORE = "http://hl7.org/fhir/StructureDefinition/"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": "1987-02-28"}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"text": "Huyết áp"},
    "subject": {"reference": "Patient/p1"},
}
COMPOSITION: dict[str, Any] = {
    "resourceType": "Composition",
    "id": "c1",
    "status": "final",
    "type": {"text": "Giấy ra viện"},
    "date": "2026-11-24",
    "title": "Giấy ra viện",
    "author": [{"reference": UUID.format(2)}],
    "subject": {"reference": "Patient/p1"},
}


def patient(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(PATIENT), **members}


def observation(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OBSERVATION), **members}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": copy.deepcopy(list(entries))}


def entry(number: int, resource: dict[str, Any], method: str = "", url: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"fullUrl": UUID.format(number), "resource": resource}
    return {**made, "request": {"method": method, "url": url}} if method else made


def narrative(inside: str) -> dict[str, Any]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


ABSENT: dict[str, Any] = {"url": CORE + "data-absent-reason", "valueCode": "unknown"}
CITIZEN = {
    "url": CORE + "patient-citizenship",
    "extension": [{"url": "code", "valueCodeableConcept": {"text": "VN"}}],
}
DOCUMENT = bundle(
    "document",
    entry(1, COMPOSITION),
    {"fullUrl": UUID.format(2), "resource": {"resourceType": "Practitioner", "id": "bs"}},
    {"fullUrl": "http://hospital.example/fhir/Patient/p1", "resource": PATIENT},
)

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("contained-missing", observation(subject={"reference": "#p"}), ["Observation.subject.reference"]),
    (
        "contained-missing",
        observation(contained=[{"resourceType": "Patient", "id": "q"}], subject={"reference": "#p"}),
        ["Observation.subject.reference"],
    ),
    (
        # `#` in an entry is read in the entry's own resource
        "contained-missing",
        bundle(
            "collection",
            entry(1, patient(contained=[{"resourceType": "Organization", "id": "o", "name": "BV"}])),
            entry(2, observation(performer=[{"reference": "#o"}])),
        ),
        ["Bundle.entry[1].resource.performer[0].reference"],
    ),
    (
        "bundle-reference-missing",
        bundle("transaction", entry(1, observation(subject={"reference": UUID.format(9)}), "POST", "Observation")),
        ["Bundle.entry[0].resource.subject.reference"],
    ),
    (
        "bundle-reference-outside",
        bundle("collection", entry(1, observation(subject={"reference": UUID.format(9)}))),
        ["Bundle.entry[0].resource.subject.reference"],
    ),
    (
        "head-reference-missing",
        {**DOCUMENT, "entry": DOCUMENT["entry"][:2]},
        ["Bundle.entry[0].resource.subject.reference"],
    ),
    ("full-url-missing", bundle("collection", {"resource": PATIENT}), ["Bundle.entry[0].fullUrl"]),
    (
        "full-url-relative",
        bundle("collection", {"fullUrl": "Patient/p1", "resource": PATIENT}),
        ["Bundle.entry[0].fullUrl"],
    ),
    (
        "full-url-id",
        bundle("collection", {"fullUrl": "http://hospital.example/Patient/p2", "resource": PATIENT}),
        ["Bundle.entry[0].fullUrl"],
    ),
    (
        "full-url-id",
        bundle("collection", {"fullUrl": "http://hospital.example/Person/p1", "resource": PATIENT}),
        ["Bundle.entry[0].fullUrl"],
    ),
    ("bundle-request", bundle("batch", entry(1, PATIENT, "POST", "Observation")), ["Bundle.entry[0].request.url"]),
    ("bundle-request", bundle("batch", entry(1, PATIENT, "POST", "Patient/p1")), ["Bundle.entry[0].request.url"]),
    ("bundle-request", bundle("batch", entry(1, PATIENT, "PUT", "Patient/p2")), ["Bundle.entry[0].request.url"]),
    ("bundle-request", bundle("batch", entry(1, PATIENT, "PUT", "Patient")), ["Bundle.entry[0].request.url"]),
    ("bundle-request", bundle("batch", entry(1, PATIENT, "DELETE", "Patient/p1")), ["Bundle.entry[0].request"]),
    (
        "bundle-request",
        bundle(
            "transaction",
            entry(1, PATIENT, "PUT", "Patient/p1"),
            {"request": {"method": "DELETE", "url": "Patient/p1"}},
        ),
        ["Bundle.entry[1].request"],
    ),
    ("extension-url", patient(extension=[{"url": "x", "valueCode": "c"}]), ["Patient.extension[0].url"]),
    (
        "extension-context",
        observation(extension=[{"url": CORE + "patient-birthPlace", "valueAddress": {"text": "Huế"}}]),
        ["Observation.extension[0]"],
    ),
    (
        "extension-context",
        patient(_birthDate={"extension": [{"url": CORE + "patient-birthPlace", "valueAddress": {"text": "Huế"}}]}),
        ["Patient._birthDate.extension[0]"],
    ),
    (
        "extension-type",
        patient(extension=[{"url": CORE + "patient-birthPlace", "valueString": "Huế"}]),
        ["Patient.extension[0].valueString"],
    ),
    (
        "extension-type",
        patient(extension=[{"url": CORE + "patient-citizenship", "valueString": "VN"}]),
        ["Patient.extension[0]"],
    ),
    (
        "extension-part",
        patient(extension=[{**CITIZEN, "extension": [{"url": "nation", "valueCode": "VN"}]}]),
        ["Patient.extension[0].extension[0]"],
    ),
    (
        "extension-part",
        patient(extension=[{**CITIZEN, "extension": [*CITIZEN["extension"], *CITIZEN["extension"]]}]),
        ["Patient.extension[0]"],
    ),
    ("extension-modifier", patient(modifierExtension=[ABSENT]), ["Patient.modifierExtension[0]"]),
    (
        "modifier-extension-unknown",
        patient(modifierExtension=[{"url": "http://hospital.example/not", "valueBoolean": True}]),
        ["Patient.modifierExtension[0]"],
    ),
    (
        "extension-unknown",
        patient(extension=[{"url": "http://hospital.example/x", "valueBoolean": True}]),
        ["Patient.extension[0]"],
    ),
    ("narrative-unsafe", patient(text=narrative("<script>1</script>")), ["Patient.text.div"]),
    ("narrative-unsafe", patient(text=narrative('<p onclick="x()">a</p>')), ["Patient.text.div"]),
    ("narrative-unsafe", patient(text=narrative("<b>a</p>")), ["Patient.text.div"]),
    ("narrative-unsafe", patient(text=narrative(" ")), ["Patient.text.div"]),
    (
        "canonical-url-relative",
        {"resourceType": "ValueSet", "status": "draft", "url": "ValueSet/thuoc"},
        ["ValueSet.url"],
    ),
    (
        "search-parameter-components",
        {
            "resourceType": "SearchParameter",
            "url": "http://hospital.example/sp",
            "name": "Sp",
            "status": "draft",
            "description": "d",
            "code": "sp",
            "base": ["Patient"],
            "type": "composite",
        },
        ["SearchParameter.component"],
    ),
    (
        "code-system-supplement",
        {"resourceType": "CodeSystem", "status": "draft", "content": "complete", "supplements": "http://loinc.org"},
        ["CodeSystem.content"],
    ),
]

RIGHT: list[dict[str, Any]] = [
    observation(
        contained=[{"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "#"}}],
        subject={"reference": "#p"},
    ),
    DOCUMENT,
    bundle(
        "transaction",
        entry(1, PATIENT, "PUT", "Patient/p1"),
        entry(2, observation(subject={"reference": UUID.format(1)}), "POST", "Observation"),
        {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient?identifier=urn:x|1"}},
        {"request": {"method": "GET", "url": "Patient?name=x"}},
    ),
    bundle(
        "collection", {"fullUrl": "http://hospital.example/Patient/p1", "resource": PATIENT}, entry(2, OBSERVATION)
    ),
    patient(_birthDate={"extension": [ABSENT]}, extension=[CITIZEN]),
    patient(text=narrative('<p style="color: red">Nguyễn Thị Ánh<br/><a href="#x">x</a></p>')),
]


@pytest.mark.parametrize(
    ("code", "resource", "places"), CASES, ids=[f"{n} {case[0]}" for n, case in enumerate(CASES)]
)
def test_each_fault_is_found_at_its_place(code: str, resource: dict[str, Any], places: list[str]) -> None:
    found = validate(resource)
    assert [(item.code, item.place.path) for item in found] == [(code, place) for place in places]
    for item in found:
        assert item.rule is not None
        assert item.rule.source.startswith("FHIR R4 4.0.1, ")
        assert item.cure.endswith(".")
        assert "{" not in item.message + item.cure + item.rule.source


@pytest.mark.parametrize("resource", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_has_no_finding(resource: dict[str, Any]) -> None:
    assert validate(resource) == []


def test_there_is_a_case_for_every_fault() -> None:
    assert {code for code, _, _ in CASES} == {fault.code for fault in faults.ALL}
    assert {fault.code for fault in faults.ALL if fault.severity is not Severity.ERROR} == {
        "bundle-reference-outside",
        "extension-unknown",
    }


def test_no_value_stands_in_a_finding() -> None:
    """Names of elements and attributes come from whoever wrote the narrative."""
    name = "NguyenThiAnh1987"
    text = narrative(f"<{name}>x</{name}><p {name}='1'>y</p>")
    told = [str(item) for item in validate(patient(text=text, extension=[{"url": name, "valueCode": "c"}]))]
    assert told
    assert name not in " ".join(told)


def test_a_definition_from_elsewhere_is_not_called_unknown() -> None:
    url = "http://hospital.example/x"
    resource = patient(
        extension=[{"url": url, "valueBoolean": True}], modifierExtension=[{"url": url, "valueCode": "c"}]
    )
    from_elsewhere = examine(resource, lambda asked: asked == url)
    assert from_elsewhere == []
