"""A run of probabilities: what is measured, judged, compared and left out, on cases whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from tests.unit.products.evaluation.invented import PROTOCOL, Invented, drawn, invented_card

from lienthong.core import canonical
from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.evaluation.evaluate import evaluate
from lienthong.products.evaluation.protocol import Protocol, read_protocol
from lienthong.products.evaluation.sample import _log_odds, _rates
from lienthong.products.measures import discrimination, sample_size
from lienthong.products.measures.measure import figure

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)  # as the fixture `clock` has it


def run(invented: Invented, protocol: Protocol, file: Path, clock: Clock) -> dict[str, Any]:
    return evaluate(invented, protocol, [file], "", clock=clock, environment={}).to_json()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("data") / "cases.csv"
    file.write_text("whatever")
    return run(Invented(invented_card(), drawn()), read_protocol(PROTOCOL), file, lambda: NOW)


def test_the_figures_are_those_of_the_measures_on_rounded_predictions(found: dict[str, Any]) -> None:
    cases = drawn()
    assert cases.abstained is not None
    given = ~cases.abstained
    expected = discrimination.auroc(cases.happened[given], np.round(cases.probability, 6)[given])
    assert found["measures"]["auroc"]["value"] == figure(expected.value)
    assert (found["n"], found["events"], found["abstained"]) == (1200, int(cases.happened.sum()), 12)
    named = {"auroc", "auprc", "brier", "calibration_intercept", "calibration_slope", "o_e", "ici", "net_benefit"}
    assert named | {"sensitivity", "specificity"} <= set(found["measures"])
    counts = found["operating"][0]["counts"]
    assert sum(counts.values()) == 1200 - 12


def test_groups_are_judged_against_all_others(found: dict[str, Any]) -> None:
    groups = {(item["attribute"], item["word"]): item for item in found["groups"]}
    assert groups["province", "A"]["verdict"] == "worse"
    assert "auroc" in groups["province", "A"]["reason"]["en"]
    assert groups["province", "B"]["verdict"] == "no-difference-shown"
    assert groups["sex", "female"]["verdict"] == "no-difference-shown"
    few = groups["ethnic group", "H'Mông"]
    assert (few["verdict"], few["n"], few["measures"]) == ("insufficient-data", 30, {})
    # five groups are large enough, four measures judge each
    assert found["multiplicity"]["compared"] == 20 and str(found["multiplicity"]["level"]) == "0.997500"
    gap = next(item for item in found["gaps"] if item["attribute"] == "province" and item["measure"] == "auroc")
    assert (gap["best"], gap["worst"]) == ("B", "A") and gap["difference"]["low"] > 0


def test_comparators_bounds_and_other_cases_are_told(found: dict[str, Any]) -> None:
    (coin,) = found["comparators"]
    assert coin["beaten"] is True and coin["differences"]["net_benefit"]["low"] > 0
    assert [item["met"] for item in found["bounds"]] == [True, False, None]
    kinds = {item["kind"]: item for item in found["sensitivity"]}
    assert set(kinds) == {"disturbed", "complete-cases"} and kinds["disturbed"]["name"] == "noise"
    assert kinds["complete-cases"]["n"] < 1188
    assert found["missing"] == [{"input": "smoking", "n": 120, "share": figure(0.1)}]
    assert found["leaks"]["checked"] is False
    (auroc, o_e) = found["sites"]
    assert (auroc["measure"], o_e["measure"], len(auroc["places"])) == ("auroc", "o_e", 4)
    assert auroc["low"] < auroc["pooled"]["value"] < auroc["high"]


def test_the_curves_have_the_rows_that_a_report_draws(found: dict[str, Any]) -> None:
    curves = found["curves"]
    assert set(curves) == {"roc", "calibration", "decision", "distribution"}
    assert set(curves["decision"][0]) == {"threshold", "model", "low", "high", "all", "none", "avoided"}
    assert sum(item["with"] + item["without"] for item in curves["distribution"]) == 1188
    assert set(curves["calibration"][0]) == {"x", "y", "low", "high"}


def test_leaks_are_found_by_the_digests_of_cases(
    invented: Invented, protocol: Protocol, file: Path, clock: Clock
) -> None:
    invented.digests = tuple(f"case {max(index, 9)}" for index in range(1200))  # the first ten are one
    invented.development = frozenset({"case 20", "case 21", "case 9999"})
    found = run(invented, protocol, file, clock)
    assert (found["leaks"]["checked"], found["leaks"]["overlap"], found["leaks"]["duplicates"]) == (True, 2, 9)
    kinds = {item["kind"]: item["n"] for item in found["sensitivity"]}
    assert (kinds["without-duplicates"], kinds["without-overlap"]) == (1191, 1198)


def test_two_runs_give_equal_bytes_and_an_edited_protocol_others(
    invented: Invented, protocol: Protocol, file: Path, clock: Clock, found: dict[str, Any]
) -> None:
    assert canonical.encode(run(invented, protocol, file, clock)) == canonical.encode(found)
    later = evaluate(
        invented, protocol, [file], "", clock=lambda: datetime(2027, 1, 1, tzinfo=UTC), environment={"python": "4"}
    )
    assert later.digest == found["digest"]
    other = read_protocol(protocol.text.replace("seed = 7", "seed = 8"))
    assert run(invented, other, file, clock)["digest"] != found["digest"]


def test_a_score_that_is_no_probability_gets_no_calibration(
    invented: Invented, protocol: Protocol, file: Path, clock: Clock
) -> None:
    found = run(invented, read_protocol("calibrated = false\n" + protocol.text), file, clock)
    assert {"auroc", "sensitivity"} <= set(found["measures"])
    assert not {"o_e", "brier", "ici", "net_benefit", "calibration_slope"} & set(found["measures"])
    assert not {"calibration", "decision"} & set(found["curves"])


def test_sets_of_outcomes_are_counted(invented: Invented, protocol: Protocol, file: Path, clock: Clock) -> None:
    cases = drawn()
    invented.cases = replace(cases, sets=np.stack([cases.probability < 0.8, cases.probability > 0.1], axis=1))
    measures = run(invented, protocol, file, clock)["measures"]
    assert measures["coverage"]["value"] > figure(0.9)
    assert measures["single"]["value"] < 1


def test_what_does_not_fit_is_refused(invented: Invented, protocol: Protocol, file: Path, clock: Clock) -> None:
    with pytest.raises(LienthongError, match="evaluation-of-another-product"):
        run(invented, replace(protocol, version="2.0.0"), file, clock)
    assert invented.opened == 0
    empty = np.array([])
    words = np.array([], dtype=np.str_)
    invented.cases = ForecastCases(empty, empty, empty, np.array([], dtype=np.int64), words, words)
    with pytest.raises(LienthongError, match="evaluation-cases-wrong") as caught:
        run(invented, protocol, file, clock)
    assert "ForecastCases" in caught.value.what and caught.value.allowed == "BinaryCases"


def test_the_sample_size_follows_from_what_was_assumed(
    invented: Invented, protocol: Protocol, file: Path, clock: Clock
) -> None:
    assumed = """
