"""A forecast on the screen: when it was asked and what was known, a line for each province and month, limits."""

from __future__ import annotations

from collections.abc import Iterator

from lienthong.products.card import Text
from lienthong.products.forecasting.ahead import Ahead, Row

__all__ = ["lines"]

_HEAD = Text(
    "{product} {version}, hỏi ngày {asked}; số liệu đến hết {last}.",
    "{product} {version}, asked on {asked}; counts until the end of {last}.",
)
_NOTHING = Text("KHÔNG DỰ BÁO: {why}", "NO FORECAST: {why}")
_TITLES = (
    Text("tỉnh", "province"),
    Text("tháng", "month"),
    Text("trung vị", "median"),
    Text("khoảng 50%", "50% interval"),
    Text("khoảng 90%", "90% interval"),
    Text("dựa vào", "rests on"),
)
_ENDS = (("0.25", "0.75"), ("0.05", "0.95"))


def lines(said: Ahead, language: str) -> Iterator[str]:
    """The lines in `vi` or `en`."""
    vietnamese = language == "vi"

    def tell(text: Text) -> str:
        return text.vi if vietnamese else text.en

    head = _HEAD.say(product=said.product, version=said.version, asked=said.asked.isoformat(), last=said.last)
    yield tell(head)
    if said.why_not is not None:
        yield tell(_NOTHING.say(why=said.why_not))
    if said.rows:
        table = [[tell(title) for title in _TITLES], *([*_cells(row), tell(row.rests_on)] for row in said.rows)]
        widths = [max(len(cells[column]) for cells in table) for column in range(len(_TITLES) - 1)]
        for cells in table:
            yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[-1]])
    for note in said.notes:
        yield f"- {tell(note)}"


def _cells(row: Row) -> list[str]:
    intervals = [f"{row.quantiles[low]:.0f}–{row.quantiles[high]:.0f}" for low, high in _ENDS]
    return [row.place, row.month, f"{row.quantiles['0.5']:.0f}", *intervals]
