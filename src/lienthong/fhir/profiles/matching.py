"""Compares values as fixed[x], pattern[x], minValue and maxValue ask (FHIR R4 elementdefinition.html)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

__all__ = ["compare", "equals", "fits"]


def equals(value: Any, wanted: Any) -> bool:
    """Whether the value is exactly the wanted one; numbers by what they are worth (1.0 is 1)."""
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(equals(value[name], item) for name, item in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(equals(part, item) for part, item in zip(value, wanted, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    return bool(value == wanted)


def fits(value: Any, pattern: Any) -> bool:
    """Whether the value has all that the pattern has: of objects the members, of arrays each item somewhere."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], item) for name, item in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(part, item) for part in value) for item in pattern)
    return equals(value, pattern)


def compare(value: Any, bound: Any) -> int | None:
    """-1, 0 or 1: the value is below, at or above the bound; None where the two can't be compared.

    Numbers by their worth, Quantities of one system and code by their numbers, dates and times by the part that
    both have (a bound of 2020 says nothing against 2020-05).
    """
    if isinstance(value, dict) and isinstance(bound, dict):
        if any(value.get(name) != bound.get(name) for name in ("system", "code")):
            return None
        return compare(value.get("value"), bound.get("value"))
    if isinstance(value, str) and isinstance(bound, str):
        return _compare_text(value, bound)
    numbers = (int, Decimal)
    if isinstance(value, numbers) and isinstance(bound, numbers) and not isinstance(value, bool):
        return (value > bound) - (value < bound)
    return None


def _compare_text(value: str, bound: str) -> int | None:
    if "T" in value and "T" in bound:
        try:
            one, two = datetime.fromisoformat(value), datetime.fromisoformat(bound)
            return (one > two) - (one < two)
        except (ValueError, TypeError):  # a form that the base validation names, or a zone that one of them lacks
            return None
    length = min(len(value.partition("T")[0]), len(bound.partition("T")[0]))
    one_text, two_text = value[:length], bound[:length]
    return (one_text > two_text) - (one_text < two_text)
