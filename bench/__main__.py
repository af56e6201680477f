"""Runs every step several times, each in a process of its own, and writes one table of medians."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from bench.steps import STEPS, _plain

ROOT = Path(__file__).resolve().parent.parent


def _once(step: str, files: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "bench.steps", step, str(files), work]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def main() -> None:
    """Measure and write bench/RESULTS.md."""
    suites = Path(os.environ.get("LIENTHONG_SUITES", ROOT / ".." / "shared" / "data"))
    parser = argparse.ArgumentParser(prog="make bench", description=main.__doc__)
    parser.add_argument("--files", type=Path, default=suites / "synthea_r4_smart_dev100")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        size = _plain(given.files, Path(work)).stat().st_size / 1e6
    rows = []
    # round by round, so that a change of the machine's speed meets every step alike
    results: dict[str, list[dict[str, float]]] = {step: [] for step in STEPS}
    for number in range(given.runs):
        for step in STEPS:
            results[step].append(_once(step, given.files))
            print(f"round {number + 1} of {given.runs}: {step}", file=sys.stderr)
    total = results["bare_parse"][0]["resources"]
    floor = statistics.median(run["resources"] / run["seconds"] for run in results["exact_parse"])
    for step, runs in results.items():
        rate = statistics.median(run["resources"] / run["seconds"] for run in runs)
        peak = statistics.median(run["peak_mb"] for run in runs)
        about = (STEPS[step].__doc__ or "").strip()
        rows.append(f"| {about} | {rate:,.0f} | {rate / total * size:,.1f} | {peak:,.0f} | {rate / floor:.2f} |")
    table = [
        "# From file to record to OMOP, measured",
        "",
        "Written by `make bench`; do not edit. Medians of "
        f"{given.runs} rounds in one run, each step in a process of its own. Compare the ratios: machines differ.",
        "",
        f"Data: {int(total):,} Synthea R4 resources, {size:.1f} MB as plain NDJSON (read gzipped). "
        f"Machine: {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}.",
        "",
        "| step | resources/s | MB/s | peak MB | to exact parse |",
        "|---|--:|--:|--:|--:|",
        *rows,
        "",
    ]
    (ROOT / "bench" / "RESULTS.md").write_text("\n".join(table), encoding="utf-8")
    print("\n".join(table))


if __name__ == "__main__":
    main()
