"""Reads files into records that are ready to be put: kept, converted, validated, prepared; knows no batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from lienthong import fhir, sources
from lienthong.core.errors import Category, LienthongError
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.privacy.vault import Vault
from lienthong.record import NO_ID, Prepared, prepare
from lienthong.sources import Converted, Found, LeftOut, rejection
from lienthong.sources.neighbours import Neighbours

__all__ = [
    "Done",
    "Event",
    "Opened",
    "Ready",
    "forget",
    "kept_beside",
    "read_file",
    "read_files",
    "ready",
    "validated",
]


@dataclass(frozen=True, slots=True)
class Opened:
    """The records that follow are of this file: its number among the files, its digest and size as it is kept."""

    number: int
    name: str
    sha256: str
    size: int
    format: str


@dataclass(frozen=True, slots=True)
class Ready:
    """One record, ready to be put: its resources prepared, or the finding for which it is quarantined."""

    origin: Origin
    prepared: tuple[Prepared, ...]
    findings: tuple[Finding, ...]
    rejected: Finding | None


@dataclass(frozen=True, slots=True)
class Done:
    """A file has been read to its end: its digest, whether it was not kept before, and whether it is an export."""

    sha256: str
    is_new: bool
    is_export: bool


Event = Opened | Ready | LeftOut


def read_files(
    files: Iterable[Found], vault: Vault, settings: Settings, *, source: str | None, format: str
) -> Iterator[Event]:
    """Every file in its order: kept under its digest, and read from what was kept, record by record."""
    done: list[Done] = []
    try:
        for number, file in enumerate(files):
            for event in read_file(number, file, vault, settings, source=source, format=format):
                if isinstance(event, Done):
                    done.append(event)
                else:
                    yield event
    finally:
        forget(vault, done)


def kept_beside(files: Iterable[tuple[str, str]], vault: Vault) -> Neighbours:
    """The kept files of one ingest, by name and digest, for sources that look into other tables; no erased ones."""
    return Neighbours(
        kept={name: partial(vault.open, sha256) for name, sha256 in files if sha256 and vault.holds(sha256)}
    )


def forget(vault: Vault, done: Iterable[Done]) -> None:
    """Discards what was kept for the first time and is no export under any name: it is not ours to keep."""
    done = list(done)
    exports = {file.sha256 for file in done if file.is_export}
    for sha256 in {file.sha256 for file in done if file.is_new and not file.is_export} - exports:
        vault.discard(sha256)


def read_file(
    number: int, file: Found, vault: Vault, settings: Settings, *, source: str | None, format: str
) -> Iterator[Event | Done]:
    """The events of one file; `Done` is the last.

    Several processes may read files into one vault, so what is no export is discarded when all have been read
    (`forget`): another file may have the same content.
    """
    try:
        with file.open() as stream:
            kept = vault.keep(stream)
    except LienthongError as error:
        if error.category is not Category.UNREADABLE:
            raise  # no room, a broken disk: no fault of this file
        yield Opened(number, file.name, "", 0, "")
        origin = Origin(source or settings.source, file.name, "", "")
        yield Ready(origin, (), (), rejection(error, file=file.name))
        yield Done("", False, True)
        return
    is_export = False
    with vault.open(kept.sha256) as stream:
        for item in sources.convert(
            stream,
            name=file.name,
            sha256=kept.sha256,
            settings=settings,
            source=source,
            format=format,
            given=file.given,
            neighbours=Neighbours(file.path),
        ):
            if isinstance(item, LeftOut):
                yield item
                continue
            if not is_export:
                is_export = True
                yield Opened(number, file.name, kept.sha256, kept.size, format)
            yield ready(item)
    yield Done(kept.sha256, kept.is_new, is_export)


def ready(item: Converted) -> Ready:
    """A converted record, validated and prepared."""
    seen = validated(item)
    try:
        prepared = tuple(prepare(resource, seen.origin.source) for resource in seen.resources)
    except (KeyError, TypeError):
        return Ready(seen.origin, (), seen.findings, NO_ID)
    return Ready(seen.origin, prepared, seen.findings, seen.rejected)


def validated(item: Converted) -> Converted:
    """The record with what FHIR says of its resources; one whose shape is no FHIR shape is quarantined."""
    findings = list(item.findings)
    for resource in item.resources:
        for finding in fhir.validate(resource, invariants=False, advice=False):
            placed = finding.at(file=item.origin.file, record=item.origin.record)
            if finding.code in fhir.UNHOLDABLE:
                return Converted(item.origin, findings=tuple(findings), rejected=placed)
            findings.append(placed)
    return Converted(item.origin, item.resources, tuple(findings), item.rejected)
