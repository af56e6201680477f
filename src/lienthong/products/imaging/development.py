"""How training data are divided, and what is fixed on the tuning part: the scale of the logits and the threshold.

Nothing here sees held-out labels. The division hangs on the grey levels of a picture alone, so that byte-identical
pictures stand on one side and a second run divides alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lienthong.products.measures.measure import Flags, Numbers
from lienthong.products.measures.uncertainty import split_quantile

__all__ = ["Division", "divide", "set_limits", "temperature", "threshold_at"]

_TUNE_PERCENT = 15
_LEAST, _MOST = 0.05, 20.0


@dataclass(frozen=True, slots=True)
class Division:
    """Which of the training pictures fit the model, which tune it, and which are used for nothing (positions)."""

    fit: NDArray[np.int64]
    tune: NDArray[np.int64]
    left_out: NDArray[np.int64]


def divide(digests: Sequence[str], held_out: Sequence[str]) -> Division:
    """The division of pictures by their digests; what is byte-identical to a held-out picture is left out."""
    held = frozenset(held_out)
    out = np.array([digest in held for digest in digests], bool)
    tune = np.array([int(digest[:8], 16) % 100 < _TUNE_PERCENT for digest in digests], bool) & ~out
    return Division(np.flatnonzero(~out & ~tune), np.flatnonzero(tune), np.flatnonzero(out))


def temperature(logit: Numbers, happened: Flags) -> float:
    """The scale T for which expit(logit / T) has the least log loss; golden-section search to four decimals."""
    signed = np.where(happened, logit, -logit)

    def loss(scale: float) -> float:
        return float(np.logaddexp(0, -signed / scale).mean())

    golden = (np.sqrt(5) - 1) / 2
    low, high = np.log(_LEAST), np.log(_MOST)
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(float(np.exp(left))) < loss(float(np.exp(right))):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def set_limits(coverage: float, probability: Numbers, happened: Flags) -> tuple[float, float]:
    """From which probability on the event is not ruled out, and up to which its absence is not (conformal).

    Of later cases like these, each outcome is in its set at least as often as `coverage` says.
    """
    miss = 1 - coverage
    event = split_quantile(1 - probability[happened], miss)
    absent = split_quantile(probability[~happened], miss)
    return round(1 - min(event, 1.0), 6), round(min(absent, 1.0), 6)


def threshold_at(sensitivity: float, probability: Numbers, happened: Flags) -> float:
    """The highest threshold, in steps of 0.0001, at which at least this part of the events lies at or above it."""
    events = np.sort(probability[happened])[::-1]
    if not len(events):
        raise ValueError("no event to set a threshold on")
    needed = int(np.ceil(sensitivity * len(events)))
    return float(np.floor(events[needed - 1] * 10_000) / 10_000)
