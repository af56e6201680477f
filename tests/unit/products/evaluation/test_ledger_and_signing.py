"""What the order of locks and openings proves, and what a signature covers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.unit.products.evaluation.invented import Invented

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.decisions.store import Store
from lienthong.products.card import Text
from lienthong.products.evaluation.evaluate import evaluate
from lienthong.products.evaluation.ledger import EvaluationLedger, What
from lienthong.products.evaluation.locking import lock
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.signing import sign, verify
from lienthong.products.evaluation.status import Status, Word

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
WHAT = What("x", "1.0.0", "p" * 64, "a" * 64)
DATA = ["d" * 64]


class Node:
    """A ledger whose clock moves a minute with each look."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "decisions.db"
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.ledger = EvaluationLedger(Store(self.path), b"s" * 32, self.clock)

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def lock(self, what: What = WHAT) -> None:
        self.ledger.locked("kiem", lock(what, KEY, "kiem", "2026-11-24T00:00:00.000Z"))

    def open(self, part: str = "val", files: list[str] = DATA, what: What = WHAT) -> None:
        self.ledger.opened("kiem", what, files, part)

    def status(self, part: str = "val", seen: Text | None = None, what: What = WHAT) -> Status:
        return self.ledger.status(what, DATA, part, seen)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_lock_before_the_first_opening_confirms_again_and_again(node: Node) -> None:
    node.lock()
    node.open()
    first = node.status()
    assert first.word is Word.CONFIRMATORY and len(first.lock) == 64 and "2026-11-24" in first.reason.en
    node.open()
    assert node.status() == first
    node.lock()  # a second lock of the same changes nothing
    assert node.status() == first


def test_what_was_opened_before_by_anyone_explores(node: Node) -> None:
    node.open(what=What("another", "2.0.0", "q" * 64, "b" * 64))
    node.lock()
    node.open()
    found = node.status()
    assert found.word is Word.EXPLORATORY and "2026-11-24T00:01" in found.reason.en and found.lock == ""


def test_the_whole_and_its_parts_are_the_same_data_and_other_files_are_not(node: Node) -> None:
    node.open(part="train")
    node.open(part="", files=["e" * 64])
    node.lock()
    assert node.status("val").word is Word.CONFIRMATORY
    assert node.status("train").word is Word.EXPLORATORY
    assert node.status("").word is Word.EXPLORATORY


def test_another_protocol_or_artefact_is_not_locked(node: Node) -> None:
    node.lock()
    for what in (What("x", "1.0.0", "q" * 64, "a" * 64), What("x", "1.0.0", "p" * 64, "b" * 64)):
        found = node.status(what=what)
        assert found.word is Word.EXPLORATORY and "No signed lock" in found.reason.en


def test_authors_who_have_seen_the_outcomes_explore(node: Node) -> None:
    node.lock()
    found = node.status(seen=Text("đã đăng", "they were published"))
    assert found.word is Word.EXPLORATORY and "they were published" in found.reason.en


def test_an_edited_ledger_is_found_and_confirms_nothing(node: Node) -> None:
    node.open()
    node.lock()
    with closing(sqlite3.connect(node.path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER evaluation_event_no_delete")
        connection.execute("DELETE FROM evaluation_event WHERE sequence = 1")
    assert {item.code for item in node.ledger.verify()} == {"decisions-broken"}
    with pytest.raises(LienthongError, match="evaluation-ledger-tampered"):
        node.status()


def test_the_opening_is_on_the_disk_before_an_outcome_is_read(
    node: Node, invented: Invented, protocol: Protocol, file: Path
) -> None:
    class Stops(Invented):
        def open(self, files: Any, part: str, settings: Any) -> Any:
            raise RuntimeError("stopped while the outcomes were read")

    stops = Stops(invented.card, invented.cases)
    with pytest.raises(RuntimeError, match="stopped"):
        evaluate(stops, protocol, [file], "", clock=node.clock, environment={}, ledger=node.ledger, by="kiem")
    (event,) = EvaluationLedger(Store(node.path), b"s" * 32, node.clock).events()
    assert (event["kind"], event["by"], event["part"], len(event["files"][0])) == ("opened", "kiem", "", 64)


def test_only_a_signed_lock_is_kept(node: Node) -> None:
    with pytest.raises(LienthongError, match="evidence-unsigned"):
        node.ledger.locked("kiem", WHAT.to_json())
    assert list(node.ledger.events()) == []


@pytest.mark.parametrize("member", ["auroc", "signer", "time", "fingerprint", "public", "signature", "more"])
def test_a_signature_covers_all_that_it_stands_under(member: str) -> None:
    signed = canonical.parse(canonical.encode(sign({"auroc": 1, "form": "f"}, KEY, "kiem", "2026-11-24T00:00:00Z")))
    assert verify(signed, "run").name == "kiem"
    if member in signed["signature"]:
        other = sign({"auroc": 1, "form": "f"}, Ed25519PrivateKey.from_private_bytes(b"o" * 32), "eve", "2027")
        signed["signature"][member] = other["signature"][member]
    else:
        signed[member] = 2
    with pytest.raises(LienthongError, match="evidence-edited"):
        verify(signed, "run")


@pytest.mark.parametrize("signature", [None, {}, {"signer": "kiem"}, "kiem"])
def test_what_bears_no_signature_is_said(signature: Any) -> None:
    with pytest.raises(LienthongError, match="evidence-unsigned") as caught:
        verify({"auroc": 1, "signature": signature}, "evidence/run-val.json")
    assert caught.value.where == "evidence/run-val.json"
