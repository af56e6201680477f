"""People, sign-in, keys, and the ledger of what they signed: who may sign, and how tampering shows."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.actors import Actor, Role
from lienthong.core.errors import LienthongError
from lienthong.decisions.ledger import Ledger, verify_outcome
from lienthong.decisions.passphrase import Cost
from lienthong.decisions.people import People
from lienthong.decisions.statement import Signed, Statement, Verdict, content_digest
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import AccessLog

PASSPHRASE = "trời xanh mây trắng"
BODY: dict[str, Any] = {"resourceType": "RiskAssessment", "id": "r1", "status": "final"}
CHEAP = Cost(1, 8, 1)


@dataclass
class Hospital:
    """A node's people and ledger in a folder, with a clock that the test moves."""

    home: Path
    now: datetime = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    people: People = field(init=False)
    ledger: Ledger = field(init=False)
    grant: Grant = field(init=False)

    def __post_init__(self) -> None:
        log = AccessLog(self.home / "audit", b"k" * 32, self.clock, durable=False)
        self.people = People(self.database, self.home / "keys", self.clock, cost=CHEAP)
        self.ledger = Ledger(self.database, self.people, self.clock)
        self.grant = permit(Actor("op", operator=True), "data-operations", Action.MANAGE_PEOPLE, log=log)

    @property
    def database(self) -> Path:
        return self.home / "decisions.db"

    def clock(self) -> datetime:
        return self.now

    def physician(self, name: str = "bs.lan") -> None:
        self.people.add(self.grant, name, "BS. Nguyễn Thị Lan", password="mat khau dai")
        self.people.entitle(self.grant, name, Role.PHYSICIAN, licence="012345/HCM-CCHN", valid_to=date(2027, 1, 31))
        self.people.make_key(self.grant, name, PASSPHRASE)

    def sign(self, *, version: str = "1", verdict: Verdict = Verdict.ACCEPT, reason: str = "") -> Signed:
        statement = self.ledger.statement(
            "RiskAssessment/r1", version, "a" * 64, verdict, reason, content_digest(BODY), "bs.lan"
        )
        return self.ledger.sign(statement, PASSPHRASE, BODY)

    def tamper(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    node = Hospital(tmp_path)
    node.physician()
    return node


def refused(act: Callable[[], object]) -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        act()
    return caught.value


def test_sign_in_gives_the_roles_of_today(hospital: Hospital) -> None:
    assert hospital.people.sign_in(" BS.Lan ", "mat khau dai") == Actor("bs.lan", frozenset({Role.PHYSICIAN}))
    hospital.now = datetime(2027, 1, 31, 17, 0, tzinfo=UTC)  # 00:00 on 1 February at +07:00
    assert hospital.people.sign_in("bs.lan", "mat khau dai") == Actor("bs.lan", frozenset())


@pytest.mark.parametrize(("name", "password"), [("bs.lan", "wrong one"), ("nobody", "mat khau dai"), ("", "")])
def test_sign_in_says_nothing_but_no(hospital: Hospital, name: str, password: str) -> None:
    assert hospital.people.sign_in(name, password) is None


@pytest.mark.parametrize("name", ["bs.lan", "nobody"])
def test_guessing_a_password_is_slowed_down_for_known_and_unknown_names(hospital: Hospital, name: str) -> None:
    waits = []
    for _ in range(6):
        hospital.people.sign_in(name, "wrong one")
        waits.append(hospital.people.wait(name))
        hospital.now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 30, 60]
    hospital.people.sign_in(name, "wrong one")
    assert hospital.people.sign_in("bs.lan", "mat khau dai") is None or name == "nobody"
    hospital.now += timedelta(minutes=15)
    assert hospital.people.sign_in("bs.lan", "mat khau dai") is not None


def test_retired_people_neither_sign_in_nor_sign_and_past_signatures_stay(hospital: Hospital) -> None:
    signed = hospital.sign()
    hospital.now += timedelta(days=1)
    hospital.people.retire(hospital.grant, "bs.lan")
    assert hospital.people.sign_in("bs.lan", "mat khau dai") is None
    assert refused(lambda: hospital.sign(version="2")).code == "decision-not-entitled"
    assert hospital.ledger.verify(signed)
    assert refused(lambda: hospital.people.retire(hospital.grant, "bs.lan")).code == "person-retired"


def test_only_who_manages_people_adds_them(hospital: Hospital) -> None:
    log = AccessLog(hospital.home / "audit", b"k" * 32, hospital.clock, durable=False)
    grant = permit(Actor("op", operator=True), "data-operations", Action.INGEST, log=log)
    assert (
        refused(lambda: hospital.people.add(grant, "eve", "Eve", password="long enough")).code == "access-grant-wrong"
    )
    assert [person.name for person in hospital.people.list()] == ["bs.lan"]


