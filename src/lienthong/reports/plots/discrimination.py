"""How well a product tells cases apart: the ROC curve with its locked operating points, and risks by outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import altair as alt

from lienthong.reports.disclosure import blurred, counted
from lienthong.reports.drawing import BLUE, GREY, INK, ORANGE, axis, draw, rows
from lienthong.reports.plot import Estimate, Key, Plot, Table, thinned
from lienthong.reports.words import Number, Words

__all__ = ["Bin", "OperatingPoint", "roc", "spread"]

_MOST_POINTS = 41


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A locked threshold with its sensitivity and specificity."""

    threshold: Number
    sensitivity: Number
    specificity: Number


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases whose foretold risk lies from `low` to `high`: how many had the event, how many had not."""

    low: Number
    high: Number
    events: int
    others: int


def roc(
    points: Sequence[tuple[Number, Number]],
    operating: Sequence[OperatingPoint],
    auroc: Estimate,
    words: Words,
    *,
    name: str = "roc",
) -> Plot:
    """The ROC curve: `points` are (1 − specificity, sensitivity), rising from (0, 0) to (1, 1)."""
    shown = thinned(points, _MOST_POINTS)
    curve = alt.Chart(rows([{"x": float(x), "y": float(y)} for x, y in shown])).mark_line(color=BLUE)
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("x:Q", scale=scale, axis=axis(words("roc-x"), format=".1f"))
    y = alt.Y("y:Q", scale=scale, axis=axis(words("roc-y"), format=".1f"))
    chance = alt.Chart(rows([{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(
        color=GREY, strokeDash=[4, 4], strokeWidth=1.25
    )
    at = [{"x": float(1 - Decimal(str(item.specificity))), "y": float(item.sensitivity)} for item in operating]
    marks = alt.Chart(rows(at)).mark_point(
        shape="diamond", size=130, filled=True, color=ORANGE, stroke="white", opacity=1
    )
    layers = [chance, curve, *([marks] if at else [])]
    if auroc.value is None:
        title = words("roc-title-none")
    else:
        title = words("roc-title", auroc=auroc.told(words), right=words.number(Decimal(str(auroc.value)) * 100, 0))
    return Plot(
        name=name,
        title=title,
        explained=words("roc-explained"),
        svg=draw([layer.encode(x=x, y=y) for layer in layers], name, words, title=title),
        key=(
            Key(words("key-product"), BLUE),
            *((Key(words("roc-key-point"), ORANGE, shape="diamond"),) if at else ()),
            Key(words("roc-key-chance"), GREY, dash="4 4"),
        ),
        table=Table(
            (words("roc-kind"), words("roc-x"), words("roc-y")),
            (
                *(
                    (
                        words("roc-point", threshold=words.exact(Decimal(str(item.threshold)))),
                        1 - Decimal(str(item.specificity)),
                        item.sensitivity,
                    )
                    for item in operating
                ),
                *(("", x, y) for x, y in shown),
            ),
        ),
        note=_note(len(shown), len(points), words),
    )


def spread(bins: Sequence[Bin], words: Words, *, name: str = "spread", is_risk: bool = True) -> Plot:
    """How the foretold risks (or the figures of a score) lie: with the event upwards, without it downwards."""
    events = sum(item.events for item in bins) or 1
    others = sum(item.others for item in bins) or 1
    values = [
        {"low": float(item.low), "high": float(item.high), "share": blurred(count) / of, "zero": 0, "kind": kind}
        for item in bins
        for count, of, kind in ((item.events, events, 1), (item.others, -others, 0))
    ]
    most = max((abs(value["share"]) for value in values), default=1) or 1
    chart = (
        alt.Chart(rows(values))
        .mark_rect(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "low:Q",
                scale=alt.Scale(domain=[0, 1]),
                axis=axis(words("risk-x" if is_risk else "figure-x"), format=".1f"),
            ),
            x2="high:Q",
            y=alt.Y(
                "share:Q",
                scale=alt.Scale(domain=[-most, most]),
                axis=axis(words("spread-y"), labelExpr="format(abs(datum.value), '.0%')"),
            ),
            y2="zero:Q",
            color=alt.Color("kind:N", scale=alt.Scale(domain=[1, 0], range=[ORANGE, BLUE])),
        )
    )
    line = alt.Chart(rows([{"y": 0}])).mark_rule(color=INK, strokeWidth=1).encode(y="y:Q")
    key = "spread-title" if is_risk else "spread-title-score"
    title = words(key, events=words.number(events), others=words.number(others))
    return Plot(
        name=name,
        title=title,
        explained=words("spread-explained"),
        svg=draw([chart, line], name, words, title=title),
        key=(
            Key(words("spread-up"), ORANGE, shape="band"),
            Key(words("spread-down"), BLUE, shape="band"),
        ),
        table=Table(
            (words("risk-from"), words("risk-to"), words("with-event"), words("without-event")),
            tuple((item.low, item.high, counted(item.events, words), counted(item.others, words)) for item in bins),
        ),
    )


def _note(shown: int, of: int, words: Words) -> str:
    return words("points-shown", shown=words.number(shown), of=words.number(of)) if shown < of else ""
