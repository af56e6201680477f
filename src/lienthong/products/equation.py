"""A published proportional-hazards equation as data: its terms, units and ranges, and the exact risk it gives."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Text

__all__ = [
    "WRONG_MODEL",
    "Equation",
    "Measured",
    "Recorded",
    "Term",
    "read_equation",
    "read_exclusions",
    "read_measured",
    "read_recorded",
]

WRONG_MODEL = ErrorKind(
    "product-model-wrong",
    Category.INCORRECT,
    what="The model of a product can't be used: {why}.",
    allowed="{allowed}",
    cure="Correct model.toml of the product.",
)

_DIGITS = 34  # decimal128; the figures are rounded to four digits, the same on every machine
_TRANSFORMS = ("ln", "identity")


@dataclass(frozen=True, slots=True)
class Term:
    """beta * transform(factor); `given` says with which recorded input the term holds, and `given_as` as what."""

    factor: str
    transform: str
    beta: Decimal
    given: str = ""
    given_as: bool = True

    def holds(self, values: Mapping[str, Decimal]) -> bool:
        return not self.given or bool(values[self.given]) is self.given_as

    def of(self, value: Decimal) -> Decimal:
        return self.beta * (value.ln() if self.transform == "ln" else value)


@dataclass(frozen=True, slots=True)
class Measured:
    """An input that is measured or asked: units with their factors, limits, and how long a value counts.

    `answers` are its codes, where it is no number; a number tells one of them where `positive_from` has its unit:
    positive from so much on, else negative. 0 is a value only where `zero_counts`.
    """

    name: str
    label: Text
    shown_unit: str
    lookback_days: int
    units: Mapping[str, Decimal]
    answers: Mapping[str, Decimal]
    low: Decimal | None
    high: Decimal | None
    positive_from: Mapping[str, Decimal] = field(default_factory=dict)
    zero_counts: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """An input that is either recorded or not; `ended_days` is how long an order counts that is no longer active."""

    name: str
    label: Text
    ended_days: int | None


@dataclass(frozen=True, slots=True)
class Equation:
    """1 - survival ^ exp(sum of terms - mean), by sex; values are in the equation's own units."""

    age_low: int
    age_high: int
    age_label: Text
    index: tuple[str, ...]
    measured: tuple[Measured, ...]
    recorded: tuple[Recorded, ...]
    exclusions: Mapping[str, Text]
    terms: Mapping[str, tuple[Term, ...]]
    survival: Mapping[str, Decimal]
    mean: Mapping[str, Decimal]
    reference: Mapping[str, Decimal]
    reference_label: Text

    def risk(self, sex: str, values: Mapping[str, Decimal]) -> Decimal:
        """The probability (0 to 1), unrounded."""
        with localcontext() as context:
            context.prec = _DIGITS
            score = sum((term.of(values[term.factor]) for term in self._held(sex, values)), Decimal(0))
            return 1 - self.survival[sex] ** (score - self.mean[sex]).exp()

    def effects(self, sex: str, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Each factor's distance from the reference person on the log hazard; they add up to the whole distance.

        A factor that chooses between terms (treatment) is told apart from the one it acts upon: its effect is what
        the choice makes at the person's own value.
        """
        with localcontext() as context:
            context.prec = _DIGITS
            effects: dict[str, Decimal] = {}
            for term in self._held(sex, {**values, **self._switches(sex)}):
                distance = term.of(values[term.factor]) - term.of(self.reference[term.factor])
                effects[term.factor] = effects.get(term.factor, Decimal(0)) + distance
            for switch in self._switches(sex):
                effects[switch] = self._score(sex, values) - self._score(
                    sex, {**values, switch: self.reference[switch]}
                )
            return effects

    def hazard_ratio(self, effect: Decimal) -> Decimal:
        with localcontext() as context:
            context.prec = _DIGITS
            return effect.exp()

    def _switches(self, sex: str) -> dict[str, Decimal]:
        return {term.given: self.reference[term.given] for term in self.terms[sex] if term.given}

    def _score(self, sex: str, values: Mapping[str, Decimal]) -> Decimal:
        return sum((term.of(values[term.factor]) for term in self._held(sex, values)), Decimal(0))

    def _held(self, sex: str, values: Mapping[str, Decimal]) -> list[Term]:
        return [term for term in self.terms[sex] if term.holds(values)]


def read_equation(text: str, where: str = "model.toml") -> Equation:
    """The equation of a TOML text, or an error that says what is wrong in it."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        equation = _equation(data, where)
    except tomllib.TOMLDecodeError as error:
        raise WRONG_MODEL.at(where, why=f"it is no TOML ({error})", allowed="TOML") from None
    except KeyError as error:
        raise WRONG_MODEL.at(where, why=f"{error} is missing", allowed="the fields of a published equation") from None
    except (InvalidOperation, TypeError, ValueError, AttributeError):
        raise WRONG_MODEL.at(where, why="a value has the wrong form", allowed="numbers as strings") from None
    known = {"age", *(item.name for item in equation.measured), *(item.name for item in equation.recorded)}
    for sex, terms in equation.terms.items():
        for term in terms:
            if term.factor not in known or (term.given and term.given not in known):
                raise WRONG_MODEL.at(f"{where}: {sex}", why="a term has no input", allowed=", ".join(sorted(known)))
            if term.transform not in _TRANSFORMS:
                raise WRONG_MODEL.at(f"{where}: {sex}", why="no such transform", allowed=", ".join(_TRANSFORMS))
    if set(equation.reference) != known:
        raise WRONG_MODEL.at(f"{where}: reference", why="it names other inputs", allowed=", ".join(sorted(known)))
    return equation


def _equation(data: Mapping[str, Any], where: str) -> Equation:
    reference = dict(data["reference"])
    label = Text.read(reference.pop("label"), f"{where}: reference")
    return Equation(
        age_low=int(data["age_low"]),
        age_high=int(data["age_high"]),
        age_label=Text.read(data["label"]["age"], f"{where}: age"),
        index=tuple(data["index"]),
        measured=read_measured(data, where),
        recorded=read_recorded(data, where),
        exclusions=read_exclusions(data, where),
        terms={sex: tuple(_term(term) for term in item["term"]) for sex, item in data["sex"].items()},
        survival={sex: Decimal(item["survival"]) for sex, item in data["sex"].items()},
        mean={sex: Decimal(item["mean"]) for sex, item in data["sex"].items()},
        reference=_numbers(reference),
        reference_label=label,
    )


def read_measured(data: Mapping[str, Any], where: str) -> tuple[Measured, ...]:
    """The inputs [[measured]] of a model.toml."""
    return tuple(
        Measured(
            name=item["name"],
            label=Text.read(item["label"], f"{where}: {item['name']}"),
            shown_unit=item["shown_unit"],
            lookback_days=int(item["lookback_days"]),
            units=_numbers(item.get("unit", {})),
            answers=_numbers(item.get("answers", {})),
            low=Decimal(item["low"]) if "low" in item else None,
            high=Decimal(item["high"]) if "high" in item else None,
            positive_from=_numbers(item.get("positive_from", {})),
            zero_counts=item.get("zero_counts", False),
        )
        for item in data["measured"]
    )


def read_recorded(data: Mapping[str, Any], where: str) -> tuple[Recorded, ...]:
    """The inputs [[recorded]] of a model.toml."""
    return tuple(
        Recorded(item["name"], Text.read(item["label"], f"{where}: {item['name']}"), item.get("ended_days"))
        for item in data["recorded"]
    )


def read_exclusions(data: Mapping[str, Any], where: str) -> dict[str, Text]:
    """What of [exclude] keeps a figure from being given, by name."""
    return {name: Text.read(item["label"], f"{where}: {name}") for name, item in data["exclude"].items()}


def _term(term: Mapping[str, str]) -> Term:
    given = term.get("if") or term.get("unless") or ""
    return Term(term["factor"], term["transform"], Decimal(term["beta"]), given, "unless" not in term)


def _numbers(values: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}
