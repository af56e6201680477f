"""The protocol of an evaluation: what is measured, at which thresholds and with which bounds, fixed beforehand.

`protocol.toml` lies in the folder of a product. Its digest is the SHA-256 of its bytes (`sha256sum protocol.toml`),
so that anyone can check which protocol a lock or a run means. Fractions are strings ("0.05"), so that they keep their
digits.

    name = "pneumonia-xray"         # of the product: [product] below is a table of its own
    version = "1.0.0"
    task = "binary"                 # binary, survival, forecast or coding
    part = "val"                    # the part of the data that is held out; "" where the data have no parts
    seed = 20261124                 # of every resampling
    resamples = 1000                level = "0.95"
    calibrated = false              # optional: the figure is no probability (a score): no calibration is measured
    blocks = "place"                # forecasts: what depends on each other, "place" (the default) or "month"
    coverage = "0.9"                # promised by the sets of a product, where it gives sets

    [outcome]                       # what counts as the event, or what is foretold: vi, en
    [seen]                          # optional, vi, en: the authors have seen these outcomes; the run is exploratory
    [[threshold]]                   # locked operating points: value, primary = true for one, reason (vi, en)
    [curve]                         # of the decision curve: low, high, step
    [times]                         # survival: unit, at = ["5"] (the first one is the primary)
    [subgroups]                     # attributes = ["sex", "age"], min_n, min_events
    [[comparator]]                  # name, measure, margin: by how much at least the product must be better
    [[bound]]                       # measure, of = "value" | "low" | "high", at_least, at_most, reason (vi, en)
    [assumed]                       # for sample sizes: prevalence, c; o_e_width, slope_width,
                                    # c_width, net_benefit_width (of 95 % intervals)
    [product]                       # whatever the product itself needs; handed to `Evaluable.open` as it stands
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.text import nfc
from lienthong.products.card import Text

__all__ = ["TASKS", "Bound", "Comparator", "Curve", "Protocol", "Subgroups", "Threshold", "read_protocol"]

TASKS = ("binary", "survival", "forecast", "coding")

WRONG_PROTOCOL = ErrorKind(
    "evaluation-protocol-wrong",
    Category.INCORRECT,
    what="The protocol of an evaluation can't be used: {why}.",
    allowed="{allowed}",
    cure="Correct protocol.toml of the product, then lock it anew before any outcome is read.",
)

_NEEDED = ("name", "version", "task", "part", "seed", "resamples", "level", "outcome")
_OPTIONAL = (
    *(
        "blocks",
        "calibrated",
        "coverage",
        "seen",
        "threshold",
        "curve",
        "times",
        "subgroups",
        "comparator",
        "bound",
        "assumed",
        "product",
    ),
)
_TABLES = ("curve", "times", "subgroups", "assumed", "product")
_OF = ("value", "low", "high")
_LEAST_RESAMPLES = 100


@dataclass(frozen=True, slots=True)
class Threshold:
    """A probability from which on the product's figure counts as positive, and the clinical reason for it."""

    value: Decimal
    reason: Text
    primary: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """The thresholds of the decision curve: from `low` to `high`, both with it, by `step`."""

    low: Decimal
    high: Decimal
    step: Decimal

    def thresholds(self) -> tuple[Decimal, ...]:
        count = int((self.high - self.low) / self.step)
        return tuple(self.low + self.step * index for index in range(count + 1))


@dataclass(frozen=True, slots=True)
class Subgroups:
    """The attributes by which cases are told apart, and with how many cases and events a group is judged at all."""

    attributes: tuple[str, ...] = ()
    min_n: int = 100
    min_events: int = 10


@dataclass(frozen=True, slots=True)
class Comparator:
    """An explainable model or a baseline: by how much at least the product must be better in a measure."""

    name: str
    measure: str
    margin: Decimal


