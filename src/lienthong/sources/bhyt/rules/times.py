"""Times: in ≤ order ≤ carried out ≤ result ≤ out ≤ payment, days of treatment, ages, death, settlement.

Moments are compared as precisely as both are known; a value that is no moment has its own finding and no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.layout import fields
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, amount, day, later, minute, moment_of
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

_NO_STAY = ("01", "07", "09")  # SO_NGAY_DTRI is 0
_STAY = ("02", "03", "04", "06")  # out - in + 1
_SHORT = "09"
_FOUR_HOURS = timedelta(hours=4)
_DIED = "5"
_OLDEST = 125  # years
_NEWBORN = timedelta(days=28)


def _pair(row: Row, first: str, second: str) -> tuple[str, str] | None:
    one, other = minute(row.text(first)), minute(row.text(second))
    return (one, other) if one and other else None


def _reversed(first: str, second: str, at: str) -> Look:
    """A look at XML1: the second moment lies before the first."""

    def look(case: Case) -> Iterator[Spot]:
        pair = _pair(case.summary, first, second)
        if pair and later(*pair):
            yield Spot(case.summary, at)

    return look


def _outside(tables: tuple[str, ...], field: str) -> Look:
    """A look at a moment of rows that lies before NGAY_VAO or after NGAY_RA."""

    def look(case: Case) -> Iterator[Spot]:
        stay = case.stay()
        if stay is None:
            return
        for table in tables:
            for row in case.rows(table):
                at = minute(row.text(field))
                if at and (later(stay[0], at) or later(at, stay[1])):
                    yield Spot(row, field)

    return look


def _admitted(case: Case) -> Iterator[Spot]:
    stay, at = case.stay(), minute(case.summary.text("NGAY_VAO_NOI_TRU"))
    if stay and at and (later(stay[0], at) or later(at, stay[1])):
        yield Spot(case.summary, "NGAY_VAO_NOI_TRU")


def _done_early(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        pair = _pair(row, "NGAY_YL", "NGAY_TH_YL")
        if pair and later(*pair):
            yield Spot(row, "NGAY_TH_YL")


def _done_outside(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    for row in case.costs():
        at, ordered = minute(row.text("NGAY_TH_YL")), minute(row.text("NGAY_YL"))
        if stay and at and later(at, stay[1]) and not (ordered and later(ordered, stay[1])):
            yield Spot(row, "NGAY_TH_YL")


def _result_early(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML3"):
        pair = _pair(row, "NGAY_YL", "NGAY_KQ")
        if pair and later(*pair):
            yield Spot(row, "NGAY_KQ")


def _result_before_done(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML3"):
        pair, ordered = _pair(row, "NGAY_TH_YL", "NGAY_KQ"), minute(row.text("NGAY_YL"))
        if pair and later(*pair) and not (ordered and later(ordered, pair[1])):
            yield Spot(row, "NGAY_KQ")


def _result_late(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    for table in ("XML3", "XML4"):
        for row in case.rows(table):
            at = minute(row.text("NGAY_KQ"))
            if stay and at and later(at, stay[1]):
                yield Spot(row, "NGAY_KQ")


def _measured_before_visit(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    for row in case.rows("XML4"):
        at = minute(row.text("NGAY_KQ"))
        if stay and at and later(stay[0], at):
            yield Spot(row, "NGAY_KQ")


def _days(case: Case) -> Iterator[Spot]:
    said, stay = amount(case.summary.text("SO_NGAY_DTRI")), case.stay()
    if said is None or stay is None:
        return
    if case.care in _NO_STAY:
        if said != 0:
            yield Spot(case.summary, "SO_NGAY_DTRI")
    elif case.care in _STAY:
        begin, end = day(stay[0]), day(stay[1])
        admitted = day(case.summary.text("NGAY_VAO_NOI_TRU"))
        if begin and end:
            days = {(end - first).days + 1 for first in (begin, admitted) if first}
            if said not in days:
                yield Spot(case.summary, "SO_NGAY_DTRI")


def _long_short_stay(case: Case) -> Iterator[Spot]:
    stay = case.stay()
    if case.care != _SHORT or stay is None:
        return
    begin, end = (moment_of(text) for text in stay)
    admitted = moment_of(case.summary.text("NGAY_VAO_NOI_TRU"))
    if begin and end and end - (admitted or begin) > _FOUR_HOURS:
        yield Spot(case.summary, "MA_LOAI_KCB")


def _born(case: Case) -> date | None:
    return day(case.summary.text("NGAY_SINH"))


def _born_later(case: Case) -> Iterator[Spot]:
    born, begin = case.summary.text("NGAY_SINH"), minute(case.summary.text("NGAY_VAO"))
    known = born[:8].rstrip("0") if len(born) in (8, 12) and born.isdecimal() else ""
    if begin and len(known) >= 4 and known > begin[: len(known)]:
        yield Spot(case.summary, "NGAY_SINH")


def _too_old(case: Case) -> Iterator[Spot]:
    year, begin = case.summary.text("NGAY_SINH")[:4], minute(case.summary.text("NGAY_VAO"))
    if begin and year.isdecimal() and len(year) == 4 and year != "0000" and int(begin[:4]) - int(year) > _OLDEST:
        yield Spot(case.summary, "NGAY_SINH")


def _newborn_without_time(case: Case) -> Iterator[Spot]:
    born, begin, text = _born(case), day(case.summary.text("NGAY_VAO")), case.summary.text("NGAY_SINH")
    if born and begin and timedelta(0) <= begin - born <= _NEWBORN and text[8:] in ("", "0000"):
        yield Spot(case.summary, "NGAY_SINH")


def _follow_up_early(case: Case) -> Iterator[Spot]:
    out = minute(case.summary.text("NGAY_RA"))
    if out is None:
        return
    if any(minute(text) and later(out, text) for text in case.summary.codes("NGAY_TAI_KHAM")):
        yield Spot(case.summary, "NGAY_TAI_KHAM")
    for row in case.rows("XML14"):
        at = minute(row.text("NGAY_HEN_KL"))
        if at and later(out, at):
            yield Spot(row, "NGAY_HEN_KL")


def _month_wrong(case: Case) -> Iterator[Spot]:
    month, year = case.summary.text("THANG_QT"), case.summary.text("NAM_QT")
    if month and not (month.isdecimal() and 1 <= int(month) <= 12):
        yield Spot(case.summary, "THANG_QT")
    if year and not (len(year) == 4 and year.isdecimal()):
        yield Spot(case.summary, "NAM_QT")


def _settled_early(case: Case) -> Iterator[Spot]:
    month, year, out = (
        case.summary.text("THANG_QT"),
        case.summary.text("NAM_QT"),
        minute(case.summary.text("NGAY_RA")),
    )
    is_month = len(year) == 4 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12
    if out and is_month and f"{year}{int(month):02d}" < out[:6]:
        yield Spot(case.summary, "THANG_QT")


def _died_and_went(case: Case) -> Iterator[Spot]:
    if case.summary.code("KET_QUA_DTRI") == _DIED and case.summary.code("MA_LOAI_RV") in ("2", "3", "4", "5"):
        yield Spot(case.summary, "MA_LOAI_RV")


def _died_and_returns(case: Case) -> Iterator[Spot]:
    if case.summary.code("KET_QUA_DTRI") == _DIED and (case.summary.text("NGAY_TAI_KHAM") or case.rows("XML14")):
        yield Spot(case.summary, "NGAY_TAI_KHAM")


# An exemption is dated by its paper (a day) or by the system (a minute).
_DAY_IS_FINE = frozenset({"NGAY_MIEN_CCT"})


def _without_minute(case: Case) -> Iterator[Spot]:
    """By the layout: moments of which only the day stands there."""
    for row in (case.summary, *(row for rows in case.lines.values() for row in rows)):
        for name in _moments(row.table, case.on):
            if len(row.text(name)) == 8 and minute(row.text(name)):
                yield Spot(row, name)


@lru_cache(maxsize=256)
def _moments(table: str, on: date | None) -> tuple[str, ...]:
    return tuple(
        name for name, field in fields(table, on).items() if field.type == "moment" and name not in _DAY_IS_FINE
    )


def _rule(
    id: str,
    title: Text,
    source: str,
    look: Callable[[Case], Iterator[Spot]],
    severity: Severity = Severity.ERROR,
    cure: Text | None = None,
) -> ClaimRule:
    both = cure or Text(
        "Đối chiếu hồ sơ bệnh án và sửa thời điểm sai.", "Compare with the chart; correct the wrong one."
    )
    return ClaimRule(id, Family.TIMES, severity, title, both, source, look)


RULES = (
    _rule(
        "bhyt-period-order",
        Text("Ngày ra (NGAY_RA) trước ngày vào (NGAY_VAO).", "NGAY_RA lies before NGAY_VAO."),
        annex("XML1.NGAY_VAO", "XML1.NGAY_RA"),
        _reversed("NGAY_VAO", "NGAY_RA", "NGAY_RA"),
    ),
    _rule(
        "bhyt-admission-outside-stay",
        Text("Ngày vào nội trú không nằm giữa ngày vào và ngày ra.", "NGAY_VAO_NOI_TRU is not between in and out."),
        portal("XML1.NGAY_VAO_NOI_TRU"),
        _admitted,
    ),
    _rule(
        "bhyt-payment-before-out",
        Text("Ngày thanh toán (NGAY_TTOAN) trước ngày ra.", "NGAY_TTOAN lies before NGAY_RA."),
        plain("XML1.NGAY_TTOAN"),
        _reversed("NGAY_RA", "NGAY_TTOAN", "NGAY_TTOAN"),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-order-outside-stay",
        Text("Thời điểm ra y lệnh (NGAY_YL) ngoài đợt điều trị.", "NGAY_YL lies outside the visit."),
        annex("XML2.NGAY_YL", "XML3.NGAY_YL"),
        _outside(("XML2", "XML3"), "NGAY_YL"),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-done-before-order",
        Text("Thực hiện y lệnh (NGAY_TH_YL) trước khi ra y lệnh (NGAY_YL).", "NGAY_TH_YL lies before NGAY_YL."),
        portal("XML2.NGAY_TH_YL", "XML3.NGAY_TH_YL"),
        _done_early,
    ),
    _rule(
        "bhyt-done-after-out",
        Text("Thực hiện y lệnh (NGAY_TH_YL) sau ngày ra.", "NGAY_TH_YL lies after NGAY_RA."),
        annex("XML2.NGAY_TH_YL", "XML3.NGAY_TH_YL"),
        _done_outside,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-result-before-order",
        Text("Có kết quả (NGAY_KQ) trước khi ra y lệnh (NGAY_YL).", "NGAY_KQ lies before NGAY_YL."),
        annex("XML3.NGAY_KQ"),
        _result_early,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-result-before-done",
        Text("Có kết quả (NGAY_KQ) trước khi thực hiện (NGAY_TH_YL).", "NGAY_KQ lies before NGAY_TH_YL."),
        annex("XML3.NGAY_KQ"),
        _result_before_done,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-result-after-out",
        Text("Có kết quả (NGAY_KQ) sau ngày ra; được phép, nên xem lại.", "NGAY_KQ lies after NGAY_RA; it may."),
        annex("XML3.NGAY_KQ", "XML4.NGAY_KQ"),
        _result_late,
        Severity.INFORMATION,
        Text("Không cần sửa nếu đúng là kết quả trả sau.", "Nothing, if the result did come later."),
    ),
    _rule(
        "bhyt-result-before-visit",
        Text("Kết quả cận lâm sàng (NGAY_KQ) có trước ngày vào.", "A result (NGAY_KQ) is older than the visit."),
        annex("XML4.NGAY_KQ"),
        _measured_before_visit,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-note-outside-stay",
        Text("Diễn biến lâm sàng (THOI_DIEM_DBLS) ngoài đợt điều trị.", "THOI_DIEM_DBLS lies outside the visit."),
        annex("XML5.THOI_DIEM_DBLS"),
        _outside(("XML5",), "THOI_DIEM_DBLS"),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-days-of-treatment",
        Text(
            "Số ngày điều trị (SO_NGAY_DTRI) không theo công thức của loại hình KCB.",
            "SO_NGAY_DTRI is not what the type of care gives.",
        ),
        annex("XML1.SO_NGAY_DTRI"),
        _days,
        Severity.WARNING,
        Text(
            "01, 07, 09 ghi 0; 02, 03, 04, 06 ghi ngày ra trừ ngày vào cộng 1.",
            "0 for types 01, 07, 09; day out less day in plus 1 for 02, 03, 04, 06.",
        ),
    ),
    _rule(
        "bhyt-short-stay-long",
        Text("Nội trú dưới 4 giờ (MA_LOAI_KCB 09) mà kéo dài hơn 4 giờ.", "Type 09 (under 4 hours) lasted longer."),
        "QĐ 824/QĐ-BYT 2023, QĐ 1804/QĐ-BYT 2026: MA_LOAI_KCB 09",
        _long_short_stay,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-birth-after-visit",
        Text("Ngày sinh sau ngày vào.", "The birth lies after the visit began."),
        plain("XML1.NGAY_SINH"),
        _born_later,
    ),
    _rule(
        "bhyt-age-impossible",
        Text(f"Người bệnh già hơn {_OLDEST} tuổi.", f"The patient is older than {_OLDEST} years."),
        plain("XML1.NGAY_SINH"),
        _too_old,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-newborn-without-time",
        Text("Trẻ không quá 28 ngày tuổi mà ngày sinh thiếu giờ, phút.", "A newborn's birth has no hour and minute."),
        annex("XML1.NGAY_SINH"),
        _newborn_without_time,
        Severity.WARNING,
        Text("Ghi đủ yyyymmddHHMM.", "Write yyyymmddHHMM."),
    ),
    _rule(
        "bhyt-follow-up-early",
        Text("Ngày hẹn khám lại trước ngày ra.", "The follow-up lies before the end of the visit."),
        portal("XML14.NGAY_HEN_KL", "XML1.NGAY_TAI_KHAM"),
        _follow_up_early,
    ),
    _rule(
        "bhyt-settlement-month",
        Text("Tháng hoặc năm quyết toán sai dạng.", "The month or year of settlement has a wrong form."),
        annex("XML1.NAM_QT", "XML1.THANG_QT"),
        _month_wrong,
        cure=Text("Ghi tháng 01 đến 12 và năm bốn chữ số.", "Write a month 01 to 12 and a year of four digits."),
    ),
    _rule(
        "bhyt-settlement-before-out",
        Text("Tháng quyết toán trước tháng ra viện.", "The month of settlement lies before the end of the visit."),
        plain("XML1.NAM_QT", "XML1.THANG_QT"),
        _settled_early,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-death-and-transfer",
        Text(
            "Tử vong (KET_QUA_DTRI 5) mà loại ra viện là chuyển, trốn hoặc xin ra.",
            "The patient died (KET_QUA_DTRI 5) and was referred, absconded or left.",
        ),
        annex("XML1.KET_QUA_DTRI", "XML1.MA_LOAI_RV"),
        _died_and_went,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-death-and-follow-up",
        Text("Tử vong mà có hẹn khám lại.", "The patient died and has a follow-up appointment."),
        plain("XML1.KET_QUA_DTRI", "XML1.NGAY_TAI_KHAM"),
        _died_and_returns,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-moment-without-minute",
        Text("Thời điểm thiếu giờ, phút.", "A moment has a day and no hour and minute."),
        annex("NGAY_VAO", "NGAY_RA", "NGAY_YL", "NGAY_TH_YL", "NGAY_KQ"),
        _without_minute,
        cure=Text("Ghi đủ 12 ký tự yyyymmddHHMM.", "Write all 12 characters, yyyymmddHHMM."),
    ),
)
