"""breast-survival as an Evaluable: who becomes a case, what is foretold, and what is said of the data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation import evaluables
from lienthong.products.evaluation.cases import SurvivalCases
from lienthong.products.evaluation.evaluable import Opened
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.products.survival.evaluated import BreastSurvival

HEAD = "age,meno,size,grade,nodes,pgr,er,hormon,rfstime,status\n"
FOLDER = Path(__file__).parents[4] / "catalogue" / "breast-survival"
SETTINGS = {"follow_up": "7", "foretold": "5"}


@pytest.fixture(scope="module")
def product() -> BreastSurvival:
    found = evaluables.load("breast-survival")
    assert isinstance(found, BreastSurvival)
    return found


def survival(opened: Opened) -> SurvivalCases:
    assert isinstance(opened.cases, SurvivalCases)
    return opened.cases


def file(folder: Path, *rows: str) -> Path:
    path = folder / "cohort.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return path


def test_women_become_cases_with_the_shipped_models_figures(product: BreastSurvival, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "50,1,30,3,4,0,90,0,1000,1",
        "40,0,15,1,1,90,90,1,3000,1",  # the event is after seven years: not seen
        "40,0,15,1,0,90,90,1,3000,0",  # node-negative
        "20,0,15,1,1,90,90,1,3000,0",  # younger than anyone of the development data
        "40,0,15,1,35,90,90,1,3000,0",  # more nodes
    )
    opened = product.open([path], "", SETTINGS)
    cases = survival(opened)
    assert len(cases) == 2
    assert "3 women lie outside" in opened.notes[0].en
    assert cases.time == pytest.approx([1000 / 365.25, 7])
    assert list(cases.event) == [True, False]
    facts = {"age": 50, "size": 30, "grade": 3, "nodes": 4, "pgr": 0, "er": 1, "hormone": 0, "chemo": 1}
    risk = product._product.cox.risk({name: Decimal(value) for name, value in facts.items()})
    assert cases.survival.shape == (2, 20) and cases.grid[-1] == 5
    assert 1 - cases.survival[0, -1] == pytest.approx(float(risk.value))
    assert cases.risk[0] > cases.risk[1]
    assert np.all(np.diff(cases.survival) <= 0) and np.all((cases.survival > 0) & (cases.survival < 1))
    assert {name: list(words) for name, words in cases.groups.items()} == {
        "age": ["45-64", "under-45"],
        "menopause": ["post", "pre"],
        "grade": ["grade-3", "grade-1"],
        "receptors": ["er-positive", "er-positive"],
        "hormone-therapy": ["no", "yes"],
    }
    assert cases.comparators["nodes-alone"][0] > cases.comparators["nodes-alone"][1]
    assert cases.perturbed["one-node-fewer"] == pytest.approx(cases.risk - [0.44180386 * np.log(4 / 3), 0])
    assert cases.perturbed["grade-2-for-all"][0] < cases.risk[0]


def test_women_alike_in_everything_are_seen_as_duplicates(product: BreastSurvival, tmp_path: Path) -> None:
    row = "50,1,30,3,4,0,90,0,1000,1"
    same = row.replace("50,1", "50.0,1").replace("1000", "1000.00")
    digests = product.open([file(tmp_path, row, same, row.replace("1000", "1001"))], "", SETTINGS).cases_digests
    assert len(digests) == 3 and len(set(digests)) == 2


def test_a_file_without_her_population_is_refused(product: BreastSurvival, tmp_path: Path) -> None:
    with pytest.raises(LienthongError) as caught:
        product.open([file(tmp_path, "40,0,15,1,0,90,90,1,3000,0")], "", SETTINGS)
    assert caught.value.code == "data-wrong"
    with pytest.raises(LienthongError):
        product.open([file(tmp_path, "40,0,15,1,1,90,90,1,3000,0")], "test", SETTINGS)


def test_the_protocol_is_whole_and_asks_for_what_is_given(product: BreastSurvival, tmp_path: Path) -> None:
    protocol = read_protocol((FOLDER / "protocol.toml").read_text("utf-8"))
    path = file(tmp_path, "50,1,30,3,4,0,90,0,1000,1")
    cases = survival(product.open([path], protocol.part, protocol.settings))
    assert set(protocol.subgroups.attributes) == set(cases.groups)
    assert {item.name for item in protocol.comparators} == set(cases.comparators)
    assert protocol.times[0] == product.card.horizon_years
    assert all(float(time) in cases.grid for time in protocol.times)
