"""The whole way on one screen: find → keep → convert → validate → record → link → publish; then views, OMOP, checks.

Everything here calls one room after the other and nothing else: to change a step, go to its room. What follows
`publish` is one call, `warehouse.build`, whose steps stand in `warehouse/build.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong import fhir, identity, sources
from lienthong.core.errors import Category, ExitCode, LienthongError, exit_code
from lienthong.core.finding import Finding, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.privacy.access import Grant
from lienthong.privacy.vault import Vault
from lienthong.record import Batch, Published, Record
from lienthong.sources import Converted, Found, LeftOut, rejection

__all__ = ["Checked", "Ingested", "Progress", "Way", "check", "ingest", "quiet", "retry", "validated"]

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and how much there is (None: not known)."""


def quiet(_what: str, _done: int, _total: int | None) -> None:
    """The Progress that shows nothing."""


@dataclass(frozen=True, slots=True)
class Way:
    """What an export meets on its way: the vault that keeps its files, the record it fills, the settings."""

    vault: Vault
    record: Record
    settings: Settings


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did: the published batch, the files that are no export, and the seconds it took."""

    published: Published
    left_out: tuple[LeftOut, ...]
    seconds: float

    @property
    def exit(self) -> ExitCode:
        quarantined = self.published.quarantined.files or self.published.quarantined.records
        return exit_code(
            ExitCode.QUARANTINED if quarantined else ExitCode.DONE,
            ExitCode.FINDINGS if self.published.findings.error else ExitCode.DONE,
        )

    def to_json(self) -> dict[str, Any]:
        """The contract of `lienthong ingest --json` (DESIGN 5)."""
        left_out = [{"file": item.name, "why": item.why} for item in self.left_out]
        return {**self.published.to_json(), "left_out": left_out, "seconds": round(self.seconds, 3)}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in exports that were only looked at."""

    files: int
    records: int
    findings: tuple[Finding, ...]
    left_out: tuple[LeftOut, ...]
    seconds: float

    @property
    def exit(self) -> ExitCode:
        faulty = any(finding.severity is Severity.ERROR for finding in self.findings)
        return ExitCode.FINDINGS if faulty else ExitCode.DONE

    def to_json(self) -> dict[str, Any]:
        """The contract of `lienthong validate --json` (DESIGN 5)."""
        return {
            "files": self.files,
            "records": self.records,
            "findings": [finding.to_json() for finding in self.findings],
            "left_out": [{"file": item.name, "why": item.why} for item in self.left_out],
            "seconds": round(self.seconds, 3),
        }


def ingest(
    paths: Iterable[Path],
    way: Way,
    grant: Grant,
    *,
    source: str | None = None,
    format: str = "auto",
    progress: Progress = quiet,
) -> Ingested:
    """Exports into the record: nothing is lost, and nobody sees any of it before all of it is there."""
    started, left_out = monotonic(), list[LeftOut]()
    files = list(sources.find(paths))
    with way.record.begin(grant, source=source or way.settings.source) as batch:  # abandoned if anything fails
        for number, file in enumerate(files):
            progress("files", number, len(files))
            left_out += _take(file, batch, way, source, format, progress)
        identity.link(way.record, grant, way.settings, batch)
        published = batch.publish()
    progress("files", len(files), len(files))
    return Ingested(published, tuple(left_out), monotonic() - started)


def _take(
    file: Found, batch: Batch, way: Way, source: str | None, format: str, progress: Progress
) -> Iterator[LeftOut]:
    """One file: kept under its digest, read from what was kept, each record validated and put."""
    try:
        with file.open() as stream:
            kept = way.vault.keep(stream)
    except LienthongError as error:
        if error.category is not Category.UNREADABLE:
            raise  # no room, a broken disk: no fault of this file
        _put(_unopened(file, error, source or way.settings.source), batch, batch.file(file.name, "", 0, ""))
        return
    number: int | None = None
    with way.vault.open(kept.sha256) as stream:
        for item in sources.convert(
            stream,
            name=file.name,
            sha256=kept.sha256,
            settings=way.settings,
            source=source,
            format=format,
            given=file.given,
        ):
            if isinstance(item, LeftOut):
                batch.leave_out(item.name, item.why)
                yield item
                continue
            if number is None:
                number = batch.file(file.name, kept.sha256, kept.size, format)
            _put(validated(item), batch, number)
            progress("records", batch.records, None)
    if number is None and kept.is_new:
        way.vault.discard(kept.sha256)  # what is no export is not ours to keep


def validated(item: Converted) -> Converted:
    """The record with what FHIR says of its resources; one whose shape is no FHIR shape is quarantined."""
    findings = list(item.findings)
    for resource in item.resources:
        for finding in fhir.validate(resource):
            placed = finding.at(file=item.origin.file, record=item.origin.record)
            if finding.code in fhir.UNHOLDABLE:
                return Converted(item.origin, findings=tuple(findings), rejected=placed)
            findings.append(placed)
    return Converted(item.origin, item.resources, tuple(findings), item.rejected)


def _put(item: Converted, batch: Batch, file: int) -> None:
    batch.put(file, item.origin, item.resources, item.findings, item.rejected)


def _unopened(file: Found, error: LienthongError, source: str) -> Converted:
    return Converted(Origin(source, file.name, "", ""), rejected=rejection(error, file=file.name))


def retry(way: Way, grant: Grant, *, progress: Progress = quiet) -> Ingested:
    """What lies in quarantine, read again from the kept files; what can be read now leaves the quarantine."""
    started, waiting = monotonic(), dict[tuple[str, str, str], set[str]]()
    for row in way.record.open_quarantine():
        if row.sha256:  # without a digest the file could not even be opened: give it again
            waiting.setdefault((row.file, row.sha256, row.source), set()).add(row.record)
    with way.record.begin(grant, source=way.settings.source) as batch:
        for number, ((file, sha256, source), records) in enumerate(waiting.items()):
            progress("files", number, len(waiting))
            _again(file, sha256, None if source == way.settings.source else source, records, batch, way)
        identity.link(way.record, grant, way.settings, batch)
        published = batch.publish()
    return Ingested(published, (), monotonic() - started)


def _again(name: str, sha256: str, source: str | None, records: Set[str], batch: Batch, way: Way) -> None:
    """The quarantined records of one kept file; all of it, where the whole file was quarantined."""
    with way.vault.open(sha256) as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        number = batch.file(name, sha256, size, "auto")
        for item in sources.convert(stream, name=name, sha256=sha256, settings=way.settings, source=source):
            if isinstance(item, Converted) and ("" in records or item.origin.record in records):
                _put(validated(item), batch, number)


def check(paths: Iterable[Path], settings: Settings, *, progress: Progress = quiet) -> Checked:
    """The findings of exports; nothing is stored."""
    started, records = monotonic(), 0
    findings, left_out = list[Finding](), list[LeftOut]()
    files = list(sources.find(paths))
    for number, file in enumerate(files):
        progress("files", number, len(files))
        try:
            with file.open() as stream:
                for item in sources.convert(stream, name=file.name, sha256="", settings=settings, given=file.given):
                    if isinstance(item, LeftOut):
                        left_out.append(item)
                        continue
                    seen = validated(item)
                    records += bool(item.origin.record)
                    findings += [*seen.findings, *([seen.rejected] if seen.rejected else [])]
        except LienthongError as error:
            findings.append(rejection(error, file=file.name))
    read = len(files) - len({item.name for item in left_out})
    return Checked(read, records, tuple(findings), tuple(left_out), monotonic() - started)
