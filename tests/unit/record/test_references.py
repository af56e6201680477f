"""References become `Type/id` where exactly one resource is meant; what is not resolved is found, and found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.core.ids import key_system
from lienthong.privacy.access import Grant
from lienthong.record import Counts, Record, Unresolved

Grants = Callable[..., Grant]
NPI = "http://hl7.org/fhir/sid/us-npi"


def patient(key: str, *identifiers: tuple[str, str]) -> dict[str, Any]:
    values = [{"system": system, "value": value} for system, value in identifiers]
    return {"resourceType": "Patient", "id": key, "identifier": values}


def observation(key: str, reference: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "subject": {"reference": reference}, **more}


def subject(record: Record, grants: Grants, key: str = "o1") -> Any:
    return record.read(grants(), "Observation", key).resource()["subject"].get("reference")


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    "reference",
    [f"Patient?identifier={NPI}|77", f"Patient?identifier={NPI.replace('/', '%2F')}%7C77", "Patient?identifier=77"],
)
def test_conditional_references_inside_one_batch(
    feed: Any, record: Record, grants: Grants, reference: str, forward: bool
) -> None:
    records = [observation("o1", reference), patient("p1", (NPI, "77"))]
    published = feed("a", *(records if forward else records[::-1]))
    assert (published.resolved, published.unresolved) == (1, 0)
    assert subject(record, grants) == "Patient/p1"
    assert record.read(grants(), "Observation", "o1").version == 1
    assert record.findings() == []
    assert feed("b", *records).resources == Counts(2, unchanged=2)


def test_a_urn_is_the_key_of_its_source(feed: Any, record: Record, grants: Grants) -> None:
    keys = [(key_system("a", "Patient"), "x-1"), (key_system("b", "Patient"), "x-2")]
    published = feed(
        "f",
        observation("o1", "urn:uuid:x-1"),
        observation("o2", "urn:uuid:x-2"),
        patient("p1", keys[0]),
        patient("p2", keys[1]),
        source="a",
    )
    assert (published.resolved, published.unresolved) == (1, 1)
    assert subject(record, grants) == "Patient/p1"
    assert subject(record, grants, "o2") == "urn:uuid:x-2"


def test_a_logical_reference_gets_its_literal_one(feed: Any, record: Record, grants: Grants) -> None:
    logical = {"type": "Patient", "identifier": {"system": NPI, "value": "77"}}
    feed("a", observation("o1", "") | {"subject": logical}, patient("p1", (NPI, "77")))
    assert record.read(grants(), "Observation", "o1").resource()["subject"] == {
        **logical,
        "reference": "Patient/p1",
    }
    published = feed(
        "b", observation("o2", "") | {"subject": {**logical, "identifier": {"system": NPI, "value": "0"}}}
    )
    assert (published.unresolved, record.unresolved_references()) == (0, [])


def test_several_or_none_are_kept_with_a_finding(feed: Any, record: Record, grants: Grants) -> None:
    several = f"Patient?identifier={NPI}|77"
    published = feed(
        "a.ndjson",
        observation("o1", several),
        observation("o2", "Patient?identifier=nobody|1"),
        observation("o3", "Patient?name=x"),
        observation("o4", "Patient/gone", performer=[{"reference": "Practitioner/gone"}]),
        observation("o5", "http://elsewhere.example/fhir/Patient/1"),
        patient("p1", (NPI, "77")),
        patient("p2", (NPI, "77")),
    )
    assert (published.resolved, published.unresolved, published.findings.warning) == (0, 5, 5)
    assert subject(record, grants) == several
    found = record.findings(published.batch)
    assert sorted((item.code, item.place.record, item.place.path) for item in found) == [
        ("reference-ambiguous", "1", "Observation.subject"),
        ("reference-unresolved", "2", "Observation.subject"),
        ("reference-unresolved", "3", "Observation.subject"),
        ("reference-unresolved", "4", "Observation.performer[0]"),
        ("reference-unresolved", "4", "Observation.subject"),
    ]
    assert {item.place.file for item in found} == {"a.ndjson"}
    text = " ".join(item.message + item.cure for item in found)
    assert "77" not in text and "gone" not in text and "nobody" not in text
    assert "The reference names a Practitioner that is not in the record." in text


def test_the_target_arrives_in_a_later_batch(feed: Any, record: Record, grants: Grants) -> None:
    early = [observation("o1", f"Patient?identifier={NPI}|77"), observation("o2", "Patient/p1")]
    first = feed("a", *early)
    assert first.unresolved == 2
    assert record.unresolved_references() == [Unresolved("Observation", "Observation.subject", "Patient", 2)]
    second = feed("b", patient("p1", (NPI, "77")))
    assert (second.resolved, second.unresolved) == (1, 0)
    assert record.unresolved_references() == []
    assert len(record.findings(first.batch)) == 2  # findings are of their batch
    assert subject(record, grants) == "Patient/p1"
    versions = record.history(grants(), "Observation", "o1")
    assert [(item.version, item.batch) for item in versions] == [(1, 1), (2, 2)]
    # the early file says nothing new
    assert feed("a", *early).resources == Counts(2, unchanged=2)
    assert feed("c", *early).resources == Counts(2, unchanged=2)


def test_a_reference_in_a_later_batch_finds_the_newest_identifier_only(feed: Any, record: Record) -> None:
    feed("a", patient("p1", (NPI, "77")))
    feed("b", patient("p1", (NPI, "78")), patient("p2", (NPI, "77")))
    feed("c", observation("o1", f"Patient?identifier={NPI}|77"))
    assert record.unresolved_references() == []


def test_many_in_steps(feed: Any, record: Record, grants: Grants) -> None:
    """More than a step of them, several in one resource, some that stay."""
    records: list[dict[str, Any]] = [patient(f"p{number}", (NPI, str(number))) for number in range(10)]
    records += [
        observation(
            f"o{number}",
            f"Patient?identifier={NPI}|{number}",
            performer=[
                {"reference": f"Patient?identifier={NPI}|{number + 1}"},
                {"reference": f"Patient?identifier={NPI}|none"},
                {"reference": f"Patient?identifier={NPI}|{number}"},
            ],
        )
        for number in range(9)
    ]
    published = feed("a", *records[::-1])
    assert (published.resolved, published.unresolved) == (27, 9)
    for number in range(9):
        resource = record.read(grants(), "Observation", f"o{number}").resource()
        assert resource["subject"]["reference"] == f"Patient/p{number}"
        assert [item["reference"] for item in resource["performer"]] == [
            f"Patient/p{number + 1}",
            f"Patient?identifier={NPI}|none",
            f"Patient/p{number}",
        ]
    assert feed("b", patient("late", (NPI, "none"))).resolved == 9


def test_contained_and_bundled_references_are_left_alone(feed: Any, record: Record) -> None:
    document = {
        "resourceType": "Bundle",
        "id": "b1",
        "type": "document",
        "entry": [{"resource": observation("x", "Patient/inside")}],
    }
    inside = observation("o1", "#p") | {"contained": [{"resourceType": "Patient", "id": "p"}]}
    assert feed("a", document, inside).unresolved == 0
    assert record.unresolved_references() == []
