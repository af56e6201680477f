"""What the exact rules see in a Patient."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.core.settings import IDENTIFIER_PRESETS, Settings
from lienthong.identity.profile import Profile, profile

SYSTEMS = Settings().systems
ID, CARD, NUMBER = SYSTEMS.national_id, SYSTEMS.insurance_card, SYSTEMS.insurance_number
NI = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NI"}]}


def patient(*identifiers: dict[str, Any], birth: str = "1980-05-17", sex: str = "female") -> dict[str, Any]:
    return {"resourceType": "Patient", "birthDate": birth, "gender": sex, "identifier": list(identifiers)}


@pytest.mark.parametrize("value", ["001180012345", " 001180012345 ", "012345678", "272123456"])
def test_national_ids(value: str) -> None:
    expected = frozenset({value.strip()} - {"012345678"})  # counted up: nobody's number
    assert profile(patient({"system": ID, "value": value}), SYSTEMS).national_ids == expected
    assert profile(patient({"type": NI, "value": value}), SYSTEMS).national_ids == expected


@pytest.mark.parametrize(
    "value",
    ["", "000000000000", "111111111", "123456789", "123456789012", "987654321", "00118001234", "B1234567", "x"],
)
def test_what_is_no_national_id(value: str) -> None:
    assert profile(patient({"system": ID, "value": value}), SYSTEMS) == Profile(birth="1980-05-17", sex="female")


def test_another_system_is_another_number() -> None:
    other = IDENTIFIER_PRESETS["ehealth"]
    assert (
        profile(patient({"system": other.national_id, "value": "001180012345"}), SYSTEMS).national_ids == frozenset()
    )
    assert profile(patient({"system": other.national_id, "value": "001180012345"}), other).national_ids


@pytest.mark.parametrize(
    ("value", "cards"),
    [
        ("DN4010123456781", {"DN4010123456781", "0123456781"}),
        ("0123456781", {"0123456781"}),
        ("001180012345", {"001180012345"}),
        ("DN401012345678", set()),
        ("dn4010123456781", set()),
        ("DN4010000000000", set()),
        ("0123456789", set()),
    ],
)
def test_cards(value: str, cards: set[str]) -> None:
    for system in (CARD, NUMBER):
        assert profile(patient({"system": system, "value": value}), SYSTEMS).cards == cards


@pytest.mark.parametrize(
    ("birth", "sex"), [("1980", "female"), ("1980-05", "female"), ("", "male"), ("1980-05-17", "unknown")]
)
def test_a_card_without_birth_date_and_sex_decides_nothing(birth: str, sex: str) -> None:
    found = profile(patient({"system": CARD, "value": "DN4010123456781"}, birth=birth, sex=sex), SYSTEMS)
    assert found.cards == frozenset() and found.shared_keys() == []


@pytest.mark.parametrize(
    "resource", [{}, {"identifier": "x"}, {"identifier": [1, {"value": 3}, {}]}, {"birthDate": 7}]
)
def test_a_malformed_patient_has_an_empty_profile(resource: dict[str, Any]) -> None:
    assert profile(resource, SYSTEMS) == Profile()


def ids(*values: str) -> frozenset[str]:
    return frozenset(values)


@pytest.mark.parametrize(
    ("left", "right", "contradict"),
    [
        (Profile(birth="1980"), Profile(birth="1980-05-17"), False),
        (Profile(birth="1980-05"), Profile(birth="1980-05-17"), False),
        (Profile(birth="1980-06"), Profile(birth="1980-05-17"), True),
        (Profile(birth=""), Profile(birth="1980"), False),
        (Profile(sex="male"), Profile(sex="female"), True),
        (Profile(sex="male"), Profile(), False),
        (Profile(ids("001180012345")), Profile(ids("001180012346")), True),
        (Profile(ids("001180012345")), Profile(ids("272123456")), False),
        (Profile(ids("001180012345", "272123456")), Profile(ids("272123457")), True),
        (Profile(ids("001180012345")), Profile(ids("001180012345")), False),
        (Profile(ids("001180012345"), sex="male"), Profile(ids("001180012345"), sex="female"), True),
    ],
)
def test_contradictions(left: Profile, right: Profile, contradict: bool) -> None:
    assert left.contradicts(right) is contradict
    assert right.contradicts(left) is contradict


def test_the_rule_that_joins() -> None:
    card = frozenset({"0123456781"})
    one = Profile(ids("001180012345"), card, "1980-05-17", "female")
    assert one.rule(Profile(ids("001180012345"))) == "national-id"
    assert one.rule(Profile(ids(), card, "1980-05-17", "female")) == "card"
    assert one.rule(Profile(ids(), card, "1980-05-18", "female")) is None
    assert one.rule(Profile()) is None
