"""Templates to pages: one Jinja environment for each language, with its dates, numbers and messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lienthong.web.charts import bar_chart, line_chart, people_chart, share_chart
from lienthong.web.measurements import Flag, Panel, Series
from lienthong.web.person import Age
from lienthong.web.texts import LANGUAGES, Language, mark

__all__ = ["Rendering", "finding_of_panel", "told_age", "told_band"]

_FLAGS = {
    Flag.HIGH: mark("above normal"),
    Flag.LOW: mark("below normal"),
    Flag.NORMAL: mark("normal"),
    Flag.NONE: "",
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "kg/m2": "kg/m²", "{score}": "", "1": ""}


class Rendering:
    """Turns a template and its values into HTML in a language; times are told in the node's zone."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._environments = {code: _environment(speech, zone) for code, speech in LANGUAGES.items()}

    def page(self, template: str, speech: Language, values: Mapping[str, Any]) -> str:
        return self._environments[speech.code].get_template(template).render(values)


def _environment(speech: Language, zone: tzinfo) -> Environment:
    environment = Environment(
        loader=PackageLoader("lienthong.web", "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(speech.gettext, speech.ngettext, newstyle=True)  # type: ignore[attr-defined]

    def chart(panel: Panel) -> Markup:
        return line_chart(panel, speech, zone, finding_of_panel(panel, speech))

    environment.filters.update(
        word=speech.say,
        day=lambda when: speech.when(when, zone) if isinstance(when, str) else speech.day(when.astimezone(zone)),
        moment=lambda when: f"{speech.day(when.astimezone(zone))} {when.astimezone(zone):%H:%M}",
        moments=lambda text: _INSTANT.sub(lambda found: speech.when(found[0], zone), text),
        number=lambda value, places=None: speech.number(value, places),
        bytes=speech.size,
        ago=lambda since, now: speech.ago(since, now),
        age=lambda value: told_age(value, speech),
        unit=lambda unit: _UNITS.get(unit, unit),
        band=lambda series: told_band(series, speech),
        flag=lambda flag: speech.gettext(_FLAGS[flag]) if _FLAGS[flag] else "",
        finding=lambda panel: finding_of_panel(panel, speech),
        chart=chart,
    )
    environment.globals.update(
        speech=speech,
        languages=LANGUAGES,
        bar_chart=bar_chart,
        people_chart=people_chart,
        share_chart=share_chart,
        asset=asset,
    )
    return environment


@cache
def asset(name: str) -> str:
    """The address of a packaged file with its digest, so that a new version is never hidden by a cached one."""
    content = resources.files("lienthong.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?{sha256(content).hexdigest()[:12]}"


def told_age(age: Age | None, speech: Language) -> str:
    if age is None:
        return speech.gettext(mark("age not known"))
    match age.unit:
        case "years":
            words = speech.ngettext("%(num)d year old", "%(num)d years old", age.count)
        case "months":
            words = speech.ngettext("%(num)d month old", "%(num)d months old", age.count)
        case _:
            words = speech.ngettext("%(num)d day old", "%(num)d days old", age.count)
    return words % {"num": age.count}


def told_band(series: Series, speech: Language) -> str:
    """The normal band in words with its source, or nothing where there is none."""
    if series.band is None:
        return ""
    low, high = series.band.low, series.band.high
    unit = _UNITS.get(series.unit, series.unit)
    if low is not None and high is not None:
        span = f"{speech.number(low)}–{speech.number(high)}"
    elif low is not None:
        span = f"≥ {speech.number(low)}"
    else:
        span = f"≤ {speech.number(high if high is not None else Decimal(0))}"
    return speech.gettext(mark("normal %(span)s (%(source)s)")) % {
        "span": f"{span} {unit}".strip(),
        "source": speech.gettext(series.band.source),
    }


def finding_of_panel(panel: Panel, speech: Language) -> str:
    """What a chart shows, as its title: the newest value with its unit, and how it lies to normal."""
    last = [series.last for series in panel.series]
    same_time = all(point.when == last[0].when for point in last)
    shown = last if same_time else last[:1]
    value = "/".join(f"{point.sign}{speech.number(point.value, _places(point.value))}" for point in shown)
    unit = _UNITS.get(panel.unit, panel.unit)
    flags = [speech.gettext(_FLAGS[point.flag]) for point in shown if _FLAGS[point.flag]]
    worst = next((word for word in flags if word != speech.gettext(_FLAGS[Flag.NORMAL])), flags[0] if flags else "")
    told = f"{speech.gettext(panel.label)}: {value} {unit}".strip()
    return f"{told}, {worst}" if worst else told


def _places(value: Decimal) -> int | None:
    """In a title a long decimal is rounded to four digits; the table keeps every digit."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or len(value.as_tuple().digits) <= 5:
        return None
    return max(0, 4 - (value.adjusted() + 1)) if exponent < 0 else None