@dataclass(frozen=True, slots=True)
class Bound:
    """What was registered as acceptable before: a limit on the figure, or on the low or high end of its interval."""

    measure: str
    of: str
    at_least: Decimal | None
    at_most: Decimal | None
    reason: Text


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol as it was fixed; `digest` is the SHA-256 (hex) of `text`, and `settings` its table [product]."""

    text: str
    digest: str
    product: str
    version: str
    task: str
    part: str
    seed: int
    resamples: int
    level: Decimal
    outcome: Text
    seen: Text | None = None
    calibrated: bool = True
    blocks: str = "place"
    coverage: Decimal | None = None
    thresholds: tuple[Threshold, ...] = ()
    curve: Curve | None = None
    time_unit: str = ""
    times: tuple[Decimal, ...] = ()
    subgroups: Subgroups = Subgroups()
    comparators: tuple[Comparator, ...] = ()
    bounds: tuple[Bound, ...] = ()
    assumed: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def primary(self) -> Threshold | None:
        """The operating point by which subgroups and comparators are judged."""
        return next((item for item in self.thresholds if item.primary), None)


def read_protocol(text: str, where: str = "protocol.toml") -> Protocol:
    """The protocol of a TOML text, or an error that names the field and what is allowed."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise WRONG_PROTOCOL.at(where, why=f"it is no TOML ({error})", allowed="TOML") from None
    reader = _Reader(where)
    reader.fields(data, _NEEDED, _OPTIONAL)
    tables = {name: reader.mapping(data.get(name, {}), name) for name in _TABLES}
    lists = {name: data.get(name, []) for name in ("threshold", "comparator", "bound")}
    thresholds = tuple(_threshold(item, reader) for item in reader.tables(lists["threshold"], "threshold"))
    if thresholds and sum(item.primary for item in thresholds) != 1:
        raise reader.wrong("threshold", "not just one threshold is the primary one", "primary = true for one of them")
    times = tables["times"]
    reader.fields(times, (), ("unit", "at"), "times: ")
    return Protocol(
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        product=reader.word(data["name"], "name"),
        version=reader.word(data["version"], "version"),
        task=reader.one_of(data["task"], "task", TASKS),
        part=reader.word(data["part"], "part", empty=True),
        seed=reader.count(data["seed"], "seed", 0),
        resamples=reader.count(data["resamples"], "resamples", _LEAST_RESAMPLES),
        level=reader.fraction(data["level"], "level"),
        outcome=Text.read(data["outcome"], f"{where}: outcome"),
        seen=Text.read(data["seen"], f"{where}: seen") if "seen" in data else None,
        calibrated=reader.flag(data.get("calibrated", True), "calibrated"),
        blocks=reader.one_of(data.get("blocks", "place"), "blocks", ("place", "month")),
        coverage=reader.fraction(data["coverage"], "coverage") if "coverage" in data else None,
        thresholds=thresholds,
        curve=_curve(tables["curve"], reader) if tables["curve"] else None,
        time_unit=reader.word(times.get("unit", ""), "times: unit", empty=True),
        times=tuple(reader.number(item, "times: at") for item in reader.items(times.get("at", []), "times: at")),
        subgroups=_subgroups(tables["subgroups"], reader),
        comparators=tuple(_comparator(item, reader) for item in reader.tables(lists["comparator"], "comparator")),
        bounds=tuple(_bound(item, reader) for item in reader.tables(lists["bound"], "bound")),
        assumed={key: reader.number(value, f"assumed: {key}") for key, value in tables["assumed"].items()},
        settings=MappingProxyType(tables["product"]),
    )


