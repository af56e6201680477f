"""Forms of codes and lists in one field: beds, machines, tenders, routes, departments, weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, amount
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain

__all__ = ["RULES"]

_BED = re.compile(r"[HTCK][0-9]{3}")
_MACHINE = re.compile(r"[A-Z0-9]{1,6}\.[0-9]\.[0-9]{2}[0-9A-Z]{3}\.\S.*")
_TENDER = re.compile(r"[^;]+;G[0-9]{1,2}(?:;N[0-9]{1,2})?;[0-9]{4}(?:;[^;]*)?|[^;]+;[0-9]{4}|[^;]+;00(?:;[^;]*){0,3}")
_ROUTE = re.compile(r"[1-9]\.[0-9]{2}")
_DEPARTMENT = re.compile(r"K[0-9]{2}(?:\.[0-9]{1,2})?")
_PACKAGE = re.compile(r"G[0-9]{1,2}")
_LENGTHS = {"MA_QUOCTICH": 3, "MA_DANTOC": 2, "MA_NGHE_NGHIEP": 5}
_HEAVIEST = 400  # kg
_CHILD = (200, 9000)  # g
_MOST_SECONDARY = 12


def _each(pattern: re.Pattern[str], *places: tuple[str, str]) -> Look:
    """A look at each value of fields that may hold several."""

    def look(case: Case) -> Iterator[Spot]:
        for table, field in places:
            for row in _rows(case, table):
                if not all(pattern.fullmatch(code) for code in row.codes(field)):
                    yield Spot(row, field)

    return look


def _rows(case: Case, table: str) -> tuple[Row, ...]:
    return (case.summary,) if table == "XML1" else tuple(case.rows(table))


def _wrong_tender(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        text = row.text("TT_THAU")
        if text and not _TENDER.fullmatch(text):
            yield Spot(row, "TT_THAU")


def _short_code(case: Case) -> Iterator[Spot]:
    """Codes of a fixed length that lost their leading zeros, as spreadsheets do to them."""
    for field, length in _LENGTHS.items():
        text = case.summary.code(field)
        if text.isdecimal() and len(text) < length:
            yield Spot(case.summary, field)


def _heavy(case: Case) -> Iterator[Spot]:
    weight = amount(case.summary.text("CAN_NANG"))
    if weight is not None and weight > _HEAVIEST:
        yield Spot(case.summary, "CAN_NANG")


def _child_weight(case: Case) -> Iterator[Spot]:
    for row, texts in (
        (case.summary, case.summary.codes("CAN_NANG_CON")),
        *((row, row.codes("CAN_NANG_CON")) for row in case.rows("XML9")),
    ):
        weights = [amount(text) for text in texts]
        if any(weight is None or not _CHILD[0] <= weight <= _CHILD[1] for weight in weights):
            yield Spot(row, "CAN_NANG_CON")


def _child_of_man(case: Case) -> Iterator[Spot]:
    if case.summary.text("CAN_NANG_CON") and case.summary.code("GIOI_TINH") == "1":
        yield Spot(case.summary, "CAN_NANG_CON")


def _children_differ(case: Case) -> Iterator[Spot]:
    weights, births = case.summary.codes("CAN_NANG_CON"), case.rows("XML9")
    if weights and births and len(weights) != len(births):
        yield Spot(case.summary, "CAN_NANG_CON")


def _many_secondary(case: Case) -> Iterator[Spot]:
    if len(case.summary.codes("MA_BENH_KT")) > _MOST_SECONDARY:
        yield Spot(case.summary, "MA_BENH_KT")


def _several_main(case: Case) -> Iterator[Spot]:
    if len(case.summary.codes("MA_BENH_CHINH")) > 1:
        yield Spot(case.summary, "MA_BENH_CHINH")


def _rule(id: str, title: Text, cure: Text, source: str, look: Look, severity: Severity) -> ClaimRule:
    return ClaimRule(id, Family.FORMS, severity, title, cure, source, look)


RULES = (
    _rule(
        "bhyt-bed-form",
        Text("Mã giường sai dạng: H, T, C hoặc K và 3 số.", "A bed is not H, T, C or K and 3 digits."),
        Text("Ghi mã giường như đã đăng ký; nhiều giường cách nhau bằng ;.", "Write the bed's code; several with ;."),
        "TT 12/2026/TT-BTC mẫu 01/DM; XML3.MA_GIUONG",
        _each(_BED, ("XML3", "MA_GIUONG")),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-machine-form",
        Text("Mã máy sai dạng XX.n.YYYYY.Z.", "A machine's code is not XX.n.YYYYY.Z."),
        Text(
            "Ghi nhóm máy, nguồn kinh phí, mã cơ sở KCB, số máy.", "Write group, funding, facility and serial number."
        ),
        annex("XML3.MA_MAY"),
        _each(_MACHINE, ("XML3", "MA_MAY")),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-tender-form",
        Text("Thông tin thầu sai dạng: số quyết định;Gx;Nx;năm.", "TT_THAU is not decision;Gx;Nx;year."),
        Text("Ghi đủ các phần, cách nhau bằng ;.", "Write all parts, separated by ;."),
        annex("XML2.TT_THAU", "XML3.TT_THAU"),
        _wrong_tender,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-route-form",
        Text("Mã đường dùng sai dạng (1.01, 2.10 …).", "A route is not of the form 1.01, 2.10."),
        Text("Ghi mã đường dùng của danh mục.", "Write the code of the list of routes."),
        "QĐ 7603/QĐ-BYT 2018; XML2.DUONG_DUNG",
        _each(_ROUTE, ("XML2", "DUONG_DUNG")),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-department-form",
        Text("Mã khoa sai dạng (K01, K02 …).", "A department is not of the form K01, K02."),
        Text("Ghi mã khoa của danh mục; nhiều khoa cách nhau bằng ;.", "Write the code of the list; several with ;."),
        "QĐ 5937/QĐ-BYT 2021 phụ lục 5, QĐ 2010/QĐ-BYT 2025, QĐ 1804/QĐ-BYT 2026; MA_KHOA",
        _each(_DEPARTMENT, ("XML1", "MA_KHOA"), ("XML2", "MA_KHOA"), ("XML3", "MA_KHOA")),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-package-form",
        Text("Mã gói vật tư sai dạng (G1, G2 …).", "GOI_VTYT is not of the form G1, G2."),
        Text("Ghi G và số thứ tự gói trong một lần dùng dịch vụ.", "Write G and the number of the package."),
        annex("XML3.GOI_VTYT"),
        _each(_PACKAGE, ("XML3", "GOI_VTYT")),
        Severity.WARNING,
    ),
    _rule(
        "bhyt-code-short",
        Text(
            "Mã quốc tịch, dân tộc hoặc nghề nghiệp thiếu số 0 ở đầu.",
            "The code of nationality, ethnic group or occupation lost its leading zeros.",
        ),
        Text("Ghi đủ 3, 2 và 5 chữ số.", "Write 3, 2 and 5 digits."),
        annex("XML1.MA_QUOCTICH", "XML1.MA_DANTOC", "XML1.MA_NGHE_NGHIEP"),
        _short_code,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-weight-implausible",
        Text(
            f"Cân nặng hơn {_HEAVIEST} kg; có thể ghi bằng gam.",
            f"The weight is above {_HEAVIEST} kg; perhaps grams.",
        ),
        Text("Ghi bằng kg, dấu chấm trước số lẻ.", "Write kilograms, a point before the decimals."),
        annex("XML1.CAN_NANG"),
        _heavy,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-child-weight-implausible",
        Text(
            f"Cân nặng con ngoài {_CHILD[0]} đến {_CHILD[1]} g; có thể ghi bằng kg.",
            f"A newborn's weight is not {_CHILD[0]} to {_CHILD[1]} g; perhaps kilograms.",
        ),
        Text("Ghi bằng gam; nhiều con cách nhau bằng ;.", "Write grams; several children with ;."),
        annex("XML1.CAN_NANG_CON", "XML9.CAN_NANG_CON"),
        _child_weight,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-child-weight-of-man",
        Text("Cân nặng con ghi ở người bệnh nam.", "A newborn's weight stands with a male patient."),
        Text("Sửa giới tính, hoặc để trống CAN_NANG_CON.", "Correct the sex, or leave CAN_NANG_CON empty."),
        plain("XML1.CAN_NANG_CON", "XML1.GIOI_TINH"),
        _child_of_man,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-child-count-differs",
        Text("Số cân nặng con khác số giấy chứng sinh (XML9).", "The weights are not as many as the births in XML9."),
        Text("Mỗi con một giá trị và một dòng XML9.", "One value and one row of XML9 for each child."),
        plain("XML1.CAN_NANG_CON", "XML9"),
        _children_differ,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-secondary-many",
        Text("Quá 12 mã bệnh kèm theo.", "More than 12 secondary diagnoses."),
        Text("Giữ tối đa 12 mã quan trọng nhất.", "Keep the 12 most important ones."),
        annex("XML1.MA_BENH_KT"),
        _many_secondary,
        Severity.ERROR,
    ),
    _rule(
        "bhyt-main-several",
        Text("Nhiều hơn một mã bệnh chính.", "More than one main diagnosis."),
        Text("Giữ một mã; các mã khác ghi ở MA_BENH_KT.", "Keep one; write the others in MA_BENH_KT."),
        annex("XML1.MA_BENH_CHINH"),
        _several_main,
        Severity.ERROR,
    ),
)
