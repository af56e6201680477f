"""Who is permitted what, and an access log in which every tampering shows."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lienthong.core import canonical
from lienthong.core.actors import Actor, Purpose, Role
from lienthong.core.clock import Clock
from lienthong.core.errors import ExitCode, LienthongError
from lienthong.privacy.access import Action, Grant, one_person, permit, require
from lienthong.privacy.access_log import AccessLog
from lienthong.privacy.audit.checkpoint import read_many

KEY = b"k" * 32
PHYSICIAN = Actor("bs.lan", frozenset({Role.PHYSICIAN}))


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> AccessLog:
    return AccessLog(tmp_path, KEY, clock, durable=False)


def lines(folder: Path) -> list[bytes]:
    return (folder / "log.ndjson").read_bytes().splitlines(keepends=True)


def codes(log: AccessLog) -> set[str]:
    return {finding.code for finding in log.verify()}


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
            | {"keep-node", "release", "read-log"},
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
        (
            Actor("steward", frozenset({Role.STEWARD})),
            Purpose.QUALITY,
            {"trace", "read-findings", "run-product", "read-log"},
        ),
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
    permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:0912-secret", log=log)
    text = "".join(path.read_text("latin-1") for path in tmp_path.iterdir())
    assert "0912-secret" not in text
    first, second = log.entries()
    assert first["scope"] == second["scope"] == "person"
    assert first["person"] != second["person"], "two looks at one person have nothing in common"


def test_an_entry_has_these_members(log: AccessLog) -> None:
    log.append(actor="op", purpose="data-operations", action="ingest", scope="node", outcome="permitted")
    (entry,) = log.entries()
    assert {name: entry[name] for name in entry if name != "seal"} == {
        "v": 1,
        "sequence": 0,
        "time": "2026-11-23T08:15:00.000Z",
        "actor": "op",
        "purpose": "data-operations",
        "action": "ingest",
        "scope": "node",
        "outcome": "permitted",
    }


def test_a_whole_log_has_no_findings_and_a_new_opening_goes_on(log: AccessLog, tmp_path: Path) -> None:
    assert log.verify() == []
    fill(log)
    again = AccessLog(tmp_path, KEY, log.clock, durable=False)
    fill(again)
    fill(log)
    assert log.verify() == []
    assert [entry["sequence"] for entry in log.entries()] == list(range(15))


def _edit(rows: list[bytes]) -> list[bytes]:
    return [rows[0], rows[1].replace(b'"a1"', b'"zz"'), *rows[2:]]


TAMPERINGS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "edited": (_edit, "audit-log-forged"),
    "cut out": (lambda rows: [*rows[:2], *rows[3:]], "audit-log-misplaced"),
    "cut at the beginning": (lambda rows: rows[1:], "audit-log-misplaced"),
    "moved": (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "audit-log-misplaced"),
    "repeated": (lambda rows: [*rows[:2], rows[1], *rows[2:]], "audit-log-misplaced"),
    "cut at the end": (lambda rows: rows[:-1], "audit-log-cut"),
    "emptied": (lambda rows: [], "audit-log-cut"),
    "no JSON": (lambda rows: [*rows[:2], b"?\n", *rows[2:]], "audit-log-unreadable"),
    "spaced out": (lambda rows: [rows[0].replace(b'":', b'": '), *rows[1:]], "audit-log-unreadable"),
    "one more": (lambda rows: [*rows, rows[-1].replace(b'"sequence":4', b'"sequence":5')], "audit-log-forged"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_stays_found(log: AccessLog, tmp_path: Path, name: str) -> None:
    tamper, code = TAMPERINGS[name]
    fill(log)
    (tmp_path / "log.ndjson").write_bytes(b"".join(tamper(lines(tmp_path))))
    assert code in codes(log)
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False))
    fill(log)
    assert codes(log) & {code, "audit-log-repaired"}


def test_who_recomputes_the_hashes_lacks_the_seal(log: AccessLog, tmp_path: Path) -> None:
    fill(log, 1)
    (entry,) = log.entries()
    forged = AccessLog(tmp_path / "forged", b"x" * 32, log.clock, durable=False)
    forged.append(**{name: entry[name] for name in ("purpose", "action", "scope", "outcome")}, actor="innocent")
    (tmp_path / "log.ndjson").write_bytes((tmp_path / "forged" / "log.ndjson").read_bytes())
    assert "audit-log-forged" in codes(log)


def test_a_missing_or_forged_head_is_found(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    head = tmp_path / "log.head"
    good = head.read_bytes()
    head.write_bytes(good.replace(good[:20], b"%020d" % 4))
    assert codes(log) == {"audit-log-head-wrong"}
    head.unlink()
    assert codes(log) == {"audit-log-head-wrong"}
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False))
    assert codes(log) == {"audit-log-repaired"}


def test_an_older_head_that_fits_is_gone_on_from(log: AccessLog, tmp_path: Path) -> None:
    """Power was lost after the entry was flushed and before the head was."""
    fill(log, 3)
    head = (tmp_path / "log.head").read_bytes()
    fill(log, 2)
    (tmp_path / "log.head").write_bytes(head)
    assert codes(log) == {"audit-log-unfinished"}
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False), 1)
    assert log.verify() == []
    assert [entry["sequence"] for entry in log.entries()] == list(range(6))


def test_the_right_edge_is_made_anew_from_the_leaves(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    head = tmp_path / "log.head"
    line, edge = head.read_bytes().split(b"\n", 1)
    for lost in (b"", edge[:10], b"0" * len(edge)):
        head.write_bytes(line + b"\n" + lost)
        assert log.verify() == []
        fill(AccessLog(tmp_path, KEY, log.clock, durable=False), 1)
        assert log.verify() == []
        line, edge = head.read_bytes().split(b"\n", 1)


def test_power_lost_while_an_entry_is_written(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    with (tmp_path / "log.ndjson").open("ab") as file:
        file.write(b'{"action":"read-per')
    fill(AccessLog(tmp_path, KEY, log.clock, durable=False), 1)
    assert [finding.code for finding in log.verify()] == ["audit-log-unfinished"]
    assert [entry["sequence"] for entry in log.entries()] == list(range(7))


def test_power_lost_while_a_checkpoint_is_written(log: AccessLog, tmp_path: Path) -> None:
    fill(log)
    signed = tmp_path / "checkpoints"
    whole = signed.read_bytes()
    for cut in range(1, len(whole)):
        signed.write_bytes(whole + whole[:cut])
        log.append(actor="op", purpose="data-operations", action="ingest", scope="node", outcome="permitted")
        assert log.verify() == []


@pytest.mark.parametrize("name", ["log.ndjson", "audit.salts"])
def test_a_log_that_can_not_be_written_permits_nothing(log: AccessLog, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(LienthongError, match="access-log-unwritable"):
        permit(PHYSICIAN, "treatment", Action.READ_PERSON, scope="person:p1", log=log)


def test_who_looked_at_a_person_is_known_until_the_person_is_forgotten(log: AccessLog, tmp_path: Path) -> None:
    for number in range(300):
        scope = f"person:p{number % 3}" if number % 4 else "node"
        log.append(actor=f"a{number}", purpose="treatment", action="trace", scope=scope, outcome="permitted")
    about = [entry["sequence"] for entry in log.of_person("p1")]
    assert about == [number for number in range(300) if number % 3 == 1 and number % 4]
    before = lines(tmp_path)
    assert log.forget("p1", actor="op", purpose="data-operations") == len(about)
    again = AccessLog(tmp_path, KEY, log.clock, durable=False)
    assert list(again.of_person("p1")) == []
    assert len(list(again.of_person("p2"))) > 50
    assert log.verify() == []
    assert lines(tmp_path)[:-1] == before
    assert json.loads(lines(tmp_path)[-1])["facts"] == {"entries": len(about)}
    fill(again, 1)
    assert len(list(again.of_person("p1"))) == 1, "whoever comes again has new salts"


def test_lost_salts_leave_the_log_whole(log: AccessLog, tmp_path: Path) -> None:
    fill(log, 3)
    (tmp_path / "audit.salts").unlink()
    again = AccessLog(tmp_path, KEY, log.clock, durable=False)
    fill(again, 2)
    assert [entry["sequence"] for entry in again.of_person("p1")] == [3, 4]
    assert again.verify() == []
    fill(log, 1)
    assert [entry["sequence"] for entry in again.of_person("p1")][:2] == [3, 4]


def test_a_fact_is_a_number_or_a_code(log: AccessLog) -> None:
    entry = {"actor": "op", "purpose": "treatment", "action": "build", "scope": "node", "outcome": "done"}
    log.append(**entry, facts={"rows": 7, "snapshot": "a-1"})
    assert [item["facts"] for item in log.entries()] == [{"rows": 7, "snapshot": "a-1"}]
    for facts in ({"name": "Nguyễn Văn A"}, {"Name": 1}):
        with pytest.raises(ValueError, match="no number and no code"):
            log.append(**entry, facts=facts)
    assert log.verify() == []


def test_checkpoints_come_after_acts_of_weight_and_now_and_then(tmp_path: Path, clock: Clock) -> None:
    now = [clock()]
    log = AccessLog(tmp_path, KEY, lambda: now[0], durable=False)

    def sizes() -> list[int]:
        return [item.size for item in read_many((tmp_path / "checkpoints").read_text("utf-8"))]

    fill(log, 5)
    assert sizes() == [1]
    log.append(actor="op", purpose="data-operations", action="ingest", scope="node", outcome="refused")
    assert sizes() == [1]
    log.append(actor="op", purpose="data-operations", action="ingest", scope="node", outcome="permitted")
    assert sizes() == [1, 7]
    fill(log, 300)
    assert sizes() == [1, 7, 263]
    now[0] += timedelta(minutes=11)
    fill(log, 2)
    assert sizes() == [1, 7, 263, 308]
    assert log.checkpoint().size == 309
    assert sizes() == [1, 7, 263, 308, 309]
    log.checkpoint()
    assert sizes() == [1, 7, 263, 308, 309]


def old_log(folder: Path, count: int) -> None:
    """A log as Lienthong wrote it before it was a tree."""
    folder.mkdir(exist_ok=True)
    key, previous, head = hmac.digest(KEY, b"lienthong access log: seal", "sha256"), "0" * 64, ""
    with (folder / "access.ndjson").open("wb") as file:
        for number in range(1, count + 1):
            entry = {"sequence": number, "actor": "op", "action": "ingest", "scope": "node", "previous": previous}
            previous = hashlib.sha256(canonical.encode(entry)).hexdigest()
            seal = hmac.digest(key, previous.encode(), "sha256").hex()
            file.write(canonical.encode({**entry, "hash": previous, "seal": seal}) + b"\n")
            head = f"head {number} {previous}"
    sealed = hmac.digest(key, head.encode(), "sha256").hex()
    (folder / "access.head").write_text(f"{count:020d} {previous} {sealed}\n")


def test_an_older_log_is_closed_by_the_first_leaf_and_still_verified(tmp_path: Path, clock: Clock) -> None:
    old_log(tmp_path, 3)
    log = AccessLog(tmp_path, KEY, clock, durable=False)
    assert codes(log) == {"access-log-reopened"}, "nothing closed it yet"
    fill(log, 2)
    assert log.verify() == []
    first = next(log.entries())
    last = json.loads((tmp_path / "access.ndjson").read_bytes().splitlines()[-1])
    assert (first["action"], first["facts"]) == ("log-continued", {"entries": 3, "hash": last["hash"]})
    whole = (tmp_path / "access.ndjson").read_bytes()
    for wrong in (
        whole.replace(b"op", b"pp", 1),
        whole[: whole.rindex(b"{")],
        whole + whole[: whole.index(b"\n") + 1],
    ):
        (tmp_path / "access.ndjson").write_bytes(wrong)
        assert codes(log) & {"access-log-edited", "access-log-cut", "access-log-broken"}
    old_log(tmp_path, 4)  # an older Lienthong went on
    assert codes(log) == {"access-log-reopened"}
    (tmp_path / "access.ndjson").unlink()
    assert codes(log) == {"access-log-cut"}


APPEND_MANY = """
import datetime, pathlib, sys
from lienthong.privacy.access_log import AccessLog
from lienthong.privacy.audit.checkpoint import read_many
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
    assert [entry["sequence"] for entry in log.entries()] == list(range(800))
