"""Forecasts on invented counts whose answer is known: who wins, what is foretold, and that nothing later was seen."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.products.forecasting.invented import START, epidemic, panel

from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.forecasting.baselines import Learn, persistence, seasonal
from lienthong.products.forecasting.conformal import LEVELS, Spread
from lienthong.products.forecasting.features import GROUPS, LAST, NAMES, USUAL, describe
from lienthong.products.forecasting.linear import linear
from lienthong.products.forecasting.model import Boosted, Grown
from lienthong.products.forecasting.panel import month_number, month_text
from lienthong.products.forecasting.rolling import Origins, eligible, foretell, roll

MODEL = Boosted(2, 60, 1, {"learning_rate": 0.1, "min_data_in_leaf": 10, "bagging_fraction": 0.8, "bagging_freq": 1})
LEARNERS: dict[str, Learn] = {"product": MODEL, "persistence": persistence, "seasonal": seasonal, "linear": linear}
ORIGINS = Origins(START + 95, START + 118, (1, 2, 3), 48, 0.9, 5.0)


def wis(cases: ForecastCases, horizon: int = 1) -> float:
    """Twice the mean pinball loss over the levels: the weighted interval score (Bracher 2021)."""
    chosen = cases.horizon == horizon
    off = cases.observed[chosen, None] - cases.quantiles[chosen]
    return float(2 * np.maximum(cases.levels * off, (cases.levels - 1) * off).mean())


def test_months_are_numbers_and_back() -> None:
    assert month_text(month_number("2006-12") + 1) == "2007-01"
    with pytest.raises(ValueError, match="YYYY-MM"):
        month_number("2006-13")


def test_a_table_that_is_cut_holds_nothing_later() -> None:
    whole = panel(np.arange(24.0).reshape(2, 12))
    cut = whole.until(START + 4)
    assert cut.last == START + 4
    assert cut.counts.tolist() == whole.counts[:, :5].tolist()
    assert np.isnan(whole.until(START + 12).counts[:, 12]).all()
    assert whole.until(START - 1).counts.shape == (2, 0)
    assert np.isnan(whole.at(START + 12)).all()


def test_the_figures_of_a_place_are_what_they_are_called() -> None:
    counts = np.expm1(np.arange(30.0)[None, :] / 10)
    figures = dict(zip(NAMES, describe(panel(counts), 2)[0].tolist(), strict=True))
    assert figures["last"] == pytest.approx(2.9)
    assert figures["lag_3"] == pytest.approx(2.6)
    assert figures["mean_3"] == pytest.approx(2.8)
    # The last month is the 30th, June; two months ahead is August, seen as the 8th and the 20th.
    assert figures["usual"] == pytest.approx((0.7 + 1.9) / 2)
    assert figures["usual_now"] == pytest.approx((0.5 + 1.7 + 2.9) / 3)
    assert figures["year_ago"] == pytest.approx(1.9)
    assert figures["year_ago_before"] == pytest.approx(1.8)
    assert figures["year_ago_after"] == pytest.approx(2.0)
    assert figures["two_years_ago"] == pytest.approx(0.7)
    assert figures["country_rise_year"] == pytest.approx(1.2)
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(NAMES)


def test_what_was_not_reported_is_no_figure_but_the_baselines_stand() -> None:
    counts = np.array([[5.0] * 13 + [np.nan] * 2, [np.nan] * 15])
    figures = describe(panel(counts), 1)
    assert figures[0, LAST] == pytest.approx(np.log(6))
    assert figures[0, USUAL] == pytest.approx(np.log(6))
    assert np.isnan(figures[0, NAMES.index("lag_1")])
    assert np.isnan(figures[1, LAST])


def test_in_a_purely_seasonal_series_the_usual_month_wins() -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    season = 3 + 2 * np.sin(2 * np.pi * np.arange(120) / 12)
    counts = draw.poisson(np.exp(season + np.zeros((6, 1)))).astype(np.float64)
    made = roll(panel(counts), ORIGINS, LEARNERS)
    scores = {name: wis(cases) for name, cases in made.items()}
    assert scores["seasonal"] < 0.35 * scores["persistence"]
    assert scores["product"] < 0.5 * scores["persistence"]


def test_where_waves_last_the_models_beat_both_baselines() -> None:
    made = roll(panel(epidemic(12, 132, 3)), ORIGINS, LEARNERS)
    scores = {name: wis(cases) for name, cases in made.items()}
    assert max(scores["product"], scores["linear"]) < min(scores["persistence"], scores["seasonal"])
    cases = made["product"]
    inside = (cases.observed >= cases.quantiles[:, 2]) & (cases.observed <= cases.quantiles[:, -3])
    assert 0.8 < inside.mean() < 0.97


def test_every_learner_is_set_beside_the_same_cases() -> None:
    counts = epidemic(5, 121, 8)
    counts[2, 100] = np.nan
    made = roll(panel(counts), ORIGINS, LEARNERS)
    first = made["product"]
    for cases in made.values():
        assert cases.place.tolist() == first.place.tolist()
        assert cases.month.tolist() == first.month.tolist()
        assert cases.quantiles.shape == (len(first), len(LEVELS))
        assert (np.diff(cases.quantiles, axis=1) >= 0).all()
        assert (cases.quantiles >= 0).all()
    # 24 origins, 5 places; at 3 months the table has no count for the last of them; one month was not reported.
    assert [int((first.horizon == horizon).sum()) for horizon in (1, 2, 3)] == [24 * 5 - 1, 24 * 5 - 1, 23 * 5 - 1]
    told = (first.horizon == 1) & (first.place == "P1") & (first.month == month_text(START + 96))
    assert first.observed[told].tolist() == [counts[1, 96]]


def test_the_same_counts_give_the_same_bits() -> None:
    table = panel(epidemic(5, 120, 1))
    first, again = (roll(table, ORIGINS, LEARNERS)["product"].quantiles.tobytes() for _ in range(2))
    assert first == again


def test_the_filter_looks_at_no_month_after_the_first_origin() -> None:
    counts = epidemic(4, 130, 2)
    counts[1, :95] = 1
    counts[2, :12] = np.nan
    counts[3, 96:] = np.nan
    assert eligible(panel(counts), ORIGINS).tolist() == [True, False, False, True]
    counts[:, 96:] = 0
    assert eligible(panel(counts), ORIGINS).tolist() == [True, False, False, True]


def test_quantiles_hold_the_share_they_name_and_follow_the_size_of_the_count() -> None:
    draw = np.random.Generator(np.random.PCG64(11))
    centre = draw.uniform(1, 6, 8000)
    came = centre + draw.normal(0, 0.3 + 1 / centre)
    spread = Spread.learn(centre[:4000], came[:4000])
    quantiles = spread.around(centre[4000:])
    below = (np.expm1(came[4000:, None]) <= quantiles).mean(axis=0)
    np.testing.assert_allclose(below, np.maximum(LEVELS, below.min()), atol=0.025)
    width = np.log1p(spread.around(np.array([1.5, 5.5])))
    assert (width[0, -3] - width[0, 2]) > 1.3 * (width[1, -3] - width[1, 2])


def test_places_that_always_report_nothing_spoil_no_quantile() -> None:
    centre = np.concatenate([np.zeros(200), np.linspace(2, 4, 200)])
    spread = Spread.learn(centre, centre + np.concatenate([np.zeros(200), np.tile([-0.5, 0.5], 100)]))
    assert np.isfinite(spread.around(np.array([0.0, 3.0]))).all()
    assert spread.around(np.array([0.0]))[0, -1] < 0.2


def test_reasons_sum_to_the_forecast() -> None:
    known = panel(epidemic(6, 120, 4))
    told = foretell(known, ORIGINS, MODEL)[1]
    centre = told.centre
    assert isinstance(centre, Grown)
    shares = centre.reasons(told.figures)
    np.testing.assert_allclose(told.figures[:, LAST] + sum(shares.values()), centre(told.figures), atol=1e-9)


def test_what_is_foretold_now_is_what_the_evaluation_would_foretell() -> None:
    table = panel(epidemic(6, 132, 4))
    cases = roll(table, Origins(START + 107, START + 110, (1, 2), 48, 0.9, 5.0), {"product": MODEL})["product"]
    told = foretell(table.until(START + 107), ORIGINS, MODEL)
    for horizon in (1, 2):
        chosen = (cases.horizon == horizon) & (cases.month == month_text(START + 107 + horizon))
        np.testing.assert_array_equal(cases.quantiles[chosen], told[horizon].quantiles)
