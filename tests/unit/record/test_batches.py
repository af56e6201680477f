"""A batch is seen by nobody until it is published whole; the same input changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, LienthongError
from lienthong.core.finding import Finding, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.decisions.statement import content_digest
from lienthong.privacy.access import Action, Grant
from lienthong.record import Counts, Outcome, Record, body_of

Grants = Callable[..., Grant]


def patient(key: str, family: str = "Nguyễn") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, "name": [{"family": family}]}


def test_nobody_sees_a_batch_before_it_is_published(feed: Any, record: Record, grants: Grants, clock: Clock) -> None:
    feed("a", patient("p1", "Lê"))
    other = Record.open(Path(record._store.path), clock=clock, guard=lambda body, decision: None)
    with other, feed.begin() as batch:
        feed.put(batch, "b", patient("p1", "Trần"), patient("p2"))
        batch.note([Finding(Severity.WARNING, "x", "a note")])
        batch.flush()
        for reader in (record, other):
            assert reader.counts() == {"Patient": 1}
            assert reader.read(grants(), "Patient", "p1").resource()["name"] == [{"family": "Lê"}]
            assert [item.version for item in reader.history(grants(), "Patient", "p1")] == [1]
            with pytest.raises(LienthongError, match="no such Patient"):
                reader.read(grants(), "Patient", "p2")
            assert len(list(reader.resources(grants(), "Patient"))) == 1
            assert reader.findings() == []
            assert [row.id for row in reader.batches()] == [1]
        batch.publish()
        assert other.counts() == {"Patient": 2}
        assert other.read(grants(), "Patient", "p1").version == 2
        assert [item.code for item in other.findings(batch.id)] == ["x"]
        assert [row.published for row in other.batches()] == [1, 2]


def test_what_is_read_has_version_and_time_and_the_digest_that_is_signed(
    feed: Any, record: Record, grants: Grants
) -> None:
    given = {**patient("p1"), "meta": {"versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z", "profile": ["x"]}}
    feed("a", given)
    stored = record.read(grants(), "Patient", "p1")
    assert stored.resource()["meta"] == {
        "versionId": "1",
        "lastUpdated": "2026-11-23T08:15:00.000Z",
        "profile": ["x"],
    }
    assert stored.digest == content_digest(given) == content_digest(stored.resource())
    assert stored.body == body_of(given) == body_of(stored.resource())
    assert (stored.seq, stored.batch, stored.reference) == (1, 1, "Patient/p1")


@pytest.mark.parametrize("meta", [{}, {"versionId": "1"}, {"tag": []}])
def test_the_body_is_what_a_decision_signs(meta: dict[str, Any]) -> None:
    resource = {**patient("p1"), "meta": meta}
    stored_again = {**resource, "meta": {**meta, "versionId": "9", "lastUpdated": "2026-11-23T08:15:00.000Z"}}
    assert body_of(resource) == body_of(stored_again)


def test_counts_balance(feed: Any) -> None:
    bad = Finding(Severity.ERROR, "unreadable", "This line is no JSON.")
    feed("a", patient("p1"), patient("p2"))
    published = feed("b", patient("p1"), patient("p2", "Phạm"), bad, [patient("p3"), patient("p4")], patient("p4"))
    assert published.resources == Counts(read=5, new=2, updated=1, unchanged=2)
    assert (published.files, published.records, published.kept) == (1, 5, 4)
    assert published.quarantined.records == 1
    assert published.records == published.kept + published.quarantined.records
    assert feed.outcomes[-5:] == [
        Outcome(1, unchanged=1),
        Outcome(1, updated=1),
        Outcome(quarantined=True),
        Outcome(2, new=2),
        Outcome(1, unchanged=1),
    ]


def test_summary_is_kept_with_the_batch(feed: Any, record: Record) -> None:
    published = feed("a", patient("p1"))
    (row,) = record.batches()
    assert row.summary == published
    assert (row.kind, row.source, row.actor, row.purpose) == ("ingest", "main", "tester", "data-operations")
    assert published.to_json()["resources"] == {"read": 1, "new": 1, "updated": 0, "unchanged": 0}
    assert published.to_json()["findings"] == {"error": 0, "warning": 0, "information": 0}


def test_fed_twice_nothing_changes(feed: Any, record: Record, grants: Grants) -> None:
    records = [patient("p1"), patient("p2"), patient("p1", "Đỗ")]
    assert feed("a", *records).resources == Counts(3, new=2, updated=1)
    assert feed("a", *records).resources == Counts(3, unchanged=3)
    assert [item.version for item in record.history(grants(), "Patient", "p1")] == [1, 2]
    assert len(record.origins(grants(Action.TRACE), "Patient", "p1")) == 2


def test_one_file_with_contents_in_turn_keeps_the_last_and_is_stable(
    feed: Any, record: Record, grants: Grants
) -> None:
    records = [patient("p1", "A"), patient("p1", "B"), patient("p1", "A")]
    assert feed("a", *records).resources == Counts(3, new=1, updated=2)
    assert record.read(grants(), "Patient", "p1").resource()["name"] == [{"family": "A"}]
    assert feed("a", *records).resources == Counts(3, unchanged=3)
    assert record.read(grants(), "Patient", "p1").version == 3


def test_an_old_file_fed_again_does_not_undo_a_newer_one(feed: Any, record: Record, grants: Grants) -> None:
    feed("old", patient("p1", "A"))
    feed("new", patient("p1", "B"))
    assert feed("old", patient("p1", "A")).resources == Counts(1, unchanged=1)
    assert record.read(grants(), "Patient", "p1").resource()["name"] == [{"family": "B"}]
    # the same content in a file that is new is news
    assert feed("newest", patient("p1", "A")).resources == Counts(1, updated=1)


def test_the_same_file_twice_in_one_batch(feed: Any) -> None:
    with feed.begin() as batch:
        feed.put(batch, "a", patient("p1", "A"), patient("p1", "B"))
        feed.put(batch, "a", patient("p1", "A"), patient("p1", "B"))
        assert batch.publish().resources == Counts(4, new=1, updated=1, unchanged=2)


def test_numbers_are_assigned_once_in_the_order_of_arrival(feed: Any, record: Record, grants: Grants) -> None:
    feed("a", *(patient(f"p{number}") for number in range(7)))
    feed("b", patient("p3", "X"), patient("q"))
    assert [(item.seq, item.id) for item in record.resources(grants(), "Patient")] == [
        (number + 1, f"p{number}") for number in range(7)
    ] + [(8, "q")]


def test_abandoned_batch_leaves_nothing(feed: Any, record: Record, grants: Grants) -> None:
    feed("a", patient("p1"))
    before = dump(record)
    with feed.begin() as batch:
        feed.put(batch, "b", *(patient(f"p{number}", "new") for number in range(10)))
    assert dump(record) == before
    with pytest.raises(LienthongError, match="This batch is abandoned"):
        batch.publish()
    assert feed("b", patient("p2")).batch == 2


def test_an_error_in_the_block_abandons_the_batch_and_is_told(feed: Any, record: Record) -> None:
    def interrupted() -> None:
        with feed.begin() as batch:
            feed.put(batch, "b", *(patient(f"p{number}") for number in range(10)))
            raise ZeroDivisionError

    before = dump(record)
    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert dump(record) == before


def test_one_ingest_at_a_time(feed: Any, record: Record, clock: Clock) -> None:
    other = Record.open(Path(record._store.path), clock=clock, guard=lambda body, decision: None)
    with other, feed.begin("hospital-a"):
        with pytest.raises(LienthongError) as caught:
            other.begin(feed.grant, source="hospital-b")
        assert caught.value.category is Category.BUSY
        assert caught.value.what.startswith(
            "Another ingest is running: by tester from the source hospital-a, process "
        )
        assert caught.value.what.endswith("since 2026-11-23T08:15:00.000Z.")
    other.begin(feed.grant, source="hospital-b").abandon()


def test_only_a_grant_to_ingest_begins_a_batch(record: Record, grants: Grants) -> None:
    with pytest.raises(LienthongError) as caught:
        record.begin(grants(Action.QUERY), source="main")
    assert caught.value.category is Category.FORBIDDEN


def test_a_resource_without_id_quarantines_its_record_only(feed: Any, record: Record) -> None:
    published = feed("a", {"resourceType": "Patient"}, patient("p1"), {"id": "x"}, {**patient("x"), "id": 7})
    assert (published.kept, published.quarantined.records) == (1, 3)
    assert {row.rule for row in record.quarantine()} == {"resource-without-id"}


def test_origins_say_file_record_and_field(feed: Any, record: Record, grants: Grants) -> None:
    with feed.begin("79001") as batch:
        file = batch.file("claims.zip/a.xml", "ab" * 32, 10, "bhyt")
        origin = Origin(
            "79001",
            "claims.zip/a.xml",
            "ab" * 32,
            "LK1",
            {"Patient/p1": "XML1", "Patient/p1#birthDate": "XML1.NGAY_SINH", "Patient/p2": "XML1[2]"},
        )
        batch.put(file, origin, [patient("p1"), patient("p2")], [Finding(Severity.ERROR, "f", "m", rule=Rule("r"))])
        published = batch.publish()
    (came,) = record.origins(grants(Action.TRACE), "Patient", "p1")
    assert (came.file, came.sha256, came.record, came.field) == ("claims.zip/a.xml", "ab" * 32, "LK1", "XML1")
    assert (came.version, came.source, came.fields) == (1, "79001", {"birthDate": "XML1.NGAY_SINH"})
    (finding,) = record.findings(published.batch)
    assert (finding.place.file, finding.place.record, finding.rule.id) == ("claims.zip/a.xml", "LK1", "r")
    assert published.findings.error == 1


def test_decimals_keep_their_digits(feed: Any, record: Record, grants: Grants) -> None:
    from_json = b'{"id":"o","resourceType":"Observation","valueQuantity":{"value":1.10}}'
    feed("a", canonical.parse(from_json))
    assert record.read(grants(), "Observation", "o").body == from_json


def dump(record: Record) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with record._store.reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        return {
            name: sorted((tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
            for name in names
        }
