"""Who the patient is and by which card: forms of the numbers, what they say of the person, the split lists of cards.

A national id has no check digit in law; none is invented. What its digits say of birth and sex can differ from the
truth (a correction after the id was given), so that such a difference is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.rules.case import Case, day
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, annex, plain, portal

__all__ = ["RULES"]

_CARD = re.compile(r"[A-Z]{2}[1-5][0-9]{12}")
_SHORT_CARD = re.compile(r"[0-9]{10}|[0-9]{12}")
_SHORT_CARD_FROM = date(2021, 4, 1)
_TEMPORARY = re.compile(r"[A-Z]{2}[1-5][0-9]{12}|[0-9]{10}")
_ID = re.compile(r"[0-9]{9}|[0-9]{12}|[A-Z][0-9]{7}")
_CITIZEN = re.compile(r"[0-9]{12}")
_FACILITY = re.compile(r"[0-9]{2}[0-9A-Z]{3}")
_NUMBER = re.compile(r"[0-9]{10}")
_DISTRICTS_ENDED = date(2025, 7, 1)
_SIGNED = ("XML1", "XML7", "XML8", "XML9", "XML10", "XML11", "XML13", "XML14")

# The 63 provinces of before 2025-07-01; the 34 of today keep codes of these.
_PROVINCES = frozenset(
    f"{number:02d}"
    for number in range(1, 97)
    if number not in {3, 5, 7, 9, 13, 16, 18, 21, 23, 28, 29, 32, 39, 41, 43, 47, 50, 53, 55, 57, 59, 61, 63, 65, 69}
    and number not in {71, 73, 76, 78, 81, 85, 88, 90}
)


def _wrong_card(case: Case) -> Iterator[Spot]:
    for card in case.summary.codes("MA_THE_BHYT"):
        is_short = case.on is not None and case.on >= _SHORT_CARD_FROM and _SHORT_CARD.fullmatch(card)
        if not (_CARD.fullmatch(card) or is_short):
            yield Spot(case.summary, "MA_THE_BHYT")
            return


def _counts(text: str) -> set[int]:
    """How many values may stand in a list: a separator at its end may be followed by an empty one, or by nothing."""
    text = text.strip()
    return {len(text.split(";")), len(text.rstrip("; ").split(";"))} if text.strip("; ") else set()


def _counts_differ(case: Case) -> Iterator[Spot]:
    cards = _counts(case.summary.text("MA_THE_BHYT"))
    for field in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN"):
        counts = _counts(case.summary.text(field))
        if counts and cards and not counts & cards:
            yield Spot(case.summary, field)


def _card_alone(case: Case) -> Iterator[Spot]:
    if case.summary.text("MA_THE_BHYT"):
        for field in ("MA_DKBD", "GT_THE_TU"):
            if not case.summary.text(field):
                yield Spot(case.summary, field)


def _validity(row: Row) -> list[tuple[date, date | None]] | None:
    """The days of each card; None where they can't be told."""
    first = [day(text) for text in row.codes("GT_THE_TU")]
    last = [day(text) for text in row.codes("GT_THE_DEN")]
    begins = [item for item in first if item is not None]
    ends = [item for item in last if item is not None]
    if not begins or len(begins) < len(first) or len(ends) < len(last) or len(ends) not in (0, len(begins)):
        return None
    return [(begin, ends[number] if ends else None) for number, begin in enumerate(begins)]


def _card_reversed(case: Case) -> Iterator[Spot]:
    if any(end is not None and end < begin for begin, end in _validity(case.summary) or ()):
        yield Spot(case.summary, "GT_THE_DEN")


def _card_not_valid(case: Case) -> Iterator[Spot]:
    spans, stay = _validity(case.summary), case.stay()
    if spans is None or stay is None or not case.summary.text("MA_THE_BHYT"):
        return
    begin, end = day(stay[0]), day(stay[1])
    if begin is None or end is None or any(last is not None and last < first for first, last in spans):
        return
    if not any(first <= end and (last is None or begin <= last) for first, last in spans):
        yield Spot(case.summary, "GT_THE_DEN")


def _wrong_id(case: Case) -> Iterator[Spot]:
    text = case.summary.code("SO_CCCD")
    if text and not _ID.fullmatch(text):
        yield Spot(case.summary, "SO_CCCD")


def _citizen(case: Case) -> str:
    text = case.summary.code("SO_CCCD")
    return text if _CITIZEN.fullmatch(text) else ""


def _id_of_other_sex(case: Case) -> Iterator[Spot]:
    text, sex = _citizen(case), case.summary.code("GIOI_TINH")
    if text and sex in ("1", "2") and (int(text[3]) % 2 == 1) is not (sex == "2"):
        yield Spot(case.summary, "SO_CCCD")


