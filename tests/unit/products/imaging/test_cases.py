"""An archive of pictures as cases of an evaluation: its own part, or a user's only part, or the one called test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.unit.products.imaging.invented import chest

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation.cases import BinaryCases
from lienthong.products.imaging.cases import COMPARATOR, open_cases
from lienthong.products.imaging.dicom import small
from lienthong.products.imaging.perturbations import PERTURBATIONS
from lienthong.products.imaging.pictures import digest_of
from lienthong.products.imaging.product import ImageProduct, short

FOLDER = Path(__file__).parents[4] / "catalogue" / "pneumonia-xray"
DRAWN = np.array([small(chest(140, opacity, seed)) for seed, opacity in enumerate((0.2, 0.4, 0.8, 1.0))])
PICTURES = np.concatenate([DRAWN, 255 - DRAWN[:1], DRAWN[:1]])
LABELS = np.array([0, 0, 1, 1, 0, 0], np.uint8)
SETTINGS = {"seed": 1}


@pytest.fixture(scope="module")
def product() -> ImageProduct:
    return ImageProduct(FOLDER)


def archive(folder: Path, *parts: str) -> Path:
    arrays = {f"{part}_images": PICTURES for part in parts} | {f"{part}_labels": LABELS for part in parts}
    np.savez(folder / "a.npz", **arrays)  # type: ignore[arg-type]
    return folder / "a.npz"


def test_pictures_become_cases_with_all_that_an_evaluation_asks(product: ImageProduct, tmp_path: Path) -> None:
    opened = open_cases(product, [archive(tmp_path, "val")], "val", SETTINGS)
    cases = opened.cases
    assert isinstance(cases, BinaryCases)
    assert cases.happened.tolist() == LABELS.astype(bool).tolist()
    assert cases.probability.tolist() == [product.answer(picture).probability for picture in PICTURES]
    assert cases.comparators[COMPARATOR].tolist() == [product.answer(picture).simple for picture in PICTURES]
    assert cases.abstained is not None
    assert cases.abstained.tolist() == [False, False, False, False, True, False]
    assert set(cases.perturbed) == set(PERTURBATIONS)
    assert set(cases.groups["exposure"]) <= {"dark", "middle", "bright"}
    assert cases.sets is not None
    assert cases.sets[3].tolist() == [False, True]
    assert opened.cases_digests[0] == opened.cases_digests[5] == short(digest_of(PICTURES[0]))
    assert any("1 of 6 pictures, which are unlike" in note.en for note in opened.notes)
    assert any("1 are repeated" in note.en for note in opened.notes)


def test_the_same_file_gives_the_same_cases(product: ImageProduct, tmp_path: Path) -> None:
    file = archive(tmp_path, "val")
    one, two, other = (open_cases(product, [file], "val", {"seed": seed}) for seed in (1, 1, 2))
    assert one.notes == two.notes
    first, second, third = (item.cases for item in (one, two, other))
    assert isinstance(first, BinaryCases)
    assert isinstance(second, BinaryCases)
    assert isinstance(third, BinaryCases)
    for name in PERTURBATIONS:
        assert (first.perturbed[name] == second.perturbed[name]).all()
    assert (first.perturbed["noise"] != third.perturbed["noise"]).any()


@pytest.mark.parametrize("parts", [("mine",), ("train", "test")])
def test_of_a_users_file_the_only_part_or_the_test_part_is_taken(
    product: ImageProduct, tmp_path: Path, parts: tuple[str, ...]
) -> None:
    assert len(open_cases(product, [archive(tmp_path, *parts)], "", SETTINGS).cases) == len(LABELS)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: [archive(folder, "a", "b")], "2 parts and none is called test"),
        (lambda folder: [archive(folder)], "no array of pictures"),
        (lambda folder: [archive(folder, "a")] * 2, "there are 2 files"),
    ],
)
def test_what_is_not_clear_is_asked_and_not_guessed(
    product: ImageProduct, tmp_path: Path, make: Callable[[Path], list[Path]], why: str
) -> None:
    with pytest.raises(LienthongError, match=why) as caught:
        open_cases(product, make(tmp_path), "", SETTINGS)
    assert caught.value.code == "data-wrong"
