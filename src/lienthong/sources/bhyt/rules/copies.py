"""What stands twice: fields that other tables repeat from XML1, and the numbering of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.layout import fields
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, day
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

# Papers that tell the same visit again; the sheet says nothing of them.
_SAME: Mapping[str, tuple[str, ...]] = {
    "XML7": ("NGAY_VAO", "NGAY_RA"),
    "XML8": ("NGAY_VAO", "NGAY_RA", "MA_LOAI_KCB", "KET_QUA_DTRI"),
}
# The sheet asks it of these as well, but sentences are written anew for each paper.
_SENTENCES = frozenset({"CHAN_DOAN_RV", "PP_DIEUTRI"})
_NUMBERED = ("XML2", "XML3", "XML4", "XML5")


def _same(row: Row, name: str, summary: Row, of: str) -> bool:
    """Whether a copy says the same; letter case and white space do not count."""
    one, other = row.text(name), summary.text(of)
    if not one or one == other:
        return True
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def _copy_differs(case: Case) -> Iterator[Spot]:
    """By the layout: the fields of which the portal says that, if present, they equal XML1."""
    for table, rows in case.lines.items():
        if rows and table != "XML1":
            for name, field in fields(table, case.on).items():
                if field.copy_of and name not in _SENTENCES:
                    yield from (Spot(row, name) for row in rows if not _same(row, name, case.summary, field.copy_of))


def _paper_differs(case: Case) -> Iterator[Spot]:
    for table, names in _SAME.items():
        for row in case.rows(table):
            yield from (Spot(row, name) for name in names if not _same(row, name, case.summary, name))


def _other_medical_id(case: Case) -> Iterator[Spot]:
    for table, field in (("XML7", "MA_YTE"), ("XML15", "MA_BN")):
        for row in case.rows(table):
            if row.code(field) and row.code(field) != case.summary.code("MA_BN"):
                yield Spot(row, field)


def _repeated_number(case: Case) -> Iterator[Spot]:
    for table in _NUMBERED:
        rows = case.rows(table)
        counts = Counter(row.code("STT") for row in rows)
        seen: set[str] = set()
        for row in rows:
            number = row.code("STT")
            if number and counts[number] > 1 and number in seen:
                yield Spot(row, "STT")
            seen.add(number)


def _first_number(case: Case) -> Iterator[Spot]:
    for table in _NUMBERED:
        rows = case.rows(table)
        numbers = [int(text) for row in rows if (text := row.code("STT")).isdecimal() and len(text) <= 10]
        if case.is_whole and len(numbers) == len(set(numbers)) == len(rows) > 0 and max(numbers) != len(rows):
            yield Spot(rows[0], "STT")


def _other_visit_day(case: Case) -> Iterator[Spot]:
    dates = {day(text) for text in case.summary.codes("NGAY_TAI_KHAM")}
    for row in case.rows("XML14"):
        if None not in dates and dates and day(row.text("NGAY_HEN_KL")) not in dates:
            yield Spot(row, "NGAY_HEN_KL")


_COPY = Text("Sửa để giống XML1, hoặc sửa XML1.", "Make it the same as XML1, or correct XML1.")

RULES = (
    ClaimRule(
        "bhyt-copy-differs",
        Family.COPIES,
        Severity.ERROR,
        Text("Chỉ tiêu chép lại khác XML1.", "A field that repeats XML1 differs from it."),
        _COPY,
        portal("XML6", "XML13", "XML14", "XML15"),
        _copy_differs,
    ),
    ClaimRule(
        "bhyt-paper-differs",
        Family.COPIES,
        Severity.WARNING,
        Text("Giấy ra viện hoặc tóm tắt hồ sơ khác XML1.", "The discharge paper or summary differs from XML1."),
        _COPY,
        plain("XML7", "XML8"),
        _paper_differs,
    ),
    ClaimRule(
        "bhyt-patient-number-differs",
        Family.COPIES,
        Severity.WARNING,
        Text("Mã người bệnh khác MA_BN của XML1.", "The patient's number differs from MA_BN of XML1."),
        _COPY,
        annex("XML7.MA_YTE", "XML15.MA_BN"),
        _other_medical_id,
    ),
    ClaimRule(
        "bhyt-row-number-repeated",
        Family.COPIES,
        Severity.ERROR,
        Text("Số thứ tự (STT) lặp lại trong bảng.", "STT stands twice in the table."),
        Text("Đánh số lại từ 1, không lặp.", "Number the rows from 1, each once."),
        annex("XML2.STT", "XML3.STT", "XML4.STT", "XML5.STT"),
        _repeated_number,
    ),
    ClaimRule(
        "bhyt-row-number-gap",
        Family.COPIES,
        Severity.WARNING,
        Text(
            "Số thứ tự (STT) không chạy từ 1 đến hết; có thể thiếu dòng.",
            "STT does not run from 1; a row may be missing.",
        ),
        Text("Kiểm tra dòng thiếu, rồi đánh số lại.", "Look for the missing row, then number them again."),
        annex("XML2.STT", "XML3.STT", "XML4.STT", "XML5.STT"),
        _first_number,
    ),
    ClaimRule(
        "bhyt-follow-up-differs",
        Family.COPIES,
        Severity.WARNING,
        Text("Ngày hẹn trong giấy hẹn khác NGAY_TAI_KHAM của XML1.", "NGAY_HEN_KL is none of NGAY_TAI_KHAM."),
        _COPY,
        plain("XML14.NGAY_HEN_KL", "XML1.NGAY_TAI_KHAM"),
        _other_visit_day,
    ),
)
