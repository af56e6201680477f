"""Takes a Bundle apart: each entry is one record, and references between entries are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import resource_id
from lienthong.fhir.references import ReferenceKind, parse_reference
from lienthong.sources.converted import Converted
from lienthong.sources.fhir.resource import OTHER_VERSION, TOO_DEEP, File, Neighbours, key_of, place, shape_fault

__all__ = ["records"]

WRONG_BUNDLE = ErrorKind(
    "bundle-unreadable",
    Category.UNREADABLE,
    what="The Bundle can't be taken apart: {why}.",
    allowed="A transaction, batch, collection, searchset, document or message of FHIR 4.0.1.",
    cure="Export it as one of these.",
)
WRONG_ENTRY = ErrorKind(
    "bundle-entry-unreadable",
    Category.UNREADABLE,
    what="The entry of the Bundle can't be read: {why}.",
    allowed="An object with a resource.",
    cure="Correct it in the system it came from, then export it again.",
)
WRONG_METHOD = ErrorKind(
    "bundle-method-unsupported",
    Category.UNREADABLE,
    what="The entry asks for something else than to keep a resource (its method is not PUT or POST).",
    allowed="PUT and POST; records are erased with `lienthong erase`, never by an export.",
    cure="Leave the entry out, or do by hand what it asks for.",
)

_READ = frozenset({"transaction", "batch", "collection", "searchset", "document", "message"})
_VERSIONS = ("4.0", "4.0.0", "4.0.1")


def records(bundle: dict[str, Any], file: File, prefix: str = "") -> Iterator[Converted]:
    """The entries of a Bundle as records, named by fullUrl or `entry[3]`; `prefix` is the line in NDJSON.

    The Bundle itself is not kept as a resource: the kept file has it.
    """
    whole = prefix.strip()
    entries = bundle.get("entry", [])
    kind, version = bundle.get("type"), bundle.get("fhirVersion", _VERSIONS[-1])
    if not isinstance(kind, str) or kind not in _READ:
        yield file.rejected(whole, WRONG_BUNDLE, why="its type is not read")
        return
    if version not in _VERSIONS:
        yield file.rejected(whole, OTHER_VERSION)
        return
    if not isinstance(entries, list):
        yield file.rejected(whole, WRONG_BUNDLE, why="its entries are no list")
        return
    if not entries:
        yield file.noted(whole or "Bundle", _note(file, whole or "Bundle", "bundle-empty", "The Bundle is empty."))
    neighbours = _neighbours(entries, file.source)
    for number, entry in enumerate(entries):
        full_url = _full_url(entry)
        record = prefix + (full_url or f"entry[{number}]")
        try:
            yield _record(entry, full_url, record, file, neighbours)
        except RecursionError:
            yield file.rejected(record, TOO_DEEP)


def _record(entry: Any, full_url: str, record: str, file: File, neighbours: Neighbours) -> Converted:
    if not isinstance(entry, dict):
        return file.rejected(record, WRONG_ENTRY, why="it is no JSON object")
    request, search = entry.get("request"), entry.get("search")
    if isinstance(request, dict) and request.get("method", "POST") not in ("PUT", "POST"):
        return file.rejected(record, WRONG_METHOD)
    resource = entry.get("resource")
    if resource is None:
        return file.rejected(record, WRONG_ENTRY, why="it holds no resource")
    if isinstance(search, dict) and search.get("mode") == "outcome":
        text = "The entry is what the server says about the search, no record; it is not kept."
        return file.noted(record, _note(file, record, "bundle-search-outcome", text))
    fault = shape_fault(resource)
    if fault is not None:
        kind, values = fault
        return file.rejected(record, kind, **values)
    place(resource, key_of(resource, full_url), file.source, neighbours)
    return file.converted(record, resource)


def _neighbours(entries: list[Any], source: str) -> Neighbours:
    urls: dict[str, str] = {}
    relative: dict[str, str] = {}
    bases: set[str] = set()
    for entry in entries:
        full_url = _full_url(entry)
        if not full_url:
            continue
        resource = entry.get("resource")
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(kind, str):
            continue
        try:
            urls[full_url] = f"{kind}/{resource_id(source, kind, key_of(resource, full_url))}"
        except RecursionError:
            continue  # its own record says so
        parsed = parse_reference(full_url)
        if parsed.kind is ReferenceKind.ABSOLUTE and parsed.base:
            bases.add(parsed.base)
            relative.setdefault(f"{parsed.type}/{parsed.id}", urls[full_url])
    return Neighbours(urls, relative, frozenset(bases))


def _full_url(entry: Any) -> str:
    value = entry.get("fullUrl") if isinstance(entry, dict) else None
    return value[:300] if isinstance(value, str) else ""


def _note(file: File, record: str, code: str, message: str) -> Finding:
    return Finding(Severity.INFORMATION, code, message, Place(file=file.name, record=record), Rule(code))
