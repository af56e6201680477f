"""One visit of FHIR as the rows of its tables, and what of it these can't carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.sources.bhyt.layout import OLDER, TABLES, fields
from lienthong.sources.bhyt.older import older_names
from lienthong.sources.bhyt.rest import DECISION
from lienthong.sources.bhyt.values import day
from lienthong.sources.bhyt.write.lines import items, notes, results
from lienthong.sources.bhyt.write.losses import Lost, losses
from lienthong.sources.bhyt.write.others import others
from lienthong.sources.bhyt.write.shelf import Shelf, own_key
from lienthong.sources.bhyt.write.summary import summary

__all__ = ["Claimed", "claim"]

Body = dict[str, Any]
Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The rows of a visit by table, their fields in the order of the layout, and what could not be carried."""

    key: str
    facility: str
    tables: Mapping[str, list[Texts]]
    lost: tuple[Lost, ...]


def claim(shelf: Shelf, name: str) -> Claimed:
    """The visit that the Claim, Encounter or Composition (of an assessment) with this `Type/id` tells."""
    body = shelf.all[name]
    kind = body["resourceType"]
    claimed = body if kind == "Claim" else {}
    encounter = body if kind == "Encounter" else _encounter(shelf, claimed)
    patient = shelf.to(claimed.get("patient") or encounter.get("subject") or body.get("subject"))
    # Of FHIR one visit may have several claims, and each needs an MA_LK of its own.
    key = own_key(claimed or encounter) or str((claimed or encounter).get("id", ""))
    table = "XML1" if claimed else "XML0" if encounter else "XML12"
    if table == "XML12":
        key = own_key(patient)
    first = summary(shelf, table, key, claimed, encounter, patient)
    tables: dict[str, list[Texts]] = {}
    if claimed:
        tables = {"XML1": [first], **items(shelf, key, claimed)}
        tables["XML4"], tables["XML5"] = results(shelf, key), notes(shelf, key)
    tables.update(others(shelf, key, first))
    facility = first.get("MA_CSKCB", "")
    found = {
        table: [_in_order(table, key, row, first) for row in tables[table]] for table in TABLES if tables.get(table)
    }
    return Claimed(key, facility, found, losses(shelf, key, found))


def _encounter(shelf: Shelf, claimed: Body) -> Body:
    own = shelf.keyed("Encounter", own_key(claimed)) if claimed else {}
    if own:
        return own
    for line in claimed.get("item", ()):
        for reference in line.get("encounter", ()):
            if found := shelf.to(reference):
                return found
    return {}


def _in_order(table: str, key: str, row: Texts, summary: Texts) -> Texts:
    """The fields of a row in the order of its layout, those that it does not have empty; others after them."""
    is_older = row.get(DECISION) == OLDER
    on = day(summary.get("NGAY_RA", "")) or day(summary.get("NGAY_VAO", ""))
    layout = fields(table, on, older=is_older)
    texts = {"MA_LK": key, **{name: text for name, text in row.items() if name != DECISION and text}}
    if "MA_LK" not in layout:
        del texts["MA_LK"]
    if is_older:
        for new, old in older_names(table).items():
            if new in texts and old not in texts:
                texts[old] = texts.pop(new)
    return {name: texts.get(name, "") for name in layout} | {
        name: text for name, text in texts.items() if name not in layout
    }
