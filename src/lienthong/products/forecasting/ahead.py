"""What a regional forecast says about the months to come: a table with what it rests on, or why there is none.

Only what was known on the day of asking is used. Where the last month of counts is older than the protocol allows, a
forecast of the present is refused: the same model would give figures, and nobody could say what they are worth.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lienthong.products.card import Text
from lienthong.products.forecasting import opendengue
from lienthong.products.forecasting.conformal import LEVELS
from lienthong.products.forecasting.features import LAST
from lienthong.products.forecasting.model import Grown
from lienthong.products.forecasting.panel import month_text
from lienthong.products.forecasting.product import RegionalForecast, among
from lienthong.products.forecasting.rolling import Foretold, foretell

__all__ = ["Ahead", "Row", "ahead"]

_TOO_OLD = Text(
    "Số liệu kết thúc vào {last}, {months} tháng trước ngày hỏi (tối đa {fresh}): không có cơ sở để dự báo hiện tại.",
    "The data end in {last}, {months} months before the day of asking (at most {fresh}): no live claim is supported.",
)
_RESTS = Text(
    "Số ca cuối cùng đã biết {count}, nhân với: {factors}.", "The last count known, {count}, times: {factors}."
)
_GROUPS: Mapping[str, Text] = {
    "recent": Text("các tháng gần đây", "the recent months"),
    "season": Text("mùa", "the season"),
    "level": Text("mức của tỉnh", "the province's level"),
    "country": Text("cả nước", "the country"),
    "average": Text("xu hướng chung của mọi dự báo", "what all forecasts share"),
    "errors": Text("sai lệch của các dự báo trước", "how earlier forecasts were off"),
}
_MEDIAN = LEVELS.tolist().index(0.5)
_PLACES = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A province in a month to come: quantiles of its count by level, and by what the last count is multiplied.

    Counts are taken as 1 + count: (1 + median) = (1 + last) times the product of `factors`, so that a last count of 0
    can rise.
    """

    place: str
    month: str
    horizon: int
    last: float
    quantiles: Mapping[str, float]
    factors: Mapping[str, float]
    rests_on: Text

    def to_json(self) -> dict[str, Any]:
        return {
            "place": self.place,
            "month": self.month,
            "horizon": self.horizon,
            "last": round(self.last),
            "quantiles": dict(self.quantiles),
            "factors": dict(self.factors),
            "rests_on": self.rests_on.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast on a day: `why_not` says why there are no rows; `notes` speak of the data and the places."""

    product: str
    version: str
    digest: str
    asked: date
    last: str
    why_not: Text | None
    rows: tuple[Row, ...]
    notes: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "version": self.version,
            "digest": self.digest,
            "asked": self.asked.isoformat(),
            "last": self.last,
            "why_not": None if self.why_not is None else self.why_not.to_json(),
            "rows": [row.to_json() for row in self.rows],
            "notes": [note.to_json() for note in self.notes],
        }


def ahead(product: RegionalForecast, files: Sequence[Path], today: date) -> Ahead:
    """The forecast on `today` from the files' months that had ended by then; raises `data-wrong` as `open` does."""
    counted = opendengue.read(files)
    ended = _ended(today)
    known = counted.panel.until(min(ended, counted.panel.last))
    limits = product.card.limits[:1]
    about = (product.card.name, product.card.version, product.digest, today, month_text(known.last))
    age = ended - known.last
    if age > product.fixed.fresh_months:
        fresh = str(product.fixed.fresh_months)
        why_not = _TOO_OLD.say(last=month_text(known.last), months=str(age), fresh=fresh)
        return Ahead(*about, why_not, (), (*limits, *counted.notes))
    origins = product.fixed.now(known.last)
    kept, chosen = among(known, origins, files)
    made = foretell(kept, origins, product.model)
    rows = tuple(
        row
        for index, place in enumerate(kept.places)
        for horizon, told in made.items()
        for row in [_row(place, known.last + horizon, horizon, told, index)]
    )
    return Ahead(*about, None, rows, (*limits, *counted.notes, chosen))


def _ended(today: date) -> int:
    """The last month that is over at the end of this day."""
    over = today.day == monthrange(today.year, today.month)[1]
    return today.year * 12 + today.month - (1 if over else 2)


def _row(place: str, month: int, horizon: int, told: Foretold, index: int) -> Row:
    assert isinstance(told.centre, Grown)
    figures = told.figures[index : index + 1]
    quantiles = told.quantiles[index].tolist()
    shares = {name: float(share[0]) for name, share in told.centre.reasons(figures).items()}
    last = float(figures[0, LAST])
    shares["errors"] = math.log1p(quantiles[_MEDIAN]) - last - sum(shares.values())
    factors = {name: round(math.exp(share), _PLACES) for name, share in shares.items()}
    return Row(
        place,
        month_text(month),
        horizon,
        math.expm1(last),
        {f"{level:g}": round(value, 1) for level, value in zip(LEVELS.tolist(), quantiles, strict=True)},
        factors,
        _RESTS.say(count=str(round(math.expm1(last))), factors=_listed(factors)),
    )


def _listed(factors: Mapping[str, float]) -> Text:
    said = {name: f"{factor:.{_PLACES}f}" for name, factor in factors.items()}
    return Text(
        "; ".join(f"{_GROUPS[name].vi} ×{factor.replace('.', ',')}" for name, factor in said.items()),
        "; ".join(f"{_GROUPS[name].en} ×{factor}" for name, factor in said.items()),
    )
