"""How the foretold risks are spread among those with and without the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienthong.products.measures.inputs import INPUT_WRONG, one_length, outcomes, probabilities
from lienthong.products.measures.measure import Numbers

__all__ = ["Histogram", "histogram"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of cases by foretold probability; a bin holds its lower edge, the last one both."""

    edges: Numbers
    with_event: NDArray[np.int64]
    without_event: NDArray[np.int64]


def histogram(happened: ArrayLike, probability: ArrayLike, *, bins: int = 20) -> Histogram:
    """Cases in bins of equal width from 0 to 1, apart for each outcome."""
    truth, given = outcomes(happened), probabilities(probability)
    one_length(happened=truth, probability=given)
    if bins < 1:
        raise INPUT_WRONG.at("bins", why="there are no bins", allowed="1 or more")
    edges = np.linspace(0, 1, bins + 1)
    return Histogram(
        edges,
        np.histogram(given[truth], edges)[0].astype(np.int64),
        np.histogram(given[~truth], edges)[0].astype(np.int64),
    )
