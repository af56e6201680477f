"""What becomes of each column of a table in a showable copy: by its mapping, or by headers that are surely known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lienthong.core.text import fold
from lienthong.sources.tables.cells import Reader
from lienthong.sources.tables.conversion import laid_out
from lienthong.sources.tables.language import Column, Mapped, Table
from lienthong.sources.tables.letters import LETTERS
from lienthong.sources.tables.moving import COMMON
from lienthong.sources.tables.propose import column as look_at
from lienthong.sources.tables.propose import known_header
from lienthong.sources.tables.uses import STRONGEST, Name, Uses, concept_kinds, uses_of

__all__ = ["Plan", "Shown", "guessed", "mapped"]

_MAYBE = frozenset({"word", "code", "catalogue", "address-of", "text", "removed", "number"})
_SEXES = MappingProxyType(
    {"nam": "male", "m": "male", "male": "male", "1": "male", "trai": "male"}
    | {"nu": "female", "f": "female", "female": "female", "2": "female", "0": "female", "gai": "female"}
)
_LEAST_KNOWN = 2  # with one known header a row of cells might be taken for a row of names


@dataclass(frozen=True, slots=True)
class Shown:
    """A column: what the copy calls it, where its cells stand, their kind, and how they are read."""

    header: str
    at: int
    kind: str
    letters: Callable[[str], str]
    formats: tuple[str, ...] = COMMON
    blank: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    split: str = ""
    read: Reader = str


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of a table that are copied, and what its rows say of people, by place.

    `names` are parts of names: who, whole, family, given (a place is -1 where there is none); `keys` a type and its
    parts, places or constants. `width` is None where columns that are not copied are taken out.
    """

    columns: tuple[Shown, ...]
    names: tuple[tuple[str, int, int, tuple[int, ...]], ...]
    keys: tuple[tuple[str, tuple[int | str, ...]], ...]
    sex: int
    sexes: Mapping[str, str]
    state: int
    events: frozenset[int]
    width: int | None
    all: int
    dropped: tuple[str, ...]


def letter(at: int) -> str:
    """A column as a spreadsheet calls it."""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(65 + rest) + text
    return text


