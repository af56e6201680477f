"""Who is permitted what, and an access log in which every tampering shows."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lienthong.core.actors import Actor, Purpose, Role
from lienthong.core.clock import Clock
from lienthong.core.errors import ExitCode, LienthongError
from lienthong.privacy.access import Action, Grant, one_person, permit, require
from lienthong.privacy.access_log import AccessLog

KEY = b"k" * 32
PHYSICIAN = Actor("bs.lan", frozenset({Role.PHYSICIAN}))


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> AccessLog:
    return AccessLog(tmp_path, KEY, clock, durable=False)


def lines(folder: Path) -> list[bytes]:
    return (folder / "access.ndjson").read_bytes().splitlines(keepends=True)


def fill(log: AccessLog, count: int = 5) -> None:
    for number in range(count):
        log.append(
            actor=f"a{number}", purpose="treatment", action="read-person", scope="person:p1", outcome="permitted"
        )


@pytest.mark.parametrize(
    ("actor", "purpose", "allowed"),
    [
        (
            Actor("op", operator=True),
            Purpose.OPERATIONS,
            {"ingest", "build", "query", "export", "trace", "read-findings", "manage-people", "run-product"}
            | {"keep-node", "release"},
        ),
        (Actor("op", operator=True), Purpose.TREATMENT, set()),
        (
            PHYSICIAN,
            Purpose.TREATMENT,
            {"read-worklist", "read-person", "read-identifiers", "decide", "trace", "read-findings"},
        ),
        (PHYSICIAN, Purpose.OPERATIONS, set()),
        (PHYSICIAN, Purpose.RESEARCH, set()),
        (Actor("nobody"), Purpose.TREATMENT, set()),
        (
            Actor("kỹ sư", frozenset({Role.DATA_ENGINEER})),
            Purpose.OPERATIONS,
            {"ingest", "build", "query", "trace", "read-findings"},
        ),
        (Actor("board", frozenset({Role.BOARD})), Purpose.QUALITY, {"read-findings"}),
        (Actor("steward", frozenset({Role.STEWARD})), Purpose.QUALITY, {"trace", "read-findings", "run-product"}),
    ],
)
def test_the_policy_allows_just_this(log: AccessLog, actor: Actor, purpose: Purpose, allowed: set[str]) -> None:
    given, exits = set(), set()
    for action in Action:
        try:
            permit(actor, purpose, action, scope="person:p1", log=log)
            given.add(action.value)
        except LienthongError as error:
            exits.add(error.category.exit)
    assert given == allowed
    assert exits == {ExitCode.REFUSED}
    assert len(list(log.entries())) == len(Action)


def test_a_refusal_says_why_and_whom_to_ask(log: AccessLog) -> None:
    with pytest.raises(LienthongError) as caught:
        permit(Actor("op", operator=True), "data-operations", Action.DECIDE, scope="person:p1", log=log)
    assert caught.value.text() == (
        "'op' may not decide for the purpose data-operations. [access-refused]\n"
        "  where:   decide\n"
        "  allowed: physician for treatment\n"
        "  next:    Ask a physician with a valid licence on this node; no other role decides. "
        "The refusal is in the access log."
    )
    assert [entry["outcome"] for entry in log.entries()] == ["refused"]


def test_a_person_is_read_only_by_name(log: AccessLog) -> None:
    with pytest.raises(LienthongError, match="this action names one person"):
        permit(PHYSICIAN, "treatment", Action.READ_PERSON, log=log)
    grant = permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope=one_person("p1"), log=log)
    assert grant.covers("p1") and not grant.covers("p2")


@pytest.mark.parametrize("scope", ["", "person:", "p1", "Patient/1", "NODE"])
def test_a_scope_that_can_not_be_meant(log: AccessLog, scope: str) -> None:
    with pytest.raises(LienthongError, match="access-scope-wrong"):
        permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope=scope, log=log)


def test_an_unknown_purpose(log: AccessLog) -> None:
    with pytest.raises(LienthongError, match="purpose-unknown"):
        permit(PHYSICIAN, "curiosity", Action.READ_PERSON, scope="person:p1", log=log)


def test_nobody_but_permit_makes_a_grant(log: AccessLog) -> None:
    grant = permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:p1", log=log)
    with pytest.raises(TypeError, match="only privacy"):
        Grant(PHYSICIAN, Purpose.TREATMENT, Action.DECIDE, "node")
    with pytest.raises((TypeError, ValueError)):
        replace(grant, scope="node")
    with pytest.raises(AttributeError):
        grant.scope = "node"  # type: ignore[misc]


def test_a_grant_serves_only_what_it_was_given_for(log: AccessLog) -> None:
    grant = permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:p1", log=log)
    require(grant, Action.READ_PERSON, Action.TRACE, person="p1")
    with pytest.raises(LienthongError, match="access-grant-wrong"):
        require(grant, Action.DECIDE)
    with pytest.raises(LienthongError, match="access-grant-wrong"):
        require(grant, Action.READ_PERSON, person="p2")
    with pytest.raises(LienthongError, match="access-grant-wrong"):
        require("a grant", Action.READ_PERSON)  # type: ignore[arg-type]


def test_no_person_stands_in_the_log_in_clear(log: AccessLog, tmp_path: Path) -> None:
    permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:0912-secret", log=log)
    text = (tmp_path / "access.ndjson").read_text()
    assert "0912-secret" not in text
    assert json.loads(text)["scope"] == "person:" + log.commitment("0912-secret")
    assert AccessLog(tmp_path, b"x" * 32, log.clock).commitment("0912-secret") != log.commitment("0912-secret")


def test_an_entry_has_these_members(log: AccessLog) -> None:
    log.append(actor="op", purpose="data-operations", action="ingest", scope="node", outcome="permitted")
    (entry,) = log.entries()
    assert {name: entry[name] for name in entry if name not in ("hash", "seal")} == {
        "sequence": 1,
        "time": "2026-11-23T08:15:00.000Z",
        "actor": "op",
        "purpose": "data-operations",
        "action": "ingest",
        "scope": "node",
        "outcome": "permitted",
        "previous": "0" * 64,
    }


def test_a_whole_log_has_no_findings_and_a_new_opening_goes_on(log: AccessLog, tmp_path: Path) -> None:
    assert log.verify() == []
    fill(log)
    again = AccessLog(tmp_path, KEY, log.clock, durable=False)
    fill(again)
    fill(log)
    assert log.verify() == []
    assert [entry["sequence"] for entry in log.entries()] == list(range(1, 16))


def _edit(rows: list[bytes]) -> list[bytes]:
    return [rows[0], rows[1].replace(b'"a1"', b'"zz"'), *rows[2:]]


TAMPERINGS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "edited": (_edit, "access-log-edited"),
    "cut out": (lambda rows: [*rows[:2], *rows[3:]], "access-log-broken"),
    "cut at the beginning": (lambda rows: rows[1:], "access-log-broken"),
    "moved": (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "access-log-broken"),
    "repeated": (lambda rows: [*rows[:2], rows[1], *rows[2:]], "access-log-broken"),
    "cut at the end": (lambda rows: rows[:-1], "access-log-cut"),
    "emptied": (lambda rows: [], "access-log-cut"),
    "no JSON": (lambda rows: [*rows[:2], b"?\n", *rows[2:]], "access-log-unreadable"),
    "spaced out": (lambda rows: [rows[0].replace(b'":', b'": '), *rows[1:]], "access-log-edited"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_stays_found(log: AccessLog, tmp_path: Path, name: str) -> None:
    tamper, code = TAMPERINGS[name]
    fill(log)
    (tmp_path / "access.ndjson").write_bytes(b"".join(tamper(lines(tmp_path))))
    assert code in {finding.code for finding in log.verify()}
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False))
    fill(log)
    assert {finding.code for finding in log.verify()} & {code, "access-log-broken"}


def test_who_recomputes_the_hashes_lacks_the_seal(log: AccessLog, tmp_path: Path) -> None:
    fill(log, 1)
    (entry,) = log.entries()
    forged = AccessLog(tmp_path / "forged", b"x" * 32, log.clock, durable=False)
    forged.append(**{name: entry[name] for name in ("purpose", "action", "scope", "outcome")}, actor="innocent")
    (tmp_path / "access.ndjson").write_bytes((tmp_path / "forged" / "access.ndjson").read_bytes())
    assert "access-log-forged" in {finding.code for finding in log.verify()}


def test_a_missing_or_forged_head_is_found(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    head = tmp_path / "access.head"
    good = head.read_bytes()
    head.write_bytes(good.replace(good[:20], b"%020d" % 4))
    assert {finding.code for finding in log.verify()} == {"access-log-head-wrong"}
    head.unlink()
    assert {finding.code for finding in log.verify()} == {"access-log-head-wrong"}
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False))
    assert {finding.code for finding in log.verify()} == {"access-log-head-wrong"}


def test_power_lost_while_an_entry_is_written(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    with (tmp_path / "access.ndjson").open("ab") as file:
        file.write(b'{"action":"read-per')
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False), 1)
    assert [finding.code for finding in log.verify()] == ["access-log-unfinished"]
    assert [entry["sequence"] for entry in log.entries()] == list(range(1, 8))


def test_a_log_that_can_not_be_written_permits_nothing(log: AccessLog, tmp_path: Path) -> None:
    (tmp_path / "access.ndjson").mkdir()
    with pytest.raises(LienthongError, match="access-log-unwritable"):
        permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:p1", log=log)


APPEND_MANY = """
import datetime, pathlib, sys
from lienthong.privacy.access_log import AccessLog
now = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
log = AccessLog(pathlib.Path(sys.argv[1]), b"k" * 32, lambda: now, durable=False)
for _ in range(200):
    log.append(actor="process", purpose="treatment", action="read-person", scope="person:p", outcome="permitted")
"""


def test_two_processes_and_four_threads_append_at_once(log: AccessLog, tmp_path: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", APPEND_MANY, str(tmp_path)]) for _ in range(2)]
    threads = [threading.Thread(target=fill, args=(log, 100)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    assert log.verify() == []
    assert [entry["sequence"] for entry in log.entries()] == list(range(1, 801))
