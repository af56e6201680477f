"""One hospital's node: its folder, settings, actor and rooms put together; every act passes `permit`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from lienthong import pipeline
from lienthong.core.actors import Actor, Role
from lienthong.core.clock import Clock, instant, system_clock, zone
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.core.settings import DEFAULT_TOML, Settings, read_settings
from lienthong.decisions.anchors import anchors, unanchored
from lienthong.decisions.ledger import Ledger, verify_outcome
from lienthong.decisions.people import People
from lienthong.decisions.person import Person
from lienthong.decisions.statement import Verdict
from lienthong.decisions.store import Chain
from lienthong.pipeline import Ingested, Progress, Way, quiet
from lienthong.privacy.access import NODE, Action, Grant, permit
from lienthong.privacy.access_log import node_log
from lienthong.privacy.vault import Vault
from lienthong.products import catalogue
from lienthong.products.decide import apply_pending, decide
from lienthong.products.evaluation.ledger import EvaluationLedger, What
from lienthong.products.evaluation.locking import lock
from lienthong.products.run import Run, run
from lienthong.record import Record, Stored, ai_guard
from lienthong.sources.tables import kept
from lienthong.warehouse import Built, Rows, Warehouse, stream_view
from lienthong.warehouse.export import Exported, export
from lienthong.warehouse.housekeeping import housekeeping
from lienthong.warehouse.trace import Traced, trace

__all__ = ["Node", "home_of"]

NO_NODE = ErrorKind(
    "node-missing",
    Category.MISSING,
    what="There is no node in this folder.",
    cure="Run `lienthong ingest` with exports to make one, or name another folder with --home.",
)


def home_of(path: Path) -> Path | None:
    """The home of the node that a path means, its home or the warehouse in it; None for any other path."""
    home = path.parent if path.name == "warehouse" else path
    return home if (home / "lienthong.toml").is_file() else None


class Node:
    """A node's folder, opened for one actor and purpose; close it, or use it in a `with`.

    `home` holds lienthong.toml, record.db, decisions.db, raw/, warehouse/, audit/ and keys/ (DESIGN 5). Unless
    `create` is false the folder is made when it is not there. `clock` and `random` are the machine's by default.
    """

    def __init__(
        self,
        home: Path | str,
        *,
        actor: Actor,
        purpose: str = "data-operations",
        create: bool = True,
        clock: Clock = system_clock,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.home, self.actor, self.purpose, self.clock = Path(home), actor, purpose, clock
        settings = self.home / "lienthong.toml"
        if not settings.exists():
            if not create:
                raise NO_NODE.at(str(self.home))
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            settings.write_text(DEFAULT_TOML, encoding="utf-8")
        self.settings: Settings = replace(
            read_settings(settings.read_bytes()), mappings=kept.read_all(self.home / "mappings")
        )
        keys = self.home / "keys"
        self.log = node_log(self.home, clock, random)
        self.vault = Vault(self.home / "raw", keys, random=random)
        decisions = self.home / "decisions.db"
        self.people = People(decisions, keys, clock, offset=self.settings.offset, random=random)
        self.ledger = Ledger(decisions, self.people, clock)
        self.evaluations = EvaluationLedger(self.people.store, self.people.seal_key, clock)
        guard = ai_guard(verify_outcome(self.people))
        self.record = Record.open(self.home / "record.db", clock=clock, guard=guard, step=self.settings.step)
        self.warehouse = Warehouse(
            self.home / "warehouse", clock, offset=self.settings.offset, controller=self.settings.controller
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.record.close()

    def permit(
        self, action: Action, scope: str = NODE, *, actor: Actor | None = None, purpose: str | None = None
    ) -> Grant:
        """A grant for this node's actor and purpose, or for the ones given; every answer is logged."""
        return permit(actor or self.actor, purpose or self.purpose, action, scope=scope, log=self.log)

    def did(self, grant: Grant, *, about: str = "", facts: Mapping[str, str | int] | None = None) -> None:
        """Writes down that what was permitted is done; `about` names a resource and is kept as a commitment only."""
        told = dict(facts or {})
        if grant.action in (Action.DECIDE, Action.MANAGE_PEOPLE, Action.RUN_PRODUCT):
            told |= anchors(self._chains)
        self.log.append(
            actor=grant.actor.name,
            purpose=grant.purpose.value,
            action=grant.action.value,
            scope=grant.scope,
            outcome="done",
            about=about,
            facts=told,
        )

    def ingest(
        self,
        paths: Iterable[Path],
        *,
        source: str | None = None,
        format: str = "auto",
        mapping: str | None = None,
        progress: Progress = quiet,
    ) -> Ingested:
        """Exports → record: everything is kept, every fault is named.

        `mapping` is the file of a mapping, or the name of a shipped one, for the tables among them; it is kept in
        HOME/mappings, so that the next ingest and a retry find it.
        """
        grant = self.permit(Action.INGEST)
        if mapping is not None:
            kept.keep(mapping, self.home / "mappings", self.settings.offset)
            self.settings = replace(self.settings, mappings=kept.read_all(self.home / "mappings"))
        done = pipeline.ingest(paths, self._way, grant, source=source, format=format, progress=progress)
        self._ingested(grant, done)
        self._write_signed(grant)
        return done

    def retry(self, *, progress: Progress = quiet) -> Ingested:
        """Reads again what lies in quarantine."""
        grant = self.permit(Action.INGEST)
        done = pipeline.retry(self._way, grant, progress=progress)
        self._ingested(grant, done)
        return done

    def build(self, *, engine: str = "duckdb", progress: Progress = quiet) -> Built:
        """Record → Parquet, views, OMOP, checks: one snapshot, swapped whole."""
        grant = self.permit(Action.BUILD)
        built = self.warehouse.build(self.record, grant, engine=engine, progress=progress)
        self.did(grant, facts={"snapshot": built.snapshot, "checks_failed": built.checks.failed})
        return built

    def query(self, sql: str) -> pa.Table:
        """Rows of the warehouse (`omop.<table>`, `views.<name>`, `fhir."<Type>"`) and of `record.<table>`."""
        self.permit(Action.QUERY)
        return self.warehouse.query(sql, housekeeping(self.record))

    def run_view(self, view: Mapping[str, Any], *, engine: str = "duckdb") -> Rows:
        """The rows of a SQL-on-FHIR view over the warehouse, in batches that are computed as they are taken."""
        self.permit(Action.QUERY)
        return stream_view(view, self.home / "warehouse", engine=engine)

    def trace(self, name: str) -> Traced:
        """From a resource, a person or an OMOP row back to file, record and field, and forward."""
        return trace(name, self.record, self.warehouse, self.permit(Action.TRACE))

    def export(self, folder: Path, *, what: str = "fhir", progress: Progress = quiet) -> Exported:
        """The record as NDJSON by type or as health-insurance XML, or the warehouse's tables as Parquet."""
        grant, offset = self.permit(Action.EXPORT), self.settings.offset
        made = self.clock().astimezone(zone(offset)).date()
        done = export(folder, what, self.record, self.warehouse, grant, progress, made=made, offset=offset)
        self.did(grant, facts={"what": what, "files": len(done.files), "rows": sum(done.files.values())})
        return done

    def permit_run(self) -> Grant:
        """A grant to run a product, once all that physicians signed is written."""
        grant = self.permit(Action.RUN_PRODUCT)
        self._write_signed(grant)
        return grant

    def run_product(self, name: str, *, progress: Progress = quiet) -> Run:
        """Runs a product of the catalogue on the warehouse; its suggestions wait for a physician."""
        product, grant = catalogue.load(name), self.permit_run()
        ran = run(product, self.warehouse, self.record, grant, self.clock, progress, offset=self.settings.offset)
        facts: dict[str, str | int] = {
            "product": ran.product,
            "version": ran.version,
            "digest": ran.digest,
            "people": ran.people,
        }
        self.did(grant, facts={**facts, "new": ran.new, "renewed": ran.renewed, "withdrawn": ran.withdrawn})
        return ran

    def decide(
        self,
        suggestion: str,
        verdict: Verdict,
        *,
        reason: str = "",
        change: Decimal | None = None,
        passphrase: str,
        seen: str | None = None,
    ) -> Stored:
        """This node's actor, a physician, accepts, changes or rejects the suggestion with this id, and signs it."""
        grant = self.permit(Action.DECIDE)
        outcome = decide(
            self.record,
            self.ledger,
            self.people,
            grant,
            suggestion,
            verdict,
            reason,
            change,
            passphrase,
            seen=seen,
        )
        self.did(grant, about=f"RiskAssessment/{suggestion}")
        return outcome

    def write_signed(self) -> int:
        """Writes what was signed while the record was busy, or before a process was killed; says how many."""
        return self._write_signed(self.permit(Action.INGEST))

    def _write_signed(self, grant: Grant) -> int:
        return len(apply_pending(self.record, self.ledger, self.people, grant))

    def add_person(
        self,
        name: str,
        *,
        display: str,
        roles: Sequence[Role],
        licence: str,
        password: str,
        passphrase: str | None,
    ) -> Person:
        """A new person with roles; who signs also gets a signing key that only the passphrase unlocks."""
        grant = self.permit(Action.MANAGE_PEOPLE)
        person = self.people.add(grant, name, display, password=password)
        for role in roles:
            person = self.people.entitle(grant, name, role, licence=licence if role is Role.PHYSICIAN else "")
        person = self.people.make_key(grant, name, passphrase) if passphrase else person
        self.did(grant, facts={"staff": person.name})
        return person

    def entitle_person(self, name: str, *, roles: Sequence[Role], licence: str = "") -> Person:
        grant = self.permit(Action.MANAGE_PEOPLE)
        for role in roles:
            self.people.entitle(grant, name, role, licence=licence if role is Role.PHYSICIAN else "")
        person = self.people.get(name)
        self.did(grant, facts={"staff": person.name})
        return person

    def make_key(self, name: str, passphrase: str) -> Person:
        """A new signing key for a person who may sign; an older one ends, what it signed stays valid."""
        grant = self.permit(Action.MANAGE_PEOPLE)
        person = self.people.make_key(grant, name, passphrase)
        self.did(grant, facts={"staff": person.name})
        return person

    def retire_person(self, name: str) -> Person:
        grant = self.permit(Action.MANAGE_PEOPLE)
        person = self.people.retire(grant, name)
        self.did(grant, facts={"staff": person.name})
        return person

    def lock_evaluation(self, what: What, name: str, passphrase: str) -> Mapping[str, Any]:
        """The lock of a protocol and artefact, signed by an evaluator and kept in the ledger of evaluations."""
        grant = self.permit(Action.RUN_PRODUCT)
        private = self.people.evaluator_key(name, passphrase)
        signed = lock(what, private, self.people.get(name).name, instant(self.clock()))
        self.evaluations.locked(self.actor.name, signed)
        self.did(grant, facts={"act": "lock-evaluation"})
        return signed

    def verify_audit(self) -> tuple[Finding, ...]:
        """What is not as it was written: the access log, people, decisions, evaluations, the kept files."""
        self.permit(Action.READ_FINDINGS)
        told = unanchored(self.log.entries(), self._chains)
        decided = (*self.people.verify(), *self.ledger.check(), *self.evaluations.verify())
        return (*self.log.verify(), *told, *decided, *self.vault.verify())

    def _ingested(self, grant: Grant, done: Ingested) -> None:
        counted, waiting = done.published, done.published.quarantined
        facts = {"batch": counted.batch, "files": counted.files, "records": counted.records}
        self.did(grant, facts={**facts, "quarantined": waiting.records, "quarantined_files": waiting.files})

    @property
    def _chains(self) -> dict[str, Chain]:
        return {"people": self.people.chain, "decisions": self.ledger.chain, "evaluations": self.evaluations.chain}

    @property
    def _way(self) -> Way:
        return Way(self.vault, self.record, self.settings)
