"""How well a Cox model does inside of the data that made it: left-out calendar years, and optimism by the bootstrap.

Internal-external: each band of years of operation is foretold by a model fitted to all others (Steyerberg & Harrell,
J Clin Epidemiol 2016;69:245-247). Optimism: how much better a model does on the resample that made it than on all
women (Harrell, Stat Med 1996;15:361-387). Neither is evidence that the model holds elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lienthong.products.measures.concordance import c_index
from lienthong.products.measures.survival import o_e_at
from lienthong.products.survival.fitting import Fitted, Followed, fit

__all__ = ["BANDS", "develop"]

BANDS = ((1978, 1985), (1986, 1987), (1988, 1989), (1990, 1991), (1992, 1993))
"""Years of operation, in bands of about equal numbers of women."""


def develop(
    followed: Followed,
    names: Sequence[str],
    years: Sequence[int | None],
    horizon: float,
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """C-index, observed to expected at the horizon and calibration slope: apparent, by band, and their optimism."""
    whole = fit(followed, names, [horizon], horizon)
    year = np.array([-1 if one is None else one for one in years])
    bands = []
    for first, last in BANDS:
        inside = (year >= first) & (year <= last)
        model = fit(_of(followed, ~inside), names, [horizon], horizon)
        bands.append(
            {"from": first, "to": last, "n": int(inside.sum()), **_judged(model, _of(followed, inside), horizon)}
        )
    generator = np.random.Generator(np.random.PCG64(seed))
    gains = []
    for _ in range(resamples):
        drawn = _of(followed, generator.integers(0, len(followed.years), len(followed.years)))
        model = fit(drawn, names, [horizon], horizon)
        own, other = _judged(model, drawn, horizon), _judged(model, followed, horizon)
        gains.append([own[name] - other[name] for name in ("c_index", "calibration_slope")])
    optimism = np.mean(gains, axis=0)
    apparent = _judged(whole, followed, horizon)
    return {
        "events": int(followed.event.sum()),
        "apparent": apparent,
        "optimism": {"c_index": float(optimism[0]), "calibration_slope": float(optimism[1]), "resamples": resamples},
        "corrected": {
            "c_index": apparent["c_index"] - float(optimism[0]),
            "calibration_slope": apparent["calibration_slope"] - float(optimism[1]),
        },
        "by_year_of_operation": bands,
    }


def _judged(model: Fitted, followed: Followed, horizon: float) -> dict[str, float]:
    score = followed.distances @ model.beta
    expected = 1 - np.exp(-model.hazard[0] * np.exp(score))
    order = c_index(followed.years, followed.event, score).value
    ratio = o_e_at(followed.years, followed.event, expected, horizon).value
    assert order is not None and ratio is not None, "a cohort of hundreds has events and a follow-up"
    one = fit(Followed(score[:, None], followed.years, followed.event), ["score"], [horizon], horizon)
    return {"c_index": order, "o_e": ratio, "calibration_slope": float(one.beta[0])}


def _of(followed: Followed, which: Any) -> Followed:
    return Followed(followed.distances[which], followed.years[which], followed.event[which])
