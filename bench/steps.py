"""The measured steps of FHIR: floors, the peer, and ours from file to record to OMOP."""

from __future__ import annotations

import gzip
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import fhirkit
import msgspec
from fhir.resources.R4B import get_fhir_model_class

from lienthong import Node, fhir
from lienthong.core import canonical
from lienthong.core.actors import Actor
from lienthong.fhir import profiles
from lienthong.fhir.profiles import Profiles

__all__ = ["FHIR", "Measured", "node", "plain"]

Measured = tuple[int, float]
"""How many (resources, visits, messages), and in how many seconds."""


def _lines(files: Path) -> Iterator[bytes]:
    for path in sorted(files.glob("*.ndjson.gz")):
        with gzip.open(path) as stream:
            for line in stream:
                if line.strip():
                    yield line


def plain(files: Path, work: Path) -> Path:
    """All lines as one plain NDJSON file."""
    path = work / "all.ndjson"
    if not path.exists():
        with path.open("wb") as out:
            out.writelines(_lines(files))
    return path


def bare_parse(files: Path, _work: Path) -> Measured:
    """Floor: unzip and parse each line to plain values, nothing else."""
    decoder, count, started = msgspec.json.Decoder(), 0, time.perf_counter()
    for line in _lines(files):
        decoder.decode(line)
        count += 1
    return count, time.perf_counter() - started


def exact_parse(files: Path, _work: Path) -> Measured:
    """Floor: the same with decimals kept to the digit."""
    count, started = 0, time.perf_counter()
    for line in _lines(files):
        canonical.parse(line)
        count += 1
    return count, time.perf_counter() - started


def bare_sqlite(files: Path, work: Path) -> Measured:
    """Floor: the lines as they are into one SQLite table, one transaction, no index but the key."""
    lines = list(_lines(files))
    database = sqlite3.connect(work / "bare.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB)")
    started = time.perf_counter()
    with database:
        database.executemany("INSERT INTO body VALUES (?, ?)", enumerate(lines))
    seconds = time.perf_counter() - started
    database.close()
    return len(lines), seconds


def duckdb_scan(files: Path, work: Path) -> Measured:
    """Floor: DuckDB reads each line as JSON and takes one value out of it."""
    path = plain(files, work)
    with duckdb.connect() as database:
        database.execute("SET threads = 2")
        started = time.perf_counter()
        row = database.execute(
            "SELECT count(*), count(json->>'$.id') FROM read_ndjson_objects(?)", [str(path)]
        ).fetchone()
        seconds = time.perf_counter() - started
    assert row is not None
    return int(row[0]), seconds


def _each(files: Path, check: Callable[[bytes], object]) -> Measured:
    """The time of a check of each line; the lines are unzipped before."""
    lines = list(_lines(files))
    started = time.perf_counter()
    for line in lines:
        check(line)
    return len(lines), time.perf_counter() - started


def validate(files: Path, _work: Path) -> Measured:
    """Ours: parse with digits, then elements, bindings, references, the whole (not the unzipping)."""
    return _each(files, lambda line: fhir.validate(canonical.parse(line), invariants=False))


def validate_text(files: Path, _work: Path) -> Measured:
    """Ours: the same from the text itself, with a look for repeated members (not the unzipping)."""
    return _each(files, lambda line: fhir.validate(line, invariants=False))


def validate_invariants(files: Path, _work: Path) -> Measured:
    """Ours: parse and validate, with all invariants of FHIR R4 (not the unzipping)."""
    return _each(files, lambda line: fhir.validate(canonical.parse(line)))


def fhirkit_parse(files: Path, _work: Path) -> Measured:
    """Peer: fhirkit-rs (Rust) parses and names its issues, with fewer checks (not the unzipping)."""
    return _each(files, lambda line: fhirkit.parse(line).issues)


def validate_profile(files: Path, _work: Path) -> Measured:
    """Ours: the vital signs alone, with invariants, against R4's profile of vital signs."""
    given: list[str | Profiles] = [profiles.base(), "http://hl7.org/fhir/StructureDefinition/vitalsigns"]
    count, seconds = 0, 0.0
    for line in _lines(files):
        if b'"vital-signs"' in line:
            started = time.perf_counter()
            fhir.validate(canonical.parse(line), profiles=given)
            seconds += time.perf_counter() - started
            count += 1
    return count, seconds


def fhir_resources(files: Path, _work: Path) -> Measured:
    """Peer: fhir.resources (R4B models) parses and validates; the first 3,000 lines of each type at most."""
    count, seconds = 0, 0.0
    for path in sorted(files.glob("*.ndjson.gz")):
        model = get_fhir_model_class(path.name.split(".")[0])
        with gzip.open(path) as stream:
            lines = [line for _, line in zip(range(3000), stream, strict=False)]
        started = time.perf_counter()
        for line in lines:
            try:
                model.model_validate_json(line)
            except ValueError:  # R4B is not R4: what it refuses still cost its time
                continue
        seconds += time.perf_counter() - started
        count += len(lines)
    return count, seconds


def node(work: Path) -> Node:
    return Node(work / "home", actor=Actor("bench", operator=True), purpose="data-operations", create=True)


def ingest(files: Path, work: Path) -> Measured:
    """Ours: file → kept, parsed, validated, converted, recorded, linked, published."""
    with node(work) as made:
        started = time.perf_counter()
        done = made.ingest([files])
        return done.published.resources.read, time.perf_counter() - started


def ingest_again(files: Path, work: Path) -> Measured:
    """Ours: the same files a second time; nothing changes."""
    with node(work) as made:
        made.ingest([files])
        started = time.perf_counter()
        done = made.ingest([files])
        return done.published.resources.read, time.perf_counter() - started


def build(files: Path, work: Path) -> Measured:
    """Ours: record → Parquet, views, OMOP, checks."""
    with node(work) as made:
        done = made.ingest([files])
        started = time.perf_counter()
        made.build()
        return done.published.resources.read, time.perf_counter() - started


FHIR = (
    bare_parse,
    exact_parse,
    bare_sqlite,
    duckdb_scan,
    validate,
    validate_text,
    validate_invariants,
    validate_profile,
    fhir_resources,
    fhirkit_parse,
    ingest,
    ingest_again,
    build,
)
