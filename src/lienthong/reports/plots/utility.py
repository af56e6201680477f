"""Whether to act on a product does more good than harm: the decision curve against simpler policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import altair as alt

from lienthong.reports.drawing import BAND, BLUE, GREY, INK, ORANGE, PURPLE, axis, draw, rows
from lienthong.reports.plot import Estimate, Key, Plot, Table, thinned
from lienthong.reports.words import Number, Words

__all__ = ["Benefit", "decision_curve"]

_MOST_POINTS = 41
_LOOKS = ((ORANGE, "7 3"), (PURPLE, "2 2"), (INK, "9 3 2 3"))


@dataclass(frozen=True, slots=True)
class Benefit:
    """The net benefit at a threshold: of the product, of treating all, and of each comparator by name."""

    threshold: Number
    product: Estimate
    treat_all: Number
    comparators: Mapping[str, Number | None] = field(default_factory=lambda: MappingProxyType({}))


def decision_curve(
    benefits: Sequence[Benefit],
    words: Words,
    *,
    name: str = "decision-curve",
    locked: Sequence[Number] = (),
    when: str = "",
) -> Plot:
    """The decision curve; `locked` are the thresholds of the protocol, drawn as lines upright."""
    shown = thinned(benefits, _MOST_POINTS)
    names = list(dict.fromkeys(found for item in shown for found in item.comparators))
    top = max([float(item.product.value or 0) for item in shown] + [float(item.treat_all) for item in shown] + [0.01])
    floor = -top / 5  # treating all falls without end; below this it says nothing more
    x = alt.X("x:Q", axis=axis(words("utility-x"), format=".2~f"), scale=alt.Scale(nice=False))
    y = alt.Y(
        "y:Q", axis=axis(words("utility-y"), format=".2~f"), scale=alt.Scale(domain=[floor, top * 1.05], nice=False)
    )
    lines: list[tuple[list[dict[str, float]], str, str]] = [
        (_line((item.threshold, item.treat_all) for item in shown), GREY, "4 4"),
        *(
            (_line((item.threshold, item.comparators.get(found)) for item in shown), *_LOOKS[index % len(_LOOKS)])
            for index, found in enumerate(names)
        ),
        (_line((item.threshold, item.product.value) for item in shown), BLUE, ""),
    ]
    layers: list[alt.Chart] = []
    banded = [
        {"x": float(item.threshold), "y": float(item.product.low), "y2": float(item.product.high)}
        for item in shown
        if item.product.low is not None and item.product.high is not None
    ]
    if banded:
        area = alt.Chart(rows(list(banded))).mark_area(color=BAND, opacity=0.75, clip=True)
        layers.append(area.encode(x=x, y=y, y2="y2:Q"))
    layers.append(alt.Chart(rows([{"y": 0}])).mark_rule(color=INK, strokeDash=[12, 3]).encode(y=y))
    if locked:
        at = alt.Chart(rows([{"x": float(value)} for value in locked]))
        layers.append(at.mark_rule(color=ORANGE, strokeDash=[1, 3], strokeWidth=2).encode(x=x))
    for values, colour, dash in lines:
        drawn = alt.Chart(rows(list(values))).mark_line(
            color=colour, clip=True, strokeDash=[int(part) for part in dash.split()] or [1, 0]
        )
        layers.append(drawn.encode(x=x, y=y))
    title = _title(benefits, words, when)
    return Plot(
        name=name,
        title=title,
        explained=words("utility-explained"),
        svg=draw(layers, name, words, title=title),
        key=(
            Key(words("key-product"), BLUE),
            *((Key(words("key-interval"), BAND, shape="band"),) if banded else ()),
            *(Key(found, *_LOOKS[index % len(_LOOKS)]) for index, found in enumerate(names)),
            Key(words("utility-all"), GREY, dash="4 4"),
            Key(words("utility-none"), INK, dash="12 3"),
            *((Key(words("utility-locked"), ORANGE, dash="1 3"),) if locked else ()),
        ),
        table=Table(
            (
                words("utility-threshold"),
                words("key-product"),
                words("low"),
                words("high"),
                *names,
                words("utility-all"),
            ),
            tuple(
                (
                    item.threshold,
                    item.product.value,
                    item.product.low,
                    item.product.high,
                    *(item.comparators.get(found) for found in names),
                    item.treat_all,
                )
                for item in shown
            ),
        ),
        note=words("points-shown", shown=words.number(len(shown)), of=words.number(len(benefits)))
        if len(shown) < len(benefits)
        else "",
    )


def _line(points: Iterable[tuple[Number, Number | None]]) -> list[dict[str, float]]:
    return [{"x": float(x), "y": float(y)} for x, y in points if y is not None]


def _title(benefits: Sequence[Benefit], words: Words, when: str) -> str:
    """Over which thresholds the product's figure is above both treating all and treating none."""
    better = [
        item.threshold
        for item in benefits
        if item.product.value is not None and item.product.value > max(float(item.treat_all), 0)
    ]
    told = f" {when}" if when else ""
    if not better:
        return words("utility-title-none", when=told)
    if len(better) == len(benefits):
        key = "utility-title-always"
    else:
        key = "utility-title-some"
    return words(
        key,
        low=words.percent(min(better), 0),
        high=words.percent(max(better), 0),
        count=words.number(len(better)),
        of=words.number(len(benefits)),
        when=told,
    )
