"""Pages with files run: the files are written, every command says what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.test_tour import pattern

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize(("page", "commands"), [("tables.md", 7), ("evaluate.md", 7)])
def test_a_page_with_files_runs_as_it_says(page: str, commands: int, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for kind, block in re.findall(r"```(\w+)\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL):
        if kind != "console":
            first, _, text = block.partition("\n")
            (tmp_path / first.removeprefix("# file: ")).write_text(text, encoding="utf-8")
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *said = step.splitlines()
            command, _, code = line.partition("   # exit ")
            done = subprocess.run(
                command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False,
                env={**os.environ, "PATH": path},
            )  # fmt: skip
            assert done.returncode == int(code or 0), f"{command}\n{done.stdout}\n{done.stderr}"
            assert re.fullmatch(pattern(said) or "", done.stdout), f"{command} said\n{done.stdout}"
            ran += 1
    assert ran == commands
