"""A figure as a FHIR RiskAssessment: preliminary, labelled as AI, with reasons, inputs, what is missing, and limits.

`probabilityDecimal` is a percentage (0 to 100), as R4 has it (RiskAssessment.prediction.probability[x], comment).
What R4 has no element for stands in extensions `urn:x-lienthong:<name>`; `read` gives them back as values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from lienthong.core import canonical
from lienthong.core.ids import resource_id, suggestion_id
from lienthong.products.assessment import Assessment, Contribution, Input, Missing, Points, Score
from lienthong.products.card import Card, Text

__all__ = ["AI_LABEL", "SOURCE", "Suggestion", "device", "is_of", "read", "suggest"]

SOURCE = "lienthong"
AI_LABEL = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
_URL = "urn:x-lienthong:"
_PRODUCTS = "urn:x-lienthong:products"
_HUNDRED = Decimal(100)
_PERCENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion as it is read again from its RiskAssessment; it has a `risk` (a probability, 0 to 1) or a `score`.

    `original` is the product's own figure where a physician has put another in its place.
    """

    product: str
    version: str
    digest: str
    title: Text | None
    status: str
    subject: str
    index: str
    risk: Decimal | None
    original: Decimal | None
    sentence: Text | None
    contributions: tuple[Contribution, ...]
    inputs: tuple[Input, ...]
    missing: tuple[Missing, ...]
    limits: tuple[Text, ...]
    what_if: tuple[tuple[str, Decimal], ...]
    score: Score | None = None
    interval: tuple[Decimal, Decimal] | None = None


class Named(Protocol):
    """What a suggestion says of the product that made it."""

    @property
    def card(self) -> Card: ...

    @property
    def digest(self) -> str: ...


def suggest(product: Named, assessment: Assessment) -> dict[str, Any]:
    """The RiskAssessment of an assessment that has a figure; its id is the same for the same inputs."""
    assert assessment.index is not None, "only a figure becomes a suggestion"
    card = product.card
    version = f"{card.version}+{product.digest[:16]}"
    basis = {reference: None for item in assessment.inputs for reference in item.references}
    basis.pop(assessment.subject, None)
    return {
        "resourceType": "RiskAssessment",
        "id": suggestion_id(card.name, version, assessment.person, _inputs_digest(assessment)),
        "meta": {"security": [dict(AI_LABEL)]},
        "extension": _extensions(product, assessment),
        "status": "preliminary",
        "method": {
            "coding": [{"system": _PRODUCTS, "version": card.version, "code": card.name, "display": card.title.en}],
            "text": card.citation,
        },
        "code": {"text": _joined(card.title)},
        "subject": {"reference": assessment.subject},
        "occurrenceDateTime": assessment.moment or assessment.index.isoformat(),
        "performer": {"reference": f"Device/{device(product)['id']}", "display": f"{card.name} {card.version}"},
        "basis": [{"reference": reference} for reference in basis],
        "prediction": [_prediction(card, assessment)],
        "note": [{"text": _joined(text)} for text in (*_points_of(assessment), *assessment.limits)],
    }


def _prediction(card: Card, assessment: Assessment) -> dict[str, Any]:
    """A probability over the product's years; or what a score asks for, as a word and without a probability."""
    prediction: dict[str, Any] = {"outcome": {"text": _joined(card.title)}}
    if assessment.score is None:
        assert assessment.risk is not None and assessment.index is not None, "only a figure becomes a suggestion"
        prediction["probabilityDecimal"] = (assessment.risk * _HUNDRED).quantize(_PERCENT)
        if card.horizon_years is not None:  # a finding of the day foretells nothing
            prediction["whenPeriod"] = {
                "start": assessment.index.isoformat(),
                "end": _years_later(assessment.index, card.horizon_years).isoformat(),
            }
    else:
        score = assessment.score
        response = score.response if score.response == score.possible else f"at-least-{score.response}"
        label = score.label
        coding = {
            "system": f"{_PRODUCTS}:{card.name}",
            "version": card.version,
            "code": response,
            "display": label.en,
        }
        prediction["qualitativeRisk"] = {"coding": [coding], "text": _joined(label)}
    if assessment.sentence is not None:
        prediction["rationale"] = _joined(assessment.sentence)
    return prediction


