"""Numbers, dates and layouts of the health-insurance XML are read as they are meant, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.vitals import VitalSign, vital_signs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("196505170000", values.Birth("1965-05-17")),
        ("19650517", values.Birth("1965-05-17")),
        ("196500000000", values.Birth("1965")),
        ("196505000000", values.Birth("1965-05")),
        ("202608030915", values.Birth("2026-08-03", "2026-08-03T09:15:00+07:00")),
        ("000000000000", values.Birth("")),
        ("196513170000", None),
        ("196502300000", None),
        ("196500170000", None),
        ("202608032515", None),
        ("1965", None),
        ("17/05/1965", None),
        ("１９６５０５１７", None),
        ("", None),
    ],
)
def test_birth_keeps_the_precision_it_has(text: Any, expected: Any) -> None:
    assert values.birth(text, "+07:00") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("202608031015", "2026-08-03T10:15:00+07:00"),
        ("202608030000", "2026-08-03T00:00:00+07:00"),
        ("20260803", "2026-08-03"),
        ("202608032400", None),
        ("202602291015", None),
        ("2026-08-03", None),
        ("20260803101", None),
    ],
)
def test_moments_take_the_facilitys_offset(text: Any, expected: Any) -> None:
    assert values.moment(text, "+07:00") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000.0", "1000.0"),
        ("62.50", "62.50"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("1,5", None),
        ("1e3", None),
        ("٣", None),
    ],
)
def test_numbers_keep_their_digits(text: Any, expected: Any) -> None:
    found = values.number(text)
    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize(("text", "expected"), [("9,8", Decimal("9.8")), ("1,000", None), ("1,5,5", None)])
def test_a_comma_is_a_point_only_where_that_is_sure(text: Any, expected: Any) -> None:
    assert values.comma_number(text) == expected


def test_text_is_nfc_and_without_control_characters() -> None:
    assert values.clean("  Nguye\u0302\u0303n\x07 ") == "Nguyễn"
    assert values.clean(None) == ""
    assert values.split(" A ;; B  C;") == ["A", "B C"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M: 96; NĐ: 38.5; HA: 130/80", {"HA": [130, 80], "M": [96], "NĐ": [Decimal("38.5")]}),
        ("Mạch: 72 lần/phút, Huyết áp: 120/70 mmHg", {"HA": [120, 70], "M": [72]}),
        ("HA:130/80 lúc 8h, HA:140/90 lúc 10h", {}),
        ("HA: 80/130; M: 5; NĐ: 99", {}),
        ("HA: 130/80/60", {}),
        ("THA: 130/80", {}),
        ("Bệnh tỉnh, M 96", {}),
    ],
)
def test_vital_signs_are_read_only_where_they_are_said_exactly(text: Any, expected: Any) -> None:
    signs = [sign for sign in vital_signs(text) if isinstance(sign, VitalSign)]
    assert {sign.name: [part[2] for part in sign.values] for sign in signs} == expected
