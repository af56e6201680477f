"""What a product says about one person, or why it says nothing; and the Protocol that every product meets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from lienthong.products.card import Card, Text

__all__ = [
    "Abstention",
    "Assessment",
    "Contribution",
    "Input",
    "Missing",
    "Points",
    "Product",
    "Recipe",
    "Row",
    "Score",
    "Why",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a recipe: what the record says about one input of one person.

    `patient` and `reference` are `Type/id`; `value` is the text of a number, a date or a code's meaning; `time` is a
    FHIR date or dateTime as it came, empty when none is recorded, `until` the one at which it ended; `status` as the
    resource has it.
    """

    person: str
    input: str
    patient: str
    reference: str
    value: str = ""
    unit: str = ""
    time: str = ""
    status: str = ""
    text: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """An input as it was used: `value` in the model's `unit`, `given` as it stood in the record with its own unit.

    `value` is None where an input is no number (sex).
    """

    name: str
    label: Text
    value: Decimal | None
    unit: str
    shown: Text
    given: str
    given_unit: str
    time: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An input that is not there: why, and the date of the one that is too old to count."""

    name: str
    text: Text
    last: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one factor moves the risk: `effect` is beta times its distance from the reference, on the log hazard.

    `hazard_ratio` is exp(effect); `share` is the part (0 to 1) of all effects, by size.
    """

    factor: str
    label: Text
    value: Text
    effect: Decimal
    hazard_ratio: Decimal
    share: Decimal
    text: Text


@dataclass(frozen=True, slots=True)
class Points:
    """What one parameter adds to a score; `low` and `high` differ where what it depends on is not known."""

    parameter: str
    label: Text
    value: Text
    low: int
    high: int
    text: Text


@dataclass(frozen=True, slots=True)
class Score:
    """The sum of an additive score: at least `low` and at most `high` of `out_of` points, equal when all is known.

    `response` is the code of the response that `low` asks for, `possible` that of the response to `high`; `label` and
    `advice` say both where they differ. `urgency` orders a worklist: 0 routine, 1 urgent, 2 emergency. No probability
    is meant.
    """

    low: int
    high: int
    out_of: int
    urgency: int
    response: str
    possible: str
    label: Text
    advice: Text
    points: tuple[Points, ...]


class Why(StrEnum):
    """Why a product gives no figure."""

    DECEASED = "deceased"
    EXCLUDED = "excluded"
    MISSING = "missing"
    CONTRADICTORY = "contradictory"
    AGE_OUT_OF_RANGE = "age-out-of-range"
    VALUE_OUT_OF_RANGE = "value-out-of-range"


@dataclass(frozen=True, slots=True)
class Abstention:
    """That a product gives no figure, and the reason."""

    why: Why
    text: Text


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a product says about a person: exactly one of `risk` (a probability, 0 to 1), `score` and `abstention`.

    `index` is the day the figure is for, `moment` its exact time where it has one (a FHIR dateTime as it came);
    `subject` is the Patient it is about; `interval` bounds the risk (95%), where the product can tell how sure it is.
    `what_if` is the risk if something that is not recorded were so after all,
    by input name.
    """

    person: str
    subject: str
    index: date | None
    risk: Decimal | None
    abstention: Abstention | None
    inputs: tuple[Input, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    missing: tuple[Missing, ...] = ()
    limits: tuple[Text, ...] = ()
    what_if: tuple[tuple[str, Decimal], ...] = ()
    sentence: Text | None = None
    score: Score | None = None
    moment: str = ""
    interval: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a product's rows are had from the warehouse: one SELECT, and the tables of codes it may join by name.

    Its columns are the fields of `Row`; `person` is the person's id.
    """

    sql: str
    tables: Mapping[str, tuple[Mapping[str, str], ...]]


class Product(Protocol):
    """A clinical AI product; five members and no more. Plug-ins come as entry points `lienthong.products`."""

    @property
    def card(self) -> Card: ...

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over all that the figure depends on: the same digest gives the same figures."""
        ...

    @property
    def recipe(self) -> Recipe: ...

    def assess(self, rows: Iterable[Row], as_of: date) -> Assessment:
        """What the product says about one person from what was known on a day (local date)."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """The model itself, open to inspection (coefficients, rules), as JSON."""
        ...
