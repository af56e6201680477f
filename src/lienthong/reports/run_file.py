"""The JSON of a run as a report reads it: checked for its form, measures as estimates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.products.evaluation.evidence import BESIDE
from lienthong.reports.plot import Estimate

__all__ = ["MAIN", "RUN_WRONG", "Run", "estimate", "number", "read_run"]

Run = Mapping[str, Any]
"""A run as `canonical.parse` gives it; `products.evaluation.result` says its members."""

RUN_WRONG = ErrorKind(
    "report-run-wrong",
    Category.INCORRECT,
    what="This file is no run of an evaluation: {why}.",
    allowed="the JSON that `lienthong product evaluate NAME --to FILE` writes",
    cure="Name such a file with --run, or leave --run out for the signed run that ships with the product.",
)

_FORM = "lienthong-evaluation/1"
_NEEDED = ("product", "version", "title", "task", "artefact", "protocol", "data", "n", "measures", "digest", "status")

MAIN = {"binary": "auroc", "survival": "c_index", "forecast": "wis"}
"""The measure by which groups and disturbed inputs of a task are shown."""


def read_run(content: bytes, where: str) -> Run:
    """The run of a file, or `report-run-wrong`: which member is missing, or that it is no JSON."""
    try:
        run = canonical.parse(content)
    except (ValueError, LienthongError):
        raise RUN_WRONG.at(where, why="it is no JSON") from None
    if not isinstance(run, dict):
        raise RUN_WRONG.at(where, why="it is no JSON object")
    if run.get("form") != _FORM:
        raise RUN_WRONG.at(where, why=f'its form is not "{_FORM}"')
    for name in _NEEDED:
        if name not in run:
            raise RUN_WRONG.at(f"{where}: {name}", why=f'it lacks "{name}"')
    if canonical.digest({name: item for name, item in run.items() if name not in BESIDE}) != run["digest"]:
        raise RUN_WRONG.at(where, why="its digest is not that of its figures, so it was changed")
    return run


def estimate(measure: object) -> Estimate:
    """A measure of a run as an estimate; a bare number has no interval, anything else no figure."""
    if isinstance(measure, Mapping):
        value, low, high = (number(measure.get(part)) for part in ("value", "low", "high"))
        return Estimate(value, low, high, str(measure.get("method", "")))
    return Estimate(number(measure))


def number(value: object) -> Decimal | None:
    """A number of a run, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))