def _points_of(assessment: Assessment) -> list[Text]:
    return [] if assessment.score is None else [item.text for item in assessment.score.points]


def device(product: Named) -> dict[str, Any]:
    """The product as the Device that performs, for the version whose digest it bears."""
    card = product.card
    key = f"{card.name}|{card.version}|{product.digest}"
    return {
        "resourceType": "Device",
        "id": resource_id(SOURCE, "Device", key),
        "identifier": [{"system": _PRODUCTS, "value": key}],
        "status": "active",
        "manufacturer": card.owner,
        "deviceName": [
            {"name": card.title.en, "type": "user-friendly-name"},
            {"name": card.name, "type": "model-name"},
        ],
        "type": {"text": f"Artificial intelligence: {card.kind.replace('-', ' ')}"},
        "version": [{"value": card.version}],
        "note": [{"text": _joined(card.intended_use)}, {"text": _joined(card.population)}],
    }


def is_of(resource: Mapping[str, Any], product: str) -> bool:
    """Whether a RiskAssessment is a suggestion of this product, of whatever version."""
    codings = resource.get("method", {}).get("coding", [])
    return any(item.get("system") == _PRODUCTS and item.get("code") == product for item in codings)


def read(resource: Mapping[str, Any]) -> Suggestion:
    """The suggestion in a RiskAssessment that a product wrote, decided or not."""
    parts = _grouped(resource.get("extension", ()))
    product = parts.get("product", [{}])[0]
    prediction: dict[str, Any] = next(iter(resource.get("prediction", ())), {})
    percent = prediction.get("probabilityDecimal")
    changed = parts.get("changed", [{}])[0]
    return Suggestion(
        product=product.get("name", ""),
        version=product.get("version", ""),
        digest=product.get("digest", ""),
        title=_text(product, "title"),
        status=resource.get("status", ""),
        subject=resource.get("subject", {}).get("reference", ""),
        index=resource.get("occurrenceDateTime", ""),
        risk=None if percent is None else Decimal(percent) / _HUNDRED,
        original=changed.get("original"),
        sentence=_text(product, "sentence"),
        contributions=tuple(
            Contribution(
                item["factor"],
                _told(item, "label"),
                _told(item, "value"),
                item["effect"],
                item["hazardRatio"],
                item["share"],
                _told(item, "text"),
            )
            for item in parts.get("contribution", ())
        ),
        inputs=tuple(
            Input(
                item["name"],
                _told(item, "label"),
                item.get("value"),
                item.get("unit", ""),
                _told(item, "shown"),
                item.get("given", ""),
                item.get("givenUnit", ""),
                item.get("time", ""),
                tuple(item.get("references", ())),
            )
            for item in parts.get("input", ())
        ),
        missing=tuple(
            Missing(item["name"], _told(item, "text"), item.get("last", "")) for item in parts.get("missing", ())
        ),
        limits=tuple(_told(item, "text") for item in parts.get("limit", ())),
        what_if=tuple((item["name"], item["risk"]) for item in parts.get("what-if", ())),
        score=_score(parts),
        interval=next(((item["low"], item["high"]) for item in parts.get("interval", ())), None),
    )


def _score(parts: Mapping[str, list[dict[str, Any]]]) -> Score | None:
    for score in parts.get("score", ()):
        return Score(
            score["low"],
            score["high"],
            score["outOf"],
            score["urgency"],
            score["response"],
            score["possible"],
            _told(score, "label"),
            _told(score, "advice"),
            tuple(
                Points(
                    item["parameter"],
                    _told(item, "label"),
                    _told(item, "value"),
                    item["low"],
                    item["high"],
                    _told(item, "text"),
                )
                for item in parts.get("points", ())
            ),
        )
    return None


