"""The OMOP tables of a build: each from its SQL file, and the balance of what went in and what stays out."""

# ruff: noqa: S608  (SQL over names of FHIR's and OMOP's schemas and literals of our own, all quoted)

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.resources import files

from lienthong.core.clock import zone
from lienthong.core.errors import Category, ErrorKind
from lienthong.warehouse.built import NO_TABLE, Balance
from lienthong.warehouse.engines.sql_text import quoted, text_literal
from lienthong.warehouse.omop.cdm import BESIDE, BUILT, key_of, select_as_cdm, sql_of
from lienthong.warehouse.site import Site

__all__ = ["NEEDED", "Node", "write_omop"]

KEYS_FULL = ErrorKind(
    "omop-keys-full",
    Category.UNSUPPORTED,
    what="The record holds more resources than OMOP's 32-bit keys can number.",
    allowed="21,474,836 resources",
    cure="Split the node; the price of stable keys stands in docs/decisions/004-warehouse.md.",
)

_LAST_SEQ = (2**31 - 1 - 99) // 100
_DRUGS = (
    "MedicationRequest",
    "MedicationDispense",
    "MedicationAdministration",
    "MedicationStatement",
    "Immunization",
)
_SITES = ("Organization", "Location")
NEEDED = (
    "Patient",
    "Encounter",
    "Condition",
    "Observation",
    "Procedure",
    "AllergyIntolerance",
    "Practitioner",
    *_SITES,
    *_DRUGS,
)
"""The types that the SQL files read; one that the record has none of stands as an empty table."""

_VACANT = ("no value", "a value that has no column")
"""Reasons that say little of an Observation whose components give another."""

# What later tables ask of a table: resource_key -> its row.
_VISIT = "resource_key AS encounter_key, visit_occurrence_id, visit_start_date"
_LOOKED_UP = {
    "care_site": ("care_site_of", "resource_key, care_site_id AS id"),
    "provider": ("provider_of", "resource_key, provider_id AS id"),
    "visit_occurrence": (
        "visit_of_encounter",
        _VISIT,
    ),
}
_IN = "left_out IS NULL AND is_row"


@dataclass(frozen=True, slots=True)
class Node:
    """Whose data they are, the offset in which dates are local, and the day of the build."""

    controller: str
    offset: str
    today: date


def write_omop(site: Site, node: Node, progress: Callable[[str, int, int | None], None]) -> tuple[Balance, ...]:
    """Writes all tables that are built; raises `omop-keys-full`."""
    _prepare(site, node.offset)
    balance: list[Balance] = []
    for done, table in enumerate(BUILT, 1):
        site.step = f"omop.{table}"
        candidates = _about_node(site, node) if table == "cdm_source" else sql_of(table)
        site.connection.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {candidates}")
        given = {row[0] for row in site.rows("SELECT column_name FROM (DESCRIBE candidate)")}
        rows = select_as_cdm(table, given, "candidate")
        site.write(site.step, f"{rows} WHERE {_IN} ORDER BY {key_of(table) or '1'}")
        if table in _LOOKED_UP:
            name, columns = _LOOKED_UP[table]
            site.connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {columns} FROM candidate WHERE {_IN}")
        if table in BESIDE:
            balance += _beside(site, table)
        else:
            site.connection.execute(
                f"INSERT INTO fate SELECT {done}, source_type, source_seq, left_out, is_row FROM candidate"
            )
        progress("omop", done, len(BUILT))
    balance += _balance(site)
    mapped = {item.source for item in balance if not item.beside}
    for name, file in site.tables.items():
        schema, _, resource_type = name.partition(".")
        if schema == "fhir" and resource_type not in mapped:
            balance.append(Balance(resource_type, "", NO_TABLE, file.rows, 0))
    return tuple(sorted(balance, key=lambda item: (item.source, item.beside, item.reason, item.table)))


