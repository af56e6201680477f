"""Whether a foretold risk comes true as often as it says: the smoothed curve with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from lienthong.reports.drawing import BAND, BLUE, GREY, axis, draw, rows
from lienthong.reports.plot import Estimate, Key, Plot, Table, thinned
from lienthong.reports.words import Number, Words

__all__ = ["CurvePoint", "calibration"]

_MOST_POINTS = 41


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Where `foretold` was the risk, so large a share had the event; the band only where it is known."""

    foretold: Number
    observed: Number
    low: Number | None = None
    high: Number | None = None


def calibration(
    points: Sequence[CurvePoint],
    o_e: Estimate,
    words: Words,
    *,
    name: str = "calibration",
    when: str = "",
) -> Plot:
    """The calibration curve; `o_e` is observed over expected, `when` says at which time ("at 5 years")."""
    shown = thinned(points, _MOST_POINTS)
    banded = [point for point in shown if point.low is not None and point.high is not None]
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("x:Q", scale=scale, axis=axis(words("risk-x"), format=".1f"))
    y = alt.Y("y:Q", scale=scale, axis=axis(words("calibration-y"), format=".1f"))
    ideal = (
        alt.Chart(rows([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
        .mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.25)
        .encode(x=x, y=y)
    )
    line = (
        alt.Chart(rows([{"x": float(point.foretold), "y": float(point.observed)} for point in shown]))
        .mark_line(color=BLUE, clip=True)
        .encode(x=x, y=y)
    )
    layers: list[alt.Chart] = [ideal, line]
    if banded:
        band = (
            alt.Chart(
                rows(
                    [
                        {"x": float(point.foretold), "y": float(point.low or 0), "y2": float(point.high or 0)}
                        for point in banded
                    ]
                )
            )
            .mark_area(color=BAND, opacity=0.75, clip=True)
            .encode(x=x, y=y, y2="y2:Q")
        )
        layers.insert(0, band)
    title = _title(o_e, words, when)
    return Plot(
        name=name,
        title=title,
        explained=words("calibration-explained"),
        svg=draw(layers, name, words, title=title),
        key=(
            Key(words("key-product"), BLUE),
            *((Key(words("calibration-key-band"), BAND, shape="band"),) if banded else ()),
            Key(words("calibration-key-ideal"), GREY, dash="4 4"),
        ),
        table=Table(
            (words("risk-x"), words("calibration-y"), words("low"), words("high")),
            tuple((point.foretold, point.observed, point.low, point.high) for point in shown),
        ),
        note=words("points-shown", shown=words.number(len(shown)), of=words.number(len(points)))
        if len(shown) < len(points)
        else "",
    )


def _title(o_e: Estimate, words: Words, when: str) -> str:
    """What the ratio says: too few, too many, or no clear difference where its interval holds 1."""
    told = o_e.told(words)
    if o_e.value is None:
        key = "calibration-title-none"
    elif o_e.low is None or o_e.high is None or o_e.low <= 1 <= o_e.high:
        key = "calibration-title-fits"
    else:
        key = "calibration-title-under" if o_e.value > 1 else "calibration-title-over"
    return words(key, o_e=told, when=f" {when}" if when else "")
