"""Reading needs a grant, and sees only what the grant covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.core.ids import person_id
from lienthong.core.settings import Settings
from lienthong.identity import link
from lienthong.privacy.access import Action, Grant
from lienthong.record import Record

Grants = Callable[..., Grant]
CCCD = Settings().systems.national_id


def patient(key: str, national_id: str = "", **more: Any) -> dict[str, Any]:
    identifiers = [{"system": CCCD, "value": national_id}] if national_id else []
    return {"resourceType": "Patient", "id": key, "identifier": identifiers, **more}


def observation(key: str, subject: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "subject": {"reference": f"Patient/{subject}"}, **more}


@pytest.fixture
def two_persons(feed: Any, record: Record) -> dict[str, str]:
    """Person A with the patients a1 and a2, person B with b1; and what they have."""
    with feed.begin() as batch:
        feed.put(
            batch,
            "f",
            patient("a1", "001099000017"),
            patient("a2", "001099000017"),
            patient("b1", "001099000018"),
            observation("oa1", "a1"),
            observation("oa2", "a2", performer=[{"reference": "Practitioner/d"}]),
            observation("ob1", "b1", focus=[{"reference": "Patient/a1"}]),
            {"resourceType": "Practitioner", "id": "d"},
            {"resourceType": "Condition", "id": "ca", "subject": {"reference": "Patient/a1"}},
        )
        link(record, feed.grant, Settings(), batch)
        batch.publish()
    return {"A": person_id("a1"), "B": person_id("b1")}


def forbidden(call: Callable[[], object]) -> str:
    with pytest.raises(LienthongError) as caught:
        call()
    assert caught.value.category is Category.FORBIDDEN
    return caught.value.what


def test_the_compartment_of_a_person(two_persons: dict[str, str], record: Record, grants: Grants) -> None:
    mine = grants(person=two_persons["A"])
    found = [item.reference for item in record.compartment(mine, two_persons["A"])]
    # an observation of another patient that has this one in focus is not about this one
    assert found == ["Patient/a1", "Patient/a2", "Observation/oa1", "Observation/oa2", "Condition/ca"]
    assert forbidden(lambda: record.compartment(mine, two_persons["B"])) == (
        "The grant does not cover this part of the record."
    )
    everybody = [item.reference for item in record.compartment(grants(), two_persons["B"])]
    assert everybody == ["Patient/b1", "Observation/ob1"]


def test_a_version_that_no_longer_names_the_patient_is_out(
    two_persons: dict[str, str], feed: Any, record: Record, grants: Grants
) -> None:
    feed("g", observation("oa1", "b1"))
    found = [item.reference for item in record.compartment(grants(), two_persons["A"])]
    assert "Observation/oa1" not in found
    forbidden(lambda: record.read(grants(person=two_persons["A"]), "Observation", "oa1"))


def test_a_person_grant_reads_that_person_only(two_persons: dict[str, str], record: Record, grants: Grants) -> None:
    mine = grants(person=two_persons["A"])
    for type_name, key in (("Patient", "a2"), ("Observation", "oa2"), ("Condition", "ca"), ("Practitioner", "d")):
        assert record.read(mine, type_name, key).id == key
        assert len(record.history(mine, type_name, key)) == 1
        assert len(record.origins(mine, type_name, key)) == 1
    for call in (
        lambda: record.read(mine, "Patient", "b1"),
        lambda: record.read(mine, "Observation", "ob1"),
        lambda: record.read(mine, "Observation", "ob1", 1),
        lambda: record.read(mine, "Observation", "nowhere"),  # whether it is there is not told either
        lambda: record.history(mine, "Observation", "ob1"),
        lambda: record.origins(mine, "Observation", "ob1"),
        lambda: record.resources(mine, "Observation"),
        lambda: record.memberships(mine),
        lambda: record.patients_of(mine, two_persons["B"]),
    ):
        forbidden(call)
    assert record.search_identifier(mine, "Patient", CCCD, "001099000018") == []
    assert [item.id for item in record.search_identifier(mine, "Patient", CCCD, "001099000017")] == ["a1", "a2"]
    assert record.person_of(mine, "b1") is None
    assert record.person_of(mine, "a2") == two_persons["A"]
    assert record.patients_of(mine, two_persons["A"]) == ["a1", "a2"]


def test_a_grant_to_something_else_reads_nothing(record: Record, grants: Grants) -> None:
    for action in (Action.MANAGE_PEOPLE, Action.READ_FINDINGS):
        for call in (
            lambda action=action: record.read(grants(action), "Patient", "p"),
            lambda action=action: record.resources(grants(action), "Patient"),
            lambda action=action: record.compartment(grants(action), "x"),
            lambda action=action: record.search_identifier(grants(action), "Patient", "s", "v"),
        ):
            assert forbidden(call) == f"A grant to {action.value} does not allow this."


def test_versions(feed: Any, record: Record, grants: Grants) -> None:
    feed("a", patient("p1", gender="male"))
    feed("b", patient("p1", gender="female"))
    assert record.read(grants(), "Patient", "p1", 1).resource()["gender"] == "male"
    assert record.read(grants(), "Patient", "p1").resource()["meta"]["versionId"] == "2"
    with pytest.raises(LienthongError, match="There is no such Patient in the record in version 3"):
        record.read(grants(), "Patient", "p1", 3)
    assert record.history(grants(), "Patient", "nobody") == []


def test_search_sees_current_identifiers_only(feed: Any, record: Record, grants: Grants) -> None:
    feed("a", patient("p1", "001099000017"))
    feed("b", patient("p1", "001099000018"))
    assert record.search_identifier(grants(), "Patient", CCCD, "001099000017") == []
    assert [item.id for item in record.search_identifier(grants(), "Patient", CCCD, "001099000018")] == ["p1"]
    assert record.search_identifier(grants(), "Group", CCCD, "001099000018") == []


def test_a_stream_is_one_state(feed: Any, record: Record, grants: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienthong.record.reading.PAGE", 2)
    feed("a", *(patient(f"p{number}") for number in range(5)))
    state = record.state()
    stream = record.resources(grants(), "Patient")
    first = next(stream)
    feed("b", patient("p3", gender="male"), patient("p9"))
    assert [first.id, *(item.id for item in stream)] == ["p0", "p1", "p2", "p3", "p4"]
    assert {item.version for item in record.resources(grants(), "Patient", as_of=state)} == {1}
    assert [(item.id, item.version) for item in record.resources(grants(), "Patient")][-3:] == [
        ("p3", 2),
        ("p4", 1),
        ("p9", 1),
    ]
    assert list(record.resources(grants(), "Condition")) == []


def test_counts_name_every_type_and_only_those(two_persons: dict[str, str], record: Record) -> None:
    assert record.counts() == {"Condition": 1, "Observation": 3, "Patient": 3, "Practitioner": 1}
