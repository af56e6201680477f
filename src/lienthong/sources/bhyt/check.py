"""Checks the rows of a visit against the layout and the value sets of its date: what is missing, too long or wrong.

Only what a reader can know of one row; the rules of a claim as a whole (sums, order of times) are checked elsewhere.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.layout import TABLES, Field, allowed, fields, is_known, is_older
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import valuesets

__all__ = ["check_row"]


@cache
def _rule(field: Field) -> Rule:
    return Rule(
        "bhyt-layout",
        "The layout of the tables",
        field.decision,
        field.valid_from.isoformat() if field.valid_from else None,
        field.valid_to.isoformat() if field.valid_to else None,
    )


def check_row(visit: Visit, row: Row) -> None:
    """Adds to the visit's findings those of one row."""
    on = visit.on
    texts = row.texts
    layout = fields(row.table, on, older=is_older(row.table, texts))
    for name, field in layout.items():
        text = texts.get(name)
        if text:
            # Only a list of codes asks for the day.
            if len(text) > _SHORT or not _is_fine(field, text, on if field.value_set else None):
                _check_value(visit, row, name, text, field, on)
        elif field.required:
            visit.note(
                Severity.WARNING,
                "bhyt-field-missing",
                "A field that the layout requires is empty.",
                row,
                name,
                _rule(field),
                "Fill it in the hospital's system.",
            )
    if not texts.keys() <= layout.keys():
        _check_unknown(visit, row, set(texts) - set(layout))


_SHORT = 24
"""How long a value may be to be remembered: amounts, codes and times come again, sentences do not."""


@lru_cache(1 << 14)
def _is_fine(field: Field, text: str, on: date | None) -> bool:
    """Whether `_check_value` has nothing to say, so that what comes again is not looked at again."""
    kind = field.type
    if field.accepted_length and len(text) > field.accepted_length:
        return False
    if kind == "text":
        return True
    if kind == "code":
        codes = _allowed(field, on)
        return codes is None or text in codes
    if kind in _NUMBERS:
        return values.number(text) is not None
    return _is_date(field, text)


def _check_value(visit: Visit, row: Row, name: str, text: str, field: Field, on: date | None) -> None:
    kind = field.type
    length = len(text)
    if field.accepted_length and length > field.accepted_length:
        if kind in _NUMBERS:
            length = sum(letter.isdigit() for letter in text)
        if length > field.accepted_length:
            message = f"The value has {length} characters; the layout allows {field.accepted_length}."
            visit.note(Severity.WARNING, "bhyt-value-long", message, row, name, _rule(field), "Shorten it.")
    if kind == "text":
        return
    if kind == "code":
        codes = _allowed(field, on)
        if codes is not None and text not in codes:
            rule = Rule("bhyt-value-set", f"The codes of {name}", _source(field))
            visit.note(
                Severity.WARNING,
                "bhyt-code-unknown",
                f"The code is not among those of {name} on the day of the visit.",
                row,
                name,
                rule,
                "Use a code of the list; keep leading zeros.",
            )
    elif kind in _NUMBERS:
        if values.number(text) is None:
            _check_number(visit, row, name, text, field)
    elif not _is_date(field, text):
        _note_date(visit, row, name, field)


_NUMBERS = ("number", "money")
_allowed = cache(allowed)


def _check_number(visit: Visit, row: Row, name: str, text: str, field: Field) -> None:
    """A list of numbers (weights of twins) is looked at part by part."""
    parts = values.split(text) if field.separator else [text]
    for part in parts:
        if values.number(part) is None:
            _check_comma(visit, row, name, part, field)
            return


def _check_comma(visit: Visit, row: Row, name: str, text: str, field: Field) -> None:
    if values.comma_number(text) is None:
        visit.note(
            Severity.ERROR,
            "bhyt-number-wrong",
            "The value is no number; it is kept as text.",
            row,
            name,
            _rule(field),
            "Write digits, with a point before the decimals and nothing between thousands.",
        )
    else:
        visit.note(
            Severity.WARNING,
            "bhyt-number-comma",
            "The decimals stand after a comma; it is read as a point.",
            row,
            name,
            _rule(field),
            "Write a point before the decimals.",
        )


def _is_date(field: Field, text: str) -> bool:
    if field.type == "birth":
        return values.birth(text, "") is not None
    parts = values.split(text) if field.separator else [text]
    return all(values.moment(part, "") is not None for part in parts)


def _note_date(visit: Visit, row: Row, name: str, field: Field) -> None:
    visit.note(
        Severity.ERROR,
        "bhyt-date-wrong",
        "The value is no date or time of the calendar; it is kept as text.",
        row,
        name,
        _rule(field),
        "Write yyyymmddHHMM, or yyyymmdd for a date.",
    )


def _check_unknown(visit: Visit, row: Row, names: set[str]) -> None:
    """Names of other layouts may be told; a name that nobody knows could be anything, also a patient's."""
    for name in sorted(names):
        told = name if any(is_known(table, name) for table in TABLES) else ""
        visit.note(
            Severity.INFORMATION,
            "bhyt-field-unknown",
            "The row has a field that its layout does not have; it is kept under its name.",
            row,
            told,
            Rule("bhyt-layout", "The layout of the tables"),
        )


@cache
def _source(field: Field) -> str:
    listed = {concept.source for concept in valuesets.concepts(field.value_set)}
    return "; ".join(sorted(listed)) or field.decision
