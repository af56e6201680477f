"""Charts of Altair to SVG for a page: one theme, the signs of a language, and bytes that are the same each time.

The SVG holds no script, style sheet, link or text for machines. No place in it depends on the width of a text, so
that it does not change with the fonts of the machine that draws it; the key of a plot stands beside it in the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert
from lxml import etree
from markupsafe import Markup

from lienthong.reports.words import Words

__all__ = ["BAND", "BLUE", "GREY", "INK", "ORANGE", "PURPLE", "axis", "draw", "encoded", "rows"]

# Wong 2011 (Nature Methods 8:441), told apart by colour-blind readers, darkened to 4.5:1 on white where it was less
BLUE, ORANGE, GREY, PURPLE, INK, BAND = "#0a5a8f", "#b04a00", "#5d6a76", "#7a3b86", "#16202a", "#bcd6e6"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', sans-serif"
_LOCALES = {
    "vi": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", "\u00a0₫"], "minus": "−"},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["£", ""], "minus": "−"},
}
_WIDTH = 360  # as wide as a small phone shows it, so that the words keep their size
_TOP, _RIGHT = 10, 16
_SVG = "{http://www.w3.org/2000/svg}"
_FOR_MACHINES = re.compile(r"^(aria-.*|class|role|pointer-events)$")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def rows(values: list[dict[str, Any]]) -> alt.Data:
    """Rows as the data of a chart."""
    return alt.Data(values=values)  # type: ignore[no-untyped-call]


def axis(title: str, **more: Any) -> alt.Axis:
    """An axis with a title in words; its unit stands in it."""
    return alt.Axis(title=title, **more)


def encoded(field: str) -> str:
    """The name of a field as Vega-Lite wants it: a dot or bracket in it would mean a path."""
    return re.sub(r"([.\[\]:])", r"\\\1", field)


def draw(
    layers: Sequence[alt.Chart],
    name: str,
    words: Words,
    *,
    title: str,
    height: int = 220,
    left: int = 54,
    bottom: int = 46,
) -> Markup:
    """The layers, the first one undermost, as an SVG of a fixed width.

    `height` is that of the field; `left` and `bottom` are the room for the labels there.

    `name` is unique in its page; ids in the drawing begin with it. `title` is what a screen reader says.
    """
    sized = alt.layer(*layers).properties(
        width=_WIDTH - left - _RIGHT,
        height=height,
        padding={"left": left, "top": _TOP, "right": _RIGHT, "bottom": bottom},
        autosize=alt.AutoSizeParams(type="none"),
    )
    spec = {**sized.to_dict(), "config": _theme(left)}
    svg = vl_convert.vegalite_to_svg(spec, format_locale=_LOCALES[words.code])
    return _for_page(svg, name, title)


def _theme(left: int) -> dict[str, Any]:
    return {
        "aria": False,
        "background": None,
        "font": _FONT,
        "view": {"stroke": None, "cursor": "default"},
        "axis": {
            "labelFontSize": 12,
            "labelColor": INK,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titleColor": INK,
            "gridColor": "#e3e8ec",
            "domainColor": "#6c7a86",
            "tickColor": "#6c7a86",
            "labelFlush": False,
            "labelLimit": left - 10,
            "titleLimit": 0,
            "tickCount": 5,
        },
        # Fixed extents: where the title stands must not depend on how wide the labels are
        "axisY": {"minExtent": left - 22, "maxExtent": left - 22},
        "axisX": {"minExtent": 20, "maxExtent": 20},
        "legend": {"disable": True},
        "line": {"strokeWidth": 2, "strokeJoin": "round"},
        "rule": {"strokeWidth": 1.25},
    }


def _for_page(svg: str, name: str, title: str) -> Markup:
    """The drawing with ids of its own, without classes and roles, and with a title for those who can't see it."""
    root = etree.fromstring(svg.encode())
    named: dict[str, str] = {}
    for element in root.iter():
        for key in [key for key in element.attrib if _FOR_MACHINES.match(str(key))]:
            del element.attrib[key]
        if "id" in element.attrib:
            given = str(element.attrib["id"])
            named[given] = element.attrib["id"] = f"{name}-{len(named)}"
    for element in root.iter():
        for key, value in element.attrib.items():
            # A clip is defined before or after its use, so references follow when all ids are known
            element.attrib[key] = _REFERENCE.sub(lambda found: f"url(#{named[found[1]]})", str(value))
    root.attrib["role"] = "img"
    root.attrib["aria-labelledby"] = f"{name}-title"
    told = etree.Element(f"{_SVG}title", id=f"{name}-title")
    told.text = title
    root.insert(0, told)
    etree.cleanup_namespaces(root)
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - lxml escaped every text
