"""A hundred people drawn as signs: what happens to them when a product is used at its locked threshold."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from lienthong.reports.drawing import BLUE, GREY, ORANGE, PURPLE, draw, rows
from lienthong.reports.plot import Key, Plot, Table
from lienthong.reports.words import Words

__all__ = ["Hundred", "hundred", "of_hundred"]

_ACROSS = 20


@dataclass(frozen=True, slots=True)
class Hundred:
    """Whole numbers that add up to 100: found, missed, false alarms, and rightly left in peace."""

    found: int
    missed: int
    alarms: int
    spared: int


def of_hundred(found: int, missed: int, alarms: int, spared: int) -> Hundred:
    """Counts of a data set as whole people of a hundred, by largest remainder, so that they still add up."""
    counts = (found, missed, alarms, spared)
    whole = sum(counts)
    if not whole:
        return Hundred(0, 0, 0, 0)
    parts = [count * 100 // whole for count in counts]
    rests = sorted(range(4), key=lambda index: (-(counts[index] * 100 % whole), index))
    for index in rests[: 100 - sum(parts)]:
        parts[index] += 1
    return Hundred(*parts)


def hundred(people: Hundred, words: Words, *, name: str = "people") -> Plot:
    """Each of the hundred as a sign: its shape and colour say what happened."""
    kinds = (
        (people.found, "found", "square", ORANGE),
        (people.missed, "missed", "cross", PURPLE),
        (people.alarms, "alarms", "triangle-up", BLUE),
        (people.spared, "spared", "circle", GREY),
    )
    layers: list[alt.Chart] = []
    place = 0
    for count, _, shape, colour in kinds:
        if not count:
            continue
        spots = [{"x": (place + i) % _ACROSS, "y": (place + i) // _ACROSS} for i in range(count)]
        place += count
        sign = alt.Chart(rows(list(spots))).mark_point(
            shape=shape, color=colour, filled=shape != "circle", size=80 if shape != "circle" else 46, opacity=1
        )
        layers.append(
            sign.encode(
                x=alt.X("x:Q", scale=alt.Scale(domain=[-0.5, _ACROSS - 0.5]), axis=None),
                y=alt.Y("y:Q", scale=alt.Scale(domain=[4.5, -0.5]), axis=None),
            )
        )
    title = words("people-title", found=people.found, of=people.found + people.missed, alarms=people.alarms)
    return Plot(
        name=name,
        title=title,
        explained=words("people-explained"),
        svg=draw(layers, name, words, title=title, height=90, left=16, bottom=4),
        key=tuple(
            Key(words(f"people-{key}", count=count), colour, shape="ring" if shape == "circle" else shape)
            for count, key, shape, colour in kinds
        ),
        table=Table(
            (words("people-what"), words("people-count")),
            tuple((words(f"people-{key}-plain"), count) for count, key, _, _ in kinds),
        ),
    )
