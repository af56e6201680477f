"""Takes out of free text what says who somebody is: known names, numbers, addresses, dates, and names by their look.

It errs on the side of taking out too much. It can't prove that nothing is left: a name that stands in no field of the
record, without a title and without a family name, looks like any other word. The report says so.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

from lienthong.core.text import fold, nfc
from lienthong.privacy.pseudonyms import Pseudonyms
from lienthong.privacy.shifts import moved

__all__ = ["Scrubber"]

NAME, NUMBER, ADDRESS, DATE, MAIL = "[tên]", "[số]", "[địa chỉ]", "[ngày]", "[thư điện tử]"

_MAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")
_WEB = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_CARD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ .\-]?[0-9A-Za-z](?:[ .\-]?[0-9]){12}(?![0-9])")
_LONG = re.compile(r"(?<![0-9])\+?\(?[0-9](?:[ .\-()]{0,2}[0-9]){8,}(?![0-9])")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][0-9]{7}(?![0-9A-Za-z])")
_ISO = re.compile(r"(?<![0-9])(?P<y>(?:18|19|20)[0-9]{2})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})(?![0-9])")
_SLASH = re.compile(
    r"(?<![0-9/.\-])(?P<d>[0-9]{1,2})\s?(?P<s>[/.\-])\s?(?P<m>[0-9]{1,2})\s?(?P=s)\s?(?P<y>(?:18|19|20)?[0-9]{2})(?![0-9/])"
)
_RUN = re.compile(
    r"(?<![0-9])(?P<y>(?:19|20)[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-2][0-9]|3[01])(?P<t>[0-9]{4}|[0-9]{6})?(?![0-9])"
)
_WORDS = re.compile(
    r"(?:ngày|ngay)\s+(?P<d>[0-9]{1,2})\s+(?:tháng|thang)\s+(?P<m>[0-9]{1,2})(?:\s*,?\s*(?:năm|nam)\s+(?P<y>[0-9]{4}))?",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?P<w>ngày|ngay)\s+[0-9]{1,2}\s?[/\-]\s?[0-9]{1,2}(?![0-9/])", re.IGNORECASE)
_BORN = re.compile(
    r"(?P<w>sinh năm|sinh nam|năm sinh|nam sinh|SN|NS)(?P<s>\s*:?\s*)(?:19|20)[0-9]{2}(?![0-9])", re.IGNORECASE
)

# A title is followed by a name; the words of a name begin with capitals. In a text that is all capitals only the
# family names tell, for every word of it looks like a name.
_UP = "A-ZÀ-ÝĂĐĨŨƠƯẠ-Ỹ"
_WORD = rf"(?:(?=[^\W\d_])[{_UP}][^\W\d_]*)"
_TITLES = (
    "bệnh nhân|người bệnh|thai phụ|sản phụ|BN|NB|ông|bà|anh|chị|cô|chú|bác|em|cháu|bé|con|mẹ|bố|cha|ba|má|vợ|chồng|"
    "con trai|con gái|người nhà|bác sĩ|bác sỹ|BS|BSCKI|BSCKII|BSNT|ThS|TS|PGS|GS|điều dưỡng|ĐD|DD|KTV|dược sĩ|DS|"
    "hộ sinh|NHS|họ tên|họ và tên|tên"
)
_TITLED = re.compile(
    rf"(?<!\w)(?P<t>(?i:{_TITLES})(?:\s+(?i:là|tên))?\.?\s*:?\s*)(?P<n>{_WORD}(?:\.?\s+{_WORD}){{0,4}})(?!\w)"
)
_FAMILIES = (
    "Nguyễn|Trần|Lê|Phạm|Huỳnh|Hoàng|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Trương|Đoàn|Lâm|Trịnh|Tạ|Lương|Tống|"
    "Nguyen|Tran|Pham|Huynh|Phan|Vo|Dang|Bui|Ngo|Duong|Dinh|Truong|Doan|Trinh"
)
_NAMED = re.compile(rf"(?<!\w)(?:{_FAMILIES})(?:\s+{_WORD}){{1,4}}(?!\w)")
_CAPITAL_FAMILIES = "NGUYỄN|TRẦN|PHẠM|HUỲNH|ĐẶNG|BÙI|NGÔ|TRƯƠNG|ĐOÀN|TRỊNH|NGUYEN|TRAN|PHAM|HUYNH|TRUONG|TRINH"
_CAPITALS = re.compile(rf"(?<!\w)(?:{_CAPITAL_FAMILIES})(?:\s+[{_UP}]+){{1,4}}(?!\w)")

# A word of addresses counts where a number or a name follows: `đường huyết` and `xã hội` are none.
_PLACES = (
    "số nhà|nhà số|đường|phố|ngõ|ngách|hẻm|kiệt|phường|xã|thị trấn|thị xã|quận|huyện|thôn|ấp|bản|làng|khóm|tổ|"
    "tổ dân phố|khu phố|khu vực|đội|tỉnh|thành phố|TP|so nha|duong|pho|phuong|xa|quan|huyen|thon|ap|tinh"
)
_ADDRESS = re.compile(
    rf"(?<!\w)(?P<w>(?i:{_PLACES}))\.?\s+(?:(?:số|so)\s+)?(?:[0-9]+[A-Za-z]?(?:/[0-9]+[A-Za-z]?)*|{_WORD}(?:\s+(?:{_WORD}|[0-9]+)){{0,3}})(?!\w)"
)
_HOUSE = re.compile(
    r"(?<!\w)(?i:số|so)\s+[0-9]+[A-Za-z]?(?:/[0-9]+)*\s*,?\s+(?=(?i:đường|phố|ngõ|hẻm|duong|pho)\b|\[địa chỉ\])"
)
_SHORTEST = 5
_BEFORE = re.compile(rf"^(?:(?:{fold(_PLACES)})\.?\s+|(?:so|{fold('số nhà')})\s+[0-9]+\S*\s+)+")


_PRIVATE = re.compile("[\ue000-\uf8ff]")
_FIRST, _MOST = 0xE000, 0xF8FF - 0xE000


class _Done:
    """What was already replaced in a text, out of sight of the patterns that follow: a letter of private use each."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def put(self, text: str) -> str:
        if len(self._texts) > _MOST:
            return NUMBER
        self._texts.append(text)
        return chr(_FIRST + len(self._texts) - 1)

    def back(self, text: str) -> str:
        return _PRIVATE.sub(lambda match: self._texts[ord(match[0]) - _FIRST], text)


