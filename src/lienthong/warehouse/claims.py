"""Writes the claims of the record as health-insurance XML, and a report of what these files could not carry.

Each claim is written of what came with it, the patient as that visit knew them. A claim from FHIR is written of what
its references lead to. Files hold up to 500 records of one facility; check-ins (XML0) have files of their own. They
are not signed: signing is the facility's (NĐ 188/2025, article 69).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lienthong.core.errors import Category, LienthongError
from lienthong.fhir.references import walk
from lienthong.privacy.access import Grant
from lienthong.record import Record, Stored
from lienthong.sources.bhyt.write import Claimed, Lost, Shelf, check_in, claim, envelope

__all__ = ["LOSSES", "write_claims"]

LOSSES = "losses.json"
RECORDS = 500
_SHARED = frozenset({"Patient", "Practitioner", "Organization"})
_NO_CLAIM = Lost("Encounter", "a visit without a claim: only claims and check-ins are written")
_TYPES = ("Claim", "Encounter", "Composition")


@dataclass(slots=True)
class _Out:
    """The files so far: what waits for a facility's next one, how many were written, and what was lost."""

    folder: Path
    made: date
    waiting: dict[tuple[str, bool], list[Claimed]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    numbers: Counter[tuple[str, bool]] = field(default_factory=Counter)
    lost: Counter[Lost] = field(default_factory=Counter)
    examples: dict[Lost, str] = field(default_factory=dict)

    def add(self, made: Claimed) -> None:
        self.note(made.lost, made.key)
        kind = (made.facility, not {"XML1", "XML12"} & made.tables.keys())
        self.waiting.setdefault(kind, []).append(made)
        if len(self.waiting[kind]) == RECORDS:
            self.flush(kind)

    def note(self, lost: Iterable[Lost], record: str) -> None:
        for item in lost:
            self.lost[item] += 1
            self.examples.setdefault(item, record)

    def flush(self, kind: tuple[str, bool]) -> None:
        facility, is_check_in = kind
        records = self.waiting.pop(kind)
        self.numbers[kind] += 1
        name = f"{_plain(facility)}-{'check-in-' if is_check_in else ''}{self.numbers[kind]:04d}.xml"
        if is_check_in:
            data = check_in([row for made in records for row in made.tables.get("XML0", ())])
        else:
            data = envelope(facility, [made.tables for made in records], self.made)
        _write(self.folder, name, data)
        self.files[name] = len(records)

    def report(self) -> bytes:
        rows = [
            {"what": item.what, "why": item.why, "records": count, "example": self.examples[item]}
            for item, count in sorted(self.lost.items())
        ]
        return json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"


def write_claims(
    folder: Path,
    record: Record,
    grant: Grant,
    progress: Callable[[str, int, int | None], None],
    *,
    made: date,
    offset: str,
) -> dict[str, int]:
    """The records of each file by its name, and of the report how many kinds of loss it tells."""
    out = _Out(folder, made)
    counts = record.counts()
    state = record.state()
    claimed: set[str] = set()
    for kind in _TYPES:
        for number, (stored, came) in enumerate(record.together(grant, kind, shared=_SHARED, as_of=state)):
            progress(kind, number, counts.get(kind))
            bodies = [item.resource() for item in came]
            if kind == "Claim":
                if not any(body["resourceType"] == "Encounter" for body in bodies):
                    bodies = list(_around(record, grant, stored.resource()))
                bodies += _missing(record, grant, bodies)
                claimed.update(body["id"] for body in bodies if body["resourceType"] == "Encounter")
            elif not _stands_alone(kind, bodies) or stored.id in claimed:
                if kind == "Encounter" and stored.id not in claimed:
                    out.note([_NO_CLAIM], stored.id)
                continue
            out.add(claim(Shelf(bodies, offset), f"{kind}/{stored.id}"))
    for waiting in list(out.waiting):
        out.flush(waiting)
    _write(folder, LOSSES, out.report())
    return {**out.files, LOSSES: len(out.lost)}


def _stands_alone(kind: str, bodies: list[dict[str, Any]]) -> bool:
    """Whether a record is a check-in or a medical assessment, which have no claim."""
    marker = "/XML0/" if kind == "Encounter" else "XML12/"
    types = {body["resourceType"] for body in bodies}
    if "Claim" in types or (kind == "Composition" and "Encounter" in types):
        return False
    return any(marker in item.get("value", "") for body in bodies for item in _identifiers(body))


def _identifiers(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body.get("identifier", [])
    return [found] if isinstance(found, dict) else found


def _missing(record: Record, grant: Grant, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Facilities and clinicians that are named and did not come again with a record that was sent anew."""
    here = {f"{body['resourceType']}/{body['id']}" for body in bodies}
    named = {ref.text for body in bodies for ref in walk(body) if ref.text and ref.text not in here}
    wanted = sorted(name for name in named if name.partition("/")[0] in _SHARED)
    return [body for name in wanted if (body := _read(record, grant, name)) is not None]


def _around(record: Record, grant: Grant, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A claim of FHIR, what it and its Encounter refer to, and what refers to the Encounter."""
    seen: set[str] = set()
    waiting = [body]
    while waiting:
        current = waiting.pop()
        name = f"{current['resourceType']}/{current['id']}"
        if name in seen:
            continue
        seen.add(name)
        yield current
        if current["resourceType"] in ("Claim", "Encounter"):
            waiting += filter(None, (_read(record, grant, ref.text or "") for ref in walk(current)))
        if current["resourceType"] == "Encounter":
            waiting += [item.resource() for item in record.pointing_at(grant, "Encounter", current["id"])]


def _read(record: Record, grant: Grant, name: str) -> dict[str, Any] | None:
    kind, slash, number = name.partition("/")
    if not slash or kind not in record.counts():
        return None
    try:
        stored: Stored = record.read(grant, kind, number)
    except LienthongError as error:
        if error.category is not Category.NOT_FOUND:
            raise
        return None
    return stored.resource()


def _plain(facility: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in facility) or "claims"


def _write(folder: Path, name: str, data: bytes) -> None:
    part = folder / f".{name}.part"
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, folder / name)
