"""Some of the cases: by the places that are kept, rounded as predictions are before anything is measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lienthong.products.evaluation.cases import Cases
from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["complete", "first_of_each", "rounded", "subset"]

AnyCases = TypeVar("AnyCases", bound=Cases)

_SHARED = frozenset({"grid", "levels"})  # axes of every case, not one entry for each
_DECIMALS = 6  # of a prediction: processors agree on so many
_PREDICTED = frozenset({"probability", "risk", "survival", "quantiles", "comparators", "perturbed", "baselines"})


def subset(cases: AnyCases, kept: Flags) -> AnyCases:
    """The cases where `kept` is true, with all that belongs to them, in the order in which they stand."""
    return _each(cases, lambda array: array[kept], _fields(cases) - _SHARED)


def rounded(cases: AnyCases) -> AnyCases:
    """The cases with every prediction rounded to six decimals: what is measured is then equal on every machine."""
    return _each(cases, lambda array: np.round(array, _DECIMALS) + 0.0, _PREDICTED & _fields(cases))


def first_of_each(digests: tuple[str, ...]) -> Flags:
    """True where a case is the first with its digest."""
    _, first = np.unique(np.array(digests, dtype=np.str_), return_index=True)
    kept = np.zeros(len(digests), dtype=np.bool_)
    kept[first] = True
    return kept


def complete(missing: Mapping[str, Flags], n: int) -> Flags:
    """True where no input is missing."""
    kept = np.ones(n, dtype=np.bool_)
    for flags in missing.values():
        kept &= ~flags
    return kept


def _fields(cases: Cases) -> frozenset[str]:
    """The names of the fields of cases."""
    return frozenset(item.name for item in dataclasses.fields(cases))


def _each(cases: AnyCases, change: Any, names: frozenset[str]) -> AnyCases:
    changed: dict[str, Any] = {}
    for name in names:
        value: NDArray[Any] | Numbers | Mapping[str, NDArray[Any]] | None = getattr(cases, name)
        if value is None:
            continue
        if isinstance(value, Mapping):
            changed[name] = {key: change(item) for key, item in value.items()}
        else:
            changed[name] = change(value)
    return dataclasses.replace(cases, **changed)
