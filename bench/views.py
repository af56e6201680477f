"""The measured steps of SQL-on-FHIR views: five views by hand-written SQL, by ours and by a peer, values compared.

`fhir4ds-v2` is AGPL and wants another DuckDB, so it lives in an environment of its own: bench/peers-requirements.txt.
The variable LIENTHONG_PEERS names its Python; without it the peer is left out by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.steps import Measured
from bench.synthea import TYPES, replicate
from lienthong.core.canonical import parse
from lienthong.core.clock import instant
from lienthong.record import Stored
from lienthong.warehouse import run_view, stream_view
from lienthong.warehouse.engines.duckdb import connect
from lienthong.warehouse.fhir_tables import write_fhir_table
from lienthong.warehouse.manifest import Manifest, TableFile, swap

__all__ = ["LINES", "PARQUET", "peer", "prepare", "views_fhir4ds"]

HERE = Path(__file__).parent / "views"
NAMES = ("patient", "condition", "observation", "encounter", "medication_request")
_CODING = "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR, display VARCHAR)[], text VARCHAR)"
_CODE = "STRUCT(coding STRUCT(code VARCHAR)[])"
_QUANTITY = 'STRUCT("value" DOUBLE, unit VARCHAR)'
_REFERENCE = "STRUCT(reference VARCHAR)"
COLUMNS = {
    "patient": {
        "gender": "VARCHAR",
        "birthDate": "VARCHAR",
        "deceasedDateTime": "VARCHAR",
        "name": "STRUCT(use VARCHAR, family VARCHAR, given VARCHAR[])[]",
        "address": "STRUCT(city VARCHAR, state VARCHAR)[]",
    },
    "condition": {
        "subject": _REFERENCE,
        "encounter": _REFERENCE,
        "clinicalStatus": _CODE,
        "onsetDateTime": "VARCHAR",
        "abatementDateTime": "VARCHAR",
        "code": _CODING,
    },
    "observation": {
        "subject": _REFERENCE,
        "encounter": _REFERENCE,
        "status": "VARCHAR",
        "effectiveDateTime": "VARCHAR",
        "code": "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])",
        "valueQuantity": _QUANTITY,
        "component": f"STRUCT(code {_CODE}, valueQuantity {_QUANTITY})[]",
    },
    "encounter": {
        "subject": _REFERENCE,
        "status": "VARCHAR",
        "class": "STRUCT(code VARCHAR)",
        "type": f"{_CODE}[]",
        "reasonCode": f"{_CODE}[]",
        "period": 'STRUCT("start" VARCHAR, "end" VARCHAR)',
        "serviceProvider": _REFERENCE,
    },
    "medication_request": {
        "subject": _REFERENCE,
        "encounter": _REFERENCE,
        "status": "VARCHAR",
        "intent": "VARCHAR",
        "authoredOn": "VARCHAR",
        "medicationCodeableConcept": "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[], text VARCHAR)",
    },
}
"""What somebody who writes the SQL by hand declares: the members that it uses, and no others."""


def _view(name: str) -> dict[str, Any]:
    view: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    return view


def _with_digits(view: dict[str, Any]) -> dict[str, Any]:
    """The view without the tags that make doubles of its decimals."""
    for select in view["select"]:
        for column in select["column"]:
            column.pop("tag", None)
    return view


def _by_hand(name: str, relation: str) -> Iterator[pa.RecordBatch]:
    with connect() as connection:
        connection.execute(f"CREATE VIEW resources AS SELECT * FROM {relation}")
        yield from connection.sql((HERE / f"{name}.sql").read_text("utf-8")).to_arrow_reader(50_000)


def _lines_by_hand(name: str, folder: Path) -> Iterator[pa.RecordBatch]:
    columns = {"resourceType": "VARCHAR", "id": "VARCHAR", **COLUMNS[name]}
    listed = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
    kind = _view(name)["resource"]
    path = folder / f"{kind}.ndjson"
    read = f"read_json('{path}', format = 'newline_delimited', columns = {{{listed}}})"
    return _by_hand(name, f"{read} WHERE \"resourceType\" = '{kind}'")


def _parquet_by_hand(name: str, folder: Path) -> Iterator[pa.RecordBatch]:
    return _by_hand(name, f"read_parquet('{folder}/warehouse/fhir/{_view(name)['resource']}/bench.parquet')")


def _timed(files: Path, rows: Callable[[str], Iterator[pa.RecordBatch]]) -> Measured:
    started = time.perf_counter()
    for name in NAMES:
        for _ in rows(name):
            pass
    return int((files / "count").read_text()), time.perf_counter() - started


def views_hand_lines(files: Path, _work: Path) -> Measured:
    """Floor: hand-written SQL, NDJSON with explicit columns."""
    return _timed(files, lambda name: _lines_by_hand(name, files))


def _ours(name: str, files: Path) -> Iterator[pa.RecordBatch]:
    view = _view(name)
    return stream_view(view, files / f"{view['resource']}.ndjson").batches


def views_ours_lines(files: Path, _work: Path) -> Measured:
    """Ours: the ViewDefinitions, NDJSON."""
    return _timed(files, lambda name: _ours(name, files))


def views_ours_lines_quarter(files: Path, _work: Path) -> Measured:
    """Ours: the same over a quarter of the data (memory stays)."""
    return views_ours_lines(files / "quarter", _work)


def views_ours_lines_digits(files: Path, _work: Path) -> Measured:
    """Ours: the same, decimals as texts with every digit (which neither the floor nor the peer keeps)."""

    def rows(name: str) -> Iterator[pa.RecordBatch]:
        view = _with_digits(_view(name))
        return stream_view(view, files / f"{view['resource']}.ndjson").batches

    return _timed(files, rows)


def views_ours_memory(files: Path, _work: Path) -> Measured:
    """Ours: resources in memory as dicts (one copy of the data)."""
    sample = files / "sample"
    resources = {kind: _parsed(sample / f"{kind}.ndjson") for kind in TYPES}
    return _timed(sample, lambda name: stream_view(_view(name), resources[_view(name)["resource"]]).batches)


def views_fhir4ds(files: Path, _work: Path) -> Measured:
    """Peer: fhir4ds-v2, NDJSON (one copy of the data)."""
    done = _of_peer("time", files / "sample")
    return int((files / "sample" / "count").read_text()), float(done)


def views_hand_parquet(files: Path, _work: Path) -> Measured:
    """Floor: hand-written SQL, the warehouse's Parquet."""
    return _timed(files, lambda name: _parquet_by_hand(name, files))


