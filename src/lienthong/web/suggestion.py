"""A product's suggestion as a physician reads it: what it says, why, from what, within which limits, and who signed.

It is read from the RiskAssessment that the product wrote; nothing is computed here but the way to say a probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from lienthong.products import suggestion as written
from lienthong.products.assessment import Score
from lienthong.products.card import Card
from lienthong.web.elements import first, text
from lienthong.web.texts import Words, mark

__all__ = [
    "Frequency",
    "Input",
    "Reason",
    "SignedView",
    "SuggestionView",
    "card_of",
    "frequency_of",
    "reasons_in_a_line",
    "view_of",
]

_LINE = 3


@dataclass(frozen=True, slots=True)
class Frequency:
    """A probability as people grasp it: so many of a hundred (of a thousand, where it is small), in so many years.

    `count` 0 means fewer than one; `low` and `high` are the interval, where there is one.
    """

    count: int
    of: int
    years: int | None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One factor and how far it moves the risk: `size` is signed and sets the bar, `ratio` says it in a number.

    `size` is the logarithm of the hazard ratio, so that halving and doubling have bars of one length.
    """

    label: Words
    value: Words
    size: Decimal
    ratio: Decimal
    told: Words


@dataclass(frozen=True, slots=True)
class Input:
    """One input as it was used: `given` is how it stood in the record where that differs, `links` are `Type/id`."""

    label: Words
    value: Words
    given: str
    given_unit: str
    when: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedView:
    """What was signed: by whom, under which licence, when, over what, and whether the signature holds now."""

    verdict: str
    reason: str
    decided: Frequency | None
    signer: str
    licence: str
    at: datetime
    version: str
    outcome: str
    key: str
    sequence: int
    hash: str
    holds: bool


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """One suggestion, open while no physician has decided; `frequency` is always what the product said.

    A product that gives points instead of a probability has a `score`, and no frequency.
    `since` is when the product wrote it; `card` is the product's card in the order in which it is read.
    """

    id: str
    version: str
    status: str
    product: Words
    product_version: str
    sentence: Words
    frequency: Frequency | None
    reasons: tuple[Reason, ...]
    inputs: tuple[Input, ...]
    missing: tuple[Words, ...]
    limits: tuple[Words, ...]
    since: datetime
    card: tuple[tuple[str, tuple[Words, ...]], ...]
    signed: tuple[SignedView, ...]
    score: Score | None = None

    @property
    def is_open(self) -> bool:
        return self.status == "preliminary"

    @property
    def widest(self) -> Decimal:
        return max((abs(reason.size) for reason in self.reasons), default=Decimal(0))


def view_of(
    resource: Mapping[str, Any],
    *,
    since: datetime,
    card: Card | None,
    signed: Iterable[SignedView] = (),
) -> SuggestionView:
    """The suggestion in a RiskAssessment that a product of this node wrote, for the page."""
    found = written.read(resource)
    years = years_of(resource)
    said = found.risk if found.original is None else found.original
    return SuggestionView(
        id=text(resource.get("id")),
        version=text(first(resource.get("meta")).get("versionId")),
        status=found.status,
        product=found.title or found.product,
        product_version=found.version,
        sentence=found.sentence or "",
        frequency=None if said is None else frequency_of(said, years),
        reasons=tuple(
            Reason(item.label, item.value, item.effect, item.hazard_ratio, item.text) for item in found.contributions
        ),
        inputs=tuple(
            Input(
                item.label,
                item.shown,
                "" if _is_same(item.given, item.value) else item.given if item.given_unit else "",
                item.given_unit,
                item.time,
                item.references,
            )
            for item in found.inputs
        ),
        missing=tuple(item.text for item in found.missing),
        limits=found.limits,
        since=since,
        card=() if card is None else card_of(card),
        signed=tuple(signed),
        score=found.score,
    )


def _is_same(given: str, value: Decimal | None) -> bool:
    """Whether an input was used as it stood in the record, without converting its unit."""
    try:
        return value is not None and Decimal(given) == value
    except InvalidOperation:
        return False


def reasons_in_a_line(resource: Mapping[str, Any]) -> tuple[Words, ...]:
    """The weightiest reasons that raise the risk, for a list; where none does, the weightiest that lower it.

    Of a score they are the parameters with the most points.
    """
    suggestion = written.read(resource)
    if suggestion.score is not None:
        scoring = sorted((item for item in suggestion.score.points if item.low), key=lambda item: -item.low)
        return tuple(item.label for item in scoring[:_LINE])
    found = [item for item in suggestion.contributions if item.effect]
    raising = [item for item in found if item.effect > 0]
    return tuple(item.label for item in sorted(raising or found, key=lambda item: -abs(item.effect))[:_LINE])


def years_of(resource: Mapping[str, Any]) -> int | None:
    """Over how many years the probability is told; None where the product tells none."""
    period = first(first(resource.get("prediction")).get("whenPeriod"))
    try:
        start, end = (date.fromisoformat(text(period.get(side))[:10]) for side in ("start", "end"))
    except ValueError:
        return None
    return end.year - start.year or None


def card_of(card: Card) -> tuple[tuple[str, tuple[Words, ...]], ...]:
    """The card's statements, each with its heading (a message id)."""
    return (
        (mark("What it is for"), (card.intended_use,)),
        (mark("Whom it was made on"), (card.population,)),
        (mark("Who may use it"), (card.users,)),
        (mark("What it gives"), (card.output,)),
        (mark("From which data it was made"), (card.data,)),
        (mark("Limits"), card.limits),
        (mark("Source"), (f"{card.citation} doi:{card.doi}" if card.doi else card.citation,)),
        (mark("Who answers for it"), (card.owner,)),
    )


def frequency_of(
    probability: Decimal, years: int | None, low: Decimal | None = None, high: Decimal | None = None
) -> Frequency:
    """A probability (0 to 1) as a natural frequency, rounded half up.

    >>> frequency_of(Decimal("0.1234"), 10)
    Frequency(count=12, of=100, years=10, low=None, high=None)
    """
    of = 100 if probability >= Decimal("0.01") else 1000

    def count(value: Decimal) -> int:
        return int((value * of).quantize(Decimal(1), ROUND_HALF_UP))

    return Frequency(
        count(probability),
        of,
        years,
        None if low is None else count(low),
        None if high is None else count(high),
    )
