"""The end of every script that makes a committed file: write it, or with --check say whether it is up to date."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["ROOT", "SUITES", "keep"]

ROOT = Path(__file__).resolve().parent.parent
SUITES = Path(os.environ.get("LIENTHONG_SUITES", ROOT.parent / "shared" / "data"))


def keep(target: Path, make: Callable[[Path], str], source: Path, about: str | None) -> int:
    """Writes to `target` what `make` gives of `source`, which the command line may name instead; the exit code.

    With --check nothing is written, and it is 1 where the committed file differs. What is made of the package itself
    has the package as its source.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", type=Path, default=source)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the committed file differs")
    given = parser.parse_args()
    text = make(given.source)
    if not given.check:
        target.write_text(text, encoding="utf-8", newline="")
        print(f"{target.name}: {len(text)} characters")
        return 0
    same = target.is_file() and target.read_bytes() == text.encode()
    print(f"{target.name} {'is up to date' if same else f'differs: run {Path(sys.argv[0]).name}'}")
    return 0 if same else 1
