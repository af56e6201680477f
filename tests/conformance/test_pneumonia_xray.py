"""What model.json says follows from the training part and the shipped network; held-out labels are not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lienthong.products.imaging.development import divide, set_limits, threshold_at
from lienthong.products.imaging.envelope import Envelope
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.pictures import digest_of, read_labels, read_pictures
from lienthong.products.imaging.product import ImageProduct, short

pytestmark = pytest.mark.suite
FOLDER = Path(__file__).parents[2] / "catalogue" / "pneumonia-xray"


def test_the_shipped_files_follow_from_the_training_part(suites: Callable[[str], Path]) -> None:
    archive = suites("ai") / "pneumonia_xray" / "images.npz"
    pictures = read_pictures(archive, "train")
    happened = read_labels(archive, "train", len(pictures))
    digests = [digest_of(picture) for picture in pictures]
    held_out = [digest_of(picture) for picture in read_pictures(archive, "val")]
    division = divide(digests, held_out)
    product, model = ImageProduct(FOLDER), json.loads((FOLDER / "model.json").read_text("utf-8"))
    told = model["training"]
    assert [len(part) for part in (division.fit, division.tune, division.left_out)] == [
        told["fit"],
        told["tune"],
        told["left_out"],
    ]
    assert product.development == {short(digests[place]) for place in (*division.fit, *division.tune)}
    assert not product.development & {short(digest) for digest in held_out}

    tuning, truth = pictures[division.tune], happened[division.tune]
    probability = product.classifier.probabilities(tuning)
    # Another processor may round otherwise: the last digits are not asked for.
    assert threshold_at(0.95, probability, truth) == pytest.approx(product.threshold, abs=2e-4)
    assert set_limits(0.95, probability, truth) == pytest.approx((product.event_from, product.absent_to), abs=1e-4)
    assert roc_auc_score(truth, probability) == pytest.approx(model["tune"]["auroc"], abs=1e-4)
    assert ((probability - truth) ** 2).mean() == pytest.approx(model["tune"]["brier"], abs=1e-4)

    features = features_of(pictures)
    made = Envelope.made_from(features[division.fit], features[division.tune])
    assert made.limit == pytest.approx(product.envelope.limit, rel=1e-3)
    assert made.holds(features_of(255 - tuning)).sum() == 0, "a forgotten inversion is no picture of this kind"
    assert list(FEATURES) == model["envelope"]["features"]
    simple = product.comparator.probabilities(features[division.tune])
    assert roc_auc_score(truth, simple) > 0.98


def test_the_map_of_evidence_is_faithful_as_often_as_the_documents_say(suites: Callable[[str], Path]) -> None:
    archive = suites("ai") / "pneumonia_xray" / "images.npz"
    pictures = read_pictures(archive, "train")
    held_out = [digest_of(picture) for picture in read_pictures(archive, "val")]
    tune = divide([digest_of(picture) for picture in pictures], held_out).tune
    product = ImageProduct(FOLDER)
    answers = [product.answer(picture) for picture in pictures[tune[::6]]]
    faithful = np.array([answer.evidence.faithful for answer in answers])
    positive = np.array([answer.positive for answer in answers])
    assert faithful[positive].mean() >= 0.95
    assert faithful.mean() >= 0.85
