"""Runs the five views with fhir4ds-v2 in an environment of its own: `time` prints seconds, `values` the rows."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import fhir4ds

NAMES = ("patient", "condition", "observation", "encounter", "medication_request")


def rows_of(connection: Any, view: dict[str, Any], path: Path) -> Any:
    """An Arrow table: the lines into a table of JSON, then the SQL that fhir4ds makes."""
    lines = f"SELECT json AS resource FROM read_ndjson_objects('{path}')"
    connection.execute(f"CREATE OR REPLACE TABLE resources AS {lines}")
    found = connection.execute(fhir4ds.generate_view_sql(json.dumps(view))).arrow()
    return found.read_all() if hasattr(found, "read_all") else found


def main() -> None:
    what, views, files = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    found: dict[str, Any] = {}
    with fhir4ds.create_connection() as connection:
        connection.execute("SET threads = 2")
        started = time.perf_counter()
        for name in NAMES:
            view = json.loads((views / f"{name}.json").read_text("utf-8"))
            del view["resourceType"]  # it demands a name of its own there
            found[name] = rows_of(connection, view, files / f"{view['resource']}.ndjson")
        seconds = time.perf_counter() - started
    print(seconds if what == "time" else json.dumps({name: table.to_pylist() for name, table in found.items()}))


if __name__ == "__main__":
    main()
