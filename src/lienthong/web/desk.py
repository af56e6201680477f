"""What a page asks for and gets: the values of each page, and the one function behind it, as a Protocol.

`web.node_desk.NodeDesk` answers from a node; a test may answer otherwise. Pages hold no business logic, the desk
holds no HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Protocol

from lienthong.core.actors import Actor
from lienthong.decisions.statement import Verdict
from lienthong.products.assessment import Score
from lienthong.record import FindingGroup, Published, RecordRow
from lienthong.web.measurements import Finding as Answer
from lienthong.web.measurements import Panel
from lienthong.web.person import Age, Person
from lienthong.web.suggestion import Frequency, SuggestionView
from lienthong.web.texts import Words
from lienthong.web.timeline import Summary, Timeline

__all__ = [
    "BatchRow",
    "Desk",
    "FilePage",
    "FileRow",
    "IngestPage",
    "PatientPage",
    "QuarantineRow",
    "ResourceOrigin",
    "ResourcePage",
    "Wish",
    "WorklistPage",
    "WorklistRow",
]


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One open suggestion: whose, how urgent, about what, why and since when; `risk` only sets the order.

    It has a frequency or a `score`, by what its product gives.
    """

    suggestion: str
    person: str
    name: str
    age: Age | None
    sex: str
    risk: Decimal | None
    frequency: Frequency | None
    product: Words
    reasons: tuple[Words, ...]
    since: datetime
    score: Score | None = None


@dataclass(frozen=True, slots=True)
class WorklistPage:
    rows: tuple[WorklistRow, ...]
    total: int
    page: int
    pages: int
    search: str


@dataclass(frozen=True, slots=True)
class PatientPage:
    """All of one patient's page; `groups` are the charts by group, `others` the charts of less known measurements."""

    person: Person
    suggestions: tuple[SuggestionView, ...]
    summary: Summary
    answers: tuple[Answer, ...]
    groups: tuple[tuple[str, tuple[Panel, ...]], ...]
    others: tuple[Panel, ...]
    timeline: Timeline

    def suggestion(self, id: str) -> SuggestionView | None:
        return next((view for view in self.suggestions if view.id == id), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision as a physician wishes it, before it is signed: about exactly the version that was shown.

    `change` is the physician's own estimate, so many of a hundred, as typed.
    """

    person: str
    suggestion: str
    version: str
    verdict: Verdict
    reason: str
    change: str

    @property
    def own(self) -> Decimal:
        """The physician's own estimate as a number of a hundred."""
        return Decimal(self.change)


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A quarantined record, or a whole file (`record` empty); `resolved` once a later ingest has kept it."""

    file: str
    record: str
    reason: str
    rule: str
    since: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of a batch: how many of its records stand in the record by it, and how many are quarantined."""

    number: int
    name: str
    format: str
    size: int
    sha256: str
    traced: int
    quarantined: int
    unreadable: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One ingest: its number, where from, by whom and when it was published."""

    id: int
    source: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class IngestPage:
    """One ingest: the balance of its records, findings by kind, quarantine, files, and files that were left out.

    `summary` holds the counts: records = kept + quarantined, resources read = new + updated + unchanged.
    """

    batch: BatchRow
    batches: tuple[BatchRow, ...]
    summary: Published
    files: tuple[FileRow, ...]
    findings: tuple[FindingGroup, ...]
    quarantine: tuple[QuarantineRow, ...]

    @property
    def balances(self) -> bool:
        counts, resources = self.summary, self.summary.resources
        return (
            counts.records == counts.kept + counts.quarantined.records
            and resources.read == resources.new + resources.updated + resources.unchanged
        )

    @property
    def waiting(self) -> int:
        """How much of this ingest is still quarantined: records and whole files."""
        return sum(not row.resolved for row in self.quarantine)


@dataclass(frozen=True, slots=True)
class FilePage:
    batch: BatchRow
    file: FileRow
    rows: tuple[RecordRow, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class ResourceOrigin:
    source: str
    file: str
    record: str
    field: str


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """One resource as it is kept: `content` is its JSON, `digest` the SHA-256 of its canonical bytes."""

    type: str
    id: str
    version: str
    title: str
    content: Mapping[str, Any]
    digest: str
    origins: tuple[ResourceOrigin, ...]


class Desk(Protocol):
    """What the pages ask of a node. Each call passes `permit` for the actor; a refusal is a LienthongError."""

    zone: tzinfo
    controller: str
    language: str

    def sign_in(self, name: str, password: str) -> Actor | None: ...

    def present(self, actor: Actor) -> Actor | None:
        """The actor with the roles that hold now, or None when the person works here no more."""

    def display(self, actor: Actor) -> str: ...

    def worklist(self, actor: Actor, *, search: str, page: int, size: int) -> WorklistPage: ...

    def patient(self, actor: Actor, person: str, *, visits: int, revealed: bool) -> PatientPage: ...

    def reveal(self, actor: Actor, person: str) -> None:
        """Permits and logs that this person's identifiers are shown."""

    def check(self, actor: Actor, wish: Wish) -> None:
        """Refuses a wish that could not be signed (stale, decided, no reason), before a passphrase is asked for."""

    def decide(self, actor: Actor, wish: Wish, passphrase: str) -> None:
        """Signs and stores a decision; the passphrase is used and forgotten."""

    def ingest(self, actor: Actor, batch: int | None) -> IngestPage | None:
        """The batch with this id, or the last one; None when nothing was taken in yet."""

    def file(self, actor: Actor, batch: int, file: int, *, page: int) -> FilePage: ...

    def resource(self, actor: Actor, type: str, id: str) -> ResourcePage: ...
