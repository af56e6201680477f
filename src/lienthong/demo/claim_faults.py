"""The faults of single claims: each an edit of the claim, its place, and the rule that must find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from lienthong.demo.claims import Claim, Row, amounts, totals
from lienthong.demo.exports import Edit

__all__ = ["EDITS", "halve_first_drug"]


def _changed(table: str, row: int, field: str, value: Callable[[str], str]) -> Edit:
    """An edit of one field; sums are left as they were, and the chart's summary repeats what XML1 says."""

    def edit(claim: Claim) -> Claim:
        tables = _copied(claim)
        old = tables[table][row - 1][field]
        tables[table][row - 1][field] = value(old)
        if table == "XML1":
            for paper in tables.get("XML8", ()):
                if paper.get(field) == old:
                    paper[field] = value(old)
        return replace(claim, tables=tables)

    return edit


def _from(table: str, row: int, field: str, other: str, value: Callable[[str], str]) -> Edit:
    """An edit that makes one field of another one of the same row."""

    def edit(claim: Claim) -> Claim:
        tables = _copied(claim)
        tables[table][row - 1][field] = value(tables[table][row - 1][other])
        return replace(claim, tables=tables)

    return edit


def _copied(claim: Claim) -> dict[str, list[Row]]:
    return {name: [dict(row) for row in rows] for name, rows in claim.tables.items()}


def _without_key(claim: Claim) -> Claim:
    tables = {name: [row | {"MA_LK": ""} for row in rows] for name, rows in claim.tables.items()}
    return replace(claim, tables=tables)


def halve_first_drug(claim: Claim) -> Claim:
    tables = _copied(claim)
    first: Row = tables["XML2"][0]
    quantity = Decimal(int(first["SO_LUONG"]) // 2)
    level, covered = claim.visit.person.benefit, first["PHAM_VI"] == "1"
    first |= {"SO_LUONG": str(quantity)} | amounts(quantity, Decimal(first["DON_GIA"]), level, covered=covered)
    tables["XML1"][0] |= totals(tables)
    return replace(claim, tables=tables)


def _service_twice(claim: Claim) -> Claim:
    """The first laboratory test stands in two rows; the sums follow."""
    tables = _copied(claim)
    rows = tables["XML3"]
    rows.insert(2, dict(rows[1]))
    for number, row in enumerate(rows, 1):
        row["STT"] = str(number)
    tables["XML1"][0] |= totals(tables)
    return replace(claim, tables=tables)


def _early_settlement(claim: Claim) -> Claim:
    tables = _copied(claim)
    before = claim.visit.end.replace(day=1) - timedelta(days=1)
    tables["XML1"][0] |= {"NAM_QT": f"{before:%Y}", "THANG_QT": f"{before:%m}"}
    return replace(claim, tables=tables)


def _hour_earlier(text: str) -> str:
    moment = datetime.strptime(text, "%Y%m%d%H%M") - timedelta(hours=1)  # noqa: DTZ007 - local, as in a claim
    return moment.strftime("%Y%m%d%H%M")


def _more(amount: int) -> Callable[[str], str]:
    return lambda text: str(Decimal(text) + amount)


def _place(table: str, field: str, row: str = "1") -> dict[str, str]:
    return {"table": table, "row": row, "field": field}


EDITS: tuple[tuple[str, Edit, dict[str, str], str, str], ...] = (
    (
        "claim-without-key",
        _without_key,
        {"table": "XML1", "field": "MA_LK"},
        "MA_LK is empty in every table",
        "bhyt-key-missing",
    ),
    (
        "control-character",
        _changed("XML5", 1, "DIEN_BIEN_LS", lambda text: text.replace(" ", " \x0b", 1)),
        _place("XML5", "DIEN_BIEN_LS"),
        "U+000B, which XML 1.0 forbids",
        "bhyt-characters-cleaned",
    ),
    (
        "sum-wrong",
        _changed("XML1", 1, "T_TONGCHI_BV", _more(1000)),
        _place("XML1", "T_TONGCHI_BV"),
        "1000 VND more than the lines",
        "bhyt-total-hospital",
    ),
    (
        "date-impossible",
        _changed("XML4", 1, "NGAY_KQ", lambda text: f"{text[:4]}1345{text[8:]}"),
        _place("XML4", "NGAY_KQ"),
        "month 13, day 45",
        "bhyt-date-wrong",
    ),
    (
        "code-outside-its-set",
        _changed("XML1", 1, "KET_QUA_DTRI", lambda _: "9"),
        _place("XML1", "KET_QUA_DTRI"),
        "the outcome has codes 1 to 8",
        "bhyt-code-unknown",
    ),
    (
        "number-wrong",
        _changed("XML2", 1, "SO_LUONG", lambda text: f"{text} viên"),
        _place("XML2", "SO_LUONG"),
        "a number with its unit",
        "bhyt-number-wrong",
    ),
    (
        "line-amount-wrong",
        _changed("XML2", 1, "THANH_TIEN_BV", _more(10_000)),
        _place("XML2", "THANH_TIEN_BV"),
        "10000 VND more than quantity x price; the totals are right",
        "bhyt-line-hospital-amount",
    ),
    (
        "fund-share-wrong",
        _changed("XML3", 1, "T_BHTT", _more(5000)),
        _place("XML3", "T_BHTT"),
        "5000 VND more than the benefit level gives; the totals are right",
        "bhyt-line-fund",
    ),
    (
        "done-before-order",
        _from("XML2", 1, "NGAY_TH_YL", "NGAY_YL", _hour_earlier),
        _place("XML2", "NGAY_TH_YL"),
        "given an hour before it was ordered",
        "bhyt-done-before-order",
    ),
    (
        "payment-before-out",
        _from("XML1", 1, "NGAY_TTOAN", "NGAY_VAO", str),
        _place("XML1", "NGAY_TTOAN"),
        "paid when the visit began",
        "bhyt-payment-before-out",
    ),
    (
        "row-number-repeated",
        _changed("XML3", 2, "STT", lambda _: "1"),
        _place("XML3", "STT", "2"),
        "the second row is numbered as the first",
        "bhyt-row-number-repeated",
    ),
    (
        "service-twice",
        _service_twice,
        _place("XML3", "NGAY_YL", "3"),
        "a laboratory test is charged twice for the same minute; the sums follow",
        "bhyt-service-twice",
    ),
    (
        "diagnosis-repeated",
        _from("XML1", 1, "MA_BENH_KT", "MA_BENH_CHINH", str),
        _place("XML1", "MA_BENH_KT"),
        "the main diagnosis is the secondary one too",
        "bhyt-diagnosis-repeated",
    ),
    (
        "scope-wrong",
        _changed("XML2", 1, "PHAM_VI", lambda _: "2"),
        _place("XML2", "PHAM_VI"),
        "outside the scope, and the fund pays",
        "bhyt-scope-paid",
    ),
    (
        "performer-missing",
        _changed("XML3", 2, "NGUOI_THUC_HIEN", lambda _: ""),
        _place("XML3", "NGUOI_THUC_HIEN", "2"),
        "a laboratory test without who did it",
        "bhyt-performer-missing",
    ),
    (
        "settlement-early",
        _early_settlement,
        _place("XML1", "THANG_QT"),
        "settled in the month before the visit ended",
        "bhyt-settlement-before-out",
    ),
)
