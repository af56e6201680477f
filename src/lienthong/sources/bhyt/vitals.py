"""Reads vital signs out of a clinical note's text: only what is said once, exactly, and as a living person has it.

The notes of XML5 have them in a shorthand, "M: 96; NĐ: 38.5; HA: 130/80", and in as many variants as there are
hospitals. What is said but can't be read for sure (twice, a range, another unit, beyond any living person) is told as
unclear and gives no value. Each sign says where in the text it stood. Pure; codes are LOINC's and UCUM's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

__all__ = ["Unclear", "VitalSign", "vital_signs"]


class VitalSign(NamedTuple):
    """One vital sign of a note, and the characters of the text that say it (`start` to before `end`)."""

    name: str
    code: str
    display: str
    values: tuple[tuple[str, str, Decimal], ...]  # code, display, value; the code of the sign itself for one value
    unit: str  # UCUM
    written: str
    start: int
    end: int


class Unclear(NamedTuple):
    """A vital sign that the text names and that can't be read for sure."""

    name: str
    start: int
    end: int


class _Kind(NamedTuple):
    """A vital sign: its codes, its value as a pattern of numbers, and what a living person can have."""

    code: str
    display: str
    unit: str
    written: str
    value: re.Pattern[str]
    low: Decimal
    high: Decimal


# Neither a longer number, nor a part of a date, a range or another pressure follows.
_ENDS = r"(?![\d/]|[.,]\d|\s*[-–÷~]\s*\d)"
_A_MINUTE = r"(?:l|lần|lan|ck|chu kỳ|nhịp)\s*/\s*(?:p|ph|phút|phut|min)\b"


def _kind(code: str, display: str, unit: str, written: str, value: str, low: str, high: str) -> _Kind:
    return _Kind(code, display, unit, written, re.compile(value, re.IGNORECASE), Decimal(low), Decimal(high))


_KINDS: Mapping[str, _Kind] = {
    "M": _kind("8867-4", "Heart rate", "/min", "lần/phút", rf"(\d{{2,3}}){_ENDS}", "20", "300"),
    "NĐ": _kind(
        *("8310-5", "Body temperature", "Cel", "°C"),
        rf"(\d{{2}}(?:[.,]\d{{1,2}})?){_ENDS}(?!\s*°?\s*F\b)",
        "25",
        "45",
    ),
    "HA": _kind(
        *("85354-9", "Blood pressure panel", "mm[Hg]", "mmHg"),
        rf"(\d{{2,3}})\s*/\s*(\d{{2,3}}){_ENDS}(?!\s*cm)",
        *("20", "300"),
    ),
    "SpO2": _kind(
        *("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%", "%"),
        rf"(\d{{2,3}}){_ENDS}",
        *("30", "100"),
    ),
    "NT": _kind("9279-1", "Respiratory rate", "/min", "lần/phút", rf"(\d{{1,3}}){_ENDS}", "3", "100"),
    "CN": _kind(
        *("29463-7", "Body weight", "kg", "kg"),
        rf"(\d{{1,3}}(?:[.,]\d{{1,2}})?){_ENDS}(?:\s*kg\b|(?!\s*[a-z]))",
        *("0.3", "400"),
    ),
    "CC": _kind(
        *("8302-2", "Body height", "cm", "cm"),
        rf"(?:(?P<m>[12])\s*m\s*(?P<cm>\d{{2}})|(?P<metres>[012][.,]\d{{1,2}})\s*m\b"
        rf"|(?P<whole>\d{{2,3}}(?:[.,]\d)?){_ENDS}(?:\s*cm\b|(?!\s*[a-z])))",
        *("20", "260"),
    ),
}
# The names hospitals write. Of the short ones M and NĐ need a colon, and what else they could mean must be ruled out:
# NT is also a name, CN a Sunday, CC an emergency, so each needs its unit.
_COLON = r"(?=\s*[:=])"
_LABEL = re.compile(
    r"(?<![^\W\d_])(?:"
    rf"(?P<M>m[ạa]ch|nh[ịi]p\s+tim|m{_COLON})"
    rf"|(?P<ND>nhi[ệe]t\s+[đd][ộo]|th[âa]n\s+nhi[ệe]t|n[đd]{_COLON}|t°{_COLON})"
    r"|(?P<HA>huy[ếe]t\s+[áa]p|ha)(?![^\W\d_])"
    r"|(?P<SpO2>sp[o0]2)"
    rf"|(?P<NT>nh[ịi]p\s+th[ởo]|t[ầa]n\s+s[ốo]\s+th[ởo]|nt(?=\s*+[:=]?+\s*+\d{{1,3}}\s*{_A_MINUTE}))"
    r"|(?P<CN>c[âa]n\s+n[ặa]ng|cn(?=\s*+[:=]?+\s*+\d{1,3}(?:[.,]\d{1,2})?\s*kg\b))"
    r"|(?P<CC>chi[ềe]u\s+cao|cc(?=\s*+[:=]?+\s*+\d{2,3}(?:[.,]\d)?\s*cm\b))"
    r")\s*+[:=]?+\s*+(?=\d)",
    re.IGNORECASE,
)
# Possessive (*+), so that a text of many blanks takes no more than its length.
_NAMES = {"ND": "NĐ"}  # a group's name is ASCII here


def vital_signs(text: str) -> Iterator[VitalSign | Unclear]:
    """The vital signs of a note, each once, in the order in which the text names them first."""
    found: dict[str, list[VitalSign | Unclear]] = {}
    for label in _LABEL.finditer(text):
        group = str(label.lastgroup)
        name = _NAMES.get(group, group)
        found.setdefault(name, []).append(_read(name, text, label))
    for name, said in found.items():
        first = said[0]
        same = all(isinstance(sign, VitalSign) and sign[:6] == first[:6] for sign in said)
        yield first if same else Unclear(name, first.start, first.end)


def _read(name: str, text: str, label: re.Match[str]) -> VitalSign | Unclear:
    kind = _KINDS[name]
    match = kind.value.match(text, label.end())
    if match is None:
        return Unclear(name, label.start(), label.end())
    span = (label.start(), match.end())
    numbers = [_height(match)] if name == "CC" else [_decimal(part) for part in match.groups()]
    if not all(kind.low <= number <= kind.high for number in numbers):
        return Unclear(name, *span)
    values: tuple[tuple[str, str, Decimal], ...] = ((kind.code, "", numbers[0]),)
    if name == "HA":
        high, low = numbers
        if low >= high or high < 40:
            return Unclear(name, *span)
        values = (("8480-6", "Systolic blood pressure", high), ("8462-4", "Diastolic blood pressure", low))
    return VitalSign(name, kind.code, kind.display, values, kind.unit, kind.written, *span)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _height(match: re.Match[str]) -> Decimal:
    """Centimetres of `160`, `1.6 m` or `1m60`."""
    if match["m"]:
        return Decimal(match["m"]) * 100 + Decimal(match["cm"])
    return _decimal(match["metres"]) * 100 if match["metres"] else _decimal(match["whole"])
