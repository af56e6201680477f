"""Cases from which little or nothing can be had give figures without a value, a reason, and no error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.products.evaluation.invented import PROTOCOL
from tests.unit.products.evaluation.test_other_tasks import FORECAST, SURVIVAL, months, run, women

from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.evaluation.cases import BinaryCases, Cases, ForecastCases, SurvivalCases
from lienthong.products.evaluation.equation_cases import evaluable
from lienthong.products.evaluation.subsets import subset

BINARY = PROTOCOL.replace("resamples = 200", "resamples = 100")
HEADER = "sex,age,systolic,total-cholesterol,hdl,smoking,diabetes,treatment,event"


def binary(happened: list[int], probability: list[float], *, nobody: bool = False) -> BinaryCases:
    n = len(happened)
    return BinaryCases(
        np.array(happened, dtype=np.bool_),
        np.array(probability),
        comparators={"coin": np.array(probability[::-1])},
        groups={"sex": np.array(["female"] * n), "site": np.array(["A", "B"] * n)[:n]},
        missing={"hdl": np.arange(n) == 0},
        abstained=np.ones(n, dtype=np.bool_) if nobody else None,
    )


def first(cases: SurvivalCases | ForecastCases, n: int) -> Cases:
    return subset(cases, np.arange(len(cases)) < n)


def quiet() -> SurvivalCases:
    cases = women()
    return SurvivalCases(cases.time, cases.event & False, cases.risk, cases.survival, cases.grid)


def short() -> SurvivalCases:
    cases = women()
    time = np.minimum(cases.time, 2.0)
    return SurvivalCases(time, cases.event & (cases.time < 2), cases.risk, cases.survival, cases.grid)


def nothing_ever() -> ForecastCases:
    cases = months()
    flat = cases.quantiles * 0
    return ForecastCases(
        cases.observed * 0, flat, cases.levels, cases.horizon, cases.place, cases.month, {"persistence": flat}
    )


SPREAD = [index / 49 for index in range(50)]


@pytest.mark.parametrize(
    ("cases", "protocol"),
    [
        (binary([1], [0.5]), BINARY),
        (binary([0] * 50, SPREAD), BINARY),
        (binary([1] * 50, SPREAD), BINARY),
        (binary([0, 1] * 25, [0.3] * 50), BINARY),
        (binary([0] * 25 + [1] * 25, [0.0] * 25 + [1.0] * 25), BINARY),
        (binary([0, 1] * 25, SPREAD, nobody=True), BINARY),
        (quiet(), SURVIVAL),
        (short(), SURVIVAL),
        (first(women(), 1), SURVIVAL),
        (first(months(), 1), FORECAST),
        (nothing_ever(), FORECAST),
    ],
    ids=[
        "one",
        "no event",
        "all events",
        "one figure",
        "perfect",
        "nobody",
        "quiet",
        "short",
        "woman",
        "month",
        "zero",
    ],
)
def test_what_cannot_be_measured_is_said(cases: Cases, protocol: str, tmp_path: Path) -> None:
    found = run(cases, protocol, tmp_path)
    assert found["n"] == len(cases)
    for name, measure in found["measures"].items():
        assert measure["value"] is not None or measure["method"], name


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "x.csv"),
        ("\n\n", "x.csv"),
        (HEADER.replace(",event", ""), "x.csv"),
        (f"{HEADER}\nmale,50,120,180,50,never,,,2\n", "x.csv: row 2: event"),
        (f"{HEADER}\nmale,-5,120,180,50,never,,,1\n", "x.csv: row 2: age"),
        (f"{HEADER}\nmale\n", "x.csv: row 2: event"),
        (f'{HEADER}\n"{"x" * 200_000}",50,120,180,50,never,,,1\n', "x.csv"),
    ],
    ids=["empty", "blank", "no outcome", "outcome", "age", "cut off", "long"],
)
def test_a_table_of_people_that_cannot_be_read_is_refused(text: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text, "utf-8")
    with pytest.raises(LienthongError, match="data-wrong") as caught:
        evaluable(catalogue.folder("cvd-risk")).open([tmp_path / "x.csv"], "", {})
    assert caught.value.where == where and caught.value.allowed
    with pytest.raises(LienthongError, match="data-wrong"):
        evaluable(catalogue.folder("cvd-risk")).open([tmp_path / "x.csv"], "val", {})


def test_odd_cells_are_inputs_that_are_not_there(tmp_path: Path) -> None:
    rows = ["male,50,abc,180,50,never,,,1", "x,50,120,180,50,never,,,0", "male,50,120,180,50,never,,,0,more,cells"]
    (tmp_path / "x.csv").write_text("\ufeff" + "\n".join([HEADER, *rows]), "utf-8")
    cases = evaluable(catalogue.folder("cvd-risk")).open([tmp_path / "x.csv"], "", {"systolic": ["1.1"]}).cases
    assert isinstance(cases, BinaryCases) and cases.abstained is not None
    assert cases.abstained.tolist() == [True, True, False]
