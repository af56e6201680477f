"""Diagnoses: the form of ICD-10 codes, and, where the hospital has loaded its list, its days and flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.icd10 import IcdCode
from lienthong.sources.bhyt.rules.case import Case
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex

__all__ = ["RULES"]

_FORM = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,4})?[*†+]?", re.ASCII)
_FIELDS = ("MA_BENH_CHINH", "MA_BENH_KT")
_LAW = "QĐ 4469/QĐ-BYT 2020; TT 06/2026/TT-BYT cho đợt kết thúc từ 01/07/2026"
_LIST = f"{_LAW} (danh mục do bệnh viện nạp)"
_SEX = {"1": "M", "2": "F"}


def _wrong_form(case: Case) -> Iterator[Spot]:
    for field in _FIELDS:
        if not all(_FORM.fullmatch(code) for code in case.summary.codes(field)):
            yield Spot(case.summary, field)
    for row in case.rows("XML3"):
        if not all(_FORM.fullmatch(code) for code in row.codes("MA_BENH")):
            yield Spot(row, "MA_BENH")


def _repeated(case: Case) -> Iterator[Spot]:
    codes = case.summary.codes("MA_BENH_KT")
    if len(codes) > len(set(codes)) or set(case.summary.codes("MA_BENH_CHINH")) & set(codes):
        yield Spot(case.summary, "MA_BENH_KT")


def _bare(code: str) -> str:
    return code.rstrip("*†+")


def _unlisted(case: Case) -> Iterator[Spot]:
    if case.icd10 is None or case.on is None:
        return
    for field in _FIELDS:
        for code in case.summary.codes(field):
            known = case.icd10.on(code, case.on) or case.icd10.on(_bare(code), case.on)
            if known is None and _FORM.fullmatch(code):
                yield Spot(case.summary, field)
                break


def _flagged(holds: Callable[[IcdCode, Case], bool], *fields: str) -> Look:
    """A look at codes of the loaded list whose flag speaks against their use here."""

    def look(case: Case) -> Iterator[Spot]:
        if case.icd10 is None or case.on is None:
            return
        for field in fields:
            for code in case.summary.codes(field):
                known = case.icd10.on(code, case.on) or case.icd10.on(_bare(code), case.on)
                if known is not None and holds(known, case):
                    yield Spot(case.summary, field)
                    break

    return look


def _other_sex(code: IcdCode, case: Case) -> bool:
    sex = _SEX.get(case.summary.code("GIOI_TINH"))
    return bool(code.sex) and sex is not None and code.sex != sex


def _rule(id: str, title: Text, source: str, look: Look, severity: Severity, cure: Text | None = None) -> ClaimRule:
    other = cure or Text("Chọn mã bệnh khác của danh mục.", "Choose another code of the list.")
    return ClaimRule(id, Family.DIAGNOSES, severity, title, other, source, look)


RULES = (
    _rule(
        "bhyt-icd10-shape",
        Text("Mã bệnh không có dạng mã ICD-10.", "The code has not the form of ICD-10."),
        f"{_LAW}; XML1.MA_BENH_CHINH, XML1.MA_BENH_KT, XML3.MA_BENH",
        _wrong_form,
        Severity.WARNING,
        Text("Ghi mã của danh mục, nhiều mã cách nhau bằng ;.", "Write codes of the list, separated by semicolons."),
    ),
    _rule(
        "bhyt-diagnosis-repeated",
        Text("Mã bệnh lặp lại giữa bệnh chính và bệnh kèm theo.", "A diagnosis stands twice."),
        annex("XML1.MA_BENH_CHINH", "XML1.MA_BENH_KT"),
        _repeated,
        Severity.WARNING,
        Text("Bỏ mã lặp lại.", "Leave the repeated code out."),
    ),
    _rule(
        "bhyt-icd10-unlisted",
        Text(
            "Mã bệnh không có trong danh mục vào ngày ra.", "The code is not in the list on the day the visit ends."
        ),
        _LIST,
        _unlisted,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-icd10-never",
        Text("Mã bệnh không được dùng để mã hóa.", "The code may not be used."),
        f"{_LIST}, cột 26",
        _flagged(lambda code, _: code.never, *_FIELDS),
        Severity.ERROR,
    ),
    _rule(
        "bhyt-icd10-not-main",
        Text("Mã bệnh không được làm bệnh chính.", "The code may not be the main diagnosis."),
        f"{_LIST}, cột 24",
        _flagged(lambda code, _: code.not_main, "MA_BENH_CHINH"),
        Severity.ERROR,
    ),
    _rule(
        "bhyt-icd10-avoid-main",
        Text("Mã bệnh không nên làm bệnh chính.", "The code should not be the main diagnosis."),
        f"{_LIST}, cột 25",
        _flagged(lambda code, _: code.avoid_main, "MA_BENH_CHINH"),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-icd10-death-only",
        Text("Mã bệnh chỉ dùng cho nguyên nhân tử vong.", "The code is for causes of death only."),
        f"{_LIST}, cột 27",
        _flagged(lambda code, case: code.cause_of_death_only and case.summary.code("KET_QUA_DTRI") != "5", *_FIELDS),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-icd10-sex",
        Text("Mã bệnh chỉ dùng cho giới tính khác.", "The code is for the other sex only."),
        f"{_LIST}, cột 28 và 29",
        _flagged(_other_sex, *_FIELDS),
        Severity.WARNING,
        Text("Kiểm tra mã bệnh và giới tính.", "Check the code and the sex."),
    ),
)
