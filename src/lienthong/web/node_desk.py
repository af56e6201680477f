"""The desk of a real node: each page's values from the record, the ledger and the people, after `permit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from lienthong.core.actors import Actor, Purpose, Role
from lienthong.core.clock import Clock, zone
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.settings import Settings
from lienthong.decisions import Ledger, People, Signed, verify_outcome
from lienthong.privacy.access import NODE, Action, Grant, one_person
from lienthong.products import catalogue, suggestion
from lienthong.products.card import Card
from lienthong.products.decide import decide
from lienthong.record import FileRow as KeptFile
from lienthong.record import FindingGroup, Record, Stored
from lienthong.web.desk import (
    BatchRow,
    FilePage,
    FileRow,
    IngestPage,
    PatientPage,
    QuarantineRow,
    ResourceOrigin,
    ResourcePage,
    Wish,
    WorklistPage,
)
from lienthong.web.elements import concept, first, reference, text
from lienthong.web.measurements import findings_of, grouped, panels_of
from lienthong.web.person import name_of, person_of
from lienthong.web.suggestion import SignedView, SuggestionView, frequency_of, view_of, years_of
from lienthong.web.timeline import summary_of, timeline_of
from lienthong.web.worklist import Worklist, page_of

__all__ = ["NodeDesk", "NodeLike"]

ADULT = 18
_RECORDS = 50
_BATCHES = 20

NO_PERSON = ErrorKind(
    "person-not-in-record",
    Category.NOT_FOUND,
    what="There is no such person in the record.",
    cure="Open the patient from the worklist.",
)
NO_SUGGESTION = ErrorKind(
    "suggestion-not-in-record",
    Category.NOT_FOUND,
    what="This patient has no such suggestion.",
    cure="Open the patient again from the worklist.",
)
STALE = ErrorKind(
    "suggestion-seen-other",
    Category.CONFLICT,
    what="The suggestion has changed, or was decided, since it was shown.",
    cure="Look at the patient again and decide on what it says now.",
)
NO_BATCH = ErrorKind(
    "ingest-not-found",
    Category.NOT_FOUND,
    what="There is no such ingest, or no such file in it.",
    cure="Begin with the last ingest.",
)


class NodeLike(Protocol):
    """What the pages use of a node."""

    @property
    def settings(self) -> Settings: ...

    @property
    def record(self) -> Record: ...

    @property
    def people(self) -> People: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def clock(self) -> Clock: ...

    def permit(
        self, action: Action, scope: str = NODE, *, actor: Actor | None = None, purpose: str | None = None
    ) -> Grant: ...

    def did(self, grant: Grant, *, about: str = "") -> None: ...


class NodeDesk:
    """Answers from a node. It keeps no password, no passphrase and no key."""

    def __init__(self, node: NodeLike) -> None:
        self._node = node
        self.zone: tzinfo = zone(node.settings.offset)
        self.controller = node.settings.controller
        self.language = node.settings.language
        self._worklist = Worklist(self.zone)
        self._holds = verify_outcome(node.people)
        # A published batch never changes, and its findings may be many
        self._findings: Callable[[int], tuple[FindingGroup, ...]] = lru_cache(8)(self._read_findings)

    # Who

    def sign_in(self, name: str, password: str) -> Actor | None:
        return self._node.people.sign_in(name, password)

    def present(self, actor: Actor) -> Actor | None:
        person = self._node.people.find(actor.name)
        return self._node.people.actor(person) if person is not None and person.active else None

    def display(self, actor: Actor) -> str:
        return self._display(actor.name)

    # Physician

    def worklist(self, actor: Actor, *, search: str, page: int, size: int) -> WorklistPage:
        grant = self._permit(actor, Action.READ_WORKLIST)
        rows = self._worklist.rows(self._node.record, grant, self._node.clock())
        return page_of(rows, search=search, page=page, size=size)

    def patient(self, actor: Actor, person: str, *, visits: int, revealed: bool) -> PatientPage:
        grant = self._permit(actor, Action.READ_PERSON, person)
        if revealed:
            self._permit(actor, Action.READ_IDENTIFIERS, person)
        stored = list(self._node.record.compartment(grant, person))
        if not stored:
            raise NO_PERSON.at("person")
        resources = [item.resource() for item in stored]
        head = person_of(
            person,
            resources,
            now=self._node.clock(),
            zone=self.zone,
            systems=self._node.settings.systems,
            revealed=revealed,
        )
        is_adult = head.age is not None and head.age.unit == "years" and head.age.count >= ADULT
        panels = panels_of(resources, zone=self.zone, gender=_gender(resources), is_adult=is_adult)
        groups, others = grouped(panels)
        return PatientPage(
            person=head,
            suggestions=self._suggestions(stored, grant),
            summary=summary_of(resources, zone=self.zone),
            answers=findings_of(resources, zone=self.zone),
            groups=groups,
            others=others,
            timeline=timeline_of(resources, zone=self.zone, page=visits),
        )

    def reveal(self, actor: Actor, person: str) -> None:
        self._permit(actor, Action.READ_IDENTIFIERS, person)

    def check(self, actor: Actor, wish: Wish) -> None:
        grant = self._permit(actor, Action.DECIDE, wish.person)
        stored = self._of_person(grant, wish)
        is_open = text(stored.resource().get("status")) == "preliminary"
        if str(stored.version) != wish.version or not is_open:
            raise STALE.at("suggestion")

    def decide(self, actor: Actor, wish: Wish, passphrase: str) -> None:
        grant = self._permit(actor, Action.DECIDE, wish.person)
        self._of_person(grant, wish)
        decide(
            self._node.record,
            self._node.ledger,
            self._node.people,
            grant,
            wish.suggestion,
            wish.verdict,
            wish.reason,
            Decimal(wish.change) / 100 if wish.change else None,
            passphrase,
            seen=wish.version,
        )
        self._node.did(grant, about=f"RiskAssessment/{wish.suggestion}")

    # Data engineer

    def ingest(self, actor: Actor, batch: int | None) -> IngestPage | None:
        self._permit(actor, Action.READ_FINDINGS)
        ingests = [row for row in self._node.record.batches() if row.kind == "ingest" and row.summary]
        if not ingests and batch is None:
            return None
        chosen = next((row for row in ingests if row.id == batch), None) if batch else ingests[-1]
        if chosen is None or chosen.summary is None:
            raise NO_BATCH.at("ingest")
        rows = [
            BatchRow(row.id, row.source, row.actor, datetime.fromisoformat(row.published_at))
            for row in reversed(ingests)
        ]
        files = self._node.record.files(chosen.id)
        # What was quarantined by an earlier ingest of the same file waits still: the same file was given again
        given = {row.sha256 for row in files if row.sha256}
        quarantined = [
            row
            for row in self._node.record.quarantine()
            if row.batch == chosen.id or (row.sha256 in given and row.resolved_batch is None)
        ]
        return IngestPage(
            batch=next(row for row in rows if row.id == chosen.id),
            batches=tuple(rows[:_BATCHES]),
            summary=chosen.summary,
            files=tuple(_file(row) for row in files),
            findings=self._findings(chosen.id),
            quarantine=tuple(
                QuarantineRow(row.file, row.record, row.reason, row.rule, row.since, row.resolved_batch is not None)
                for row in quarantined
            ),
        )

    def file(self, actor: Actor, batch: int, file: int, *, page: int) -> FilePage:
        self._permit(actor, Action.TRACE)
        row = self._node.record.file(file)
        of = next((item for item in self._node.record.batches() if item.id == batch), None)
        if row is None or of is None or row.batch != batch:
            raise NO_BATCH.at("file")
        pages = max(1, -(-row.traced // _RECORDS))
        page = min(page, pages)
        return FilePage(
            batch=BatchRow(of.id, of.source, of.actor, datetime.fromisoformat(of.published_at)),
            file=_file(row),
            rows=tuple(self._node.record.records_of(file, offset=(page - 1) * _RECORDS, limit=_RECORDS)),
            page=page,
            pages=pages,
        )

    def resource(self, actor: Actor, type: str, id: str) -> ResourcePage:
        """One resource with its origins; where it is about a person, a grant for that person is asked and logged."""
        grant = self._permit(actor, Action.TRACE)
        stored = self._node.record.read(grant, type, id)
        content = stored.resource()
        person = self._person_of(grant, content)
        if person is not None:
            grant = self._permit(actor, Action.TRACE, person)
        came = self._node.record.origins(grant, type, id)
        return ResourcePage(
            type=type,
            id=id,
            version=str(stored.version),
            title=concept(content.get("code")) if type != "Patient" else name_of(content),
            content=content,
            digest=stored.digest,
            origins=tuple(ResourceOrigin(item.source, item.file, item.record, item.field) for item in came),
        )

    # Within

    def _permit(self, actor: Actor, action: Action, person: str = "") -> Grant:
        """A grant for the purpose for which this actor is here; the refusal says whom to ask."""
        if Role.PHYSICIAN in actor.roles:
            purpose = Purpose.TREATMENT
        elif Role.DATA_ENGINEER in actor.roles or Role.STEWARD in actor.roles:
            purpose = Purpose.OPERATIONS
        else:
            purpose = Purpose.QUALITY
        scope = one_person(person) if person else NODE
        return self._node.permit(action, scope, actor=actor, purpose=purpose.value)

    def _suggestions(self, stored: list[Stored], grant: Grant) -> tuple[SuggestionView, ...]:
        """The suggestions of this node's products: open ones first, then the newest; withdrawn ones are left out."""
        views = [
            self._view(item, resource, grant)
            for item in stored
            if item.type == "RiskAssessment" and item.ai
            for resource in (item.resource(),)
            if text(resource.get("status")) != "entered-in-error" and suggestion.read(resource).product
        ]
        return tuple(sorted(views, key=lambda view: (not view.is_open, -view.since.timestamp(), view.id)))

    def _view(self, stored: Stored, resource: Mapping[str, Any], grant: Grant) -> SuggestionView:
        history = self._node.record.history(grant, stored.type, stored.id)
        said = [item for item in history if item.decision is None] or [stored]
        return view_of(
            resource,
            since=datetime.fromisoformat(said[-1].recorded_at),
            card=_card(suggestion.read(resource).product),
            signed=[self._signed(item, stored, resource) for item in self._node.ledger.of(stored.reference)],
        )

    def _signed(self, signed: Signed, stored: Stored, resource: Mapping[str, Any]) -> SignedView:
        statement = signed.statement
        found = suggestion.read(resource)
        decided = found.risk if found.original is not None and found.risk is not None else None
        # Checked anew on every look: the entry of the ledger, and that what stands in the record is what was signed
        holds = self._node.ledger.verify(signed) and self._holds(signed.to_bytes(), stored.body) is None
        return SignedView(
            verdict=statement.verdict.value,
            reason=statement.reason,
            decided=None if decided is None else frequency_of(decided, years_of(resource)),
            signer=self._display(statement.signer),
            licence=statement.licence,
            at=datetime.fromisoformat(statement.time),
            version=statement.version,
            outcome=statement.outcome,
            key=signed.key,
            sequence=signed.sequence,
            hash=signed.hash,
            holds=holds,
        )

    def _of_person(self, grant: Grant, wish: Wish) -> Stored:
        """The suggestion, where it is this person's; the grant covers no other."""
        try:
            return self._node.record.read(grant, "RiskAssessment", wish.suggestion)
        except LienthongError as error:
            if error.category in (Category.FORBIDDEN, Category.NOT_FOUND):
                raise NO_SUGGESTION.at("suggestion") from None
            raise

    def _person_of(self, grant: Grant, content: Mapping[str, Any]) -> str | None:
        if content.get("resourceType") == "Patient":
            return self._node.record.person_of(grant, text(content.get("id")))
        for name in ("subject", "patient", "beneficiary", "individual"):
            kind, _, key = reference(first(content.get(name))).partition("/")
            if kind == "Patient":
                return self._node.record.person_of(grant, key)
        return None

    def _display(self, name: str) -> str:
        person = self._node.people.find(name)
        return person.display if person else name

    def _read_findings(self, batch: int) -> tuple[FindingGroup, ...]:
        return tuple(self._node.record.finding_groups(batch))


def _card(product: str) -> Card | None:
    """The card of a product that is installed here; a suggestion outlives its product."""
    return catalogue.card(product) if product in catalogue.names() else None


def _gender(resources: list[dict[str, Any]]) -> str:
    return next((text(item.get("gender")) for item in resources if item.get("resourceType") == "Patient"), "")


def _file(row: KeptFile) -> FileRow:
    return FileRow(
        row.id, row.name, row.format, row.size, row.sha256, row.traced, row.quarantined, bool(row.unreadable)
    )
