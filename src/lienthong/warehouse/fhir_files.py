"""FHIR resources in files, each with its place: NDJSON, JSON, Bundles, also gzipped; a file or a folder of them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, ErrorKind

__all__ = ["find_files", "is_ndjson", "read_files"]

NO_INPUT = ErrorKind(
    "view-input-missing",
    Category.NOT_FOUND,
    what="There is no FHIR file to read.",
    allowed="a .ndjson or .json file, also gzipped, a folder of them, or the home of a node",
    cure="Name an existing file or folder.",
)
UNREADABLE = ErrorKind(
    "view-input-json",
    Category.UNREADABLE,
    what="The input is no FHIR resource in JSON: {why}.",
    allowed="a resource or a Bundle in a .json file, or one resource a line in an .ndjson file",
    cure="Find all faults with `lienthong validate`.",
)

_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_WHOLE = (".json", ".json.gz")


def find_files(path: Path) -> list[Path]:
    """The FHIR files of a folder, by name, or the file itself; `view-input-missing` where there is none."""
    if path.is_dir():
        found = sorted(item for item in path.iterdir() if item.name.endswith((*_LINES, *_WHOLE)))
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise NO_INPUT.at(str(path))
    return found


def is_ndjson(path: Path) -> bool:
    """Whether a file holds one resource a line; any name that is not of JSON is taken so."""
    return not path.name.endswith(_WHOLE)


def read_files(paths: Iterable[Path], *, whole: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of files with their places (`Patient.ndjson line 2`); those of a Bundle one by one, or `whole`.

    Raises `view-input-json`, without a value of the input.
    """
    for path in paths:
        try:
            with _opened(path) as stream:
                if is_ndjson(path):
                    for number, line in enumerate(stream, 1):
                        if line.strip():
                            yield f"{path.name} line {number}", _parsed(line, f"{path.name} line {number}")
                else:
                    value = _parsed(stream.read(), path.name)
                    yield from [(path.name, value)] if whole else _whole(value, path.name)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise UNREADABLE.at(path.name, why="the gzip file is damaged or cut off") from None


def _whole(value: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if value.get("resourceType") != "Bundle":
        yield name, value
        return
    entries = value.get("entry") or []
    if not isinstance(entries, list):
        raise UNREADABLE.at(name, why="the entries of a Bundle must be a list")
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield f"{name} entry[{number}]", resource


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.name.endswith(".gz") else path.open("rb")


def _parsed(data: bytes, place: str) -> dict[str, Any]:
    try:
        value = parse(data)
    except ValueError as error:
        raise UNREADABLE.at(place, why=str(error)) from None
    if not isinstance(value, dict):
        raise UNREADABLE.at(place, why="it is no JSON object")
    return value
