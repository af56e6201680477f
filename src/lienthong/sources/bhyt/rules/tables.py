"""Which tables and fields a kind of visit needs, and which it may not have."""

from __future__ import annotations

from collections.abc import Iterator

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rules.case import Case
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

_SUMMED_UP = ("03", "04", "06")  # MA_LOAI_KCB with a summary of the chart
_INPATIENT = ("03", "04")
_REFERRED = ("2", "5")  # MA_LOAI_RV
_NOT_INSURED = "9"  # MA_DOITUONG_KCB
_WITH_REFERRAL = "1.3"  # MA_DOITUONG_KCB
_LABORATORY = "1"  # MA_NHOM
_BIRTHS = ("O80", "O81", "O82", "O83", "O84")
_SERVICE = 12  # characters of CC.KKKK.GGGG; what follows says where or how


def _is_referred(case: Case) -> bool:
    return case.summary.code("MA_LOAI_RV") in _REFERRED


def _summary_missing(case: Case) -> Iterator[Spot]:
    if case.care in _SUMMED_UP and case.lacks("XML8"):
        yield Spot(case.summary, "MA_LOAI_KCB")


def _summary_needless(case: Case) -> Iterator[Spot]:
    # of a visit without insurance it is sent to the national health book, whatever the care
    if case.care and case.care not in _SUMMED_UP and case.summary.code("MA_DOITUONG_KCB") != _NOT_INSURED:
        yield from (Spot(row, "MA_LOAI_KCB") for row in case.rows("XML8")[:1])


def _notes_missing(case: Case) -> Iterator[Spot]:
    if case.care == "03" and case.lacks("XML5"):
        yield Spot(case.summary, "MA_LOAI_KCB")


def _referral_missing(case: Case) -> Iterator[Spot]:
    if _is_referred(case) and case.lacks("XML13"):
        yield Spot(case.summary, "MA_LOAI_RV")


def _referral_needless(case: Case) -> Iterator[Spot]:
    if case.summary.code("MA_LOAI_RV") and not _is_referred(case):
        yield from (Spot(row, "MA_LOAI_RV") for row in case.rows("XML13")[:1])


def _target_missing(case: Case) -> Iterator[Spot]:
    if _is_referred(case) and not case.summary.text("MA_NOI_DEN"):
        yield Spot(case.summary, "MA_NOI_DEN")


def _origin_missing(case: Case) -> Iterator[Spot]:
    if case.summary.code("MA_DOITUONG_KCB") == _WITH_REFERRAL and not case.summary.text("MA_NOI_DI"):
        yield Spot(case.summary, "MA_NOI_DI")


def _admission_missing(case: Case) -> Iterator[Spot]:
    if case.care in _INPATIENT and not case.summary.text("NGAY_VAO_NOI_TRU"):
        yield Spot(case.summary, "NGAY_VAO_NOI_TRU")


def _results_missing(case: Case) -> Iterator[Spot]:
    if not case.is_whole:
        return
    measured = {row.code("MA_DICH_VU")[:_SERVICE] for row in case.rows("XML4")}
    for row in case.rows("XML3"):
        service = row.code("MA_DICH_VU")[:_SERVICE]
        if row.code("MA_NHOM") == _LABORATORY and service and service not in measured:
            yield Spot(row, "MA_DICH_VU")


def _results_needless(case: Case) -> Iterator[Spot]:
    if not case.is_whole:
        return
    served = {row.code("MA_DICH_VU")[:_SERVICE] for row in case.rows("XML3")}
    told: set[str] = set()
    for row in case.rows("XML4"):
        service = row.code("MA_DICH_VU")[:_SERVICE]
        if service and service not in served and service not in told:
            told.add(service)
            yield Spot(row, "MA_DICH_VU")


def _birth_weight_missing(case: Case) -> Iterator[Spot]:
    if (
        case.care == "03"
        and case.summary.code("MA_BENH_CHINH")[:3] in _BIRTHS
        and not case.summary.text("CAN_NANG_CON")
    ):
        yield Spot(case.summary, "CAN_NANG_CON")


def _rule(id: str, title: Text, cure: Text, source: str, look: Look, severity: Severity) -> ClaimRule:
    return ClaimRule(id, Family.TABLES, severity, title, cure, source, look)


