"""A Cox model as data: its terms, the baseline hazard over years, and how sure each figure is; exact decimals.

The hazard of a woman is that of the reference woman times exp(sum of beta * (term - term of the reference)). The
variance of her cumulative hazard at the years of the interval comes from the covariance of the coefficients and that
of the baseline (Tsiatis, Ann Stat 1981;9:93-108; Therneau & Grambsch, Modeling Survival Data, 2000, section 10.2).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from lienthong.products.equation import WRONG_MODEL

__all__ = ["Cox", "CoxTerm", "Figure", "Treatment", "read_cox"]

_DIGITS = 34  # decimal128, as an equation has
_TRANSFORMS = ("identity", "ln", "above", "over", "under")
_NINETY_FIVE = Decimal("1.959963984540054")  # the 97.5th percentile of the normal distribution


@dataclass(frozen=True, slots=True)
class Figure:
    """A probability (0 to 1), or a difference of two, with the bounds of its 95% interval."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class CoxTerm:
    """beta times what a transform makes of a factor; with `where`, only if that other factor is 1 (an interaction).

    above: 1 if more than `at`, else 0. over, under: how far it is over or under `at`, counted in steps of `per`.
    """

    name: str
    factor: str
    transform: str
    at: Decimal
    per: Decimal
    where: str
    beta: Decimal

    def of(self, values: Mapping[str, Decimal]) -> Decimal:
        """The term of someone, without its coefficient."""
        if self.where and not values[self.where]:
            return Decimal(0)
        value = values[self.factor]
        if self.transform == "ln":
            return value.ln()
        if self.transform == "above":
            return Decimal(1 if value > self.at else 0)
        if self.transform == "over":
            return max(value - self.at, Decimal(0)) / self.per
        if self.transform == "under":
            return max(self.at - value, Decimal(0)) / self.per
        return value


