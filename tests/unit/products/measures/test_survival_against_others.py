"""Measures of survival equal lifelines, statsmodels, and constants of scikit-survival and dcurves.

The constants were printed once by scikit-survival 0.28.0 (GPL, so no dependency) and dcurves 1.1.7 on `cohort()`:
concordance_index_censored, concordance_index_ipcw(tau=10), brier_score, integrated_brier_score,
cumulative_dynamic_auc with train and test the same, and dca(time=6, thresholds=[.2, .4, .6]).
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_rossi
from lifelines.utils import concordance_index

from lienthong.products.measures import (
    calibration,
    censoring,
    discrimination,
    hazards,
    influence,
    survival,
    survival_calibration,
    utility,
)
from lienthong.products.measures.measure import Flags, Numbers

GRID = np.array([1.0, 2.0, 4.0, 6.0, 8.0, 10.0])


def cohort() -> tuple[Numbers, Flags, Numbers, Numbers]:
    """Time, event, risk (with ties) and the true survival on the grid, of 300 cases of whom 57 % had the event."""
    chance = np.random.Generator(np.random.PCG64(20260101))
    x = chance.normal(size=300)
    to_event = chance.exponential(10 * np.exp(-0.8 * x))
    to_end = chance.uniform(1, 20, 300)
    time = np.asarray(np.round(np.minimum(to_event, to_end), 4), dtype=np.float64)
    risk = np.asarray(np.round(x, 1), dtype=np.float64)
    return time, to_event <= to_end, risk, np.asarray(np.exp(-np.outer(np.exp(0.8 * x), GRID) / 10))


def rossi() -> tuple[Numbers, Flags, Numbers]:
    """Weeks to arrest of 432 released prisoners, many at one time (Rossi 1980, in lifelines), and their age."""
    table = load_rossi()
    return (
        table["week"].to_numpy(dtype=float),
        table["arrest"].to_numpy() == 1,
        table["age"].to_numpy(dtype=float),
    )


def test_kaplan_meier_is_that_of_lifelines() -> None:
    time, event, _ = rossi()
    other = KaplanMeierFitter().fit(time, event)
    ours = survival.kaplan_meier(time, event)
    at = other.survival_function_.index.to_numpy()[1:]
    np.testing.assert_allclose(ours.at(at), other.survival_function_.to_numpy()[1:, 0], atol=1e-12)
    bounds = other.confidence_interval_.to_numpy()[1:]
    place = np.searchsorted(ours.time, at)
    np.testing.assert_allclose(np.column_stack([ours.low, ours.high])[place], bounds, atol=1e-9)


def test_influence_values_give_greenwoods_variance() -> None:
    time, event, _ = rossi()
    curve = survival.kaplan_meier(time, event)
    for at in (10.0, 30.0, 52.0):
        alive, parts = censoring.survival_influence(time, event, at)
        assert alive == pytest.approx(float(curve.at(at)), abs=1e-12)
        deaths = np.array([np.sum(event & (time == week)) for week in curve.time])
        inside = curve.time <= at
        greenwood = alive**2 * np.sum((deaths / (curve.at_risk * (curve.at_risk - deaths)))[inside])
        assert influence.standard_error(parts)[0] == pytest.approx(np.sqrt(greenwood), rel=5e-3)
        assert abs(parts.mean()) < 1e-2


def test_harrells_c_is_that_of_lifelines_and_scikit_survival() -> None:
    time, event, age = rossi()
    expected = concordance_index(time, age, event)  # lifelines orders by foretold time, so by less risk
    assert survival.c_index(time, event, -age).value == pytest.approx(expected, abs=1e-12)
    time, event, risk, _ = cohort()
    assert survival.c_index(time, event, risk).value == pytest.approx(0.7067626960957301, abs=1e-12)


def test_the_error_of_c_is_that_of_the_whole_jackknife() -> None:
    time, event, risk, _ = cohort()
    found = survival.c_index(time, event, risk)
    keep = ~np.eye(300, dtype=bool)
    figures = [survival.c_index(time[k], event[k], risk[k]).value for k in keep]
    jackknife = np.sqrt(
        299 / 300 * np.sum((np.array(figures, dtype=float) - np.mean(np.array(figures, dtype=float))) ** 2)
    )
    assert found.value is not None and found.high is not None
    width = np.log(found.high / (1 - found.high)) - np.log(found.value / (1 - found.value))
    error = width * found.value * (1 - found.value) / influence.t_quantile(0.95, 299)
    assert error == pytest.approx(jackknife, rel=0.01)


def test_weighted_measures_are_those_of_scikit_survival() -> None:
    time, event, risk, foretold = cohort()
    assert survival.uno_c(time, event, risk, tau=10.0).value == pytest.approx(0.7147703058751538, abs=1e-12)
    briers = [survival.brier_at(time, event, foretold[:, i], at).value for i, at in enumerate(GRID)]
    expected = [
        0.11669150147582902,
        0.16308012518445741,
        0.17905612174192603,
        0.17890669891628494,
        0.1745109996376172,
        0.17169797042089988,
    ]
    assert briers == pytest.approx(expected, abs=1e-12)
    assert survival.ibs(time, event, foretold, GRID).value == pytest.approx(0.17106794994746188, abs=1e-12)
    areas = [survival.time_dependent_auc(time, event, risk, at).value for at in GRID]
    expected = [
        0.6632521225544482,
        0.7320759463581662,
        0.7918439970311805,
        0.8126641435335623,
        0.8203045431682212,
        0.8140348073570574,
    ]
    assert areas == pytest.approx(expected, abs=1e-12)


def test_net_benefit_at_a_time_is_that_of_dcurves() -> None:
    time, event, _, foretold = cohort()
    model = [survival.net_benefit_at(time, event, 1 - foretold[:, 3], 6.0, t).value for t in (0.2, 0.4, 0.6)]
    assert model == pytest.approx([0.368235, 0.246055, 0.176040], abs=1e-6)
    everybody = [survival.net_benefit_at(time, event, np.ones(300), 6.0, t).value for t in (0.2, 0.4, 0.6)]
    assert everybody == pytest.approx([0.350684, 0.134245, -0.298633], abs=1e-6)
    gap = survival.net_benefit_difference_at(time, event, 1 - foretold[:, 3], np.ones(300), 6.0, 0.4)
    assert gap.value == pytest.approx(0.246055 - 0.134245, abs=2e-6)


def test_without_censoring_the_measures_are_those_of_a_binary_outcome() -> None:
    time, _, risk, foretold = cohort()
    event, dead = np.ones(300, dtype=bool), time <= 4
    area = discrimination.auroc(dead, risk)
    found = survival.time_dependent_auc(time, event, risk, 4.0)
    assert found.value == pytest.approx(area.value)
    assert (found.low, found.high) == pytest.approx((area.low, area.high), abs=2e-3)
    brier = calibration.brier(dead, 1 - foretold[:, 2])
    found = survival.brier_at(time, event, foretold[:, 2], 4.0)
    assert (found.value, found.low, found.high) == pytest.approx((brier.value, brier.low, brier.high))
    ratio = calibration.o_e(dead, 1 - foretold[:, 2])
    found = survival.o_e_at(time, event, 1 - foretold[:, 2], 4.0)
    assert (found.value, found.low, found.high) == pytest.approx((ratio.value, ratio.low, ratio.high), rel=5e-3)
    benefit = utility.net_benefit(dead, 1 - foretold[:, 2], 0.3, seed=1, resamples=4000)
    found = survival.net_benefit_at(time, event, 1 - foretold[:, 2], 4.0, 0.3)
    assert (found.value, found.low, found.high) == pytest.approx((benefit.value, benefit.low, benefit.high), abs=5e-3)


def test_the_cox_model_is_that_of_statsmodels_and_nearly_lifelines() -> None:
    time, event, age = rossi()
    design = np.column_stack([age, age**2 / 50])
    found = hazards.fit_hazards(design, time, event, at=60.0)
    assert found is not None
    other = sm.PHReg(time, design, status=event.astype(int), ties="breslow").fit()
    np.testing.assert_allclose(found.coefficients, other.params, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), other.bse, atol=1e-6)
    table = load_rossi()[["week", "arrest", "age"]]
    efron = CoxPHFitter().fit(table, "week", "arrest")
    single = hazards.fit_hazards(age[:, None], time, event, at=60.0)
    assert single is not None
    assert single.coefficients[0] == pytest.approx(efron.params_["age"], abs=1e-3)
    cumulative = efron.baseline_cumulative_hazard_.to_numpy()[-1, 0] * np.exp(-efron.params_["age"] * age.mean())
    assert single.baseline == pytest.approx(cumulative, rel=0.02)


def test_weights_of_the_cox_model_count_cases() -> None:
    time, event, age = rossi()
    weights = np.random.default_rng(1).integers(0, 3, 432)
    weighted = hazards.fit_hazards(age[:, None], time, event, at=40.0, weights=weights.astype(float))
    index = np.repeat(np.arange(432), weights)
    drawn = hazards.fit_hazards(age[index, None], time[index], event[index], at=40.0)
    assert weighted is not None and drawn is not None
    assert (weighted.coefficients[0], weighted.baseline) == pytest.approx((drawn.coefficients[0], drawn.baseline))


def test_calibration_at_a_time_finds_what_was_planted() -> None:
    chance = np.random.default_rng(4)
    x = chance.normal(size=4000)
    to_event, to_end = chance.exponential(10 * np.exp(-x)), chance.uniform(2, 20, 4000)
    time, event = np.minimum(to_event, to_end), to_event <= to_end
    right, flat = 1 - np.exp(-0.5 * np.exp(x)), 1 - np.exp(-0.5 * np.exp(x / 2))
    good = survival_calibration.calibration_at(time, event, right, 5.0, seed=1, resamples=100)
    assert good.slope.value == pytest.approx(1, abs=0.06)
    assert good.o_e.value == pytest.approx(1, abs=0.04)
    assert good.ici.value == pytest.approx(0, abs=0.015) and good.ici.low == 0
    timid = survival_calibration.calibration_at(time, event, flat, 5.0, seed=1, resamples=100)
    assert timid.slope.value == pytest.approx(2, abs=0.12)
    assert timid.ici.value == pytest.approx(float(np.mean(np.abs(right - flat))), abs=0.015)
    assert timid.curve is not None
    truth = 1 - np.exp(-0.5 * (-np.log1p(-timid.curve.probability) / 0.5) ** 2)
    inside = (timid.curve.low <= truth) & (truth <= timid.curve.high)
    assert inside.mean() > 0.8


def test_d_calibration_by_hand() -> None:
    """Two events at 0.95 and 0.15; one censored at 0.5, which is spread over the lower five tenths."""
    found = survival.d_calibration([True, True, False], [0.95, 0.15, 0.5])
    assert found is not None
    np.testing.assert_allclose(found.cases, [0.2, 1.2, 0.2, 0.2, 0.2, 0, 0, 0, 0, 1.0])
    assert found.statistic == pytest.approx(float(np.sum((found.cases - 0.3) ** 2 / 0.3)))


def test_d_calibration_accepts_the_truth_and_refuses_another() -> None:
    time, event, _, foretold = cohort()
    own, ended = survival.survival_at_own_time(time, event, foretold, GRID)
    right, wrong = survival.d_calibration(ended, own), survival.d_calibration(ended, own**2)
    assert right is not None and wrong is not None
    assert right.p > 0.05 > 0.001 > wrong.p
    assert right.cases.sum() == pytest.approx(300)
