"""Tables and facts of a report as they are shown: every cell told in the report's language."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fact", "Sheet"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: caption, columns, rows of told cells, which columns hold numbers or must not break, a note."""

    caption: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value; `code` for what machines compare, letter by letter."""

    name: str
    value: str
    code: bool = False
