"""A physician's decision about a suggestion: signed and durable first, then written into the record."""

from __future__ import annotations

from decimal import Decimal

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.decisions.ledger import NOT_ENTITLED, Decided, Ledger
from lienthong.decisions.people import People
from lienthong.decisions.statement import Verdict, content_digest
from lienthong.privacy.access import Action, Grant, require
from lienthong.products.outcome import outcome_of, provenance_of
from lienthong.products.suggestion import AI_LABEL
from lienthong.record import Record, Stored

__all__ = ["apply_pending", "decide"]

TYPE = "RiskAssessment"

NOT_OPEN = ErrorKind(
    "suggestion-not-open",
    Category.CONFLICT,
    what="This suggestion is not open for a decision: it was decided, or withdrawn because its inputs changed.",
    allowed="a suggestion of an AI product with status preliminary",
    cure="Look at the patient again; the newest suggestion stands there.",
)
SEEN_OTHER = ErrorKind(
    "suggestion-changed",
    Category.CONFLICT,
    what="The suggestion has changed since it was shown.",
    allowed="the version that stands in the record now",
    cure="Look at it again and decide on what it says now.",
)
NOT_WRITTEN_YET = ErrorKind(
    "decision-kept-not-written",
    Category.BUSY,
    what="The decision is signed and kept; the record is busy and will show it a little later.",
    cure="Nothing needs to be signed again: it is written with the next decision or ingest.",
)


def decide(
    record: Record,
    ledger: Ledger,
    people: People,
    grant: Grant,
    suggestion: str,
    verdict: Verdict,
    reason: str,
    change: Decimal | None,
    passphrase: str,
    *,
    seen: str | None = None,
) -> Stored:
    """Signs a decision about the suggestion with this id and gives the outcome as the record holds it.

    `change` is the physician's own probability (0 to 1), for the verdict change. `seen` is the version (its number or
    its digest) that the physician looked at; another one in the record is a conflict. The signer is the grant's
    actor.
    """
    require(grant, Action.DECIDE)
    apply_pending(record, ledger, people, grant)
    stored = record.read(grant, TYPE, suggestion)
    if seen is not None and seen not in (str(stored.version), stored.digest):
        raise SEEN_OTHER.at(TYPE)
    body = canonical.parse(stored.body)
    labels = [label.get("code") for label in body.get("meta", {}).get("security", ())]
    if (
        AI_LABEL["code"] not in labels
        or body.get("status") != "preliminary"
        or ledger.is_decided(stored.reference, str(stored.version))
    ):
        raise NOT_OPEN.at(TYPE)
    signer = people.find(grant.actor.name)
    licence = people.licence(grant.actor.name, ledger.now())
    if signer is None or licence is None:
        raise NOT_ENTITLED.at("signer", name=grant.actor.name)
    outcome = outcome_of(body, verdict, reason, change, name=signer.display, licence=licence)
    statement = ledger.statement(
        stored.reference, str(stored.version), stored.digest, verdict, reason, content_digest(outcome), signer.name
    )
    signed = ledger.sign(statement, passphrase, outcome)
    try:
        return _write(record, ledger, people, grant, Decided(signed, outcome))
    except LienthongError as error:
        if error.retry:
            raise NOT_WRITTEN_YET.at(TYPE) from error
        raise


def apply_pending(record: Record, ledger: Ledger, people: People, grant: Grant) -> list[Stored]:
    """Writes the decisions that were signed but not written (record busy, process killed); may be repeated.

    One that can't be written stays pending and does not stop the others; `Ledger.check` names it.
    """
    written = []
    for decided in ledger.pending():
        try:
            written.append(_write(record, ledger, people, grant, decided))
        except LienthongError:
            continue
    return written


def _write(record: Record, ledger: Ledger, people: People, grant: Grant, decided: Decided) -> Stored:
    """The outcome with its decision and the Provenance, at once; then the ledger knows that they are there."""
    signed = decided.signed
    display = people.get(signed.statement.signer).display
    provenance = provenance_of(signed, decided.content, display)
    stored = record.author(grant, [decided.content, provenance], decision=signed.to_bytes())
    ledger.applied(signed)
    return stored[0]
