"""Where a build writes, and what it has written: tables by name, each a Parquet file of the snapshot."""

# ruff: noqa: S608  (SQL over names of FHIR's and OMOP's schemas and paths of our own, all quoted)

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.fhir_tables import write_parquet
from lienthong.warehouse.manifest import TableFile

__all__ = ["Site"]


@dataclass(slots=True)
class Site:
    """Where a build writes, and what it has written."""

    folder: Path
    snapshot: str
    connection: duckdb.DuckDBPyConnection
    tables: dict[str, TableFile] = field(default_factory=dict)
    step: str = ""

    def path(self, name: str) -> Path:
        """The file of a table such as `omop.person`."""
        schema, _, table = name.partition(".")
        return self.folder / schema / table / f"{self.snapshot}.parquet"

    def keep(self, name: str, rows: int) -> None:
        """Notes a written table and makes it known to the SQL that comes after it."""
        path = self.path(name)
        self.tables[name] = TableFile(path.relative_to(self.folder).as_posix(), rows)
        self.define(name, f"read_parquet({text_literal(str(path))})")

    def write(self, name: str, source: str) -> None:
        self.keep(name, write_parquet(self.connection, source, self.path(name)))

    def define(self, name: str, relation: str) -> None:
        schema, _, table = name.partition(".")
        self.connection.execute(f"CREATE VIEW {schema}.{quoted(table)} AS SELECT * FROM {relation}")

    def rows(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()
