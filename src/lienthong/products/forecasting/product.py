"""A regional forecast as a product that can be evaluated: from OpenDengue's file to what was foretold and what came.

It concerns provinces, not persons. The model is trained anew at each step of the evaluation on what was known then,
so that no trained model is shipped: the artefact is how it is trained.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.text import printable
from lienthong.products.card import Text
from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.evaluation.evaluable import DATA_WRONG, Opened
from lienthong.products.evaluation.folder import EvaluableFolder
from lienthong.products.forecasting import opendengue
from lienthong.products.forecasting.baselines import Learn, persistence, seasonal
from lienthong.products.forecasting.linear import linear
from lienthong.products.forecasting.model import Boosted, read_model
from lienthong.products.forecasting.panel import Panel, month_text
from lienthong.products.forecasting.rolling import Origins, eligible, first_possible, roll
from lienthong.products.forecasting.settings import Fixed, fixed
from lienthong.products.shipped import NOT_WHOLE

__all__ = ["DEVELOPMENT", "KIND", "NOT_REGIONAL", "RegionalForecast", "among", "evaluable"]

KIND = "regional-forecast"
DEVELOPMENT = "development"

NOT_REGIONAL = ErrorKind(
    "product-no-forecast",
    Category.UNSUPPORTED,
    what="The product '{name}' foretells nothing of a region.",
    allowed="{allowed}",
    cure="Read what it is for with `lienthong product show {name}`.",
)

_FILES = ("model.toml", "protocol.toml")

_CHOSEN = Text(
    "Dự báo cho {n} trên {all} tỉnh: báo cáo ít nhất {reported} % số tháng và trung bình ít nhất {cases} ca mỗi "
    "tháng, chỉ xét đến {first}; không dự báo: {others}.",
    "{n} of {all} provinces are foretold: reported in at least {reported}% of months and at least {cases} cases a "
    "month on average, looking at no month after {first}; not foretold: {others}.",
)
_ORIGINS = Text(
    "Dự báo từ các tháng gốc {first} đến {last}; tháng cuối cùng có số liệu là {end}.",
    "Foretold from the origins {first} to {last}; the last month with counts is {end}.",
)
_SHORT = Text(
    "Đề cương đặt tháng gốc cuối là {last}, nhưng tệp dữ liệu kết thúc sớm hơn.",
    "The protocol's last origin is {last}, but the data end earlier.",
)
_VINTAGES = Text(
    "OpenDengue không lưu các phiên bản số liệu theo thời gian: báo cáo muộn hoặc đính chính không phân biệt được "
    "với số đã biết lúc đó.",
    "OpenDengue keeps no vintages: what was reported late or corrected can't be told from what was known then.",
)
_NONE = Text("không có", "none")


class RegionalForecast(EvaluableFolder):
    """A product of the catalogue of kind `regional-forecast`."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        try:
            texts = {name: (folder / name).read_text("utf-8") for name in _FILES}
        except (OSError, UnicodeDecodeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
        self.model: Boosted = read_model(texts["model.toml"])
        self.fixed: Fixed = fixed(tomllib.loads(texts["protocol.toml"])["product"])

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The forecasts of `development`, of the test (any other part), or for a file of the user's ("").

        Nothing after the first origin of the test is used for the development. Raises `data-wrong` for data that are
        too short or hold no province that can be foretold.
        """
        rule = fixed(settings)
        counted = opendengue.read(files)
        panel = counted.panel
        if part == DEVELOPMENT:
            panel = panel.until(min(rule.test.first, panel.last))
        origins = {DEVELOPMENT: rule.development, "": rule.of_file(panel)}.get(part, rule.test)
        if panel.last < origins.first + min(origins.horizons):
            raise _short(files)
        kept, chosen = among(panel, origins, files)
        made = roll(kept, origins, self.learners())
        product = made["product"]
        if not len(product):
            raise _short(files)
        cases = ForecastCases(
            product.observed,
            product.quantiles,
            product.levels,
            product.horizon,
            product.place,
            product.month,
            {name: cases.quantiles for name, cases in made.items() if name != "product"},
        )
        notes = (*counted.notes, chosen, *_about(origins, panel), _VINTAGES)
        return Opened(cases, notes, _developed(panel, rule), _digests(cases))

    def learners(self) -> dict[str, Learn]:
        """The product, the baselines and the explainable comparator, by the names of the measures."""
        return {"product": self.model, "persistence": persistence, "seasonal": seasonal, "linear": linear}


def evaluable(folder: Traversable) -> RegionalForecast:
    """The product of a folder of the catalogue."""
    return RegionalForecast(folder)


def among(panel: Panel, origins: Origins, files: Sequence[Path]) -> tuple[Panel, Text]:
    """The places that are foretold, and a sentence on which those are and why."""
    if first_possible(panel, origins) > origins.first:
        raise _short(files)
    chosen = eligible(panel, origins)
    if not chosen.any():
        raise DATA_WRONG.at(
            _names(files),
            why="no province reported often and much enough to be foretold",
            allowed=f"at least {origins.cases:.0f} cases a month, reported in {origins.reported:.0%} of the months",
        )
    others = [name for name, kept in zip(panel.places, chosen.tolist(), strict=True) if not kept]
    sentence = _CHOSEN.say(
        n=str(int(np.count_nonzero(chosen))),
        all=str(len(panel.places)),
        reported=f"{100 * origins.reported:.0f}",
        cases=f"{origins.cases:.0f}",
        first=month_text(origins.first),
        others=", ".join(others) or _NONE,
    )
    return panel.only(chosen), sentence


def _developed(panel: Panel, rule: Fixed) -> frozenset[str]:
    """Digests of the cases that the development could see: every province-month up to the test's first origin."""
    seen = panel.until(min(rule.test.first, panel.last))
    return frozenset(
        _digest(place, month_text(seen.first + column), horizon, count)
        for place, counts in zip(seen.places, seen.counts.tolist(), strict=True)
        for column, count in enumerate(counts)
        if not math.isnan(count)
        for horizon in rule.test.horizons
    )


def _digests(cases: ForecastCases) -> tuple[str, ...]:
    columns = (cases.place, cases.month, cases.horizon, cases.observed)
    return tuple(map(_digest, *(column.tolist() for column in columns)))


def _digest(place: str, month: str, horizon: int, count: float) -> str:
    return hashlib.sha256(f"{place}\n{month}\n{horizon}\n{count:.0f}".encode()).hexdigest()


def _about(origins: Origins, panel: Panel) -> list[Text]:
    end = month_text(panel.last)
    last = min(origins.last, panel.last - min(origins.horizons))
    notes = [_ORIGINS.say(first=month_text(origins.first), last=month_text(last), end=end)]
    if last < origins.last:
        notes.append(_SHORT.say(last=month_text(origins.last)))
    return notes


def _short(files: Sequence[Path]) -> LienthongError:
    return DATA_WRONG.at(
        _names(files),
        why="the months do not suffice: too few before the first forecast, or none after it",
        allowed="six years of months or more, with those before the first origin; files may continue each other",
    )


def _names(files: Sequence[Path]) -> str:
    return ", ".join(printable(path.name) for path in files)
