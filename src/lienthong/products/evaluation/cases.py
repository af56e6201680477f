"""What a product said about each case and what came true: the only thing that an evaluation computes from.

Every array has one entry for each case, in an order that the data alone decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["BinaryCases", "Cases", "CodingCases", "ForecastCases", "Labels", "SurvivalCases"]

Labels = NDArray[np.str_]
"""A word for each case: the cluster, site or subgroup that it belongs to ("" where it is not known)."""

_NONE: Mapping[str, Labels] = MappingProxyType({})
_NO_NUMBERS: Mapping[str, Numbers] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BinaryCases:
    """Did the event happen, and how probable did the product call it.

    `comparators` are the probabilities of the explainable models that an opaque product must beat, by name.
    `clusters` say which cases are of one patient; empty where each case is a patient of its own. `groups` are
    subgroup words by attribute (sex, age, ethnic group, province, insurance, hospital level). `abstained` are the
    cases about which the product gave no figure; their probability is not looked at. `perturbed` are the
    probabilities that the product gives when its inputs are disturbed, by the name of the disturbance. `missing`
    says where an input was not there, by input. `sets` are the outcomes that a product with conformal sets does not
    rule out (shape cases × 2: no event, event); `coverage` of the protocol is what they promise.
    """

    happened: Flags
    probability: Numbers
    comparators: Mapping[str, Numbers] = field(default_factory=lambda: _NO_NUMBERS)
    clusters: Labels | None = None
    groups: Mapping[str, Labels] = field(default_factory=lambda: _NONE)
    abstained: Flags | None = None
    perturbed: Mapping[str, Numbers] = field(default_factory=lambda: _NO_NUMBERS)
    missing: Mapping[str, Flags] = field(default_factory=lambda: MappingProxyType({}))
    sets: Flags | None = None

    def __len__(self) -> int:
        return len(self.happened)


@dataclass(frozen=True, slots=True)
class SurvivalCases:
    """How long each case was followed, whether the event ended it, and what the product foretold.

    `time` is in the unit that the protocol names. `risk` orders cases: higher means sooner. `survival` is the
    probability of no event up to each of `grid` (shape: cases × times of the grid).
    """

    time: Numbers
    event: Flags
    risk: Numbers
    survival: Numbers
    grid: Numbers
    comparators: Mapping[str, Numbers] = field(default_factory=lambda: _NO_NUMBERS)
    clusters: Labels | None = None
    groups: Mapping[str, Labels] = field(default_factory=lambda: _NONE)
    perturbed: Mapping[str, Numbers] = field(default_factory=lambda: _NO_NUMBERS)
    missing: Mapping[str, Flags] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class ForecastCases:
    """What was observed and the quantiles that were foretold for it, by the product and by the baselines.

    `quantiles` and each of `baselines` have shape cases × `levels`; `place` and `month` (YYYY-MM, the target) say
    which case is which, `horizon` how many steps ahead it was foretold.
    """

    observed: Numbers
    quantiles: Numbers
    levels: Numbers
    horizon: NDArray[np.int64]
    place: Labels
    month: Labels
    baselines: Mapping[str, Numbers] = field(default_factory=lambda: _NO_NUMBERS)

    def __len__(self) -> int:
        return len(self.observed)


@dataclass(frozen=True, slots=True)
class CodingCases:
    """Which codes were right for each case, and which ones the product proposed, the best first.

    Each entry of `codes` is a frozenset of one code or more; of `ranked` a tuple, empty where nothing was proposed;
    of `given` the frozenset of codes that the product would enter by itself.
    """

    codes: NDArray[np.object_]
    ranked: NDArray[np.object_]
    given: NDArray[np.object_]
    clusters: Labels | None = None
    groups: Mapping[str, Labels] = field(default_factory=lambda: _NONE)

    def __len__(self) -> int:
        return len(self.codes)


Cases = BinaryCases | SurvivalCases | ForecastCases | CodingCases
