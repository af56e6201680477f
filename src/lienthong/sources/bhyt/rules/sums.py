"""Money: what a line costs and who pays it, and the totals of XML1 over the lines. Decimals only, to the đồng.

Amounts have two decimals, and hospital systems round differently: less than one đồng is no fault. A rule compares
with every value that the decisions can mean, and a total also with the sum that its lines should give, so that one
wrong line is one finding. Where other sources pay, only the sum of the four payers is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.layout import fields
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, amount
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain

__all__ = ["RULES"]

_DONG, _HUNDRED = Decimal(1), Decimal(100)
_OTHERS = ("T_NGUONKHAC_NSNN", "T_NGUONKHAC_VTNN", "T_NGUONKHAC_VTTN", "T_NGUONKHAC_CL")
_RATES = ("TYLE_TT_DV", "TYLE_TT_BH", "MUC_HUONG")
_AMOUNTS = ("THANH_TIEN_BV", "THANH_TIEN_BH", "T_NGUONKHAC", "T_BNTT", "T_BNCCT", "T_BHTT")


def _differs(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) >= _DONG


def _rate(text: str) -> Decimal | None:
    """A share of 0 to 1, or None."""
    found = amount(text)
    return found / _HUNDRED if found is not None and 0 <= found <= _HUNDRED else None


def _known(*values: Decimal | None) -> list[Decimal] | None:
    found = [value for value in values if value is not None]
    return found if len(found) == len(values) else None


def _hospital(row: Row) -> list[Decimal]:
    """What THANH_TIEN_BV can be: quantity x price, in XML3 perhaps x the service's rate; empty where not known."""
    parts = _known(amount(row.text("SO_LUONG")), amount(row.text("DON_GIA" if row.table == "XML2" else "DON_GIA_BV")))
    if parts is None:
        return []
    cost = parts[0] * parts[1]
    if row.table == "XML2":
        return [cost]
    rate = _rate(row.text("TYLE_TT_DV"))
    return [] if rate is None else [cost, cost * rate]


def _insured(row: Row) -> list[Decimal]:
    """What THANH_TIEN_BH can be: quantity x price x rates, or the ceiling of a supply; empty where not known."""
    if row.text("PHAM_VI") == "3":
        return []
    price = amount(row.text("DON_GIA" if row.table == "XML2" else "DON_GIA_BH"))
    parts = _known(amount(row.text("SO_LUONG")), price, _rate(row.text("TYLE_TT_BH")))
    if parts is None:
        return []
    quantity, price, rate = parts
    due = [quantity * price * rate]
    hospital = amount(row.text("THANH_TIEN_BV"))
    if row.table == "XML3":
        service = _rate(row.text("TYLE_TT_DV"))
        if service is None:
            return []
        due.append(due[0] * service)
        ceiling = amount(row.text("T_TRANTT"))
        if ceiling is not None:
            due.append(ceiling)
        if hospital is not None and row.text("DON_GIA_BH") == row.text("DON_GIA_BV"):
            due.append(hospital * rate)
    elif hospital is not None:  # a wrong THANH_TIEN_BV has its own finding
        due.append(hospital * rate)
    return due


class _Payers(NamedTuple):
    """What a line says of its amounts; only for lines of which all are numbers."""

    row: Row
    hospital: Decimal
    insured: Decimal
    others: Decimal
    own: Decimal
    shared: Decimal
    fund: Decimal


def _payers(case: Case) -> Iterator[_Payers]:
    for row in case.costs():
        read = _known(*(amount(row.text(field)) for field in _AMOUNTS))
        if read is not None:
            yield _Payers(row, *read)


def _fund_due(line: _Payers) -> Decimal | None:
    """THANH_TIEN_BH x MUC_HUONG, where nothing else can enter: other sources, a ceiling, war wounds, PHAM_VI 3."""
    row = line.row
    if line.others or row.text("T_TRANTT") or row.text("VET_THUONG_TP") or row.text("PHAM_VI") == "3":
        return None
    level = _rate(row.text("MUC_HUONG"))
    return None if level is None else line.insured * level


