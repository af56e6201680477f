"""Makes src/lienthong/warehouse/omop/cdm54.json, the compact schema of all OMOP CDM 5.4 tables, from OHDSI's files.

    python scripts/generate_omop_schema.py [SOURCE] [--check]

SOURCE is a checkout of OHDSI/CommonDataModel (Apache-2.0); by default the copy in the suites. `--check` writes
nothing and fails where the committed file differs.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "warehouse" / "omop" / "cdm54.json"


def _rows(source: Path, level: str) -> list[dict[str, str]]:
    path = source / "inst" / "csv" / f"OMOP_CDMv5.4_{level}_Level.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _field(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": row["cdmFieldName"].strip().strip('"').lower(),
        "type": row["cdmDatatype"].lower(),
    }
    if row["isRequired"].lower() == "yes":
        found["required"] = True
    if row["isPrimaryKey"].lower() == "yes":
        found["key"] = True
    if row["isForeignKey"].lower() == "yes":
        found["references"] = f"{row['fkTableName']}.{row['fkFieldName']}".lower()
    if row["fkDomain"] not in ("NA", ""):
        found["domain"] = row["fkDomain"]
    return found


def generate(source: Path) -> str:
    """The schema file's text: one line a field, in OHDSI's order."""
    tables: dict[str, list[dict[str, Any]]] = {row["cdmTableName"].lower(): [] for row in _rows(source, "Table")}
    for row in _rows(source, "Field"):
        tables[row["cdmTableName"].lower()].append(_field(row))
    lines = ['{"version": "5.4", "source": "OHDSI/CommonDataModel (Apache-2.0)", "tables": {']
    blocks = []
    for name, fields in tables.items():
        inner = ",\n".join(f"  {json.dumps(field)}" for field in fields)
        blocks.append(f" {json.dumps(name)}: [\n{inner}\n ]")
    return "\n".join([*lines, ",\n".join(blocks), "}}"]) + "\n"


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "omop_cdm54_spec", __doc__))
