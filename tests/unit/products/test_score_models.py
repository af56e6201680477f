"""A score that can't be meant is refused when it is loaded; the card's kind picks the engine."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.card import read_card
from lienthong.products.points import read_score
from lienthong.products.score import PublishedScore

FOLDER = Path(str(resources.files("lienthong"))).parent.parent / "catalogue"
MODEL = (FOLDER / "news2" / "model.toml").read_text("utf-8")
CARD = (FOLDER / "news2" / "card.toml").read_text("utf-8")


def test_it_is_listed_loaded_and_open_to_inspection() -> None:
    product = catalogue.load("news2")
    assert isinstance(product, PublishedScore) and "news2" in catalogue.names()
    assert product.score.out_of == 20
    assert len(product.describe()["parameter"]) == 7
    assert (product.card.age_from, product.card.horizon_years) == (16, None)
    assert "horizon_years" not in product.card.to_json()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('{ upto = "8", points = 3 }', '{ upto = "12", points = 3 }'), "don't cover all values once"),
        (
            ('    { upto = "24", points = 2 },\n    { points = 3 },', '    { upto = "24", points = 2 },'),
            "don't cover",
        ),
        (('upto = "8", points', 'upto = "8.5", points'), "between two steps"),
        (('ordered_by = "scale-2"', 'ordered_by = "scale-3"'), "no such order"),
        (('by = "oxygen"', 'by = "consciousness"'), "need just its answers"),
        (('over = "oxygen"', 'over = "helium"'), "no known answer"),
        (('code = "minimum"\nleast = 0', 'code = "minimum"\nleast = 1'), "some total has no response"),
        (("window_hours = 24", ""), "'window_hours' is missing"),
        (('high = "120"', 'high = "much"'), "wrong form"),
        (('[[response]]\ncode = "high"', '[[response\ncode = "high"'), "no TOML"),
        (
            ('name = "pulse"\n', 'name = "pulse"\nanswers = { a = { label = { vi = "a", en = "a" } } }\n'),
            "bands or answers",
        ),
        (('label = { vi = "SpO₂ thang 1", en = "SpO₂ scale 1" }', "\\g<0>"), "waits for an order"),
    ],
)
def test_a_score_that_can_not_be_meant_is_refused(change: tuple[str, str], why: str) -> None:
    old, new = change
    assert old in MODEL
    if new == "\\g<0>":
        new = f'{old}\nordered_by = "scale-2"'
    with pytest.raises(LienthongError, match="product-score-wrong") as caught:
        read_score(MODEL.replace(old, new))
    assert why in caught.value.what


def test_a_kind_without_an_engine_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(CARD.replace("published-score", "oracle"), "utf-8")
    with pytest.raises(LienthongError, match="product-kind-unknown") as caught:
        catalogue.read(tmp_path)
    assert caught.value.allowed == "cox-model, published-equation, published-score"


def test_a_folder_without_a_card_or_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LienthongError, match="product-incomplete"):
        catalogue.read(tmp_path)
    (tmp_path / "card.toml").write_text(CARD, "utf-8")
    with pytest.raises(LienthongError, match="product-incomplete"):
        catalogue.read(tmp_path)


def test_an_equation_needs_its_years_and_ages_are_numbers(tmp_path: Path) -> None:
    for name in ("card.toml", "model.toml", "codes.toml", "recipe.sql"):
        text = (FOLDER / "cvd-risk" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("horizon_years = 10\n", ""), "utf-8")
    with pytest.raises(LienthongError, match="product-card-wrong") as caught:
        catalogue.read(tmp_path)
    assert "horizon_years" in caught.value.where
    with pytest.raises(LienthongError, match="product-card-wrong"):
        read_card(CARD.replace("age_from = 16", 'age_from = "16"'))
