"""Published examples and constants of other programs: DeLong's data, sample sizes, codes, conformal sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics
from sklearn.preprocessing import MultiLabelBinarizer

from lienthong.core.errors import LienthongError
from lienthong.products.measures import coding, discrimination, distribution, operating, sample_size, uncertainty
from lienthong.products.measures.measure import figure

# Albumin, total protein, K-G score and benefit of surgery (1 yes) of 43 women with ovarian cancer: DeLong, DeLong &
# Clarke-Pearson 1988, as the documentation of SAS/STAT (PROC LOGISTIC, comparing ROC curves) lists them.
_LISTED = """
    3.0 5.8 10 0,  3.2 6.3 5 1,  3.9 6.8 3 1,  2.8 4.8 6 0,  3.2 5.8 3 1,  0.9 4.0 5 0,  2.5 5.7 8 0,
    1.6 5.6 5 1,  3.8 5.7 5 1,  3.7 6.7 6 1,  3.2 5.4 4 1,  3.8 6.6 6 1,  4.1 6.6 5 1,  3.6 5.7 5 1,
    4.3 7.0 4 1,  3.6 6.7 4 0,  2.3 4.4 6 1,  4.2 7.6 4 0,  4.0 6.6 6 0,  3.5 5.8 6 1,  3.8 6.8 7 1,
    3.0 4.7 8 0,  4.5 7.4 5 1,  3.7 7.4 5 1,  3.1 6.6 6 1,  4.1 8.2 6 1,  4.3 7.0 5 1,  4.3 6.5 4 1,
    3.2 5.1 5 1,  2.6 4.7 6 1,  3.3 6.8 6 0,  1.7 4.0 7 0,  3.7 6.1 5 1,  3.3 6.3 7 1,  4.2 7.7 6 1,
    3.5 6.2 5 1,  2.9 5.7 9 0,  2.1 4.8 7 1,  2.8 6.2 8 0,  4.0 7.0 7 1,  3.3 5.7 6 1,  3.7 6.9 5 1,
    3.6 6.6 5 1
"""
OVARIAN = np.array(
    [[float(word) for word in line.split()] for line in _LISTED.replace("\n", " ").split(",")],
)


@pytest.mark.parametrize(
    ("column", "area", "z", "p"),
    [
        (0, 0.7365591397849462, 0.112778269045, 0.910206347201),
        (1, 0.6478494623655915, -0.745218389658, 0.456139707507),
    ],
)
def test_delongs_paired_test_on_his_data(column: int, area: float, z: float, p: float) -> None:
    """The constants are MLstatkit 0.1.91's: Delong_test(benefit, column, -K-G), its z turned to ours (a less b)."""
    benefit, score = OVARIAN[:, 3] == 1, -OVARIAN[:, 2]
    assert discrimination.auroc(benefit, score).value == pytest.approx(0.7258064516129032, abs=1e-12)
    assert discrimination.auroc(benefit, OVARIAN[:, column]).value == pytest.approx(area, abs=1e-12)
    assert discrimination.delong_test(benefit, OVARIAN[:, column], score) == pytest.approx((z, p), abs=1e-9)
    gap = discrimination.auroc_difference(benefit, OVARIAN[:, column], score)
    assert gap.value is not None and gap.high is not None
    assert gap.value == pytest.approx(area - 0.7258064516129032)
    assert gap.value / ((gap.high - gap.value) / 1.959963984540054) == pytest.approx(z, abs=1e-9)


