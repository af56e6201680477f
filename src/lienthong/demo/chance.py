"""Chance that is the same on every machine: draws built only on `random.Random.random`.

Python promises the stream of `random()` for a seed across versions (docs, "Notes on Reproducibility"), and no other
method; so the benchmark's bytes rest on that one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Chance"]

T = TypeVar("T")


class Chance:
    """A stream of draws, known by its name: the same parts give the same stream, whatever else is drawn elsewhere."""

    __slots__ = ("_random",)

    def __init__(self, *name: object) -> None:
        self._random = random.Random("/".join(str(part) for part in name)).random  # noqa: S311 - invented data

    def holds(self, probability: float) -> bool:
        return self._random() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both possible."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._random() * len(items))]

    def weighted(self, items: Sequence[tuple[T, float]]) -> T:
        """One of the items, each as often as its weight says."""
        point = self._random() * sum(weight for _, weight in items)
        for item, weight in items:
            point -= weight
            if point < 0:
                return item
        return items[-1][0]

    def several(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different items (all of them, where there are fewer), in the order they were given."""
        order = sorted(range(len(items)), key=lambda _: self._random())[:count]
        return [items[index] for index in sorted(order)]

    def normal(self, mean: float, deviation: float) -> float:
        """Near enough to normal: the sum of twelve uniform draws; never beyond six deviations."""
        draw = self._random
        return mean + deviation * (sum(draw() for _ in range(12)) - 6.0)
