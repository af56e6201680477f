"""Whatever a file holds, OpenDengue's reader gives a table or an error that says where and not what."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.products.forecasting.invented import HEADER, START, row

from lienthong.core.errors import LienthongError
from lienthong.products.forecasting.opendengue import read

GOOD = "\n".join([HEADER, *(row(place, START + month, month) for place in "AB" for month in range(3))]) + "\n"
SECRET = "0987654321SECRET"


def answer(data: bytes) -> str:
    """ "read", or the text of the error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(data)
        try:
            read([path])
        except LienthongError as error:
            return f"{error.code} {error.text()}"
    return "read"


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for whole in (data, HEADER.encode() + b"\n" + data):
        assert answer(whole).startswith(("data-wrong ", "read"))


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, len(GOOD) - 1),
    length=st.integers(0, 40),
    put=st.sampled_from(
        ['"', ",", "\n", "\x00", "\r", "-1", "NA", "1e9", "9999-12-31", "0000-00-00", "٣", SECRET, "﻿"]
    ),
)
def test_a_good_file_with_something_else_in_it(place: int, length: int, put: str) -> None:
    said = answer((GOOD[:place] + put + GOOD[place + length :]).encode())
    assert said.startswith(("data-wrong ", "read"))
    assert SECRET not in said