def _id_of_other_birth(case: Case) -> Iterator[Spot]:
    text, year = _citizen(case), case.summary.text("NGAY_SINH")[:4]
    if not text or len(year) != 4 or not year.isdecimal() or not int(year):
        return
    if int(text[3]) < 6 and f"{19 + int(text[3]) // 2}{text[4:6]}" != year:
        yield Spot(case.summary, "SO_CCCD")


def _id_of_no_province(case: Case) -> Iterator[Spot]:
    text = _citizen(case)
    # numbers from 100 up stand for countries of birth
    if text and text[0] == "0" and text[1:3] not in _PROVINCES:
        yield Spot(case.summary, "SO_CCCD")


def _form(pattern: re.Pattern[str], *places: tuple[str, str]) -> Look:
    """A look at the form of fields that may hold several values."""

    def look(case: Case) -> Iterator[Spot]:
        for table, field in places:
            for row in (case.summary,) if table == "XML1" else case.rows(table):
                if not all(pattern.fullmatch(code) for code in row.codes(field)):
                    yield Spot(row, field)

    return look


def _zero_number(case: Case) -> Iterator[Spot]:
    for table, field in (("XML9", "MA_BHXH_NND"), ("XML11", "MA_BHXH")):
        for row in case.rows(table):
            text = row.code(field)
            if text and (not text.isdecimal() or not int(text)):
                yield Spot(row, field)


def _unknown_province(case: Case) -> Iterator[Spot]:
    text = case.summary.code("MATINH_CU_TRU")
    if text and text.removeprefix("0" if len(text) == 3 else "") not in _PROVINCES:
        yield Spot(case.summary, "MATINH_CU_TRU")


def _district(case: Case) -> Iterator[Spot]:
    if case.summary.text("MAHUYEN_CU_TRU"):
        yield Spot(case.summary, "MAHUYEN_CU_TRU")


_CARD_CURE = Text("Tra cứu thẻ trên Cổng BHXH và ghi lại.", "Look the card up at the portal and write it again.")
_ID_CURE = Text(
    "Đối chiếu với giấy tờ tùy thân; sửa số định danh hoặc ngày sinh, giới tính.",
    "Compare with the document; correct the number, the birth or the sex.",
)
_EACH = Text(
    "Ghi đủ mỗi thẻ một giá trị, cùng thứ tự, cách nhau bằng dấu chấm phẩy.",
    "Write one value for each card, in the same order, separated by semicolons.",
)

