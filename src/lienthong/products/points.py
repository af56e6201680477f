"""A published additive score as data: its parameters with their points and scales, and what their sum asks for.

The points of a value come from bands in rising order, each up to and with its limit; the last is open. A value is
first converted exactly into the chart's unit, then rounded half up to the chart's step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Text

__all__ = [
    "Answer",
    "Band",
    "Chart",
    "Noted",
    "Parameter",
    "Response",
    "Scale",
    "ScoreModel",
    "Threshold",
    "Unit",
    "read_score",
]

WRONG_SCORE = ErrorKind(
    "product-score-wrong",
    Category.INCORRECT,
    what="The score of a product can't be used: {why}.",
    allowed="{allowed}",
    cure="Correct model.toml of the product.",
)

_LARGEST = 30  # a value of more digits than this is no measurement, and an exact fraction of 1e999999999 never ends


@dataclass(frozen=True, slots=True)
class Band:
    """The points of values up to and with `upto`, above the band before; None: the last, open one."""

    upto: Decimal | None
    points: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The bands of a parameter, by the answer of the parameter `by` that they depend on ('' where on none)."""

    by: str
    bands: Mapping[str, tuple[Band, ...]]

    def points(self, value: Decimal, answer: str | None) -> tuple[int, int]:
        """The least and the most points; they differ only where the answer is needed and not known (None)."""
        charts = self.bands.values() if self.by and answer is None else [self.bands[answer or "" if self.by else ""]]
        found = [_points(bands, value) for bands in charts]
        return min(found), max(found)

    @property
    def most(self) -> int:
        return max(band.points for bands in self.bands.values() for band in bands)


@dataclass(frozen=True, slots=True)
class Scale:
    """One of the charts of a parameter; one with `ordered_by` holds only where that order stands in the record."""

    name: str
    label: Text
    ordered_by: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Answer:
    """The points of an answer; None where the answer does not tell them."""

    label: Text
    points: int | None


@dataclass(frozen=True, slots=True)
class Unit:
    """How a value becomes one in the chart's unit: (value - minus) * factor, exactly."""

    factor: Fraction
    minus: Fraction


@dataclass(frozen=True, slots=True)
class Threshold:
    """How a number of this unit is an answer: `over` above `limit`, else `other`; None outside of low to high."""

    limit: Decimal
    over: str
    other: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: a number with scales, or answers (some of which a number may tell)."""

    name: str
    label: Text
    unit: str
    shown_unit: Text
    step: Decimal
    low: Decimal
    high: Decimal
    units: Mapping[str, Unit]
    scales: tuple[Scale, ...]
    answers: Mapping[str, Answer]
    numbers: Mapping[str, Threshold]

    def converted(self, value: Decimal, unit: Unit) -> Decimal | None:
        """The value in the chart's unit, rounded half up to its step; None where no such value can be."""
        if abs(value.adjusted()) > _LARGEST:
            return None
        exact = (Fraction(value) - unit.minus) * unit.factor
        if not Fraction(self.low) <= exact <= Fraction(self.high):
            return None
        steps = floor(exact / Fraction(self.step) + Fraction(1, 2))
        return Decimal(steps) * self.step

    @property
    def most(self) -> int:
        scales = [scale.chart.most for scale in self.scales]
        return max([*scales, *(answer.points or 0 for answer in self.answers.values())])


@dataclass(frozen=True, slots=True)
class Noted:
    """Something noted that excludes, or that orders a scale: how many days it holds where no end is known."""

    label: Text
    holds_days: int | None


@dataclass(frozen=True, slots=True)
class Response:
    """What a total asks for: from `least` points on, or where a single parameter has `single` (None: not by that)."""

    code: str
    least: int | None
    single: int | None
    urgency: int
    label: Text
    advice: Text


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """The whole score. `window_hours`: how long before the newest value others count as one set with it;
    `apart_hours`: from which distance this is said; `least_known`: how many parameters make a set without points."""

    age_low: int
    window_hours: int
    apart_hours: int
    least_known: int
    parameters: tuple[Parameter, ...]
    orders: Mapping[str, Noted]
    exclusions: Mapping[str, Noted]
    responses: tuple[Response, ...]

    @property
    def out_of(self) -> int:
        return sum(parameter.most for parameter in self.parameters)

    def response(self, total: int, singles: Iterable[int]) -> Response:
        """The first response, the gravest first, that the total or a single parameter asks for."""
        worst = max(singles, default=0)
        return next(
            item
            for item in self.responses
            if (item.least is not None and total >= item.least) or (item.single is not None and worst >= item.single)
        )


def _points(bands: tuple[Band, ...], value: Decimal) -> int:
    return next(band.points for band in bands if band.upto is None or value <= band.upto)