def _extensions(product: Named, assessment: Assessment) -> list[dict[str, Any]]:
    card = product.card
    sentence = _both("sentence", assessment.sentence) if assessment.sentence else {}
    found = [
        _extension(
            "product",
            {
                "name": card.name,
                "version": card.version,
                "digest": product.digest,
                **_both("title", card.title),
                **sentence,
            },
        )
    ]
    found += [
        _extension(
            "contribution",
            {
                "factor": item.factor,
                **_both("label", item.label),
                **_both("value", item.value),
                "effect": item.effect,
                "hazardRatio": item.hazard_ratio,
                "share": item.share,
                **_both("text", item.text),
            },
        )
        for item in assessment.contributions
    ]
    found += [
        _extension(
            "input",
            {
                "name": item.name,
                **_both("label", item.label),
                "value": item.value,
                "unit": item.unit,
                **_both("shown", item.shown),
                "given": item.given,
                "givenUnit": item.given_unit,
                "time": item.time,
                "references": item.references,
            },
        )
        for item in assessment.inputs
    ]
    found += [
        _extension("missing", {"name": item.name, **_both("text", item.text), "last": item.last})
        for item in assessment.missing
    ]
    found += [_extension("limit", _both("text", limit)) for limit in assessment.limits]
    found += [_extension("what-if", {"name": name, "risk": risk}) for name, risk in assessment.what_if]
    if assessment.interval is not None:
        low, high = assessment.interval
        found.append(_extension("interval", {"low": low, "high": high}))
    return found + (_score_extensions(assessment.score) if assessment.score else [])


def _score_extensions(score: Score) -> list[dict[str, Any]]:
    return [
        _extension(
            "score",
            {
                "low": score.low,
                "high": score.high,
                "outOf": score.out_of,
                "urgency": score.urgency,
                "response": score.response,
                "possible": score.possible,
                **_both("label", score.label),
                **_both("advice", score.advice),
            },
        ),
        *(
            _extension(
                "points",
                {
                    "parameter": item.parameter,
                    **_both("label", item.label),
                    **_both("value", item.value),
                    "low": item.low,
                    "high": item.high,
                    **_both("text", item.text),
                },
            )
            for item in score.points
        ),
    ]


def _extension(name: str, parts: Mapping[str, object]) -> dict[str, Any]:
    """An extension with one part for each value that is there (FHIR has no empty string)."""
    found: list[dict[str, Any]] = []
    for part, value in parts.items():
        if isinstance(value, Decimal):
            found.append({"url": part, "valueDecimal": value})
        elif isinstance(value, int):
            found.append({"url": part, "valueInteger": value})
        elif isinstance(value, tuple):
            found += [{"url": part, "valueReference": {"reference": reference}} for reference in value]
        elif value:
            found.append({"url": part, "valueString": value})
    return {"url": _URL + name, "extension": found}


def _grouped(extensions: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The parts of our extensions by name, as plain values."""
    found: dict[str, list[dict[str, Any]]] = {}
    for extension in extensions:
        if extension["url"].startswith(_URL):
            parts: dict[str, Any] = {}
            for part in extension.get("extension", ()):
                if "valueReference" in part:
                    parts.setdefault(part["url"], []).append(part["valueReference"]["reference"])
                elif "valueDecimal" in part:
                    parts[part["url"]] = Decimal(part["valueDecimal"])
                elif "valueInteger" in part:
                    parts[part["url"]] = part["valueInteger"]
                else:
                    parts[part["url"]] = part["valueString"]
            found.setdefault(extension["url"].removeprefix(_URL), []).append(parts)
    return found


def _both(name: str, text: Text) -> dict[str, str]:
    return {f"{name}-vi": text.vi, f"{name}-en": text.en}


def _text(parts: Mapping[str, Any], name: str) -> Text | None:
    vi, en = parts.get(f"{name}-vi"), parts.get(f"{name}-en")
    return Text(vi, en) if vi and en else None


def _told(parts: Mapping[str, Any], name: str) -> Text:
    return Text(parts.get(f"{name}-vi", ""), parts.get(f"{name}-en", ""))


def _joined(text: Text) -> str:
    return f"{text.vi} / {text.en}"


def _inputs_digest(assessment: Assessment) -> str:
    inputs = [
        [item.name, item.given, item.given_unit, item.time, list(item.references)] for item in assessment.inputs
    ]
    return canonical.digest([assessment.subject, inputs])


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
