"""The values of FHIR's primitive types: which JSON kind each has, and whether a value has the type's form.

The forms are those of FHIR R4 4.0.1, 2.24.0.1 (datatypes.html#primitive). A date must also stand in the calendar.
Where a form allows what HL7's regular expression does not say clearly, the text of the page decides; see each type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "INTEGER_MAX",
    "INTEGER_MIN",
    "INTEGER_RANGES",
    "TEXT_FORMS",
    "JsonKind",
    "is_decimal",
    "is_text",
    "json_kind",
    "remember",
]

INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1
_STRING_MAX = 1024 * 1024
_MEMORY = 50_000


class JsonKind(StrEnum):
    """How a primitive type stands in JSON (FHIR R4 2.6.2, json.html#primitive)."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"


_KINDS = {
    "boolean": JsonKind.BOOLEAN,
    "decimal": JsonKind.DECIMAL,
    "integer": JsonKind.INTEGER,
    "positiveInt": JsonKind.INTEGER,
    "unsignedInt": JsonKind.INTEGER,
}

INTEGER_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "integer": (INTEGER_MIN, INTEGER_MAX),
        "unsignedInt": (0, INTEGER_MAX),
        "positiveInt": (1, INTEGER_MAX),
    }
)


def json_kind(type_name: str) -> JsonKind:
    """The JSON kind of a primitive type."""
    return _KINDS.get(type_name, JsonKind.STRING)


def is_decimal(value: object) -> bool:
    """Whether it is a JSON number with a finite value; what a JSON reader gives is int, float or Decimal."""
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, float):
        return value - value == 0.0  # infinity and NaN are no JSON
    return isinstance(value, int) and not isinstance(value, bool)


# A string holds letters, tab, line feed and carriage return; half a surrogate pair is no letter.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def is_text(value: str) -> bool:
    """Whether a string or markdown has FHIR's form: not empty, at most 1 MB, no control characters."""
    if value.isprintable():  # the quick answer for nearly every string; it is False for any line feed
        return 0 < len(value) <= _STRING_MAX
    return 0 < len(value) <= _STRING_MAX and _NO_TEXT.search(value) is None


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A check that remembers the values that passed, up to a number of them."""

    check: Callable[[str], bool]
    passed: set[str]

    def __call__(self, value: str) -> bool:
        if value in self.passed:
            return True
        if not self.check(value):
            return False
        if len(self.passed) >= _MEMORY:
            self.passed.clear()
        if len(value) <= 200:
            self.passed.add(value)
        return True


# Only forms whose values are many times the same are remembered, and never free text.
_REMEMBERED: dict[str, _Remembered] = {}


def _remembered(type_name: str, check: Callable[[str], bool]) -> Callable[[str], bool]:
    made = _Remembered(check, set())
    _REMEMBERED[type_name] = made
    return made


def remember(type_name: str) -> set[str] | frozenset[str]:
    """The values of a type that have passed, so that a caller can skip the call; it changes as values pass."""
    found = _REMEMBERED.get(type_name)
    return frozenset() if found is None else found.passed


def _matches(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: match(value) is not None


_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
# The second 60 is a leap second.
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"


def _in_calendar(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern).fullmatch

    def check(value: str) -> bool:
        if match(value) is None:
            return False
        if len(value) < 10 or value[8:10] <= "28":
            return True
        try:
            date(int(value[:4]), int(value[5:7]), int(value[8:10]))
        except ValueError:
            return False
        return True

    return check


# Four characters of base64 at a time, "=" only at the end, white space between (datatypes.html#base64Binary).
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SPACE = re.compile(r"\s+")


def _is_base64(value: str) -> bool:
    bare = _SPACE.sub("", value)
    return bare != "" and _BASE64.fullmatch(bare) is not None


_UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OID = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"

# The content must be one div element (narrative.html); which elements it may hold is the invariant txt-1.
_DIV = re.compile(r"\s*<div[\s>/].*>\s*", re.DOTALL)

TEXT_FORMS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "base64Binary": _is_base64,
        "canonical": _remembered("canonical", _matches(r"\S+")),
        "code": _remembered("code", _matches(r"[^\s]+(?:\s[^\s]+)*")),
        "date": _remembered("date", _in_calendar(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?")),
        "dateTime": _remembered("dateTime", _in_calendar(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?")),
        "id": _matches(r"[A-Za-z0-9\-.]{1,64}"),
        "instant": _remembered("instant", _in_calendar(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}")),
        "markdown": is_text,
        "oid": _remembered("oid", _matches(_OID)),
        "string": is_text,
        "time": _remembered("time", _matches(_CLOCK)),
        "uri": _remembered("uri", _matches(rf"(?!urn:uuid:|urn:oid:)\S+|{_UUID}|{_OID}")),
        "url": _remembered("url", _matches(r"\S+")),
        "uuid": _matches(_UUID),
        "xhtml": lambda value: _DIV.fullmatch(value) is not None,
    }
)
