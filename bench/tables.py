"""The measured steps of tables: CSV rows to records by the mapping of Synthea, the csv module as floor."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from bench.steps import Measured, node
from lienthong import sources
from lienthong.core.settings import Settings
from lienthong.reading import validated
from lienthong.sources.tables.source import shipped

__all__ = ["TABLES", "write_tables"]

_NAMES = (
    *("patients", "organizations", "providers", "encounters", "conditions", "observations", "procedures"),
    *("medications", "immunizations", "allergies", "careplans"),
)
_TIMES = 10


def write_tables(suites: Path, folder: Path) -> None:
    """Synthea's tables, their rows ten times over with ids of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _NAMES:
        path = suites / "synthea_csv_dbt" / "seeds" / "synthea" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(rows[0])
            for turn in range(_TIMES):
                # a uuid is known by its length and marks: it gets the number of the turn
                writer.writerows(
                    [f"{cell[:-2]}{turn:02}" if len(cell) == 36 and cell.count("-") == 4 else cell for cell in row]
                    for row in rows[1:]
                )


def tables_bare(files: Path, _work: Path) -> Measured:
    """Floor: Python's csv module reads every row, nothing else."""
    count, started = 0, time.perf_counter()
    for path in sorted(files.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            count += sum(1 for _ in csv.reader(file)) - 1
    return count, time.perf_counter() - started


def tables_convert(files: Path, _work: Path) -> Measured:
    """Ours: rows read by the mapping, joined, converted to FHIR and validated."""
    settings = Settings(mappings={"synthea.yaml": shipped()["synthea"]})
    count, started = 0, time.perf_counter()
    for item in sources.read(files, settings=settings):
        count += bool(validated(item).resources)
    return count, time.perf_counter() - started


def tables_ingest(files: Path, work: Path) -> Measured:
    """Ours: file → kept, converted, validated, recorded, linked, published."""
    with node(work) as made:
        started = time.perf_counter()
        done = made.ingest([files], source="bench", mapping="synthea")
        return done.published.kept, time.perf_counter() - started


TABLES = (tables_bare, tables_convert, tables_ingest)
