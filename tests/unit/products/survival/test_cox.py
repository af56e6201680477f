"""The Cox model: by hand, against lifelines, and what must hold whatever the woman."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from tests.unit.products.survival.invented import GRID, PLAN, fitted, followed, model, women

from lienthong.core.errors import LienthongError
from lienthong.products.survival.cox import Cox, read_cox

BY_HAND = (
    PLAN
    + """
[fitted.beta]
nodes = "0.5"
large = "0.25"
old = "0.1"
young = "0.3"
hormone-if-er = "-0.5"
[fitted.covariance]
nodes = ["0.01", "0", "0", "0", "0"]
large = ["0", "0.04", "0", "0", "0"]
old = ["0", "0", "0.01", "0", "0"]
young = ["0", "0", "0", "0.01", "0"]
hormone-if-er = ["0", "0", "0", "0", "0.01"]
[baseline]
years = ["1", "5"]
hazard = ["0.05", "0.3"]
variance = "0.0016"
centre = ["0", "0", "0", "0", "0"]
"""
)


def woman(**changed: str) -> dict[str, Decimal]:
    values = {"age": "50", "nodes": "1", "size": "20", "er": "1", "hormone": "0", **changed}
    return {name: Decimal(value) for name, value in values.items()}


@pytest.fixture(scope="module")
def by_hand() -> Cox:
    return read_cox(BY_HAND)


@pytest.fixture(scope="module")
def of_invented() -> Cox:
    return model(fitted(women(400, 7)))


def test_a_worked_example(by_hand: Cox) -> None:
    """4 nodes, 30 mm, aged 75: log hazard 0.5 ln 4 + 0.25 + 0.1 (75 - 60) / 10 = 1.0931; 1 - exp(-0.3 e^1.0931)."""
    her = woman(nodes="4", size="30", age="75")
    assert float(by_hand.score(her)) == pytest.approx(0.5 * math.log(4) + 0.25 + 0.15, abs=1e-15)
    risk = by_hand.risk(her)
    assert float(risk.value) == pytest.approx(0.59143, abs=5e-6)
    error = math.sqrt(0.0016 + 0.01 * math.log(4) ** 2 + 0.04 + 0.01 * 1.5**2)
    hazard = 0.3 * math.exp(float(by_hand.score(her)))
    assert float(risk.low) == pytest.approx(1 - math.exp(-hazard * math.exp(-1.959963984540054 * error)), abs=1e-12)
    assert float(risk.high) == pytest.approx(1 - math.exp(-hazard * math.exp(1.959963984540054 * error)), abs=1e-12)
    assert by_hand.effects(her)["age"] == Decimal("0.15")


def test_the_reference_woman_has_the_baseline(by_hand: Cox) -> None:
    assert [float(one) for one in by_hand.survival(woman())] == pytest.approx([math.exp(-0.05), math.exp(-0.3)])
    assert set(by_hand.effects(woman()).values()) == {Decimal(0)}


def test_it_foretells_what_lifelines_does() -> None:
    cohort = women(400, 11)
    ours, data = model(fitted(cohort)), followed(cohort)
    names = [term.name for term in ours.terms]
    frame = pd.DataFrame(data.distances, columns=names).assign(years=data.years, event=data.event)
    peer = CoxPHFitter().fit(frame, "years", "event", fit_options={"precision": 1e-12})
    assert [float(term.beta) for term in ours.terms] == pytest.approx(list(peer.params_), abs=1e-6)
    assert np.array([[float(cell) for cell in row] for row in ours.covariance]) == pytest.approx(
        peer.variance_matrix_.to_numpy(), abs=1e-7
    )
    steps = peer.predict_survival_function(frame[names])  # between its steps lifelines would interpolate
    theirs = np.array([steps[steps.index <= year].iloc[-1] for year in GRID]).T
    found = np.array([[float(one) for one in ours.survival(her.values())] for her in cohort])
    assert found == pytest.approx(theirs, abs=1e-5)


@pytest.mark.slow
def test_the_interval_is_that_of_refitted_resamples() -> None:
    """The spread of a woman's log cumulative hazard over 120 resamples is what the model says it is."""
    cohort = women(400, 3)
    ours = model(fitted(cohort))
    generator = np.random.Generator(np.random.PCG64(5))
    her = woman(nodes="8", size="40", age="70")
    found = []
    for _ in range(120):
        drawn = [cohort[one] for one in generator.integers(0, len(cohort), len(cohort))]
        found.append(math.log(-math.log(1 - float(model(fitted(drawn)).risk(her).value))))
    risk = ours.risk(her)
    lower, upper = (math.log(-math.log(1 - float(one))) for one in (risk.low, risk.high))
    assert (upper - lower) / (2 * 1.96) == pytest.approx(np.std(found), rel=0.2)


