"""The command line as a contract: shared options anywhere, exit codes, errors in JSON, and a quick --help."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Lienthong = Callable[..., Any]


def test_help_imports_no_database_and_no_engine() -> None:
    """`lienthong --help` starts quickly because it loads neither; the time itself is measured in bench/."""
    heavy = "('duckdb', 'pyarrow', 'sqlalchemy', 'lxml')"
    code = f"import sys, lienthong.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_options_may_stand_before_or_after_the_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "lienthong"]
    for line in (["--home", "h", "--json", "build"], ["build", "--json", "--home=h"]):
        done = subprocess.run([*words, *line], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 5
        assert json.loads(done.stdout)["error"]["code"] == "node-missing"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2),
        (["ingest"], 2),
        (["ingest", "not-there"], 2),
        (["build"], 5),
        (["query", "SELECT 1"], 5),
        (["product", "show", "not-there"], 2),
        (["--purpose", "curiosity", "build"], 2),
        (["product", "list"], 0),
    ],
)
def test_exit_codes(tmp_path: Path, words: list[str], code: int) -> None:
    command = [sys.executable, "-m", "lienthong", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_refused_purpose_is_exit_code_4_and_is_logged(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    export = tmp_path / "p.ndjson"
    export.write_text('{"resourceType":"Patient","id":"1","gender":"female"}\n')
    assert lienthong("ingest", export).code == 0
    refused = lienthong("--purpose", "research", "build")
    assert refused.code == 4
    assert refused.json["error"]["code"] == "access-refused"
    log = [json.loads(line) for line in (home / "audit" / "log.ndjson").read_text().splitlines()]
    assert log[-1]["outcome"] == "refused"
    assert lienthong("audit", "verify").code == 0


def test_findings_are_exit_code_1_and_name_no_value(lienthong: Lienthong, tmp_path: Path) -> None:
    export = tmp_path / "p.ndjson"
    export.write_text('{"resourceType":"Patient","id":"1","birthDate":"31/12/1990","gender":"Nguyễn"}\n')
    said = lienthong("validate", export)
    assert said.code == 1
    assert {finding["place"]["path"] for finding in said.json["findings"]} == {"Patient.birthDate", "Patient.gender"}
    assert "31/12/1990" not in said.out
    assert "Nguyễn" not in said.out
    kept = lienthong("ingest", export)
    assert kept.code == 1, "a fault that fits is kept with its finding"
    assert kept.json["kept"] == 1


@pytest.mark.slow
def test_two_ingests_at_once_lose_nothing(home: Path, tmp_path: Path) -> None:
    """The second of two either waits or is told that one is running; nothing is half-written."""
    for name in ("a", "b"):
        lines = (json.dumps({"resourceType": "Patient", "id": f"{name}{n}"}) for n in range(4000))
        (tmp_path / f"{name}.ndjson").write_text("\n".join(lines))
    command = [sys.executable, "-m", "lienthong", "--home", str(home), "--json", "ingest"]
    both = [
        subprocess.Popen([*command, str(tmp_path / f"{name}.ndjson")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in ("a", "b")
    ]
    codes = []
    for process in both:
        process.communicate()
        codes.append(process.returncode)
    assert set(codes) <= {0, 5}
    for name in ("a", "b"):
        for _ in range(3):
            done = subprocess.run([*command, str(tmp_path / f"{name}.ndjson")], capture_output=True, check=False)
            if done.returncode == 0:
                break
            time.sleep(0.5)
        assert done.returncode == 0
    counted = subprocess.run(
        [*command[:-1], "export", str(tmp_path / "out")], capture_output=True, text=True, check=True
    )
    assert json.loads(counted.stdout)["files"] == {"Patient.ndjson": 8000}
