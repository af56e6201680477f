"""Dates moved by whole weeks: order, intervals and weekdays hold, within a circle and across its records."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lienthong.privacy import shifts
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer

days = st.dates(date(1905, 1, 1), date(2090, 1, 1))
KEY = bytes(range(32))


@given(days, days, st.integers(1, 52))
def test_intervals_order_and_weekdays_hold(one: date, other: date, weeks: int) -> None:
    new = [
        datetime.strptime(shifts.compact(f"{day:%Y%m%d}0830", -7 * weeks) or "", "%Y%m%d%H%M") for day in (one, other)
    ]
    assert (new[1] - new[0]).days == (other - one).days
    assert new[0].weekday() == one.weekday()
    assert shifts.iso(f"{one}T08:30:00+07:00", -7 * weeks) == f"{one - timedelta(days=7 * weeks)}T08:30:00+07:00"


@given(st.text(max_size=20))
def test_what_is_no_date_is_none(text: str) -> None:
    for move in (shifts.compact, shifts.iso):
        assert move(text, -7) is None or text[:4].isdigit()


def test_no_calendar_is_left() -> None:
    assert shifts.compact("00010101", -700) is None
    assert shifts.compact("20250230", -7) is None
    assert shifts.settlement("2025", "1", -70) == ("2024", "11")


def circles(*records: list[str]) -> Circles:
    made = Circles()
    for nodes in records:
        made.join(nodes)
    made.close()
    return made


def test_who_shares_a_number_shares_a_shift_whatever_the_order_of_files() -> None:
    claims, messages = ["k:01999|1", "n:001085012345"], ["k:x|9", "n:001085012345", "s:0123456789"]
    newborn = ["k:01999|2", "s:0123456789"]
    made = [Replacer(KEY, circles(*order)) for order in ([claims, messages, newborn], [newborn, messages, claims])]
    shift = {each.days([node]) for each in made for node in (*claims, *messages, *newborn)}
    assert len(shift) == 1
    assert shift.pop() in range(-364, 0, 7)
    assert {made[0].days([f"k:01999|{number}"]) for number in range(50)} > {made[0].days(["k:01999|1"])}


def test_a_number_of_equal_digits_joins_nobody() -> None:
    made = Circles()
    assert made.national("000000000000") == made.card("GD4790000000000") == []


def test_a_birth_keeps_its_precision_and_agrees_within_a_circle() -> None:
    made = Circles()
    nodes = ["k:a|1", "n:001165012345"]
    made.join(nodes)
    made.learn_birth("1965-01-20", ["n:001165012345"])
    made.learn_event("202503010830", 2026)
    made.learn_event("9999", 2026)
    made.learn_event("²²²²", 2026)
    made.close()
    someone = Replacer(KEY, made).someone(nodes)
    whole = someone.birth("1965-01-20")
    assert someone.compact_birth("196500000000") == f"{whole[:4]}00000000"
    assert someone.compact_birth("196501200815")[8:] == "0815"
    assert Replacer(KEY, made).pseudonyms.national_id("001165012345")[4:6] == whole[2:4]
    assert someone.birth("1930-05-17") == someone.birth("1911-01-01") == "1935-01-01"
    assert someone.compact_birth("193000000000") == "193500000000"
