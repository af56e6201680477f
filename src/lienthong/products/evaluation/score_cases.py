"""A published score as something that can be evaluated: people of a CSV, each scored as the warehouse's are.

A sum of points is no probability: it is divided by the most points that there are, so that it lies between 0 and 1,
and the protocol says `calibrated = false`. Where values are missing the least sum counts, as the product tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lienthong.products.assessment import Assessment, Row
from lienthong.products.evaluation.evaluable import Opened
from lienthong.products.evaluation.folder import EvaluableFolder
from lienthong.products.evaluation.people_table import AS_OF, Line, PeopleTable, only, rows_of
from lienthong.products.score import PublishedScore

__all__ = ["EvaluableScore", "evaluable"]


def evaluable(folder: Traversable) -> EvaluableScore:
    """The product of a folder of the kind published-score."""
    return EvaluableScore(folder)


class EvaluableScore(EvaluableFolder):
    """Meets the Protocol `Evaluable`. Columns: age, event, each parameter by its name, and each order of a scale (1
    where it was given)."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self._product = PublishedScore(folder)
        model = self._product.score
        self._units = {item.name: item.unit for item in model.parameters}
        self._orders = tuple(model.orders)

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The people of one file. `settings` may hold `disturb`: factors by parameter."""
        table = PeopleTable(self._product, tuple(self._units), (), ("sex", *self._orders), self._rows, _share)
        return table.open(only(files, part), settings.get("disturb", {}))

    def _rows(self, line: Line) -> list[Row]:
        cells = line.cells
        found = [rows_of("birth", f"{AS_OF.year - line.age}-01-01")]
        found += [rows_of(name, cells[name], unit) for name, unit in self._units.items() if cells[name]]
        found += [rows_of(name, "1") for name in self._orders if cells.get(name) == "1"]
        return found


def _share(assessment: Assessment) -> Decimal | None:
    score = assessment.score
    return None if score is None else Decimal(score.low) / score.out_of
