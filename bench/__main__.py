"""Runs every step several times, each in a process of its own, and writes one table of medians for each format.

`python -m bench one NAME FILES WORK` runs one step and prints what it measured as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench import fhirpath, latency, views
from bench.deidentify import bhyt_deidentify, tables_deidentify
from bench.formats import BHYT, DAY, HL7V2, bhyt_bare, write_copies, write_day
from bench.steps import FHIR, Measured
from bench.tables import TABLES, tables_bare, write_tables
from lienthong.demo import hospitals

ROOT = Path(__file__).resolve().parent.parent
Step = Callable[[Path, Path], Measured]


@dataclass(frozen=True)
class Group:
    """The steps of one format over the same files; `floor` is the step that ratios refer to."""

    title: str
    unit: str
    files: Path
    size: float  # plain megabytes
    steps: tuple[Step, ...]
    floor: str
    left_out: str = ""


SHOWN = (bhyt_deidentify, tables_deidentify)
VIEWS = (*views.LINES, *views.PARQUET, views.views_fhir4ds)
PATHS = tuple(step for steps in fhirpath.FHIRPATH.values() for step in steps)
ALL: dict[str, Step] = {step.__name__: step for step in (*FHIR, *BHYT, *DAY, *HL7V2, *TABLES, *SHOWN, *VIEWS, *PATHS)}


def one(name: str, files: Path, work: Path) -> None:
    """Run one step here; peak memory is that of the largest process of the step."""
    count, seconds = ALL[name](files, work)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"count": count, "seconds": seconds, "peak_mb": max(_own_peak(), children)}))


def _own_peak() -> float:
    """Megabytes of this process. `ru_maxrss` would also count what the process was that it was forked from."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return float(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def _measured(step: str, files: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "bench", "one", step, str(files), work]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _table(group: Group, runs: int) -> list[str]:
    # round by round, so that a change of the machine's speed meets every step alike
    results: dict[str, list[dict[str, float]]] = {step.__name__: [] for step in group.steps}
    for number in range(runs):
        for name, measured in results.items():
            measured.append(_measured(name, group.files))
            print(f"{group.title}: round {number + 1} of {runs}: {name}", file=sys.stderr)
    total = results[group.floor][0]["count"]
    rates = {
        name: statistics.median(run["count"] / run["seconds"] for run in runs_) for name, runs_ in results.items()
    }
    rows = []
    for name, rate in rates.items():
        peak = statistics.median(run["peak_mb"] for run in results[name])
        about, share = (ALL[name].__doc__ or "").strip(), rate / rates[group.floor]
        rows.append(f"| {about} | {rate:,.0f} | {rate / total * group.size:,.1f} | {peak:,.0f} | {share:.3f} |")
    return [
        f"## {group.title}",
        "",
        f"{int(total):,} {group.unit}, {group.size:.1f} MB; medians of {runs} rounds.",
        "",
        f"| step | {group.unit}/s | MB/s | peak MB | to the floor `{group.floor}` |",
        "|---|--:|--:|--:|--:|",
        *rows,
        *(["", f"Left out: {group.left_out}."] if group.left_out else []),
        "",
    ]


def _views(suites: Path, folder: Path, megabytes: float) -> Iterator[Group]:
    size = views.prepare(suites / "synthea_r4_smart_dev100", folder, megabytes)
    peers, without = ((views.views_fhir4ds,), "") if views.peer() else ((), "fhir4ds-v2 (LIENTHONG_PEERS is not set)")
    title = "SQL on FHIR: five views (patient, condition, observation, encounter, medication request) over"
    files, lines = folder / "data", (*views.LINES, *peers)
    yield Group(f"{title} NDJSON", "resources", files, size, lines, "views_hand_lines", without)
    yield Group(f"{title} the warehouse's Parquet", "resources", files, size, views.PARQUET, "views_hand_parquet")


def _fhirpath(suites: Path) -> Iterator[Group]:
    files = suites / "synthea_r4_smart_dev100"
    for title, steps in fhirpath.FHIRPATH.items():
        size = fhirpath.megabytes(files, title)
        yield Group(f"FHIRPath: {title}", "evaluations", files, size, steps, steps[0].__name__)


