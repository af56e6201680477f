"""Finds members that stand more than once in their object, which a parsed resource no longer shows.

The parsed resource is written anew and the quotation marks in both texts are counted, without a look at any member;
only where the counts differ is the text read a second time, member by member.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lienthong.core import canonical
from lienthong.fhir.inspection import member_name

__all__ = ["repeated_members"]


def repeated_members(data: bytes, value: Any) -> list[str]:
    """The paths of repeated members in JSON text, of which `value` is what `canonical.parse` gave.

    Raises RecursionError where the text is nested too deep for a second reading.
    """
    return [] if _are_single(data, value) else list(_closely(data))


def _are_single(data: bytes, value: Any) -> bool:
    """Whether surely no member is repeated.

    Each text has two quotation marks around it and one for each inside, in the text as it came and as it is written
    anew, if none was written by its number. A member that was lost when the text was parsed took those of its name
    along.
    """
    if b"\\" in data and b"\\u0022" in data:
        return False
    return data.count(b'"') == canonical.write(value).count(b'"')


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
