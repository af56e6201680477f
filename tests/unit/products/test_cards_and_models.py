"""Cards and models that can't be meant are refused when they are loaded, and the catalogue is found."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.card import read_card
from lienthong.products.equation import read_equation
from lienthong.products.published import Published

FOLDER = Path(str(resources.files("lienthong"))).parent.parent / "catalogue" / "cvd-risk"
CARD = (FOLDER / "card.toml").read_text("utf-8")
MODEL = (FOLDER / "model.toml").read_text("utf-8")


def test_the_catalogue_lists_and_loads() -> None:
    assert "cvd-risk" in catalogue.names()
    listed = {item["name"]: item for item in catalogue.listing()}["cvd-risk"]
    assert listed["title"] == {"vi": "Nguy cơ tim mạch 10 năm", "en": "Ten-year cardiovascular risk"}
    assert catalogue.load("cvd-risk") is catalogue.load("cvd-risk")
    with pytest.raises(LienthongError, match="product-unknown") as caught:
        catalogue.load("cvd-rsk")
    assert "cvd-risk" in caught.value.allowed


def test_a_card_as_json_has_all_its_texts_in_both_languages() -> None:
    card = read_card(CARD).to_json()
    for name in ("title", "intended_use", "population", "users", "output", "data"):
        assert set(card[name]) == {"vi", "en"}
    assert card["source"]["doi"] == "10.1161/CIRCULATIONAHA.107.699579"


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        (("risk_class = ", "risk = "), "risk_class", "missing"),
        (('risk_class = "high"', 'risk_class = "none"'), "risk_class", "not allowed"),
        (('decision_role = "informs"', 'decision_role = "replaces"'), "decision_role", "not allowed"),
        (("horizon_years = 10", "horizon_years = 0"), "horizon_years", "no number of years"),
        (('owner = "The Lienthong authors"', 'owner = " "'), "owner", "empty"),
        (('en = "Ten-year cardiovascular risk"', 'fr = "x"'), "title", "missing a language"),
        (("[source]", "[origin]"), "source", "missing"),
        (('name = "cvd-risk"', "name = "), "card.toml", "no TOML"),
        (('name = "cvd-risk"', 'name = "cvd-risk"\nextra = 1'), "extra", "no such field"),
    ],
)
def test_a_card_that_is_not_whole_is_refused(change: tuple[str, str], where: str, why: str) -> None:
    with pytest.raises(LienthongError, match="product-card-wrong") as caught:
        read_card(CARD.replace(*change))
    assert where in caught.value.where and why in caught.value.what


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('survival = "0.95012"', ""), "'survival' is missing"),
        (('beta = "2.32888"', 'beta = "much"'), "wrong form"),
        (
            ('factor = "hdl", transform = "ln", beta = "-0.70833"', 'factor = "ldl", transform = "ln", beta = "1"'),
            "no input",
        ),
        (('transform = "identity", beta = "0.52873"', 'transform = "sqrt", beta = "1"'), "no such transform"),
        (('hdl = "50"', ""), "other inputs"),
        (("[reference]", "[[reference"), "no TOML"),
    ],
)
def test_a_model_that_can_not_be_meant_is_refused(change: tuple[str, str], why: str) -> None:
    assert change[0] in MODEL
    with pytest.raises(LienthongError, match="product-model-wrong") as caught:
        read_equation(MODEL.replace(*change))
    assert why in caught.value.what


def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(CARD, "utf-8")
    with pytest.raises(LienthongError, match="product-incomplete"):
        Published(tmp_path)


def test_the_digest_is_of_all_that_the_figure_depends_on(tmp_path: Path) -> None:
    digests = {catalogue.load("cvd-risk").digest}
    for changed in ("card.toml", "model.toml", "codes.toml", "recipe.sql"):
        folder = tmp_path / changed / "cvd-risk"
        folder.mkdir(parents=True)
        for name in ("card.toml", "model.toml", "codes.toml", "recipe.sql"):
            text = (FOLDER / name).read_text("utf-8")
            (folder / name).write_text(text + ("\n" if name == changed else ""), "utf-8")
        digests.add(Published(folder).digest)
    assert len(digests) == 5
