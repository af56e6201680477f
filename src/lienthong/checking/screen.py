"""A check on the screen: first what must be done, then each rule with its count, money at stake and first places."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from lienthong.checking.report import Group, Report, sum_of
from lienthong.core.finding import Severity

__all__ = ["dong", "lines"]

_PLACES = 3
_TEXTS = {
    "vi": {
        "head": "Đã kiểm tra {records} hồ sơ trong {files} tệp, {seconds} giây.",
        "faulty": "Phải sửa trước khi gửi: {count} hồ sơ{money}.",
        "stake": ", quỹ BHYT thanh toán {money} đồng (T_BHTT)",
        "doubtful": "Nên xem lại: {count} hồ sơ.",
        "clean": "Không thấy lỗi nào.",
        "error": "LỖI",
        "warning": "XEM LẠI",
        "information": "GHI CHÚ",
        "count": "{places} chỗ, {records} hồ sơ",
        "money": "{money} đồng",
        "cure": "sửa",
        "law": "căn cứ",
        "at": "ở",
        "more": "... và {count} chỗ nữa",
        "left_out": "Bỏ qua, không phải dữ liệu xuất: {name} ({why}).",
        "all": "Toàn bộ: --xlsx TỆP.xlsx, hoặc --json.",
    },
    "en": {
        "head": "{records} records in {files} files checked, {seconds} s.",
        "faulty": "To be put right before sending: {count} records{money}.",
        "stake": ", for which the fund is to pay {money} đồng (T_BHTT)",
        "doubtful": "To be looked at: {count} records.",
        "clean": "No fault was found.",
        "error": "ERROR",
        "warning": "WARNING",
        "information": "NOTE",
        "count": "{places}, {records}",
        "money": "{money} đồng",
        "cure": "cure",
        "law": "source",
        "at": "at",
        "more": "... and {count} more",
        "left_out": "Left out, no export: {name} ({why}).",
        "all": "All of it: --xlsx FILE.xlsx, or --json.",
    },
}


def dong(amount: Decimal, language: str) -> str:
    """An amount to the đồng, grouped as the language does."""
    text = f"{amount.to_integral_value(ROUND_HALF_UP):,f}"
    return text.replace(",", ".") if language == "vi" else text


def lines(result: Report) -> Iterator[str]:
    """The sentences of a report."""
    texts, language = _TEXTS[result.language], result.language
    seconds = f"{result.seconds:.1f}"
    yield texts["head"].format(
        records=_number(result.records, language),
        files=_number(result.files, language),
        seconds=seconds.replace(".", ",") if language == "vi" else seconds,
    )
    if result.faulty:
        stake = sum_of(result.faulty)
        money = texts["stake"].format(money=dong(stake, language)) if stake else ""
        yield texts["faulty"].format(count=_number(len(result.faulty), language), money=money)
    if result.doubtful:
        yield texts["doubtful"].format(count=_number(len(result.doubtful), language))
    if not result.findings:
        yield texts["clean"]
    for group in result.groups:
        yield ""
        yield from _group(group, texts, language)
    if result.findings:
        yield ""
        yield texts["all"]
    for item in result.left_out:
        yield texts["left_out"].format(name=item.name, why=item.why)


def _number(count: int, language: str) -> str:
    return dong(Decimal(count), language)


def _counted(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _group(group: Group, texts: dict[str, str], language: str) -> Iterator[str]:
    label = texts[group.severity.value]
    places, records = _number(len(group.findings), language), _number(group.records, language)
    if language == "en":
        places, records = _counted(places, "place"), _counted(records, "record")
    counts = texts["count"].format(places=places, records=records)
    money = texts["money"].format(money=dong(group.at_stake, language))
    stake = f", {money}" if group.at_stake and group.severity is Severity.ERROR else ""
    yield f"{label}: {group.message} [{group.code}]"
    yield f"  {counts}{stake}"
    if group.cure:
        yield f"  {texts['cure']}: {group.cure}"
    if group.rule.source:
        yield f"  {texts['law']}: {group.rule.source}"
    for finding in group.findings[:_PLACES]:
        yield f"  {texts['at']}: {finding.place}"
    if len(group.findings) > _PLACES:
        yield f"  {texts['more'].format(count=_number(len(group.findings) - _PLACES, language))}"