[assumed]
prevalence = "0.018"
c = "0.8"
o_e_width = "0.22"
slope_width = "0.2"
c_width = "0.1"
net_benefit_width = "0.2"
"""
    found = run(invented, read_protocol(protocol.text + assumed), file, clock)["sample_size"]
    needs = {item["for"]: item for item in found}
    assert set(needs) == {"o_e", "calibration_slope", "auroc", "net_benefit"}
    assert needs["o_e"]["needed"] == sample_size.for_o_e(0.018, width=0.22).cases
    assert not needs["o_e"]["powered"] and not needs["calibration_slope"]["powered"]
    assert needs["auroc"]["has"] == 1188
    few = read_protocol(protocol.text + assumed.replace("0.018", "0.3").replace("0.22", "0.9"))
    again = {item["for"]: item["powered"] for item in run(invented, few, file, clock)["sample_size"]}
    assert again["o_e"] is True and again["calibration_slope"] is False


@pytest.mark.parametrize(("prevalence", "deviation"), [(0.3, 1.0), (0.05, 1.4), (0.7, 2.0)])
def test_the_assumed_log_odds_are_those_of_a_calibrated_model(prevalence: float, deviation: float) -> None:
    odds = _log_odds(prevalence, deviation)
    risk = 1 / (1 + np.exp(-odds))
    assert float(risk.mean()) == pytest.approx(prevalence, abs=2e-3)
    chance = np.random.Generator(np.random.PCG64(1))
    happened = chance.random(len(risk)) < risk
    assert discrimination.auroc(happened, odds).value == pytest.approx(norm.cdf(deviation / np.sqrt(2)), abs=0.02)
    sensitivity, specificity = _rates(prevalence, deviation, 0.3)
    assert float((risk[happened] >= 0.3).mean()) == pytest.approx(sensitivity, abs=0.03)
    assert float((risk[~happened] < 0.3).mean()) == pytest.approx(specificity, abs=0.03)
