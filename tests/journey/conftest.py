"""The command line as a user runs it: a process of its own, its exit code, its JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Lienthong = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a node that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def lienthong(home: Path) -> Lienthong:
    """`lienthong("build")` runs the command on `home` with --json; `plain=True` without it."""

    def run(*words: object, plain: bool = False, env: dict[str, str] | None = None) -> Said:
        command = [sys.executable, "-m", "lienthong", "--home", str(home), *map(str, words)]
        if not plain:
            command.append("--json")
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def demo_home(tmp_path: Path, lienthong: Lienthong, home: Path) -> Path:
    """The node of a small demo (60 invented people), the whole way up to open suggestions."""
    done = lienthong("demo", "--no-serve", "--people", 60)
    assert done.code == 0, done.err
    return home
