"""A product's suggestion as a physician reads it: what it says, why, from what, within which limits, and who signed.

It is read from the RiskAssessment alone; nothing is computed here but the way to say a probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["Frequency", "Input", "Reason", "SignedView", "SuggestionView", "frequency_of"]


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
    """One factor and how far it moves the risk: signed, in the product's own scale."""

    label: str
    value: str
    size: Decimal


@dataclass(frozen=True, slots=True)
class Input:
    """One input as it was used: what, the value with its unit, when measured, and the resource it came from."""

    label: str
    value: str
    unit: str
    when: str
    link: str


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
    """One suggestion, open while no physician has decided.

    `baseline` says what the reasons are measured from and `scale` in what; `card` is the product's card in the order
    in which it is read. All words are message ids or a product's own.
    """

    id: str
    version: str
    status: str
    product: str
    product_version: str
    outcome: str
    frequency: Frequency | None
    baseline: str
    scale: str
    reasons: tuple[Reason, ...]
    inputs: tuple[Input, ...]
    missing: tuple[str, ...]
    limits: tuple[str, ...]
    since: datetime
    card: tuple[tuple[str, str | tuple[str, ...]], ...]
    signed: tuple[SignedView, ...]

    @property
    def widest(self) -> Decimal:
        return max((abs(reason.size) for reason in self.reasons), default=Decimal(0))

    @property
    def is_open(self) -> bool:
        return self.status == "preliminary"


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
