"""A product that reads a small picture: its folder, and what it says of a picture, or why it says nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
from scipy import special

from lienthong.products.card import Card, Text, read_card
from lienthong.products.evaluation.artefact import digest
from lienthong.products.imaging.classifier import Classifier
from lienthong.products.imaging.envelope import Envelope
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.glassbox import GlassBox
from lienthong.products.imaging.pictures import Picture
from lienthong.products.imaging.saliency import Evidence, evidence_of
from lienthong.products.imaging.wording import SENTENCES, ZONE_NAMES
from lienthong.products.shipped import NOT_WHOLE

__all__ = ["Answer", "ImageProduct", "short"]

_DIGITS = 16  # of each digest in development.txt


@dataclass(frozen=True, slots=True)
class Answer:
    """What a product says of one picture.

    `inside` is False where the picture is unlike those that the model was made from: then nothing else may be shown.
    `ruled_out` says of "no pneumonia" and of "pneumonia" whether the conformal set leaves it out; where both or
    neither are, the product can't tell. `probability` and `simple`, that of the explainable comparator, are rounded
    to 6 decimals.
    """

    probability: float
    threshold: float
    ruled_out: tuple[bool, bool]
    inside: bool
    simple: float
    evidence: Evidence

    @property
    def positive(self) -> bool:
        return self.probability >= self.threshold

    def sentences(self) -> tuple[Text, ...]:
        """The figure, where the evidence lies, and what the explainable model says of the same picture."""
        chosen = SENTENCES["positive" if self.positive else "negative"]
        figure = chosen.say(percent=_percent(self.probability), threshold=_percent(self.threshold))
        simple = SENTENCES["comparator"].say(percent=_percent(self.simple))
        found = [figure, self._where(), simple]
        if self.ruled_out[0] == self.ruled_out[1]:
            found.insert(1, SENTENCES["unsure"])
        if (self.simple >= self.threshold) != self.positive:
            found.append(SENTENCES["differ"])
        return tuple(found)

    def _where(self) -> Text:
        """The zones that speak most for what was said, at most two."""
        sign = 1 if self.positive else -1
        zones = {name: sign * lost for name, lost in self.evidence.zones.items()}
        main = sorted((name for name in zones if zones[name] > 0), key=lambda name: -zones[name])
        if not self.evidence.faithful or not main:
            return SENTENCES["nowhere"]
        names = [ZONE_NAMES[name] for name in main[:2]]
        both = Text(", ".join(name.vi for name in names), ", ".join(name.en for name in names))
        return SENTENCES["where"].say(zones=both)


class ImageProduct:
    """A product from its folder: card.toml, model.onnx, model.json, comparator.json, development.txt."""

    def __init__(self, folder: Traversable) -> None:
        try:
            card = (folder / "card.toml").read_text("utf-8")
            self.card: Card = read_card(card, f"{folder.name}/card.toml")
            self.model: Mapping[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
            self.classifier = Classifier((folder / "model.onnx").read_bytes())
            self.envelope = Envelope.read(self.model["envelope"], list(FEATURES))
            self.threshold = float(self.model["threshold"])
            self.event_from, self.absent_to = (float(self.model["sets"][key]) for key in ("event_from", "absent_to"))
            simple = json.loads((folder / "comparator.json").read_text("utf-8"))
            self.comparator = GlassBox.read(simple, list(FEATURES))
            self.development = frozenset((folder / "development.txt").read_text("utf-8").split())
            self.ages: tuple[int, int] = (self.card.age_from, int(self.model["age_to"]))
            self.artefact = digest(folder)
            # A suggestion shows the limits of the card: its digest covers them too.
            self.digest = sha256(f"{self.artefact}\n{card}".encode()).hexdigest()
        except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None

    def answer(self, picture: Picture) -> Answer:
        """What the product says of a picture: the same for the same bytes."""
        logit = self.classifier.logits(picture[None])
        features = features_of(picture[None])
        odds = float(np.log(self.threshold / (1 - self.threshold)))
        probability = float(np.round(special.expit(logit), 6)[0])
        return Answer(
            probability=probability,
            threshold=self.threshold,
            ruled_out=(probability > self.absent_to, probability < self.event_from),
            inside=bool(self.envelope.holds(features)[0]),
            simple=float(self.comparator.probabilities(features)[0]),
            evidence=evidence_of(self.classifier, picture, float(logit[0]), odds),
        )


def short(digest: str) -> str:
    """A digest as it stands in development.txt."""
    return digest[:_DIGITS]


def _percent(probability: float) -> str:
    return f"{probability * 100:.0f}" if 0.005 <= probability <= 0.995 else "<1" if probability < 0.5 else ">99"
