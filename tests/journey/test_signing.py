"""The last word is a physician's: signing while an ingest runs, and what a killed process leaves."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lienthong import Node
from lienthong.core.actors import Actor
from lienthong.core.errors import LienthongError
from lienthong.decisions.statement import Verdict
from lienthong.privacy.access import Action

pytestmark = pytest.mark.slow
Lienthong = Callable[..., Any]


def _account(home: Path, name: str) -> dict[str, str]:
    accounts: dict[str, dict[str, str]] = json.loads((home / "demo" / "accounts.json").read_text())
    return accounts[name]


def _as_physician(home: Path) -> Node:
    with Node(home, actor=Actor("door")) as node:
        actor = node.people.sign_in("bs.lan", _account(home, "bs.lan")["password"])
    assert actor is not None
    return Node(home, actor=actor, purpose="treatment")


def _open_suggestions(node: Node) -> list[str]:
    grant = node.permit(Action.READ_WORKLIST)
    return [
        stored.id
        for stored in node.record.resources(grant, "RiskAssessment")
        if stored.resource()["status"] == "preliminary"
    ]


@pytest.mark.suite
def test_a_physician_signs_while_an_ingest_runs(demo_home: Path, suites: Callable[[str], Path]) -> None:
    passphrase = _account(demo_home, "bs.lan")["passphrase"]
    with _as_physician(demo_home) as node:
        suggestion, other, third = _open_suggestions(node)[:3]
        exports = str(suites("synthea_r4_smart_dev100"))
        command = [sys.executable, "-m", "lienthong", "--home", str(demo_home), "ingest", exports]
        ingest = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _until(lambda: _unpublished(demo_home) > 2000)

        signed = node.decide(suggestion, Verdict.ACCEPT, passphrase=passphrase)
        changed = node.decide(
            other, Verdict.CHANGE, reason="Tiền sử gia đình", change=Decimal("0.2"), passphrase=passphrase
        )
        rejected = node.decide(third, Verdict.REJECT, reason="Dữ liệu sai", passphrase=passphrase)
        assert ingest.poll() is None, "the ingest had ended before the signatures"

        assert [item.resource()["status"] for item in (signed, changed, rejected)] == ["final", "final", "cancelled"]
        assert len(node.ledger.of(f"RiskAssessment/{suggestion}")) == 1
        _, said = ingest.communicate()
        assert ingest.returncode == 0, said
        grant = node.permit(Action.READ_WORKLIST)
        assert node.record.read(grant, "RiskAssessment", suggestion).digest == signed.digest
        with pytest.raises(LienthongError, match="suggestion-not-open"):
            node.decide(suggestion, Verdict.REJECT, reason="nghĩ lại", passphrase=passphrase)


def test_no_one_else_decides_and_no_file_makes_it_final(
    demo_home: Path, lienthong: Lienthong, tmp_path: Path
) -> None:
    with _as_physician(demo_home) as node:
        suggestion = _open_suggestions(node)[0]
        with pytest.raises(LienthongError, match="passphrase-wrong"):
            node.decide(suggestion, Verdict.ACCEPT, passphrase="not the passphrase")
        grant = node.permit(Action.READ_WORKLIST)
        body = node.record.read(grant, "RiskAssessment", suggestion).resource()
    passphrase = _account(demo_home, "bs.lan")["passphrase"]
    operator = Actor("operator", operator=True)
    with Node(demo_home, actor=operator) as node, pytest.raises(LienthongError, match="access-refused"):
        node.decide(suggestion, Verdict.ACCEPT, passphrase=passphrase)

    # a file that says it is final is quarantined, and the rest of it is kept
    final = {**body, "id": "sneaked-in", "status": "final"}
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female"}
    export = tmp_path / "sneak.ndjson"
    export.write_text("\n".join(json.dumps(item, default=str) for item in (final, patient)))
    said = lienthong("ingest", export)
    assert said.code == 3
    assert said.json["quarantined"] == {"files": 0, "records": 1}
    assert said.json["resources"]["new"] == 1

    # and so is an insert or an update beside Lienthong
    with sqlite3.connect(demo_home / "record.db") as database:
        for sql in (
            "UPDATE version SET body = replace(body, 'preliminary', 'final') WHERE ai = 1",
            "INSERT INTO version SELECT seq, version + 1, batch, digest, given, ai, deleted, recorded_at, decision,"
            " replace(body, 'preliminary', 'final') FROM version WHERE ai = 1",
        ):
            with pytest.raises(sqlite3.Error):
                database.execute(sql)
    database.close()


def test_what_was_signed_survives_a_kill_before_it_was_written(demo_home: Path) -> None:
    """The signature is durable before the record is written: the next act of the node writes it."""
    passphrase = _account(demo_home, "bs.lan")["passphrase"]
    with _as_physician(demo_home) as node:
        suggestion = _open_suggestions(node)[0]
        author = node.record.author

        def killed(*_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

        node.record.author = killed  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            node.decide(suggestion, Verdict.ACCEPT, passphrase=passphrase)
        node.record.author = author  # type: ignore[method-assign]
        assert suggestion in _open_suggestions(node)
    with Node(demo_home, actor=Actor("operator", operator=True)) as node:
        node.run_product("cvd-risk")
        grant = node.permit(Action.RUN_PRODUCT)
        assert node.record.read(grant, "RiskAssessment", suggestion).resource()["status"] == "final"


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def _unpublished(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'record.db'}?mode=ro", uri=True) as database:
        count: int = database.execute(
            "SELECT count(*) FROM version WHERE batch IN (SELECT id FROM batch WHERE published IS NULL)"
        ).fetchone()[0]
    database.close()
    return count
