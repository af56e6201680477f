"""Evaluates forecasts as quantiles: the weighted interval score, coverage, the median's error, against each baseline.

Figures without a horizon in their name are at the shortest one; `wis_h3` is the score three steps ahead. Cases of one
block depend on each other; the protocol says whether a block is a place or a month. Every case counts alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lienthong.products.evaluation.cases import ForecastCases, Labels
from lienthong.products.evaluation.comparing import against
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Compared, Findings, Row
from lienthong.products.evaluation.subsets import subset
from lienthong.products.measures import forecast
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["evaluate", "main"]

_CENTRAL: Mapping[str, float] = {"coverage_50": 0.5, "coverage_90": 0.9}


def evaluate(cases: ForecastCases, protocol: Protocol) -> Findings:
    """All that the protocol asks of forecasts; each baseline is measured on the same cases."""
    level, n, whole = float(protocol.level), len(cases), cases
    horizons = sorted(set(cases.horizon.tolist()))
    cases = subset(whole, np.asarray(whole.horizon == horizons[0]))
    blocks = _blocks(cases, protocol)
    measures = _of(cases, cases.quantiles, protocol, level)
    score = forecast.wis(cases.observed, cases.quantiles, cases.levels)
    parts = {
        "dispersion": score.dispersion,
        "underprediction": score.underprediction,
        "overprediction": score.overprediction,
    }
    measures |= {name: _mean(part, blocks, protocol, level) for name, part in parts.items()}
    comparators = []
    for name in sorted(cases.baselines):
        compared = _compared(cases, name, protocol, level)
        comparators.append(compared)
        measures |= {f"{key}_{name}": compared.measures[key] for key in ("wis", "mae")}
        measures[f"relative_wis_{name}"] = forecast.relative_wis(
            cases.observed, cases.quantiles, cases.baselines[name], cases.levels, blocks=blocks, level=level
        )
    for horizon in horizons[1:]:
        only = subset(whole, np.asarray(whole.horizon == horizon))
        measures |= {f"{name}_h{horizon}": found for name, found in main(only, protocol, level).items()}
    return Findings(
        n=n,
        events=None,
        abstained=0,
        measures=measures,
        comparators=tuple(comparators),
        curves={
            "by_horizon": [_row(whole, "horizon", horizon, whole.horizon == horizon) for horizon in horizons],
            "by_place": [_row(cases, "place", word, cases.place == word) for word in _words(cases.place)],
            "by_month": [_row(cases, "month", word, cases.month == word) for word in _words(cases.month)],
        },
    )


def main(cases: ForecastCases, protocol: Protocol, level: float) -> dict[str, Measure]:
    """The score, the coverage of both intervals and the median's error, with intervals over blocks."""
    return _of(cases, cases.quantiles, protocol, level)


def _of(cases: ForecastCases, quantiles: Numbers, protocol: Protocol, level: float) -> dict[str, Measure]:
    blocks = _blocks(cases, protocol)
    seed, resamples = protocol.seed, protocol.resamples
    found = {
        "wis": forecast.mean_wis(
            cases.observed, quantiles, cases.levels, seed=seed, resamples=resamples, blocks=blocks, level=level
        ),
        "mae": forecast.mae(
            cases.observed, quantiles, cases.levels, seed=seed, resamples=resamples, blocks=blocks, level=level
        ),
    }
    for name in _foretold(cases):
        found[name] = forecast.coverage(
            cases.observed, quantiles, cases.levels, _CENTRAL[name], blocks=blocks, level=level
        )
    return found


def _foretold(cases: ForecastCases) -> list[str]:
    """The central intervals both of whose quantiles are among the levels."""
    levels = np.round(cases.levels, 9)
    return [
        name
        for name, central in _CENTRAL.items()
        if all(np.isin(round(0.5 + side * central / 2, 9), levels) for side in (-1, 1))
    ]


def _compared(cases: ForecastCases, name: str, protocol: Protocol, level: float) -> Compared:
    """A baseline; the differences are baseline less product, so that more than 0 is better for the product."""
    other, blocks = cases.baselines[name], _blocks(cases, protocol)
    own = forecast.wis(cases.observed, cases.quantiles, cases.levels).total
    theirs = forecast.wis(cases.observed, other, cases.levels).total
    relative = forecast.relative_wis(cases.observed, cases.quantiles, other, cases.levels, blocks=blocks, level=level)
    differences = {"wis": _mean(theirs - own, blocks, protocol, level), "relative_wis": _less_than_one(relative)}
    return against(name, _of(cases, other, protocol, level), differences, protocol)


def _less_than_one(relative: Measure) -> Measure:
    """1 less the relative score: the share of the baseline's score that is saved."""
    low, value, high = (
        None if bound is None else 1 - bound for bound in (relative.high, relative.value, relative.low)
    )
    return Measure(value, low, high, f"1 less: {relative.method}")


def _mean(values: Numbers, blocks: Labels, protocol: Protocol, level: float) -> Measure:
    return forecast.mean_score(values, seed=protocol.seed, resamples=protocol.resamples, blocks=blocks, level=level)


def _blocks(cases: ForecastCases, protocol: Protocol) -> Labels:
    return cases.month if protocol.blocks == "month" else cases.place


def _words(labels: Labels) -> list[str]:
    return sorted(set(labels.tolist()))


def _row(cases: ForecastCases, name: str, word: str | int, kept: Flags) -> Row:
    """The mean figures of a horizon, place or month, without intervals, beside the score of each baseline."""
    only = subset(cases, np.asarray(kept))
    score = forecast.wis(only.observed, only.quantiles, only.levels).total
    median = int(np.flatnonzero(np.round(only.levels, 9) == 0.5)[0])
    row: dict[str, object] = {name: word, "n": len(only), "wis": float(score.mean())}
    row["mae"] = float(np.abs(only.observed - only.quantiles[:, median]).mean())
    for central in _foretold(only):
        row[central] = forecast.coverage(only.observed, only.quantiles, only.levels, _CENTRAL[central]).value
    for baseline in sorted(only.baselines):
        other = forecast.wis(only.observed, only.baselines[baseline], only.levels).total
        row[f"wis_{baseline}"] = float(other.mean())
    return row
