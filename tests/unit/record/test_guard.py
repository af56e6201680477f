"""No AI output reaches a final status without a decision, by no way into the record (DESIGN 3.4)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.privacy.access import Action, Grant
from lienthong.record import AI_LABEL, Record, ai_guard, body_of, schema
from lienthong.record.guard import is_labelled
from lienthong.record.step import insert_sql

Grants = Callable[..., Grant]
LABEL = {"security": [AI_LABEL]}


def risk(status: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "RiskAssessment",
        "id": "r1",
        "meta": LABEL,
        "status": status,
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def reason(resource: dict[str, Any], decision: bytes | None = None) -> str | None:
    return ai_guard(lambda given, body: None if given == b"signed " + body else "not signed")(
        body_of(resource), decision
    )


@pytest.mark.parametrize(
    "resource",
    [
        risk("preliminary"),
        risk("registered"),
        risk("entered-in-error"),
        {"resourceType": "ServiceRequest", "meta": LABEL, "status": "draft", "intent": "proposal"},
        {
            "resourceType": "Condition",
            "meta": LABEL,
            "verificationStatus": {"coding": [{"code": "provisional"}]},
        },
    ],
)
def test_what_is_not_final_may_be_stored(resource: dict[str, Any]) -> None:
    assert reason(resource) is None


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        (risk("final"), "RiskAssessment.status is final only with a physician's decision"),
        (risk("amended"), "RiskAssessment.status"),
        ({"resourceType": "ClinicalImpression", "meta": LABEL}, "ClinicalImpression.status"),
        (
            {"resourceType": "ServiceRequest", "meta": LABEL, "status": "draft", "intent": "order"},
            "intent proposal only",
        ),
        (
            {"resourceType": "ServiceRequest", "meta": LABEL, "status": "active", "intent": "proposal"},
            "ServiceRequest.status",
        ),
        (
            {"resourceType": "Condition", "meta": LABEL, "verificationStatus": {"coding": [{"code": "confirmed"}]}},
            "Condition.verificationStatus",
        ),
        ({"resourceType": "Condition", "meta": LABEL, "verificationStatus": {"text": "sure"}}, "verificationStatus"),
        (
            {"resourceType": "DiagnosticReport", "status": "final", "contained": [risk("final")]},
            "RiskAssessment.status",
        ),
        (risk("final", meta={"security": [{"code": "AIAST"}]}), "RiskAssessment.status"),
    ],
)
def test_what_is_final_needs_a_decision(resource: dict[str, Any], says: str) -> None:
    assert says in (reason(resource) or "")
    assert reason(resource, b"signed " + body_of(resource)) is None
    assert reason(resource, b"signed something else") == "not signed"


def test_the_label_is_seen_where_it_is_and_nowhere_else() -> None:
    assert is_labelled(body_of(risk("final")))
    assert is_labelled(b'{"meta":{"security":[{"code":"AI\\u0041ST"}]}}')
    assert not is_labelled(body_of({"resourceType": "Patient", "id": "p", "name": [{"text": "AIAST"}]}))
    assert not is_labelled(b"AIAST, no JSON")


@pytest.fixture
def suggested(record: Record, grants: Grants) -> Record:
    record.author(grants(Action.RUN_PRODUCT), [risk("preliminary")])
    return record


def refused(call: Callable[[], object]) -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        call()
    assert caught.value.category in (Category.FORBIDDEN, Category.CONFLICT)
    return caught.value


def unchanged(record: Record, grants: Grants) -> bool:
    (stored,) = record.history(grants(), "RiskAssessment", "r1")
    return stored.resource()["status"] == "preliminary" and stored.ai


def test_author_needs_a_valid_decision(suggested: Record, grants: Grants) -> None:
    decide = grants(Action.DECIDE)
    final = risk("final")
    error = refused(lambda: suggested.author(decide, [final]))
    assert error.what == (
        "This can't be stored: an AI output's RiskAssessment.status is final only with a physician's decision."
    )
    refused(lambda: suggested.author(decide, [final], decision=b"signed another body"))
    refused(lambda: suggested.author(decide, [risk("preliminary")], decision=b"forged"))
    assert unchanged(suggested, grants)
    (stored,) = suggested.author(decide, [final], decision=b"signed " + body_of(final))
    assert (stored.version, stored.decision, stored.ai) == (2, b"signed " + body_of(final), True)


def test_a_decision_does_not_cover_the_next_version(suggested: Record, grants: Grants) -> None:
    decide, final = grants(Action.DECIDE), risk("final")
    decision = b"signed " + body_of(final)
    suggested.author(decide, [final], decision=decision)
    refused(lambda: suggested.author(decide, [risk("amended")], decision=decision))
    refused(lambda: suggested.author(decide, [risk("amended")]))


def test_the_label_can_not_be_taken_off(suggested: Record, grants: Grants, feed: Any) -> None:
    bare = {name: item for name, item in risk("final").items() if name != "meta"}
    error = refused(lambda: suggested.author(grants(Action.DECIDE), [bare]))
    assert "the label of an AI output can't be taken off" in error.what
    assert feed("a", bare).quarantined.records == 1
    assert feed("b", [{**bare, "id": "r2", "meta": LABEL, "status": "draft"}, {**bare, "id": "r2"}]).kept == 0
    assert unchanged(suggested, grants)


def test_an_ingested_file_can_not_bring_a_final_ai_output(feed: Any, record: Record, grants: Grants) -> None:
    published = feed("a", risk("final"), {"resourceType": "Patient", "id": "p1"}, risk("preliminary", id="r2"))
    assert (published.kept, published.quarantined.records, published.resources.new) == (2, 1, 2)
    (row,) = record.quarantine()
    assert (row.rule, row.record, row.finding.place.path) == ("ai-unsigned", "1", "RiskAssessment")
    assert "final only with a physician's decision" in row.reason
    assert record.counts() == {"Patient": 1, "RiskAssessment": 1}


@contextmanager
def open_batch(record: Record, grants: Grants) -> Iterator[tuple[sqlite3.Connection, int]]:
    """A connection of the record itself, and an open batch to abuse."""
    with record.begin(grants(Action.INGEST), source="main") as batch, record._store.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        yield raw, batch.id


def row(batch: int, resource: dict[str, Any], *, version: int = 2, ai: int = 1, body: bytes = b"") -> tuple[Any, ...]:
    body = body or body_of(resource)
    return (1, version, batch, hashlib.sha256(body).digest(), None, ai, 0, "2026", None, body)


INSERT = insert_sql(schema.version)


@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
@pytest.mark.parametrize("version", [1, 2])
def test_raw_sql_on_the_open_connection(suggested: Record, grants: Grants, verb: str, version: int) -> None:
    statement = INSERT.replace("INSERT", verb, 1)
    bare = {name: item for name, item in risk("final").items() if name != "meta"}
    escaped = body_of(risk("final")).replace(b"AIAST", b"AI\\u0041ST")
    with open_batch(suggested, grants) as (raw, batch):
        for values in (
            row(batch, risk("final"), version=version),
            row(batch, risk("final"), version=version, ai=0),
            row(batch, bare, version=version, ai=0),
            row(batch, bare, version=version, ai=1),
            row(batch, {}, version=version, ai=1, body=escaped),
            row(batch, {}, version=version, ai=0, body=escaped),
            row(1, risk("preliminary"), version=version + 1),  # into a batch that is published
        ):
            with pytest.raises(sqlite3.IntegrityError, match="record: "):
                raw.execute(statement, values)
    assert unchanged(suggested, grants)


@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_a_harmless_version_can_not_take_the_place_of_another(suggested: Record, grants: Grants, verb: str) -> None:
    with open_batch(suggested, grants) as (raw, batch):
        for version in (0, 1):
            with pytest.raises(sqlite3.IntegrityError, match="after the ones before it"):
                raw.execute(INSERT.replace("INSERT", verb, 1), row(batch, risk("draft"), version=version))
        by_rowid = INSERT.replace("INSERT", verb, 1).replace("(seq,", "(rowid, seq,").replace("(?,", "(1, ?,")
        with pytest.raises(sqlite3.IntegrityError, match="after the ones before it"):
            raw.execute(by_rowid, row(batch, risk("draft"), version=2))
        raw.execute(INSERT, row(batch, risk("draft"), version=2))
    assert unchanged(suggested, grants)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE version SET body = replace(CAST(body AS TEXT), 'preliminary', 'final')",
        "UPDATE version SET ai = 0",
        "UPDATE version SET decision = x'00'",
        "UPDATE OR REPLACE version SET seq = 7",
        "DELETE FROM version",
        "UPDATE batch SET published = NULL, published_at = NULL WHERE id = 1",
        "DELETE FROM batch WHERE id = 1",
        "INSERT OR REPLACE INTO batch SELECT id, kind, source, actor, purpose, '', NULL, NULL, NULL FROM batch",
        "UPDATE resource SET id = 'r9'",
        "INSERT OR REPLACE INTO resource (seq, type, id) VALUES (99, 'RiskAssessment', 'r1')",
        "INSERT OR REPLACE INTO resource (seq, type, id) VALUES (1, 'RiskAssessment', 'r9')",
        "DELETE FROM resource",
    ],
)
def test_what_is_published_stays(suggested: Record, grants: Grants, statement: str) -> None:
    with open_batch(suggested, grants) as (raw, _), pytest.raises(sqlite3.IntegrityError, match="record: "):
        raw.execute(statement)
    assert unchanged(suggested, grants)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER version_insert",
        "DROP TABLE version",
        "ALTER TABLE version RENAME TO old",
        "CREATE TEMP TRIGGER x BEFORE INSERT ON version BEGIN SELECT RAISE(IGNORE); END",
        "PRAGMA writable_schema = 1",
        "ATTACH ':memory:' AS other",
    ],
)
def test_the_triggers_stay(suggested: Record, grants: Grants, statement: str) -> None:
    with open_batch(suggested, grants) as (raw, _), pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        raw.execute(statement)


def test_a_status_can_not_be_changed_in_an_open_batch(record: Record, grants: Grants, feed: Any) -> None:
    with feed.begin() as batch:
        feed.put(batch, "a", risk("preliminary"))
        batch.flush()
        with record._store.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            final = body_of(risk("final"))
            with pytest.raises(sqlite3.IntegrityError, match="the guard refuses this version"):
                raw.execute("UPDATE version SET body = ?", (final,))
            with pytest.raises(sqlite3.IntegrityError, match="the guard refuses this version"):
                raw.execute("UPDATE version SET decision = ?", (b"forged",))
        batch.publish()
    assert unchanged(record, grants)


def test_sqlite_from_outside_can_write_no_version(suggested: Record, grants: Grants) -> None:
    path = suggested._store.path
    suggested._store.close()
    with closing(sqlite3.connect(path)) as outside:
        outside.execute(
            "INSERT INTO batch (id, kind, source, actor, purpose, started_at) VALUES (9, 'a', 'b', 'c', 'd', 'e')"
        )
        for ai in (0, 1):
            with pytest.raises(sqlite3.OperationalError, match="no such function: lienthong_guard"):
                outside.execute(INSERT, row(9, risk("final"), ai=ai))
        with pytest.raises(sqlite3.OperationalError, match="no such function: lienthong_guard"):
            outside.execute("UPDATE version SET ai = 0")
        with pytest.raises(sqlite3.IntegrityError, match="can not be removed"):
            outside.execute("DELETE FROM version")
    assert unchanged(suggested, grants)


def test_two_decide_on_one_version_and_the_second_is_told(suggested: Record, grants: Grants) -> None:
    decide, final = grants(Action.DECIDE), risk("final")
    signed = b"signed " + body_of(final)
    suggested.author(decide, [final], decision=signed, expected={"RiskAssessment/r1": 1})
    other = risk("cancelled")
    with pytest.raises(LienthongError) as caught:
        suggested.author(decide, [other], decision=b"signed " + body_of(other), expected={"RiskAssessment/r1": 1})
    assert caught.value.category is Category.CONFLICT
    assert caught.value.what == "The RiskAssessment has changed since it was read: it is in version 2, not 1."


def test_author_writes_all_or_nothing_and_nothing_twice(suggested: Record, grants: Grants) -> None:
    run = grants(Action.RUN_PRODUCT)
    with pytest.raises(LienthongError):
        suggested.author(run, [risk("preliminary", id="r2"), risk("final", id="r3")])
    assert suggested.counts() == {"RiskAssessment": 1}
    assert [item.version for item in suggested.author(run, [risk("preliminary")])] == [1]
    with pytest.raises(LienthongError, match="no type or no id"):
        suggested.author(run, [{"resourceType": "Patient"}])
    with pytest.raises(LienthongError, match="does not allow this"):
        suggested.author(grants(Action.QUERY), [risk("preliminary")])