def _wrong_hospital(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        said, due = amount(row.text("THANH_TIEN_BV")), _hospital(row)
        if said is not None and due and all(_differs(said, value) for value in due):
            yield Spot(row, "THANH_TIEN_BV")


def _wrong_insured(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        said, due = amount(row.text("THANH_TIEN_BH")), _insured(row)
        if said is not None and due and all(_differs(said, value) for value in due):
            yield Spot(row, "THANH_TIEN_BH")


def _wrong_others(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        parts = _known(*(amount(row.text(field)) for field in ("T_NGUONKHAC", *_OTHERS)))
        if parts is not None and _differs(parts[0], sum(parts[1:], Decimal(0))):
            yield Spot(row, "T_NGUONKHAC")


def _wrong_fund(case: Case) -> Iterator[Spot]:
    for line in _payers(case):
        due = _fund_due(line)
        if due is not None and _differs(line.fund, due):
            yield Spot(line.row, "T_BHTT")


def _wrong_shared(case: Case) -> Iterator[Spot]:
    for line in _payers(case):
        due = _fund_due(line)
        if due is None:
            continue
        if all(_differs(line.shared, line.insured - paid) for paid in (line.fund, due)):
            yield Spot(line.row, "T_BNCCT")


def _wrong_own(case: Case) -> Iterator[Spot]:
    for line in _payers(case):
        if line.others or line.row.text("PHAM_VI") == "3" or line.row.text("T_TRANTT"):
            continue
        dues = {line.hospital - line.insured, *(value - line.insured for value in _hospital(line.row)[:1])}
        if line.hospital >= line.insured and all(_differs(line.own, due) for due in dues):
            yield Spot(line.row, "T_BNTT")


def _wrong_split(case: Case) -> Iterator[Spot]:
    for line in _payers(case):
        if not line.others or line.hospital < line.insured:
            continue
        if _differs(line.hospital, line.own + line.shared + line.fund + line.others):
            yield Spot(line.row, "T_NGUONKHAC")


def _due(row: Row, field: str) -> Decimal | None:
    """What the field of a line should be by the other fields of that line; None where that is not sure."""
    if field == "THANH_TIEN_BV":
        return next(iter(_hospital(row)), None)
    if field == "THANH_TIEN_BH":
        return next(iter(_insured(row)), None)
    read = _known(*(amount(row.text(name)) for name in _AMOUNTS))
    if read is None or field == "T_NGUONKHAC":
        return None
    line = _Payers(row, *read)
    paid = _fund_due(line)
    if paid is None:
        return None
    return {"T_BHTT": paid, "T_BNCCT": line.insured - paid, "T_BNTT": line.hospital - line.insured}[field]


def _is_sum(total: Decimal, rows: list[Row], field: str) -> bool:
    """Whether a total is that of the lines as they are, or as they should be; True where a line can't be read."""
    said = [amount(row.text(field)) for row in rows]
    read = [value for value in said if value is not None]
    if len(read) < len(said):
        return True
    if not _differs(total, sum(read, Decimal(0))):
        return True
    due = (_due(row, field) for row in rows)
    mended = sum((value if better is None else better for value, better in zip(read, due, strict=True)), Decimal(0))
    return not _differs(total, mended)


def _total(field: str, of: str, *parts: Callable[[Row], bool]) -> Look:
    """A look at one total: it must be the sum over the lines that one of `parts` picks (all, where none is given)."""
    picks = parts or (lambda _: True,)

    def look(case: Case) -> Iterator[Spot]:
        total = amount(case.summary.text(field))
        if total is None or not case.is_whole:
            return
        lines = list(case.costs())
        if not any(_is_sum(total, [row for row in lines if pick(row)], of) for pick in picks):
            yield Spot(case.summary, field)

    return look


def _outside_price(case: Case) -> Iterator[Spot]:
    parts = _known(*(amount(case.summary.text(name)) for name in ("T_BHTT_GDV", "T_BHTT")))
    if parts is not None and parts[0] - parts[1] >= _DONG:
        yield Spot(case.summary, "T_BHTT_GDV")


def _negative(case: Case) -> Iterator[Spot]:
    for row in (case.summary, *case.costs()):
        for field, text in row.texts.items():
            if text[:1] == "-" and (number := amount(text)) is not None and number < 0:
                yield Spot(row, field)


def _rate_outside(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        for field in _RATES:
            number = amount(row.text(field))
            if number is not None and number > _HUNDRED:
                yield Spot(row, field)


def _many_decimals(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        for name, most in _rounded(row.table, case.on):
            text = row.text(name)
            if "." in text and len(text.partition(".")[2].rstrip("0")) > most:
                yield Spot(row, name)


@lru_cache(maxsize=256)
def _rounded(table: str, on: date | None) -> tuple[tuple[str, int], ...]:
    """The fields of a table that are rounded to so many decimals, by its layout."""
    return tuple((name, field.decimals) for name, field in fields(table, on).items() if field.decimals is not None)


def _no_quantity(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        if amount(row.text("SO_LUONG")) == 0:
            yield Spot(row, "SO_LUONG")


def _paid_outside_scope(case: Case) -> Iterator[Spot]:
    for row in case.costs():
        if row.text("PHAM_VI") == "2" and any(
            (amount(row.text(name)) or 0) > 0 for name in ("THANH_TIEN_BH", "T_BHTT")
        ):
            yield Spot(row, "PHAM_VI")


def _paid_twice(case: Case) -> Iterator[Spot]:
    for row in case.rows("XML2"):
        if row.text("NGUON_CTRA") in ("2", "3", "4") and (amount(row.text("T_BHTT")) or 0) > 0:
            yield Spot(row, "NGUON_CTRA")


def _fund_without_card(case: Case) -> Iterator[Spot]:
    if not case.summary.text("MA_THE_BHYT") and (amount(case.summary.text("T_BHTT")) or 0) > 0:
        yield Spot(case.summary, "MA_THE_BHYT")


def _fund_without_insurance(case: Case) -> Iterator[Spot]:
    if case.summary.code("MA_DOITUONG_KCB") == "9" and (amount(case.summary.text("T_BHTT")) or 0) > 0:
        yield Spot(case.summary, "MA_DOITUONG_KCB")


def _is_drug(row: Row) -> bool:
    return row.table == "XML2"


def _has_supply(row: Row) -> bool:
    return row.table == "XML3" and bool(row.text("MA_VAT_TU"))


def _in_supplies(row: Row) -> bool:
    return row.table == "XML3" and row.code("MA_NHOM") in ("10", "11")


def _rule(
    id: str,
    title: Text,
    cure: Text,
    source: str,
    look: Look,
    severity: Severity = Severity.ERROR,
    begins: date | None = None,
) -> ClaimRule:
    return ClaimRule(id, Family.SUMS, severity, title, cure, source, look, begins)


_LINE = Text("Tính lại dòng này, rồi tính lại các tổng của XML1.", "Compute the line again, then the totals of XML1.")
_TOTAL = Text("Tính lại tổng từ các dòng XML2 và XML3.", "Compute the total again from the lines of XML2 and XML3.")

RULES = (
    _rule(
        "bhyt-line-hospital-amount",
        Text("Thành tiền BV của dòng khác số lượng × đơn giá.", "THANH_TIEN_BV is not quantity x unit price."),
        _LINE,
        annex("XML2.THANH_TIEN_BV", "XML3.THANH_TIEN_BV"),
        _wrong_hospital,
    ),
    _rule(
        "bhyt-line-insured-amount",
        Text(
            "Thành tiền BH của dòng khác số lượng × đơn giá × tỷ lệ thanh toán.",
            "THANH_TIEN_BH is not quantity x unit price x payment rates.",
        ),
        _LINE,
        annex("XML2.THANH_TIEN_BH", "XML3.THANH_TIEN_BH"),
        _wrong_insured,
    ),
    _rule(
        "bhyt-line-other-sources",
        Text(
            "T_NGUONKHAC của dòng khác tổng bốn nguồn khác (NSNN, VTNN, VTTN, CL).",
            "T_NGUONKHAC is not the sum of the four other sources.",
        ),
        _LINE,
        annex("XML2.T_NGUONKHAC", "XML3.T_NGUONKHAC"),
        _wrong_others,
    ),
    _rule(
        "bhyt-line-fund",
        Text("T_BHTT của dòng khác thành tiền BH × mức hưởng.", "T_BHTT is not THANH_TIEN_BH x MUC_HUONG."),
        _LINE,
        annex("XML2.T_BHTT", "XML3.T_BHTT"),
        _wrong_fund,
    ),
    _rule(
        "bhyt-line-copayment",
        Text("T_BNCCT của dòng khác thành tiền BH trừ T_BHTT.", "T_BNCCT is not THANH_TIEN_BH less T_BHTT."),
        _LINE,
        annex("XML2.T_BNCCT", "XML3.T_BNCCT"),
        _wrong_shared,
    ),
    _rule(
        "bhyt-line-own-payment",
        Text(
            "T_BNTT của dòng khác thành tiền BV trừ thành tiền BH.", "T_BNTT is not THANH_TIEN_BV less THANH_TIEN_BH."
        ),
        _LINE,
        annex("XML2.T_BNTT", "XML3.T_BNTT"),
        _wrong_own,
    ),
    _rule(
        "bhyt-line-payers",
        Text(
            "Tổng T_BNTT + T_BNCCT + T_BHTT + T_NGUONKHAC của dòng khác thành tiền BV.",
            "What patient, fund and other sources pay for the line is not THANH_TIEN_BV.",
        ),
        _LINE,
        annex("XML2.T_BNTT", "XML3.T_BNTT"),
        _wrong_split,
    ),
    _rule(
        "bhyt-total-drugs",
        Text("T_THUOC khác tổng thành tiền BV của XML2.", "T_THUOC is not the sum of THANH_TIEN_BV in XML2."),
        _TOTAL,
        annex("XML1.T_THUOC"),
        _total("T_THUOC", "THANH_TIEN_BV", _is_drug),
    ),
    _rule(
        "bhyt-total-supplies",
        Text(
            "T_VTYT khác tổng thành tiền BV của vật tư y tế trong XML3.",
            "T_VTYT is not the sum of THANH_TIEN_BV of the supplies in XML3.",
        ),
        _TOTAL,
        annex("XML1.T_VTYT"),
        _total("T_VTYT", "THANH_TIEN_BV", _has_supply, _in_supplies),
    ),
    _rule(
        "bhyt-total-hospital",
        Text(
            "T_TONGCHI_BV khác tổng thành tiền BV của XML2 và XML3.",
            "T_TONGCHI_BV is not the sum of THANH_TIEN_BV in XML2 and XML3.",
        ),
        _TOTAL,
        annex("XML1.T_TONGCHI_BV"),
        _total("T_TONGCHI_BV", "THANH_TIEN_BV"),
    ),
    _rule(
        "bhyt-total-insured",
        Text(
            "T_TONGCHI_BH khác tổng thành tiền BH của XML2 và XML3.",
            "T_TONGCHI_BH is not the sum of THANH_TIEN_BH in XML2 and XML3.",
        ),
        _TOTAL,
        annex("XML1.T_TONGCHI_BH"),
        _total("T_TONGCHI_BH", "THANH_TIEN_BH"),
    ),
    *(
        _rule(
            f"bhyt-total-{name}",
            Text(
                f"{field} của XML1 khác tổng {field} của XML2 và XML3.",
                f"{field} of XML1 is not the sum of {field} in XML2 and XML3.",
            ),
            _TOTAL,
            annex(f"XML1.{field}"),
            _total(field, field),
        )
        for field, name in (
            ("T_BNTT", "own-payment"),
            ("T_BNCCT", "copayment"),
            ("T_BHTT", "fund"),
            ("T_NGUONKHAC", "other-sources"),
        )
    ),
    _rule(
        "bhyt-total-outside-price",
        Text("T_BHTT_GDV lớn hơn T_BHTT.", "T_BHTT_GDV is more than T_BHTT."),
        Text("Tính lại T_BHTT_GDV: nó là một phần của T_BHTT.", "Compute T_BHTT_GDV again: it is a part of T_BHTT."),
        annex("XML1.T_BHTT_GDV"),
        _outside_price,
    ),
    _rule(
        "bhyt-number-negative",
        Text("Số âm ở một chỉ tiêu không thể âm.", "A number is below zero where it can't be."),
        Text(
            "Ghi số dương; hoàn trả thì sửa dòng gốc.",
            "Write a positive number; correct the line that is taken back.",
        ),
        plain("XML1", "XML2", "XML3"),
        _negative,
    ),
    _rule(
        "bhyt-rate-outside",
        Text("Tỷ lệ hoặc mức hưởng lớn hơn 100.", "A rate or a benefit level is above 100."),
        Text("Ghi phần trăm từ 0 đến 100.", "Write per cent, 0 to 100."),
        annex("XML2.TYLE_TT_BH", "XML3.TYLE_TT_DV", "XML3.TYLE_TT_BH", "MUC_HUONG"),
        _rate_outside,
    ),
    _rule(
        "bhyt-amount-decimals",
        Text(
            "Quá nhiều số lẻ: thành tiền có 2, đơn giá có 3 chữ số thập phân.",
            "Too many decimals: an amount has 2, a unit price 3.",
        ),
        Text("Làm tròn theo quy định.", "Round as the decision says."),
        annex("XML2.DON_GIA", "XML2.THANH_TIEN_BV", "XML3.DON_GIA_BV", "XML3.THANH_TIEN_BV"),
        _many_decimals,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-quantity-zero",
        Text("Số lượng của dòng bằng 0.", "The quantity of a line is 0."),
        Text("Ghi số lượng đã dùng, hoặc bỏ dòng này.", "Write the quantity that was used, or leave the line out."),
        plain("XML2.SO_LUONG", "XML3.SO_LUONG"),
        _no_quantity,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-scope-paid",
        Text(
            "Dòng ngoài phạm vi BHYT (PHAM_VI 2) mà quỹ vẫn thanh toán.",
            "A line outside the scope (PHAM_VI 2) is charged to the fund.",
        ),
        Text("Sửa PHAM_VI, hoặc đưa chi phí về người bệnh tự trả.", "Correct PHAM_VI, or charge the patient."),
        annex("XML2.PHAM_VI", "XML3.PHAM_VI"),
        _paid_outside_scope,
    ),
    _rule(
        "bhyt-payer-not-fund",
        Text(
            "Thuốc do nguồn khác chi trả (NGUON_CTRA khác 1) mà T_BHTT lớn hơn 0.",
            "A drug that another source pays (NGUON_CTRA not 1) is charged to the fund.",
        ),
        Text("Kiểm tra NGUON_CTRA và T_BHTT của dòng.", "Check NGUON_CTRA and T_BHTT of the line."),
        plain("XML2.NGUON_CTRA"),
        _paid_twice,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-fund-without-card",
        Text("Quỹ thanh toán mà không có mã thẻ BHYT.", "The fund pays and there is no insurance card."),
        Text("Ghi mã thẻ; trẻ sơ sinh và người hiến ghi mã thẻ tạm.", "Write the card, or the temporary card."),
        plain("XML1.MA_THE_BHYT"),
        _fund_without_card,
        Severity.WARNING,
    ),
    _rule(
        "bhyt-fund-without-insurance",
        Text(
            "Người bệnh không KCB BHYT (MA_DOITUONG_KCB 9) mà quỹ thanh toán.",
            "The visit is no insurance visit (MA_DOITUONG_KCB 9) and the fund pays.",
        ),
        Text("Sửa MA_DOITUONG_KCB hoặc các số tiền.", "Correct MA_DOITUONG_KCB or the amounts."),
        "QĐ 3276/QĐ-BYT 2025: MA_DOITUONG_KCB",
        _fund_without_insurance,
        begins=date(2025, 10, 17),
    ),
)
