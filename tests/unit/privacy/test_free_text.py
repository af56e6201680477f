"""What the scrubber takes out of free text, what it must leave, and that no text breaks it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.text import fold
from lienthong.privacy.free_text import Scrubber
from lienthong.privacy.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(bytes(range(32)))
NAME = "Lò Thị Mơ"


@pytest.fixture
def scrubber() -> Scrubber:
    return made()


def made() -> Scrubber:
    found = Scrubber(PSEUDONYMS, -70)
    found.know_name(NAME, "Quách Tường Hải Khuê")
    found.know_address("Số 12, đường Hoa Mơ, Phường Ninh Kiều, Thành phố Cần Thơ")
    found.know_code("SH000123", "ABCDEFGH")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "BN Lò Thị Mơ vào viện",
        "bệnh nhân LÒ THỊ MƠ",
        "lo thi mo, toi kham",
        unicodedata.normalize("NFD", "Lò Thị Mơ"),
        "Thị Mơ kể",
        "lò  thị\tmơ",
    ],
)
def test_a_known_name_goes_in_any_spelling(scrubber: Scrubber, text: str) -> None:
    assert "thi mo" not in fold(scrubber.clean(text))


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("sáng nay Mơ kể đau đầu", "mo ke"),
        ("Chồng là anh Trần Văn Bình đưa vào", "binh"),
        ("BS. Phạm Hương khám", "huong"),
        ("bác sĩ Hương dặn dò", "huong"),
        ("Liên hệ 0912.345.678 hoặc 0912 345 678", "345"),
        ("CCCD 079185012345", "185012345"),
        ("CMND 023456789", "023456789"),
        ("thẻ GD4790123456789 còn hạn", "0123456789"),
        ("thẻ GD 4 79 01 2345 6789", "2345"),
        ("hộ chiếu B1234567", "1234567"),
        ("thư lan.nguyen@benhvien.vn", "lan.nguyen"),
        ("Nhà ở số nhà 15 ngõ 3 đường Láng, phường Láng Hạ", "lang"),
        ("ở thôn Đoài, xã Tiên Dương", "doai"),
        ("ấp 3, xã Mỹ Hoà Hưng", "hoa hung"),
        ("tên NGUYỄN VĂN TÈO", "teo"),
        ("NGUYỄN VĂN TÈO, 45 TUỔI", "teo"),
        ("mã SH000123", "000123"),
        ("quê ninh kieu", "ninh kieu"),
        ("sinh năm 1965", "1965"),
    ],
)
def test_what_tells_who_somebody_is_goes(scrubber: Scrubber, text: str, gone: str) -> None:
    assert gone not in fold(scrubber.clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "M: 96 l/p; HA: 130/80 mmHg; NĐ: 38.5; SpO2: 95%",
        "Đái tháo đường type 2, đường huyết 7.8 mmol/L",
        "ĐƯỜNG HUYẾT 7.8; CAO HUYẾT ÁP",
        "Tăng huyết áp vô căn (nguyên phát)",
        "Uống 1 viên x 2 lần/ngày, sau ăn",
        "Bảo hiểm xã hội Việt Nam",
        "Viêm phổi do Streptococcus pneumoniae",
        "Mơ màng, tiếp xúc chậm",
        "Siêu âm Doppler tim; X-quang ngực thẳng",
        "HbA1c 8,2%; Na 138; K 3.9; Cl 101",
        "Đường tiêu hoá bình thường, tổ chức dưới da mềm",
    ],
)
def test_what_a_physician_wrote_stays(scrubber: Scrubber, text: str) -> None:
    assert scrubber.clean(text) == text


def test_dates_move_in_their_form_and_what_is_none_goes(scrubber: Scrubber) -> None:
    assert scrubber.clean("mổ 17/05/2024, 2024-05-17 08:30") == "mổ 08/03/2024, 2024-03-08 08:30"
    assert scrubber.clean("ngày 17 tháng 5 năm 2024") == "ngày 8 tháng 3 năm 2024"
    assert scrubber.clean("ngày 17/5 sốt") == "ngày [ngày] sốt"
    assert scrubber.clean("31/02/2024") == "[ngày]"


def test_a_national_id_in_a_text_is_that_of_the_field(scrubber: Scrubber) -> None:
    assert scrubber.clean("số 079185012345.") == f"số {PSEUDONYMS.national_id('079185012345')}."


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_nothing_known_is_left(text: str) -> None:
    cleaned = made().clean(f"{text} {NAME} {text} 0912345678 {text}")
    assert "lo thi mo" not in fold(cleaned)
    assert "0912345678" not in cleaned


@given(st.text("0123456789 .-/", max_size=60))
def test_no_nine_digits_of_the_text_are_left_together(text: str) -> None:
    numbers = [part for part in made().clean(text).replace("/", " ").split() if part.isdigit() and len(part) >= 9]
    for number in numbers:
        assert number not in text
