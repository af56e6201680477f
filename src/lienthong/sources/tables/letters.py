"""Vietnamese letters of before Unicode: TCVN3 (ABC) and VNI fonts, and VISCII, read as the letters they showed.

Such text comes in two ways: as the bytes of a file, or inside of a Unicode file (an Excel sheet in the font .VnTime),
where each byte has become the character of Latin-1 with the same number. Both are the same text here, so one function
reads both. Sources: TCVN 5712:1993 (its third set is TCVN3), RFC 1456 (VISCII), the VNI-Windows layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from lienthong.core.text import nfc

__all__ = ["LETTERS", "from_tcvn3", "from_viscii", "from_vni"]

_TCVN3_SMALL = (
    "µà¸á¶ả·ã¹ạ¨ă»ằ¾ắ¼ẳ½ẵÆặ©âÇầÊấÈẩÉẫËậ®đÌèÐéÎẻÏẽÑẹªêÒềÕếÓểÔễÖệ×ìÝíØỉÜĩÞị"
    "ßòãóáỏâõäọ«ôåồèốæổçỗéộ¬ơêờíớëởìỡîợïùóúñủòũôụ\xadưõừøứöử÷ữùựúỳýýûỷüỹþỵ"
)
_TCVN3_CAPITAL = "¡Ă¢Â§Đ£Ê¤Ô¥Ơ¦Ư"
_TCVN3 = str.maketrans(
    {pair[at]: pair[at + 1] for pair in (_TCVN3_SMALL, _TCVN3_CAPITAL) for at in range(0, len(pair), 2)}
)
_TCVN3_CAPITALS = frozenset(_TCVN3_CAPITAL[::2])

_VISCII_LOW = {2: "Ẳ", 5: "Ẵ", 6: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
_VISCII_HIGH = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉ"
    "đựòóôõỏọụùúũủýợỮ"
)
_VISCII = str.maketrans({**_VISCII_LOW, **{0x80 + number: letter for number, letter in enumerate(_VISCII_HIGH)}})

# VNI writes a letter and then its mark; some letters have a place of their own.
_VNI_MARKS = {
    "a": "øàùáûảõãïạêăèằéắúẳüẵëặââàầáấåẩãẫäậ",
    "e": "øèùéûẻõẽïẹâêàềáếåểãễäệ",
    "o": "øòùóûỏõõïọâôàồáốåổãỗäộ",
    "ô": "øờùớûởõỡïợ",
    "u": "øùùúûủõũïụ",
    "ö": "øừùứûửõữïự",
    "y": "øỳùýûỷõỹ",
}
_VNI_ALONE = "ñđììííæỉóĩòịôơöưîỵ"


def _vni_pairs() -> Mapping[str, str]:
    small = {
        letter + marks[at]: marks[at + 1] for letter, marks in _VNI_MARKS.items() for at in range(0, len(marks), 2)
    }
    small |= {_VNI_ALONE[at]: _VNI_ALONE[at + 1] for at in range(0, len(_VNI_ALONE), 2)}
    # A capital letter may carry a capital mark or, as typists do, a small one.
    capital = {pair.upper(): letter.upper() for pair, letter in small.items()}
    mixed = {pair[0].upper() + pair[1:]: letter.upper() for pair, letter in small.items()}
    return MappingProxyType({**mixed, **capital, **small})


_VNI = _vni_pairs()
_VNI_PATTERN = re.compile("|".join(re.escape(pair) for pair in sorted(_VNI, key=lambda pair: (-len(pair), pair))))
_WORD = re.compile(r"[^\W\d_]+")


def from_tcvn3(text: str) -> str:
    """Text in TCVN3 (ABC) as Unicode.

    TCVN3 has no capital letters with tones: a font of capitals (.VnTimeH) shows the small ones as capitals. Where the
    plain letters of a text are all capitals, two of them in one word, its letters with tones are made capitals too.
    """
    plain = [letter for letter in text if (letter.isascii() and letter.isalpha()) or letter in _TCVN3_CAPITALS]
    found = text.translate(_TCVN3)
    if plain and not any(letter.islower() for letter in plain):
        words = _WORD.findall(found)
        if any(sum(letter.isupper() for letter in word) > 1 for word in words):
            return found.upper()
    return found


def from_vni(text: str) -> str:
    """Text in a VNI font as Unicode."""
    return _VNI_PATTERN.sub(lambda match: _VNI[match[0]], text)


def from_viscii(text: str) -> str:
    """Text in VISCII as Unicode."""
    return text.translate(_VISCII)


LETTERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"unicode": nfc, "tcvn3": from_tcvn3, "vni": from_vni, "viscii": from_viscii}
)
"""How the characters of a text become Vietnamese letters, by the name that a mapping gives."""
