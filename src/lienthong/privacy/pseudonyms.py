"""Replaces what says who somebody is, the same value by the same value wherever it stands, by a secret key.

Numbers keep their form. What is drawn from the key by HMAC-SHA256 (RFC 2104) can't be told without it. Digits go
through a Feistel network of ten rounds, as in NIST SP 800-38G, so that two numbers never become one. Who has the key
can go back, so that it is as secret as the data (docs/decisions/017-deidentify.md).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Sequence, Set
from functools import lru_cache

from lienthong.core.text import fold, nfc
from lienthong.privacy.invented import FAMILIES, FEMALE, MALE, PROVINCES, STREETS

__all__ = ["MALE_OR_FEMALE", "Pseudonyms"]

MALE_OR_FEMALE = ("male", "female")
_ROUNDS = 10
_CARD = re.compile(r"[A-Z]{2}[0-9A-Z][0-9]{12}")
_PASSPORT = re.compile(r"[A-Z][0-9]{7}")
_FACILITY = re.compile(r"[0-9]{2}[0-9A-Z]{3}")
_LICENCE = re.compile(r"([0-9]{4,})(/.*)?")
_MARKS = re.compile(r"\s*\([^()]*\)\s*$")
_TITLES = re.compile(r"^(?:(?:BS|BSCKI{1,2}|BSNT|ThS|TS|PGS|GS|ĐD|DS|KTV|CN)\.?\s+|(?:BS|ThS|TS|PGS|GS)\.)+")
_SPANS = range(2, 6)
_UNUSED_PHONES = "0198"  # no operator has numbers that begin so


class Pseudonyms:
    """The replacements of one key.

    `taken` are the names of the data, folded: none of them is given as a new one. `year_of` says in which year the
    owner of a national id is born by the new dates (the id holds the year), given the id and the year that it holds.
    """

    def __init__(
        self,
        key: bytes,
        *,
        taken: Set[str] = frozenset(),
        year_of: Callable[[str, int], int] = lambda _number, year: year,
        keep_facility: bool = False,
    ) -> None:
        self._key = key
        self._taken = taken
        self._year_of = year_of
        self._keep_facility = keep_facility
        self._provinces = dict(
            zip(PROVINCES, sorted(PROVINCES, key=lambda code: self._mac("province", code)), strict=True)
        )
        self.name = lru_cache(1 << 14)(self._name)
        self.token = lru_cache(1 << 14)(self._token)

    def _mac(self, domain: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{domain}\0{text}".encode("utf-8", "surrogatepass"), "sha256")

    def whole(self, domain: str, text: str, below: int) -> int:
        """A number from 0 to below `below` that the key draws for a text."""
        return int.from_bytes(self._mac(domain, text)) % below

    def digits(self, domain: str, text: str) -> str:
        """Other digits of the same number; a single one is turned by a fixed step."""
        if len(text) < 2:
            return str((int(text) + 1 + self.whole(domain, "one digit", 9)) % 10) if text else ""
        half = len(text) // 2
        left, right = text[:half], text[half:]
        for turn in range(_ROUNDS):
            width = len(left)
            mixed = (int(left) + self.whole(f"{domain}/{len(text)}/{turn}", right, 10**width)) % 10**width
            left, right = right, f"{mixed:0{width}d}"
        return left + right

    def _token(self, text: str, length: int = 16) -> str:
        """Capitals and digits 2 to 7 for a code whose form says nothing: keys of records, numbers of papers."""
        return base64.b32encode(self._mac("token", text)).decode("ascii")[:length] if text else ""

    def address_of(self, text: str) -> str:
        """An address of the web that leads nowhere (RFC 2606), in the place of one that names a hospital."""
        return f"https://{self.token(text).lower()}.invalid"

    def uuid(self, text: str) -> str:
        """A random-looking UUID (version 4 by its form) for a text."""
        found = self._mac("uuid", text).hex()
        return f"{found[:8]}-{found[8:12]}-4{found[13:16]}-a{found[17:20]}-{found[20:32]}"

    def national_id(self, text: str) -> str:
        """12 digits: another province, the sex, the year of the new birth; 9 digits and passports by their form."""
        text = text.strip().upper()
        if not text.isascii():
            return self.token(text, 12)
        if len(text) == 12 and text.isdigit():
            province = self._provinces.get(text[:3]) or PROVINCES[self.whole("province", text[:3], len(PROVINCES))]
            century, short = int(text[3]), int(text[4:6])
            year = self._year_of(text, 1900 + 100 * (century // 2) + short)
            first = 2 * max(0, min(4, year // 100 - 19)) + century % 2
            return f"{province}{first}{year % 100:02d}{self.digits('national-id', text[6:])}"
        if len(text) == 9 and text.isdigit():
            return self.digits("old-id", text)
        if _PASSPORT.fullmatch(text):
            return text[0] + self.digits("passport", text[1:])
        return self.token(text, 12)

    def social(self, text: str) -> str:
        """A social-insurance number; all zeros say that there is none."""
        if not text.strip("0"):
            return text
        return self.digits("social", text) if text.isascii() and text.isdigit() else self.token(text, 10)

    def card(self, text: str) -> str:
        """A card of 15 characters keeps group, level and province; in it stands the social-insurance number."""
        text = text.strip().upper()
        if _CARD.fullmatch(text):
            return text[:5] + self.social(text[5:])
        if text.isascii() and text.isdigit() and len(text) in (9, 10, 12):
            return self.social(text) if len(text) == 10 else self.national_id(text)
        return self.token(text, 15)

    def phone(self, text: str) -> str:
        """A number of a range that nobody uses."""
        numbers = "".join(letter for letter in text if letter.isdigit())
        if not numbers:
            return ""
        local = "0" + numbers[2:] if numbers.startswith("84") else numbers
        new = f"{_UNUSED_PHONES}{self.whole('phone', local, 10**6):06d}"
        return "+84" + new[1:] if text.strip().startswith("+") else new

    def facility(self, code: str) -> str:
        """A facility keeps its province (two digits)."""
        if self._keep_facility or not code:
            return code
        if _FACILITY.fullmatch(code):
            rest = code[2:]
            return code[:2] + (self.digits(f"facility/{code[:2]}", rest) if rest.isdigit() else self.token(code, 3))
        return self.token(code, 5)

    def licence(self, text: str) -> str:
        """A practice licence, or the social-insurance number that stands for one."""
        text = text.strip()
        if match := _LICENCE.fullmatch(text):
            number = self.social(match[1]) if len(match[1]) == 10 else self.digits("licence", match[1])
            return number + (match[2] or "")
        return self.token(text, 10)

    def address(self, text: str) -> str:
        """An invented street; the people of one home stay together."""
        if not text.strip():
            return ""
        same = fold(text)
        street = STREETS[self.whole("street", same, len(STREETS))]
        return f"Số {1 + self.whole('house', same, 999)}, đường {street} {1 + self.whole('part', same, 99)}"

    def _name(self, text: str, sex: str = "") -> str:
        """Another name, for the same name always the same one, in capitals or without tones as it was.

        The same name means the same folded words, so that a name typed without tones gets the name of the one typed
        with them. Without a sex `Thị` says female.
        """
        text = nfc(text).strip()
        if not text:
            return ""
        same = fold(_TITLES.sub("", _MARKS.sub("", text))) or fold(text)
        if sex not in MALE_OR_FEMALE:
            sex = "female" if " thi " in f" {same} " else "male"
        new = self._invented(same, MALE if sex == "male" else FEMALE)
        if "." in text and all(word.endswith(".") for word in text.split()[:-1]):
            *before, given = new.split()
            new = " ".join([*(f"{word[0]}." for word in before), given])
        if text.isupper():
            new = new.upper()
        return new if any(letter > "\x7f" for letter in text) else _toneless(new)

    def _invented(self, same: str, parts: Sequence[Sequence[str]]) -> str:
        first, second, given = parts
        for turn in range(1000):
            chosen = [
                words[self.whole(f"name/{place}/{turn}", same, len(words))]
                for place, words in enumerate((FAMILIES, first, second, given, given))
            ]
            if chosen[3] == chosen[4] or self._holds_taken(fold(" ".join(chosen)).split(" ")):
                continue
            return " ".join(chosen)
        return f"Người {self.token(same, 8)}"

    def _holds_taken(self, words: list[str]) -> bool:
        """Whether some words of a new name, one after another, are a name of the data."""
        return any(
            " ".join(words[begin : begin + size]) in self._taken
            for size in _SPANS
            for begin in range(len(words) - size + 1)
        )


def _toneless(text: str) -> str:
    """Without tones, capitals as they were."""
    return "".join(fold(letter).upper() if letter.isupper() else fold(letter) or letter for letter in text)