def test_names_licences_and_passphrases_that_can_not_be_meant(hospital: Hospital) -> None:
    people, grant = hospital.people, hospital.grant
    assert refused(lambda: people.add(grant, "Bác sĩ", "x", password="long enough")).code == "person-name-wrong"
    assert refused(lambda: people.add(grant, "BS.LAN", "x", password="long enough")).code == "person-name-taken"
    short = refused(lambda: people.add(grant, "minh", "x", password="1234567"))
    assert (short.code, short.allowed[:7]) == ("passphrase-too-short", "8 to 25")
    people.add(grant, "minh", "Minh", password="long enough")
    assert refused(lambda: people.entitle(grant, "minh", Role.PHYSICIAN)).code == "licence-missing"
    assert refused(lambda: people.make_key(grant, "minh", PASSPHRASE)).code == "signing-key-for-signers"
    assert refused(lambda: people.get("nobody")).text().startswith("There is no person named 'nobody'")


def test_the_key_file_holds_no_key_in_clear_and_is_the_owners_only(hospital: Hospital) -> None:
    path = hospital.home / "keys" / "people" / "bs.lan.json"
    assert path.stat().st_mode & 0o777 == 0o600
    private = hospital.people.unlock("bs.lan", PASSPHRASE)
    assert private.private_bytes_raw() not in path.read_bytes()
    assert PASSPHRASE.encode() not in path.read_bytes()


def test_the_same_passphrase_from_another_keyboard(hospital: Hospital) -> None:
    decomposed = "tr\u01a1\u0300i xanh m\u0061\u0302y tr\u0103\u0301ng"
    assert decomposed != PASSPHRASE
    assert hospital.people.unlock("bs.lan", decomposed)


def test_a_signature_holds_and_tells_who_what_when(hospital: Hospital) -> None:
    signed = hospital.sign()
    assert hospital.ledger.verify(signed)
    assert (signed.statement.signer, signed.statement.licence) == ("bs.lan", "012345/HCM-CCHN")
    assert signed.statement.time == "2026-11-23T08:15:00.000Z"
    assert Signed.from_bytes(signed.to_bytes()) == signed
    assert hospital.ledger.of("RiskAssessment/r1") == [signed]
    assert [finding.code for finding in hospital.ledger.check()] == ["decisions-not-written"]
    hospital.ledger.applied(signed)
    assert hospital.ledger.check() == []


def test_a_wrong_passphrase_is_refused_with_the_count_and_then_waits(hospital: Hospital) -> None:
    statement = hospital.ledger.statement(
        "RiskAssessment/r1", "1", "a" * 64, Verdict.ACCEPT, "", content_digest(BODY), "bs.lan"
    )
    errors = [refused(lambda: hospital.ledger.sign(statement, "not this one", BODY)) for _ in range(5)]
    assert "(wrong ones in a row: 3)" in errors[2].what
    assert errors[4].category.exit == 4
    assert refused(lambda: hospital.ledger.sign(statement, PASSPHRASE, BODY)).code == "passphrase-wait"
    assert hospital.ledger.all() == []
    hospital.now += timedelta(seconds=31)
    assert hospital.ledger.verify(hospital.ledger.sign(statement, PASSPHRASE, BODY))


def test_no_decision_without_a_licence_that_is_valid_that_day(hospital: Hospital) -> None:
    hospital.now = datetime(2027, 2, 1, 0, 0, tzinfo=UTC)
    error = refused(hospital.sign)
    assert error.code == "decision-not-entitled"
    assert "licence is valid today" in error.allowed


def test_a_licence_given_later_does_not_reach_back(hospital: Hospital) -> None:
    signed = hospital.sign()
    early = replace(signed.statement, time="2026-11-22T08:15:00.000Z")
    assert not hospital.ledger.verify(replace(signed, statement=early))
    hospital.people.entitle(
        hospital.grant, "bs.lan", Role.PHYSICIAN, licence="012345/HCM-CCHN", valid_from=date(2020, 1, 1)
    )
    assert hospital.people.licence("bs.lan", early.time) is None
    assert hospital.ledger.verify(signed)


def test_a_role_taken_back_ends_signing_but_not_past_signatures(hospital: Hospital) -> None:
    signed = hospital.sign()
    hospital.now += timedelta(hours=1)
    hospital.people.withdraw(hospital.grant, "bs.lan", Role.PHYSICIAN)
    assert refused(lambda: hospital.sign(version="2")).code == "decision-not-entitled"
    assert hospital.ledger.verify(signed)


