"""Drafts a mapping from a table's header and values: for each column what it may mean, and how sure that is.

A proposal is for a person: the draft says `draft: true`, which ingest refuses, and each column has its confidence.
Names are compared without tones, whole (edit distance) and by groups of three letters; values must have the shape
that the meaning asks for. The known names are data (`concepts.csv`).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from lienthong.core.text import fold

__all__ = ["Column", "Proposal", "column", "concept", "header_row", "known_header", "propose"]

LEAST = 0.72
"""Below this nothing is proposed: a wrong proposal costs more than a missing one."""

_NAMES = Path(__file__).parent / "concepts.csv"
_DATE = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?"
)
_YEAR = re.compile(r"(19|20)\d\d")
_WHOLE = re.compile(r"[+-]?\d+")
_POINT = re.compile(r"[+-]?\d+(,\d{3})*\.\d+")
_COMMA = re.compile(r"[+-]?\d+(\.\d{3})*,\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is proposed: its form by the values, its meaning ("" for none) and the confidence of 0 to 1."""

    header: str
    type: str
    formats: tuple[str, ...] = ()
    comma: bool = False
    is_unsure: bool = False  # a day that could be a month
    words: tuple[str, ...] = ()
    concept: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a file: how it is written, its columns, and with what confidence each."""

    file: str
    encoding: str
    letters: str
    separator: str
    header: int
    sheet: str
    columns: tuple[Column, ...]

    @property
    def proposed(self) -> int:
        """How many columns have a proposal."""
        return sum(bool(column.concept) for column in self.columns)

    def to_json(self) -> dict[str, Any]:
        columns = [
            {"header": each.header, "type": each.type, "concept": each.concept, "confidence": each.confidence}
            for each in self.columns
        ]
        return {"file": self.file, "encoding": self.encoding, "letters": self.letters, "columns": columns}


@cache
def _known() -> tuple[tuple[str, str, str, str, frozenset[str]], ...]:
    found = []
    with _NAMES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in row["names"].split("|"):
                plain = _plain(name)
                found.append((row["concept"], row["shape"], plain, plain.replace(" ", ""), _grams(plain)))
    return tuple(found)


def known_header(header: str) -> str:
    """The meaning of a header that is written just like a known one; "" for any other."""
    compact = _plain(header).replace(" ", "")
    return next((name for name, _, _, known, _ in _known() if compact and known == compact), "")


def _plain(header: str) -> str:
    return " ".join(_MARKS.sub(" ", fold(_CAMEL.sub(" ", header) if not header.isupper() else header)).split())


def _grams(text: str) -> frozenset[str]:
    padded = f"  {text.replace(' ', '')} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def concept(header: str, values: Sequence[str]) -> tuple[str, float]:
    """What a column may mean and how sure that is, by its name and the shape of its values; "" below `LEAST`."""
    plain = _plain(header)
    compact, grams = plain.replace(" ", ""), _grams(plain)
    best, score = "", 0.0
    if not compact:
        return "", 0.0
    shapes = _shapes([value for value in values if value])
    for name, shape, known, known_compact, known_grams in _known():
        if compact == known_compact:
            likeness = 1.0
        else:
            shared = 2 * len(grams & known_grams) / (len(grams) + len(known_grams))
            ratio = fuzz.ratio(compact, known_compact) / 100
            words = fuzz.token_sort_ratio(plain, known) / 100
            likeness = 0.45 * max(ratio, words) + 0.45 * shared + 0.1 * (plain.split()[0] == known.split()[0])
            if min(len(compact), len(known_compact)) <= 3:
                likeness *= 0.6  # of two or three letters, only the same ones say anything
        if shapes and shape not in shapes:
            likeness *= 0.65
        if likeness > score:
            best, score = name, likeness
    return (best, round(score, 2)) if score >= LEAST else ("", round(score, 2))


def _shapes(values: Sequence[str]) -> frozenset[str]:
    """The shapes that the values may have; empty where there are none."""
    if not values:
        return frozenset()
    most = len(values) * 0.8
    dates = sum(bool(_DATE.fullmatch(value) or _YEAR.fullmatch(value)) for value in values)
    found = {"text", "value", "key", "code"}
    if dates >= most:
        return frozenset({"date", "datetime", "value"} | ({"number"} if _YEAR.fullmatch(values[0]) else set()))
    if sum(bool(_WHOLE.fullmatch(v) or _POINT.fullmatch(v) or _COMMA.fullmatch(v)) for v in values) >= most:
        found.add("number")
        found.discard("text")
    digits = sum(sum(letter.isdigit() for letter in value) for value in values)
    if digits >= sum(map(len, values)) * 0.7:
        found.add("digits")
    if len(set(values)) <= max(6, len(values) * 0.4) and max(map(len, values)) <= 40:
        found.add("few")
    if any(" " in value.strip() for value in values) and sum(len(v) > 20 for v in values) > len(values) / 2:
        found -= {"key", "code"}
    return frozenset(found)


def column(header: str, values: Sequence[str]) -> Column:
    """The form and the meaning of a column, by its header and some of its values."""
    given = [value.strip() for value in values if value.strip()]
    meaning, confidence = concept(header, given)
    counted = Counter(given)
    words = tuple(word for word, _ in counted.most_common(12)) if len(counted) <= 12 else ()
    if given and all(_DATE.fullmatch(value) for value in given):
        formats, unsure, has_time = _formats(given)
        kind = "dateTime" if has_time else "date"
        return Column(header, kind, formats, False, unsure, (), meaning, confidence)
    if given and meaning.endswith("date") and all(_YEAR.fullmatch(value) for value in given):
        return Column(header, "date", ("yyyy",), False, False, (), meaning, confidence)
    if given and all(_COMMA.fullmatch(value) or _WHOLE.fullmatch(value) for value in given):
        if any(_COMMA.fullmatch(value) for value in given):
            return Column(header, "decimal", (), True, False, (), meaning, confidence)
        is_number = meaning in ("observation.value", "medication.quantity", "row.cost")
        return Column(header, "decimal" if is_number else "text", (), False, False, words, meaning, confidence)
    if given and all(_POINT.fullmatch(value) or _WHOLE.fullmatch(value) for value in given):
        return Column(header, "decimal", (), False, False, (), meaning, confidence)
    if meaning == "observation.value" and given:
        comma = sum(bool(_COMMA.fullmatch(v)) for v in given) > sum(bool(_POINT.fullmatch(v)) for v in given)
        return Column(header, "decimal-or-text", (), comma, False, (), meaning, confidence)
    return Column(header, "text", (), False, False, words, meaning, confidence)


def _formats(values: Sequence[str]) -> tuple[tuple[str, ...], bool, bool]:
    """The format of dates, whether day and month could be the other way round, and whether there are times."""
    matches = [match for value in values if (match := _DATE.fullmatch(value))]
    first = matches[0]
    has_time = any(match[5] for match in matches)
    if len(first[1]) == 4:
        if first[2] == "-" and all(len(match[3]) == 2 and len(match[4]) == 2 for match in matches):
            return ("iso",), False, has_time
        day, unsure = f"yyyy{first[2]}mm{first[2]}dd", False
    else:
        is_american = any(int(match[3]) > 12 for match in matches)
        unsure = not is_american and not any(int(match[1]) > 12 for match in matches)
        parts = ("mm", "dd") if is_american else ("dd", "mm")
        day = f"{parts[0]}{first[2]}{parts[1]}{first[2]}yyyy"
    if not has_time:
        return (day,), unsure, False
    seconds = any(match[7] for match in matches)
    timed = f"{day} HH:MM" + (":SS" if seconds else "")
    return (timed, *((day,) if not all(match[5] for match in matches) else ())), unsure, True


def propose(
    file: str, rows: Sequence[Sequence[str]], *, encoding: str, letters: str, separator: str, sheet: str
) -> Proposal:
    """The proposal for the first rows of a file."""
    header = header_row(rows)
    names = rows[header - 1]
    body = rows[header : header + 500]
    columns = tuple(
        column(name.strip(), [row[at] if at < len(row) else "" for row in body])
        for at, name in enumerate(names)
        if name.strip()
    )
    return Proposal(file, encoding, letters, separator, header, sheet, _once(columns))


def header_row(rows: Sequence[Sequence[str]]) -> int:
    """The number of the header row: the first of the widest rows whose cells are all names."""
    width = max((len([cell for cell in row if cell.strip()]) for row in rows[:30]), default=0)
    for number, row in enumerate(rows[:30], 1):
        names = [cell.strip() for cell in row if cell.strip()]
        is_name = all(not _WHOLE.fullmatch(name) and not _DATE.fullmatch(name) for name in names)
        if len(names) >= max(1, width * 0.8) and len(set(names)) == len(names) and is_name:
            return number
    return 1


def _once(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Each meaning for one column only, the surest: a second one would be a guess."""
    best: dict[str, float] = {}
    for each in columns:
        best[each.concept] = max(best.get(each.concept, 0.0), each.confidence)
    seen: set[str] = set()
    found = []
    for each in columns:
        if each.concept and (each.confidence < best[each.concept] or each.concept in seen):
            each = Column(each.header, each.type, each.formats, each.comma, each.is_unsure, each.words)
        seen.add(each.concept)
        found.append(each)
    return tuple(found)
