"""Writes the record as NDJSON by type or as claims, or the warehouse's tables as Parquet; whole files only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.access import Grant
from lienthong.record import Record
from lienthong.warehouse.claims import write_claims
from lienthong.warehouse.store import Warehouse

__all__ = ["Exported", "export"]

NOT_EMPTY = ErrorKind(
    "export-folder-not-empty",
    Category.CONFLICT,
    what="The folder to write to is not empty; nothing in it was touched.",
    allowed="a folder that is empty or not there yet",
    cure="Name another folder.",
)
UNKNOWN = ErrorKind(
    "export-unknown",
    Category.INCORRECT,
    what="There is no such export.",
    allowed="fhir, bhyt, omop, views",
    cure="Give one of them with --what.",
)
NO_SPACE = ErrorKind(
    "export-not-written",
    Category.NO_SPACE,
    what="The export can't be written: {why}.",
    cure="Make room, or look at the rights of the folder, and do it again in an empty one.",
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the folder, and the rows of each file by its name."""

    folder: Path
    files: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        return {"folder": str(self.folder), "files": self.files}


def export(
    folder: Path,
    what: str,
    record: Record,
    warehouse: Warehouse,
    grant: Grant,
    progress: Callable[[str, int, int | None], None],
    *,
    made: date,
    offset: str,
) -> Exported:
    """`fhir`: `<Type>.ndjson`, one resource a line; `omop` and `views`: `<table>.parquet`; `bhyt`: claims as XML.

    `made` is the day that the claims' files name, `offset` the facility's, in which they tell times.
    """
    if what not in ("fhir", "bhyt", "omop", "views"):
        raise UNKNOWN.at("--what")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NOT_EMPTY.at(str(folder))
        if what == "fhir":
            return Exported(folder, _resources(folder, record, grant, progress))
        if what == "bhyt":
            return Exported(folder, write_claims(folder, record, grant, progress, made=made, offset=offset))
        return Exported(folder, _tables(folder, what, warehouse, progress))
    except OSError as error:
        raise NO_SPACE.at(str(folder), why=error.strerror or "the system refused") from None


def _resources(
    folder: Path, record: Record, grant: Grant, progress: Callable[[str, int, int | None], None]
) -> dict[str, int]:
    state, types, files = record.state(), list(record.counts()), {}
    for number, name in enumerate(types):
        progress("types", number, len(types))
        count = 0
        part = folder / f".{name}.part"
        with part.open("wb") as out:
            for stored in record.resources(grant, name, as_of=state):
                out.write(canonical.encode(stored.resource()) + b"\n")
                count += 1
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, folder / f"{name}.ndjson")
        files[f"{name}.ndjson"] = count
    progress("types", len(types), len(types))
    return files


def _tables(
    folder: Path, what: str, warehouse: Warehouse, progress: Callable[[str, int, int | None], None]
) -> dict[str, int]:
    rows = warehouse.tables()
    tables = {name: path for name, path in warehouse.files().items() if name.startswith(what + ".")}
    files = {}
    for number, (name, path) in enumerate(tables.items()):
        progress("tables", number, len(tables))
        bare = name.partition(".")[2]
        part = folder / f".{bare}.part"
        shutil.copyfile(path, part)
        os.replace(part, folder / f"{bare}.parquet")
        files[f"{bare}.parquet"] = rows[name]
    progress("tables", len(tables), len(tables))
    return files
