"""Every Reference is found with its place and can be rewritten; nothing else is taken for one."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.fhir import schema
from lienthong.fhir.references import ParsedReference, ReferenceKind, may_extend, parse_reference, walk


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


@pytest.mark.parametrize("name", ["extension", "modifierExtension", "\\u0065xtension"])
def test_an_extension_is_never_overlooked(name: str) -> None:
    text = f'{{"resourceType": "Patient", "name": [{{"{name}" : [{{"url": "u"}}]}}]}}'.encode()
    assert may_extend(text)
    assert not may_extend(canonical.encode({"resourceType": "Patient", "text": {"status": "additional"}}))


@pytest.mark.suite
def test_the_short_way_through_a_resource_without_extensions_misses_no_reference(
    suites: Callable[[str], Path],
) -> None:
    """On HL7's own examples of every type: what `walk` enters at most, and what it must enter."""
    short, types = 0, set[str]()
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as examples:
        for name in examples.namelist():
            resource = canonical.parse(examples.read(name))
            if "resourceType" not in resource or may_extend(canonical.encode(resource)):
                continue
            whole = [found.path for found in walk(resource)]
            assert [found.path for found in walk(resource, extended=False)] == whole, name
            short += len(whole)
            types.add(resource["resourceType"])
    assert short > 1300
    assert len(types) > 90
    assert types <= schema.resource_types()
