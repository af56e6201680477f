"""Whatever the order and the batches in which Patients arrive, the persons are the same in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.actors import Actor
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import link
from lienthong.identity.partition import partition
from lienthong.identity.profile import profile
from lienthong.privacy.access import Action, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record

SYSTEMS = Settings().systems
Patient = dict[str, Any]


def _identifiers(draw: Any) -> list[dict[str, str]]:
    numbers = draw(st.lists(st.sampled_from(["001180012345", "001180012346", "272123456"]), max_size=2))
    cards = draw(st.lists(st.sampled_from(["DN4010123456781", "0123456781", "GD4010123456782"]), max_size=2))
    found = [{"system": SYSTEMS.national_id, "value": value} for value in numbers]
    return found + [{"system": SYSTEMS.insurance_card, "value": value} for value in cards]


@st.composite
def patients(draw: Any, key: str) -> Patient:
    found: Patient = {"resourceType": "Patient", "id": key, "identifier": _identifiers(draw)}
    birth = draw(st.sampled_from(["", "1980", "1980-05-17", "1980-05-17", "1981-01-01"]))
    sex = draw(st.sampled_from(["", "female", "female", "male"]))
    return found | ({"birthDate": birth} if birth else {}) | ({"gender": sex} if sex else {})


@st.composite
def histories(draw: Any) -> tuple[list[Patient], list[list[Patient]], list[list[Patient]]]:
    """What is true in the end, and two ways to get there: in any order and batches, with earlier contents before."""
    final = [draw(patients(f"p{number}")) for number in range(draw(st.integers(2, 6)))]
    ways = []
    for _ in range(2):
        early = [draw(patients(item["id"])) for item in final if draw(st.booleans())]
        steps = draw(st.permutations(early)) + draw(st.permutations(final))
        cuts = sorted(draw(st.lists(st.integers(0, len(steps)), max_size=3)))
        edges = [0, *cuts, len(steps)]
        ways.append([steps[start:end] for start, end in pairwise(edges)])
    return final, ways[0], ways[1]


def persons(folder: Path, batches: list[list[Patient]]) -> list[list[str]]:
    """The groups of patient ids after these batches."""

    def clock() -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    log = AccessLog(folder / "audit", b"k" * 32, clock, durable=False)
    operator = Actor("tester", operator=True)
    grant = permit(operator, "data-operations", Action.INGEST, log=log)
    with Record.open(folder / "record.db", clock=clock, guard=lambda body, decision: None, step=2) as record:
        for number, batch in enumerate(batches):
            with record.begin(grant, source="main") as opened:
                for line, patient in enumerate(batch):
                    name = f"{number}-{line}"
                    file = opened.file(name, name, 1, "fhir")
                    opened.put(file, Origin("main", name, name, "1"), [patient])
                link(record, grant, Settings(), opened)
                opened.publish()
        groups: dict[str, list[str]] = {}
        for item in record.memberships(grant):
            groups.setdefault(item.person, []).append(item.patient)
        for person, members in groups.items():
            assert sorted(record.patients_of(grant, person)) == sorted(members)
        return sorted(sorted(members) for members in groups.values())


@pytest.mark.slow
@given(histories())
@settings(max_examples=60, deadline=None)
def test_the_persons_do_not_depend_on_the_way(
    history: tuple[list[Patient], list[list[Patient]], list[list[Patient]]],
) -> None:
    final, *ways = history
    expected = [
        sorted(final[number]["id"] for number in group)
        for group in partition({number: profile(item, SYSTEMS) for number, item in enumerate(final)})
    ]
    for way in ways:
        with TemporaryDirectory() as folder:
            assert persons(Path(folder), way) == sorted(expected)


@given(st.lists(patients("p"), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_nobody_is_linked_against_a_contradiction_and_order_does_not_matter(given_patients: list[Patient]) -> None:
    profiles = [profile(item, SYSTEMS) for item in given_patients]
    groups = partition(dict(enumerate(profiles)))
    assert sorted(number for group in groups for number in group) == list(range(len(profiles)))
    for group in groups:
        assert not any(profiles[left].contradicts(profiles[right]) for left in group for right in group)
    last = len(profiles) - 1
    turned = partition({last - number: found for number, found in enumerate(profiles)})
    assert sorted(sorted(last - number for number in group) for group in turned) == groups
