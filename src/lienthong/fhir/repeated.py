"""Finds members that stand more than once in their object, which a parsed resource no longer shows.

The parsed resource is written anew and the names in both texts are counted, without a look at any member; only where
the counts differ is the text read a second time, member by member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lienthong.core import canonical
from lienthong.fhir.inspection import member_name

__all__ = ["repeated_members"]

# A name whose colon stands apart; a quotation mark or a colon that is written by its number.
_UNUSUAL = re.compile(rb'"[ \t\r\n]+:|\\u00(?:22|3[aA])')
_END_OF_NAME = b'":'


def repeated_members(data: bytes, value: Any) -> list[str]:
    """The paths of repeated members in JSON text, of which `value` is what `canonical.parse` gave.

    Raises RecursionError where the text is nested too deep for a second reading.
    """
    return [] if _are_single(data, value) else list(_closely(data))


def _are_single(data: bytes, value: Any) -> bool:
    """Whether surely no member is repeated.

    Each member has one `":` in the text, if no colon stands apart. Texts in it may hold the same signs (`\\":`), but
    in the text written anew there are never more of them, if neither of them was written by its number. So equal
    counts mean that no member was lost when the text was parsed.
    """
    if _UNUSUAL.search(data):
        return False
    return data.count(_END_OF_NAME) == canonical.encode_text_decimals(value).count(_END_OF_NAME)


def _closely(data: bytes) -> Iterator[str]:
    """The paths of members that stand more than once in their object."""
    repeated: dict[int, list[str]] = {}

    def remember(members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) < len(members):
            names = [name for name, _ in members]
            repeated[id(value)] = sorted({name for name in names if names.count(name) > 1})
            kept.append(value)
        return value

    kept: list[dict[str, Any]] = []  # an id is only sure while its object lives
    tree = json.loads(data, object_pairs_hook=remember, parse_float=str, parse_int=str)
    if repeated:
        yield from _paths(tree, "", repeated)


def _paths(value: Any, path: str, repeated: dict[int, list[str]]) -> Iterator[str]:
    if isinstance(value, dict):
        place = path or (value["resourceType"] if isinstance(value.get("resourceType"), str) else "")
        place = member_name(place) if not path and place else place
        start = f"{place}." if place else ""
        for name in repeated.get(id(value), ()):
            yield start + member_name(name)
        for name, item in value.items():
            yield from _paths(item, start + member_name(name), repeated)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _paths(item, f"{path}[{number}]", repeated)
