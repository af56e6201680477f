"""Runs of survival and of forecasts: figures are those of the measures, at the time or horizon of their name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from tests.unit.products.evaluation.invented import Invented, invented_card

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation.cases import Cases, CodingCases, ForecastCases, SurvivalCases
from lienthong.products.evaluation.evaluate import evaluate
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.products.measures import concordance, forecast, survival
from lienthong.products.measures.measure import figure

HEAD = """
name = "invented"
version = "1.0.0"
part = ""
seed = 7
resamples = 100
level = "0.95"
outcome = { vi = "Biến cố", en = "The event" }
"""
SURVIVAL = (
    HEAD
    + """
task = "survival"
[times]
unit = "a"
at = ["5", "2.5"]
[[threshold]]
value = "0.4"
primary = true
reason = { vi = "Vì", en = "Because" }
[curve]
low = "0.2"
high = "0.4"
step = "0.1"
[subgroups]
attributes = ["sex"]
min_n = 50
min_events = 5
[[comparator]]
name = "coin"
measure = "c_index"
margin = "0.01"
"""
)
FORECAST = (
    HEAD
    + """
task = "forecast"
blocks = "month"
[[comparator]]
name = "persistence"
measure = "wis"
margin = "0"
"""
)
NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


def women(n: int = 400) -> SurvivalCases:
    """Exponential times whose hazard the product knows; followed for up to ten years."""
    chance = np.random.Generator(np.random.PCG64(3))
    score = chance.normal(0, 0.8, n)
    hazard = 0.12 * np.exp(score)
    time, end = chance.exponential(1 / hazard), chance.uniform(1, 10, n)
    grid = np.arange(1.0, 9.0)
    return SurvivalCases(
        time=np.minimum(time, end),
        event=time <= end,
        risk=score,
        survival=np.exp(-hazard[:, None] * grid),
        grid=grid,
        comparators={"coin": chance.random(n)},
        groups={"sex": np.where(np.arange(n) % 2 == 0, "female", "male")},
        perturbed={"noise": score + chance.normal(0, 0.3, n)},
        missing={"grade": np.arange(n) % 8 == 0},
    )


def months() -> ForecastCases:
    """Twelve months of four places, foretold one and three months ahead."""
    chance = np.random.Generator(np.random.PCG64(4))
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    rows = [(place, f"2009-{month:02}", ahead) for ahead in (1, 3) for place in "ABCD" for month in range(1, 13)]
    observed = chance.poisson(50, len(rows)).astype(np.float64)
    spread = np.array([-12.0, -5, 0, 5, 12])
    return ForecastCases(
        observed=observed,
        quantiles=50 + spread * np.array([[1.0 if row[2] == 1 else 2.0] for row in rows]),
        levels=levels,
        horizon=np.array([row[2] for row in rows], dtype=np.int64),
        place=np.array([row[0] for row in rows]),
        month=np.array([row[1] for row in rows]),
        baselines={"persistence": np.sort(chance.normal(80, 5, (len(rows), 5)))},
    )


def run(cases: Cases, protocol: str, folder: Path) -> dict[str, Any]:
    (folder / "data.csv").write_text("whatever")
    product = Invented(invented_card(), cases)
    done = evaluate(product, read_protocol(protocol), [folder / "data.csv"], "", clock=lambda: NOW, environment={})
    return done.to_json()


def test_survival_is_judged_at_the_times_of_the_protocol(tmp_path: Path) -> None:
    cases, found = women(), run(women(), SURVIVAL, tmp_path)
    measures = found["measures"]
    assert measures["c_index"]["value"] == figure(concordance.c_index(cases.time, cases.event, cases.risk).value)
    at_five = survival.o_e_at(cases.time, cases.event, 1 - np.round(cases.survival[:, 4], 6), 5.0)
    assert measures["o_e_at"]["value"] == figure(at_five.value) and measures["o_e_at"]["low"] < 1
    assert {"ibs", "uno_c", "slope_at", "ici_at", "auc_at", "brier_at", "net_benefit_at", "o_e_at_2.5"} <= set(
        measures
    )
    assert found["comparators"][0]["beaten"] is True
    assert {item["verdict"] for item in found["groups"]} == {"no-difference-shown"}
    assert [item["kind"] for item in found["sensitivity"]] == ["disturbed", "complete-cases"]
    assert set(found["curves"]) == {"kaplan_meier", "calibration_at", "decision_at"}
    first, last = found["curves"]["kaplan_meier"][0], found["curves"]["kaplan_meier"][-1]
    assert (first["observed"], first["predicted"], last["time"]) == (1, 1, 8)
    assert abs(last["observed"] - last["predicted"]) < 0.1


def test_survival_is_measured_beside_what_kaplan_meier_says_of_everyone(tmp_path: Path) -> None:
    cases, measures = women(), run(women(), SURVIVAL, tmp_path)["measures"]
    curve = KaplanMeierFitter().fit(cases.time, cases.event)
    known = cases.grid < cases.time.max()
    same = np.tile(curve.predict(cases.grid[known]).to_numpy(), (len(cases), 1))
    peer = survival.ibs(cases.time, cases.event, same, cases.grid[known])
    assert measures["ibs_kaplan_meier"]["value"] == figure(peer.value)
    assert measures["ibs"]["value"] < measures["ibs_kaplan_meier"]["value"]


def test_the_sample_size_counts_those_whose_state_is_known(tmp_path: Path) -> None:
    cases = women()
    assumed = '[assumed]\nprevalence = "0.4"\nc = "0.7"\no_e_width = "0.2"\n'
    (found,) = run(cases, SURVIVAL + assumed, tmp_path)["sample_size"]
    ended = cases.event & (cases.time <= 5)
    assert (found["for"], found["has_events"]) == ("o_e", ended.sum())
    assert found["has"] == (ended | (cases.time > 5)).sum() < len(cases)


def test_women_followed_for_too_short_a_time_have_no_integrated_score(tmp_path: Path) -> None:
    cases = women()
    short = replace(cases, time=np.minimum(cases.time, 0.5), event=cases.event & (cases.time <= 0.5))
    found = run(short, SURVIVAL, tmp_path)["measures"]["ibs"]
    assert found["value"] is None and "nobody was followed" in found["method"]


@pytest.mark.parametrize("times", ['at = ["9"]', "at = []"])
def test_a_time_that_is_not_foretold_is_refused(times: str, tmp_path: Path) -> None:
    with pytest.raises(LienthongError, match="evaluation-time-missing") as caught:
        run(women(), SURVIVAL.replace('at = ["5", "2.5"]', times), tmp_path)
    assert "1 to 8" in caught.value.allowed


def test_forecasts_are_scored_at_the_first_horizon_and_against_each_baseline(tmp_path: Path) -> None:
    cases, found = months(), run(months(), FORECAST, tmp_path)
    first = cases.horizon == 1
    score = forecast.wis(cases.observed[first], cases.quantiles[first], cases.levels).total
    measures = found["measures"]
    assert measures["wis"]["value"] == figure(float(score.mean()))
    assert (found["n"], found["events"]) == (96, None)
    assert {"coverage_50", "coverage_90", "mae", "wis_persistence", "mae_persistence", "wis_h3"} <= set(measures)
    parts = [float(measures[name]["value"]) for name in ("dispersion", "underprediction", "overprediction")]
    assert sum(parts) == pytest.approx(float(score.mean()), abs=1e-4)
    assert measures["relative_wis_persistence"]["high"] < 1
    (persistence,) = found["comparators"]
    assert persistence["beaten"] is True and persistence["differences"]["wis"]["low"] > 0
    assert [(row["horizon"], row["n"]) for row in found["curves"]["by_horizon"]] == [(1, 48), (3, 48)]
    assert _words(found["curves"]["by_place"], "place") == list("ABCD")
    assert len(found["curves"]["by_month"]) == 12


def test_codes_are_counted_first_and_among_five(tmp_path: Path) -> None:
    n = 200
    ranked = np.empty(n, dtype=np.object_)
    codes, given = ranked.copy(), ranked.copy()
    for index in range(n):
        codes[index] = frozenset({"J18.9"} if index % 4 else {"A91", "J18.9"})
        ranked[index] = () if index % 20 == 0 else ("J18.9", "A91") if index % 2 else ("I10", "J18.9")
        given[index] = frozenset(ranked[index][:1])
    ward = np.where(np.arange(n) % 2 == 0, "A", "B")
    cases = CodingCases(codes, ranked, given, groups={"ward": ward})
    coded = HEAD + 'task = "coding"\n[subgroups]\nattributes = ["ward"]\nmin_n = 50\nmin_events = 0\n'
    found = run(cases, coded, tmp_path)
    measures = found["measures"]
    assert (measures["top1"]["value"], measures["top5"]["value"]) == (figure(0.5), figure(0.95))
    assert {"f1_micro", "f1_macro"} <= set(measures) and found["abstained"] == 10
    verdicts = {item["word"]: item["verdict"] for item in found["groups"]}
    assert verdicts == {"A": "worse", "B": "no-difference-shown"}


def _words(rows: Sequence[dict[str, Any]], name: str) -> list[str]:
    return [row[name] for row in rows]
