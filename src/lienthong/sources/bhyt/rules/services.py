"""Drugs, services and supplies: what a row must also say because of what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.layout import Condition, fields
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, amount, day
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

_PERFORMED = ("1", "2", "3", "8", "18")  # MA_NHOM with somebody who carries it out
_DRUGS = ("4", "5", "6", "7", "17")
_SERVICES = ("1", "2", "3", "8", "10", "11", "12", "13", "14", "15", "16", "18")
_BEDS = ("14", "15", "16")
_INPATIENT_BED = "15"
_NO_TENDER = ("7", "17")
_SUPPLY = "10"
_SURGERY = "8"

When = Callable[[Row], bool]


def _group(*groups: str) -> When:
    return lambda row: row.code("MA_NHOM") in groups


def _filled(field: str) -> When:
    return lambda row: bool(row.text(field))


def _needs(*needs: tuple[str, When, tuple[str, ...]]) -> Look:
    """A look at rows of a table that, by what they say, must fill other fields."""

    def look(case: Case) -> Iterator[Spot]:
        for table, when, names in needs:
            for row in case.rows(table):
                if when(row):
                    yield from (Spot(row, name) for name in names if not row.text(name))

    return look


# Conditions of the layout that have a rule of their own, and one that fails while a treatment lasts.
_ELSEWHERE = frozenset({"TT_THAU", "NGUOI_THUC_HIEN", "NGAY_TH_YL", "NGAYKT_DTRI_LAO"})


def _conditional(case: Case) -> Iterator[Spot]:
    """By the layout: the fields that a row needs while another one is filled or has a certain value."""
    for table, rows in case.lines.items():
        needed = _conditions(table, case.on) if rows else ()
        for name, condition in needed:
            for row in rows:
                if not row.text(name) and condition(row.texts):
                    yield Spot(row, name)


@lru_cache(maxsize=256)
def _conditions(table: str, on: date | None) -> tuple[tuple[str, Condition], ...]:
    return tuple(
        (name, field.condition)
        for name, field in fields(table, on).items()
        if field.condition is not None and name not in _ELSEWHERE
    )


def _no_code(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML3"):
        if not row.text("MA_DICH_VU") and not row.text("MA_VAT_TU"):
            yield Spot(row, "MA_DICH_VU")


def _of_other_table(case: Case) -> Iterator[Spot]:
    for table, wrong in (("XML2", _SERVICES), ("XML3", _DRUGS)):
        for row in case.rows(table):
            if row.code("MA_NHOM") in wrong:
                yield Spot(row, "MA_NHOM")


def _too_many_bed_days(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    if stay is None:
        return
    begin, end = day(stay[0]), day(stay[1])
    rows = [row for row in case.rows("XML3") if row.code("MA_NHOM") == _INPATIENT_BED]
    days = sum((amount(row.text("SO_LUONG")) or Decimal(0) for row in rows), Decimal(0))
    if rows and begin and end and days > (end - begin).days + 1:
        yield Spot(rows[-1], "SO_LUONG")


def _bed_of_outpatient(case: Case) -> Iterator[Spot]:
    if case.care in ("01", "05", "07"):
        for row in case.rows("XML3"):
            if row.code("MA_NHOM") == _INPATIENT_BED:
                yield Spot(row, "MA_NHOM")


def _rule(
    id: str, title: Text, source: str, look: Look, severity: Severity = Severity.WARNING, cure: Text | None = None
) -> ClaimRule:
    fill = cure or Text("Điền chỉ tiêu này trong phần mềm bệnh viện.", "Fill the field in the hospital's system.")
    return ClaimRule(id, Family.SERVICES, severity, title, fill, source, look)


RULES = (
    _rule(
        "bhyt-line-without-code",
        Text("Dòng XML3 không có mã dịch vụ và không có mã vật tư.", "A row of XML3 has neither service nor supply."),
        annex("XML3.MA_DICH_VU", "XML3.MA_VAT_TU"),
        _no_code,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-name-missing",
        Text("Có mã dịch vụ hoặc vật tư mà thiếu tên.", "A service or supply has a code and no name."),
        annex("XML3.TEN_DICH_VU", "XML3.TEN_VAT_TU"),
        _needs(
            ("XML3", lambda row: bool(row.text("MA_DICH_VU")) and not row.text("MA_VAT_TU"), ("TEN_DICH_VU",)),
            ("XML3", _filled("MA_VAT_TU"), ("TEN_VAT_TU",)),
        ),
    ),
    _rule(
        "bhyt-performer-missing",
        Text("MA_NHOM 1, 2, 3, 8, 18 mà thiếu người thực hiện.", "MA_NHOM 1, 2, 3, 8, 18 without NGUOI_THUC_HIEN."),
        portal("XML3.NGUOI_THUC_HIEN"),
        _needs(("XML3", _group(*_PERFORMED), ("NGUOI_THUC_HIEN",))),
        Severity.ERROR,
    ),
    _rule(
        "bhyt-done-time-missing",
        Text("MA_NHOM 1, 2, 3, 8, 18 mà thiếu thời điểm thực hiện.", "MA_NHOM 1, 2, 3, 8, 18 without NGAY_TH_YL."),
        portal("XML3.NGAY_TH_YL"),
        _needs(("XML3", _group(*_PERFORMED), ("NGAY_TH_YL",))),
        Severity.ERROR,
    ),
    _rule(
        "bhyt-tender-missing",
        Text("Thiếu thông tin thầu (TT_THAU) của thuốc hoặc vật tư.", "A drug or supply has no TT_THAU."),
        portal("XML2.TT_THAU", "XML3.TT_THAU"),
        _needs(
            (
                "XML2",
                lambda row: row.code("MA_NHOM") not in _NO_TENDER and row.text("PHAM_VI") == "1",
                ("TT_THAU",),
            ),
            ("XML3", _group(_SUPPLY), ("TT_THAU",)),
        ),
    ),
    _rule(
        "bhyt-anaesthesia-missing",
        Text("Phẫu thuật (MA_NHOM 8) mà thiếu phương pháp vô cảm.", "Surgery (MA_NHOM 8) without PP_VO_CAM."),
        annex("XML3.PP_VO_CAM"),
        _needs(("XML3", _group(_SURGERY), ("PP_VO_CAM",))),
    ),
    _rule(
        "bhyt-bed-missing",
        Text(
            "Ngày giường (MA_NHOM 14, 15, 16) mà thiếu mã giường.",
            "A bed day (MA_NHOM 14, 15, 16) without MA_GIUONG.",
        ),
        annex("XML3.MA_GIUONG"),
        _needs(("XML3", _group(*_BEDS), ("MA_GIUONG",))),
    ),
    _rule(
        "bhyt-bed-days-many",
        Text("Số ngày giường nội trú nhiều hơn số ngày nằm viện.", "More bed days than days of the stay."),
        plain("XML3.SO_LUONG", "XML1.NGAY_VAO", "XML1.NGAY_RA"),
        _too_many_bed_days,
        cure=Text("Kiểm tra số ngày giường và ngày vào, ngày ra.", "Check the bed days and the days in and out."),
    ),
    _rule(
        "bhyt-bed-of-outpatient",
        Text(
            "Giường nội trú (MA_NHOM 15) ở lượt khám ngoại trú.",
            "An inpatient bed (MA_NHOM 15) in an outpatient visit.",
        ),
        plain("XML3.MA_NHOM", "XML1.MA_LOAI_KCB"),
        _bed_of_outpatient,
        cure=Text("Sửa MA_NHOM hoặc MA_LOAI_KCB.", "Correct MA_NHOM or MA_LOAI_KCB."),
    ),
    _rule(
        "bhyt-group-of-other-table",
        Text("Nhóm chi phí (MA_NHOM) thuộc bảng khác.", "MA_NHOM belongs to the other table."),
        "QĐ 5937/QĐ-BYT 2021 phụ lục 3: MA_NHOM",
        _of_other_table,
        cure=Text(
            "Thuốc và máu ghi ở XML2, dịch vụ và vật tư ở XML3.", "Drugs and blood stand in XML2, the rest in XML3."
        ),
    ),
    _rule(
        "bhyt-field-needed",
        Text(
            "Thiếu chỉ tiêu phải có vì giá trị khác của dòng.", "A field is empty that the row's other values demand."
        ),
        portal("XML3", "XML4", "XML6", "XML7", "XML11"),
        _conditional,
    ),
)
