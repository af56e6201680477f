"""Patients become persons inside a batch; a person's id is assigned once and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.core.ids import person_id
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import Linked, link
from lienthong.privacy.access import Action, Grant
from lienthong.record import Membership, Record

Grants = Callable[[Action], Grant]
Arrive = Callable[..., Linked]
SYSTEMS = Settings().systems
A, B = "001180012345", "001180012346"
CARD = "DN4010123456781"


def patient(key: str, national_id: str = "", card: str = "", **more: Any) -> dict[str, Any]:
    identifiers = [{"system": SYSTEMS.national_id, "value": national_id}] if national_id else []
    identifiers += [{"system": SYSTEMS.insurance_card, "value": card}] if card else []
    return {
        "resourceType": "Patient",
        "id": key,
        "birthDate": "1980-05-17",
        "gender": "female",
        "identifier": identifiers,
        **more,
    }


def persons(record: Record, grants: Grants) -> dict[str, str]:
    return {item.patient: item.person for item in record.memberships(grants(Action.BUILD))}


def test_every_patient_is_a_person(arrive: Arrive, record: Record, grants: Grants) -> None:
    assert arrive(patient("p1"), patient("p2"), {"resourceType": "Organization", "id": "o"}) == Linked(2, 0, ())
    assert persons(record, grants) == {"p1": person_id("p1"), "p2": person_id("p2")}


def test_linked_over_batches_and_inside_one(arrive: Arrive, record: Record, grants: Grants) -> None:
    assert arrive(patient("p1", A)) == Linked(1, 0, ())
    assert arrive(patient("p2", A), patient("p3", card=CARD), patient("p4", card=CARD)) == Linked(1, 2, ())
    assert record.memberships(grants(Action.BUILD)) == [
        Membership("p1", person_id("p1"), "first", 1),
        Membership("p2", person_id("p1"), "national-id", 1),
        Membership("p3", person_id("p3"), "first", 2),
        Membership("p4", person_id("p3"), "card", 2),
    ]
    assert arrive(patient("p1", A)) == Linked(0, 0, ())


def test_two_persons_turn_out_to_be_one(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", card=CARD), patient("p2", A), patient("p3", B))
    linked = arrive(patient("p4", A, CARD))
    assert (linked.persons, linked.joined) == (0, 2)  # p4, and p2 moves to the older person
    assert set(persons(record, grants).values()) == {person_id("p1"), person_id("p3")}
    query = grants(Action.BUILD)
    assert record.current_person(query, person_id("p2")) == person_id("p1")
    assert record.patients_of(query, person_id("p2")) == ["p1", "p2", "p4"]
    assert record.patients_of(query, person_id("p1")) == ["p1", "p2", "p4"]
    assert record.person_of(query, "p2") == person_id("p1")
    assert record.patients_of(query, "nobody") == [] and record.current_person(query, "nobody") is None


def test_a_correction_parts_what_it_held_together(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", A), patient("p2", A, CARD), patient("p3", card=CARD))
    assert set(persons(record, grants).values()) == {person_id("p1")}
    arrive(patient("p2", B, CARD))
    assert persons(record, grants) == {"p1": person_id("p1"), "p2": person_id("p2"), "p3": person_id("p2")}
    arrive(patient("p2", A, CARD))
    assert set(persons(record, grants).values()) == {person_id("p1")}
    assert record.patients_of(grants(Action.BUILD), person_id("p2")) == ["p1", "p2", "p3"]
    arrive(patient("p2", B, CARD))
    # a person that stands for itself again has its own id again
    assert persons(record, grants) == {"p1": person_id("p1"), "p2": person_id("p2"), "p3": person_id("p2")}
    assert record.current_person(grants(Action.BUILD), person_id("p2")) == person_id("p2")


def test_the_founder_leaves(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", A), patient("p2", A), patient("p3", A))
    arrive(patient("p1", B))
    assert persons(record, grants) == {"p1": person_id("p1"), "p2": person_id("p2"), "p3": person_id("p2")}


def test_a_third_that_fits_both_twins_leaves_the_first(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", A, CARD), patient("q", card=CARD))
    assert persons(record, grants)["q"] == person_id("p1")
    linked = arrive(patient("p2", B, CARD))
    assert len(set(persons(record, grants).values())) == 3
    assert [finding.code for finding in linked.findings] == ["identity-conflict"] * 2  # the card, and its number


def test_a_conflict_is_named_with_its_place_and_no_value(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", A))
    linked = arrive(patient("p9"), patient("p2", A, gender="male"))
    (finding,) = linked.findings
    assert (finding.place.file, finding.place.record, finding.place.path) == ("file-2", "2", "Patient.identifier")
    assert finding.message == (
        "Another patient has the same national id, but birth date, sex or national id contradict;"
        " they are not linked."
    )
    assert A not in finding.message + finding.cure
    assert record.findings(2) == [finding]
    assert persons(record, grants)["p2"] == person_id("p2")


def test_links_are_published_with_their_batch(arrive: Arrive, record: Record, grants: Grants) -> None:
    arrive(patient("p1", A), patient("p2", B))
    before = record.memberships(grants(Action.BUILD))
    grant = grants(Action.INGEST)
    with record.begin(grant, source="main") as batch:
        file = batch.file("f", "f", 1, "fhir")
        batch.put(file, Origin("main", "f", "f", "1"), [patient("p3", A), patient("p2", A)])
        assert link(record, grant, Settings(), batch).joined == 2
        assert record.memberships(grants(Action.BUILD)) == before
        assert record.person_of(grants(Action.BUILD), "p2") == person_id("p2")
        assert record.current_person(grants(Action.BUILD), person_id("p2")) == person_id("p2")
    assert record.memberships(grants(Action.BUILD)) == before


def test_a_patient_changed_by_a_resolved_reference_keeps_its_keys(
    arrive: Arrive, record: Record, grants: Grants
) -> None:
    arrive(patient("p1", A, managingOrganization={"reference": "Organization?identifier=s|1"}))
    arrive({"resourceType": "Organization", "id": "o", "identifier": [{"system": "s", "value": "1"}]})
    assert record.read(grants(Action.BUILD), "Patient", "p1").version == 2
    arrive(patient("p2", A))
    assert set(persons(record, grants).values()) == {person_id("p1")}


@pytest.mark.parametrize("count", [7])
def test_more_patients_than_a_step(arrive: Arrive, record: Record, grants: Grants, count: int) -> None:
    linked = arrive(*(patient(f"p{number}", A) for number in range(count)))
    assert (linked.persons, linked.joined) == (1, count - 1)
