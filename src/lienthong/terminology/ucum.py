"""UCUM units as exact factors: which units measure the same, and how many of one make another.

The reading of a unit stands in `ucum_grammar`. It is imported when the first unit is read: `ucumvert` brings pint,
which takes an eighth of a second that every command and every process of an ingest would pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib import import_module

__all__ = ["Measure", "measure"]

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit as `value * factor + offset` of base units with their powers, e.g. `km/h`: 5/18 of m1 s-1."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...] = ()
    offset: Fraction = Fraction(0)

    def times(self, other: Measure, power: int = 1) -> Measure | None:
        """The product with another unit's power; None for a unit with an offset, which has no product."""
        if self.offset or other.offset:
            return None
        powers = dict(self.powers)
        for name, count in other.powers:
            powers[name] = powers.get(name, 0) + count * power
        kept = tuple(sorted((name, count) for name, count in powers.items() if count))
        return Measure(self.factor * other.factor**power, kept)


@lru_cache(maxsize=10_000)
def measure(unit: str) -> Measure | None:
    """What a UCUM code (case-sensitive) measures; None where it is no UCUM code."""
    if not unit or len(unit) > _LONGEST:
        return None
    found: Measure | None = import_module("lienthong.terminology.ucum_grammar").read(unit)
    return found
