"""Every file that a script makes is what the script makes today; and a file that differs is told."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
OF_THE_PACKAGE = ("generate_errors_page", "generate_rules_page")
OF_OTHERS = sorted(path.stem for path in SCRIPTS.glob("generate_*.py") if path.stem not in OF_THE_PACKAGE)


def check(name: str) -> None:
    done = subprocess.run([sys.executable, SCRIPTS / f"{name}.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" is up to date\n")


@pytest.mark.parametrize("name", OF_THE_PACKAGE)
def test_a_page_is_what_the_code_says(name: str) -> None:
    check(name)


@pytest.mark.suite
@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_file_is_what_its_source_gives(name: str, suites: Callable[[str], Path]) -> None:
    if not (suites("fhir_r4_definitions").parents[1] / "reference" / "bhyt_fields.csv").is_file():
        pytest.skip("the list of fields is not here")
    check(name)


def test_a_file_that_differs_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    specification = importlib.util.spec_from_file_location("committed", SCRIPTS / "committed.py")
    assert specification is not None and specification.loader is not None
    committed = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(committed)
    source, target = tmp_path / "source", tmp_path / "made.txt"
    source.write_text("một\r\n", encoding="utf-8", newline="")

    def keep(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["/x/generate_made.py", *arguments])
        code = committed.keep(target, lambda path: path.read_bytes().decode(), source, "")
        return code, capsys.readouterr().out

    assert keep("--check") == (1, "made.txt differs: run generate_made.py\n")
    assert not target.exists()
    assert keep()[0] == 0
    assert keep("--check") == (0, "made.txt is up to date\n")
    target.write_text("hai\r\n", encoding="utf-8", newline="")
    assert keep("--check")[0] == 1
    other = tmp_path / "other"
    other.write_text("hai\r\n", encoding="utf-8", newline="")
    assert keep(str(other), "--check")[0] == 0
