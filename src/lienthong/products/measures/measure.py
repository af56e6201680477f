"""A measured figure with its interval, and the digits with which it is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Flags", "Measure", "Numbers", "figure"]

Numbers = NDArray[np.float64]
"""Numbers of any shape, as doubles."""

Flags = NDArray[np.bool_]
"""True where the event was."""

_DIGITS = 6  # significant digits: more would differ between processors, fewer would hide a difference


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and the bounds of its interval; each None where it can't be had from these data.

    `method` says how the interval was made ("logit DeLong"), or why there is no figure.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""

    def to_json(self) -> dict[str, Any]:
        """The figure with six significant digits, as decimals that are equal on every machine."""
        return {
            "value": figure(self.value),
            "low": figure(self.low),
            "high": figure(self.high),
            "method": self.method,
        }


def figure(value: float | None) -> Decimal | None:
    """A number as it is written in a run: six significant digits, no exponent; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    if value == 0:
        return Decimal(0)
    places = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    return Decimal(f"{round(value, places):.{max(places, 0)}f}")
