"""Rows of another table held by their key, so that a column can look into it; bounded."""

from __future__ import annotations

from collections.abc import Iterable

from lienthong.core.errors import Category, ErrorKind
from lienthong.sources.tables.conversion import Held
from lienthong.sources.tables.language import Lookup
from lienthong.sources.tables.template import Values, joined_key

__all__ = ["MOST_ROWS", "MOST_TEXT", "held_of"]

MOST_ROWS = 1_000_000
MOST_TEXT = 256_000_000
"""Characters of keys and cells."""

TOO_MANY = ErrorKind(
    "tables-lookup-too-large",
    Category.UNREADABLE,
    what="The table that is looked into is too large ({name}).",
    allowed=f"{MOST_ROWS:,} rows and {MOST_TEXT:,} characters in a lookup.",
    cure="Narrow it in the mapping with `where`, or join the tables in the database that exports them.",
)


def held_of(lookup: Lookup, rows: Iterable[Values | None], wanted: Iterable[str], file: str) -> Held:
    """The wanted cells by key; of several rows with one key the first, and in which cells others differ."""
    held: dict[str, tuple[dict[str, str], frozenset[str]]] = {}
    text, wanted = 0, tuple(wanted)
    for values in rows:
        if values is None or (lookup.where is not None and not lookup.where(values)):
            continue
        parts = [values.raw[name] for name in lookup.key]
        if not all(parts):
            continue
        key, cells = joined_key(parts), {name: values.raw[name] for name in wanted}
        known = held.get(key)
        if known is not None:
            held[key] = known[0], known[1] | {name for name in wanted if known[0][name] != cells[name]}
            continue
        held[key] = cells, frozenset()
        text += len(key) + sum(map(len, cells.values()))
        if len(held) > MOST_ROWS or text > MOST_TEXT:
            raise TOO_MANY.at(file, name=lookup.name)
    return held
