"""Cells become typed values to their digit and their precision, or are wrong; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.sources.tables.cells import WRONG, Compared, date_reader, number_reader, truth_reader
from lienthong.sources.tables.rows import Plain


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("5,40", "5.40"),
        ("-0,5", "-0.5"),
        ("+7", "7"),
        ("1.234.567,8", "1234567.8"),
        ("007,10", "7.10"),
        (Plain("5.4"), "5.4"),
    ],
)
def test_a_decimal_comma_keeps_its_digits(cell: str, text: str) -> None:
    read = number_reader(",", ".", whole=False, comparator=False)
    assert canonical.encode(read(cell)).decode() == text


@pytest.mark.parametrize("cell", ["5.4", "1.23", "12.3456", "5,4,1", "âm tính", "", "1e5", "५", "--1", "5,"])
def test_what_is_no_such_number_is_wrong(cell: str) -> None:
    read = number_reader(",", ".", whole=False, comparator=False)
    assert read(cell) is WRONG


def test_a_comparator_is_told_apart() -> None:
    read = number_reader(",", "", whole=False, comparator=True)
    assert read("<0,5") == Compared(read("0,5"), "<")
    assert read("≥ 10") == Compared(read("10"), ">=")
    assert number_reader(",", "", whole=False, comparator=False)("<0,5") is WRONG


@pytest.mark.parametrize(
    ("formats", "cell", "value"),
    [
        (["dd/mm/yyyy"], "5/3/2025", "2025-03-05"),
        (["dd/mm/yyyy"], "31/02/2025", WRONG),
        (["dd/mm/yyyy", "mm/yyyy", "yyyy"], "03/1960", "1960-03"),
        (["dd/mm/yyyy", "mm/yyyy", "yyyy"], "1960", "1960"),
        (["dd/mm/yyyy HH:MM"], "05/03/2025 7:30", "2025-03-05T07:30:00+07:00"),
        (["yyyymmddHHMM"], "202503050730", "2025-03-05T07:30:00+07:00"),
        (["yyyymmddHHMM"], "20250305073", WRONG),
        (["iso"], "2025-03-05T07:30:00Z", "2025-03-05T07:30:00Z"),
        (["iso"], "2025-03-05T07:30:00.250+0900", "2025-03-05T07:30:00.250+09:00"),
        (["dd/mm/yyyy"], Plain("2025-03-05T07:30:00"), "2025-03-05T07:30:00+07:00"),
        (["dd/mm/yyyy"], "2025-03-05", WRONG),
        (["iso"], "0000-01-01", WRONG),
        (["dd/mm/yyyy HH:MM"], "05/03/2025 24:30", WRONG),
    ],
)
def test_dates_keep_their_precision(formats: list[str], cell: str, value: Any) -> None:
    assert date_reader(formats, "+07:00", with_time=True)(cell) == value


def test_a_column_of_dates_drops_the_time() -> None:
    assert date_reader(["iso"], "+07:00", with_time=False)("2025-03-05T07:30:00") == "2025-03-05"


def test_words_for_true_and_false() -> None:
    read = truth_reader(["có", "x"], ["không"])
    assert [read("CÓ"), read("x"), read("Không"), read("?")] == [True, True, False, WRONG]
