"""What the protocol fixes for a forecast: its table [product], checked, as origins of development and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.products.forecasting.panel import Panel, month_number
from lienthong.products.forecasting.rolling import Origins, first_possible

__all__ = ["Fixed", "fixed"]

WRONG = ErrorKind(
    "forecast-settings-wrong",
    Category.INCORRECT,
    what="The table [product] of a protocol does not say how it is foretold: {name}.",
    allowed="{allowed}",
    cure="Correct protocol.toml of the product.",
)

_MONTHS = ("development_first_origin", "first_origin", "last_origin")
_COUNTS = ("warm_up_months", "cases", "fresh_months")
_NAMES = (*_MONTHS, *_COUNTS, "horizons", "reported")
_MOST_HORIZONS = 12
_YEARS = 4
_LEAST_REPORTED = 0.9  # below it a whole year may be missing, and there may be nothing to learn a spread from


@dataclass(frozen=True, slots=True)
class Fixed:
    """The origins of development and test; `fresh_months` is how old the last month may be for a live claim."""

    development: Origins
    test: Origins
    fresh_months: int

    def of_file(self, panel: Panel) -> Origins:
        """The origins for a file of the user's: those of the test where it reaches them, else its last four years."""
        reaches = panel.last > self.test.first and first_possible(panel, self.test) <= self.test.first
        if reaches:
            return self.test
        first = max(panel.last - 12 * _YEARS, first_possible(panel, self.test))
        return self._at(first, panel.last - 1)

    def now(self, month: int) -> Origins:
        """The one origin `month`."""
        return self._at(month, month)

    def _at(self, first: int, last: int) -> Origins:
        rule = self.test
        return Origins(first, last, rule.horizons, rule.warm_up, rule.reported, rule.cases)


def fixed(table: Mapping[str, Any]) -> Fixed:
    """The table [product] of a protocol; an error names the field that is missing or wrong."""
    for name in sorted(set(_NAMES) ^ set(table)):
        raise _wrong(name)
    months = {name: _month(table, name) for name in _MONTHS}
    if not months["development_first_origin"] < months["first_origin"] <= months["last_origin"]:
        raise _wrong("first_origin")
    counts = {name: _count(table[name], name) for name in _COUNTS}
    if not isinstance(table["horizons"], list) or not table["horizons"]:
        raise _wrong("horizons")
    horizons = tuple(_count(item, "horizons") for item in table["horizons"])
    if sorted(set(horizons)) != list(horizons) or horizons[0] < 1 or horizons[-1] > _MOST_HORIZONS:
        raise _wrong("horizons")
    rule = (horizons, counts["warm_up_months"], _share(table["reported"]), float(counts["cases"]))
    return Fixed(
        Origins(months["development_first_origin"], months["first_origin"] - 1, *rule),
        Origins(months["first_origin"], months["last_origin"], *rule),
        counts["fresh_months"],
    )


def _month(table: Mapping[str, Any], name: str) -> int:
    try:
        return month_number(table[name])
    except (TypeError, ValueError):
        raise _wrong(name) from None


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(name)
    return value


def _share(value: object) -> float:
    try:
        share = float(Decimal(str(value)))
    except InvalidOperation:
        raise _wrong("reported") from None
    if not _LEAST_REPORTED <= share <= 1:
        raise _wrong("reported")
    return share


def _wrong(name: str) -> LienthongError:
    return WRONG.at(
        "protocol.toml: product",
        name=name,
        allowed=f"months as YYYY-MM ({', '.join(_MONTHS)}, one after the other), whole numbers "
        f"({', '.join(_COUNTS)}), horizons in rising order up to {_MOST_HORIZONS}, reported as a share from 0.9",
    )
