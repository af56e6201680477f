"""How the training data are divided, what is fixed on them, and the explainable comparator as a table of steps."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from interpret.glassbox import ExplainableBoostingClassifier
from scipy import special
from sklearn.metrics import log_loss
from tests.unit.products.imaging.invented import chest

from lienthong.products.imaging.development import divide, set_limits, temperature, threshold_at
from lienthong.products.imaging.dicom import small
from lienthong.products.imaging.envelope import Envelope
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.glassbox import GlassBox, Steps
from lienthong.products.measures.measure import Numbers

RANDOM = np.random.Generator(np.random.PCG64(3))
DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(2000)]


def test_the_division_is_whole_and_depends_on_the_pictures_alone() -> None:
    found = divide(DIGESTS, DIGESTS[:5])
    assert sorted([*found.fit, *found.tune, *found.left_out]) == list(range(2000))
    assert found.left_out.tolist() == [0, 1, 2, 3, 4]
    assert 0.12 < len(found.tune) / 2000 < 0.18
    turned = divide(DIGESTS[::-1], DIGESTS[:5])
    assert {DIGESTS[place] for place in found.tune} == {DIGESTS[::-1][place] for place in turned.tune}


def test_twins_stand_on_one_side() -> None:
    found = divide([*DIGESTS, *DIGESTS], [])
    assert set(found.tune % 2000) & set(found.fit % 2000) == set()


@pytest.mark.parametrize("true", [0.4, 1.0, 2.5])
def test_the_temperature_is_that_of_the_least_log_loss(true: float) -> None:
    logit = RANDOM.normal(0, 3, 4000)
    happened = RANDOM.random(4000) < special.expit(logit / true)
    found = temperature(logit, happened)
    assert found == pytest.approx(true, rel=0.15)
    least = min(np.linspace(0.2, 5, 200), key=lambda scale: log_loss(happened, special.expit(logit / scale)))
    assert found == pytest.approx(least, abs=0.03)


def test_the_threshold_keeps_the_sensitivity_and_no_higher_one_does() -> None:
    probability = np.round(RANDOM.random(500), 6)
    happened = RANDOM.random(500) < probability
    found = threshold_at(0.95, probability, happened)
    assert (probability[happened] >= found).mean() >= 0.95
    assert (probability[happened] >= found + 0.0101).mean() < 0.95
    with pytest.raises(ValueError, match="no event"):
        threshold_at(0.95, probability, np.zeros(500, bool))


def test_sets_hold_each_outcome_as_often_as_promised() -> None:
    """A thousand and one times: calibrate on 80 cases, look at one more of each outcome (Vovk 2005)."""
    held = np.zeros(2)
    for _ in range(1001):
        happened = np.arange(80) < 50
        probability: Numbers = np.where(happened, RANDOM.beta(4, 2, 80), RANDOM.beta(2, 4, 80)).round(6)
        event_from, absent_to = set_limits(0.9, probability, happened)
        held += RANDOM.beta(4, 2) >= event_from, RANDOM.beta(2, 4) <= absent_to
    assert (held / 1001 > 0.88).all()
    assert (held / 1001 < 0.945).all()
    assert set_limits(0.9, np.array([0.5, 0.5], np.float64), np.array([True, False])) == (0.0, 1.0)


def test_the_table_of_steps_is_the_boosting_machine() -> None:
    values = RANDOM.normal(size=(400, 3))
    happened = values[:, 0] + 0.5 * values[:, 1] ** 2 + RANDOM.normal(size=400) > 0.5
    machine = ExplainableBoostingClassifier(interactions=0, outer_bags=2, max_bins=16, random_state=1, n_jobs=1)
    machine.fit(values, happened.astype(int))
    names = ["a", "b", "c"]
    steps = tuple(
        Steps(name, np.asarray(machine.bins_[place][0]), np.asarray(machine.term_scores_[place][1:-1]))
        for place, name in enumerate(names)
    )
    table = GlassBox(float(machine.intercept_[0]), steps, 1.0)
    fresh = RANDOM.normal(0, 2, (300, 3))
    assert np.allclose(table.logits(fresh), machine.decision_function(fresh), atol=1e-9)
    read = GlassBox.read(json.loads(json.dumps(table.to_json())), names)
    assert np.allclose(read.probabilities(fresh), machine.predict_proba(fresh)[:, 1], atol=1e-5)
    assert np.allclose(table.effects(fresh).sum(1) + table.intercept, table.logits(fresh))


def test_a_table_for_other_features_is_refused() -> None:
    table = GlassBox(0.0, (Steps("a", np.array([1.0]), np.array([0.0, 1.0])),), 1.0).to_json()
    with pytest.raises(ValueError, match="other features"):
        GlassBox.read(table, ["b"])
    table["features"][0]["effects"].append(2.0)
    with pytest.raises(ValueError, match="do not fit"):
        GlassBox.read(table, ["a"])


def test_features_say_what_their_names_say() -> None:
    names = list(FEATURES)
    plain, filled = (features_of(small(chest(opacity=opacity))[None])[0] for opacity in (0.0, 1.0))
    assert len(plain) == len(names)
    for name in ("opacity_lower_right", "lower_minus_upper"):
        assert filled[names.index(name)] > plain[names.index(name)], name
    assert filled[names.index("lung_area")] < plain[names.index("lung_area")]
    mirrored = features_of(small(chest(opacity=1.0))[None, :, ::-1])[0]
    for left, right in (("opacity_lower_left", "opacity_lower_right"), ("texture_upper_right", "texture_upper_left")):
        assert mirrored[names.index(left)] == pytest.approx(filled[names.index(right)], abs=1e-6)
    assert mirrored[names.index("asymmetry")] == pytest.approx(filled[names.index("asymmetry")])


def test_only_mean_and_spread_know_the_exposure() -> None:
    picture = small(chest())
    names = list(FEATURES)
    one, other = features_of(np.array([picture, np.round(picture * 0.5 + 40).astype(np.uint8)]))
    assert other[names.index("mean")] != pytest.approx(one[names.index("mean")], abs=0.02)
    assert other[2:] == pytest.approx(one[2:], abs=0.06)


def test_the_envelope_holds_what_it_was_made_from_and_not_what_lies_far_off() -> None:
    features = RANDOM.normal(size=(1000, 4)) @ np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0.1]])
    made = Envelope.made_from(features[:800], features[800:])
    assert made.holds(features[800:]).mean() >= 0.99
    assert not made.holds(np.array([[0, 0, 0, 5.0]]))[0]
    again = Envelope.read(json.loads(json.dumps(made.to_json(list("abcd")))), list("abcd"))
    assert np.allclose(again.distance(features), made.distance(features), rtol=1e-6)
    with pytest.raises(ValueError, match="other features"):
        Envelope.read(made.to_json(list("abcd")), list("abce"))
