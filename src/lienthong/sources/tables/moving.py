"""Moves the date in a cell and leaves its form, its precision and its time as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from lienthong.sources.tables.cells import FORMAT, date_pattern
from lienthong.sources.tables.rows import Plain

__all__ = ["COMMON", "iso_of", "moved"]

COMMON = (
    "iso", "dd/mm/yyyy", "dd/mm/yyyy HH:MM", "dd/mm/yyyy HH:MM:SS", "HH:MM dd/mm/yyyy", "dd-mm-yyyy",
    "dd-mm-yyyy HH:MM", "yyyy/mm/dd", "yyyy/mm/dd HH:MM", "yyyymmdd", "yyyymmddHHMM", "yyyymmddHHMMSS", "mm/yyyy",
)  # fmt: skip
"""The formats that are tried where no mapping names one."""


def iso_of(cell: str, formats: Sequence[str]) -> str:
    """The date of a cell as ISO text of its precision, without a time; empty where it is none."""
    found = _found(cell, formats)
    return found[1] if found else ""


def moved(cell: str, formats: Sequence[str], move: Callable[[str], str]) -> str:
    """The cell with the date that `move` gives for its ISO text; empty where it is no date or `move` gives none."""
    found = _found(cell, formats)
    new = move(found[1]) if found else ""
    if found is None or not new:
        return ""
    text, old, parts = found
    if text == "iso":
        made = new + cell[len(old) :]
        return Plain(made) if isinstance(cell, Plain) else made
    year, month, day = (*new.split("-"), "01", "01")[:3]
    given = {"yyyy": year, "mm": month, "dd": day, "HH": parts["hour"], "MM": parts["minute"], "SS": parts["second"]}
    widths = {"mm": len(parts["month"]), "dd": len(parts["day"])}
    pieces = [
        str(int(given[piece])).zfill(widths[piece]) if piece in widths else given.get(piece, piece)
        for piece in FORMAT.findall(text)
    ]
    return "".join(pieces)


def _found(cell: str, formats: Sequence[str]) -> tuple[str, str, dict[str, str]] | None:
    """The format that fits a cell, its date as ISO text, and the parts as they were written."""
    for text in ("iso",) if isinstance(cell, Plain) else formats:
        match = date_pattern(text).fullmatch(cell)
        if match is None:
            continue
        parts = {name: value or "" for name, value in match.groupdict().items()}
        parts = {"month": "", "day": "", "hour": "", "minute": "", "second": "", **parts}
        year, month, day = parts["year"], parts["month"], parts["day"]
        try:
            on = date(int(year), int(month or 1), int(day or 1)).isoformat()
        except ValueError:
            continue
        return text, on if day else on[:7] if month else on[:4], parts
    return None