@dataclass(frozen=True, slots=True)
class Treatment:
    """What trials found a treatment to do to the hazard: a rate ratio with its standard error, and in whom.

    `factor` is the input that says whether it was given, `where` the one that must be 1 for it to work at all.
    """

    name: str
    factor: str
    where: str
    ratio: Decimal
    error: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Cox:
    """The model. `hazard` is the cumulative hazard of the reference woman at each of `years`.

    `variance` is that of the log of the reference's cumulative hazard at `horizon` years for known coefficients,
    `centre` the mean terms of those at risk, weighted by hazard, as distances from the reference.
    """

    terms: tuple[CoxTerm, ...]
    reference: Mapping[str, Decimal]
    covariance: tuple[tuple[Decimal, ...], ...]
    years: tuple[Decimal, ...]
    hazard: tuple[Decimal, ...]
    horizon: Decimal
    variance: Decimal
    centre: tuple[Decimal, ...]
    treatment: Treatment | None

    def distances(self, values: Mapping[str, Decimal]) -> list[Decimal]:
        """Each term's distance from the reference woman's, without the coefficient."""
        with localcontext() as context:
            context.prec = _DIGITS
            return [term.of(values) - term.of(self.reference) for term in self.terms]

    def score(self, values: Mapping[str, Decimal]) -> Decimal:
        """The log of the hazard, compared with the reference woman."""
        with localcontext() as context:
            context.prec = _DIGITS
            pairs = zip(self.terms, self.distances(values), strict=True)
            return sum((term.beta * distance for term, distance in pairs), Decimal(0))

    def survival(self, values: Mapping[str, Decimal]) -> list[Decimal]:
        """The probability of no event up to each of `years`."""
        with localcontext() as context:
            context.prec = _DIGITS
            ratio = self.score(values).exp()
            return [(-hazard * ratio).exp() for hazard in self.hazard]

    def risk(self, values: Mapping[str, Decimal]) -> Figure:
        """The probability of an event up to the horizon, with the interval of the model's own uncertainty."""
        with localcontext() as context:
            context.prec = _DIGITS
            hazard = self._hazard(values)
            spread = (_NINETY_FIVE * self._log_variance(values).sqrt()).exp()
            return Figure(1 - (-hazard).exp(), 1 - (-hazard / spread).exp(), 1 - (-hazard * spread).exp())

    def benefit(self, values: Mapping[str, Decimal]) -> Figure | None:
        """How much more probable no event up to the horizon is with the treatment than without it.

        None where the treatment does nothing by its trials, or is given already. The interval joins the trials'
        uncertainty and the model's (delta method; the two are independent).
        """
        treatment = self.treatment
        if treatment is None or values[treatment.factor] or not values[treatment.where]:
            return None
        with localcontext() as context:
            context.prec = _DIGITS
            hazard = self._hazard(values)
            treated = hazard * treatment.ratio
            gain = (-treated).exp() - (-hazard).exp()
            by_ratio = -treated * (-treated).exp()
            by_hazard = by_ratio + hazard * (-hazard).exp()
            relative = treatment.error / treatment.ratio
            variance = by_ratio**2 * relative**2 + by_hazard**2 * self._log_variance(values)
            half = _NINETY_FIVE * variance.sqrt()
            return Figure(gain, gain - half, gain + half)

    def effects(self, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Each factor's part of the log hazard, against the reference woman; they add up to the whole score."""
        with localcontext() as context:
            context.prec = _DIGITS
            effects: dict[str, Decimal] = {}
            for term, distance in zip(self.terms, self.distances(values), strict=True):
                effects[term.factor] = effects.get(term.factor, Decimal(0)) + term.beta * distance
            return effects

    def hazard_ratio(self, effect: Decimal) -> Decimal:
        with localcontext() as context:
            context.prec = _DIGITS
            return effect.exp()

    def _hazard(self, values: Mapping[str, Decimal]) -> Decimal:
        return self.hazard[self.years.index(self.horizon)] * self.score(values).exp()

    def _log_variance(self, values: Mapping[str, Decimal]) -> Decimal:
        """The variance of the log of a woman's cumulative hazard at the horizon."""
        away = [distance - mean for distance, mean in zip(self.distances(values), self.centre, strict=True)]
        rows = (
            one * sum((cell * other for cell, other in zip(row, away, strict=True)), Decimal(0))
            for one, row in zip(away, self.covariance, strict=True)
        )
        return self.variance + sum(rows, Decimal(0))


def read_cox(text: str, where: str = "model.toml") -> Cox:
    """The model of a TOML text, or an error that says what is wrong in it."""
    try:
        model = _model(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WRONG_MODEL.at(where, why=f"it is no TOML ({error})", allowed="TOML") from None
    except KeyError as error:
        raise WRONG_MODEL.at(where, why=f"{error} is missing", allowed="the fields of a Cox model") from None
    except (InvalidOperation, TypeError, ValueError, AttributeError):
        raise WRONG_MODEL.at(where, why="a value has the wrong form", allowed="numbers as strings") from None
    size = len(model.terms)
    known = ", ".join(sorted(model.reference))
    for term in model.terms:
        if term.transform not in _TRANSFORMS:
            raise WRONG_MODEL.at(f"{where}: {term.name}", why="no such transform", allowed=", ".join(_TRANSFORMS))
        if term.factor not in model.reference or (term.where and term.where not in model.reference):
            raise WRONG_MODEL.at(f"{where}: {term.name}", why="a term has no input", allowed=known)
    if len(model.covariance) != size or any(len(row) != size for row in model.covariance):
        raise WRONG_MODEL.at(f"{where}: covariance", why="it fits other terms", allowed=f"{size} rows of {size}")
    if len(model.centre) != size:
        raise WRONG_MODEL.at(f"{where}: baseline", why="it fits other terms", allowed=f"{size} means")
    rising = list(model.years) == sorted(set(model.years)) and list(model.hazard) == sorted(model.hazard)
    if len(model.years) != len(model.hazard) or not rising or model.horizon not in model.years:
        raise WRONG_MODEL.at(
            f"{where}: baseline", why="its years and hazards don't fit", allowed="both rising, with the horizon"
        )
    if model.variance < 0 or any(model.covariance[at][at] <= 0 for at in range(size)):
        raise WRONG_MODEL.at(f"{where}: covariance", why="a variance is below 0", allowed="variances above 0")
    return model


def _model(data: Mapping[str, Any]) -> Cox:
    baseline, fitted = data["baseline"], data["fitted"]
    return Cox(
        terms=tuple(
            CoxTerm(
                name=term["name"],
                factor=term["factor"],
                transform=term["transform"],
                at=Decimal(term.get("at", "0")),
                per=Decimal(term.get("per", "1")),
                where=term.get("where", ""),
                beta=Decimal(fitted["beta"][term["name"]]),
            )
            for term in data["term"]
        ),
        reference={name: Decimal(value) for name, value in data["reference"].items() if name != "label"},
        covariance=tuple(_numbers(fitted["covariance"][term["name"]]) for term in data["term"]),
        years=_numbers(baseline["years"]),
        hazard=_numbers(baseline["hazard"]),
        horizon=Decimal(data["horizon"]),
        variance=Decimal(baseline["variance"]),
        centre=_numbers(baseline["centre"]),
        treatment=_treatment(data["treatment"]) if "treatment" in data else None,
    )


def _treatment(data: Mapping[str, Any]) -> Treatment:
    ratio, error = Decimal(data["ratio"]), Decimal(data["error"])
    if ratio <= 0 or error <= 0:
        raise ValueError
    return Treatment(data["name"], data["factor"], data["where"], ratio, error, data["source"])


def _numbers(values: list[str]) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) for value in values)
