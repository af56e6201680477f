"""A check as an Excel file for the hospital's own clerk: findings, claims by what is at stake, rules.

It names records and places, never a patient's value. Every text is written as text, so that a value that begins with
`=`, `+`, `-` or `@` is no formula.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lienthong.checking.report import Report
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Severity
from lienthong.sources.bhyt import RULES, Family

__all__ = ["FAMILIES", "MOST_ROWS", "refuse_other_names", "write_workbook"]

MOST_ROWS = 1_000_000
"""Rows of a sheet, below Excel's own limit of 1,048,576; what is more stands in --json alone."""

WRONG_NAME = ErrorKind(
    "xlsx-name-wrong",
    Category.INCORRECT,
    what="An Excel file must be named .xlsx.",
    cure="Give such a name with --xlsx; a file of this name is written anew.",
)

_SEVERITIES = {
    "vi": {Severity.ERROR: "Lỗi", Severity.WARNING: "Xem lại", Severity.INFORMATION: "Ghi chú"},
    "en": {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFORMATION: "Note"},
}
FAMILIES = {
    Family.READING: ("Đọc tệp", "Reading"),
    Family.LAYOUT: ("Cấu trúc bảng", "Layout"),
    Family.SUMS: ("Số tiền", "Money"),
    Family.TIMES: ("Thời gian", "Times"),
    Family.IDENTITY: ("Người bệnh và thẻ", "Patient and card"),
    Family.COPIES: ("Chỉ tiêu lặp lại", "Copies"),
    Family.FORMS: ("Dạng mã", "Forms of codes"),
    Family.TABLES: ("Bảng phải có", "Tables needed"),
    Family.SERVICES: ("Thuốc, dịch vụ, vật tư", "Drugs, services, supplies"),
    Family.PAPERS: ("Giấy tờ, chương trình", "Papers, programmes"),
    Family.DIAGNOSES: ("Mã bệnh", "Diagnoses"),
    Family.DUPLICATES: ("Trùng lặp", "Duplicates"),
}
# A column's header in Vietnamese and English, and its width in characters.
_FINDINGS = (
    ("Mức", "Severity", 9),
    ("Tệp", "File", 34),
    ("Mã liên kết (MA_LK)", "Record (MA_LK)", 22),
    ("Bảng", "Table", 8),
    ("Dòng", "Row", 7),
    ("Chỉ tiêu", "Field", 20),
    ("Lỗi", "Fault", 60),
    ("Cách sửa", "Cure", 55),
    ("Căn cứ", "Source", 60),
    ("Mã quy tắc", "Rule", 30),
)
_CLAIMS = (
    ("Tệp", "File", 34),
    ("Mã liên kết (MA_LK)", "Record (MA_LK)", 22),
    ("Số lỗi", "Errors", 9),
    ("Nên xem lại", "Warnings", 12),
    ("Ghi chú", "Notes", 9),
    ("Quỹ BHYT thanh toán (đồng)", "The fund is to pay (đồng)", 26),
)
_RULES = (
    ("Mã quy tắc", "Rule", 30),
    ("Nhóm", "Family", 24),
    ("Mức", "Severity", 9),
    ("Lỗi", "Fault", 60),
    ("Cách sửa", "Cure", 55),
    ("Căn cứ", "Source", 70),
    ("Từ ngày", "From", 12),
    ("Đến ngày", "To", 12),
    ("Số chỗ trong lần kiểm tra này", "Places in this check", 18),
)
_SHEETS = {"vi": ("Lỗi", "Hồ sơ", "Quy tắc"), "en": ("Findings", "Claims", "Rules")}

_Column = tuple[str, str, int]
_Cell = str | int | Decimal | None


def refuse_other_names(path: Path) -> None:
    """Raises `xlsx-name-wrong`, so that no claim file is written over by a slip."""
    if path.suffix.lower() != ".xlsx":
        raise WRONG_NAME.at(str(path))


def write_workbook(path: Path, result: Report, clock: Clock) -> None:
    """Writes the report of a check to an .xlsx file, whole or not at all."""
    refuse_other_names(path)
    waiting = path.with_name(f".{path.name}.part")
    try:
        _write(waiting, result, clock)
        os.replace(waiting, path)
    finally:
        waiting.unlink(missing_ok=True)


def _write(path: Path, result: Report, clock: Clock) -> None:
    english = result.language == "en"
    severities = _SEVERITIES[result.language]
    sheets = _SHEETS[result.language]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with path.open("wb") as out, xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": "lienthong check", "created": clock()})
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#DDE7F0", "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "money": book.add_format({"num_format": "#,##0", "valign": "top"}),
        }
        _sheet(
            book.add_worksheet(sheets[0]),
            _FINDINGS,
            (
                (severities[item.severity], item.place.file, item.place.record, item.place.table, item.place.row,
                 item.place.field or item.place.path, item.message, item.cure, item.rule.source, item.code)
                for group in result.groups
                for item in group.findings
            ),
            formats,
            english=english,
        )  # fmt: skip
        _sheet(
            book.add_worksheet(sheets[1]),
            _CLAIMS,
            (
                (claim.file, claim.record, claim.errors, claim.warnings, claim.to_know, claim.at_stake)
                for claim in result.claims
            ),
            formats,
            english=english,
        )
        _sheet(book.add_worksheet(sheets[2]), _RULES, _rules(result), formats, english=english)


def _rules(result: Report) -> Iterable[Sequence[_Cell]]:
    counts: dict[str, int] = {}
    for group in result.groups:
        counts[group.code] = counts.get(group.code, 0) + len(group.findings)
    language = result.language
    for rule in RULES:
        first, last = (day.isoformat() if day else "" for day in (rule.valid_from, rule.valid_to))
        yield (
            rule.id,
            FAMILIES[rule.family][language == "en"],
            _SEVERITIES[language][rule.severity],
            rule.title.said(language),
            rule.cure.said(language),
            rule.source,
            first,
            last,
            counts.get(rule.id, 0),
        )


def _sheet(
    sheet: Worksheet,
    columns: Sequence[_Column],
    rows: Iterable[Sequence[_Cell]],
    formats: dict[str, Any],
    *,
    english: bool,
) -> None:
    """One sheet: a header that stays and filters, columns of their width, rows."""
    for number, (vietnamese, in_english, width) in enumerate(columns):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, in_english if english else vietnamese, formats["head"])
    sheet.freeze_panes(1, 0)
    last = 0
    for last, row in enumerate(rows, 1):
        if last > MOST_ROWS:
            last = MOST_ROWS
            break
        for number, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(last, number, value, formats["text"])
            elif value is not None:
                sheet.write_number(last, number, float(value), formats["money"])
    sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
