"""The shipped network and its explanation: the same for the same bytes, and shown only where it is faithful."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.products.imaging.invented import chest

from lienthong.products.imaging.classifier import Classifier
from lienthong.products.imaging.dicom import small
from lienthong.products.imaging.perturbations import PERTURBATIONS
from lienthong.products.imaging.pictures import SIDE, Picture
from lienthong.products.imaging.product import ImageProduct
from lienthong.products.imaging.saliency import CELLS, Evidence, evidence_of, map_of

FOLDER = Path(__file__).parents[4] / "catalogue" / "pneumonia-xray"
LAYERS = {
    "head": (64, 1),
    "conv6": (64, 64, 3, 3),
    "conv5": (64, 32, 3, 3),
    "conv4": (32, 32, 3, 3),
    "conv3": (32, 16, 3, 3),
    "conv2": (16, 16, 3, 3),
    "conv1": (16, 1, 3, 3),
}


def with_weights(model: bytes, name: str, weights: np.ndarray) -> bytes:
    """The ONNX model with another constant: in a TensorProto the bytes (field 9) follow the name (field 8)."""
    key = bytes([0x42, len(name)]) + name.encode() + b"\x4a"
    assert model.count(key) == 1
    place, size, shift = model.index(key) + len(key), 0, 0
    while True:
        byte = model[place]
        size, shift, place = size | (byte & 0x7F) << shift, shift + 7, place + 1
        if byte < 0x80:
            break
    content = weights.tobytes()
    assert len(content) == size
    return model[:place] + content + model[place + size :]


@pytest.fixture(scope="module")
def product() -> ImageProduct:
    return ImageProduct(FOLDER)


def drawn(opacity: float, seed: int = 7) -> Picture:
    return small(chest(opacity=opacity, seed=seed))


def test_equal_pictures_have_equal_figures_alone_and_among_others(product: ImageProduct) -> None:
    pictures = np.array([drawn(opacity) for opacity in (0.2, 0.6, 1.0)])
    together = product.classifier.probabilities(pictures)
    assert [product.answer(picture).probability for picture in pictures] == together.tolist()
    assert ImageProduct(FOLDER).classifier.probabilities(pictures).tolist() == together.tolist()
    assert (np.round(together, 6) == together).all()


def test_a_linear_change_of_grey_levels_changes_next_to_nothing(product: ImageProduct) -> None:
    picture = drawn(0.5)
    flat = np.round(picture * 0.5 + 60).astype(np.uint8)
    one, other = product.classifier.logits(np.array([picture, flat]))
    assert abs(one - other) < 0.3


def test_more_opacity_is_more_evidence_and_is_found_where_it_was_drawn(product: ImageProduct) -> None:
    none, much = drawn(0.0), drawn(1.0)
    logits = product.classifier.logits(np.array([none, drawn(0.5), much]))
    assert (np.diff(logits) > 0).all()
    zones = {name: product.answer(much).evidence.zones[name] - product.answer(none).evidence.zones[name]
             for name in ("upper_left", "upper_right", "lower_left", "lower_right")}  # fmt: skip
    assert max(zones, key=lambda name: zones[name]) == "lower_right"


def test_the_map_depends_on_what_the_network_has_learnt(product: ImageProduct) -> None:
    """Layers made random one after the other from the top (Adebayo 2018): the likeness of the ranks must be lost.

    A map that stayed the same would show the picture and not the network.
    """
    picture, model = drawn(1.0), (FOLDER / "model.onnx").read_bytes()
    own = product.answer(picture).evidence.cells
    likeness = {}
    for depth in (3, 5, len(LAYERS)):
        found = []
        for seed in range(4):
            random, other = np.random.Generator(np.random.PCG64(seed)), model
            for name in list(LAYERS)[:depth]:
                shape = LAYERS[name]
                weights = random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)
                other = with_weights(other, name, weights)
            classifier = Classifier(other)
            logit = float(classifier.logits(picture[None])[0])
            cells = evidence_of(classifier, picture, logit, 0.0).cells
            ranks = [np.argsort(np.argsort(values, axis=None)) for values in (own, cells)]
            found.append(abs(np.corrcoef(ranks[0], ranks[1])[0, 1]))
        likeness[depth] = np.mean(found)
    assert likeness[3] < 0.7
    assert likeness[5] < 0.4
    assert likeness[7] < 0.4


def test_the_map_is_stable_under_small_noise(product: ImageProduct) -> None:
    maps = [product.answer(drawn(1.0, seed)).evidence.cells.ravel() for seed in range(4)]
    assert np.corrcoef(maps).min() > 0.8


def test_a_map_without_meaning_fails_and_is_not_shown(product: ImageProduct) -> None:
    """A network that sees only the brightness of one corner can't be told by a map that is turned upside down."""
    answer = product.answer(drawn(1.0))
    turned = Evidence(-answer.evidence.cells, answer.evidence.zones, 0.0, 0.0, 0.35)
    assert not turned.faithful
    told = replace(answer, evidence=turned).sentences()
    assert any("did not pass" in text.en for text in told)
    assert not any("lies in" in text.en for text in told)


@pytest.mark.parametrize(
    ("ruled_out", "unsure"), [((True, False), False), ((False, False), True), ((True, True), True)]
)
def test_where_the_set_holds_both_or_neither_it_says_that_it_cannot_tell(
    product: ImageProduct, ruled_out: tuple[bool, bool], unsure: bool
) -> None:
    told = replace(product.answer(drawn(1.0)), ruled_out=ruled_out).sentences()
    assert any("can't tell" in text.en for text in told) == unsure


def test_a_constant_picture_has_no_faithful_map(product: ImageProduct) -> None:
    flat = np.full((SIDE, SIDE), 128, np.uint8)
    assert not product.answer(flat).evidence.faithful


def test_the_map_has_the_size_of_the_picture(product: ImageProduct) -> None:
    evidence = product.answer(drawn(1.0)).evidence
    assert evidence.cells.shape == (CELLS, CELLS)
    assert map_of(evidence).shape == (SIDE, SIDE)


def test_a_drawn_chest_is_inside_and_what_is_none_is_outside(product: ImageProduct) -> None:
    picture = drawn(0.6)
    assert product.answer(picture).inside
    random = np.random.Generator(np.random.PCG64(1))
    others = {
        "noise": random.integers(0, 256, picture.shape).astype(np.uint8),
        "inverted": 255 - picture,
        "constant": np.full_like(picture, 90),
        "half": np.where(np.arange(SIDE) < SIDE // 2, 10, 240).astype(np.uint8) * np.ones_like(picture),
    }
    for name, other in others.items():
        assert not product.answer(other).inside, name


def test_disturbances_keep_shape_type_and_change_something() -> None:
    pictures = np.array([drawn(0.5), drawn(1.0)])
    for name, change in PERTURBATIONS.items():
        changed = change(pictures, np.random.Generator(np.random.PCG64(1)))
        again = change(pictures, np.random.Generator(np.random.PCG64(1)))
        assert changed.dtype == np.uint8, name
        assert changed.shape == pictures.shape, name
        assert (changed == again).all(), name
        assert (changed != pictures).any(), name
    assert (PERTURBATIONS["inverted"](pictures, np.random.default_rng(1)) == 255 - pictures).all()
