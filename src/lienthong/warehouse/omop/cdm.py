"""The schema of the OMOP CDM 5.4 tables: fields in OHDSI's order with their types, keys and references.

The data are `cdm54.json`, made from OHDSI's files by `scripts/generate_omop_schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["BESIDE", "BUILT", "CdmField", "cdm_tables", "key_of", "select_as_cdm", "sql_of"]

BUILT = (
    "care_site",
    "provider",
    "person",
    "location",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
    "death",
    "observation_period",
    "cdm_source",
)
"""The tables that are built, each after those that it refers to."""

BESIDE = frozenset({"location", "death", "observation_period", "cdm_source"})
"""Tables made of resources whose main row is in another one: they are no second part of the balance's sum."""

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


def key_of(table: str) -> str:
    """The field that tells a table's rows apart; "" for `cdm_source`, which has one row. A death is its person's."""
    return next((item.name for item in cdm_tables()[table] if item.key), "person_id" if table == "death" else "")


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