def test_a_new_key_signs_and_the_old_signature_still_holds(hospital: Hospital) -> None:
    old = hospital.sign()
    hospital.now += timedelta(hours=1)
    hospital.people.make_key(hospital.grant, "bs.lan", PASSPHRASE)
    new = hospital.sign(version="2")
    assert old.key != new.key
    assert hospital.ledger.verify(old) and hospital.ledger.verify(new)


def test_one_version_is_decided_once(hospital: Hospital) -> None:
    hospital.sign()
    error = refused(lambda: hospital.sign(verdict=Verdict.REJECT, reason="not this patient"))
    assert (error.code, error.category.http) == ("decision-already-made", 409)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.CHANGE])
def test_to_reject_or_change_needs_a_reason(hospital: Hospital, verdict: Verdict) -> None:
    assert refused(lambda: hospital.sign(verdict=verdict, reason="  ")).code == "decision-no-reason"


def test_a_statement_can_not_be_kept_for_later(hospital: Hospital) -> None:
    statement = hospital.ledger.statement(
        "RiskAssessment/r1", "1", "a" * 64, Verdict.ACCEPT, "", content_digest(BODY), "bs.lan"
    )
    hospital.now += timedelta(minutes=6)
    assert refused(lambda: hospital.ledger.sign(statement, PASSPHRASE, BODY)).code == "decision-time-wrong"
    other = {**BODY, "status": "amended"}
    hospital.now -= timedelta(minutes=6)
    assert refused(lambda: hospital.ledger.sign(statement, PASSPHRASE, other)).code == "decision-time-wrong"


@pytest.mark.parametrize(
    ("field_name", "value"),
    [
        ("subject", "RiskAssessment/r2"),
        ("version", "2"),
        ("digest", "b" * 64),
        ("verdict", Verdict.REJECT),
        ("reason", "because"),
        ("outcome", "c" * 64),
        ("signer", "bs.minh"),
        ("licence", "1"),
        ("time", "2026-11-23T08:15:00.001Z"),
    ],
)
def test_no_word_of_a_signed_statement_can_be_changed(hospital: Hospital, field_name: str, value: Any) -> None:
    signed = hospital.sign()
    assert not hospital.ledger.verify(replace(signed, statement=replace(signed.statement, **{field_name: value})))


def test_another_physicians_key_does_not_sign_for_this_one(hospital: Hospital) -> None:
    hospital.physician("bs.minh")
    signed = hospital.sign()
    private = hospital.people.unlock("bs.minh", PASSPHRASE)
    forged = replace(signed, signature=private.sign(signed.statement.to_bytes()))
    minhs = hospital.people.get("bs.minh").key
    assert minhs is not None
    assert not hospital.ledger.verify(forged)
    assert not hospital.ledger.verify(replace(forged, key=minhs.fingerprint))


@pytest.mark.parametrize("table", ["decision", "people_event", "decided"])
def test_the_store_refuses_to_change_or_drop_a_row(hospital: Hospital, table: str) -> None:
    hospital.sign()
    for statement in (
        f"UPDATE {table} SET sequence = sequence + 1",
        f"DELETE FROM {table}",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} can only grow"):
            hospital.tamper(statement)


@pytest.mark.parametrize("table", ["decision", "people_event"])
def test_the_store_refuses_a_row_beside_the_chain(hospital: Hospital, table: str) -> None:
    hospital.sign()
    for sequence, previous in ((1, "0" * 64), (99, "0" * 64)):
        with pytest.raises(sqlite3.IntegrityError, match="grows only at its end"):
            hospital.tamper(f"INSERT OR REPLACE INTO {table} VALUES ({sequence}, x'7b7d', '{previous}', 'h', 's')")


def test_a_row_edited_beneath_the_software_is_found(hospital: Hospital) -> None:
    signed = hospital.sign()
    hospital.tamper(
        "DROP TRIGGER decision_no_update",
        "UPDATE decision SET body = CAST(replace(CAST(body AS TEXT), 'accept', 'reject') AS BLOB)",
    )
    assert not hospital.ledger.verify(signed)
    assert [finding.code for finding in hospital.ledger.check()] == ["decisions-edited"]


def test_a_decision_cut_out_is_found(hospital: Hospital) -> None:
    hospital.sign()
    hospital.sign(version="2")
    hospital.tamper(
        "DROP TRIGGER decision_no_delete",
        "DROP TRIGGER decided_no_delete",
        "DELETE FROM decided WHERE sequence = 1",
        "DELETE FROM decision WHERE sequence = 1",
    )
    assert [finding.code for finding in hospital.ledger.check()] == ["decisions-broken"]


