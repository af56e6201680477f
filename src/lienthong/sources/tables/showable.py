"""Rewrites the rows of one table so that they can be shown: each cell by the kind of its column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from lienthong.core.text import fold, nfc
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer, Someone
from lienthong.sources.fhir import showable
from lienthong.sources.tables.cells import WRONG, is_text
from lienthong.sources.tables.moving import iso_of, moved
from lienthong.sources.tables.plan import Plan, Shown
from lienthong.sources.tables.rows import Plain, RawRow
from lienthong.sources.tables.template import joined_key

__all__ = ["KINDS", "Showing"]

Cells = Mapping[int, str]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[<>≤≥]?=?\s*[+-]?[0-9]{1,8}(?:[.,][0-9]{1,20})?")
_SHORT_CODE = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9]{1,8}(?:[.\-/][A-Za-z0-9]{1,6})?[*+†]?")
_PREFIXES = frozenset(
    {"bs.", "bs", "ths.", "ts.", "pgs.", "gs.", "đd.", "ds.", "dr.", "dr", "mr.", "mr", "mrs.", "mrs", "ms.", "ms"}
    | {"md", "phd", "jd", "ông", "bà", "anh", "chị", "cô"}
)
_IN_A_NAME = frozenset({"name", "family", "given"})
_MOST_PEOPLE = 512
_SHORT_KEY = 4  # shorter ones are words and numbers of any text


class Showing:
    """One table by its plan: learnt from in the first reading, rewritten in the second."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._people: dict[tuple[str, ...], Someone] = {}
        self._places = {column.at: column for column in plan.columns}

    def is_whole(self, row: RawRow, *, may_be_short: bool) -> bool:
        """Whether the row is as wide as the header, so that each cell is the one that its column says."""
        extra = any(cell.strip() for cell in row.cells[self.plan.all :])
        return not extra and (may_be_short or len(row.cells) >= self.plan.all)

    def learn(self, row: RawRow, circles: Circles, this_year: int) -> None:
        """Tells `circles` who is in a row."""
        cells = self._cells(row)
        nodes = self._nodes(cells, circles)
        circles.join(nodes)
        sex = self._sex(cells)
        for who, said, _ in self._names(cells):
            circles.learn_name(said, () if who == "staff" else nodes, sex if who == "patient" else "")
        for column in self.plan.columns:
            cell = cells.get(column.at, "")
            if not cell:
                continue
            if column.kind == "address" and nodes:
                circles.learn_address(cell, nodes)
            elif column.kind == "birth" and (born := iso_of(cell, column.formats)):
                circles.learn_birth(born, nodes)
                if nodes:
                    circles.learn_person(nodes[0], (born[:4], sex, cells.get(self.plan.state, "")))
            elif column.at in self.plan.events:
                circles.learn_event(iso_of(cell, column.formats), this_year)

    def shown(self, row: RawRow, replacer: Replacer) -> list[str]:
        """The new cells of a row."""
        cells = self._cells(row)
        someone = self._someone(cells, replacer)
        made = self._new_names(cells, someone)
        found: dict[int, str] = {}
        for column in self.plan.columns:
            cell = cells.get(column.at, "")
            new = made.get(column.at, "") if column.kind in _IN_A_NAME else _replaced(column, cell, someone)
            if new != cell:
                someone.note(_TOLD.get(column.kind, column.kind))
            found[column.at] = new
        if self.plan.width is None:
            return [found[column.at] for column in self.plan.columns]
        return [found.get(at, "") for at in range(self.plan.width)]

    def header(self) -> list[str]:
        """The names of the columns that are copied."""
        if self.plan.width is None:
            return [column.header for column in self.plan.columns]
        return [self._places[at].header if at in self._places else "" for at in range(self.plan.width)]

    def _cells(self, row: RawRow) -> Cells:
        """The cells that are copied or tell who somebody is; without what no encoding knows."""
        found: dict[int, str] = {}
        for at, column in self._places.items():
            cell = row.cells[at] if at < len(row.cells) else ""
            text = cell if isinstance(cell, Plain) else nfc(column.letters(cell)).strip()
            found[at] = text if text not in column.blank and is_text(text) else ""
        return found

    def _nodes(self, cells: Cells, circles: Circles) -> list[str]:
        """Who is in a row: keys of a person and of a visit, national ids and cards."""
        found: list[str] = []
        for kind, parts in self.plan.keys:
            texts = [part if isinstance(part, str) else cells.get(part, "") for part in parts]
            if any(texts):
                found.append(f"t:{kind}/{joined_key([*map(str, texts)])}")
        for column in self.plan.columns:
            learn = {"national-id": circles.national, "card": circles.card}.get(column.kind)
            if learn is not None:
                found += [node for part in cells.get(column.at, "").split(";") for node in learn(part)]
        return list(dict.fromkeys(found))

    def _sex(self, cells: Cells) -> str:
        return self.plan.sexes.get(fold(cells.get(self.plan.sex, "")), "")

    def _names(self, cells: Cells) -> Iterator[tuple[str, str, tuple[int, int, tuple[int, ...]]]]:
        """Each name of a row as it is said: family, given; and where its parts stand."""
        for who, whole, family, given in self.plan.names:
            parts = [str(cells.get(at, "")) for at in (whole, family, *given)]
            said = " ".join(part for part in parts if part)
            if said and (whole >= 0 or family < 0 or cells.get(family)):
                yield who, said, (whole, family, given)

    def _new_names(self, cells: Cells, someone: Someone) -> dict[int, str]:
        """The new cells of all names of a row; the first name that holds a cell says what becomes of it."""
        sex = self._sex(cells)
        found: dict[int, str] = {}
        for who, said, (whole, family, given) in self._names(cells):
            new = someone.replacer.pseudonyms.name(said, sex if who == "patient" else "")
            words = new.split()
            if whole >= 0:
                found.setdefault(whole, new)
                continue
            places = [at for at in given if cells.get(at)]
            if family >= 0:
                found.setdefault(family, words.pop(0) if places else new)
            for number, at in enumerate(places, 1):
                is_last = number == len(places)
                found.setdefault(at, " ".join(words) if is_last else (words.pop(0) if words else ""))
        return found

    def _someone(self, cells: Cells, replacer: Replacer) -> Someone:
        """The replacements of whom a row is; kept by circle, so that its words are made a pattern once."""
        nodes = tuple(self._nodes(cells, replacer.circles))
        known = (replacer.circles.anchor(nodes), *(node for node in nodes if node.startswith("t:Patient/")))
        someone = self._people.get(known) if nodes else None
        if someone is None or someone.replacer is not replacer:
            someone = replacer.someone(nodes)
            for node in known[1:]:
                if len(key := node.partition("/")[2]) > _SHORT_KEY:
                    someone.scrubber.know_code(key, _key(key, someone))
            if len(self._people) >= _MOST_PEOPLE:
                self._people.clear()
            self._people[known] = someone
        if any(who != "patient" for who, *_ in self.plan.names) or not nodes:
            someone = replacer.someone(nodes)  # what this row alone says is looked for in its own texts
            for _, said, _ in self._names(cells):
                someone.scrubber.know_name(said, replacer.pseudonyms.name(said, ""))
        return someone


