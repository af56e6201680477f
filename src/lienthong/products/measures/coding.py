"""How well codes are proposed for texts: is a right one among the first, and F1 over all codes or by code."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienthong.products.measures import influence, operating
from lienthong.products.measures.inputs import INPUT_WRONG, fraction, nothing
from lienthong.products.measures.measure import Measure
from lienthong.products.measures.resampling import Index, bootstrap

__all__ = ["f1_macro", "f1_micro", "top_k"]


def top_k(
    truth: Sequence[Collection[str]],
    ranked: Sequence[Sequence[str]],
    k: int,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The share of cases with a right code among the first `k` proposed, by Wilson.

    A case has one right code or more. A case for which nothing is proposed counts as missed.
    """
    _one_length(truth, ranked)
    if k < 1:
        raise INPUT_WRONG.at("k", why="k is below 1", allowed="1 or more")
    if any(not codes for codes in truth):
        raise INPUT_WRONG.at("truth", why="a case has no right code", allowed="one code or more for each case")
    found = np.array([any(code in right for code in given[:k]) for right, given in zip(truth, ranked, strict=True)])
    everybody = np.ones(len(truth), dtype=np.bool_)
    return operating.share(found.astype(np.bool_), among=everybody, clusters=clusters, level=level)


def f1_micro(
    truth: Sequence[Collection[str]],
    given: Sequence[Collection[str]],
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """F1 of all pairs of case and code together: 2·TP / (2·TP + FP + FN); interval of a ratio, Student's t.

    Frequent codes rule it. The interval is cut at 0 and 1.
    """
    _one_length(truth, given)
    fraction(level)
    right = np.array([len(set(one) & set(other)) for one, other in zip(truth, given, strict=True)], dtype=np.float64)
    sizes = np.array(
        [len(set(one)) + len(set(other)) for one, other in zip(truth, given, strict=True)], dtype=np.float64
    )
    if sizes.sum() == 0:
        return nothing("no cases" if not len(sizes) else "no code is right or proposed")
    value = float(2 * right.sum() / sizes.sum())
    error, freedom = influence.standard_error((2 * right - value * sizes) / sizes.mean(), clusters)
    if not freedom or error == 0:
        return Measure(value, method="no interval: the cases do not differ")
    half = influence.t_quantile(level, freedom) * error
    return Measure(
        value, max(value - half, 0.0), min(value + half, 1.0), f"ratio, Student's t, {freedom} degrees of freedom"
    )


def f1_macro(
    truth: Sequence[Collection[str]],
    given: Sequence[Collection[str]],
    *,
    seed: int,
    resamples: int = 500,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """The mean of the F1 of each code that is right or proposed anywhere: rare codes count as much as frequent ones.

    Interval by the bootstrap; a resample means over the codes that it holds.
    """
    _one_length(truth, given)
    words = sorted({code for codes in (*truth, *given) for code in codes})
    if not words:
        return nothing("no cases" if not len(truth) else "no code is right or proposed")
    number = {word: place for place, word in enumerate(words)}
    right = _pairs([set(one) & set(other) for one, other in zip(truth, given, strict=True)], number)
    true, proposed = _pairs(truth, number), _pairs(given, number)

    def mean(index: Index) -> float:
        times = np.bincount(index, minlength=len(truth)).astype(np.float64)
        hits, *rest = (np.bincount(code, times[case], len(words)) for case, code in (right, true, proposed))
        sizes = rest[0] + rest[1]
        there = sizes > 0
        return float(np.mean(2 * hits[there] / sizes[there])) if there.any() else math.nan

    return bootstrap(mean, len(truth), seed=seed, resamples=resamples, clusters=clusters, level=level)


def _pairs(codes: Sequence[Collection[str]], number: dict[str, int]) -> tuple[Index, Index]:
    """The case and the code of each pair."""
    cases = [case for case, some in enumerate(codes) for _ in set(some)]
    words = [number[code] for some in codes for code in sorted(set(some))]
    return _index(cases), _index(words)


def _index(places: list[int]) -> NDArray[np.int64]:
    return np.array(places, dtype=np.int64)


def _one_length(truth: Sequence[Collection[str]], given: Sequence[Collection[str]]) -> None:
    if len(truth) != len(given):
        said = f"the arrays differ in length (truth {len(truth)}, proposed {len(given)})"
        raise INPUT_WRONG.at(why=said, allowed="one entry for each case")
