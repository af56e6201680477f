"""Every required binding of R4 is checked by its codes or their form, or it is named with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lienthong.core.finding import Finding
from lienthong.fhir import bindings, schema, validate


def required() -> Iterator[schema.Element]:
    for name in schema._file().types:
        for element in schema.elements(name):
            if element.owner == name and element.binding is not None and element.binding.strength == "required":
                yield element


def test_no_required_binding_is_left_unnoticed() -> None:
    unlisted, number = set(), 0
    for element in required():
        number += 1
        assert element.binding is not None
        ways = [
            element.codes is not None,
            bindings.form_of(element) is not None,
            bindings.is_unit_bound(element),
            element.binding.value_set in bindings.UNLISTED,
        ]
        assert sum(ways) == 1, element.path
        assert element.types in (("code",), ("CodeableConcept",)), "the halves check codes and concepts only"
        if ways[3]:
            unlisted.add(element.binding.value_set)
    assert number > 350
    assert unlisted == set(bindings.UNLISTED), "the list names what is needed, and no more"


def test_listed_value_sets_hold_codes() -> None:
    for element in required():
        for system, codes in (element.codes or {}).items():
            assert ":" in system and codes, element.path


SPOILT: list[tuple[str, Any]] = [
    ("Binary.contentType", {"resourceType": "Binary", "contentType": "pdf"}),
    ("Binary.contentType", {"resourceType": "Binary", "contentType": "application/"}),
    ("Binary.contentType", {"resourceType": "Binary", "contentType": "json"}),
    ("Binary.language", {"resourceType": "Binary", "contentType": "text/plain", "language": "Vietnamese_VN"}),
    ("Binary.language", {"resourceType": "Binary", "contentType": "text/plain", "language": "v"}),
    ("Patient.photo[0].contentType", {"resourceType": "Patient", "photo": [{"contentType": "jpeg"}]}),
    (
        "Invoice.totalNet.currency",
        {"resourceType": "Invoice", "status": "draft", "totalNet": {"value": 1, "currency": "đồng"}},
    ),
    (
        "Invoice.totalNet.currency",
        {"resourceType": "Invoice", "status": "draft", "totalNet": {"value": 1, "currency": "vnd"}},
    ),
]


def codes_unknown(resource: dict[str, Any]) -> list[Finding]:
    return [item for item in validate(resource, invariants=False) if item.code == "unknown-code"]


@pytest.mark.parametrize(("path", "resource"), SPOILT)
def test_a_code_against_the_form_is_found(path: str, resource: dict[str, Any]) -> None:
    (finding,) = codes_unknown(resource)
    assert finding.place.path == path
    assert finding.cure.startswith("Write ")
    assert validate(resource, invariants=False) == [finding]


@pytest.mark.parametrize(
    "language",
    ["vi", "vi-VN", "zh-Hant-TW", "sl-rozaj-biske", "de-CH-1996", "x-whatever", "i-klingon", "en-u-ca-gregory"],
)
def test_language_tags(language: str) -> None:
    assert (
        validate({"resourceType": "Binary", "contentType": "text/plain", "language": language}, invariants=False)
        == []
    )


@pytest.mark.parametrize(
    "media", ["text/plain", "text/plain; charset=utf-8", "application/fhir+json;fhirVersion=4.0", 'a/b; c="d e"']
)
def test_media_types(media: str) -> None:
    assert validate({"resourceType": "Binary", "contentType": media}) == []


@pytest.mark.parametrize(("form", "clean"), [("json", True), ("application/fhir+xml", True), ("yaml", False)])
def test_formats_of_a_server_may_be_short(form: str, *, clean: bool) -> None:
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "draft",
        "date": "2026-11-24",
        "kind": "requirements",
        "fhirVersion": "4.0.1",
        "format": [form],
    }
    assert (codes_unknown(statement) == []) is clean


@pytest.mark.parametrize(
    ("coding", "clean"),
    [
        ({"system": "http://unitsofmeasure.org", "code": "mmol/L"}, True),
        ({"system": "http://unitsofmeasure.org", "code": "mmoles per L"}, False),
        ({"system": "http://hospital.example/units", "code": "mmol/L"}, False),
        ({"system": "http://unitsofmeasure.org"}, False),
    ],
)
def test_units_by_ucums_grammar(build: Callable[..., dict[str, Any]], coding: dict[str, str], *, clean: bool) -> None:
    resource = build("RiskEvidenceSynthesis")
    resource["riskEstimate"]["unitOfMeasure"] = {"coding": [coding]}
    found = codes_unknown(resource)
    assert [item.place.path for item in found] == (
        [] if clean else ["RiskEvidenceSynthesis.riskEstimate.unitOfMeasure"]
    )
