"""The layouts of the health-insurance tables: the day picks the version, each as its decision says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lienthong.sources.bhyt.layout import OLDER, OLDER_TABLES, TABLES, allowed, fields, is_known, is_older, versions

NOW = date(2026, 8, 1)


def test_every_table_has_the_fields_of_its_decision() -> None:
    """Counts of Quyết định 130 with 4750; XML13 as 3176 has it, and the two fields that are in dispute."""
    counts = [len(fields(table, NOW)) for table in TABLES]
    assert counts == [26, 66, 39, 47, 12, 9, 47, 26, 22, 35, 13, 23, 35, 39, 22, 20]
    assert len(fields("XML13", date(2024, 12, 31))) == 39
    assert [len(fields(table, older=True)) for table in OLDER_TABLES] == [40, 27, 29, 10, 6]
    assert fields("XML7", older=True) == {}


def test_the_fields_stand_in_their_order() -> None:
    names = list(fields("XML2", NOW))
    assert names[:3] == ["MA_LK", "STT", "MA_THUOC"]
    assert names[-1] == "DU_PHONG"


@pytest.mark.parametrize(
    ("table", "name", "last", "before", "after"),
    [
        ("XML2", "MUC_HUONG", date(2026, 6, 30), 3, 4),
        ("XML1", "MA_DOITUONG_KCB", date(2024, 6, 30), 3, 4),
        ("XML3", "MA_KHOA", date(2024, 6, 30), 20, 50),
    ],
)
def test_a_length_changes_with_its_decision(table: Any, name: Any, last: Any, before: Any, after: Any) -> None:
    then, next_day = fields(table, last)[name], fields(table, date.fromordinal(last.toordinal() + 1))[name]
    assert (then.max_length, next_day.max_length) == (before, after)
    assert then.valid_to == last
    assert fields(table)[name].max_length == after


def test_fields_come_and_go() -> None:
    assert "MA_LY_DO_VNT" not in fields("XML0", date(2024, 6, 30))
    assert "MA_LY_DO_VNT" in fields("XML0", date(2024, 7, 1))
    assert {"MA_NOI_DI", "MA_NOI_DEN"} <= fields("XML13", date(2024, 12, 31)).keys()
    later = fields("XML13", date(2025, 1, 1))
    assert {"MA_CSKCB_DI", "MA_CSKCB_DEN", "TINH_TRANG_CT"} <= later.keys()
    assert not {"MA_NOI_DI", "MA_NOI_DEN", "PP_DIEU_TRI"} & later.keys()
    assert (later["TEN_DICH_VU"].is_sure, later["TEN_DICH_VU"].required) == (False, False)


def test_a_district_is_required_until_districts_ended() -> None:
    assert fields("XML1", date(2025, 6, 30))["MAHUYEN_CU_TRU"].required
    assert not fields("XML1", date(2025, 7, 1))["MAHUYEN_CU_TRU"].required


def test_before_the_first_day_the_first_layout_stands() -> None:
    assert fields("XML1", date(2022, 1, 1)) == fields("XML1", date(2023, 9, 1))


def test_a_field_knows_its_form() -> None:
    drug, summary = fields("XML2", NOW), fields("XML1", NOW)
    assert (drug["DON_GIA"].type, drug["DON_GIA"].decimals) == ("money", 3)
    assert (drug["THANH_TIEN_BV"].type, drug["THANH_TIEN_BV"].decimals) == ("money", 2)
    assert (drug["SO_LUONG"].type, drug["SO_LUONG"].decimals) == ("number", None)
    assert (drug["MA_THUOC"].separator, summary["MA_BENH_KT"].separator) == ("+", ";")
    assert (summary["GT_THE_TU"].type, summary["GT_THE_TU"].separator) == ("date", ";")
    assert (summary["NGAY_SINH"].type, summary["NGAY_RA"].type, summary["HO_TEN"].type) == ("birth", "moment", "text")
    assert (summary["MA_NOI_DI"].system, summary["MA_BENH_CHINH"].system) == ("MA_CSKCB", "ICD-10")
    assert fields("XML13", NOW)["PP_DIEUTRI"].copy_of == "PP_DIEU_TRI"
    assert (summary["NHOM_MAU"].max_length, summary["NHOM_MAU"].accepted_length) == (5, 10)


@pytest.mark.parametrize(
    ("table", "name", "row", "expected"),
    [
        ("XML3", "NGUOI_THUC_HIEN", {"MA_NHOM": "8"}, True),
        ("XML3", "NGUOI_THUC_HIEN", {"MA_NHOM": "10"}, False),
        ("XML2", "TT_THAU", {"MA_NHOM": "4"}, True),
        ("XML2", "TT_THAU", {"MA_NHOM": "17"}, False),
        ("XML0", "MA_DICH_VU", {}, True),
        ("XML0", "MA_DICH_VU", {"MA_VAT_TU": "N01"}, False),
        ("XML0", "TEN_THUOC", {"MA_THUOC": "40.1"}, True),
        ("XML6", "NGAYBD_DTRI_LAO", {"LOAI_DTRI_LAO": "0"}, False),
        ("XML6", "NGAYBD_DTRI_LAO", {"LOAI_DTRI_LAO": ""}, False),
        ("XML6", "NGAYBD_DTRI_LAO", {"LOAI_DTRI_LAO": "1"}, True),
        ("XML1", "HO_TEN", {}, True),
        ("XML1", "SO_CCCD", {}, False),
    ],
)
def test_a_condition_says_when_a_field_is_required(table: Any, name: Any, row: Any, expected: Any) -> None:
    assert fields(table, NOW)[name].is_required(row) is expected


def test_the_codes_of_a_field_are_those_of_the_day() -> None:
    care = fields("XML1", NOW)["MA_LOAI_KCB"]
    assert "16" in (allowed(care, date(2026, 8, 1)) or ())
    assert "16" not in (allowed(care, date(2026, 7, 31)) or ())
    assert allowed(fields("XML1")["MA_DOITUONG_KCB"], date(2024, 1, 1)) is None  # its list holds from 2025-10-17
    assert allowed(fields("XML2")["MA_NHOM"], NOW) is None  # inferred, so it refuses nothing
    assert allowed(fields("XML9")["SINHCON_PHAUTHUAT"], NOW) == frozenset("01")
    assert allowed(fields("XML9")["GIOI_TINH_CON"], NOW) == frozenset("123")
    assert allowed(fields("XML1", older=True)["MA_LOAI_KCB"], None) == frozenset("123")


def test_an_older_row_is_known_by_its_names() -> None:
    assert is_older("XML1", {"MA_LK": "1", "MA_THE": "x", "TEN_BENH": "b", "MA_BENH": "I10"})
    assert not is_older("XML1", {"MA_LK": "1", "MA_BENH_CHINH": "I10", "MA_BENH": "I10"})
    assert not is_older("XML1", {"MA_LK": "1"})
    assert not is_older("XML7", {"MA_THE": "x"})


def test_the_versions_of_a_field_are_told() -> None:
    found = versions("XML2", "MUC_HUONG")
    assert [field.decision for field in found] == [OLDER, "130/QĐ-BYT 2023", "1931/QĐ-BYT 2026"]
    assert versions("XML2", "HO_TEN") == ()
    assert is_known("XML1", "MA_THE") and not is_known("XML2", "MA_THE")