def test_a_licence_forged_in_the_store_makes_no_signature_good(hospital: Hospital) -> None:
    signed = hospital.sign()
    hospital.tamper(
        "DROP TRIGGER people_event_no_update",
        "UPDATE people_event SET body = CAST(replace(CAST(body AS TEXT), '2027-01-31', '2099-01-31') AS BLOB)",
    )
    fresh = People(hospital.database, hospital.home / "keys", hospital.clock, cost=CHEAP)
    assert refused(lambda: fresh.licence("bs.lan", signed.statement.time)).code == "people-tampered"
    assert "changed outside of Lienthong" in (verify_outcome(fresh)(signed.to_bytes(), canonical.encode(BODY)) or "")


def test_an_outcome_is_covered_only_as_it_was_signed(hospital: Hospital) -> None:
    why = verify_outcome(hospital.people)
    decision = hospital.sign().to_bytes()
    stored = {**BODY, "meta": {"versionId": "2", "lastUpdated": "2026-11-23T08:15:01.000Z"}}
    assert why(decision, canonical.encode(BODY)) is None
    assert why(decision, canonical.encode(stored)) is None
    cases = {
        "about another resource": {**BODY, "id": "r2"},
        "not the one that the physician signed": {**BODY, "status": "amended"},
        "not the one": {**BODY, "meta": {"security": []}},
    }
    for text, body in cases.items():
        assert text in (why(decision, canonical.encode(body)) or "")
    for broken in (b"", b"{}", b"[]", b"null", b"\xff", decision[:-1], decision.replace(b"accept", b"change")):
        assert why(broken, canonical.encode(BODY)) is not None
    assert why(decision, b"") == "the resource can't be read"


def test_a_statement_has_these_bytes() -> None:
    statement = Statement(
        "RiskAssessment/r1",
        "1",
        "a" * 4,
        Verdict.REJECT,
        "không phù hợp",
        "b" * 4,
        "bs.lan",
        "1/HCM",
        "2026-11-23T08:15:00Z",
    )
    assert statement.to_bytes().decode() == (
        '{"digest":"aaaa","form":"lienthong-decision/1","licence":"1/HCM","outcome":"bbbb","reason":"không phù hợp",'
        '"signer":"bs.lan","subject":"RiskAssessment/r1","time":"2026-11-23T08:15:00Z","verdict":"reject","version":"1"}'
    )
    assert Statement.from_json(statement.to_json()) == statement


def test_what_waits_to_be_written_into_the_record(hospital: Hospital) -> None:
    signed = hospital.sign()
    assert [(decided.signed, decided.content) for decided in hospital.ledger.pending()] == [(signed, BODY)]
    hospital.ledger.applied(signed)
    hospital.ledger.applied(signed)
    assert hospital.ledger.pending() == []


def test_two_at_once_decide_one_version_once(hospital: Hospital) -> None:
    results: list[str] = []

    def sign(verdict: Verdict) -> None:
        try:
            results.append(hospital.sign(verdict=verdict, reason="because").statement.verdict.value)
        except LienthongError as error:
            results.append(error.code)

    threads = [threading.Thread(target=sign, args=(verdict,)) for verdict in (Verdict.ACCEPT, Verdict.REJECT) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("decision-already-made") == 5
    assert len(hospital.ledger.all()) == 1


def test_a_signature_survives_the_death_of_its_process(hospital: Hospital) -> None:
    code = (
        "import datetime, os, pathlib, signal, sys\n"
        "from lienthong.decisions import Ledger, People, Verdict, content_digest\n"
        "home = pathlib.Path(sys.argv[1]); now = datetime.datetime(2026, 11, 23, 8, 20, tzinfo=datetime.UTC)\n"
        "people = People(home / 'decisions.db', home / 'keys', lambda: now)\n"
        "ledger = Ledger(home / 'decisions.db', people, lambda: now)\n"
        "body = {'resourceType': 'RiskAssessment', 'id': 'r1', 'status': 'final'}\n"
        "outcome = content_digest(body)\n"
        "said = ledger.statement('RiskAssessment/r1', '1', 'a' * 64, Verdict.ACCEPT, '', outcome, 'bs.lan')\n"
        "ledger.sign(said, sys.argv[2], body)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(hospital.home), PASSPHRASE], check=False)
    assert done.returncode == -signal.SIGKILL
    (signed,) = hospital.ledger.of("RiskAssessment/r1")
    assert hospital.ledger.verify(signed)
