"""What must hold for any cases: invariances, and honest answers where cases are few, alike, or no cases at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.errors import LienthongError
from lienthong.products.measures import (
    calibration,
    coding,
    discrimination,
    distribution,
    forecast,
    operating,
    survival,
    survival_calibration,
    uncertainty,
    utility,
)
from lienthong.products.measures.measure import Flags, Measure, Numbers
from lienthong.products.measures.resampling import bootstrap, bootstrap_mean, draws

BINARY: dict[str, Callable[..., Measure]] = {
    "auroc": discrimination.auroc,
    "auprc": lambda y, p, **more: discrimination.auprc(y, p, seed=1, resamples=100, **more),
    "difference": lambda y, p, **more: discrimination.auroc_difference(y, p, np.sqrt(p), **more),
    "o_e": calibration.o_e,
    "intercept": calibration.intercept,
    "slope": calibration.slope,
    "ici": lambda y, p, **more: calibration.ici(y, p, seed=1, resamples=100, **more),
    "emax": lambda y, p, **more: calibration.emax(y, p, seed=1, resamples=100, **more),
    "brier": calibration.brier,
    "scaled_brier": calibration.scaled_brier,
    "sensitivity": lambda y, p, **more: operating.sensitivity(y, p, 0.5, **more),
    "specificity": lambda y, p, **more: operating.specificity(y, p, 0.5, **more),
    "ppv": lambda y, p, **more: operating.ppv(y, p, 0.5, **more),
    "npv": lambda y, p, **more: operating.npv(y, p, 0.5, **more),
    "net_benefit": lambda y, p, **more: utility.net_benefit(y, p, 0.5, seed=1, resamples=100, **more),
}
SURVIVAL: dict[str, Callable[..., Measure]] = {
    "c_index": survival.c_index,
    "uno_c": survival.uno_c,
    "auc": lambda t, e, p, **more: survival.time_dependent_auc(t, e, p, 2.0, **more),
    "brier": lambda t, e, p, **more: survival.brier_at(t, e, p, 2.0, **more),
    "ibs": lambda t, e, p, **more: survival.ibs(t, e, np.column_stack([p, p / 2]), [1.0, 2.0], **more),
    "o_e": lambda t, e, p, **more: survival.o_e_at(t, e, p, 2.0, **more),
    "benefit": lambda t, e, p, **more: survival.net_benefit_at(t, e, p, 2.0, 0.3, **more),
    "slope": lambda t, e, p, **_: survival_calibration.slope_at(t, e, p, 2.0),
    "ici": lambda t, e, p, **more: survival_calibration.ici_at(t, e, p, 2.0, seed=1, resamples=100, **more),
}

few = st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(0, 4)), max_size=9)


def arrays(cases: list[tuple[bool, int, int]]) -> tuple[Flags, Numbers, Numbers]:
    """Outcomes, probabilities with ties, 0 and 1 among them, and clusters."""
    happened = np.array([case[0] for case in cases], dtype=bool)
    probability = np.array([case[1] / 10 for case in cases], dtype=float)
    return happened, probability, np.array([case[2] for case in cases], dtype=float)


def sound(found: Measure) -> None:
    """A figure inside its interval, or none; a missing part has its reason."""
    for number in (found.value, found.low, found.high):
        assert number is None or np.isfinite(number)
    assert (found.low is None) == (found.high is None)
    assert found.method
    if found.value is None:
        assert found.low is None
        assert found.method.startswith("none: ")
    elif found.low is None:
        assert found.method.startswith("no interval: ")
    else:
        assert found.high is not None
        assert found.low <= found.high


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=40, deadline=None)
@given(cases=few, clustered=st.booleans())
def test_fewer_than_ten_cases_give_an_honest_answer(
    name: str, cases: list[tuple[bool, int, int]], clustered: bool
) -> None:
    happened, probability, clusters = arrays(cases)
    found = BINARY[name](happened, probability, clusters=clusters if clustered else None)
    sound(found)
    if not len(cases):
        assert found.value is None


@pytest.mark.parametrize("name", SURVIVAL)
@settings(max_examples=40, deadline=None)
@given(cases=few, clustered=st.booleans())
def test_fewer_than_ten_followed_give_an_honest_answer(
    name: str, cases: list[tuple[bool, int, int]], clustered: bool
) -> None:
    event, probability, time = arrays(cases)
    found = SURVIVAL[name](time, event, probability, clusters=np.arange(len(cases)) // 2 if clustered else None)
    sound(found)


@settings(max_examples=60, deadline=None)
@given(cases=few.filter(lambda cases: len({case[0] for case in cases}) == 2))
def test_only_the_order_counts_for_auroc(cases: list[tuple[bool, int, int]]) -> None:
    happened, score, clusters = arrays(cases)
    for more in (None, clusters):
        plain = discrimination.auroc(happened, score, clusters=more)
        assert discrimination.auroc(happened, np.exp(3 * score) - 100, clusters=more) == plain
        turned = discrimination.auroc(happened, -score, clusters=more)
        assert plain.value is not None and turned.value is not None
        assert turned.value == pytest.approx(1 - plain.value)
        assert plain.low is not None and turned.high is not None
        assert turned.high == pytest.approx(1 - plain.low)


@settings(max_examples=60, deadline=None)
@given(cases=few, order=st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_count(cases: list[tuple[bool, int, int]], order: object) -> None:
    mixed = list(cases)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    for name in ("auroc", "o_e", "slope", "scaled_brier", "sensitivity"):
        (y, p, c), (v, q, d) = arrays(cases), arrays(mixed)
        if name == "slope":  # two clusters that cancel out have an error of rounding alone
            c, d = None, None  # type: ignore[assignment]
        one, other = BINARY[name](y, p, clusters=c), BINARY[name](v, q, clusters=d)
        assert one.value == (None if other.value is None else pytest.approx(other.value, rel=1e-6, abs=1e-9))
        assert one.low == (None if other.low is None else pytest.approx(other.low, rel=1e-5, abs=1e-6))


def test_one_outcome_only_is_said() -> None:
    for name in ("auroc", "difference", "slope", "intercept", "ici", "scaled_brier"):
        found = BINARY[name](np.ones(30, dtype=bool), np.linspace(0.1, 0.9, 30))
        assert found == Measure(None, method="none: all cases have the same outcome"), name
    assert discrimination.roc_curve([True, True], [0.1, 0.2]) is None
    assert calibration.curve([True, True], [0.1, 0.2]) is None


def test_perfect_separation_has_a_wide_lower_bound_and_no_slope() -> None:
    happened, probability = np.arange(20) >= 10, np.linspace(0.05, 0.95, 20)
    area = discrimination.auroc(happened, probability)
    assert (area.value, area.high) == (1, 1)
    assert area.low is not None and 0.7 < area.low < 0.9
    assert "Newcombe" in area.method
    assert calibration.slope(happened, probability).method == (
        "none: the probabilities separate the outcomes, so the fit has no end"
    )
    quasi = calibration.slope([False, True, False], [0.0, 0.0, 0.1])  # separated but for a tie
    assert quasi.value is None and "separate" in quasi.method
    gap = discrimination.auroc_difference(happened, probability, np.tile([0.3, 0.6], 10))
    assert gap.value == 0.5 and gap.low is not None and gap.high is not None and gap.low < 0.5 < gap.high
    alike = discrimination.auroc_difference(happened, probability, probability**2)
    assert (alike.value, alike.low, alike.high) == (0, 0, 0)


def test_no_event_among_many_still_bounds_the_ratio() -> None:
    found = calibration.o_e(np.zeros(100, dtype=bool), np.full(100, 0.05))
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.0369935 / 0.05, rel=1e-4)  # Wilson: z² / (n + z²)


def test_nobody_treated_has_no_benefit_and_no_interval() -> None:
    found = utility.net_benefit([True, False, True], [0.1, 0.2, 0.3], 0.5, seed=1)
    assert (found.value, found.low) == (0, None)
    assert found.method == "no interval: every independent case adds the same"


def test_one_patient_alone_gives_no_interval() -> None:
    for name in ("brier", "o_e", "slope", "sensitivity", "net_benefit"):
        happened = np.tile([True, False], 20)
        found = BINARY[name](happened, np.linspace(0.1, 0.9, 40), clusters=np.zeros(40))
        assert found.value is not None and found.low is None, name
        assert found.method == "no interval: fewer than two independent cases"


NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: discrimination.auroc([True, False], [0.1, NAN]), "score holds what is no finite number"),
        (lambda: discrimination.auroc([True, False], [0.1]), r"differ in length \(happened 2, score 1\)"),
        (lambda: discrimination.auroc([0.5, 1], [0.1, 0.2]), "happened is not always true or false"),
        (lambda: discrimination.auroc([[True]], [0.1]), "happened has 2 dimensions"),
        (lambda: discrimination.auroc([True, False], [0.1, 0.2], level=1), "level is not between 0 and 1"),
        (lambda: discrimination.auroc([True, False], [1, 2], clusters=["a"]), "not one cluster for each case"),
        (lambda: calibration.slope([True, False], [0.1, 1.2]), "probability is not always from 0 to 1"),
        (lambda: calibration.brier([True, False], [-0.1, 0.2]), "probability is not always from 0 to 1"),
        (lambda: operating.ppv([True], [0.2], NAN), "the threshold is no finite number"),
        (lambda: utility.net_benefit([True], [0.2], 1.0, seed=1), "threshold is not between 0 and 1"),
        (lambda: utility.net_benefit([True], [0.2], 0.1, seed=1, resamples=10), "too few resamples"),
        (lambda: distribution.histogram([True], [0.2], bins=0), "there are no bins"),
        (lambda: survival.c_index([-1.0], [True], [0.1]), "a time of follow-up is below 0"),
        (lambda: survival.ibs([1.0], [True], [[0.1]], [1.0]), "fewer than two times"),
        (lambda: survival.ibs([1.0], [True], [[0.1, 0.2]], [2.0, 1.0]), "do not rise"),
        (lambda: survival.d_calibration([True], [0.1], bins=1), "fewer than two bins"),
        (lambda: forecast.coverage([1.0], [[1.0]], [0.5], 0.9), r"there is no quantile at 0\.05"),
        (lambda: coding.top_k([["a"]], [["a"]], 0), "k is below 1"),
        (lambda: uncertainty.split_quantile([0.1], 0), "miss is not between 0 and 1"),
        (
            lambda: bootstrap(lambda i: 1.0, 4, seed=1, clusters=[0, 0, 1, 1], strata=[0, 1, 0, 1]),
            "lies in two strata",
        ),
    ],
)
def test_what_can_not_be_cases_is_refused(call: Callable[[], object], why: str) -> None:
    with pytest.raises(LienthongError, match=why) as raised:
        call()
    assert raised.value.code == "measure-input-wrong"
    assert raised.value.allowed and raised.value.cure


def test_whole_clusters_are_drawn_within_their_strata() -> None:
    clusters, strata = np.array([7, 7, 3, 3, 3, 9, 1]), np.array([0, 0, 0, 0, 0, 1, 1])
    for index in draws(7, seed=3, resamples=200, clusters=clusters, strata=strata):
        times = np.bincount(index, minlength=7)
        assert times[0] == times[1] and times[2] == times[3] == times[4]
        assert times[0] + times[2] == 2 and times[5] + times[6] == 2


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.integers(-5, 5), min_size=2, max_size=30), shift=st.integers(-9, 9), scale=st.integers(1, 5)
)
def test_the_interval_of_a_mean_moves_with_its_unit(values: list[int], shift: int, scale: int) -> None:
    plain = bootstrap_mean(np.array(values, dtype=float), seed=2, resamples=200)
    moved = bootstrap_mean(np.array(values, dtype=float) * scale + shift, seed=2, resamples=200)
    assert moved.value == pytest.approx((plain.value or 0) * scale + shift)
    if plain.low is not None and plain.high is not None:
        assert (moved.low, moved.high) == pytest.approx((plain.low * scale + shift, plain.high * scale + shift))
