"""The last word is a physician's (DESIGN 3.4): the right way through, and every way round that we could think of."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lienthong import fhir
from lienthong.core import canonical
from lienthong.core.actors import Actor, Role
from lienthong.core.errors import LienthongError
from lienthong.decisions import Signed, Verdict, content_digest
from lienthong.privacy.access import Action, one_person, permit
from lienthong.products.decide import apply_pending
from lienthong.products.suggestion import read

Hospital = Any  # the fixture of conftest.py


def refused(hospital: Hospital, **given: Any) -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        hospital.decide(**given)
    return caught.value


def provenance(hospital: Hospital) -> dict[str, Any]:
    (stored,) = hospital.record.resources(hospital.grant(Action.READ_WORKLIST), "Provenance")
    found: dict[str, Any] = stored.resource()
    return found


def test_an_accepted_suggestion_is_final_signed_and_still_labelled(ran: Hospital) -> None:
    before = ran.suggestions()["woman"]
    stored = ran.decide(Verdict.ACCEPT)
    resource = stored.resource()
    assert (resource["status"], stored.version, stored.ai) == ("final", 2, True)
    assert resource["meta"]["security"][0]["code"] == "AIAST"
    assert resource["note"][-1] == {
        "authorString": "BS. Nguyễn Thị Lan (012345/HCM-CCHN)",
        "text": "Chấp nhận / Accepted",
    }
    signed = Signed.from_bytes(stored.decision)
    assert ran.ledger.verify(signed)
    assert (signed.statement.version, signed.statement.digest) == ("1", before.digest)
    assert fhir.validate(resource, advice=False) == []
    assert ran.ledger.check() == [] and ran.ledger.pending() == []


def test_the_provenance_carries_the_signature_and_both_agents(ran: Hospital) -> None:
    stored = ran.decide(Verdict.ACCEPT)
    found = provenance(ran)
    assert fhir.validate(found, advice=False) == []
    assert found["target"] == [{"reference": stored.reference}]
    assert [agent["type"]["coding"][0]["code"] for agent in found["agent"]] == ["assembler", "verifier"]
    assert found["agent"][0]["who"]["reference"].startswith("Device/")
    (signature,) = found["signature"]
    assert base64.b64decode(signature["data"]) == stored.decision


def test_a_change_keeps_both_figures(ran: Hospital) -> None:
    stored = ran.decide(Verdict.CHANGE, reason="Mẹ mất sớm vì nhồi máu", change=Decimal("0.2"))
    found = read(stored.resource())
    assert (found.risk, found.original, found.status) == (Decimal("0.2"), Decimal("0.1048"), "final")
    assert str(stored.resource()["prediction"][0]["probabilityDecimal"]) == "20.00"
    assert "rationale" not in stored.resource()["prediction"][0]
    assert fhir.validate(stored.resource(), advice=False) == []
    first = ran.record.read(ran.grant(Action.READ_WORKLIST), "RiskAssessment", stored.id, 1)
    assert read(first.resource()).risk == Decimal("0.1048")


def test_a_rejection_needs_a_reason_and_cancels(ran: Hospital) -> None:
    assert refused(ran, verdict=Verdict.REJECT).code == "decision-no-reason"
    stored = ran.decide(Verdict.REJECT, reason="Đang mang thai")
    assert stored.resource()["status"] == "cancelled"
    assert stored.resource()["note"][-1]["text"] == "Từ chối / Rejected: Đang mang thai"


@pytest.mark.parametrize("change", [None, Decimal("-0.1"), Decimal("1.1"), Decimal("NaN"), Decimal("0.1048")])
def test_a_change_that_can_not_be_meant(ran: Hospital, change: Decimal | None) -> None:
    assert refused(ran, verdict=Verdict.CHANGE, reason="because", change=change).code == "decision-change-wrong"
    assert refused(ran, verdict=Verdict.ACCEPT, change=Decimal("0.3")).code == "decision-change-wrong"


def test_only_a_grant_to_decide_decides(ran: Hospital) -> None:
    assert refused(ran, grant=ran.grant(Action.RUN_PRODUCT)).code == "access-grant-wrong"
    assert refused(ran, grant=ran.grant(Action.READ_WORKLIST)).code == "access-grant-wrong"
    for actor in (Actor("op", operator=True), Actor("bs.lan"), Actor("x", frozenset({Role.BOARD}))):
        with pytest.raises(LienthongError, match="access-refused"):
            permit(actor, "treatment", Action.DECIDE, log=ran.log)


def test_a_grant_for_one_patient_decides_about_no_other(ran: Hospital) -> None:
    person = ran.record.person_of(ran.grant(Action.READ_WORKLIST), "man")
    grant = ran.grant(Action.DECIDE, one_person(person))
    assert refused(ran, grant=grant).code == "record-out-of-scope"
    assert ran.decide(of="man", grant=grant).resource()["status"] == "final"


def test_a_role_claimed_at_the_door_is_checked_again_at_the_signature(ran: Hospital) -> None:
    impostor = Actor("eve", frozenset({Role.PHYSICIAN}))
    grant = permit(impostor, "treatment", Action.DECIDE, log=ran.log)
    assert refused(ran, grant=grant).code == "decision-not-entitled"
    grant = ran.grant(Action.DECIDE)
    ran.people.retire(ran.grant(Action.MANAGE_PEOPLE), "bs.lan")
    assert refused(ran, grant=grant).code == "decision-not-entitled"


def test_another_physicians_passphrase_or_a_guess_signs_nothing(ran: Hospital) -> None:
    ran.add_physician("bs.minh")
    ran.people.make_key(ran.grant(Action.MANAGE_PEOPLE), "bs.minh", "another passphrase")
    assert refused(ran, passphrase="another passphrase").code == "passphrase-wrong"
    assert "in a row: 2" in refused(ran, passphrase="").what
    assert ran.suggestions()["woman"].resource()["status"] == "preliminary"
    assert ran.ledger.all() == []


def test_what_was_seen_is_what_is_signed(ran: Hospital) -> None:
    seen = ran.suggestions()["woman"]
    assert refused(ran, seen="2").code == "suggestion-changed"
    assert refused(ran, seen="0" * 64).category.http == 409
    assert ran.decide(seen=seen.digest).version == 2


def test_nothing_is_decided_twice(ran: Hospital) -> None:
    ran.decide(Verdict.ACCEPT)
    error = refused(ran, verdict=Verdict.REJECT, reason="on second thought")
    assert error.code == "suggestion-not-open"
    assert len(ran.ledger.all()) == 1


def test_the_program_itself_can_not_make_a_suggestion_final(ran: Hospital) -> None:
    resource = canonical.parse(ran.suggestions()["woman"].body)
    signed = ran.decide(of="man").decision
    ways = {
        "without a decision": ({**resource, "status": "final"}, None),
        "amended": ({**resource, "status": "amended"}, None),
        "with another's decision": ({**resource, "status": "final"}, signed),
        "with half a decision": ({**resource, "status": "final"}, signed[:-2]),
        "without its label": ({**resource, "status": "final", "meta": {}}, None),
        "without status": ({key: value for key, value in resource.items() if key != "status"}, None),
    }
    for action in (Action.RUN_PRODUCT, Action.INGEST, Action.DECIDE):
        for body, decision in ways.values():
            with pytest.raises(LienthongError):
                ran.record.author(ran.grant(action), [body], decision=decision)
    assert ran.suggestions()["woman"].resource()["status"] == "preliminary"


def test_a_signed_outcome_can_not_be_altered_on_its_way(ran: Hospital) -> None:
    stored = ran.decide(Verdict.ACCEPT)
    outcome = canonical.parse(stored.body)
    outcome["prediction"][0]["probabilityDecimal"] = Decimal("1.00")
    with pytest.raises(LienthongError, match="not the one that the physician signed"):
        ran.record.author(ran.grant(Action.DECIDE), [outcome], decision=stored.decision)


def test_an_export_can_not_bring_a_final_ai_output_in(ran: Hospital) -> None:
    resource = canonical.parse(ran.suggestions()["woman"].body)
    ran.feed([{**resource, "id": "from-outside", "status": "final"}], "outside.ndjson")
    assert [row.rule for row in ran.record.open_quarantine()] == ["ai-unsigned"]
    grant = ran.grant(Action.READ_WORKLIST)
    with pytest.raises(LienthongError, match="resource-not-found"):
        ran.record.read(grant, "RiskAssessment", "from-outside")


def test_sql_beneath_the_program_is_stopped_or_found(ran: Hospital) -> None:
    database = ran.home / "record.db"
    with (
        closing(sqlite3.connect(database)) as connection,
        pytest.raises(sqlite3.Error),
    ):
        connection.execute("UPDATE version SET body = replace(body, 'preliminary', 'final') WHERE ai = 1")
    assert ran.suggestions()["woman"].resource()["status"] == "preliminary"


def test_a_signature_is_kept_when_the_record_can_not_be_written(ran: Hospital) -> None:
    before = ran.suggestions()["woman"]
    resource = canonical.parse(before.body)
    outcome = {**resource, "status": "final"}
    statement = ran.ledger.statement(
        before.reference, "1", before.digest, Verdict.ACCEPT, "", content_digest(outcome), "bs.lan"
    )
    ran.ledger.sign(statement, ran.decide.__globals__["PASSPHRASE"], outcome)  # and here the process dies
    assert ran.suggestions()["woman"].resource()["status"] == "preliminary"
    ran.now += timedelta(days=400)
    ran.people.retire(ran.grant(Action.MANAGE_PEOPLE), "bs.lan")
    (stored,) = apply_pending(ran.record, ran.ledger, ran.people, ran.grant(Action.RUN_PRODUCT))
    assert stored.resource()["status"] == "final"
    assert apply_pending(ran.record, ran.ledger, ran.people, ran.grant(Action.RUN_PRODUCT)) == []
    assert provenance(ran)["signature"][0]["when"] == "2026-11-23T08:15:00.000Z"


def test_the_next_decision_writes_what_was_left(ran: Hospital) -> None:
    before = ran.suggestions()["man"]
    outcome = {**canonical.parse(before.body), "status": "final"}
    statement = ran.ledger.statement(
        before.reference, "1", before.digest, Verdict.ACCEPT, "", content_digest(outcome), "bs.lan"
    )
    ran.ledger.sign(statement, ran.decide.__globals__["PASSPHRASE"], outcome)
    assert refused(ran, of="man").code == "suggestion-not-open"
    assert ran.suggestions()["man"].resource()["status"] == "final"


def test_a_decision_written_but_not_noted_is_written_once(ran: Hospital) -> None:
    stored = ran.decide(Verdict.ACCEPT)
    with closing(sqlite3.connect(ran.home / "decisions.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM applied")
    (again,) = apply_pending(ran.record, ran.ledger, ran.people, ran.grant(Action.RUN_PRODUCT))
    assert again == stored
    assert ran.ledger.pending() == []


def test_a_physician_signs_while_an_ingest_runs(ran: Hospital) -> None:
    with ran.record.begin(ran.grant(Action.INGEST), source="test") as batch:
        batch.file("half.ndjson", "d" * 64, 1, "fhir")
        batch.flush()
        assert ran.decide(Verdict.ACCEPT).resource()["status"] == "final"
        batch.publish()
    assert ran.suggestions()["woman"].resource()["status"] == "final"
