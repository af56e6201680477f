"""The model that ships is the one that train.py makes of the Rotterdam cohort, to the digit."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lienthong.core import canonical
from lienthong.products.evaluation import evaluables
from lienthong.products.survival.evaluated import development_digests

FOLDER = Path(__file__).parents[4] / "catalogue" / "breast-survival"


@pytest.fixture(scope="module")
def train() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_breast_survival", FOLDER / "train.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(suites: Callable[[str], Path], train: ModuleType) -> bytes:
    return bytes((suites("tabular_clinical") / train.ROTTERDAM).read_bytes())


@pytest.mark.suite
def test_a_fit_anew_gives_the_shipped_model(train: ModuleType, data: bytes) -> None:
    text = (FOLDER / "model.toml").read_text("utf-8")
    assert train.trained(text, data) == text
    assert train.trained(text.partition(train.LINE)[0], data) == text


@pytest.mark.suite
def test_a_woman_of_the_fit_is_found_in_other_data(
    train: ModuleType, data: bytes, suites: Callable[[str], Path]
) -> None:
    told = (FOLDER / "evidence" / "development_cases.txt").read_text("utf-8")
    assert told == development_digests(train.node_positive(data)[0])
    file = suites("tabular_clinical") / train.ROTTERDAM
    opened = evaluables.load("breast-survival").open([file], "", {"follow_up": "7", "foretold": "5"})
    assert len(opened.cases_digests) == 1546 and set(opened.cases_digests) == opened.development


@pytest.mark.suite
@pytest.mark.slow
def test_the_development_figures_are_repeated(train: ModuleType, data: bytes) -> None:
    text = (FOLDER / "model.toml").read_text("utf-8")
    told = canonical.encode(train._figures(train.developed(text, data))) + b"\n"
    assert told == (FOLDER / "evidence" / "development.json").read_bytes()
