"""Equality and equivalence of items and of collections, and the key by which duplicates are found.

Source: FHIRPath N1, 6.1 (equality) and 6.2 (equivalence).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.fhir.fhirpath import quantities, temporal
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time
from lienthong.fhir.fhirpath.values import EXACT, Element, Quantity, digits

__all__ = ["Lookup", "equal", "equal_items", "equivalent", "equivalent_items", "key", "unique"]

_NUMBERS = frozenset({int, Decimal, LexicalDecimal})
_DATES = frozenset({Date, DateTime})
_MOST_PLACES = 60  # of a decimal that are compared for equivalence


def equal(left: Any, right: Any) -> bool | None:
    """Whether two System values or bare elements are equal; None where that can't be said."""
    one, other = type(left), type(right)
    if one is str or one is bool or other is str or other is bool:
        return one is other and left == right
    if one in _NUMBERS and other in _NUMBERS:
        return bool(left == right)
    if one is dict or other is dict:
        return one is other and bool(left == right or _same_members(left, right))
    if one is Time and other is Time:
        found = temporal.order(left, right)
        return None if found is None else found == 0
    if one in _DATES and other in _DATES:
        found = temporal.order(left, right)
        return None if found is None else found == 0
    if one is Quantity or other is Quantity:
        first, second = _quantity(left), _quantity(right)
        return False if first is None or second is None else quantities.equal(first, second)
    return bool(left == right) if one is other else False


def _quantity(value: Any) -> Quantity | None:
    if type(value) in _NUMBERS:
        return Quantity(Decimal(value))
    return value if type(value) is Quantity else None


def _same_members(left: Any, right: Any) -> bool:
    """Two FHIR elements are equal where all their members are, in the same order (N1, 6.1)."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same_members(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same_members, left, right))
    return equal(left, right) is True


def equal_items(left: list[Any], right: list[Any]) -> bool | None:
    """Whether two collections of System values are equal, in order; None where one is empty or it can't be said."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    known: bool | None = True
    for one, other in zip(left, right, strict=True):
        found = equal(one, other)
        if found is False:
            return False
        if found is None:
            known = None
    return known


def equivalent(left: Any, right: Any) -> bool:
    """Whether two System values or bare elements are equivalent."""
    one, other = type(left), type(right)
    if one is str and other is str:
        return bool(_plain(left) == _plain(right))
    if one in _NUMBERS and other in _NUMBERS:
        return _near(Decimal(left), Decimal(right))
    if (one in _DATES and other in _DATES) or (one is Time and other is Time):
        return temporal.equivalent(left, right)
    if one is Quantity or other is Quantity:
        first, second = _quantity(left), _quantity(right)
        return first is not None and second is not None and quantities.equivalent(first, second)
    if one is dict and other is dict:
        return _like_object(left, right)
    return one is other and bool(left == right)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()) if text.strip() else ""


def _near(left: Decimal, right: Decimal) -> bool:
    if abs(left.adjusted()) > 90 or abs(right.adjusted()) > 90:
        return left == right
    step = Decimal(1).scaleb(-min(digits(left), digits(right), _MOST_PLACES))
    return left.quantize(step, ROUND_HALF_UP, EXACT) == right.quantize(step, ROUND_HALF_UP, EXACT)


def _like_object(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Members in any order; Coding and CodeableConcept differ in display alone and are still equivalent (R4)."""
    if "code" in left and "code" in right and not (left.keys() | right.keys()) - _CODING:
        return all(left.get(name) == right.get(name) for name in ("system", "code", "version"))
    names = {name for name in left.keys() | right.keys() if name != "id"}
    return all(equivalent_items(_listed(left.get(name)), _listed(right.get(name)), equivalent) for name in names)


_CODING = frozenset({"id", "system", "version", "code", "display", "userSelected"})


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def equivalent_items(left: list[Any], right: list[Any], same: Callable[[Any, Any], bool] = equivalent) -> bool:
    """Whether two collections of System values are equivalent, in any order; two empty ones are."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        place = next((number for number, other in enumerate(rest) if same(one, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def key(value: Any) -> Hashable:
    """A key that equal System values or bare elements share; others may share it too."""
    kind = type(value)
    if kind is Element:
        return key(value.value)
    if kind in _NUMBERS:
        return hash(value) if abs(Decimal(value).adjusted()) < 100 else str(value)
    if kind is str or kind is bool:
        return (kind, value)
    if kind is dict:
        return hash(frozenset((name, key(value[name])) for name in value))
    if kind is list:
        return hash(tuple(key(part) for part in value))
    if kind in _DATES or kind is Time:
        return (value.utc, value.offset is None)
    return quantities.key(value) if kind is Quantity else kind.__name__


class Lookup:
    """The values of a collection, to ask quickly whether one of them equals another."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._buckets: dict[Hashable, list[Any]] = {}
        for value in values:
            self._buckets.setdefault(key(value), []).append(value)

    def __contains__(self, value: Any) -> bool:
        return any(equal(value, other) for other in self._buckets.get(key(value), ()))


def unique(items: Iterable[Any], convert: Callable[[Any], Any]) -> list[Any]:
    """The items without those that equal an earlier one, in their order."""
    kept: list[Any] = []
    seen: dict[Hashable, list[Any]] = {}
    for item in items:
        value = convert(item)
        if value is None:  # an element without a value is what its extensions say
            value = item.extra
        bucket = seen.setdefault(key(value), [])
        if any(equal(value, other) for other in bucket):
            continue
        bucket.append(value)
        kept.append(item)
    return kept
