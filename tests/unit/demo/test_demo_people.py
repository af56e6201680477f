"""The invented people: names in their real shares, numbers of the right form, links that are what the truth says."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import combinations, pairwise

import pytest

from lienthong.core.actors import Role
from lienthong.demo.chance import Chance
from lienthong.demo.hospitals import AS_OF, generate
from lienthong.demo.names import toneless
from lienthong.demo.people import VARIATIONS, Person, exact_rules, population
from lienthong.demo.staff import PEOPLE


@pytest.fixture(scope="module")
def people() -> tuple[Person, ...]:
    return population(11, 3000, AS_OF)


def test_chance_is_known_by_its_name_and_by_nothing_else() -> None:
    first = [Chance("a", 1).whole(0, 10**9) for _ in range(2)]
    assert first[0] == first[1]
    assert Chance("a", 2).whole(0, 10**9) != first[0]


def test_chance_gives_the_figures_it_gave_when_the_benchmark_was_made() -> None:
    # A change here changes every published figure of the benchmark: raise VERSION with it.
    chance = Chance("benchmark", 7)
    assert [chance.whole(0, 999) for _ in range(4)] == [644, 502, 89, 940]


def test_families_have_their_real_shares(people: tuple[Person, ...]) -> None:
    shares = Counter(person.name.family for person in people)
    assert 0.34 < shares["Nguyễn"] / len(people) < 0.43
    assert [name for name, _ in shares.most_common(3)] == ["Nguyễn", "Trần", "Lê"]
    assert sum("Thị" in person.name.middle for person in people if person.sex == "female") > len(people) / 4


def test_numbers_have_the_form_of_real_ones_and_are_nobodys_twice(people: tuple[Person, ...]) -> None:
    assert len({person.national_id for person in people}) == len({person.card for person in people}) == len(people)
    for person in people:
        number = person.national_id
        assert re.fullmatch(r"0\d{2}[0-3]\d{2}00\d{4}", number)
        assert int(number[3]) == 2 * (person.born.year // 100 - 19) + (person.sex == "female")
        assert number[4:6] == f"{person.born:%y}"
        assert re.fullmatch(r"[A-Z]{2}[1-4]\d{2}99\d{8}", person.card)
        assert person.phone.startswith("0199") and len(person.phone) == 10


def test_a_third_goes_to_both_hospitals(people: tuple[Person, ...]) -> None:
    both = sum(len({item.hospital for item in person.registrations}) == 2 for person in people)
    assert both == len(people) // 3


def test_every_variation_is_there_and_its_links_are_as_written(people: tuple[Person, ...]) -> None:
    rules: dict[str, set[tuple[str, ...]]] = {}
    for person in people:
        if person.variation:
            rules.setdefault(person.variation, set()).add(
                exact_rules(person.registrations[0], person.registrations[-1])
            )
    assert rules == {
        "same": {("national-id", "card")},
        "tones-lost": {("national-id", "card")},
        "upper-case": {("national-id", "card")},
        "nfd": {("national-id", "card")},
        "registered-twice": {("national-id", "card")},
        "given-name-first": {("national-id", "card")},
        "abbreviated": {("national-id", "card")},
        "d-for-đ": {("national-id", "card")},
        "old-id": {("card",)},
        "old-id-beside-new": {("national-id", "card")},
        "birth-year-only": {("national-id",)},
        "new-card": {("national-id",)},
        "national-id-missing": {("card",)},
        "day-and-month-swapped": {()},
        "no-number-at-all": {()},
        "year-only-and-no-national-id": {()},
    }
    assert set(rules) == {name for name, _ in VARIATIONS}


def test_names_differ_as_clerks_write_them(people: tuple[Person, ...]) -> None:
    written = {person.variation: person for person in people if person.variation}
    lost = written["tones-lost"]
    assert lost.registrations[0].name == toneless(lost.name.text)
    assert lost.registrations[0].name.isascii() and lost.registrations[0].name.isupper()
    nfd = written["nfd"].registrations[-1].name
    assert nfd != written["nfd"].name.text and unicodedata.normalize("NFC", nfd) == written["nfd"].name.text
    swapped = written["day-and-month-swapped"]
    one, other = (item.birth.split("-") for item in swapped.registrations)
    assert one == [other[0], other[2], other[1]] and one != other


def test_no_rule_joins_two_people() -> None:
    registrations = [(person.number, item) for person in population(5, 240, AS_OF) for item in person.registrations]
    for (one, first), (other, second) in combinations(registrations, 2):
        assert one == other or exact_rules(first, second) == ()


def test_kin_look_alike(people: tuple[Person, ...]) -> None:
    for before, person in pairwise(people):
        one, other = before.registrations[0], person.registrations[0]
        if person.kin == "twins":
            assert (before.born, before.sex, before.address) == (person.born, person.sex, person.address)
            assert before.name.family == person.name.family and before.name.given != person.name.given
        elif person.kin == "father-and-son":
            assert one.name == other.name and one.address == other.address
            assert person.born.year - before.born.year >= 20
        elif person.kin == "borrowed-national-id":
            assert one.national_id == other.national_id and one.sex != other.sex
        elif person.kin == "couple":
            assert (one.phone, one.address) == (other.phone, other.address) and one.sex != other.sex
            assert one.national_id != other.national_id and abs(before.born - person.born).days <= 1500
    assert {person.kin for person in people} == {"", "twins", "father-and-son", "borrowed-national-id", "couple"}


def test_health_is_believable(people: tuple[Person, ...]) -> None:
    def share(chosen: list[Person], condition: str) -> float:
        return sum(condition in person.health.conditions for person in chosen) / len(chosen)

    young = [person for person in people if 20 <= person.age(AS_OF) < 40]
    old = [person for person in people if person.age(AS_OF) >= 60]
    assert share(young, "hypertension") < 0.15 < 0.4 < share(old, "hypertension") < 0.75
    assert share(young, "diabetes") < 0.08 < share(old, "diabetes") < 0.4
    men = [person for person in people if person.sex == "male" and person.age(AS_OF) >= 20]
    women = [person for person in people if person.sex == "female" and person.age(AS_OF) >= 20]
    assert 0.3 < sum(person.health.smoking == "current" for person in men) / len(men) < 0.45
    assert sum(person.health.smoking == "current" for person in women) / len(women) < 0.04
    assert all(not person.health.conditions for person in people if person.age(AS_OF) < 16)


def test_a_person_is_the_same_in_a_larger_population() -> None:
    small, large = population(3, 12, AS_OF), population(3, 60, AS_OF)
    assert small == large[:12]


def test_staff_have_roles_and_invented_licences() -> None:
    physicians = [person for person in PEOPLE if Role.PHYSICIAN in person.roles]
    assert len(physicians) == 2 and all(person.licence.endswith("/BIA-CCHN") for person in physicians)
    assert [person.licence for person in PEOPLE if Role.DATA_ENGINEER in person.roles] == [""]


def test_visits_lie_in_their_window_in_order() -> None:
    hospitals = generate(7, 60)
    assert hospitals.visits
    for visit in hospitals.visits:
        assert visit.start < visit.end and visit.end.date() <= AS_OF
        assert visit.start.weekday() < 5
        assert visit.person.born <= visit.start.date()
