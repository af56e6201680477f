"""Whether a product beats a comparator by the margin that its protocol fixed."""

from __future__ import annotations

from collections.abc import Mapping

from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Compared
from lienthong.products.measures.measure import Measure

__all__ = ["against"]


def against(
    name: str, measures: Mapping[str, Measure], differences: Mapping[str, Measure], protocol: Protocol
) -> Compared:
    """The comparator with its verdict: beaten where the whole interval of the difference is past the margin.

    A difference is turned so that more than 0 is better for the product.
    """
    asked = next((item for item in protocol.comparators if item.name == name), None)
    if asked is None:
        return Compared(name, measures, differences)
    found = differences.get(asked.measure)
    beaten = None if found is None or found.low is None else found.low > float(asked.margin)
    return Compared(name, measures, differences, asked.measure, asked.margin, beaten)
