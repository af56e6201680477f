"""Groups of one person each, as a function of the set of Patients."""

from __future__ import annotations

from lienthong.identity.partition import MOST_PROFILES, partition
from lienthong.identity.profile import Profile

A, B = "001180012345", "001180012346"
BORN, SEX = "1980-05-17", "female"


def with_id(*numbers: str, birth: str = BORN, sex: str = SEX, card: str = "") -> Profile:
    return Profile(frozenset(numbers), frozenset({card} - {""}), birth, sex)


def with_card(card: str, *numbers: str) -> Profile:
    return with_id(*numbers, card=card)


def groups(*profiles: Profile) -> list[list[int]]:
    found = partition(dict(enumerate(profiles)))
    turned = partition({len(profiles) - number: profile for number, profile in enumerate(profiles)})
    assert sorted(sorted(len(profiles) - number for number in group) for group in turned) == found
    return found


def test_the_same_national_id() -> None:
    assert groups(with_id(A), with_id(A, birth="1980"), with_id(A, sex=""), with_id(B)) == [[0, 1, 2], [3]]


def test_nothing_in_common() -> None:
    assert groups(Profile(), Profile(), with_id(birth=BORN), with_id(birth=BORN)) == [[0], [1], [2], [3]]


def test_a_contradiction_links_nothing() -> None:
    assert groups(with_id(A), with_id(A, sex="male")) == [[0], [1]]
    assert groups(with_id(A), with_id(A, birth="1981-05-17")) == [[0], [1]]


def test_one_wrong_record_does_not_part_the_others() -> None:
    assert groups(with_id(A), with_id(A), with_id(A, sex="male"), with_id(A)) == [[0, 1, 3], [2]]


def test_who_fits_both_sides_joins_neither() -> None:
    assert groups(with_id(A), with_id(A, sex=""), with_id(A, sex="male")) == [[0], [1], [2]]
    assert groups(with_id(A), with_id(A), with_id(A, birth=""), with_id(A, birth="1990")) == [[0, 1], [2], [3]]


def test_the_same_card() -> None:
    assert groups(with_card("c"), with_card("c", A), with_card("d")) == [[0, 1], [2]]
    other_birth = with_id(card="c", birth="1980-05-18")
    assert groups(with_card("c"), other_birth) == [[0], [1]]


def test_twins_with_one_card() -> None:
    assert groups(with_card("c", A), with_card("c", B)) == [[0], [1]]
    # nor by a third that has the card only
    assert groups(with_card("c", A), with_card("c", B), with_card("c"), with_card("c", A)) == [[0, 3], [1], [2]]


def test_over_several_keys() -> None:
    two_cards = Profile(frozenset(), frozenset({"c", "d"}), BORN, SEX)
    assert groups(with_card("c"), two_cards, with_card("d", A), with_id(A, birth="")) == [[0, 1, 2, 3]]
    # the ends contradict, so the middle is nobody's
    assert groups(with_card("c", B), two_cards, with_card("d", A)) == [[0], [1], [2]]


def test_old_and_new_number_of_one_person() -> None:
    assert groups(with_id("272123456"), with_id(A, "272123456"), with_id(A)) == [[0, 1, 2]]


def test_a_placeholder_joins_nobody() -> None:
    days = [
        f"{1900 + number // 300}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}" for number in range(MOST_PROFILES)
    ]
    crowd = [with_id(A, birth=day) for day in days]
    assert len(set(crowd)) == MOST_PROFILES
    assert groups(*crowd, crowd[0]) == [[0, MOST_PROFILES], *([number] for number in range(1, MOST_PROFILES))]
    one_more = with_id(A, birth="1850-01-01")
    assert len(groups(*crowd, crowd[0], one_more)) == MOST_PROFILES + 2
    # another key still joins
    assert len(groups(*crowd, one_more, with_id(A, B, birth="1850-01-02"), with_id(B, birth="1850-01-02"))) == (
        MOST_PROFILES + 2
    )
