"""The folder of a Cox product: what is not whole or does not fit together is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.evaluation import evaluables

FOLDER = Path(__file__).parents[4] / "catalogue" / "breast-survival"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product's folder with a card that quotes nothing: a changed model would else be refused by its evidence."""
    copied = Path(shutil.copytree(FOLDER, tmp_path / "breast-survival"))
    card = copied / "card.toml"
    card.write_text(card.read_text("utf-8").partition("[evidence]")[0], "utf-8")
    return copied


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('low = "1"', 'low = "one"', "wrong form"),
        ("age_low = 24", "", "missing"),
        ('index = ["nodes", "size", "grade"]', "index = 7", "wrong form"),
        ('chemo = "0"\n', "", "a term has no input"),
        ('name = "hormone"\nlabel', 'name = "hormones"\nlabel', "other inputs"),
        ('horizon = "5"', 'horizon = "4"', "not that of the card"),
    ],
)
def test_a_model_that_does_not_fit_its_card_is_refused(copy: Path, before: str, after: str, why: str) -> None:
    text = (copy / "model.toml").read_text("utf-8")
    assert before in text
    (copy / "model.toml").write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(LienthongError) as caught:
        catalogue.read(copy)
    assert caught.value.code == "product-model-wrong" and why in caught.value.what


@pytest.mark.parametrize("name", ["model.toml", "recipe.sql", "data.toml", "evidence/development_cases.txt"])
def test_a_folder_that_is_not_whole_is_not_evaluated(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(LienthongError) as caught:
        evaluables.opened(copy)
    assert caught.value.code == "product-incomplete"