RULES = (
    ClaimRule(
        "bhyt-card-shape",
        Family.IDENTITY,
        Severity.ERROR,
        Text(
            "Mã thẻ BHYT sai dạng: 15 ký tự, hoặc 10 hay 12 số từ 01/04/2021.",
            "The card has a wrong form: 15 characters, or 10 or 12 digits from 2021-04-01.",
        ),
        _CARD_CURE,
        "QĐ 1351/QĐ-BHXH 2015, QĐ 1666/QĐ-BHXH 2020; XML1.MA_THE_BHYT",
        _wrong_card,
    ),
    ClaimRule(
        "bhyt-list-length",
        Family.IDENTITY,
        Severity.ERROR,
        Text(
            "Số giá trị khác số thẻ: MA_THE_BHYT, MA_DKBD, GT_THE_TU, GT_THE_DEN phải bằng nhau.",
            "MA_THE_BHYT, MA_DKBD, GT_THE_TU and GT_THE_DEN hold different numbers of values.",
        ),
        _EACH,
        annex("XML1.MA_THE_BHYT", "XML1.MA_DKBD", "XML1.GT_THE_TU", "XML1.GT_THE_DEN"),
        _counts_differ,
    ),
    ClaimRule(
        "bhyt-card-incomplete",
        Family.IDENTITY,
        Severity.WARNING,
        Text("Có mã thẻ mà thiếu nơi đăng ký ban đầu hoặc ngày bắt đầu.", "A card without MA_DKBD or GT_THE_TU."),
        _CARD_CURE,
        annex("XML1.MA_DKBD", "XML1.GT_THE_TU"),
        _card_alone,
    ),
    ClaimRule(
        "bhyt-card-days-reversed",
        Family.IDENTITY,
        Severity.ERROR,
        Text("Thẻ hết giá trị trước khi bắt đầu có giá trị.", "A card ends before it begins."),
        _CARD_CURE,
        annex("XML1.GT_THE_TU", "XML1.GT_THE_DEN"),
        _card_reversed,
    ),
    ClaimRule(
        "bhyt-card-not-valid",
        Family.IDENTITY,
        Severity.ERROR,
        Text("Không thẻ nào có giá trị trong đợt KCB.", "No card is valid on any day of the visit."),
        _CARD_CURE,
        annex("XML1.GT_THE_TU", "XML1.GT_THE_DEN"),
        _card_not_valid,
    ),
    ClaimRule(
        "bhyt-national-id-shape",
        Family.IDENTITY,
        Severity.WARNING,
        Text(
            "Số định danh sai dạng: 9 hoặc 12 số, hoặc chữ hoa và 7 số (hộ chiếu).",
            "The national id has a wrong form: 9 or 12 digits, or a capital and 7 digits (passport).",
        ),
        _ID_CURE,
        portal("XML1.SO_CCCD"),
        _wrong_id,
    ),
    ClaimRule(
        "bhyt-national-id-sex",
        Family.IDENTITY,
        Severity.WARNING,
        Text(
            "Chữ số thứ tư của số định danh khác giới tính.", "The fourth digit of the national id says another sex."
        ),
        _ID_CURE,
        "NĐ 137/2015/NĐ-CP điều 13 (cấu trúc số định danh 12 số); XML1.SO_CCCD",
        _id_of_other_sex,
    ),
    ClaimRule(
        "bhyt-national-id-birth",
        Family.IDENTITY,
        Severity.WARNING,
        Text("Thế kỷ, năm sinh trong số định danh khác ngày sinh.", "The national id says another year of birth."),
        _ID_CURE,
        "NĐ 137/2015/NĐ-CP điều 13 (cấu trúc số định danh 12 số); XML1.SO_CCCD",
        _id_of_other_birth,
    ),
    ClaimRule(
        "bhyt-national-id-province",
        Family.IDENTITY,
        Severity.WARNING,
        Text(
            "Ba số đầu của số định danh không là mã tỉnh.",
            "The first three digits of the national id are no province.",
        ),
        _ID_CURE,
        "NĐ 137/2015/NĐ-CP điều 13 (cấu trúc số định danh 12 số); XML1.SO_CCCD",
        _id_of_no_province,
    ),
    ClaimRule(
        "bhyt-facility-form",
        Family.IDENTITY,
        Severity.WARNING,
        Text("Mã cơ sở KCB sai dạng: 2 số mã tỉnh và 3 ký tự.", "A facility code is not 2 digits and 3 characters."),
        Text("Ghi mã 5 ký tự của cơ sở KCB.", "Write the facility's code of 5 characters."),
        "QĐ 384/QĐ-BYT 2019; XML1.MA_CSKCB, MA_DKBD, MA_NOI_DI, MA_NOI_DEN",
        _form(_FACILITY, ("XML1", "MA_CSKCB"), ("XML1", "MA_DKBD"), ("XML1", "MA_NOI_DI"), ("XML1", "MA_NOI_DEN")),
    ),
    ClaimRule(
        "bhyt-head-form",
        Family.IDENTITY,
        Severity.ERROR,
        Text("MA_TTDV không phải mã số BHXH 10 số.", "MA_TTDV is no social-insurance number of 10 digits."),
        Text("Ghi mã số BHXH của thủ trưởng đơn vị.", "Write the number of the head of the unit."),
        portal("MA_TTDV"),
        _form(_NUMBER, *((table, "MA_TTDV") for table in _SIGNED)),
    ),
    ClaimRule(
        "bhyt-social-number",
        Family.IDENTITY,
        Severity.ERROR,
        Text("Mã số BHXH không là chữ số, hoặc toàn số 0.", "A social-insurance number is no number, or all zeros."),
        Text(
            "Ghi mã số BHXH 10 số, hoặc để trống nếu được phép.",
            "Write the 10 digits, or nothing where that is allowed.",
        ),
        portal("XML9.MA_BHXH_NND", "XML11.MA_BHXH"),
        _zero_number,
    ),
    ClaimRule(
        "bhyt-temporary-card-form",
        Family.IDENTITY,
        Severity.WARNING,
        Text("Mã thẻ tạm (MA_THE_TAM) sai dạng.", "MA_THE_TAM has a wrong form."),
        _CARD_CURE,
        annex("XML7.MA_THE_TAM", "XML8.MA_THE_TAM", "XML9.MA_THE_TAM", "XML11.MA_THE_TAM"),
        _form(_TEMPORARY, *((table, "MA_THE_TAM") for table in ("XML7", "XML8", "XML9", "XML11"))),
    ),
    ClaimRule(
        "bhyt-province-unknown",
        Family.IDENTITY,
        Severity.WARNING,
        Text(
            "MATINH_CU_TRU không là mã tỉnh nào, cũ hay mới.",
            "MATINH_CU_TRU is no province, of before or after 2025.",
        ),
        Text("Ghi mã tỉnh hai số của Cục Thống kê.", "Write the province's code of two digits."),
        "QĐ 124/2004/QĐ-TTg và danh mục 34 tỉnh từ 01/07/2025; XML1.MATINH_CU_TRU",
        _unknown_province,
    ),
    ClaimRule(
        "bhyt-district-ended",
        Family.IDENTITY,
        Severity.INFORMATION,
        Text("MAHUYEN_CU_TRU còn giá trị; không còn cấp huyện.", "MAHUYEN_CU_TRU is filled; districts have ended."),
        Text("Để trống từ 01/07/2025.", "Leave it empty from 2025-07-01."),
        plain("XML1.MAHUYEN_CU_TRU"),
        _district,
        valid_from=_DISTRICTS_ENDED,
    ),
)
