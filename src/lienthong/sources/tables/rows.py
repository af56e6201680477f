"""The rows of a table as they are read, whatever file they come from."""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.core.errors import LienthongError

__all__ = ["Plain", "RawRow"]


class Plain(str):
    """A cell that its file holds as a number, a date or a truth value, in the form that FHIR writes it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: its number as a spreadsheet counts (the first row of the file is 1), its cells, or why it has none."""

    number: int
    cells: tuple[str, ...] = ()
    fault: LienthongError | None = None
