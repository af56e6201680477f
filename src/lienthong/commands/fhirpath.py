"""`lienthong fhirpath`: an expression over the resources of a file."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.core.clock import system_clock, zone
from lienthong.core.errors import ExitCode, LienthongError
from lienthong.core.settings import Settings

if TYPE_CHECKING:
    from lienthong.fhir.fhirpath import Item

__all__ = ["fhirpath"]

_OF_ONE = ("fhirpath-run", "fhirpath-limit")  # faults that the next resource need not have


def fhirpath(
    context: typer.Context,
    expression: Annotated[str, typer.Argument(help="A FHIRPath expression, e.g. name.given.first().")],
    file: Annotated[Path, typer.Argument(help="Resources: JSON, or NDJSON with one a line; also gzipped.")],
    strict: Annotated[bool, typer.Option("--strict", help="A path that no resource can have is an error.")] = False,
) -> None:
    """What a FHIRPath expression gives for each resource of a file; nothing is stored."""
    from lienthong.core import canonical
    from lienthong.fhir.fhirpath import compile as compile_
    from lienthong.warehouse.fhir_files import find_files, read_files

    started, made = time.monotonic(), compile_(expression, strict=strict)
    as_json: bool = context.obj.json
    results: list[dict[str, Any]] = []
    records = faults = 0
    for place, resource in read_files(find_files(file), whole=True):
        records += 1
        try:
            items = made.items(resource, clock=_local)
        except LienthongError as error:
            if error.code not in _OF_ONE:
                raise
            faults += 1
            if as_json:
                results.append({**_of(place, resource), "error": error.to_json()})
            else:
                print(f"{place}: {error.text()}", file=sys.stderr)
            continue
        if as_json:
            shown = [{"type": item.type, "value": _plain(item)} for item in items]
            results.append({**_of(place, resource), "items": shown})
        else:
            # of a file with many resources, each line says which one it is of
            before = f"{place}\t" if " line " in place else ""
            for item in items:
                value = _plain(item)
                print(before + (value if isinstance(value, str) else canonical.encode(value).decode()))
    if as_json:
        seconds = round(time.monotonic() - started, 3)
        body = {"expression": expression, "records": records, "faults": faults, "results": results}
        print(canonical.encode({**body, "seconds": canonical.parse(str(seconds))}).decode())
    raise typer.Exit(ExitCode.FINDINGS if faults else ExitCode.DONE)


def _local() -> datetime:
    """Now, in the zone that times without one have: the machine's own never matters."""
    return system_clock().astimezone(zone(Settings().offset))


def _of(place: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"record": place, "resource": f"{resource.get('resourceType', '')}/{resource.get('id', '')}"}


def _plain(item: Item) -> Any:
    """The value as JSON; dates, times and quantities as strings, as FHIRPath writes them."""
    value = item.value
    return value if isinstance(value, (dict, str, bool, int, Decimal)) else str(value)
