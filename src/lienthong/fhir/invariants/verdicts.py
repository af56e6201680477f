"""The answers of shortcuts, and how they combine: FHIRPath's three-valued logic with a fourth value, UNKNOWN.

A part of an expression gives a text, number or boolean itself, SOME (there is something, no matter what), EMPTY, or
UNKNOWN. Source: FHIRPath N1, 6.5 (boolean logic), 6.1 and 6.2 (equality and order), 4.5 (singletons).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

__all__ = [
    "EMPTY",
    "LOGIC",
    "ORDER",
    "SOME",
    "TEXT_ORDER",
    "UNKNOWN",
    "Sketch",
    "chosen",
    "compared",
    "equal",
    "exists",
    "has_value",
    "negated",
    "ordered",
    "total",
    "truth",
    "within",
]


class Sign:
    """An answer that is no value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


EMPTY: Final = Sign("EMPTY")
UNKNOWN: Final = Sign("UNKNOWN")
SOME: Final = Sign("SOME")  # there is something, and no matter what


Sketch = Callable[[Mapping[str, Any]], Any]


def truth(value: Any) -> Any:
    """A boolean or EMPTY as it is; of anything else only the expression can tell whether it counts as true."""
    return value if type(value) is bool or value is EMPTY else UNKNOWN


def exists(value: Any) -> Any:
    """`exists()` without a criterion."""
    return UNKNOWN if value is UNKNOWN else value is not EMPTY


def has_value(value: Any) -> Any:
    """`hasValue()`: of a primitive without extensions, whose value is known."""
    if value is EMPTY:
        return False
    return UNKNOWN if value is UNKNOWN or value is SOME else True


def negated(value: Any) -> Any:
    """`not()`."""
    return not value if type(value) is bool else EMPTY if value is EMPTY else UNKNOWN


def equal(one: Any, two: Any, *, wanted: bool) -> Any:
    """`=` where `wanted`, else `!=`; two values of one kind."""
    if one is EMPTY or two is EMPTY:
        return EMPTY
    kind = type(one)
    if kind is not type(two) or kind is Sign:
        return UNKNOWN
    return (one == two) is wanted


def within(value: Any, texts: frozenset[str]) -> Any:
    """`in` a list of literal texts."""
    if type(value) is str:
        return value in texts
    return EMPTY if value is EMPTY else UNKNOWN


def compared(one: Any, two: Any, compare: Callable[[int, int], bool]) -> Any:
    """The order of two integers."""
    if one is EMPTY or two is EMPTY:
        return EMPTY
    return compare(one, two) if type(one) is int and type(two) is int else UNKNOWN


def total(one: Any, two: Any) -> Any:
    """The sum of two integers."""
    return one + two if type(one) is int and type(two) is int else UNKNOWN


_SECONDS = 19  # "2026-11-24T08:15:00": what follows is a fraction and the offset


def ordered(one: Any, two: Any, compare: Callable[[str, str], bool]) -> Any:
    """The order of two dates that are written alike: to the same precision, and with the same offset."""
    if one is EMPTY or two is EMPTY:
        return EMPTY
    if type(one) is not str or type(two) is not str or len(one) != len(two) or one[_SECONDS:] != two[_SECONDS:]:
        return UNKNOWN
    return compare(one, two)


def chosen(value: Any, one: Any, two: Any) -> Any:
    """iif() with two literals."""
    return one if value is True else two if value is False or value is EMPTY else UNKNOWN


def either(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    """`or`."""
    if one is True:
        return True
    two = truth(right(this))
    if two is True or one is two:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


def both(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    """`and`."""
    if one is False:
        return False
    two = truth(right(this))
    if two is False or one is two:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


def one_of(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    """`xor`."""
    two = truth(right(this))
    if one is UNKNOWN or two is UNKNOWN:
        return UNKNOWN
    return EMPTY if one is EMPTY or two is EMPTY else one is not two


def implies(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    """`implies`."""
    if one is False:
        return True
    two = truth(right(this))
    if one is True or two is True:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


LOGIC: Mapping[str, Callable[[Any, Sketch, Mapping[str, Any]], Any]] = {
    "or": either,
    "and": both,
    "xor": one_of,
    "implies": implies,
}
ORDER: Mapping[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
TEXT_ORDER: Mapping[str, Callable[[str, str], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