def views_ours_parquet(files: Path, _work: Path) -> Measured:
    """Ours: the ViewDefinitions, the warehouse's Parquet."""
    return _timed(files, lambda name: stream_view(_view(name), files / "warehouse").batches)


def views_ours_parquet_digits(files: Path, _work: Path) -> Measured:
    """Ours: the same, decimals as texts with every digit."""
    return _timed(files, lambda name: stream_view(_with_digits(_view(name)), files / "warehouse").batches)


def peer() -> str:
    """The Python of the environment with fhir4ds-v2, or nothing."""
    return os.environ.get("LIENTHONG_PEERS", "")


def _of_peer(what: str, folder: Path) -> str:
    command = [peer(), str(HERE.parent / "peer_fhir4ds.py"), what, str(HERE), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _parsed(path: Path) -> list[dict[str, Any]]:
    return [parse(line) for line in path.read_bytes().splitlines()]


def prepare(source: Path, folder: Path, megabytes: float) -> float:
    """Makes the data, as NDJSON and as a warehouse, and compares all ways on one copy; gives the plain megabytes."""
    for part, size in (("", megabytes), ("quarter", megabytes / 4), ("sample", 0)):
        count = replicate(source, folder / "data" / part, size)
        (folder / "data" / part / "count").write_text(str(count))
    files = folder / "data"
    for place in (files / "sample", files):
        _write_warehouse(place)
    _compare(files / "sample")
    return sum((files / f"{kind}.ndjson").stat().st_size for kind in TYPES) / 1e6


def _write_warehouse(files: Path) -> None:
    """The Parquet that a build writes of these resources, without a record."""
    now = instant(datetime.now(UTC))
    folder, tables = files / "warehouse", {}
    folder.mkdir()
    with connect() as connection:
        for kind in TYPES:
            with (files / f"{kind}.ndjson").open("rb") as lines:
                stored = (Stored(kind, "", number, 1, 1, now, "", line) for number, line in enumerate(lines, 1))
                path = folder / "fhir" / kind / "bench.parquet"
                made = write_fhir_table(connection, kind, stored, folder / "lines", path, lambda _: None)
            tables[f"fhir.{kind}"] = TableFile(path.relative_to(folder).as_posix(), made.rows)
    swap(folder, Manifest("bench", 1, now, tables, {}, ()))


def _compare(sample: Path) -> None:
    """Stops the benchmark where one way gives other values than the hand-written SQL."""
    theirs = json.loads(_of_peer("values", sample)) if peer() else {}
    for name in NAMES:
        view = _view(name)
        path = sample / f"{view['resource']}.ndjson"
        wanted = _sorted(pa.Table.from_batches(_lines_by_hand(name, sample)).to_pylist())
        ways = {
            "parquet by hand": pa.Table.from_batches(_parquet_by_hand(name, sample)).to_pylist(),
            "ours": run_view(view, path).to_pylist(),
            "ours from Parquet": run_view(view, sample / "warehouse").to_pylist(),
            "ours from memory": run_view(view, _parsed(path)).to_pylist(),
            "reference": run_view(view, path, engine="reference").to_pylist(),
        }
        if theirs:
            ways["fhir4ds-v2"] = theirs[name]
        for way, rows in ways.items():
            if _sorted(rows) != wanted:
                raise SystemExit(f"bench: the view {name} has other values by the way '{way}'")


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


LINES: tuple[Callable[[Path, Path], Measured], ...] = (
    views_hand_lines,
    views_ours_lines,
    views_ours_lines_quarter,
    views_ours_lines_digits,
    views_ours_memory,
)
PARQUET = (views_hand_parquet, views_ours_parquet, views_ours_parquet_digits)
