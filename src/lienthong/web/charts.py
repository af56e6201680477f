"""Charts as SVG, drawn on the server: a measurement over time, signed reasons as bars, a risk as people.

All colour comes from the style sheet through classes, so that a chart follows light, dark and print; no chart tells
anything by colour alone. Text that comes from data is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from markupsafe import Markup

from lienthong.web.measurements import Flag, Panel, Series
from lienthong.web.texts import Language

__all__ = ["bar_chart", "line_chart", "people_chart", "share_chart", "ticks"]

_WIDTH, _HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 12, 26
_MOST_DRAWN, _CROWD = 400, 40


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round steps (1, 2, 2.5 or 5 times a power of ten) that cover low to high."""
    span = high - low if high > low else max(abs(high), 1.0) * 0.2
    raw = span / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    start = math.floor(low / step)
    stop = math.ceil((high if high > low else low + span) / step)
    return [round(place * step, 10) for place in range(start, stop + 1)]


def line_chart(panel: Panel, speech: Language, zone: tzinfo, title: str) -> Markup:
    """A panel's values over time with their normal band, values outside of it drawn as arrows, axes with units."""
    return Markup("").join(_line_parts(panel, _scale(panel), speech, zone, title))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a moment lies across and a value down, and the steps of the value axis."""

    first: datetime
    last: datetime
    steps: list[float]

    def x(self, at: datetime) -> float:
        share = (at - self.first).total_seconds() / (self.last - self.first).total_seconds()
        return round(_LEFT + 6 + share * (_WIDTH - _LEFT - _RIGHT - 12), 1)

    def y(self, value: float) -> float:
        share = (value - self.steps[0]) / (self.steps[-1] - self.steps[0])
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _scale(panel: Panel) -> _Scale:
    values = [float(point.value) for series in panel.series for point in series.points]
    limits = [
        float(limit)
        for series in panel.series
        if series.band
        for limit in (series.band.low, series.band.high)
        if limit is not None
    ]
    reach = max(2 * (max(values) - min(values)), 0.35 * abs(values[-1]), 0.5)
    # A limit far from all values would squeeze them flat: it is then told in words only
    near = [limit for limit in limits if min(values) - reach <= limit <= max(values) + reach]
    first = min(series.points[0].at for series in panel.series)
    last = max(series.last.at for series in panel.series)
    if first == last:
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    return _Scale(first, last, ticks(min(values + near), max(values + near)))


def _line_parts(panel: Panel, scale: _Scale, speech: Language, zone: tzinfo, title: str) -> Iterator[Markup]:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    yield _opening("chart", _WIDTH, _HEIGHT, title)
    yield from (_band(series, scale) for series in panel.series)
    for step in scale.steps:
        level = scale.y(step)
        yield Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, right, level, level)
        yield _words(_LEFT - 6, level + 4, "end", speech.number(_decimal(step)))
    moments = sorted({point.at for series in panel.series for point in series.points})
    for at, label in _days(moments, zone):
        across = scale.x(at)
        yield Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(across, across, floor, floor + 4)
        yield _words(min(max(across, _LEFT + 14), _WIDTH - 30), _HEIGHT - 7, "middle", label)
    yield Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, right, floor, floor)
    for place, series in enumerate(panel.series):
        drawn = series.points[-_MOST_DRAWN:]
        path = " ".join(f"{scale.x(point.at)},{scale.y(float(point.value))}" for point in drawn)
        yield Markup('<polyline class="line line-{}" points="{}"/>').format(place, path)
        for point in drawn:
            if len(drawn) <= _CROWD or point.flag in (Flag.LOW, Flag.HIGH) or point is drawn[-1]:
                told = f"{point.sign}{speech.number(point.value)} {series.unit}, {speech.when(point.when, zone)}"
                yield _mark(point.flag, scale.x(point.at), scale.y(float(point.value)), place, told)
    yield Markup("</svg>")


def _opening(kind: str, width: int, height: int, title: str) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>').format(
        kind, width, height, title, title
    )


def _words(x: float, y: float, anchor: str, words: str) -> Markup:
    return Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _decimal(step: float) -> Decimal:
    return Decimal(repr(step)).normalize() if step % 1 else Decimal(int(step))


def _band(series: Series, scale: _Scale) -> Markup:
    if series.band is None:
        return Markup("")
    bottom_step, top_step = scale.steps[0], scale.steps[-1]
    high = float(series.band.high) if series.band.high is not None else top_step
    low = float(series.band.low) if series.band.low is not None else bottom_step
    top, bottom = scale.y(min(high, top_step)), scale.y(max(low, bottom_step))
    if bottom <= top:
        return Markup("")
    return Markup('<rect class="band" x="{}" y="{}" width="{}" height="{}"/>').format(
        _LEFT, top, _WIDTH - _LEFT - _RIGHT, round(bottom - top, 1)
    )


def _mark(flag: Flag, x: float, y: float, place: int, told: str) -> Markup:
    if flag in (Flag.HIGH, Flag.LOW):
        outline = f"M{x} {y - 6}l5 9h-10z" if flag is Flag.HIGH else f"M{x} {y + 6}l5 -9h-10z"
        return Markup('<path class="mark out" d="{}"><title>{}</title></path>').format(outline, told)
    return Markup('<circle class="mark mark-{}" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>').format(
        place, x, y, told
    )


def _days(moments: list[datetime], zone: tzinfo) -> list[tuple[datetime, str]]:
    """Up to five marks on the axis of time: years when there are several, else days."""
    first, last = moments[0].astimezone(zone), moments[-1].astimezone(zone)
    years = last.year - first.year
    if years >= 3:
        every = -(-years // 4)
        starts = (datetime(year, 1, 1, tzinfo=zone) for year in range(first.year + 1, last.year + 1, every))
        return [(start, str(start.year)) for start in starts if first <= start <= last]
    span = last - first
    if len(moments) == 1:
        return [(moments[0], moments[0].astimezone(zone).strftime("%d/%m/%Y"))]
    short = "%d/%m/%y" if span > timedelta(days=2) else "%d/%m %H:%M"
    count = 2 if span <= timedelta(days=4) else 3
    places = [first + span * place / (count - 1) for place in range(count)]
    return [(place, place.strftime(short)) for place in places]


def bar_chart(size: Decimal, widest: Decimal, title: str) -> Markup:
    """One signed reason as a bar to the right (raises the risk) or to the left (lowers it) of a middle line.

    `widest` is the largest size among the reasons, so that the bars of a table share one scale.
    """
    half, middle = 120, 130
    length = round(float(abs(size) / widest) * half, 1) if widest else 0.0
    left = middle if size >= 0 else middle - length
    bar = Markup('<rect class="bar {}" x="{}" y="3" width="{}" height="14" rx="2"/>').format(
        "up" if size >= 0 else "down", left, max(length, 1.0)
    )
    axis = Markup('<line class="axis" x1="{}" x2="{}" y1="0" y2="20"/></svg>').format(middle, middle)
    return _opening("chart bars", 260, 20, title) + bar + axis


def share_chart(count: int, of: int) -> Markup:
    """A share as a thin bar, to be compared down a list; the words beside it say the same."""
    return Markup(
        '<svg class="chart share" viewBox="0 0 100 6" aria-hidden="true">'
        '<rect class="whole" width="100" height="6" rx="3"/><rect class="part" width="{}" height="6" rx="3"/></svg>'
    ).format(max(2, round(100 * count / of)))


def people_chart(count: int, of: int, title: str) -> Markup:
    """So many of a hundred (or a thousand) people, drawn one by one: those affected are filled and larger."""
    across, size = (20, 14) if of <= 100 else (50, 7)
    parts = [_opening("chart people", across * size, -(-of // across) * size, title)]
    for place in range(of):
        x, y = (place % across) * size + size / 2, (place // across) * size + size / 2
        kind, radius = ("affected", size * 0.42) if place < count else ("spared", size * 0.3)
        parts.append(Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(kind, x, y, round(radius, 1)))
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)
