"""The audit log as its parties use it: the operator, a witness, an auditor without any data, a person who asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lienthong.cli import main
from lienthong.fhir import validate

PATIENT = '{"resourceType":"Patient","id":"1","gender":"female","name":[{"family":"Nguyễn Bí Mật"}]}\n'


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Lienthong = Callable[..., Said]


@pytest.fixture
def lienthong(home: Path, capsys: pytest.CaptureFixture[str]) -> Lienthong:
    """The command line in this process: these journeys have many commands, and a start costs a second."""

    def run(*words: object, plain: bool = False) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--home", str(home), *map(str, words), *([] if plain else ["--json"])])
        return Said(int(ended.value.code or 0), capsys.readouterr().out)

    return run


@pytest.fixture
def node(lienthong: Lienthong, tmp_path: Path) -> Lienthong:
    """A node in which something has been done."""
    (tmp_path / "p.ndjson").write_text(PATIENT, "utf-8")
    assert lienthong("ingest", tmp_path / "p.ndjson").code == 0
    assert lienthong("build").code in (0, 1)
    assert lienthong("query", "SELECT 1 AS one").code == 0
    return lienthong


@pytest.fixture
def witness(node: Lienthong, tmp_path: Path) -> str:
    """The public key of a witness, whose private key is in `w.key`."""
    made = node("audit", "witness", "university.example/audit", "--to", tmp_path / "w.key").json
    assert (tmp_path / "w.key").stat().st_mode & 0o077 == 0
    return str(made["key"])


def entries(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / "audit" / "log.ndjson").read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_witness_rollback_and_fork(node: Lienthong, witness: str, home: Path, tmp_path: Path) -> None:
    held, later, proof = tmp_path / "held", tmp_path / "later", tmp_path / "proof"
    public, key = home / "audit" / "log.pub", tmp_path / "w.key"
    cosign = ("audit", "cosign")
    assert node("audit", "checkpoint", "--to", held).json["size"] == len(entries(home))
    assert node(*cosign, held, "--key", key, "--log-key", public).code == 0
    assert held.read_text("utf-8").count("— ") == 2
    assert node("audit", "checkpoint", "--keep", held).code == 0
    assert node("audit", "verify", "--witness", witness).code == 0
    shutil.copytree(home, tmp_path / "before")

    assert node("build").code in (0, 1)
    node("audit", "checkpoint", "--to", later)
    refused = node(*cosign, later, "--key", key, "--log-key", public)
    assert (refused.code, refused.json["error"]["code"]) == (2, "audit-witness-no-proof")
    node("audit", "checkpoint", "--since", held, "--to", proof)
    newest = json.loads(proof.read_text("utf-8"))["newer"]
    later.write_text(newest, "utf-8")
    assert node(*cosign, later, "--key", key, "--log-key", public, "--proof", proof).code == 0
    assert node("audit", "verify", "--proof", proof, "--key", public).code == 0
    assert node("audit", "verify", "--checkpoint", later, "--witness", witness).code == 0

    # Everything of the node is put back as it was, its keys too: only what another party holds shows it.
    shutil.rmtree(home)
    shutil.move(tmp_path / "before", home)
    assert node("audit", "verify").json["findings"] == []
    found = node("audit", "verify", "--checkpoint", later, "--witness", witness)
    assert found.code == 1
    assert {item["code"] for item in found.json["findings"]} & {"audit-log-cut", "audit-log-forked"}
    for _ in range(6):
        node("query", "SELECT 1 AS one")
    node("audit", "checkpoint")
    found = node("audit", "verify", "--checkpoint", later, "--witness", witness)
    assert {item["code"] for item in found.json["findings"]} == {"audit-log-forked"}
    fork = tmp_path / "fork"
    node("audit", "checkpoint", "--to", fork)
    refused = node(*cosign, fork, "--key", key, "--log-key", public, "--proof", proof)
    assert (refused.code, refused.json["error"]["code"]) == (4, "audit-witness-forked")
    refused = node("audit", "checkpoint", "--keep", later)
    assert (refused.code, refused.json["error"]["code"]) == (4, "audit-checkpoint-foreign")


@pytest.mark.slow
def test_an_auditor_needs_neither_home_nor_key(node: Lienthong, home: Path, tmp_path: Path) -> None:
    out, proof = tmp_path / "out", tmp_path / "proof"
    assert node("audit", "export", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == ["checkpoints", "log.ndjson", "log.pub"]
    proven = node("audit", "prove", 1, "--to", proof).json
    assert json.loads(proven["leaf"])["sequence"] == 1
    key = (out / "log.pub").read_text("utf-8").strip()
    shutil.rmtree(home)
    whole = node("audit", "verify", "--log", out, "--key", key)
    assert whole.code == 0
    assert whole.json["size"] == whole.json["signed"] > 5
    assert "No finding" in node("audit", "verify", "--log", out, plain=True).out
    assert node("audit", "verify", "--log", out / "log.ndjson", "--key", key).code == 1, "nothing signs it"
    loose = node("audit", "verify", "--log", out / "log.ndjson", "--checkpoint", out / "checkpoints", "--key", key)
    assert loose.code == 0
    assert node("audit", "verify", "--proof", proof, "--key", key).code == 0
    proof.write_text(proof.read_text("utf-8").replace("ingest", "import"), "utf-8")
    assert node("audit", "verify", "--proof", proof, "--key", key).json["error"]["code"] == "audit-proof-wrong"
    lines = (out / "log.ndjson").read_text("utf-8")
    (out / "log.ndjson").write_text(lines.replace('"ingest"', '"export"', 1), "utf-8")
    edited = node("audit", "verify", "--log", out)
    assert edited.code == 1
    assert {item["code"] for item in edited.json["findings"]} == {"audit-log-edited"}
    assert not home.exists()


@pytest.mark.slow
def test_who_used_the_data_of_one_person(node: Lienthong, home: Path) -> None:
    person = node("query", 'SELECT id FROM fhir."Patient"').json["rows"]
    assert person
    assert node("audit", "show", "--person", "p-1", "--fhir").out.count("\n") == 1, "the look at the log itself"
    again = node("audit", "show", "--person", "p-1", "--fhir").out.splitlines()
    other = node("audit", "show", "--person", "p-2").json["entries"]
    assert [len(again), len(other)] == [2, 1]
    everything = node("audit", "show", "--fhir").out.splitlines()
    assert len(everything) == len(entries(home)) > 9
    for line in (*again, *everything):
        assert validate(line.encode(), advice=False) == []
    event = json.loads(again[0])
    assert event["entity"][0]["what"]["identifier"]["value"] == "p-1"
    assert all("p-1" not in line and "p-2" not in line for line in everything)
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "HOPERAT"
    refused = node("audit", "show", "--purpose", "research")
    assert refused.code == 4
    last = entries(home)[-1]
    assert [last["action"], last["outcome"]] == ["read-log", "refused"]
    assert node("audit", "show", "--since", "2999-01-01").json["entries"] == []
    assert node("audit", "show", "--since", "yesterday").json["error"]["code"] == "audit-since-wrong"
    told = node("audit", "show", plain=True).out
    assert "ingest" in told and "done" in told and "batch=1" in told


@pytest.mark.slow
def test_no_patient_stands_in_the_log(node: Lienthong, home: Path, tmp_path: Path) -> None:
    node("audit", "show", "--person", "0123456789-secret")
    node("audit", "export", tmp_path / "out")
    text = "".join(path.read_text("latin-1") for path in (tmp_path / "out").iterdir())
    assert "0123456789-secret" not in text and "Bí Mật" not in text


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["verify", "--log", "nowhere"], 2, "audit-files-missing"),
        (["verify", "--log", "empty"], 2, "audit-files-missing"),
        (["verify", "--log", "log.ndjson"], 2, "audit-key-missing"),
        (["verify", "--key", "a+b+c"], 2, "audit-key-unreadable"),
        (["verify", "--key", "nowhere"], 2, "audit-key-unreadable"),
        (["verify", "--proof", "log.ndjson"], 2, "audit-key-missing"),
        (
            ["verify", "--log", "log.ndjson", "--key", "log.pub", "--checkpoint", "nowhere"],
            2,
            "audit-checkpoint-unreadable",
        ),
        (["verify", "--proof", "log.ndjson", "--key", "log.pub"], 2, "audit-proof-unreadable"),
        (["verify", "--proof", "nowhere", "--key", "log.pub"], 2, "audit-proof-unreadable"),
        (["witness", "a name", "--to", "k"], 2, "audit-key-unreadable"),
        (["witness", "name", "--to", "log.pub"], 4, "audit-key-taken"),
        (["cosign", "log.ndjson", "--key", "log.pub", "--log-key", "log.pub"], 2, "audit-checkpoint-unreadable"),
        (["cosign", "nowhere", "--key", "log.pub", "--log-key", "log.pub"], 2, "audit-checkpoint-unreadable"),
        (["prove", "0"], 5, "node-missing"),
        (["checkpoint"], 5, "node-missing"),
        (["show"], 5, "node-missing"),
        (["export", "out"], 5, "node-missing"),
    ],
)
def test_bad_calls(
    lienthong: Lienthong,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    error: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "log.ndjson").write_bytes(b"?\n")
    (tmp_path / "log.pub").write_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    said = lienthong("audit", *words)
    assert (said.code, said.json["error"]["code"]) == (code, error)
    assert not home.exists() or not (home / "audit").exists()
