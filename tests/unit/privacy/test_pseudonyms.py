"""Replacements: the same for the same, no two for two, of the right form, and never a value of the data."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.text import fold
from lienthong.privacy.pseudonyms import Pseudonyms

KEY = bytes(range(32))
ONE, OTHER = Pseudonyms(KEY), Pseudonyms(bytes(32))
digits = st.text("0123456789", min_size=1, max_size=14)


@given(st.lists(digits, min_size=2, max_size=2, unique=True).filter(lambda two: len(two[0]) == len(two[1])))
def test_two_numbers_never_become_one(two: list[str]) -> None:
    one, other = (ONE.digits("x", text) for text in two)
    assert one != other
    assert len(one) == len(two[0]) and one.isdigit()


def test_every_number_of_three_digits_is_met_once() -> None:
    assert len({ONE.digits("x", f"{number:03d}") for number in range(1000)}) == 1000


@given(st.integers(0, 95), st.integers(0, 9), st.integers(0, 99), st.integers(0, 999_999))
def test_a_national_id_keeps_its_sex_and_year_and_gets_a_province(
    province: int, first: int, year: int, rest: int
) -> None:
    old = f"0{province:02d}{first}{year:02d}{rest:06d}"
    new = ONE.national_id(old)
    assert re.fullmatch(r"0[0-9]{11}", new)
    assert new[3:6] == old[3:6]
    assert new == ONE.national_id(f" {old} ") != OTHER.national_id(old)


def test_a_card_holds_the_social_insurance_number() -> None:
    assert ONE.card("GD4790123456789") == "GD479" + ONE.social("0123456789")
    assert ONE.card("0123456789") == ONE.social("0123456789")
    assert ONE.card("001085012345") == ONE.national_id("001085012345")
    assert ONE.social("0000000000") == "0000000000"


def test_phones_are_of_a_range_without_owners() -> None:
    assert re.fullmatch(r"0198[0-9]{6}", ONE.phone("0912 345 678"))
    assert ONE.phone("+84912345678") == "+84" + ONE.phone("0912345678")[1:]
    assert ONE.phone("không có") == ""


def test_a_name_gets_the_same_name_in_its_own_spelling() -> None:
    new = ONE.name("Nguyễn Thị Lan", "female")
    assert new == ONE.name("Nguyễn Thị Lan (bịa)", "female") == ONE.name("BS. Nguyễn Thị Lan")
    assert ONE.name("NGUYỄN THỊ LAN", "female") == new.upper()
    assert fold(ONE.name("NGUYEN THI LAN", "female")) == fold(new)
    assert ONE.name("NGUYEN THI LAN", "female").isascii()
    assert ONE.name("N. T. Lan", "female").count(".") >= 2


@given(st.text(min_size=1, max_size=40))
def test_a_name_of_the_data_is_given_to_nobody(text: str) -> None:
    first = fold(ONE.name("Trần Văn An", "male"))
    again = Pseudonyms(KEY, taken=frozenset({first}))
    assert fold(again.name("Trần Văn An", "male")) != first
    assert ONE.name(text) != text or not text.strip()


@given(st.text(max_size=30))
def test_no_text_breaks_a_replacement(text: str) -> None:
    for replace in (
        ONE.national_id,
        ONE.card,
        ONE.social,
        ONE.phone,
        ONE.licence,
        ONE.facility,
        ONE.address,
        ONE.token,
    ):
        assert isinstance(replace(text), str)


def test_a_facility_keeps_its_province_or_itself() -> None:
    assert re.fullmatch(r"79[0-9]{3}", ONE.facility("79012"))
    assert ONE.facility("79012") != "79012"
    assert Pseudonyms(KEY, keep_facility=True).facility("79012") == "79012"