_TOLD = {"family": "name", "given": "name", "prefix": "name", "short-code": "code", "value": "text"}


def _replaced(column: Shown, cell: str, someone: Someone) -> str:
    """The new text of a cell, item by item where it is a list."""
    if not cell or column.kind == "removed":
        return ""
    if column.split and column.split in cell:
        items = (item.strip() for item in cell.split(column.split))
        return column.split.join(_KINDS[column.kind](column, item, someone) if item else "" for item in items)
    return _KINDS[column.kind](column, cell, someone)


def _each(cell: str, replace: Callable[[str], str]) -> str:
    """A number, or several with `;` between them."""
    return ";".join(replace(part.strip()) if part.strip() else "" for part in cell.split(";"))


def _key(text: str, someone: Someone) -> str:
    """A key: a UUID stays one, as an id of FHIR does."""
    pseudonyms = someone.replacer.pseudonyms
    return pseudonyms.uuid(text.lower()) if _UUID.fullmatch(text) else pseudonyms.token(" ".join(text.split()))


def _facility(_column: Shown, cell: str, someone: Someone) -> str:
    if someone.replacer.keep_facility:
        return cell
    pseudonyms = someone.replacer.pseudonyms
    return f"Cơ sở {pseudonyms.token(cell, 6)}" if " " in cell else pseudonyms.facility(cell)


