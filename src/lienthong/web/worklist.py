"""The worklist from the record: open suggestions with their patients, the highest risk first, found by name.

What was read once is kept by resource version, so that a page reads only what is new since the last one. The rows are
kept for people who may see the whole list; who may not is refused before they are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from threading import Lock
from typing import Any, Protocol

from lienthong.core.text import fold
from lienthong.privacy.access import Grant
from lienthong.products import suggestion as written
from lienthong.products.assessment import Score
from lienthong.record import Membership, Stored
from lienthong.web.desk import WorklistPage, WorklistRow
from lienthong.web.elements import reference, text
from lienthong.web.person import age_on, name_of, sex_of
from lienthong.web.suggestion import frequency_of, reasons_in_a_line, years_of
from lienthong.web.texts import Words

__all__ = ["Worklist", "matches", "page_of", "urgency"]


class Shelf(Protocol):
    """What the worklist reads of a record."""

    def state(self) -> int: ...

    def resources(self, grant: Grant, type: str) -> Iterable[Stored]: ...

    def read(self, grant: Grant, type: str, id: str) -> Stored: ...

    def memberships(self, grant: Grant) -> Iterable[Membership]: ...


@dataclass(frozen=True, slots=True)
class Open:
    """One open suggestion as it was read: its patient, probability or points, product, reasons and time."""

    id: str
    patient: str
    risk: Decimal | None
    years: int | None
    product: Words
    reasons: tuple[Words, ...]
    since: datetime
    score: Score | None


def urgency(row: WorklistRow) -> tuple[int, Decimal, int, datetime, str]:
    """The order of the list: what a score calls an emergency, what it calls urgent, then the highest risk first.

    Among scores the most points come first; then who has waited longest, then by id.
    """
    urgent, points = (row.score.urgency, row.score.low) if row.score else (0, 0)
    return (-urgent, Decimal(1) if row.risk is None else -row.risk, -points, row.since, row.suggestion)


def matches(name: str, search: str) -> bool:
    """Whether each searched word begins a word of the name; tones count only where they were typed.

    >>> matches("Nguyễn Thị Hồng Đào", "nguyen dao"), matches("Trần Văn Đức", "dục")
    (True, False)
    """
    toned, bare = name.casefold().split(), fold(name).split()
    return all(
        any(part.startswith(word) for part in (bare if fold(word) == word else toned))
        for word in search.casefold().split()
    )


def page_of(rows: Iterable[WorklistRow], *, search: str, page: int, size: int) -> WorklistPage:
    """One page of the rows that fit a search, most urgent first."""
    found = sorted((row for row in rows if matches(row.name, search)), key=urgency)
    pages = max(1, -(-len(found) // size))
    page = min(page, pages)
    return WorklistPage(tuple(found[(page - 1) * size : page * size]), len(found), page, pages, search)


class Worklist:
    """The open suggestions of a record, read anew when something was published since."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._lock = Lock()
        self._as_of: tuple[int, date] | None = None
        self._rows: tuple[WorklistRow, ...] = ()
        self._open: dict[tuple[str, int], Open | None] = {}

    def rows(self, record: Shelf, grant: Grant, now: datetime) -> tuple[WorklistRow, ...]:
        """All rows, as of what is published now; ages are those of the day."""
        with self._lock:
            as_of = (record.state(), now.astimezone(self._zone).date())
            if as_of != self._as_of:
                self._rows = self._read(record, grant, as_of[1])
                self._as_of = as_of
            return self._rows

    def _read(self, record: Shelf, grant: Grant, day: date) -> tuple[WorklistRow, ...]:
        seen: dict[tuple[str, int], Open | None] = {}
        for stored in record.resources(grant, "RiskAssessment"):
            if stored.ai:
                key = (stored.id, stored.version)
                seen[key] = self._open[key] if key in self._open else _opened(stored)
        self._open = seen
        waiting = [item for item in seen.values() if item is not None]
        if not waiting:
            return ()
        persons = {membership.patient: membership.person for membership in record.memberships(grant)}
        patients: dict[str, Mapping[str, Any]] = {}
        for item in waiting:
            if item.patient not in patients and item.patient in persons:
                patients[item.patient] = record.read(grant, "Patient", item.patient).resource()
        return tuple(
            WorklistRow(
                suggestion=item.id,
                person=persons[item.patient],
                name=name_of(patients[item.patient]),
                age=age_on(text(patients[item.patient].get("birthDate")), day),
                sex=sex_of(patients[item.patient]),
                risk=item.risk,
                frequency=None if item.risk is None else frequency_of(item.risk, item.years),
                product=item.product,
                reasons=item.reasons,
                since=item.since,
                score=item.score,
            )
            for item in waiting
            if item.patient in patients
        )


def _opened(stored: Stored) -> Open | None:
    """The suggestion while it is open; None for a decided one, and for what no product of this node wrote."""
    resource = stored.resource()
    if text(resource.get("status")) != "preliminary":
        return None
    found = written.read(resource)
    kind, _, patient = reference(resource.get("subject")).partition("/")
    if not found.product or kind != "Patient":
        return None
    return Open(
        id=stored.id,
        patient=patient,
        risk=found.risk,
        years=years_of(resource),
        product=found.title or found.product,
        reasons=reasons_in_a_line(resource),
        since=datetime.fromisoformat(stored.recorded_at),
        score=found.score,
    )
