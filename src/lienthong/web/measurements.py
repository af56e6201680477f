"""Measurements over time: the Observations of a person as series with unit, band and time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lienthong.web.bands import KNOWN, Band, Known, band_for
from lienthong.web.elements import codes, concept, first, is_mistake, items, link_of, moment, text, time_of
from lienthong.web.texts import mark

__all__ = ["Finding", "Flag", "Panel", "Point", "Series", "findings_of", "grouped", "panels_of"]

_BY_LOINC: Mapping[str, Known] = {code: known for known in KNOWN for code in known.loinc}
_ORDER: Mapping[str, int] = {known.name: place for place, known in enumerate(KNOWN)}
_OTHER = mark("Other measurements")
_PRESSURE = mark("Blood pressure")
_TIMES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")
_LOINC = "http://loinc.org"


class Flag(StrEnum):
    """How a value lies to its band."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Point:
    """One value: `text` keeps the digits as they came, `when` the time as it came, `sign` is `<`, `>` or nothing."""

    at: datetime
    when: str
    value: Decimal
    sign: str
    flag: Flag
    link: str


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one measurement in one unit, the oldest first; `label` is a message id or data's words."""

    name: str
    label: str
    unit: str
    band: Band | None
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        return self.points[-1]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a series, or the two of a blood pressure."""

    group: str
    label: str
    series: tuple[Series, ...]

    @property
    def unit(self) -> str:
        return self.series[0].unit


@dataclass(frozen=True, slots=True)
class Finding:
    """The latest answer of an Observation that is no number, e.g. smoking status."""

    label: str
    answer: str
    when: str
    link: str


def panels_of(
    resources: Iterable[Mapping[str, Any]], *, zone: tzinfo, gender: str, is_adult: bool
) -> tuple[Panel, ...]:
    """The charts of a person's page: the known measurements in their order, then all others by name."""
    points: dict[tuple[str, str, str], list[tuple[Point, Mapping[str, Any]]]] = defaultdict(list)
    for resource in resources:
        if resource.get("resourceType") != "Observation" or is_mistake(resource):
            continue
        when = time_of(resource, _TIMES)
        at = moment(when, zone)
        if at is None:
            continue
        for part in (resource, *items(resource.get("component"))):
            quantity = first(part.get("valueQuantity"))
            value = _number(quantity.get("value"))
            if value is None:
                continue
            unit = text(quantity.get("code")) or text(quantity.get("unit"))
            shown_unit = text(quantity.get("unit")) or unit
            name, label = _named(part)
            point = Point(at, when, value, text(quantity.get("comparator")), Flag.NONE, link_of(resource))
            points[name, label, shown_unit].append((point, {"unit": unit, "range": part.get("referenceRange")}))
    series = [
        _series(name, label, unit, found, gender=gender, is_adult=is_adult)
        for (name, label, unit), found in points.items()
    ]
    return _panels(series)


def _named(part: Mapping[str, Any]) -> tuple[str, str]:
    for system, code in codes(part.get("code")):
        if system == _LOINC and code in _BY_LOINC:
            return _BY_LOINC[code].name, _BY_LOINC[code].label
    return "", concept(part.get("code"))


def _series(
    name: str,
    label: str,
    unit: str,
    found: list[tuple[Point, Mapping[str, Any]]],
    *,
    gender: str,
    is_adult: bool,
) -> Series:
    found.sort(key=lambda pair: pair[0].at)
    sent = next((band for _, extra in reversed(found) if (band := _sent_band(extra["range"]))), None)
    band = sent or band_for(name, found[-1][1]["unit"], gender=gender, is_adult=is_adult)
    flagged = tuple(
        Point(point.at, point.when, point.value, point.sign, _flag(point.value, band), point.link)
        for point, _ in found
    )
    return Series(name, label, unit, band, flagged)


def _sent_band(ranges: Any) -> Band | None:
    """The normal range that came with a value; ranges for other meanings (critical, therapeutic) are no band."""
    for given in items(ranges):
        kinds = [code for _, code in codes(given.get("type"))]
        low, high = (_number(first(given.get(side)).get("value")) for side in ("low", "high"))
        if (not kinds or "normal" in kinds) and (low is not None or high is not None):
            return Band(low, high, mark("the laboratory"))
    return None


def _number(value: Any) -> Decimal | None:
    is_number = isinstance(value, (Decimal, int)) and not isinstance(value, bool)
    return Decimal(value) if is_number else None


def _flag(value: Decimal, band: Band | None) -> Flag:
    if band is None:
        return Flag.NONE
    if band.low is not None and value < band.low:
        return Flag.LOW
    # A band to 129 was drawn for whole numbers: 129.4 is still in it, 130 is not
    if band.high is not None and value > band.high and value >= band.high + _step(band.high):
        return Flag.HIGH
    return Flag.NORMAL


def _step(limit: Decimal) -> Decimal:
    exponent = limit.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)


def _panels(series: list[Series]) -> tuple[Panel, ...]:
    groups = {known.name: known.group for known in KNOWN}
    panels: list[tuple[tuple[int, str], Panel]] = []
    diastolic = {one.unit: one for one in series if one.name == "diastolic"}
    for one in series:
        if one.name == "diastolic" and any(other.name == "systolic" and other.unit == one.unit for other in series):
            continue
        pair = (one, diastolic[one.unit]) if one.name == "systolic" and one.unit in diastolic else (one,)
        label = _PRESSURE if len(pair) == 2 else one.label
        panels.append(((_ORDER.get(one.name, len(KNOWN)), label), Panel(groups.get(one.name, _OTHER), label, pair)))
    return tuple(panel for _, panel in sorted(panels, key=lambda item: item[0]))


def grouped(panels: Iterable[Panel]) -> tuple[tuple[tuple[str, tuple[Panel, ...]], ...], tuple[Panel, ...]]:
    """The charts of the known groups in their order, and all others."""
    groups: dict[str, list[Panel]] = {}
    for panel in panels:
        groups.setdefault(panel.group, []).append(panel)
    others = tuple(groups.pop(_OTHER, ()))
    return tuple((group, tuple(found)) for group, found in groups.items()), others


def findings_of(resources: Iterable[Mapping[str, Any]], *, zone: tzinfo) -> tuple[Finding, ...]:
    """The latest answer of each Observation that is no number, by name."""
    latest: dict[str, tuple[datetime, Finding]] = {}
    for resource in resources:
        if resource.get("resourceType") != "Observation" or is_mistake(resource):
            continue
        when = time_of(resource, _TIMES)
        at = moment(when, zone)
        for part in (resource, *items(resource.get("component"))):
            answer = concept(part.get("valueCodeableConcept")) or text(part.get("valueString"))
            label = _named(part)[1]
            if at and answer and label and (label not in latest or latest[label][0] < at):
                latest[label] = (at, Finding(label, answer, when, link_of(resource)))
    return tuple(found for _, found in sorted(latest.values(), key=lambda pair: pair[1].label))
