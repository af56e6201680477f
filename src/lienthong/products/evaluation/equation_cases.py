"""A published equation as something that can be evaluated: people of a CSV, each assessed as the warehouse's are."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lienthong.products.assessment import Assessment, Row
from lienthong.products.evaluation.evaluable import Opened
from lienthong.products.evaluation.folder import EvaluableFolder
from lienthong.products.evaluation.people_table import AS_OF, Line, PeopleTable, only, rows_of
from lienthong.products.published import Published

__all__ = ["EvaluableEquation", "evaluable"]


def evaluable(folder: Traversable) -> EvaluableEquation:
    """The product of a folder of the kind published-equation."""
    return EvaluableEquation(folder)


class EvaluableEquation(EvaluableFolder):
    """Meets the Protocol `Evaluable`. Columns: sex, age, event, and each measured and recorded input by its name."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self._product = Published(folder)
        equation = self._product.equation
        self._units = {item.name: next(iter(item.units), "") for item in equation.measured}
        self._recorded = tuple(item.name for item in equation.recorded)

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The people of one file. `settings` may hold `disturb`: factors by input."""
        table = PeopleTable(self._product, ("sex", *self._units), self._recorded, (), self._rows, _risk)
        return table.open(only(files, part), settings.get("disturb", {}))

    def _rows(self, line: Line) -> list[Row]:
        cells = line.cells
        found = [rows_of("birth", f"{AS_OF.year - line.age}-01-01"), rows_of("sex", cells["sex"])]
        found += [rows_of(name, cells[name], unit) for name, unit in self._units.items() if cells[name]]
        # What is recorded or not has no third state for the equation; an empty cell counts as not recorded.
        found += [_active(name) for name in self._recorded if cells[name] == "1"]
        return found


def _active(name: str) -> Row:
    row = rows_of(name, "1")
    return Row(row.person, name, row.patient, row.reference, "1", "", row.time, "active")


def _risk(assessment: Assessment) -> Any:
    return assessment.risk