def _staff(_column: Shown, cell: str, someone: Someone) -> str:
    pseudonyms = someone.replacer.pseudonyms
    return pseudonyms.name(cell) if " " in cell else pseudonyms.licence(cell)


def _text(_column: Shown, cell: str, someone: Someone) -> str:
    """Free text; a short number in it says nothing of anybody."""
    return cell if _NUMBER.fullmatch(cell) else someone.text(cell)


def _number(column: Shown, cell: str, someone: Someone) -> str:
    is_number = column.read is not str and column.read(cell) is not WRONG
    return cell if is_number else _text(column, cell, someone)


def _short_codes(_column: Shown, cell: str, someone: Someone) -> str:
    """Codes that are too short to be somebody's number."""
    parts = [part.strip() for part in re.split(r"[;,|]", cell)]
    if all(_SHORT_CODE.fullmatch(part) for part in parts if part):
        return someone.scrubber.only_known(cell)
    return ""


def _word(column: Shown, cell: str, someone: Someone) -> str:
    """Words that the mapping itself names stay; any other is free text."""
    return cell if fold(cell) in column.words else _text(column, cell, someone)


def _code(_column: Shown, cell: str, someone: Someone) -> str:
    return someone.text(cell) if " " in cell else someone.scrubber.only_known(cell)


def _prefix(_column: Shown, cell: str, _someone: Someone) -> str:
    return cell if all(word in _PREFIXES for word in cell.casefold().split()) else ""


def _mail(_column: Shown, cell: str, someone: Someone) -> str:
    return f"{someone.replacer.pseudonyms.token(cell).lower()}@example.invalid"


def _phone(_column: Shown, cell: str, someone: Someone) -> str:
    return someone.replacer.pseudonyms.phone(cell)


def _address_of(_column: Shown, cell: str, someone: Someone) -> str:
    return cell if cell.startswith(showable.rules().addresses) else someone.replacer.pseudonyms.address_of(cell)


def _birth(column: Shown, cell: str, someone: Someone) -> str:
    return moved(cell, (*column.formats, "yyyy"), someone.birth)


_KINDS: Mapping[str, Callable[[Shown, str, Someone], str]] = {
    "national-id": lambda _column, cell, someone: _each(cell, someone.replacer.pseudonyms.national_id),
    "card": lambda _column, cell, someone: _each(cell, someone.replacer.pseudonyms.card),
    "phone": _phone,
    "mail": _mail,
    "staff": _staff,
    "licence": lambda _column, cell, someone: someone.replacer.pseudonyms.licence(str(cell)),
    "birth": _birth,
    "key": lambda _column, cell, someone: _key(str(cell), someone),
    "token": lambda _column, cell, someone: someone.replacer.pseudonyms.token(" ".join(cell.split())),
    "address": lambda _column, cell, someone: someone.replacer.pseudonyms.address(cell),
    "facility": _facility,
    "prefix": _prefix,
    "date": lambda column, cell, someone: moved(cell, column.formats, someone.iso),
    "text": _text,
    "address-of": _address_of,
    "code": _code,
    "catalogue": lambda _column, cell, someone: someone.scrubber.only_known(cell),
    "number": _number,
    "word": _word,
    "short-code": _short_codes,
    "value": _text,
}


@cache
def _kinds() -> frozenset[str]:
    return frozenset({*_KINDS, *_IN_A_NAME, "removed", "sex"})


KINDS = _kinds()
"""The kinds that `deidentify.toml` and a mapping may name."""
