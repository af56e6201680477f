"""The folder of pneumonia-xray is whole, and its files say the same of each other."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.evaluation import evaluables
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.products.imaging.cases import COMPARATOR
from lienthong.products.imaging.evaluating import EvaluableImages
from lienthong.products.imaging.product import ImageProduct

FOLDER = Path(__file__).parents[4] / "catalogue" / "pneumonia-xray"
MODEL = json.loads((FOLDER / "model.json").read_text("utf-8"))


def test_the_threshold_of_the_protocol_is_the_one_that_is_served() -> None:
    protocol = read_protocol((FOLDER / "protocol.toml").read_text("utf-8"))
    assert protocol.primary is not None
    assert float(protocol.primary.value) == MODEL["threshold"] == ImageProduct(FOLDER).threshold
    assert [item.name for item in protocol.comparators] == [COMPARATOR]
    assert protocol.part == "val"


def test_the_card_says_how_many_pictures_made_the_model() -> None:
    training = MODEL["training"]
    text = catalogue.card("pneumonia-xray").data.en
    for count in (training["fit"], training["tune"], training["fit"] + training["tune"] + training["left_out"]):
        assert f"{count:,}" in text
    assert len(ImageProduct(FOLDER).development) <= training["fit"] + training["tune"]


def test_the_card_says_that_it_can_never_pass_the_sandbox() -> None:
    card = catalogue.card("pneumonia-xray")
    assert "sandbox" in card.limits[0].en
    assert "sandbox" in card.limits[0].vi
    assert card.decision_role == "informs"


def test_the_frame_opens_it_and_it_does_not_run_on_the_warehouse() -> None:
    product = evaluables.load("pneumonia-xray")
    assert isinstance(product, EvaluableImages)
    assert product.data.suite == "ai/pneumonia_xray"
    with pytest.raises(LienthongError) as caught:
        catalogue.load("pneumonia-xray")
    assert caught.value.code == "product-not-on-warehouse"


@pytest.mark.parametrize("name", ["model.onnx", "model.json", "comparator.json", "development.txt", "data.toml"])
def test_a_folder_that_is_not_whole_is_told(tmp_path: Path, name: str) -> None:
    for file in FOLDER.iterdir():
        if file.is_file() and file.name != name:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(LienthongError) as caught:
        EvaluableImages(tmp_path)
    assert caught.value.code == "product-incomplete"


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.onnx", b"no network"), ("model.json", b"{}"), ("comparator.json", b"[]"), ("model.json", b"\xff")],
)
def test_a_broken_model_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    for file in FOLDER.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LienthongError) as caught:
        ImageProduct(tmp_path)
    assert caught.value.code == "product-incomplete"


def test_no_pickle_is_shipped() -> None:
    assert {file.suffix for file in FOLDER.iterdir() if file.is_file()} <= {
        ".toml",
        ".onnx",
        ".json",
        ".txt",
        ".py",
        ".md",
    }
    assert tomllib.loads((FOLDER / "data.toml").read_text("utf-8"))["licence"].startswith("CC BY 4.0")
