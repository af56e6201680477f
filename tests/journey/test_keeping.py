"""The operator's way: no patient's value in any log or error line; backup, loss, restore; an old home upgraded."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Lienthong = Callable[..., Any]
OLD = Path(__file__).resolve().parents[1] / "fixtures" / "homes" / "schema-1.zip"
MANY = 60_000  # an ingest that a backup can meet in its middle

# Marker values: a name, an id number, a phone, a note, a card; if one of them is anywhere, something leaks.
NAME, NUMBER, PHONE, NOTE, CARD = "Zyxwvút Đánhdấu", "079099912345", "0912777666", "ghi chú qqqzz", "DN4017777777777"
MARKERS = (NAME, "Zyxwv", "nhdấu", NUMBER, PHONE, NOTE, "qqqzz", CARD, "7777777777")


def resources() -> list[dict[str, Any]]:
    """Good ones and broken ones, each with marker values in the very fields that are at fault."""
    identifier = [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": NUMBER}, {"value": CARD}]
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"text": NAME}],
        "identifier": identifier,
        "telecom": [{"system": "phone", "value": PHONE}],
        "gender": "female",
        "birthDate": "1960-02-03",
    }
    return [
        patient,
        {**patient, "id": "p2", "birthDate": NAME, "gender": NOTE},
        {**patient, "id": "p3", "name": NAME},
        {"resourceType": NAME, "id": NUMBER},
        {"resourceType": "Observation", "id": "o1", "status": NOTE, "subject": {"reference": f"Patient/{NUMBER}"}},
        {"resourceType": "Observation", "id": "o2", "valueQuantity": {"value": PHONE}, "note": [{"text": NOTE}]},
        {"resourceType": "Patient", "id": NAME, "text": {"status": "generated", "div": NOTE}},
    ]


def claims(folder: Path) -> None:
    """Files that are named by a patient, as claims are, and are broken in several ways."""
    (folder / f"{NAME} {CARD}.xml").write_text(f"<GIAMDINHHS><HO_TEN>{NAME}</HO_TEN><SO_CCCD>{NUMBER}", "utf-8")
    (folder / f"{NUMBER}.json").write_text(
        f'{{"resourceType":"Bundle","type":"{NOTE}","entry":[{{"x":"{PHONE}"}}', "utf-8"
    )
    (folder / f"{PHONE}.hl7").write_bytes(f"MSH|^~\\&|{NAME}\rPID|||{NUMBER}||{NAME}|||{NOTE}".encode())


@pytest.mark.slow
def test_no_log_line_and_no_error_line_holds_a_patients_value(
    lienthong: Lienthong, home: Path, tmp_path: Path
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    text = "\n".join(json.dumps(item, ensure_ascii=False) for item in resources())
    (exports / "resources.ndjson").write_text(f'{text}\n{{"resourceType":"Patient","name":"{NAME}"\n', "utf-8")
    claims(exports)
    said = [
        lienthong(*words, plain=True)
        for words in (
            ["ingest", exports],
            ["ingest", exports, "--format", "bhyt"],
            ["ingest", tmp_path / f"{NAME}.xml"],
            ["retry"],
            ["build"],
            ["query", f"SELECT '{NAME}' FROM nothing"],
            ["query", f"SELECT CAST('{NUMBER}{NAME}' AS INTEGER)"],
            ["product", "run", "cvd-risk"],
            ["product", "show", CARD],
            ["trace", f"Patient/{NUMBER}"],
            ["audit", "verify"],
            ["backup", tmp_path / "b"],
            ["doctor"],
        )
    ]
    assert said[0].code in (1, 3)
    log = "".join(path.read_text("utf-8") for path in sorted((home / "logs").glob("*.ndjson*")))
    entries = [json.loads(line) for line in log.splitlines()]
    assert {entry["command"] for entry in entries} >= {"ingest", "retry", "build", "query", "product", "trace"}
    assert next(entry["records"] for entry in entries if entry["event"] == "result") > 5
    assert "error" in {entry["event"] for entry in entries}
    # left out are the lines that only repeat what the operator typed: a path, a query, a name
    errors = "".join(said[number].err for number in (0, 1, 3, 4, 7, 10, 11, 12))
    for marker in MARKERS:
        assert marker not in log
        assert json.dumps(marker)[1:-1] not in log
        assert marker not in errors, marker


def test_a_fault_of_ours_is_logged_by_kind_and_place(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    good = tmp_path / "p.ndjson"
    good.write_text('{"resourceType":"Patient","id":"1","gender":"female"}\n')
    assert lienthong("ingest", good).code == 0
    broken = (
        "import sys, lienthong.node as node\n"
        f"def build(*_, **__): raise KeyError({NAME!r})\n"
        "node.Node.build = build\n"
        "from lienthong.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    script = tmp_path / "broken.py"
    script.write_text(broken, "utf-8")

    done = subprocess.run(
        [sys.executable, script, "--home", home, "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    last = [json.loads(line) for line in (home / "logs" / "lienthong.ndjson").read_text().splitlines()][-2:]
    assert [(entry["event"], entry.get("code"), entry.get("exit")) for entry in last] == [
        ("error", "our-fault", None),
        ("ended", None, 70),
    ]
    assert last[0]["place"].startswith("lienthong.")
    assert NAME not in done.stderr + done.stdout


@pytest.mark.slow
def test_backup_loss_restore(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    export = tmp_path / "p.ndjson"
    export.write_text('{"resourceType":"Patient","id":"1","gender":"female"}\n')
    assert lienthong("ingest", export).code == 0
    place, keys = tmp_path / "backups", tmp_path / "keys"
    saved = lienthong("backup", place, "--keys", keys).json
    assert saved["copied_keys"]["count"] >= 3
    assert saved["left_out"].keys() == {"keys", "warehouse", "logs"}
    plain = lienthong("backup", place, plain=True).out
    assert "Not in it: keys" in plain
    assert f"The keys lie in {home / 'keys'}" in plain
    assert lienthong("restore", place).code == 4, "the home is not empty"
    shutil.rmtree(home)
    restored = lienthong("restore", place, "--keys", keys)
    assert restored.code == 0
    assert restored.json["not_working"] == []
    assert lienthong("audit", "verify").code == 0
    again = lienthong("ingest", export).json
    assert again["resources"] == {"read": 1, "new": 0, "updated": 0, "unchanged": 1}
    said = lienthong("doctor")
    assert said.code == 0
    assert {item["name"]: item["state"] for item in said.json["items"]}["rights of keys"] == "ok"


@pytest.mark.slow
def test_a_backup_in_the_middle_of_an_ingest_is_whole(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    """The unpublished half is in it and is cleared by the next ingest, which gives what the first one gave."""
    first, export = tmp_path / "first.ndjson", tmp_path / "many.ndjson"
    first.write_text('{"resourceType":"Patient","id":"first","gender":"female"}\n')
    export.write_text("\n".join(json.dumps({"resourceType": "Patient", "id": str(n)}) for n in range(MANY)))
    assert lienthong("ingest", first).code == 0
    command = [sys.executable, "-m", "lienthong", "--home", str(home), "ingest", str(export)]
    ingest = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while _versions(home) < 3000:
        assert time.monotonic() < end, "the ingest has not begun"
        time.sleep(0.01)
    saved = lienthong("backup", tmp_path / "b", "--keys", tmp_path / "k")
    running = ingest.poll() is None
    assert ingest.wait() == 0
    assert saved.code == 0
    new = tmp_path / "new"
    assert lienthong("restore", tmp_path / "b", "--keys", tmp_path / "k", "--home", new).code == 0
    if running:
        assert 3000 < _versions(new) < MANY + 1
    assert lienthong("audit", "verify", "--home", new).code == 0
    again = lienthong("ingest", export, "--home", new)
    assert again.code == 0
    counted = {name: lienthong("export", tmp_path / f"out-{name}", "--home", place) for name, place in
               (("old", home), ("new", new))}  # fmt: skip
    assert counted["new"].json["files"] == counted["old"].json["files"] == {"Patient.ndjson": MANY + 1}


def _versions(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home / 'record.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM version").fetchone()[0])


@pytest.mark.slow
def test_an_old_home_is_upgraded(lienthong: Lienthong, home: Path) -> None:
    with zipfile.ZipFile(OLD) as kept:
        kept.extractall(home)
    refused = lienthong("build")
    assert refused.code == 5
    assert refused.json["error"]["code"] == "record-older"
    done = lienthong("upgrade").json
    assert (done["found"], done["schema"]) == (1, 2)
    assert Path(done["backup"]).parent == home.with_name("home-before-schema-2")
    assert lienthong("build").code in (0, 1)
    assert lienthong("audit", "verify").code == 0
    assert lienthong("upgrade").json["backup"] is None


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["backup"], 5, "home-missing"),
        (["restore", "nowhere"], 2, "backup-missing"),
        (["upgrade"], 5, "home-missing"),
    ],
)
def test_without_a_home(lienthong: Lienthong, home: Path, words: list[str], code: int, error: str) -> None:
    said = lienthong(*words)
    assert (said.code, said.json["error"]["code"]) == (code, error)
    assert not home.exists()
