"""`Warehouse`: a node's warehouse folder: build a snapshot from the record, query it, say what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import Action, Grant, require
from lienthong.warehouse.build import Progress, build_snapshot
from lienthong.warehouse.built import Built
from lienthong.warehouse.fhir_tables import Readable
from lienthong.warehouse.manifest import NOT_BUILT, Manifest, read_manifest
from lienthong.warehouse.query import run_query

__all__ = ["Warehouse"]

NO_BUILD_ENGINE = ErrorKind(
    "build-engine-unknown",
    Category.INCORRECT,
    what="There is no engine '{name}' to build with.",
    allowed="duckdb",
    cure="Leave --engine out.",
)
_NO_TABLES: Mapping[str, pa.Table] = {}


def _quiet(_step: str, _done: int, _of: int | None) -> None:
    """Progress that nobody watches."""


class Warehouse:
    """HOME/warehouse. `offset` is the facility's, in which OMOP's dates are local; `controller` names whose data they
    are (`cdm_source`); `memory` bounds DuckDB."""

    def __init__(
        self, folder: Path, clock: Clock, *, offset: str = "+07:00", controller: str = "", memory: str = "1GB"
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._offset = offset
        self._controller = controller
        self._memory = memory

    def build(self, record: Readable, grant: Grant, *, engine: str = "duckdb", progress: Progress = _quiet) -> Built:
        """Record → Parquet, views, OMOP, checks, as one new snapshot that replaces the one before whole.

        `grant` is to build. One build at a time: `warehouse-busy` for a second. Raises `warehouse-no-space`,
        `omop-keys-full`, `warehouse-build`; whatever is raised, the snapshot before stands.
        """
        require(grant, Action.BUILD)
        if engine != "duckdb":
            raise NO_BUILD_ENGINE.at("engine", name=engine)
        return build_snapshot(
            self._folder,
            self._clock,
            record,
            grant,
            progress,
            offset=self._offset,
            controller=self._controller,
            memory=self._memory,
        )

    def query(self, sql: str, extra: Mapping[str, pa.Table] = _NO_TABLES) -> pa.Table:
        """The result of one SELECT over `omop.<table>`, `views.<name>`, `fhir."<Type>"`, `checks.<table>`.

        `extra` are tables to see as `record.<name>`: they are there before anything is built. Raises
        `warehouse-not-built` (missing) where the query names another table then, `query-wrong`, `query-value`
        (incorrect), `query-not-allowed` (forbidden). No error holds a value of the data.
        """
        return run_query(self._folder, read_manifest(self._folder), sql, extra, memory=self._memory)

    def snapshot(self) -> str | None:
        """The id of the current snapshot; None where nothing has been built."""
        manifest = read_manifest(self._folder)
        return manifest.snapshot if manifest else None

    def tables(self) -> dict[str, int]:
        """The rows of each table of the current snapshot by name, e.g. `omop.person`."""
        manifest = read_manifest(self._folder)
        return {name: table.rows for name, table in manifest.tables.items()} if manifest else {}

    def files(self) -> dict[str, Path]:
        """The Parquet file of each table of the current snapshot, for an export."""
        manifest = self._current()
        return {name: self._folder / table.file for name, table in manifest.tables.items()}

    def report(self) -> Mapping[str, object]:
        """What came of the build that made the current snapshot (`Built` as JSON)."""
        return self._current().report

    def _current(self) -> Manifest:
        manifest = read_manifest(self._folder)
        if manifest is None:
            raise NOT_BUILT.at("warehouse")
        return manifest
