"""Value sets and maps answer by the date of the event; units only where they are beyond doubt."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lienthong.terminology import maps, systems, units, valuesets


def test_a_code_has_its_meaning_in_both_languages() -> None:
    concept = valuesets.lookup("MA_LOAI_RV", "3", date(2026, 8, 1))
    assert concept is not None
    assert (concept.vi, concept.en) == ("Trốn viện", "Absconded")
    assert concept.source


def test_a_code_holds_from_its_first_day() -> None:
    assert valuesets.lookup("MA_LOAI_KCB", "14", date(2026, 7, 31)) is None
    assert valuesets.lookup("MA_LOAI_KCB", "14", date(2026, 8, 1)) is not None
    assert valuesets.lookup("MA_LOAI_KCB", "14", None) is not None
    assert valuesets.lookup("NOTHING", "1", None) is None


@pytest.mark.parametrize(
    ("name", "code", "on", "outside"),
    [
        ("GIOI_TINH", "9", date(2026, 1, 1), True),
        ("GIOI_TINH", "9", None, True),
        ("GIOI_TINH", "1", None, False),
        ("MA_LOAI_KCB", "11", date(2026, 7, 31), True),
        ("MA_LOAI_KCB", "11", date(2026, 8, 1), False),
        ("MA_LOAI_KCB", "1", date(2026, 8, 1), True),  # the zero in front counts
        ("MA_DOITUONG_KCB", "99", date(2025, 10, 16), False),  # before the first list that is known
        ("MA_DOITUONG_KCB", "99", date(2025, 10, 17), True),
        ("MA_DOITUONG_KCB", "99", None, False),
        ("MA_NHOM", "99", None, False),  # inferred rows refuse nothing
        ("NOTHING", "1", None, False),
    ],
)
def test_a_code_is_outside_only_where_that_is_sure(name: Any, code: Any, on: Any, outside: Any) -> None:
    assert valuesets.is_outside(name, code, on) is outside


def test_every_care_type_that_is_known_has_a_class_but_other() -> None:
    day = date(2026, 8, 1)
    without = [
        item.code for item in valuesets.concepts("MA_LOAI_KCB") if maps.encounter_class(item.code, day) is None
    ]
    assert without == ["10"]
    assert maps.encounter_class("14", date(2026, 7, 31)) is None
    assert maps.encounter_class("03", None) == "IMP"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("mmol/L", "mmol/L"),
        ("µmol/l", "umol/L"),
        ("G/L", "10*9/L"),
        ("g/L", "g/L"),
        ("mmHg", "mm[Hg]"),
        ("viên", None),
    ],
)
def test_units(written: Any, code: Any) -> None:
    assert units.ucum(written) == code


def test_systems_are_named_by_their_field() -> None:
    assert systems.bhyt("MA_THUOC") == "urn:x-lienthong:bhyt:MA_THUOC"
