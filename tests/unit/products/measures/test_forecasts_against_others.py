"""Scores of foretold quantiles equal scoringrules and their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules

from lienthong.core.errors import LienthongError
from lienthong.products.measures import forecast
from lienthong.products.measures.measure import Numbers

LEVELS = np.array([0.01, 0.025, *np.arange(1, 20) / 20, 0.975, 0.99])


def made(seed: int = 1) -> tuple[Numbers, Numbers]:
    chance = np.random.default_rng(seed)
    middle = chance.gamma(2, 30, 200)
    observed = np.asarray(np.round(middle * chance.lognormal(0, 0.6, 200)), dtype=np.float64)
    return observed, np.quantile(middle[:, None] * chance.lognormal(0, 0.4, (200, 500)), LEVELS, axis=1).T


def test_wis_is_the_weighted_mean_of_the_interval_scores_of_scoringrules() -> None:
    observed, quantiles = made()
    half = len(LEVELS) // 2
    # Its own weighted score (0.10.0, without numba) adds half of the median itself, not of the median's error.
    expected = np.abs(observed - quantiles[:, half]) / 2
    for place in range(half):
        alpha = 2 * LEVELS[place]
        lower, upper = quantiles[:, place], quantiles[:, -1 - place]
        expected = expected + alpha / 2 * scoringrules.interval_score(observed, lower, upper, alpha)
    expected = expected / (half + 0.5)
    found = forecast.wis(observed, quantiles, LEVELS)
    np.testing.assert_allclose(found.total, expected, rtol=1e-12)
    np.testing.assert_allclose(found.total, found.dispersion + found.underprediction + found.overprediction)
    assert forecast.mean_wis(observed, quantiles, LEVELS, seed=1).value == pytest.approx(float(np.mean(expected)))


def test_wis_is_twice_the_mean_pinball_loss() -> None:
    observed, quantiles = made(2)
    losses = [forecast.pinball(observed, quantiles[:, place], at) for place, at in enumerate(LEVELS)]
    np.testing.assert_allclose(2 * np.mean(losses, axis=0), forecast.wis(observed, quantiles, LEVELS).total)
    for place, at in enumerate(LEVELS):
        np.testing.assert_allclose(losses[place], scoringrules.quantile_score(observed, quantiles[:, place], at))


def test_the_parts_of_wis_by_hand() -> None:
    """One 50 % interval 2 to 6 with the median 3 (Bracher 2021): the weights are 1/2 and 1/4, over 1.5."""
    found = forecast.wis([8.0, 1.0, 3.0], np.tile([2.0, 3.0, 6.0], (3, 1)), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(found.dispersion, [1 / 1.5] * 3)
    np.testing.assert_allclose(found.underprediction, [(2 + 2.5) / 1.5, 0, 0])
    np.testing.assert_allclose(found.overprediction, [0, (1 + 1) / 1.5, 0])


def test_coverage_and_error_of_the_median() -> None:
    observed, quantiles = made(3)
    inside = (quantiles[:, 6] <= observed) & (observed <= quantiles[:, 16])
    assert LEVELS[[6, 16]] == pytest.approx([0.25, 0.75])
    found = forecast.coverage(observed, quantiles, LEVELS, 0.5)
    assert found.value == pytest.approx(inside.mean())
    assert found.low is not None and found.high is not None and found.low < inside.mean() < found.high
    error = forecast.mae(observed, quantiles, LEVELS, seed=1)
    assert error.value == pytest.approx(np.abs(observed - quantiles[:, 11]).mean())


def test_relative_wis_holds_the_pairing() -> None:
    observed, quantiles = made(4)
    same = forecast.relative_wis(observed, quantiles, quantiles, LEVELS)
    assert (same.value, same.low, same.high) == pytest.approx((1, 1, 1))
    worse = forecast.relative_wis(observed, quantiles, quantiles * 3, LEVELS)
    assert worse.high is not None and worse.high < 1


@pytest.mark.parametrize(
    ("quantiles", "levels", "why"),
    [
        ([[1.0, 2.0]], [0.25, 0.75], "pairs about 0.5"),
        ([[1.0, 2.0, 3.0]], [0.2, 0.5, 0.75], "pairs about 0.5"),
        ([[1.0, 3.0, 2.0]], [0.25, 0.5, 0.75], "below one of a lower level"),
        ([[1.0, 2.0, 3.0]], [0.75, 0.5, 0.25], "do not rise"),
        ([[1.0, 2.0, float("nan")]], [0.25, 0.5, 0.75], "no finite number"),
        ([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], [0.25, 0.5, 0.75], "differ in length"),
    ],
)
def test_quantiles_that_can_not_be_scored_are_refused(
    quantiles: list[list[float]], levels: list[float], why: str
) -> None:
    with pytest.raises(LienthongError, match=why) as raised:
        forecast.wis([1.0], quantiles, levels)
    assert raised.value.code == "measure-input-wrong"
