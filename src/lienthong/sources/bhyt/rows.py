"""One row of a claim's table: its values by field, and the place that findings and origins name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lienthong.sources.bhyt import values

__all__ = ["Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `number` counts from 1 within its table, as people count.

    Values are clean (`values.clean`); a field that is empty or missing has the text "". `older` holds the names that
    the fields have in the file, where it is in the tables of 4210/2017 (`older.modern`).
    """

    table: str
    number: int
    texts: Mapping[str, str]
    older: Mapping[str, str] | None = None

    def text(self, field: str) -> str:
        return self.texts.get(field, "")

    def code(self, field: str) -> str:
        return values.code(self.texts.get(field, ""))

    def codes(self, field: str) -> list[str]:
        """The codes of a list that stands in one field."""
        return values.split(self.texts.get(field, ""))

    def amount(self, field: str) -> Decimal | None:
        """A number with its digits; a comma for the point is taken, where it is sure (and has its finding)."""
        text = self.texts.get(field, "")
        found = values.number(text)
        return values.comma_number(text) if found is None else found

    def moment(self, field: str, offset: str) -> str | None:
        return values.moment(self.texts.get(field, ""), offset)

    def named(self, field: str) -> str:
        """The name that a field has in the file."""
        return field if self.older is None else self.older.get(field, field)

    @property
    def place(self) -> str:
        """`XML2[3]`; XML1 has one row and no number."""
        return self.table if self.table == "XML1" else f"{self.table}[{self.number}]"
