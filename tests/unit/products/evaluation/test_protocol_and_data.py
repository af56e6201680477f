"""Protocols and data recipes that can't be meant are refused with their place; missing data say where to get them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from lienthong.core.errors import ExitCode, LienthongError
from lienthong.products import catalogue
from lienthong.products.evaluation import artefact
from lienthong.products.evaluation.data import digests, files_of, find, read_recipe, suites
from lienthong.products.evaluation.evaluables import opened
from lienthong.products.evaluation.protocol import read_protocol

PROTOCOL = """
name = "x"
version = "1.0.0"
task = "binary"
part = "val"
seed = 7
resamples = 200
level = "0.95"
coverage = "0.9"
outcome = { vi = "Viêm phổi", en = "Pneumonia" }
assumed = { prevalence = "0.7" }
[[threshold]]
value = "0.5"
primary = true
reason = { vi = "Vì", en = "Because" }
[curve]
low = "0.1"
high = "0.3"
step = "0.05"
[subgroups]
attributes = ["sex"]
min_n = 50
min_events = 5
[[comparator]]
name = "plain"
measure = "net_benefit"
margin = "0"
[[bound]]
measure = "auroc"
of = "low"
at_least = "0.9"
reason = { vi = "Vì", en = "Because" }
[product]
horizons = [1, 3]
"""
RECIPE = """
suite = "ai/x"
files = ["x.npz"]
licence = "CC BY 4.0"
layout = { vi = "Tệp npz", en = "An npz file" }
get = { vi = "Tải ở kho A.", en = "Get it from store A." }
"""


def test_a_protocol_is_read_with_its_digits_and_its_digest() -> None:
    found = read_protocol(PROTOCOL)
    assert found.digest == hashlib.sha256(PROTOCOL.encode()).hexdigest()
    assert found.primary is not None and str(found.primary.value) == "0.5"
    assert found.curve is not None
    assert list(found.curve.thresholds()) == [Decimal(item) for item in ("0.1", "0.15", "0.2", "0.25", "0.3")]
    assert (found.subgroups.min_n, found.bounds[0].at_least, found.bounds[0].at_most) == (50, Decimal("0.9"), None)
    assert found.settings["horizons"] == [1, 3] and found.assumed["prevalence"] == Decimal("0.7")


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ('name = "x"', "", "name", "a field is missing"),
        ("seed = 7", "seed = 7\nextra = 1", "extra", "no such field"),
        ("seed = 7", "seed = -1", "seed", "no such number"),
        ("resamples = 200", "resamples = true", "resamples", "no such number"),
        ('task = "binary"', 'task = "guess"', "task", "not allowed"),
        ('level = "0.95"', 'level = "95"', "level", "between 0 and 1"),
        ('value = "0.5"', 'value = "half"', "threshold: value", "no number"),
        ("primary = true", "primary = false", "threshold", "not just one threshold"),
        ('low = "0.1"', 'low = "0.9"', "curve", "ends before it begins"),
        ('of = "low"', 'of = "middle"', "bound: of", "not allowed"),
        ('at_least = "0.9"', "", "bound", "bounds nothing"),
        ('at_least = "0.9"', 'at_least = "nan"', "bound: at_least", "no number"),
        ("[[comparator]]", "[comparator]", "comparator", "no list of tables"),
        ("seed = 7", "seed = ", "protocol.toml", "no TOML"),
    ],
)
def test_a_protocol_that_cannot_be_meant_is_refused(old: str, new: str, where: str, why: str) -> None:
    assert old in PROTOCOL
    with pytest.raises(LienthongError, match="evaluation-protocol-wrong") as caught:
        read_protocol(PROTOCOL.replace(old, new, 1))
    assert caught.value.where.endswith(where) and why in caught.value.what and caught.value.allowed


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('suite = "ai/x"', "", "suite"),
        ('suite = "ai/x"', 'suite = ""', "files"),
        ('files = ["x.npz"]', 'files = "x.npz"', "files"),
        ('licence = "CC BY 4.0"', "licence = 4", "licence"),
        ('licence = "CC BY 4.0"', "licence = ", "data.toml"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(old: str, new: str, where: str) -> None:
    with pytest.raises(LienthongError, match="evaluation-data-recipe-wrong") as caught:
        read_recipe(RECIPE.replace(old, new))
    assert caught.value.where.endswith(where)


def test_missing_data_end_with_exit_code_5_and_say_where_to_get_them(tmp_path: Path) -> None:
    recipe = read_recipe(RECIPE)
    with pytest.raises(LienthongError, match="evaluation-data-missing") as caught:
        find("x", recipe, tmp_path)
    assert caught.value.category.exit is ExitCode.MISSING
    assert caught.value.where == "$LIENTHONG_SUITES/ai/x/x.npz"
    assert "Get it from store A." in caught.value.cure and "Tải ở kho A." in caught.value.cure
    with pytest.raises(LienthongError, match="evaluation-file-missing") as caught:
        files_of("x", [tmp_path / "none.npz"], recipe)
    assert caught.value.category.exit is ExitCode.MISSING and "An npz file" in caught.value.allowed
    nothing = read_recipe(RECIPE.replace('suite = "ai/x"', 'suite = ""').replace('["x.npz"]', "[]"))
    with pytest.raises(LienthongError, match="evaluation-data-missing") as caught:
        find("x", nothing, tmp_path)
    assert caught.value.where == "--data"


def test_data_are_found_and_known_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "ai" / "x").mkdir(parents=True)
    (tmp_path / "ai" / "x" / "x.npz").write_bytes(b"abc")
    files = find("x", read_recipe(RECIPE), suites({"LIENTHONG_SUITES": str(tmp_path)}))
    (found,) = digests(files)
    assert (found.name, found.sha256) == ("x.npz", hashlib.sha256(b"abc").hexdigest())
    assert suites({}).parts[-2:] == ("shared", "data")


def test_the_artefact_is_what_figures_depend_on_and_no_word_about_it(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    (folder / "evidence").mkdir(parents=True)
    for name in ("model.toml", "card.toml", "protocol.toml"):
        (folder / name).write_text(name)
    first = artefact.digest(folder)
    (folder / "card.toml").write_text("other words")
    (folder / "evidence" / "run-x.json").write_text("{}")
    assert artefact.digest(folder) == first
    (folder / "model.toml").write_text("other figures")
    assert artefact.digest(folder) != first


def test_a_product_of_another_kind_is_shown_and_says_that_it_does_not_run_on_the_warehouse(tmp_path: Path) -> None:
    folder = tmp_path / "x-ray"
    folder.mkdir()
    card = (Path(str(catalogue.folder("cvd-risk"))) / "card.toml").read_text("utf-8")
    (folder / "card.toml").write_text(card.replace('"published-equation"', '"image-classifier"'), "utf-8")
    assert catalogue.read_card_of(folder).kind == "image-classifier"
    with pytest.raises(LienthongError, match="product-not-on-warehouse") as caught:
        catalogue.read(folder)
    assert "picture files" in caught.value.what and "cvd-risk" in caught.value.allowed
    (folder / "card.toml").write_text(card.replace('"published-equation"', '"oracle"'), "utf-8")
    with pytest.raises(LienthongError, match="product-not-evaluable"):
        opened(folder)
    with pytest.raises(LienthongError, match="product-unknown"):
        catalogue.folder("cvd-rsk")
