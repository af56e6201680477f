"""The ledger of signed decisions: it only grows, is chained by hash, in a store of its own (DESIGN 3.4, 3.10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.core import canonical
from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.decisions.people import People
from lienthong.decisions.statement import Signed, Statement, Verdict, content_digest
from lienthong.decisions.store import Chain, Entry, Store

__all__ = ["Decided", "Ledger", "verify_outcome"]

NOT_ENTITLED = ErrorKind(
    "decision-not-entitled",
    Category.FORBIDDEN,
    what="'{name}' is not entitled as a physician with a valid licence on this node, and only such a one decides.",
    allowed="a physician whose licence is valid today",
    cure="Ask the operator of this node: `lienthong user entitle {name} --role physician --licence NUMBER`.",
)
NO_SIGNING_KEY = ErrorKind(
    "decision-no-key",
    Category.MISSING,
    what="'{name}' has no signing key yet, or the key in HOME/keys is not the one this node knows.",
    cure="Make one with `lienthong user key {name}`; the physician types the passphrase.",
)
NO_REASON = ErrorKind(
    "decision-no-reason",
    Category.INCORRECT,
    what="To {verdict} a suggestion needs a reason.",
    allowed="a sentence of at least 3 characters",
    cure="Say why.",
)
STALE_TIME = ErrorKind(
    "decision-time-wrong",
    Category.CONFLICT,
    what="The statement was not made now, or names another licence than the signer's.",
    allowed="a statement made at most five minutes ago",
    cure="Look at the suggestion again and decide anew.",
)
ALREADY = ErrorKind(
    "decision-already-made",
    Category.CONFLICT,
    what="This version of the suggestion has been decided already, by '{name}'.",
    cure="Look at the suggestion as it is now; a later version can be decided anew.",
)

_SKEW = timedelta(minutes=5)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS decided (
    subject TEXT NOT NULL, version TEXT NOT NULL, sequence INTEGER NOT NULL UNIQUE REFERENCES decision,
    content BLOB NOT NULL, PRIMARY KEY (subject, version)
) STRICT;
CREATE TABLE IF NOT EXISTS applied (sequence INTEGER PRIMARY KEY REFERENCES decision, time TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS decided_no_update BEFORE UPDATE ON decided
    BEGIN SELECT RAISE(ABORT, 'decided can only grow'); END;
CREATE TRIGGER IF NOT EXISTS decided_no_delete BEFORE DELETE ON decided
    BEGIN SELECT RAISE(ABORT, 'decided can only grow'); END;
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """A signed decision with the outcome it was signed for (`content` is the resource as decided)."""

    signed: Signed
    content: dict[str, Any]


class Ledger:
    """The signed decisions of a node, in `database` (HOME/decisions.db), beside the people who sign."""

    def __init__(self, database: Path, people: People, clock: Clock) -> None:
        self._store = Store(database)
        self._people = people
        self._clock = clock
        self._chain = Chain(self._store, "decision", people.seal_key)
        self._chain.create()
        self._store.create(_SCHEMA)

    @property
    def chain(self) -> Chain:
        """The signed decisions as they follow each other."""
        return self._chain

    def statement(
        self, subject: str, version: str, digest: str, verdict: Verdict, reason: str, outcome: str, signer: str
    ) -> Statement:
        """A statement of this physician, now, under the licence that is valid now; refused without one."""
        now = instant(self._clock())
        licence = self._people.licence(signer, now)
        if licence is None:
            raise NOT_ENTITLED.at("signer", name=signer)
        reason = reason.strip()
        if verdict is not Verdict.ACCEPT and len(reason) < 3:
            raise NO_REASON.at("reason", verdict=verdict.value)
        return Statement(subject, version, digest, verdict, reason, outcome, signer, licence, now)

    def sign(self, statement: Statement, passphrase: str, content: dict[str, Any]) -> Signed:
        """Signs with the physician's own key; the decision and its outcome are on the disk when this returns.

        `content` is the resource as decided; its `content_digest` must be the statement's outcome.
        """
        name = statement.signer
        age = self._clock() - datetime.fromisoformat(statement.time)
        licence = self._people.licence(name, statement.time)
        if licence is None or self._people.licence(name, instant(self._clock())) is None:
            raise NOT_ENTITLED.at("signer", name=name)
        if abs(age) > _SKEW or licence != statement.licence:
            raise STALE_TIME.at("statement")
        if content_digest(content) != statement.outcome:
            raise STALE_TIME.at("statement: outcome")
        key = self._people.get(name).key
        if key is None:
            raise NO_SIGNING_KEY.at("signer", name=name)
        private = self._people.unlock(name, passphrase)
        if private.public_key().public_bytes_raw() != key.public:
            raise NO_SIGNING_KEY.at("signer", name=name)
        signature = private.sign(statement.to_bytes())
        signed = Signed(statement, key.fingerprint, signature, 0, "")
        with self._store.write() as connection:
            row = connection.execute(
                "SELECT sequence FROM decided WHERE subject = ? AND version = ?",
                (statement.subject, statement.version),
            ).fetchone()
            if row is not None:
                raise ALREADY.at(statement.subject, name=self._at(connection, row[0]).statement.signer)
            entry = self._chain.append(connection, _body(signed))
            connection.execute(
                "INSERT INTO decided VALUES (?, ?, ?, ?)",
                (statement.subject, statement.version, entry.sequence, canonical.encode(content)),
            )
        return replace(signed, sequence=entry.sequence, hash=entry.hash)

    def now(self) -> str:
        """The present instant, by the clock that dates the decisions."""
        return instant(self._clock())

    def is_decided(self, subject: str, version: str) -> bool:
        """Whether this version of a suggestion has been decided, even if the record does not show it yet."""
        return any(signed.statement.version == version for signed in self.of(subject))

    def verify(self, signed: Signed) -> bool:
        """Whether a decision holds: signature, key and licence at its time, and its place in an unbroken chain."""
        if _why_not(self._people, signed) is not None:
            return False
        with self._store.read() as connection:
            entry = self._entry(connection, signed.sequence)
        if entry is None or not self._chain.whole(entry):
            return False
        return entry.hash == signed.hash and entry.body == _body(signed)

    def check(self) -> list[Finding]:
        """What is wrong with the ledger: with its chain or, where that is whole, with a signature or an outcome.

        Signatures hang on the people's own chain; `People.verify` checks that one.
        """
        findings = self._chain.verify()
        if findings or any(True for _ in self._people.verify()):
            return findings
        for decided in self.all():
            why = _why_not(self._people, decided.signed)
            if why is None and content_digest(decided.content) != decided.signed.statement.outcome:
                why = "the outcome kept beside it is not the one that was signed"
            if why is not None:
                findings.append(_finding(decided.signed.sequence, why))
        return findings + [_pending(decided.signed.sequence) for decided in self.pending()]

    def of(self, subject: str) -> list[Signed]:
        """The decisions about a suggestion (`RiskAssessment/<id>`), oldest first."""
        return [decided.signed for decided in self._select("WHERE subject = ?", (subject,))]

    def all(self) -> list[Decided]:
        """Every decision with its outcome, oldest first."""
        return list(self._select("", ()))

    def pending(self) -> list[Decided]:
        """The decisions that have not been written into the record yet, oldest first."""
        return list(self._select("WHERE sequence NOT IN (SELECT sequence FROM applied)", ()))

    def applied(self, signed: Signed) -> None:
        """Notes that a decision stands in the record now; saying it twice is saying it once."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO applied VALUES (?, ?) ON CONFLICT DO NOTHING", (signed.sequence, instant(self._clock()))
            )

    def _select(self, where: str, values: tuple[str, ...]) -> Iterator[Decided]:
        with self._store.read() as connection:
            rows = connection.execute(
                f"SELECT sequence, content FROM decided {where} ORDER BY sequence",  # noqa: S608 - our own clauses
                values,
            ).fetchall()
            for sequence, content in rows:
                yield Decided(self._at(connection, sequence), canonical.parse(content))

    def _entry(self, connection: sqlite3.Connection, sequence: int) -> Entry | None:
        row = connection.execute(
            "SELECT sequence, body, previous, hash, seal FROM decision WHERE sequence = ?", (sequence,)
        ).fetchone()
        return Entry(*row) if row else None

    def _at(self, connection: sqlite3.Connection, sequence: int) -> Signed:
        entry = self._entry(connection, sequence)
        assert entry is not None, "`decided` refers to an entry of `decision`"
        return Signed.from_json({**entry.value(), "sequence": entry.sequence, "hash": entry.hash})


