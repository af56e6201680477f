"""What can't be kept is named once, can be tried again, and is resolved when it is kept."""

from __future__ import annotations

from typing import Any

from lienthong.core.finding import Finding, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.record import Record


def patient(key: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key}


def fault(rule: str = "json") -> Finding:
    return Finding(Severity.ERROR, "unreadable", "This line is no JSON.", rule=Rule(rule), cure="Correct it.")


def test_a_row_has_its_place_reason_and_time(feed: Any, record: Record) -> None:
    feed("a.ndjson", patient("p1"), fault())
    (row,) = record.quarantine()
    assert (row.batch, row.file, row.sha256, row.source, row.record) == (1, "a.ndjson", "sha-a.ndjson", "main", "2")
    assert (row.reason, row.rule, row.since) == ("This line is no JSON.", "json", "2026-11-23T08:15:00.000Z")
    assert (row.finding.place.file, row.finding.place.record, row.finding.cure) == ("a.ndjson", "2", "Correct it.")


def test_fed_again_it_is_counted_and_not_repeated(feed: Any, record: Record) -> None:
    feed("a", fault(), patient("p1"))
    assert feed("a", fault(), patient("p1")).quarantined.records == 1
    assert len(record.quarantine()) == 1
    # the same fault of another file is another one
    feed("b", fault())
    assert [row.file for row in record.open_quarantine()] == ["a", "b"]


def test_another_reason_takes_the_place_of_the_first(feed: Any, record: Record) -> None:
    feed("a", fault("json"))
    feed("a", fault("encoding"))
    assert [(row.rule, row.resolved_batch) for row in record.quarantine()] == [("json", 2), ("encoding", None)]


def test_kept_after_a_fix_it_is_resolved_by_that_batch(feed: Any, record: Record) -> None:
    feed("a", fault(), fault())
    feed("a", patient("p1"), fault())
    assert [(row.record, row.resolved_batch) for row in record.quarantine()] == [("1", 2), ("2", None)]
    assert [row.record for row in record.open_quarantine()] == ["2"]
    assert record.counts() == {"Patient": 1}


def test_a_whole_file(feed: Any, record: Record) -> None:
    with feed.begin() as batch:
        file = batch.file("a.zip", "sha-a.zip", 1, "auto")
        batch.put(file, Origin("main", "a.zip", "sha-a.zip", ""), (), (), fault("zip"))
        published = batch.publish()
    assert (published.quarantined.files, published.quarantined.records, published.records) == (1, 0, 0)
    feed("a.zip", patient("p1"))
    assert record.open_quarantine() == []


def test_nobody_sees_the_quarantine_of_an_open_batch(feed: Any, record: Record) -> None:
    feed("a", fault())
    with feed.begin() as batch:
        feed.put(batch, "a", patient("p1"))
        feed.put(batch, "b", fault())
        batch.flush()
        assert [(row.file, row.resolved_batch) for row in record.quarantine()] == [("a", None)]
        assert [row.file for row in record.open_quarantine()] == ["a"]
    assert [(row.file, row.resolved_batch) for row in record.quarantine()] == [("a", None)]
    # the number of the abandoned batch is given again
    assert feed("c", patient("p2")).batch == batch.id
    assert [row.file for row in record.open_quarantine()] == ["a"]


def test_one_fault_twice_in_a_batch(feed: Any, record: Record) -> None:
    with feed.begin() as batch:
        feed.put(batch, "a", fault())
        feed.put(batch, "a", fault())
        assert batch.publish().quarantined.records == 2
    assert len(record.quarantine()) == 1


def test_files_that_could_not_be_opened_are_known_by_name(feed: Any, record: Record) -> None:
    def unopened(name: str) -> None:
        with feed.begin() as batch:
            batch.put(batch.file(name, "", 0, ""), Origin("main", name, "", ""), (), (), fault("rights"))
            batch.publish()

    unopened("a.xml")
    unopened("b.xml")
    unopened("a.xml")
    assert [row.file for row in record.open_quarantine()] == ["a.xml", "b.xml"]
    feed("a.xml", patient("p1"))
    assert [row.file for row in record.open_quarantine()] == ["b.xml"]
