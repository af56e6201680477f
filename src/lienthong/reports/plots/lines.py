"""Lines over time or over the steps of a forecast: survival observed and foretold, errors and coverage by horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from lienthong.reports.drawing import BAND, BLUE, GREY, INK, ORANGE, PURPLE, axis, draw, rows
from lienthong.reports.plot import Key, Plot, Table, thinned
from lienthong.reports.words import Number, Words

__all__ = ["Line", "LinePoint", "lines"]

_MOST_POINTS = 41
_MOST_LABELS = 12
_LOOKS = (
    (BLUE, "", "circle"),
    (ORANGE, "7 3", "square"),
    (PURPLE, "2 2", "triangle-up"),
    (INK, "9 3 2 3", "diamond"),
)


@dataclass(frozen=True, slots=True)
class LinePoint:
    """A point of a line; `low` and `high` are the ends of its interval, `told` what the table says for its x."""

    x: Number
    y: Number
    low: Number | None = None
    high: Number | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A named line."""

    label: str
    points: tuple[LinePoint, ...]


def lines(
    drawn: Sequence[Line],
    words: Words,
    *,
    name: str,
    title: str,
    explained: str,
    x_title: str,
    y_title: str,
    y_domain: tuple[float, float] | None = None,
    levels: Sequence[tuple[str, float]] = (),
    whole_steps: bool = False,
    share: bool = False,
    most: int = _MOST_POINTS,
    x_values: Sequence[int] = (),
) -> Plot:
    """Up to four lines over one axis, each with a dash and a sign of its own; `levels` are lines across with words.

    A line is thinned to `most` points; `x_values` are marked on the axis. `whole_steps`: x counts steps, each with
    the sign of its line. `share`: y is a share, told in per cent.
    """
    kept = [Line(line.label, tuple(thinned(line.points, most))) for line in drawn]
    values = [float(point.x) for line in kept for point in line.points]
    marks = sorted({int(value) for value in values}) if whole_steps else list(x_values)
    steps = (
        {"values": marks, "format": "d", "grid": False, "labelOverlap": len(marks) > _MOST_LABELS} if marks else {}
    )
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[min(values, default=0), max(values, default=1)], nice=False, padding=8),
        axis=axis(x_title, **(steps or {"format": ".2~f"})),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=list(y_domain)) if y_domain else alt.Scale(zero=True),
        axis=axis(y_title, format=".0%" if share else ".3~f"),
    )
    layers: list[alt.Chart] = [
        alt.Chart(rows([{"y": value}])).mark_rule(color=GREY, strokeDash=[4, 4]).encode(y=y) for _, value in levels
    ]
    banded = False
    for line in kept[:1]:
        ends = [
            {"x": float(point.x), "y": float(point.low), "y2": float(point.high)}
            for point in line.points
            if point.low is not None and point.high is not None
        ]
        if ends:
            banded = True
            area = alt.Chart(rows(list(ends))).mark_area(color=BAND, opacity=0.75, clip=True)
            layers.insert(0, area.encode(x=x, y=y, y2="y2:Q"))
    for index, line in enumerate(kept):
        colour, dash, sign = _LOOKS[index % len(_LOOKS)]
        path = [{"x": float(point.x), "y": float(point.y)} for point in line.points]
        stroke = [int(part) for part in dash.split()] or [1, 0]
        layers.append(alt.Chart(rows(list(path))).mark_line(color=colour, strokeDash=stroke).encode(x=x, y=y))
        if whole_steps:
            dots = alt.Chart(rows(list(path))).mark_point(color=colour, filled=True, size=60, shape=sign, opacity=1)
            layers.append(dots.encode(x=x, y=y))
    shapes = {
        "circle": "line-dot",
        "square": "line-square",
        "triangle-up": "line-triangle",
        "diamond": "line-diamond",
    }
    return Plot(
        name=name,
        title=title,
        explained=explained,
        svg=draw(layers, name, words, title=title),
        key=(
            *(
                Key(line.label, colour, dash, shapes[sign] if whole_steps else "line")
                for line, (colour, dash, sign) in zip(kept, _LOOKS, strict=False)
            ),
            *((Key(words("key-interval"), BAND, shape="band"),) if banded else ()),
            *(Key(label, GREY, dash="4 4") for label, _ in levels),
        ),
        table=Table(
            (words("line"), x_title, y_title, words("low"), words("high")),
            tuple(
                (line.label, point.told or point.x, point.y, point.low, point.high)
                for line in kept
                for point in line.points
            ),
        ),
    )