def test_wilsons_interval_of_81_in_263() -> None:
    """Newcombe 1998 (Stat Med 17:857), table I, method 3: 0.2553 to 0.3662."""
    found = operating.wilson(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    found = operating.wilson(0, 20)
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize(
    ("prevalence", "c", "normal", "point", "widths", "expected"),
    [
        (0.018, 0.8, (-5, 2.5), None, (1.0, 0.2, 0.1, 0), (905, 4544, 4252, 0)),
        (0.22, 0.82, (-1.75, 1.47), None, (0.3, 0.3, 0.12, 0), (610, 1069, 279, 0)),
        (0.3, 0.8, (-1, 1.2), (0.25, 0.85, 0.6), (0.2, 0.2, 0.1, 0.25), (898, 2440, 360, 267)),
        (0.43, 0.77, (-0.3, 1.3), (0.1, 0.98, 0.2), (0.2, 0.2, 0.1, 0.1), (510, 2064, 347, 161)),
    ],
)
def test_sample_sizes_are_those_of_the_authors_program(
    prevalence: float,
    c: float,
    normal: tuple[float, float],
    point: tuple[float, float, float] | None,
    widths: tuple[float, float, float, float],
    expected: tuple[int, int, int, int],
) -> None:
    """pmvalsampsize 0.2.1 (GPL, so no dependency): pmvalsampsize(type="b", prevalence, cstatistic, lpnormal, widths).

    It steps the standard errors and draws the log odds by chance, hence 1 %; for net benefit it rounds the standard
    error to three decimals, hence 4 %, and the variables that it forgets to set had to be set. Its first line is the
    example of its manual.
    """
    found = [
        sample_size.for_o_e(prevalence, width=widths[0]),
        sample_size.for_slope(prevalence, sample_size.normal_predictor(*normal), width=widths[1]),
        sample_size.for_c_statistic(prevalence, c, width=widths[2]),
    ]
    if point is not None:
        found.append(sample_size.for_net_benefit(prevalence, *point, width=widths[3]))
    for need, cases in zip(found, expected, strict=False):
        assert need.cases == pytest.approx(cases, rel=0.04 if need.figure == "net_benefit" else 0.01), need.figure
        assert need.events == math.ceil(need.cases * prevalence)
    most = max(need.cases for need in found)
    assert sample_size.powered(most, found) and not sample_size.powered(most - 1, found)
    assert not sample_size.powered(most, [])


def test_a_rate_of_so_many_cases_has_the_interval_that_was_asked_for() -> None:
    need = sample_size.for_rate(0.2, 0.9, width=0.1)
    error = math.sqrt(0.9 * 0.1 / (need.cases * 0.2))
    assert 2 * 1.959964 * error == pytest.approx(0.1, rel=2e-3)
    assert sample_size.for_rate(0.2, 0.9, of_events=False).cases < need.cases


def test_log_odds_that_do_not_vary_tell_no_slope() -> None:
    with pytest.raises(LienthongError, match="do not vary"):
        sample_size.for_slope(0.1, [1.0, 1.0])


TRUTH = [["A01"], ["B02", "C03"], ["A01"], ["D04"], ["C03", "A01"]]
GIVEN = [["A01", "B02"], ["C03"], [], ["E05", "D04"], ["C03", "A01"]]


def test_f1_is_that_of_scikit_learn() -> None:
    binary = MultiLabelBinarizer().fit([*TRUTH, *GIVEN])
    truth, given = binary.transform(TRUTH), binary.transform(GIVEN)
    assert coding.f1_micro(TRUTH, GIVEN).value == pytest.approx(metrics.f1_score(truth, given, average="micro"))
    expected = metrics.f1_score(truth, given, average="macro", zero_division=0)
    found = coding.f1_macro(TRUTH, GIVEN, seed=1, resamples=200)
    assert found.value == pytest.approx(expected)
    assert found.low is not None and found.high is not None and found.low < expected < found.high


@pytest.mark.parametrize(("k", "share"), [(1, 3 / 5), (2, 4 / 5), (9, 4 / 5)])
def test_top_k_counts_a_case_once(k: int, share: float) -> None:
    assert coding.top_k(TRUTH, GIVEN, k).value == pytest.approx(share)


def test_codes_without_a_truth_are_refused() -> None:
    with pytest.raises(LienthongError, match="no right code"):
        coding.top_k([["A01"], []], [["A01"], ["B02"]], 1)
    with pytest.raises(LienthongError, match="differ in length"):
        coding.f1_micro([["A01"]], [])


def test_the_conformal_quantile_by_hand() -> None:
    """Of 9 scores at 20 % miss: the ⌈10·0.8⌉ = 8th; at 5 % more than 9 would be needed."""
    scores = np.arange(1, 10) / 10
    assert uncertainty.split_quantile(scores, 0.2) == 0.8
    assert uncertainty.split_quantile(scores, 0.1) == 0.9
    assert uncertainty.split_quantile(scores, 0.05) == math.inf
    assert uncertainty.split_quantile([], 0.05) == math.inf


def test_sets_hold_the_truth_as_often_as_promised_in_each_group() -> None:
    """One quantile keeps its promise on the whole and breaks it in the harder group; Mondrian keeps it in both."""
    chance = np.random.default_rng(8)

    def cases(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        groups = np.where(chance.random(n) < 0.15, "hard", "easy")
        p = chance.beta(0.4, 0.8, n)
        wrong = np.where(groups == "hard", 0.3, 0.02)
        happened = np.where(chance.random(n) < wrong, chance.random(n) < 0.5, chance.random(n) < p)
        return happened, p, groups

    held, by_group = [], []
    for _ in range(30):
        happened, p, groups = cases(2000)
        scores = uncertainty.binary_scores(happened, p)
        one, each = uncertainty.split_quantile(scores, 0.1), uncertainty.mondrian_quantiles(scores, groups, 0.1)
        happened, p, groups = cases(2000)
        hard = groups == "hard"
        marginal, mondrian = uncertainty.binary_sets(p, one), uncertainty.binary_sets(p, each, groups)
        held.append([marginal.holds(happened).mean(), marginal.holds(happened)[hard].mean()])
        by_group.append([mondrian.holds(happened)[hard].mean(), mondrian.holds(happened)[~hard].mean()])
        assert uncertainty.set_coverage(happened, marginal).value == marginal.holds(happened).mean()
    assert np.mean(held, axis=0)[0] == pytest.approx(0.9, abs=0.01)
    assert np.mean(held, axis=0)[1] < 0.87
    assert np.mean(by_group, axis=0) == pytest.approx([0.9, 0.9], abs=0.01)


def test_a_group_never_seen_may_have_either_outcome() -> None:
    sets = uncertainty.binary_sets([0.01, 0.99], {"seen": 0.1}, ["seen", "unseen"])
    assert sets.size.tolist() == [1, 2]
    with pytest.raises(LienthongError, match="no groups are given"):
        uncertainty.binary_sets([0.5], {"seen": 0.1})


def test_a_histogram_holds_each_case_once() -> None:
    found = distribution.histogram([True, False, True, False], [0.0, 0.05, 1.0, 0.5], bins=4)
    assert found.with_event.tolist() == [1, 0, 0, 1]
    assert found.without_event.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (None, "None"),
        (float("nan"), "None"),
        (0.123456789, "0.123457"),
        (1234567.0, "1234570"),
        (-2.5, "-2.50000"),
    ],
)
def test_figures_are_written_with_six_digits(value: float | None, written: str) -> None:
    assert str(figure(value)) == written
