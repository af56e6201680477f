"""The words of the reports in each language, and numbers, shares and days as its readers write them.

The sentences are data, in `texts/*.toml`: each has a key, and `vi` and `en` below it. `{name}` in it is filled in.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from importlib import resources

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from lienthong.products.card import CARD_LANGUAGES, Text

__all__ = ["Number", "Words", "places_of", "sentences", "words"]

Number = Decimal | float | int
"""A number of a run: `canonical.parse` gives decimals, a plot's own arithmetic gives doubles."""

_FILES = ("page", "plots", "measures")
_SIGNIFICANT = 3
_MOST_PLACES = 4


@dataclass(frozen=True, slots=True)
class Words:
    """One language of the reports: `words("key", name=value)` is a sentence, `words.number(...)` a number in it."""

    code: str
    locale: Locale
    sentences: Mapping[str, Text]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of this key; a key that is not there is a fault of ours (KeyError)."""
        sentence = self.say(self.sentences[key])
        return sentence.format(**values) if values else sentence

    def say(self, text: Text) -> str:
        """A product's own sentence in this language."""
        return text.vi if self.code == "vi" else text.en

    def has(self, key: str) -> bool:
        return key in self.sentences

    def number(self, value: Number, places: int | None = None) -> str:
        """The number with this language's signs: to `places`, or to three significant digits (at most four places).

        >>> words("vi").number(Decimal("0.98123"))
        '0,981'
        """
        exact = Decimal(str(value))
        if places is None:
            places = places_of(value)
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        pattern = "#,##0." + "0" * places if places else "#,##0"
        return str(format_decimal(rounded + 0, format=pattern, locale=self.locale)).replace("-", "−")

    def exact(self, value: Decimal) -> str:
        """A number that a person fixed, with the digits that it was given."""
        exponent = value.as_tuple().exponent
        return self.number(value, max(-exponent, 0) if isinstance(exponent, int) else None)

    def percent(self, share: Number, places: int = 1) -> str:
        """A share (0 to 1) as a percentage."""
        return f"{self.number(Decimal(str(share)) * 100, places)}%"

    def month(self, month: str) -> str:
        """A month (YYYY-MM) as people write it."""
        year, _, number = month.partition("-")
        return f"{number}/{year}" if number else year

    def day(self, time: str) -> str:
        """The day of an ISO time; text that is no time stays as it is."""
        try:
            when = datetime.fromisoformat(time)
        except ValueError:
            return time
        if self.code == "vi":
            return when.strftime("%d/%m/%Y")
        return str(format_date(when.date(), "d MMM y", locale=self.locale))


def places_of(value: Number) -> int:
    """The decimals with which a number has three significant digits; none for a count."""
    if isinstance(value, int):
        return 0
    if value == 0:
        return _SIGNIFICANT - 1
    return min(max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(float(value)))), 0), _MOST_PLACES)


@cache
def sentences() -> Mapping[str, Text]:
    """All sentences by key, each with every language."""
    folder = resources.files("lienthong.reports") / "texts"
    found: dict[str, Text] = {}
    for name in _FILES:
        data = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        found |= {key: Text.read(value, f"texts/{name}.toml: {key}") for key, value in data.items()}
    return found


@cache
def words(code: str) -> Words:
    """The words of a language (`vi` or `en`); any other is Vietnamese."""
    known = code if code in CARD_LANGUAGES else "vi"
    return Words(known, Locale("vi") if known == "vi" else Locale("en", "GB"), sentences())