def _formats(suites: Path, exports: Path) -> list[Group]:
    fhir = suites / "synthea_r4_smart_dev100"
    hospitals.write(exports, 1, 2000)
    tables = exports / "tables"
    write_tables(suites, tables)
    claims, messages, small = exports / "benh-vien-a", exports / "benh-vien-b", exports / "samples"
    write_copies(suites / "bhyt_samples", small, 3000)
    return [
        Group("FHIR R4 (Synthea, NDJSON, gzipped)", "resources", fhir, 48.2, FHIR, "exact_parse"),
        Group(
            "Health-insurance XML (the demo's hospital A)",
            "visits",
            claims,
            _size(claims, "*.xml"),
            BHYT,
            "bhyt_bare",
        ),
        Group(
            "Health-insurance XML (copies of the sample claims, 100 in a file)",
            "visits",
            small,
            _size(small, "*.xml"),
            BHYT,
            "bhyt_bare",
        ),
        Group("HL7 v2 (the demo's hospital B)", "messages", messages, _size(messages, "*.hl7"), HL7V2, "hl7_bare"),
        Group("Tables (Synthea's CSV, ten times)", "rows", tables, _size(tables, "*.csv"), TABLES, "tables_bare"),
    ]


def _day(folder: Path) -> Iterator[Group]:
    write_day(folder, 10_000)
    title = "A hospital's day: claims checked before they are sent"
    yield Group(title, "visits", folder, _size(folder, "*.xml"), DAY, "bhyt_bare")


def _shown(suites: Path, folder: Path) -> Iterator[Group]:
    claims, tables = folder / "claims", folder / "tables"
    write_day(claims, 1_000)
    write_tables(suites, tables)
    title, steps = "Copies that can be shown", (bhyt_bare, bhyt_deidentify)
    yield Group(f"{title}: claims", "visits", claims, _size(claims, "*.xml"), steps, "bhyt_bare")
    steps = (tables_bare, tables_deidentify)
    yield Group(f"{title}: tables", "rows", tables, _size(tables, "*.csv"), steps, "tables_bare")


def _size(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.rglob(pattern)) / 1e6


def _merged(old: str, new: list[list[str]]) -> str:
    """The page with the sections that were measured put in the place of the old ones of the same title."""
    sections = {part.partition("\n")[0]: part.strip("\n") for part in old.split("\n## ")[1:]}
    for lines in new:
        title = lines[0].removeprefix("## ")
        sections[title] = "\n".join([title, *lines[1:]]).strip("\n")
    head = [
        "# From file to record to OMOP, measured",
        "",
        "Written by `make bench`; do not edit. Each step runs in a process of its own, round by round with those of "
        "its section. Compare the ratios within a section: machines differ, and this one is shared.",
        "",
        f"Machine: {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}.",
    ]
    return "\n".join([*head, *(f"\n## {section}" for section in sections.values())]) + "\n"


def main() -> None:
    """Measure and write bench/RESULTS.md."""
    suites = Path(os.environ.get("LIENTHONG_SUITES", ROOT / ".." / "shared" / "data")).resolve()
    parser = argparse.ArgumentParser(prog="make bench", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=float, default=1000, help="megabytes of NDJSON for the views")
    only = ("formats", "day", "deidentify", "fhirpath", "latency", "views")
    parser.add_argument("--only", choices=only, help="measure these alone and leave the others as they stand")
    parser.add_argument("--print", action="store_true", help="write nothing")
    given = parser.parse_args()
    tables: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        groups: dict[str, Callable[[], Iterable[Group]]] = {
            "formats": lambda: _formats(suites, folder / "exports"),
            "day": lambda: _day(folder / "day"),
            "deidentify": lambda: _shown(suites, folder / "shown"),
            "fhirpath": lambda: _fhirpath(suites),
            "views": lambda: _views(suites, folder / "views", given.size),
        }
        for kind, make in groups.items():
            if given.only in (None, kind):
                tables += [_table(group, given.runs) for group in make()]
        if given.only in (None, "latency"):
            tables.append(latency.table(suites, folder / "latency"))
    page = ROOT / "bench" / "RESULTS.md"
    if not given.print:
        old = page.read_text("utf-8") if given.only and page.exists() else ""
        page.write_text(_merged(old, tables), encoding="utf-8")
    print("\n".join(line for table in tables for line in table))


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
