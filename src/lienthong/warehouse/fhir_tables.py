"""One resource type of the record as Parquet: streamed through a file of JSON lines, so that memory stays bounded."""

# ruff: noqa: S608  (SQL over names of FHIR's schema and paths of our own, all quoted)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from lienthong.core.canonical import encode
from lienthong.privacy.access import Grant
from lienthong.record import Membership, Stored
from lienthong.warehouse.engines.duckdb_expressions import Tree
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.fhir_columns import HOUSEKEEPING, FhirColumns

__all__ = ["FhirTable", "Readable", "empty_fhir_table", "write_fhir_table", "write_parquet"]

ROW_GROUP = 20_000
"""Rows of a group: a writer holds about one group of each thread in memory, with the whole text of each resource."""

_SMALLEST_BUFFER = 16 * 1024**2


class Readable(Protocol):
    """What the warehouse asks of the record."""

    def state(self) -> int: ...

    def counts(self) -> dict[str, int]: ...

    def resources(self, grant: Grant, type: str, *, as_of: int | None = None) -> Iterator[Stored]: ...

    def memberships(self, grant: Grant) -> list[Membership]: ...


@dataclass(frozen=True, slots=True)
class FhirTable:
    """A written type: its rows, and the members that its columns have."""

    type: str
    rows: int
    tree: Tree


def write_fhir_table(
    connection: duckdb.DuckDBPyConnection,
    resource_type: str,
    resources: Iterator[Stored],
    lines: Path,
    target: Path,
    progress: Callable[[int], None],
) -> FhirTable:
    """Writes a type's resources to `target`, through the temporary file `lines`; no file where there are none."""
    columns = FhirColumns(resource_type)
    rows, longest = 0, 0
    with lines.open("wb") as stream:
        for stored in resources:
            resource = stored.resource()
            line = columns.note(resource)
            line["record_seq"] = stored.seq
            line["record_version"] = stored.version
            line["record_time"] = stored.recorded_at
            line["record_ai"] = stored.ai
            line["record_json"] = encode(resource).decode()
            data = encode(line)
            stream.write(data)
            stream.write(b"\n")
            longest = max(longest, len(data))
            rows += 1
            if rows % 1000 == 0:
                progress(1000)
    progress(rows % 1000)
    if rows:
        types = {**HOUSEKEEPING, **columns.types()}
        listed = ", ".join(f"{text_literal(name)}: {text_literal(type_name)}" for name, type_name in types.items())
        names = ", ".join(quoted(name) for name in types)
        buffer = max(_SMALLEST_BUFFER, longest + 1024)
        source = (
            f"SELECT {names} FROM read_json({text_literal(str(lines))}, format = 'newline_delimited', "
            f"columns = {{{listed}}}, maximum_object_size = {buffer})"
        )
        write_parquet(connection, source, target)
    lines.unlink()
    return FhirTable(resource_type, rows, columns.tree())


def empty_fhir_table() -> str:
    """A relation with the columns that every type has, and no rows: a type that the record does not hold."""
    columns = {**HOUSEKEEPING, "id": "VARCHAR"}
    listed = ", ".join(f"CAST(NULL AS {type_name}) AS {quoted(name)}" for name, type_name in columns.items())
    return f"(SELECT {listed} WHERE FALSE)"


def write_parquet(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    """Writes a SELECT to a Parquet file (zstd); gives the rows."""
    target.parent.mkdir(parents=True, exist_ok=True)
    done = connection.execute(
        f"COPY ({source}) TO {text_literal(str(target))} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    ).fetchone()
    return int(done[0]) if done else 0