def read_score(text: str, where: str = "model.toml") -> ScoreModel:
    """The score of a TOML text, or an error that says what is wrong in it."""
    try:
        model = _model(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise WRONG_SCORE.at(where, why=f"it is no TOML ({error})", allowed="TOML") from None
    except KeyError as error:
        raise WRONG_SCORE.at(where, why=f"{error} is missing", allowed="the fields of a published score") from None
    except (InvalidOperation, TypeError, ValueError, AttributeError):
        raise WRONG_SCORE.at(where, why="a value has the wrong form", allowed="numbers as strings") from None
    answered = {item.name: set(item.answers) for item in model.parameters if item.answers}
    for item in model.parameters:
        _checked(item, answered, model.orders, f"{where}: {item.name}")
    last = model.responses[-1] if model.responses else None
    if last is None or last.least != 0:
        raise WRONG_SCORE.at(f"{where}: response", why="some total has no response", allowed="a last one from 0 on")
    return model


def _checked(item: Parameter, answered: Mapping[str, set[str]], orders: Mapping[str, Noted], where: str) -> None:
    if bool(item.scales) == bool(item.answers):
        raise WRONG_SCORE.at(where, why="a parameter has bands or answers", allowed="one of both")
    if item.scales and not any(not scale.ordered_by for scale in item.scales):
        raise WRONG_SCORE.at(where, why="every scale waits for an order", allowed="one that holds without")
    for scale in item.scales:
        if scale.ordered_by and scale.ordered_by not in orders:
            raise WRONG_SCORE.at(where, why="a scale has no such order", allowed=", ".join(sorted(orders)))
        if scale.chart.by and set(scale.chart.bands) != answered.get(scale.chart.by):
            raise WRONG_SCORE.at(
                where, why="bands by an answer need just its answers", allowed=", ".join(sorted(answered))
            )
        for bands in scale.chart.bands.values():
            limits = [band.upto for band in bands[:-1]]
            rising = all(limit is not None for limit in limits) and limits == sorted(set(limits), key=_plain)
            if not bands or bands[-1].upto is not None or not rising:
                raise WRONG_SCORE.at(
                    where, why="the bands don't cover all values once", allowed="rising, the last open"
                )
            if any(limit is not None and limit % item.step for limit in limits):
                raise WRONG_SCORE.at(where, why="a limit lies between two steps", allowed=f"multiples of {item.step}")
    for threshold in item.numbers.values():
        if not {threshold.over, threshold.other} <= set(item.answers):
            raise WRONG_SCORE.at(where, why="a number gives no known answer", allowed=", ".join(sorted(item.answers)))


def _plain(limit: Decimal | None) -> Decimal:
    return Decimal("-Infinity") if limit is None else limit


def _model(data: Mapping[str, Any], where: str) -> ScoreModel:
    return ScoreModel(
        age_low=int(data["age_low"]),
        window_hours=int(data["window_hours"]),
        apart_hours=int(data["apart_hours"]),
        least_known=int(data["least_known"]),
        parameters=tuple(_parameter(item, where) for item in data["parameter"]),
        orders=_by_name(data.get("order", ()), lambda item: _noted(item, where)),
        exclusions=_by_name(data.get("exclude", ()), lambda item: _noted(item, where)),
        responses=tuple(
            Response(
                item["code"],
                item.get("least"),
                item.get("single"),
                int(item["urgency"]),
                Text.read(item["label"], f"{where}: {item['code']}"),
                Text.read(item["advice"], f"{where}: {item['code']}"),
            )
            for item in data["response"]
        ),
    )


def _parameter(item: Mapping[str, Any], where: str) -> Parameter:
    name = item["name"]
    at = f"{where}: {name}"
    label = Text.read(item["label"], at)
    unit = item.get("unit", "")
    scales = item.get("scale", ())
    if "bands" in item:
        scales = ({"name": "", "label": item["label"], "bands": item["bands"]},)
    return Parameter(
        name=name,
        label=label,
        unit=unit,
        shown_unit=Text.read(item["shown_unit"], at) if "shown_unit" in item else Text(unit, unit),
        step=Decimal(item.get("step", "1")),
        low=Decimal(item.get("low", "0")),
        high=Decimal(item.get("high", "0")),
        units={
            code: Unit(_fraction(of.get("factor", "1")), _fraction(of.get("minus", "0")))
            for code, of in item.get("units", {}).items()
        },
        scales=tuple(
            Scale(scale["name"], Text.read(scale["label"], at), scale.get("ordered_by", ""), _chart(scale))
            for scale in scales
        ),
        answers={
            code: Answer(Text.read(answer["label"], at), answer.get("points"))
            for code, answer in item.get("answers", {}).items()
        },
        numbers={
            code: Threshold(*(Decimal(of["limit"]), of["over"], of["other"], Decimal(of["low"]), Decimal(of["high"])))
            for code, of in item.get("numbers", {}).items()
        },
    )


def _chart(scale: Mapping[str, Any]) -> Chart:
    if "by" in scale:
        return Chart(scale["by"], {answer: _bands(bands) for answer, bands in scale["bands"].items()})
    return Chart("", {"": _bands(scale["bands"])})


def _bands(bands: Iterable[Mapping[str, Any]]) -> tuple[Band, ...]:
    return tuple(Band(Decimal(band["upto"]) if "upto" in band else None, int(band["points"])) for band in bands)


def _fraction(text: str) -> Fraction:
    """A factor as a decimal or as a quotient of two: "5/9", "1000/133.322387415"."""
    over, _, under = text.partition("/")
    return Fraction(over) / Fraction(under or "1")


def _noted(item: Mapping[str, Any], where: str) -> Noted:
    return Noted(Text.read(item["label"], f"{where}: {item['name']}"), item.get("holds_days"))


def _by_name(items: Iterable[Mapping[str, Any]], made: Callable[[Mapping[str, Any]], Noted]) -> dict[str, Noted]:
    return {item["name"]: made(item) for item in items}