def _prepare(site: Site, offset: str) -> None:
    """The macros and the small tables that the SQL files use."""
    site.step = "omop"
    for name in NEEDED:
        if site.rows(f"SELECT coalesce(max(record_seq), 0) FROM fhir.{quoted(name)}")[0][0] > _LAST_SEQ:
            raise KEYS_FULL.at(f"fhir.{name}")
    minutes = int((zone(offset).utcoffset(None).total_seconds()) // 60)
    macros = files("lienthong.warehouse.omop").joinpath("macros.sql").read_text("utf-8")
    site.connection.execute(macros.replace("{offset_minutes}", str(minutes)))
    for view, types in (("drug_resources", _DRUGS), ("site_resources", _SITES)):
        union = " UNION ALL ".join(
            f"SELECT {text_literal(name)} AS type, id, record_seq, record_ai FROM fhir.{quoted(name)}"
            for name in types
        )
        site.connection.execute(f"CREATE TEMP VIEW {view} AS {union}")
    with files("lienthong.terminology").joinpath("omop_concepts.csv").open(encoding="utf-8") as stream:
        concepts = [row for row in csv.DictReader(stream) if not row["valid_to"]]
    site.connection.execute(
        "CREATE TEMP TABLE concept_of (concept_system VARCHAR, concept_code VARCHAR, concept_id INTEGER)"
    )
    site.connection.executemany(
        "INSERT INTO concept_of VALUES (?, ?, ?)",
        [[row["system"], row["code"], int(row["concept_id"])] for row in concepts],
    )
    site.connection.execute(
        "CREATE TEMP TABLE fate (place INTEGER, source_type VARCHAR, source_seq BIGINT, left_out VARCHAR, "
        "is_row BOOLEAN)"
    )


def _about_node(site: Site, node: Node) -> str:
    """The SQL of `cdm_source`, with what only the node knows."""
    types = [name for name in site.tables if name.startswith("fhir.")]
    newest = (
        site.rows(f"SELECT max(record_time) FROM {schema}.{quoted(name)}")[0][0]
        for schema, _, name in (item.partition(".") for item in types)
    )
    return (
        sql_of("cdm_source")
        .replace("{controller}", text_literal(node.controller))
        .replace("{release}", text_literal(max(newest, default="")))
        .replace("{today}", text_literal(node.today.isoformat()))
        .replace("{version}", version("lienthong"))
    )


def _balance(site: Site) -> Iterator[Balance]:
    """What became of each resource with a main row: in, under the first table that has a row of it, or out.

    A resource counts once, its rows in every table; where several of its parts are out, the reason that says most.
    """
    vacant = ", ".join(text_literal(item) for item in _VACANT)
    found = site.rows(
        "WITH of_resource AS (SELECT source_type, source_seq, min(place) FILTER (WHERE left_out IS NULL) AS place, "
        f"coalesce(min(left_out) FILTER (WHERE left_out NOT IN ({vacant})), max(left_out)) AS reason "
        "FROM fate GROUP BY ALL), "
        "counted AS (SELECT source_type, place, CASE WHEN place IS NULL THEN reason ELSE '' END AS why, "
        "count(*) AS resources FROM of_resource GROUP BY ALL), "
        "written AS (SELECT source_type, place, count(*) FILTER (WHERE is_row) AS written FROM fate "
        "WHERE left_out IS NULL GROUP BY ALL) "
        "SELECT coalesce(c.source_type, w.source_type), coalesce(c.place, w.place), coalesce(c.why, ''), "
        "coalesce(c.resources, 0), coalesce(w.written, 0) "
        "FROM counted c FULL JOIN written w ON w.source_type = c.source_type AND w.place = c.place ORDER BY ALL"
    )
    for source, place, why, resources, rows in found:
        yield Balance(source, f"omop.{BUILT[place - 1]}" if place else "", why, resources, int(rows))


def _beside(site: Site, table: str) -> Iterator[Balance]:
    """The same of a table beside the main ones: what its rows are of, and what could not be a row."""
    found = site.rows(
        f"SELECT source_type, coalesce(left_out, ''), count(DISTINCT source_seq), count(*) FILTER (WHERE {_IN}) "
        "FROM candidate WHERE source_type IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    for source, why, resources, rows in found:
        yield Balance(source, f"omop.{table}", why, resources, int(rows), beside=True)