class Scrubber:
    """Cleans the free text of one record; what the record's own fields say is told to it first."""

    def __init__(self, pseudonyms: Pseudonyms, days: int) -> None:
        self._pseudonyms = pseudonyms
        self._days = days
        self._names: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._given: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def know_name(self, text: str, new: str) -> None:
        """A name of the record and what stands in its place; in a text without its family too."""
        words = fold(text.split("(")[0]).split()
        if not words:
            return
        self._names[" ".join(words)] = new
        given = nfc(text.split("(")[0]).split()[-1]
        if len(words) > 1 and given.isalpha():
            self._given.add(given.capitalize())
        if len(words) > 2:
            self._names.setdefault(" ".join(words[1:]), " ".join(new.split()[1:]) or new)
            self._names.setdefault(" ".join(words[-2:]), " ".join(new.split()[-2:]))
        self._pattern = None

    def know_address(self, text: str) -> None:
        """An address of the record: each of its parts is taken out, and the name in it without the word before it."""
        for part in re.split(r"[,;\n]", text.split("(")[0]):
            same = fold(part).strip(" .")
            if len(same) >= _SHORTEST and not same.isdigit():
                self._parts[same] = ADDRESS
            bare = _BEFORE.sub("", same)
            if " " in bare and not bare.replace(" ", "").isdigit():
                self._parts[bare] = ADDRESS
        self._pattern = None

    def know_code(self, text: str, new: str) -> None:
        """A number or key of the record that might be written into a text."""
        same = fold(text)
        if len(same) >= _SHORTEST:
            self._names[same] = new
            self._pattern = None

    def clean(self, text: str) -> str:
        """The text without what is known or looks like it says who somebody is; what was white space stays."""
        text = _PRIVATE.sub(" ", nfc(text))
        if not text.strip():
            return text
        done = _Done()
        text = self._without_known(text, done)
        text = _MAIL.sub(MAIL, text)
        text = _WEB.sub(MAIL, text)
        text = _CARD.sub(lambda match: done.put(self._card(match)), text)
        for pattern in (_ISO, _SLASH, _RUN, _WORDS):
            text = pattern.sub(lambda match: done.put(self._date(match)), text)
        text = _DAY.sub(rf"\g<w> {DATE}", text)
        text = _BORN.sub(rf"\g<w>\g<s>{DATE}", text)
        text = _LONG.sub(lambda match: done.put(self._long(match)), text)
        text = _PASSPORT.sub(NUMBER, text)
        if text.upper() == text:
            return done.back(_CAPITALS.sub(NAME, text))
        text = _HOUSE.sub("", _ADDRESS.sub(ADDRESS, text))
        for given in sorted(self._given):  # many are words too: only inside of a sentence, with its capital and tones
            text = re.sub(rf"(?<=[^\W\d_A-Z] ){re.escape(given)}(?!\w)", NAME, text)
        text = _TITLED.sub(rf"\g<t>{NAME}", text)
        return done.back(_NAMED.sub(NAME, text))

    def only_known(self, text: str) -> str:
        """A text of a catalogue (a drug, a service): only what the record's own fields say is taken out of it."""
        done = _Done()
        return done.back(self._without_known(_PRIVATE.sub(" ", nfc(text)), done))

    def _without_known(self, text: str, done: _Done) -> str:
        pattern = self._known()
        if pattern is None:
            return text
        bare, places = _bare(text)
        pieces: list[str] = []
        at = 0
        for match in pattern.finditer(bare):
            begin, end = places[match.start()], places[match.end() - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            same = " ".join(match[0].split())
            new = self._names.get(same) or self._parts.get(same, NAME)
            pieces += (text[at:begin], done.put(new.upper() if text[begin:end].isupper() else new))
            at = end
        return "".join((*pieces, text[at:]))

    def _known(self) -> re.Pattern[str] | None:
        known = sorted({*self._names, *self._parts}, key=lambda item: (-len(item), item))
        if self._pattern is None and known:
            either = "|".join(r"\s+".join(re.escape(word) for word in item.split()) for item in known)
            self._pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
        return self._pattern

    def _card(self, match: re.Match[str]) -> str:
        return self._pseudonyms.card(re.sub(r"[ .\-]", "", match[0]))

    def _long(self, match: re.Match[str]) -> str:
        """A national id gets the one that it has elsewhere; any other long number goes."""
        if match[0].isdigit() and len(match[0]) == 12 and match[0][0] == "0":
            return self._pseudonyms.national_id(match[0])
        return NUMBER

    def _date(self, match: re.Match[str]) -> str:
        """A date moved as all dates of the record are, in the form that it had; what is none goes."""
        parts = match.groupdict()
        year = parts.get("y") or ""
        if len(year) == 2:
            year = ("19" if int(year) > 40 else "20") + year
        try:
            day = moved(date(int(year), int(parts["m"]), int(parts["d"])), self._days)
        except ValueError:
            day = None
        if day is None:
            return DATE
        if match.re is _ISO:
            return day.isoformat()
        if match.re is _RUN:
            return f"{day:%Y%m%d}{parts['t'] or ''}"
        if match.re is _WORDS:
            return f"ngày {day.day} tháng {day.month} năm {day.year}"
        mark = parts["s"]
        return f"{day:%d}{mark}{day:%m}{mark}{day.year if len(parts['y']) == 4 else f'{day:%y}'}"


@lru_cache(1 << 12)  # names of drugs and tests come again and again
def _bare(text: str) -> tuple[str, list[int]]:
    """The text without tones and case, letter by letter, and where each letter stands in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if letter.isspace():
            bare = " "
        elif letter.isascii():
            bare = letter.lower()
        else:
            bare = fold(letter)
        for one in bare:
            letters.append(one)
            places.append(place)
    return "".join(letters), places
