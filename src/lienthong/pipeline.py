"""The whole way on one screen: find → keep → convert → validate → record → link → publish; then views, OMOP, checks.

Everything here calls one room after the other and nothing else: to change a step, go to its room. What follows
`publish` is one call, `warehouse.build`, whose steps stand in `warehouse/build.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong import identity, sources
from lienthong.beside import read_beside, worth_it
from lienthong.core.errors import ExitCode, exit_code
from lienthong.core.settings import Settings
from lienthong.privacy.access import Grant
from lienthong.privacy.vault import Vault
from lienthong.reading import Opened, Ready, kept_beside, read_files, ready
from lienthong.record import Batch, Published, Record
from lienthong.sources import Converted, LeftOut
from lienthong.sources.neighbours import Neighbours

__all__ = ["Ingested", "Progress", "Way", "ingest", "quiet", "retry"]

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
    started, left_out, number = monotonic(), list[LeftOut](), 0
    files = list(sources.find(paths))
    read = read_beside if worth_it(files) else read_files
    with way.record.begin(grant, source=source or way.settings.source) as batch:  # abandoned if anything fails
        for event in read(files, way.vault, way.settings, source=source, format=format):
            match event:
                case Ready():
                    batch.put(number, event.origin, event.prepared, event.findings, event.rejected)
                    progress("records", batch.records, None)
                case Opened():
                    progress("files", event.number, len(files))
                    number = batch.file(event.name, event.sha256, event.size, event.format)
                case LeftOut():
                    batch.leave_out(event.name, event.why)
                    left_out.append(event)
        identity.link(way.record, grant, way.settings, batch)
        published = batch.publish()
    progress("files", len(files), len(files))
    return Ingested(published, tuple(left_out), monotonic() - started)


def retry(way: Way, grant: Grant, *, progress: Progress = quiet) -> Ingested:
    """What lies in quarantine, read again from the kept files; what can be read now leaves the quarantine."""
    started, waiting = monotonic(), dict[tuple[str, str, str], set[str]]()
    beside = dict[tuple[str, str, str], int]()
    for row in way.record.open_quarantine():
        if row.sha256:  # without a digest the file could not even be opened: give it again
            waiting.setdefault((row.file, row.sha256, row.source), set()).add(row.record)
            beside[row.file, row.sha256, row.source] = row.batch
    came_with = {
        number: kept_beside([(file.name, file.sha256) for file in way.record.files(number)], way.vault)
        for number in set(beside.values())
    }
    with way.record.begin(grant, source=way.settings.source) as batch:
        for number, ((file, sha256, source), records) in enumerate(waiting.items()):
            progress("files", number, len(waiting))
            neighbours = came_with[beside[file, sha256, source]]
            _again(file, sha256, None if source == way.settings.source else source, records, batch, way, neighbours)
        identity.link(way.record, grant, way.settings, batch)
        published = batch.publish()
    return Ingested(published, (), monotonic() - started)


def _again(
    name: str, sha256: str, source: str | None, records: Set[str], batch: Batch, way: Way, neighbours: Neighbours
) -> None:
    """The quarantined records of one kept file; all of it, where the whole file was quarantined."""
    with way.vault.open(sha256) as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        number = batch.file(name, sha256, size, "auto")
        for item in sources.convert(
            stream, name=name, sha256=sha256, settings=way.settings, source=source, neighbours=neighbours
        ):
            if isinstance(item, Converted) and ("" in records or item.origin.record in records):
                event = ready(item)
                batch.put(number, event.origin, event.prepared, event.findings, event.rejected)