RULES = (
    _rule(
        "bhyt-summary-missing",
        Text(
            "Thiếu tóm tắt hồ sơ bệnh án (XML8) cho loại hình 03, 04, 06.",
            "No chart summary (XML8) for type 03, 04, 06.",
        ),
        Text("Lập và gửi bảng XML8.", "Write table XML8 and send it."),
        annex("XML8"),
        _summary_missing,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-summary-needless",
        Text("Có XML8 ở loại hình KCB không dùng bảng này.", "XML8 stands with a type of care that has none."),
        Text("Bỏ XML8, hoặc sửa MA_LOAI_KCB.", "Leave XML8 out, or correct MA_LOAI_KCB."),
        portal("XML8"),
        _summary_needless,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-notes-missing",
        Text("Nội trú mà không có diễn biến lâm sàng (XML5).", "An inpatient without clinical notes (XML5)."),
        Text("Gửi bảng XML5.", "Send table XML5."),
        annex("XML5"),
        _notes_missing,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-referral-missing",
        Text("Chuyển cơ sở (MA_LOAI_RV 2 hoặc 5) mà không có XML13.", "Referred (MA_LOAI_RV 2 or 5) without XML13."),
        Text("Lập và gửi phiếu chuyển (XML13).", "Write the referral (XML13) and send it."),
        annex("XML13", "XML1.MA_LOAI_RV"),
        _referral_missing,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-referral-needless",
        Text("Có XML13 mà MA_LOAI_RV không phải 2 hay 5.", "XML13 stands with a MA_LOAI_RV that is not 2 or 5."),
        Text("Sửa MA_LOAI_RV, hoặc bỏ XML13.", "Correct MA_LOAI_RV, or leave XML13 out."),
        annex("XML13", "XML1.MA_LOAI_RV"),
        _referral_needless,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-referral-target-missing",
        Text(
            "Chuyển cơ sở mà thiếu nơi đến (MA_NOI_DEN).", "Referred without the facility that receives (MA_NOI_DEN)."
        ),
        Text("Ghi mã cơ sở nơi đến.", "Write the facility's code."),
        annex("XML1.MA_NOI_DEN"),
        _target_missing,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-referral-origin-missing",
        Text(
            "Có phiếu chuyển cơ sở (MA_DOITUONG_KCB 1.3) mà thiếu nơi đi (MA_NOI_DI).",
            "With a referral form (MA_DOITUONG_KCB 1.3) and no MA_NOI_DI.",
        ),
        Text("Ghi mã cơ sở chuyển đến.", "Write the facility that referred."),
        "QĐ 3276/QĐ-BYT 2025: MA_DOITUONG_KCB 1.3; XML1.MA_NOI_DI",
        _origin_missing,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-admission-missing",
        Text(
            "Nội trú hoặc ban ngày mà thiếu NGAY_VAO_NOI_TRU.",
            "An inpatient or day patient without NGAY_VAO_NOI_TRU.",
        ),
        Text("Ghi thời điểm vào điều trị.", "Write when the treatment began."),
        annex("XML1.NGAY_VAO_NOI_TRU"),
        _admission_missing,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-result-missing",
        Text(
            "Xét nghiệm (MA_NHOM 1) trong XML3 mà không có kết quả trong XML4.",
            "A laboratory test without a result in XML4.",
        ),
        Text("Gửi kết quả, hoặc bỏ dịch vụ chưa làm.", "Send the result, or leave out what was not done."),
        annex("XML3.MA_DICH_VU", "XML4.MA_DICH_VU"),
        _results_missing,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-result-without-service",
        Text("Kết quả trong XML4 mà dịch vụ không có trong XML3.", "A result in XML4 whose service is not in XML3."),
        Text("Thêm dịch vụ vào XML3, hoặc sửa MA_DICH_VU.", "Add the service to XML3, or correct MA_DICH_VU."),
        annex("XML4.MA_DICH_VU"),
        _results_needless,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-birth-weight-missing",
        Text(
            "Sinh con (O80 đến O84) mà thiếu cân nặng con (CAN_NANG_CON).",
            "A birth (O80 to O84) without CAN_NANG_CON.",
        ),
        Text("Ghi cân nặng con bằng gam.", "Write the newborn's weight in grams."),
        plain("XML1.CAN_NANG_CON"),
        _birth_weight_missing,
        Severity.WARNING,
    ),
)
