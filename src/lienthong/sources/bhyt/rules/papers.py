"""Papers and programmes beside a claim: leave, birth proof, follow-up paper, care of HIV and tuberculosis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, amount, day, later, minute
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

_PROGRAMMES = (
    ("XML6", "NGAYBD_DTRI_LAO", "NGAYKT_DTRI_LAO"),
    ("XML6", "NGAY_BAT_DAU_XU_TRI", "NGAY_KET_THUC_XU_TRI"),
    ("XML6", "NGAY_XN_TLVR", "NGAY_KQ_XN_TLVR"),
    ("XML6", "NGAY_XN_PCR", "NGAY_KQ_XN_PCR"),
    ("XML15", "NGAYBD_DTRI_LAO", "NGAYKT_DTRI_LAO"),
)
_LONGEST_LEAVE = 180  # days: of tuberculosis, the longest that there is
_LEAVES = (
    ("XML7", "NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY", "SO_NGAY_NGHI"),
    ("XML10", "TU_NGAY", "DEN_NGAY", "SO_NGAY"),
    ("XML11", "TU_NGAY", "DEN_NGAY", "SO_NGAY_NGHI"),
)
_PREGNANCY = (1, 42)  # weeks


def _paper_early(case: Case) -> Iterator[Spot]:
    begin = minute(case.summary.text("NGAY_VAO"))
    for row in case.rows("XML14"):
        at = minute(row.text("NGAY_CT"))
        if begin and at and later(begin, at):
            yield Spot(row, "NGAY_CT")


def _born_outside(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    for row in case.rows("XML9"):
        at = minute(row.text("NGAY_SINH_CON"))
        if stay and at and (later(stay[0], at) or later(at, stay[1])):
            yield Spot(row, "NGAY_SINH_CON")


def _programme_reversed(case: Case) -> Iterator[Spot]:
    for table, first, last in _PROGRAMMES:
        for row in case.rows(table):
            begin, end = minute(row.text(first)), minute(row.text(last))
            if begin and end and later(begin, end):
                yield Spot(row, last)


def _leave_long(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML11"):
        if (amount(row.text("SO_NGAY_NGHI")) or 0) > _LONGEST_LEAVE:
            yield Spot(row, "SO_NGAY_NGHI")


def _leaves(case: Case) -> Iterator[tuple[Row, str, str, date, date]]:
    for table, first, last, count in _LEAVES:
        for row in case.rows(table):
            begin, end = day(row.text(first)), day(row.text(last))
            if begin and end:
                yield row, last, count, begin, end


def _leave_reversed(case: Case) -> Iterator[Spot]:
    for row, last, _, begin, end in _leaves(case):
        if end < begin:
            yield Spot(row, last)


def _leave_days(case: Case) -> Iterator[Spot]:
    for row, _, count, begin, end in _leaves(case):
        said = amount(row.text(count))
        if said is not None and begin <= end and said not in ((end - begin).days, (end - begin).days + 1):
            yield Spot(row, count)


def _leave_in_parts(case: Case) -> Iterator[Spot]:
    fields = ("SO_NGAY_NGHI", "NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY")
    for row in case.rows("XML7"):
        missing = [field for field in fields if not row.text(field)]
        if 0 < len(missing) < len(fields):
            yield Spot(row, missing[0])


def _too_long_supply(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML6"):
        days = amount(row.text("SO_NGAY_CAP_THUOC_ARV"))
        begin, end = day(row.text("NGAY_BAT_DAU_XU_TRI")), day(row.text("NGAY_KET_THUC_XU_TRI"))
        if days is not None and begin and end and days > max((end - begin).days, 0) + 1:
            yield Spot(row, "SO_NGAY_CAP_THUOC_ARV")


def _gestation(case: Case) -> Iterator[Spot]:
    for table in ("XML7", "XML11"):
        for row in case.rows(table):
            weeks = amount(row.text("TUOI_THAI"))
            if weeks is not None and weeks != 0 and not _PREGNANCY[0] <= weeks <= _PREGNANCY[1]:
                yield Spot(row, "TUOI_THAI")


def _rule(
    id: str, title: Text, source: str, look: Look, severity: Severity = Severity.ERROR, cure: Text | None = None
) -> ClaimRule:
    both = cure or Text("Đối chiếu hồ sơ bệnh án và sửa chỗ sai.", "Compare with the chart; correct what is wrong.")
    return ClaimRule(id, Family.PAPERS, severity, title, both, source, look)


RULES = (
    _rule(
        "bhyt-paper-before-visit",
        Text("Ngày chứng từ (NGAY_CT) trước ngày vào.", "NGAY_CT lies before NGAY_VAO."),
        portal("XML14.NGAY_CT"),
        _paper_early,
    ),
    _rule(
        "bhyt-birth-outside-stay",
        Text(
            "Ngày sinh con (XML9) ngoài đợt điều trị của mẹ.", "The child (XML9) was born outside the mother's visit."
        ),
        plain("XML9.NGAY_SINH_CON"),
        _born_outside,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-programme-reversed",
        Text("Điều trị lao, HIV: ngày kết thúc trước ngày bắt đầu.", "Care of TB or HIV ends before it begins."),
        annex("XML6", "XML15"),
        _programme_reversed,
    ),
    _rule(
        "bhyt-leave-long",
        Text(f"Số ngày nghỉ quá {_LONGEST_LEAVE}.", f"A leave of more than {_LONGEST_LEAVE} days."),
        annex("XML11.SO_NGAY_NGHI"),
        _leave_long,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-leave-reversed",
        Text("Ngày nghỉ đến trước ngày nghỉ từ.", "A leave ends before it begins."),
        annex("XML7.NGOAITRU_DENNGAY", "XML10.DEN_NGAY", "XML11.DEN_NGAY"),
        _leave_reversed,
    ),
    _rule(
        "bhyt-leave-days",
        Text("Số ngày nghỉ khác khoảng từ ngày đến ngày.", "The days of leave are not those from begin to end."),
        annex("XML7.SO_NGAY_NGHI", "XML10.SO_NGAY", "XML11.SO_NGAY_NGHI"),
        _leave_days,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-leave-incomplete",
        Text(
            "SO_NGAY_NGHI, NGOAITRU_TUNGAY, NGOAITRU_DENNGAY phải ghi đủ cả ba hoặc để trống.",
            "SO_NGAY_NGHI, NGOAITRU_TUNGAY and NGOAITRU_DENNGAY are not all filled or all empty.",
        ),
        portal("XML7.SO_NGAY_NGHI", "XML7.NGOAITRU_TUNGAY", "XML7.NGOAITRU_DENNGAY"),
        _leave_in_parts,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-arv-days-many",
        Text("Số ngày cấp thuốc ARV nhiều hơn thời gian xử trí.", "More days of ARV than the management lasts."),
        portal("XML6.SO_NGAY_CAP_THUOC_ARV"),
        _too_long_supply,
        Severity.ERROR,
        Text("Kiểm tra số ngày và hai ngày xử trí.", "Check the days and the two dates."),
    ),
    _rule(
        "bhyt-gestation-outside",
        Text("Tuổi thai ngoài 1 đến 42 tuần.", "The weeks of pregnancy are not 1 to 42."),
        annex("XML7.TUOI_THAI", "XML11.TUOI_THAI"),
        _gestation,
        Severity.WARNING,
        Text("Ghi số tuần.", "Write weeks."),
    ),
)
