"""The languages of the pages: messages, dates and numbers as people write them.

Message ids are plain English; `texts/vi.po` holds their Vietnamese. A date keeps its precision (`2016-02` is
`02/2016`), a time is told in the facility's zone, a number keeps its digits and takes the language's signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from importlib import resources
from types import MappingProxyType

from babel.core import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from lienthong.products.card import Text

__all__ = ["LANGUAGES", "Language", "Words", "catalog", "language", "mark", "parse_when"]

Words = str | Text
"""Words for people: a message id (or data's own words), or a product's sentence in each language."""


def mark(message: str) -> str:
    """The message itself, marked so that it is extracted for translation and translated where it is shown."""
    return message


def parse_when(text: str, zone: tzinfo) -> datetime | date | None:
    """A FHIR date, dateTime or instant as a value: a dateTime in `zone`, a whole or partial date as its first day.

    Text that is no FHIR date gives None: a page leaves such a time out, the validation has already named it.
    """
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)
        year, month, day = [*text.split("-"), "1", "1"][:3]
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the pages, with its messages by English id."""

    code: str
    name: str
    locale: Locale
    messages: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def gettext(self, message: str) -> str:
        found = self.messages.get(message)
        return found if isinstance(found, str) and found else message

    def say(self, words: Words) -> str:
        """The words in this language."""
        if isinstance(words, Text):
            return words.vi if self.code == "vi" else words.en
        return self.gettext(words) if words else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        found = self.messages.get(one)
        if isinstance(found, tuple):
            # Vietnamese has one form; a catalogue with more would index them by the plural rule
            return found[0]
        return one if count == 1 else many

    def number(self, value: Decimal | int, places: int | None = None) -> str:
        """The number with this language's signs: its own digits, or rounded half-even to `places`.

        >>> language("vi").number(Decimal("142.50"))
        '142,50'
        """
        if isinstance(value, int):
            return str(format_decimal(value, locale=self.locale))
        if places is not None:
            value = round(value, places)
        exponent = value.as_tuple().exponent
        digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(value, format=pattern, locale=self.locale, decimal_quantization=False))

    def size(self, count: int) -> str:
        """A number of bytes in the unit that a reader grasps (decimal units, as disks are sold)."""
        for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if count >= size:
                return f"{self.number(Decimal(count) / size, 1)} {unit}"
        return f"{count} B"

    def day(self, value: date | datetime) -> str:
        if isinstance(value, datetime):
            value = value.date()
        if self.code == "vi":
            return value.strftime("%d/%m/%Y")
        return str(format_date(value, "d MMM y", locale=self.locale))

    def when(self, text: str, zone: tzinfo) -> str:
        """A FHIR date or time as people write it, no more precise than it came; a midnight without more is a day."""
        value = parse_when(text, zone)
        if value is None:
            return text
        if isinstance(value, datetime):
            return f"{self.day(value)} {value:%H:%M}"
        if len(text) == 4:
            return text
        if len(text) == 7:
            return f"{value:%m/%Y}" if self.code == "vi" else str(format_date(value, "MMM y", locale=self.locale))
        return self.day(value)

    def ago(self, since: datetime, now: datetime) -> str:
        """How long ago, in the one unit that a reader needs."""
        passed = max(now - since, timedelta())
        minutes = int(passed.total_seconds() // 60)
        if minutes < 1:
            return self.gettext(mark("just now"))
        if minutes < 60:
            return self.ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes) % {"num": minutes}
        if minutes < 48 * 60:
            hours = minutes // 60
            return self.ngettext("%(num)d hour ago", "%(num)d hours ago", hours) % {"num": hours}
        days = passed.days
        return self.ngettext("%(num)d day ago", "%(num)d days ago", days) % {"num": days}


def catalog(code: str) -> Catalog:
    """The message catalogue of a language, as it is packaged."""
    with resources.files("lienthong.web").joinpath("texts", f"{code}.po").open("rb") as stream:
        return read_po(stream, locale=code)


def _messages(code: str) -> Mapping[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for message in catalog(code):
        if message.id and not message.fuzzy:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = message.string if isinstance(message.string, str) else tuple(message.string or ())
    return MappingProxyType(found)


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "vi": Language("vi", "Tiếng Việt", Locale("vi"), _messages("vi")),
        "en": Language("en", "English", Locale("en", "GB")),
    }
)


def language(code: str) -> Language:
    """The language with this code, or Vietnamese."""
    return LANGUAGES.get(code, LANGUAGES["vi"])
