"""Old Vietnamese encodings give the letters that they showed; iconv, where it is here, is the oracle."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata

import pytest

from lienthong.sources.tables.letters import LETTERS, from_tcvn3, from_viscii, from_vni


@pytest.mark.parametrize(
    ("letters", "written", "text"),
    [
        ("tcvn3", "NguyÔn V¨n An", "Nguyễn Văn An"),
        ("tcvn3", "NGUYÔN V¡N AN", "NGUYỄN VĂN AN"),
        ("tcvn3", "§µ N½ng", "Đà Nẵng"),
        ("tcvn3", "TrÇn H÷u Ph­íc", "Trần Hữu Phước"),
        ("vni", "Nguyeãn Vaên AÙnh", "Nguyễn Văn Ánh"),
        ("vni", "ÑAØ NAÜNG", "ĐÀ NẴNG"),
        ("vni", "Traàn Höõu Phöôùc", "Trần Hữu Phước"),
        ("viscii", "Nguy\xadn V\xe5n", "Nguyễn Văn"),
    ],
)
def test_names_are_read(letters: str, written: str, text: str) -> None:
    assert LETTERS[letters](written) == text


def _iconv(name: str, data: bytes) -> str:
    done = subprocess.run(["iconv", "-f", name, "-t", "UTF-8"], input=data, capture_output=True, check=True)
    return unicodedata.normalize("NFC", done.stdout.decode())


@pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv, the oracle, is not on this machine")
@pytest.mark.parametrize(("letters", "name"), [("viscii", "VISCII"), ("tcvn3", "TCVN5712-1")])
def test_every_letter_is_the_one_of_iconv(letters: str, name: str) -> None:
    known = subprocess.run(["iconv", "-l"], capture_output=True, text=True, check=True).stdout
    if name not in known:
        pytest.skip(f"this iconv has no {name}")
    read = LETTERS[letters]
    found = 0
    for number in range(0xA1 if letters == "tcvn3" else 0x80, 0xFF):
        letter = read(chr(number))
        if letter != chr(number):
            assert letter == _iconv(name, bytes([number])), hex(number)
            found += 1
    assert found >= 67


def test_vni_has_the_whole_alphabet_in_both_cases() -> None:
    marks = {"à": "aø", "ắ": "aé", "ậ": "aä", "ễ": "eã", "ỉ": "æ", "ị": "ò", "ợ": "ôï", "ữ": "öõ", "ỵ": "î", "đ": "ñ"}
    for letter, written in marks.items():
        assert from_vni(written) == letter
        assert from_vni(written.upper()) == letter.upper()


def test_plain_text_is_left_alone() -> None:
    for read in (from_tcvn3, from_viscii, from_vni):
        assert read("Plain ASCII text, 12/03/2025; 5.4 mmol/L") == "Plain ASCII text, 12/03/2025; 5.4 mmol/L"