def verify_outcome(people: People) -> Callable[[bytes, bytes], str | None]:
    """The storage guard's question: why a decision does not cover a resource body, or None when it does.

    The function takes the decision (JSON of `Signed`) and the body (JSON of the resource as it would be stored).
    """

    def why(decision: bytes, body: bytes) -> str | None:
        try:
            signed = Signed.from_bytes(decision)
            resource = canonical.parse(body)
            reason = _why_not(people, signed)
        except (LienthongError, ValueError) as error:
            return error.what if isinstance(error, LienthongError) else "the resource can't be read"
        if reason is not None:
            return reason
        if not isinstance(resource, dict):
            return "the resource can't be read"
        if f"{resource.get('resourceType')}/{resource.get('id')}" != signed.statement.subject:
            return "the decision is about another resource"
        if content_digest(resource) != signed.statement.outcome:
            return "the resource is not the one that the physician signed"
        return None

    return why


def _why_not(people: People, signed: Signed) -> str | None:
    """Why a signature does not hold, judged at the time of signing; None when it does."""
    statement = signed.statement
    person = people.find(statement.signer)
    if person is None:
        return "the signer is not known on this node"
    key = next((key for key in person.keys if key.fingerprint == signed.key and key.holds(statement.time)), None)
    if key is None:
        return "the key was not the signer's own at the time of signing"
    if people.licence(statement.signer, statement.time) != statement.licence:
        return "the signer was not entitled as a physician under this licence at the time of signing"
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signed.signature, statement.to_bytes())
    except InvalidSignature:
        return "the signature is wrong"
    return None


def _body(signed: Signed) -> bytes:
    value = signed.to_json()
    return canonical.encode({name: value[name] for name in ("statement", "key", "signature")})


def _pending(sequence: int) -> Finding:
    return Finding(
        Severity.WARNING,
        "decisions-not-written",
        "A signed decision does not stand in the record yet.",
        Place(file="decisions.db", table="decision", row=str(sequence)),
        Rule("decisions-written", "A signed decision is written into the record", "DESIGN 3.4"),
        "It is written with the next decision or ingest; if it stays, see why the record refuses it.",
    )


def _finding(sequence: int, why: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "decisions-invalid",
        f"A decision of the ledger does not hold: {why}.",
        Place(file="decisions.db", table="decision", row=str(sequence)),
        Rule("decisions-signature", "A decision is signed by an entitled physician", "DESIGN 3.4"),
        "Find out who could write to HOME, and put the store back from the last backup.",
    )