class _Reader:
    """Values of a protocol in their types; what is wrong is said with its place."""

    def __init__(self, where: str) -> None:
        self._where = where

    def wrong(self, field: str, why: str, allowed: str) -> LienthongError:
        return WRONG_PROTOCOL.at(f"{self._where}: {field}" if field else self._where, why=why, allowed=allowed)

    def at(self, field: str) -> str:
        return f"{self._where}: {field}"

    def fields(
        self, data: Mapping[str, Any], needed: tuple[str, ...], optional: tuple[str, ...], under: str = ""
    ) -> None:
        known = ", ".join(sorted({*needed, *optional}))
        for name in sorted(set(needed) - set(data)):
            raise self.wrong(f"{under}{name}", "a field is missing", known)
        for name in sorted(set(data) - {*needed, *optional}):
            raise self.wrong(f"{under}{name}", "there is no such field", known)

    def mapping(self, value: object, field: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(field, "it is no table", f"a table [{field}]")
        return value

    def tables(self, value: object, field: str) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise self.wrong(field, "it is no list of tables", f"tables [[{field}]]")
        return [self.mapping(item, field) for item in value]

    def items(self, value: object, field: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.wrong(field, "it is no list", "a list")
        return value

    def word(self, value: object, field: str, *, empty: bool = False) -> str:
        if not isinstance(value, str) or not (empty or value.strip()):
            raise self.wrong(field, "it is no text", "text" + (", which may be empty" if empty else ""))
        return nfc(value)

    def one_of(self, value: object, field: str, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            raise self.wrong(field, "the value is not allowed", ", ".join(allowed))
        return str(value)

    def flag(self, value: object, field: str) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(field, "it is neither true nor false", "true or false")
        return value

    def count(self, value: object, field: str, least: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(field, "it is no such number", f"a whole number from {least} on")
        return value

    def number(self, value: object, field: str) -> Decimal:
        allowed = 'a number as text, such as "0.05"'
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise self.wrong(field, "it is no number", allowed)
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self.wrong(field, "it is no number", allowed) from None
        if not number.is_finite():
            raise self.wrong(field, "it is no number", allowed)
        return number

    def fraction(self, value: object, field: str) -> Decimal:
        number = self.number(value, field)
        if not 0 < number < 1:
            raise self.wrong(field, "it does not lie between 0 and 1", 'a fraction as text, such as "0.95"')
        return number


def _threshold(item: Mapping[str, Any], reader: _Reader) -> Threshold:
    reader.fields(item, ("value", "reason"), ("primary",), "threshold: ")
    primary = reader.flag(item.get("primary", False), "threshold: primary")
    value = reader.fraction(item["value"], "threshold: value")
    return Threshold(value, Text.read(item["reason"], reader.at("threshold: reason")), primary)


def _curve(data: Mapping[str, Any], reader: _Reader) -> Curve:
    reader.fields(data, ("low", "high", "step"), (), "curve: ")
    curve = Curve(*(reader.fraction(data[name], f"curve: {name}") for name in ("low", "high", "step")))
    if curve.low > curve.high:
        raise reader.wrong("curve", "it ends before it begins", "low below high")
    return curve


def _subgroups(data: Mapping[str, Any], reader: _Reader) -> Subgroups:
    reader.fields(data, (), ("attributes", "min_n", "min_events"), "subgroups: ")
    names = reader.items(data.get("attributes", []), "subgroups: attributes")
    plain = Subgroups()
    return Subgroups(
        tuple(reader.word(name, "subgroups: attributes") for name in names),
        reader.count(data.get("min_n", plain.min_n), "subgroups: min_n", 1),
        reader.count(data.get("min_events", plain.min_events), "subgroups: min_events", 0),
    )


def _comparator(item: Mapping[str, Any], reader: _Reader) -> Comparator:
    reader.fields(item, ("name", "measure", "margin"), (), "comparator: ")
    name, measure = (reader.word(item[key], f"comparator: {key}") for key in ("name", "measure"))
    return Comparator(name, measure, reader.number(item["margin"], "comparator: margin"))


def _bound(item: Mapping[str, Any], reader: _Reader) -> Bound:
    reader.fields(item, ("measure", "of", "reason"), ("at_least", "at_most"), "bound: ")
    if not {"at_least", "at_most"} & set(item):
        raise reader.wrong("bound", "it bounds nothing", "at_least, at_most or both")
    at_least, at_most = (
        reader.number(item[key], f"bound: {key}") if key in item else None for key in ("at_least", "at_most")
    )
    return Bound(
        reader.word(item["measure"], "bound: measure"),
        reader.one_of(item["of"], "bound: of", _OF),
        at_least,
        at_most,
        Text.read(item["reason"], reader.at("bound: reason")),
    )