@lru_cache(maxsize=8)
def _uses(mapping: _Same) -> Uses:
    return uses_of(mapping.mapping)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A mapping that is compared by its text."""

    mapping: Mapped

    def __hash__(self) -> int:
        return hash(self.mapping.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.mapping.digest == self.mapping.digest


def mapped(mapping: Mapped, table: Table, header: Sequence[str]) -> Plan:
    """The plan of a table by its mapping; raises `tables-column-missing` as ingest does."""
    uses = _uses(_Same(mapping))
    layout = laid_out(table, header)
    specs: dict[str, Any] = mapping.document.value["tables"][table.name]["columns"]
    places = {column.name: at for column, at in layout.places if at is not None}
    found: dict[int, Shown] = {}
    for column, at in layout.places:
        if at is not None:
            own = _shown(column, at, uses, table.name, specs[column.name] or {})
            before = found.get(at)
            if before is not None:  # two columns of the mapping read one of the file
                stronger = min(before, own, key=lambda each: STRONGEST.index(each.kind))
                own = replace(stronger, words=before.words | own.words)
            found[at] = own
    keeps_places = table.header == 0 or any(column.position for column in table.columns)
    width = layout.width if keeps_places else None
    by_name = dict(uses.names).get(table.name, [])
    gender = next((each for each in table.columns if each.name == uses.sexes.get(table.name)), None)
    keys = [
        (kind, tuple(_part(part, places) for part in parts))
        for kind, parts in dict.fromkeys(uses.keys.get(table.name, ()))
    ]
    return Plan(
        tuple(found[at] for at in sorted(found) if found[at].kind != "removed" or width is None),
        (*(_placed(name, places) for name in by_name), *_said(found, by_name, places)),
        tuple((kind, parts) for kind, parts in keys if None not in parts),  # type: ignore[misc]
        places.get(gender.name, -1) if gender else -1,
        _sexes(gender),
        places.get(uses.states.get(table.name, ""), -1),
        frozenset(places[name] for own, name in uses.events if own == table.name and name in places),
        width,
        layout.width,
        (
            *(each.header for each in found.values() if each.kind == "removed"),
            *(letter(at) for at in range(layout.width) if at not in found),
        ),
    )


def _shown(column: Column, at: int, uses: Uses, table: str, its: dict[str, Any]) -> Shown:
    kind = uses.kinds.get((table, column.name)) or _guess(column.header)
    words = {fold(word) for word in (*uses.words.get((table, column.name), ()), *(column.entries or ()))}
    if its.get("type") == "boolean":
        words |= {
            fold(str(word)) for name in ("true", "false") for word in its.get(name, (name, "01"[name == "true"]))
        }
    if "deidentify" not in its and kind in _MAYBE:
        if column.entries or its.get("type") == "boolean":
            kind = "word"
        elif its.get("type") in ("date", "dateTime") and kind != "removed":
            kind = "date"
    given = its.get("format", "iso") if its.get("type") in ("date", "dateTime") else COMMON
    formats = (given,) if isinstance(given, str) else tuple(given)
    return Shown(
        column.header or column.name, at, kind, column.letters, formats, column.blank, frozenset(words),
        column.split, column.read,
    )  # fmt: skip


def _guess(header: str) -> str:
    """The kind of a column that the mapping names and makes nothing of."""
    kind = concept_kinds().get(known_header(header), "removed")
    return kind if kind in STRONGEST and kind not in ("name", "family", "given") else "removed"


def _sexes(column: Column | None) -> Mapping[str, str]:
    """What the cells of a column say of the sex."""
    if column is None or column.entries is None:
        return {"male": "male", "female": "female"}
    return {fold(word): sex for word, sex in column.entries.items() if sex in ("male", "female")}


def _part(text: str, places: Mapping[str, int]) -> int | str | None:
    """A part of a key: a place, or a constant; None where the file has no such column."""
    if not text.startswith("$"):
        return text
    return places.get(text[1:].removesuffix(".optional"))


def _placed(name: Name, places: Mapping[str, int]) -> tuple[str, int, int, tuple[int, ...]]:
    given = tuple(places[each] for each in name.given if each in places)
    return name.who, places.get(name.whole, -1), places.get(name.family, -1), given


def _said(
    found: Mapping[int, Shown], names: Sequence[Name], places: Mapping[str, int]
) -> list[tuple[str, int, int, tuple[int, ...]]]:
    """Names that the mapping declares and makes nothing of."""
    known = {places.get(part, -1) for name in names for part in (name.whole, name.family, *name.given)}
    whos = {"name": "other", "staff": "staff"}
    return [(whos[own.kind], at, -1, ()) for at, own in found.items() if own.kind in whos and at not in known]


def guessed(header: Sequence[str], rows: Sequence[Sequence[str]], letters: str) -> Plan | None:
    """The plan of a table by headers that are written just like known ones; None where too few of them are."""
    meanings = [known_header(cell) for cell in header]
    if sum(map(bool, meanings)) < min(_LEAST_KNOWN, len([cell for cell in header if cell.strip()])) or not any(
        meanings
    ):
        return None
    found: list[Shown] = []
    at_of: dict[str, int] = {}
    for at, meaning in enumerate(meanings):
        kind = concept_kinds().get(meaning, "removed")
        if kind == "removed" or (meaning in at_of and kind in ("name", "family", "given", "birth", "sex")):
            continue
        at_of.setdefault(meaning, at)
        values = [row[at].strip() for row in rows if at < len(row)]
        seen = look_at(header[at], values)
        formats = tuple(dict.fromkeys((*seen.formats, *COMMON, "yyyy")))
        words = frozenset(_SEXES) if kind == "sex" else frozenset()
        kind = "word" if kind == "sex" else kind
        found.append(Shown(header[at].strip(), at, kind, LETTERS[letters], formats, words=words))
    names = [("patient", at_of[name], -1, ()) for name in ("patient.name",) if name in at_of]
    parts = [at_of.get(name, -1) for name in ("patient.family", "patient.given")]
    split = [("patient", -1, parts[0], tuple(at for at in parts[1:] if at >= 0))] if max(parts) >= 0 else []
    staff = [("staff", each.at, -1, ()) for each in found if each.kind == "staff"]
    own = [("Patient", "patient.key"), ("Encounter", "encounter.key")]
    copied = {each.at for each in found}
    return Plan(
        tuple(found),
        (*names, *split, *staff),
        tuple((kind, (at_of[name],)) for kind, name in own if name in at_of),
        at_of.get("patient.gender", -1),
        _SEXES,
        -1,
        frozenset(at_of[name] for name in ("encounter.start",) if name in at_of),
        None,
        len(header),
        tuple(
            header[at].strip() if meanings[at] else letter(at)
            for at in range(len(header))
            if at not in copied and header[at].strip()
        ),
    )
