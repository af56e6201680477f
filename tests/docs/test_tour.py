"""Pages run: every command of the pages named below, in order, says what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass
class Step:
    command: str
    code: int
    said: list[str] = field(default_factory=list)


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                command, _, code = line[2:].partition("   # exit ")
                found.append(Step(command, int(code or 0)))
            else:
                found[-1].said.append(line)
    return found


def files(page: str) -> dict[str, str]:
    """The files that the page shows: blocks whose first line is `# file: NAME`."""
    blocks = re.findall(r"```\w+\n# file: (\S+)\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    return dict(blocks)


def pattern(lines: list[str]) -> str:
    """What the page says as a regular expression: a line of `...` is any lines, `...` in a line anything."""
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in lines]
    return "".join(parts)


PAGES = [("tour.md", 14), ("check.md", 6), ("bhyt.md", 6), ("deidentify.md", 8)]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "least"), PAGES)
def test_a_page_runs_as_it_says(page: str, least: int, tmp_path: Path) -> None:
    ran = steps(page)
    assert len(ran) >= least
    for name, text in files(page).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for step in ran:
        done = subprocess.run(
            step.command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert done.returncode == step.code, f"{step.command}\n{done.stdout}\n{done.stderr}"
        assert re.fullmatch(pattern(step.said) or "", done.stdout), f"{step.command} said\n{done.stdout}"
