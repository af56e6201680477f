"""What of a row has no element of its own, or not with all its digits: it stays under its field's name.

One extension a row holds it, with one part for each field: `…:bhyt:XML2` with parts `T_BNTT`, `MA_PTTT` and so on. A
field that has an element is in it only where the element can't give back the very text that the file had. So the way
back (`write`) reads the elements and then the extension, and every value is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.layout import Field, versions
from lienthong.sources.bhyt.rows import Row
from lienthong.terminology import systems

__all__ = [
    "COPIES",
    "DECISION",
    "ROW",
    "STAND",
    "Exact",
    "is_code",
    "is_codes",
    "is_days",
    "is_moment",
    "is_number",
    "is_one",
    "is_text",
    "is_words",
    "rest",
]

ROW = "row"
"""The part that says where in its table a row stood, where its key does not say it."""

COPIES = "copies"
"""The part that names the fields which only repeat XML1."""

DECISION = "decision"
"""The part that names the decision whose tables the row is in, where it is the older one."""

Exact = Callable[[str], bool]
"""Whether an element of its kind gives back the very text."""

STAND = frozenset({"MA_LK", "STT"})
"""Fields that every row's key holds; `Visit.rest` keeps what of them the key does not."""


def is_text(_text: str) -> bool:
    return True


@lru_cache(1 << 12)
def is_code(text: str) -> bool:
    return text == values.code(text)


@lru_cache(1 << 12)
def is_codes(text: str) -> bool:
    """A list with nothing between its parts but semicolons."""
    return ";".join(values.split(text)) == text


@lru_cache(1 << 12)
def is_number(text: str) -> bool:
    found = values.number(text)
    return found is not None and str(found) == text


def is_moment(text: str) -> bool:
    return values.moment(text, "") is not None


def is_one(text: str) -> bool:
    """One code, where an element holds no more."""
    return ";" not in text and is_code(text)


def is_days(text: str) -> bool:
    """Dates of a list, each with eight digits."""
    return is_codes(text) and all(len(part) == 8 and is_moment(part) for part in values.split(text))


def is_words(text: str) -> bool:
    return " ".join(text.split()) == text


def rest(
    row: Row,
    mapped: Mapping[str, Exact],
    offset: str,
    *,
    only: Collection[str] | None = None,
    lost: Collection[str] = (),
) -> dict[str, Any] | None:
    """The extension of a row, or None where its elements say all.

    `mapped`: the fields that have an element; `lost`: those of them that this row's elements do not hold after all.
    `only`: of these fields alone, where a row is told by several resources.
    """
    parts: list[dict[str, Any]] = []
    for name, text in row.texts.items():
        if not text or name in STAND or (only is not None and name not in only):
            continue
        exact = mapped.get(name)
        if exact is None or name in lost or not exact(text):
            parts.append(_part(row.table, name, text, offset))
    return {"url": systems.EXTENSION + row.table, "extension": parts} if parts else None


@lru_cache(1 << 14)  # most amounts and codes are said again and again; parts are never changed in place
def _part(table: str, name: str, text: str, offset: str) -> dict[str, Any]:
    known = versions(table, name)
    return {"url": name, **_value(known[-1] if known else None, text, offset)}


def _value(field: Field | None, text: str, offset: str) -> dict[str, Any]:
    """The text as the type of its field where that gives it back, else as a string."""
    kind = "text" if field is None or field.separator else field.type
    if kind in ("number", "money") and is_number(text):
        return {"valueDecimal": values.number(text)}
    if kind == "code" and is_code(text):
        return {"valueCode": text}
    if kind == "moment" and len(text) == 12 and is_moment(text):
        return {"valueDateTime": values.moment(text, offset)}
    if kind == "date" and len(text) == 8 and is_moment(text):
        return {"valueDate": values.moment(text, offset)}
    return {"valueString": text}