@pytest.mark.parametrize("nodes", ["1", "4", "20"])
def test_the_benefit_and_its_interval_are_those_of_a_simulation(of_invented: Cox, nodes: str) -> None:
    """Trials' ratio and the model's hazard drawn from their distributions: the same gain, the same spread."""
    her = woman(nodes=nodes)
    told = of_invented.benefit(her)
    assert told is not None
    generator = np.random.Generator(np.random.PCG64(1))
    risk = of_invented.risk(her)
    log_hazard = math.log(-math.log(1 - float(risk.value)))
    spread = (math.log(-math.log(1 - float(risk.high))) - log_hazard) / 1.959963984540054
    hazard = np.exp(generator.normal(log_hazard, spread, 400_000))
    ratio = np.exp(generator.normal(math.log(0.53), 0.03 / 0.53, 400_000))
    gain = np.exp(-hazard * ratio) - np.exp(-hazard)
    assert float(told.value) == pytest.approx(np.median(gain), abs=0.003)
    assert float(told.low) == pytest.approx(np.quantile(gain, 0.025), abs=0.008)
    assert float(told.high) == pytest.approx(np.quantile(gain, 0.975), abs=0.008)


def test_no_benefit_is_told_where_trials_found_none_or_it_is_given(of_invented: Cox) -> None:
    assert of_invented.benefit(woman(er="0")) is None
    assert of_invented.benefit(woman(hormone="1")) is None


ANYONE = st.fixed_dictionaries(
    {
        "age": st.integers(24, 90).map(Decimal),
        "nodes": st.integers(1, 33).map(Decimal),
        "size": st.decimals(1, 149, places=1),
        "er": st.sampled_from([Decimal(0), Decimal(1)]),
        "hormone": st.sampled_from([Decimal(0), Decimal(1)]),
    }
)


@given(ANYONE)
def test_more_nodes_never_lower_the_risk_and_figures_are_probabilities(her: dict[str, Decimal]) -> None:
    by_hand = read_cox(BY_HAND)
    risk, worse = by_hand.risk(her), by_hand.risk({**her, "nodes": her["nodes"] + 1})
    assert 0 <= risk.low <= risk.value <= risk.high <= 1
    assert worse.value > risk.value
    assert by_hand.risk({**her, "size": her["size"] + 1}).value >= risk.value
    survival = by_hand.survival(her)
    assert survival == sorted(survival, reverse=True)
    assert sum(by_hand.effects(her).values()) == pytest.approx(by_hand.score(her))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('horizon = "5"', 'horizon = "4"', "years and hazards"),
        ('hazard = ["0.05", "0.3"]', 'hazard = ["0.3", "0.05"]', "years and hazards"),
        ('transform = "ln"', 'transform = "log10"', "no such transform"),
        ('factor = "nodes"', 'factor = "her2"', "no input"),
        ('nodes = "0.5"', 'nodes = "x"', "wrong form"),
        ('large = "0.25"', "", "missing"),
        ('large = ["0", "0.04", "0", "0", "0"]', 'large = ["0"]', "other terms"),
        ('large = ["0", "0.04", "0", "0", "0"]', 'large = ["0", "-1", "0", "0", "0"]', "below 0"),
        ('ratio = "0.53"', 'ratio = "-1"', "wrong form"),
        ("[baseline]", "[base", "no TOML"),
    ],
)
def test_a_model_that_is_not_whole_is_refused(before: str, after: str, why: str) -> None:
    assert before in BY_HAND
    with pytest.raises(LienthongError) as caught:
        read_cox(BY_HAND.replace(before, after, 1))
    assert caught.value.code == "product-model-wrong" and why in caught.value.what
