"""Figures with intervals, one below the other: groups of cases, disturbed inputs, sites, places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from lienthong.reports.drawing import BLUE, GREY, INK, ORANGE, axis, draw, rows
from lienthong.reports.plot import Cell, Estimate, Key, Plot, Table
from lienthong.reports.words import Words

__all__ = ["Row", "Sign", "forest"]

_ROW = 22  # height of a row: a line of text of 12 px and air
_LEFT = 148
_LETTERS = 22


@dataclass(frozen=True, slots=True)
class Sign:
    """How a kind of row is drawn: its key, shape and colour; no kind differs by colour alone."""

    label: str
    shape: str = "dot"
    colour: str = BLUE


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a label, its estimate, how it is drawn, words instead of a figure, and further cells of the table."""

    label: str
    estimate: Estimate
    sign: Sign
    instead: str = ""
    cells: tuple[Cell, ...] = ()


_SHAPES = {"dot": "circle", "diamond": "diamond", "triangle": "triangle-down", "square": "square"}


def forest(
    items: Sequence[Row],
    measure: str,
    words: Words,
    *,
    name: str,
    title: str,
    explained: str,
    columns: tuple[str, ...],
    reference: tuple[str, float] | None = None,
    note: str = "",
) -> Plot:
    """Rows with their intervals on one axis named `measure`; `reference` is a line upright with its words.

    `columns` are the names of all columns of the table: the label, the figure, its ends, then those of `cells`.
    """
    order = list(range(len(items)))
    labels = [_short(item.label) for item in items]
    ends = [
        float(end)
        for item in items
        for end in (item.estimate.value, item.estimate.low, item.estimate.high)
        if end is not None
    ] + ([reference[1]] if reference else [])
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low or 0.1) * 0.08
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    x = alt.X("value:Q", scale=scale, axis=axis(measure, format=".2~f", tickCount=4))
    listed = str(labels).replace("\\", "\\\\")
    y = alt.Y(
        "row:O",
        scale=alt.Scale(domain=order),
        axis=axis("", labelExpr=f"{listed}[datum.value]", grid=False, ticks=False, domain=False),
    )
    layers: list[alt.Chart] = []
    if reference:
        upright = alt.Chart(rows([{"value": reference[1]}]))
        layers.append(upright.mark_rule(color=GREY, strokeDash=[4, 4]).encode(x=x))
    found = [
        {
            "row": index,
            "value": float(item.estimate.value),
            "low": float(item.estimate.low if item.estimate.low is not None else item.estimate.value),
            "high": float(item.estimate.high if item.estimate.high is not None else item.estimate.value),
        }
        for index, item in enumerate(items)
        if item.estimate.value is not None and not item.instead
    ]
    whiskers = alt.Chart(rows(found)).mark_rule(strokeWidth=2, color=INK)
    layers.append(whiskers.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y))
    for sign in dict.fromkeys(item.sign for item in items):
        of_kind = [point for point in found if items[int(point["row"])].sign == sign]
        if of_kind:
            dots = alt.Chart(rows(list(of_kind))).mark_point(
                filled=True, size=85, color=sign.colour, shape=_SHAPES[sign.shape], opacity=1
            )
            layers.append(dots.encode(x=x, y=y))
    told = [{"row": index, "text": item.instead} for index, item in enumerate(items) if item.instead]
    if told:
        text = alt.Chart(rows(list(told))).mark_text(align="left", fontSize=12, fontStyle="italic", color=INK, dx=2)
        layers.append(text.encode(x=alt.value(0), y=y, text="text:N"))
    has_intervals = any(point["low"] < point["high"] for point in found)
    signs = dict.fromkeys(item.sign for item in items if not item.instead)
    return Plot(
        name=name,
        title=title,
        explained=explained,
        svg=draw(layers, name, words, title=title, height=_ROW * max(len(items), 1), left=_LEFT),
        key=(
            *(Key(sign.label, sign.colour, shape=sign.shape) for sign in signs),
            *((Key(words("key-whisker"), INK),) if has_intervals else ()),
            *((Key(reference[0], GREY, dash="4 4"),) if reference else ()),
        ),
        table=Table(
            columns,
            tuple(
                (
                    item.label,
                    item.instead or item.estimate.value,
                    None if item.instead else item.estimate.low,
                    None if item.instead else item.estimate.high,
                    *item.cells,
                )
                for item in items
            ),
        ),
        note=note,
    )


def _short(label: str) -> str:
    return label if len(label) <= _LETTERS else label[: _LETTERS - 1].rstrip() + "…"


ALARM = ORANGE
"""The colour of a row that stands out; its shape differs too."""
