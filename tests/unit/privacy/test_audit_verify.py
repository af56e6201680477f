"""The verifier that has only leaves, checkpoints and public keys: an edit, a cut and a fork are found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.privacy.access_log import FILES, AccessLog
from lienthong.privacy.audit.checkpoint import Checkpoint
from lienthong.privacy.audit.leaf import walk
from lienthong.privacy.audit.notes import WITNESS, SigningKey, VerifyingKey
from lienthong.privacy.audit.proof import Consistency, Inclusion, prove_consistent, prove_included, read_proof
from lienthong.privacy.audit.verify import Verified, verify

KEY = b"k" * 32
UNIVERSITY = SigningKey("university.example/witness", WITNESS, b"u" * 32)
MINISTRY = SigningKey("ministry.example/witness", WITNESS, b"m" * 32)
SECONDS = 1_790_000_000


def add(log: AccessLog, count: int, *, who: str = "bs.lan") -> None:
    for number in range(count):
        action, outcome = ("read-person", "permitted") if number % 3 else ("ingest", "done")
        log.append(actor=who, purpose="treatment", action=action, scope=f"person:p{number}", outcome=outcome)


def cosigned(signed: Checkpoint, *witnesses: SigningKey) -> Checkpoint:
    return signed.add([witness.sign(signed.note.text, SECONDS) for witness in witnesses])


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> AccessLog:
    log = AccessLog(tmp_path / "audit", KEY, clock, durable=False)
    add(log, 11)
    log.keep(cosigned(log.checkpoint(), UNIVERSITY, MINISTRY))
    add(log, 6)
    log.checkpoint()
    return log


def files(log_folder: Path) -> tuple[list[bytes], bytes]:
    return (log_folder / "log.ndjson").read_bytes().splitlines(keepends=True), (
        log_folder / "checkpoints"
    ).read_bytes()


def checked(lines: Sequence[bytes], checkpoints: bytes, key: VerifyingKey, *more: Checkpoint) -> Verified:
    texts = [
        ("checkpoints", checkpoints),
        *((f"file-{number}", str(item).encode()) for number, item in enumerate(more)),
    ]
    return verify(lines, texts, key, [UNIVERSITY.verifying, MINISTRY.verifying])


def codes(done: Verified) -> set[str]:
    return {item.code for item in done.findings}


def test_a_whole_log_needs_no_secret(log: AccessLog, tmp_path: Path) -> None:
    done = checked(*files(tmp_path / "audit"), log.key)
    assert done.findings == ()
    assert (done.size, done.signed) == (17, 17)
    assert [(item.name, item.size) for item in done.witnesses] == [(MINISTRY.name, 11), (UNIVERSITY.name, 11)]
    everything = b"".join((tmp_path / "audit" / name).read_bytes() for name in FILES)
    assert (tmp_path / "audit" / "audit.salts").read_bytes()[:32] not in everything
    assert KEY not in everything


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, VerifyingKey]:
    folder = tmp_path_factory.mktemp("audit")
    log = AccessLog(folder, KEY, lambda: datetime(2026, 11, 23, tzinfo=UTC), durable=False)
    add(log, 7)
    log.keep(cosigned(log.checkpoint(), UNIVERSITY, MINISTRY))
    (folder / "checkpoints").write_text(str(cosigned(log.checkpoint(), UNIVERSITY, MINISTRY)), "utf-8")
    return (folder / "log.ndjson").read_bytes(), (folder / "checkpoints").read_bytes(), log.key


@given(data=st.data())
def test_no_byte_anywhere_can_be_changed(kept: tuple[bytes, bytes, VerifyingKey], data: st.DataObject) -> None:
    log, signed, key = kept
    which, change = data.draw(st.booleans()), data.draw(st.integers(1, 255))
    whole = bytearray(log if which else signed)
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= change
    lines = bytes(whole) if which else log
    done = checked(lines.splitlines(keepends=True), signed if which else bytes(whole), key)
    assert done.findings


def test_every_bit_of_one_entry_and_its_end(kept: tuple[bytes, bytes, VerifyingKey]) -> None:
    """Names, values, commas, braces, the escape and the newline: whatever kind of byte it is."""
    log, signed, key = kept
    lines = log.splitlines(keepends=True)
    for place in range(len(lines[3])):
        for bit in range(8):
            changed = bytearray(lines[3])
            changed[place] ^= 1 << bit
            edited = b"".join([*lines[:3], bytes(changed), *lines[4:]])
            found = verify(edited.splitlines(keepends=True), [("checkpoints", signed)], key)
            assert {"audit-log-edited", "audit-log-cut"} & codes(found), (place, bit)


@given(data=st.data())
def test_no_cut_and_no_doubled_part_passes(kept: tuple[bytes, bytes, VerifyingKey], data: st.DataObject) -> None:
    log, signed, key = kept
    start = data.draw(st.integers(0, len(log) - 1))
    end = data.draw(st.integers(start + 1, len(log)))
    middle = data.draw(st.sampled_from([b"", log[start:end] * 2]))
    done = checked((log[:start] + middle + log[end:]).splitlines(keepends=True), signed, key)
    assert [item for item in done.findings if item.severity == "error" or item.code == "audit-log-unsigned"]


def test_an_edit_is_narrowed_down_to_the_entries_between_two_checkpoints(log: AccessLog, tmp_path: Path) -> None:
    lines, signed = files(tmp_path / "audit")
    lines[12] = lines[12].replace(b"bs.lan", b"bs.tam")
    (found,) = checked(lines, signed, log.key).findings
    assert (found.code, found.place.row) == ("audit-log-edited", "12-14")


def test_a_log_rolled_back_with_all_its_files_is_found_by_what_a_witness_holds(
    log: AccessLog, tmp_path: Path, clock: Clock
) -> None:
    """Who has the machine and its keys puts everything back as it was; the auditor has a co-signed checkpoint."""
    shutil.copytree(tmp_path / "audit", tmp_path / "before")
    add(log, 5)
    held = cosigned(log.checkpoint(), MINISTRY)
    back = AccessLog(tmp_path / "before", KEY, clock, durable=False)
    assert back.verify() == [], "nothing on the node shows it"
    lines, signed = files(tmp_path / "before")
    assert checked(lines, signed, log.key).findings == ()
    assert codes(checked(lines, signed, log.key, held)) == {"audit-log-cut"}
    add(back, 9, who="someone-else")
    back.checkpoint()
    assert back.verify() == []
    lines, signed = files(tmp_path / "before")
    assert checked(lines, signed, log.key).findings == ()
    assert codes(checked(lines, signed, log.key, held)) == {"audit-log-forked"}


def test_a_log_rewritten_whole_with_the_nodes_own_key_is_found(log: AccessLog, tmp_path: Path, clock: Clock) -> None:
    held = cosigned(log.checkpoint(), UNIVERSITY)
    other = AccessLog(tmp_path / "rewritten", KEY, clock, durable=False)
    add(other, 20, who="innocent")
    other.checkpoint()
    lines, signed = files(tmp_path / "rewritten")
    assert other.verify() == []
    found = codes(checked(lines, signed, log.key, held))
    assert found == {"audit-log-forked", "audit-log-unwitnessed"}


def test_two_histories_of_one_size_are_a_fork_whatever_the_log_is(
    log: AccessLog, tmp_path: Path, clock: Clock
) -> None:
    other = AccessLog(tmp_path / "other", KEY, clock, durable=False)
    add(other, 17, who="innocent")
    lines, signed = files(tmp_path / "audit")
    assert "audit-log-forked" in codes(checked(lines, signed, log.key, other.checkpoint()))


def test_a_checkpoint_of_another_key_and_a_wrong_co_signature(log: AccessLog, tmp_path: Path, clock: Clock) -> None:
    lines, signed = files(tmp_path / "audit")
    other = AccessLog(tmp_path / "other", b"x" * 32, clock, durable=False)
    add(other, 17)
    assert codes(checked(lines, signed, log.key, other.checkpoint())) == {"audit-log-checkpoint-forged"}
    false = SigningKey(MINISTRY.name, WITNESS, b"f" * 32)
    assert codes(checked(lines, signed, log.key, cosigned(log.checkpoint(), false))) == {
        "audit-log-checkpoint-forged"
    }
    assert codes(checked(lines, b"", log.key)) == {"audit-log-unsigned", "audit-log-unwitnessed"}
    assert codes(verify(lines, [("checkpoints", signed[:-9])], log.key)) == {
        "audit-log-checkpoint-unreadable",
        "audit-log-unsigned",
    }


def test_what_is_newer_than_every_checkpoint_is_said(log: AccessLog, tmp_path: Path) -> None:
    log.append(actor="a", purpose="treatment", action="trace", scope="node", outcome="permitted")
    (found,) = checked(*files(tmp_path / "audit"), log.key).findings
    assert (found.code, found.severity, found.place.row) == ("audit-log-unsigned", "warning", "17-17")


def test_the_node_keeps_only_checkpoints_of_its_own_log(log: AccessLog, tmp_path: Path, clock: Clock) -> None:
    other = AccessLog(tmp_path / "other", KEY, clock, durable=False)
    add(other, 4)
    stranger = AccessLog(tmp_path / "stranger", b"x" * 32, clock, durable=False)
    add(stranger, 4)
    before = (tmp_path / "audit" / "checkpoints").read_bytes()
    for wrong in (other.checkpoint(), stranger.checkpoint()):
        with pytest.raises(LienthongError, match="audit-checkpoint-foreign"):
            log.keep(wrong)
    assert (tmp_path / "audit" / "checkpoints").read_bytes() == before
    assert log.verify() == []


def test_proofs_go_through_files_and_hold_only_whole(log: AccessLog, tmp_path: Path) -> None:
    lines, _ = files(tmp_path / "audit")
    newest = log.checkpoint()
    older = Checkpoint.parse(str(cosigned(newest, UNIVERSITY)))
    add(log, 30)
    newer = log.checkpoint()
    now, _ = files(tmp_path / "audit")
    for sequence in (0, 5, 16):
        proof = prove_included(sequence, walk(lines), newest)
        again = read_proof(json.dumps(proof.to_json()).encode())
        assert isinstance(again, Inclusion)
        assert again == proof and again.holds(log.key)
        assert again.leaf + b"\n" == lines[sequence]
        changed = {**proof.to_json(), "leaf": again.leaf.decode().replace("bs.lan", "bs.tam")}
        forged = read_proof(json.dumps(changed).encode())
        assert not forged.holds(log.key)
        assert not again.holds(UNIVERSITY.verifying)
    grown = prove_consistent(older, walk(now), newer)
    again_grown = read_proof(json.dumps(grown.to_json()).encode())
    assert isinstance(again_grown, Consistency) and again_grown.holds(log.key)
    assert not Consistency(older, newer, grown.path[:-1]).holds(log.key)
    with pytest.raises(LienthongError, match="audit-sequence-unknown"):
        prove_included(17, walk(lines), newest)
    with pytest.raises(LienthongError, match="audit-checkpoint-older"):
        prove_consistent(newer, walk(now), older)
    edited = [now[0].replace(b"bs.lan", b"bs.tam"), *now[1:]]
    with pytest.raises(LienthongError, match="audit-checkpoint-older"):
        prove_consistent(older, walk(edited), newer)
    for wrong in (b"", b"{}", b"[]", b'{"form":"lienthong-audit-inclusion/1","path":[7]}'):
        with pytest.raises(LienthongError, match="audit-proof-unreadable"):
            read_proof(wrong)
