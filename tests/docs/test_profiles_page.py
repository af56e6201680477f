"""docs/profiles.md runs: its profile is read, its command says what the page says, its Python holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text("utf-8")
CCCD = "http://fhir.example.vn/core/sid/cccd"
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">người bệnh</div>'}
PATIENTS: list[dict[str, Any]] = [
    {"identifier": [{"system": CCCD, "value": "001087000001"}], "birthDate": "1987"},
    {"identifier": [{"system": CCCD, "value": "001087000002"}]},
    {"identifier": [{"system": CCCD, "value": "12"}], "birthDate": "1987-02-28"},
]


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "nguoi-benh.json").write_text(block("json"), "utf-8")
    lines = [json.dumps({"resourceType": "Patient", "text": TEXT, **members}) + "\n" for members in PATIENTS]
    (tmp_path / "patients.ndjson").write_text("".join(lines), "utf-8")
    command, *said = block("console").splitlines()
    words, _, code = command.removeprefix("$ lienthong ").partition("   # exit ")
    done = subprocess.run(
        [sys.executable, "-m", "lienthong", *words.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == int(code), done.stderr
    pattern = "".join(re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in said)
    assert re.fullmatch(pattern, done.stdout), done.stdout
    script = subprocess.run(
        [sys.executable, "-c", block("python")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert script.returncode == 0, script.stderr
