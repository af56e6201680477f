"""The model that ships is the one that train.py makes of the Rotterdam cohort, to the digit."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lienthong.core import canonical

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
@pytest.mark.slow
def test_the_development_figures_are_repeated(train: ModuleType, data: bytes) -> None:
    text = (FOLDER / "model.toml").read_text("utf-8")
    told = canonical.encode(train._figures(train.developed(text, data))) + b"\n"
    assert told == (FOLDER / "evidence" / "development.json").read_bytes()
