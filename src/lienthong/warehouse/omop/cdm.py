"""The schema of the OMOP CDM 5.4 tables: fields in OHDSI's order with their types, keys and references.

The data are `cdm54.json`, made from OHDSI's files by `scripts/generate_omop_schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["BUILT", "CdmField", "cdm_tables", "select_as_cdm", "sql_of"]

BUILT = ("person", "visit_occurrence", "condition_occurrence", "drug_exposure", "measurement")
"""The tables that are built, in an order in which each finds what it refers to."""

_SQL_TYPES = {"integer": "INTEGER", "float": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP"}


@dataclass(frozen=True, slots=True)
class CdmField:
    """A field: its type as OHDSI writes it, whether it must be filled, is the key, or refers to `table.field`."""

    name: str
    type: str
    required: bool = False
    key: bool = False
    references: str = ""
    domain: str = ""

    @property
    def sql_type(self) -> str:
        return _SQL_TYPES.get(self.type, "VARCHAR")

    @property
    def length(self) -> int | None:
        """How many characters a text may have; None for any number."""
        inner = self.type.partition("(")[2].rstrip(")")
        return int(inner) if inner.isdigit() else None


@cache
def cdm_tables() -> Mapping[str, tuple[CdmField, ...]]:
    """All 39 tables of CDM 5.4."""
    value = json.loads(files("lienthong.warehouse.omop").joinpath("cdm54.json").read_text("utf-8"))
    return {name: tuple(CdmField(**item) for item in fields) for name, fields in value["tables"].items()}


def sql_of(table: str) -> str:
    """The SQL that makes a table's candidates, as its file has it."""
    return files("lienthong.warehouse.omop").joinpath(f"{table}.sql").read_text("utf-8")


def select_as_cdm(table: str, given: set[str], source: str) -> str:
    """A SELECT of just the table's fields, in order and of their types, from `source` with the columns `given`.

    A field that the source lacks is NULL. A text longer than the CDM allows is cut to what it allows.
    """
    columns = []
    for item in cdm_tables()[table]:
        value = item.name if item.name in given else "NULL"
        if item.length and value != "NULL":
            value = f"left(CAST({value} AS VARCHAR), {item.length})"
        columns.append(f"CAST({value} AS {item.sql_type}) AS {item.name}")
    return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608  (names of our own schema)
