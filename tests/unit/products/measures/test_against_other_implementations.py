"""Each measure of a binary outcome equals another implementation of it: scikit-learn, statsmodels, all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from lienthong.products.measures import calibration, discrimination, operating, utility
from lienthong.products.measures.measure import Flags, Numbers
from lienthong.products.measures.resampling import bootstrap, bootstrap_mean

Cases = tuple[Flags, Numbers]


@pytest.fixture(params=[0, 1, 2])
def cases(request: pytest.FixtureRequest) -> Cases:
    """Cases with ties, of a model that overstates."""
    chance = np.random.default_rng(request.param)
    true = chance.beta(1.5, 4, 400)
    return chance.random(400) < true, np.asarray(np.round(np.clip(true * 1.3, 0, 0.99), 2), dtype=np.float64)


def test_auroc_is_that_of_scikit_learn(cases: Cases) -> None:
    assert discrimination.auroc(*cases).value == pytest.approx(metrics.roc_auc_score(*cases), abs=1e-12)


def test_delong_by_all_pairs_is_the_oracle_of_midranks(cases: Cases) -> None:
    happened, score = cases
    pairs = (score[happened][:, None] > score[~happened]) + 0.5 * (score[happened][:, None] == score[~happened])
    area = pairs.mean()
    variance = pairs.mean(1).var(ddof=1) / pairs.shape[0] + pairs.mean(0).var(ddof=1) / pairs.shape[1]
    gap = discrimination.auroc_difference(happened, score, np.ones(len(score)))  # a constant has area 1/2, surely
    assert gap.value is not None and gap.high is not None
    assert gap.value + 0.5 == pytest.approx(area, abs=1e-12)
    assert (gap.high - gap.value) / 1.959963984540054 == pytest.approx(np.sqrt(variance), abs=1e-12)
    centre, half = np.log(area / (1 - area)), 1.959963984540054 * np.sqrt(variance) / (area * (1 - area))
    found = discrimination.auroc(happened, score)
    expected = 1 / (1 + np.exp(-np.array([centre - half, centre + half])))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=2e-3)  # the correction for few cases


def test_single_clusters_give_obuchowski_what_delong_gives(cases: Cases) -> None:
    happened, _ = cases
    alone = discrimination.auroc(*cases)
    clustered = discrimination.auroc(*cases, clusters=np.arange(len(happened)))
    assert (clustered.low, clustered.high) == pytest.approx((alone.low, alone.high), abs=2e-3)


def test_doubled_cases_in_clusters_have_the_interval_of_the_cases(cases: Cases) -> None:
    happened, score = cases
    alone = discrimination.auroc(happened, score, clusters=np.arange(len(happened)))
    twice = discrimination.auroc(
        np.tile(happened, 2), np.tile(score, 2), clusters=np.tile(np.arange(len(happened)), 2)
    )
    assert (twice.value, twice.low, twice.high) == pytest.approx((alone.value, alone.low, alone.high), abs=1e-12)


def test_the_roc_curve_is_that_of_scikit_learn(cases: Cases) -> None:
    curve = discrimination.roc_curve(*cases)
    assert curve is not None
    expected = metrics.roc_curve(*cases, drop_intermediate=False)
    for found, other in zip(
        (curve.false_positive_rate, curve.true_positive_rate, curve.threshold), expected, strict=True
    ):
        np.testing.assert_allclose(found, other, atol=1e-12)


def test_average_precision_is_that_of_scikit_learn(cases: Cases) -> None:
    found = discrimination.auprc(*cases, seed=1, resamples=200)
    assert found.value == pytest.approx(metrics.average_precision_score(*cases), abs=1e-12)
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low < found.value < found.high


def test_brier_scores_are_those_of_scikit_learn(cases: Cases) -> None:
    assert calibration.brier(*cases).value == pytest.approx(metrics.brier_score_loss(*cases), abs=1e-12)
    assert calibration.scaled_brier(*cases).value == pytest.approx(metrics.d2_brier_score(*cases), abs=1e-12)


def _usable(cases: Cases) -> Cases:
    happened, probability = cases
    return happened, np.asarray(np.clip(probability, 0.005, 0.99), dtype=np.float64)


def test_slope_and_intercept_are_those_of_statsmodels(cases: Cases) -> None:
    happened, probability = _usable(cases)
    logit = np.log(probability / (1 - probability))
    slope = sm.GLM(happened.astype(float), sm.add_constant(logit), family=sm.families.Binomial()).fit(tol=1e-12)
    level = sm.GLM(happened.astype(float), np.ones((400, 1)), family=sm.families.Binomial(), offset=logit).fit(
        tol=1e-12
    )
    found = calibration.slope(happened, probability)
    assert (found.value, found.low, found.high) == pytest.approx((slope.params[1], *slope.conf_int()[1]), abs=1e-7)
    found = calibration.intercept(happened, probability)
    assert (found.value, found.low, found.high) == pytest.approx((level.params[0], *level.conf_int()[0]), abs=1e-7)


def test_the_clustered_slope_has_the_sandwich_of_statsmodels(cases: Cases) -> None:
    happened, probability = _usable(cases)
    logit = np.log(probability / (1 - probability))
    groups = np.repeat(np.arange(100), 4)
    model = sm.GLM(happened.astype(float), sm.add_constant(logit), family=sm.families.Binomial())
    other = model.fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}).bse[1]
    found = calibration.slope(happened, probability, clusters=groups)
    assert found.value is not None and found.high is not None
    assert (found.high - found.value) / 1.98421695 == pytest.approx(other * np.sqrt(100 / 99), abs=1e-6)


def test_a_restricted_cubic_spline_is_the_natural_spline_through_its_values_at_the_knots(cases: Cases) -> None:
    knots = np.array([-3.0, -1.2, 0.1, 2.0])
    inside, outside = np.linspace(-3, 2, 101), np.array([-6.0, -5.0, -4.0, 3.0, 4.0, 5.0])
    columns = calibration.spline_basis(inside, knots)
    natural = CubicSpline(knots, calibration.spline_basis(knots, knots), bc_type="natural")
    np.testing.assert_allclose(columns, natural(inside), atol=1e-12)
    bends = np.diff(calibration.spline_basis(outside, knots).reshape(2, 3, -1), n=2, axis=1)
    np.testing.assert_allclose(bends, 0, atol=1e-12)


@pytest.mark.parametrize(("found", "among"), [(0, 9), (9, 9), (1, 30), (81, 263)])
def test_wilson_is_that_of_statsmodels(found: int, among: int) -> None:
    measure = operating.wilson(found, among)
    assert (measure.low, measure.high) == pytest.approx(proportion_confint(found, among, method="wilson"), abs=1e-12)


def test_rates_at_a_threshold_are_those_of_scikit_learn(cases: Cases) -> None:
    happened, probability = cases
    called = probability >= 0.3
    assert operating.sensitivity(*cases, 0.3).value == pytest.approx(metrics.recall_score(happened, called))
    assert operating.specificity(*cases, 0.3).value == pytest.approx(metrics.recall_score(~happened, ~called))
    assert operating.ppv(*cases, 0.3).value == pytest.approx(metrics.precision_score(happened, called))
    assert operating.npv(*cases, 0.3).value == pytest.approx(metrics.precision_score(~happened, ~called))
    table = operating.counts(*cases, 0.3)
    expected: NDArray[np.int64] = metrics.confusion_matrix(happened, called).ravel()
    assert (
        table.true_negative,
        table.false_positive,
        table.false_negative,
        table.true_positive,
    ) == tuple(expected)


def test_net_benefit_is_its_formula(cases: Cases) -> None:
    happened = cases[0]
    for threshold, row in zip((0.1, 0.25), utility.decision_curve(*cases, (0.1, 0.25), seed=3), strict=True):
        table = operating.counts(*cases, threshold)
        odds = threshold / (1 - threshold)
        expected = (table.true_positive - odds * table.false_positive) / len(happened)
        everybody = happened.mean() - odds * (1 - happened.mean())
        assert row.model.value == pytest.approx(expected)
        assert row.treat_all.value == pytest.approx(everybody)
        assert row.gain.value == pytest.approx(expected - max(everybody, 0))
        assert row.avoided.value == pytest.approx(100 * (expected - everybody) / odds)
        assert utility.net_benefit(*cases, threshold, seed=3) == row.model


def test_the_slow_bootstrap_and_the_fast_one_agree(cases: Cases) -> None:
    values = cases[1] ** 2
    groups = np.repeat(np.arange(80), 5)
    for clusters in (None, groups):
        slow = bootstrap(lambda i: float(values[i].mean()), 400, seed=1, resamples=4000, clusters=clusters)
        fast = bootstrap_mean(values, seed=1, resamples=4000, clusters=clusters)
        assert slow.value == fast.value
        assert slow.low is not None and slow.high is not None
        assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.1 * (slow.high - slow.low))


def test_the_same_seed_gives_the_same_bits(cases: Cases) -> None:
    for first, second in itertools.pairwise([discrimination.auprc(*cases, seed=5, resamples=200) for _ in range(2)]):
        assert first == second
    assert discrimination.auprc(*cases, seed=6, resamples=200) != discrimination.auprc(*cases, seed=5, resamples=200)


def test_net_benefit_and_interventions_avoided_are_those_of_dcurves() -> None:
    """Constants of dcurves 1.1.7 (Apache-2.0): dca(data, "y", ["p"], thresholds), on the cases made here."""
    number = np.arange(1, 61)
    probability = np.round((number * 37 % 101) / 101, 3)
    happened = (number * 53 % 97) / 97 < probability * 0.9
    thresholds = (0.1, 0.25, 0.5, 0.75)
    rows = utility.decision_curve(happened, probability, thresholds, seed=5)
    said = [0.4185185185185185, 0.3277777777777779, 0.30000000000000004, 0.26666666666666666]
    everybody = [0.462962962962963, 0.3555555555555556, 0.03333333333333344, -0.933333333333333]
    avoided = [-0.4000000000000005, -0.0833333333333332, 0.2666666666666666, 0.3999999999999999]
    assert [row.model.value for row in rows] == pytest.approx(said, abs=1e-12)
    assert [row.treat_all.value for row in rows] == pytest.approx(everybody, abs=1e-12)
    assert [row.avoided.value for row in rows] == pytest.approx([100 * value for value in avoided], abs=1e-10)


def test_calibration_distances_are_those_of_a_glm_of_statsmodels_on_the_spline(cases: Cases) -> None:
    happened, probability = cases
    linear = calibration.logits(probability)
    basis = calibration.spline_basis(linear, np.quantile(linear, (0.05, 0.35, 0.65, 0.95)))
    gaps = np.abs(sm.GLM(happened, basis, family=sm.families.Binomial()).fit().fittedvalues - probability)
    for measure, expected in (
        (calibration.ici, gaps.mean()),
        (calibration.e50, np.median(gaps)),
        (calibration.e90, np.quantile(gaps, 0.9)),
        (calibration.emax, gaps.max()),
    ):
        assert measure(happened, probability, seed=1, resamples=100).value == pytest.approx(expected, abs=1e-6)
