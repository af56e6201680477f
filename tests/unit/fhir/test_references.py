"""Every Reference is found with its place and can be rewritten; nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.fhir.references import ParsedReference, ReferenceKind, parse_reference, walk


def bundle() -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {
                    "resourceType": "Observation",
                    "meta": {"profile": ["http://hospital.example/StructureDefinition/bp"]},
                    "contained": [
                        {"resourceType": "Device", "id": "d", "owner": {"reference": "Organization/2"}},
                    ],
                    "extension": [
                        {"url": "u", "extension": [{"url": "v", "valueReference": {"reference": "Patient/3"}}]}
                    ],
                    "_status": {"extension": [{"url": "u", "valueReference": {"reference": "Patient/4"}}]},
                    "subject": {
                        "reference": "Patient?identifier=s|1",
                        "identifier": {"assigner": {"display": "Ward"}},
                    },
                    "performer": [{"reference": "Practitioner/5"}, {"reference": "Organization/6"}],
                    "component": [{"extension": [{"url": "u", "valueReference": {"reference": "#d"}}]}],
                    "unknownElement": {"reference": "Patient/7"},
                },
            }
        ],
    }


def test_each_reference_has_its_path() -> None:
    start = "Bundle.entry[0].resource"
    assert [(found.path, found.text) for found in walk(bundle())] == [
        (f"{start}.contained[0].owner", "Organization/2"),
        (f"{start}.extension[0].extension[0].valueReference", "Patient/3"),
        (f"{start}._status.extension[0].valueReference", "Patient/4"),
        (f"{start}.subject", "Patient?identifier=s|1"),
        (f"{start}.subject.identifier.assigner", None),
        (f"{start}.performer[0]", "Practitioner/5"),
        (f"{start}.performer[1]", "Organization/6"),
        (f"{start}.component[0].extension[0].valueReference", "#d"),
    ]


def test_a_reference_is_rewritten_in_place() -> None:
    resource = {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:1"}, "status": "finished"}
    for found in walk(resource):
        found.holder["reference"] = "Patient/12"
    assert resource["subject"] == {"reference": "Patient/12"}


def test_elements_named_reference_of_other_types_are_none() -> None:
    # Claim.related.reference is an Identifier, Expression.reference and Immunization.education.reference are uris
    claim = {"resourceType": "Claim", "related": [{"reference": {"value": "1"}}]}
    shot = {"resourceType": "Immunization", "education": [{"reference": "http://hospital.example"}]}
    assert [*walk(claim), *walk(shot)] == []


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"resourceType": "Nobody", "subject": {"reference": "Patient/1"}},
        {"resourceType": ["Patient"]},
        {"resourceType": "Patient", "link": None, "managingOrganization": [], "contained": [None, {}, 7]},
    ],
)
def test_spoilt_resources_give_none_and_no_error(resource: dict[str, Any]) -> None:
    assert list(walk(resource)) == []


K = ReferenceKind


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Patient/12", ParsedReference(K.RELATIVE, "Patient", "12")),
        ("Patient/12/_history/3", ParsedReference(K.RELATIVE, "Patient", "12", "3")),
        (
            "https://hospital.example/fhir/Patient/12/_history/3",
            ParsedReference(K.ABSOLUTE, "Patient", "12", "3", base="https://hospital.example/fhir/"),
        ),
        ("http://hospital.example/no-fhir-server", ParsedReference(K.ABSOLUTE)),
        (
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            ParsedReference(K.URN, id="c757873d-ec9a-4326-a141-556f43239520"),
        ),
        ("urn:oid:1.2.3", ParsedReference(K.URN, id="1.2.3")),
        ("#p1", ParsedReference(K.FRAGMENT, id="p1")),
        ("#", ParsedReference(K.FRAGMENT)),
        (
            "Practitioner?identifier=s|1&active=true",
            ParsedReference(K.CONDITIONAL, "Practitioner", query="identifier=s|1&active=true"),
        ),
        ("Nobody/12", ParsedReference(K.MALFORMED)),
        ("patient/12", ParsedReference(K.MALFORMED)),
        ("Patient/", ParsedReference(K.MALFORMED)),
        ("Patient/1 2", ParsedReference(K.MALFORMED)),
        ("Patient?", ParsedReference(K.MALFORMED)),
        ("Nobody?name=x", ParsedReference(K.MALFORMED)),
        ("", ParsedReference(K.MALFORMED)),
    ],
)
def test_the_text_of_a_reference_is_split(text: str, parsed: ParsedReference) -> None:
    assert parse_reference(text) == parsed
