"""Looks at files one by one: claims by the rules of `sources.bhyt`, all else as it is converted and validated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import BufferedReader
from pathlib import Path

from lienthong import sources
from lienthong.checking.words import in_vietnamese
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.reading import validated
from lienthong.sources import Converted, Found, LeftOut, Source, rejection
from lienthong.sources.bhyt import Choice, Examined, Trace, choose, examine, read_icd10, worded
from lienthong.sources.neighbours import Joining, Neighbours

__all__ = ["Looked", "Seen", "choice_of", "look"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One record that was looked at; `at_stake` is what the fund is to pay for a claim, in đồng.

    `is_across` tells that the record was seen before, and this is what it and others break together.
    """

    file: str
    record: str
    findings: tuple[Finding, ...]
    at_stake: Decimal | None = None
    trace: Trace | None = None
    is_across: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """All of one file: its number among the files, its records, and what in it is no export."""

    number: int
    seen: tuple[Seen, ...]
    left_out: tuple[LeftOut, ...]


def choice_of(settings: Settings, home: Path, language: str) -> Choice:
    """The rules that a node chose (`[check]` of its settings); paths in them are below its home."""
    chosen = settings.check
    if not chosen.icd10:
        return choose(chosen.off, chosen.warn, language=language)
    listed = read_icd10((home / chosen.icd10).read_bytes(), chosen.icd10)
    return choose(chosen.off, chosen.warn, language=language, icd10=listed)


def look(files: Iterable[tuple[int, Found]], settings: Settings, choice: Choice, format: str) -> Iterator[Looked]:
    """Every file in its order, each whole before the next."""

    beside = Neighbours()

    def read(
        reader: Source, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        if reader.name == "bhyt":
            return examine(stream, choice, name=name, sha256=sha256, settings=settings, source=source)
        if isinstance(reader, Joining):
            return reader.convert_beside(
                stream, name=name, sha256=sha256, settings=settings, source=source, neighbours=beside
            )
        return reader.convert(stream, name=name, sha256=sha256, settings=settings, source=source)

    for number, file in files:
        beside = Neighbours(file.path)
        seen: list[Seen] = []
        left_out: list[LeftOut] = []
        try:
            with file.open() as stream:
                for item in sources.convert(
                    stream,
                    name=file.name,
                    sha256="",
                    settings=settings,
                    format=format,
                    given=file.given,
                    read=read,
                ):
                    if isinstance(item, LeftOut):
                        left_out.append(item)
                    else:
                        seen.append(_seen(item, choice))
        except LienthongError as error:
            if error.code == "format-unknown":  # a wrong call, no fault of the file
                raise
            rejected = Converted(
                Origin(settings.source, file.name, "", ""), rejected=rejection(error, file=file.name)
            )
            seen.append(_seen(rejected, choice))
        yield Looked(number, tuple(seen), tuple(left_out))


def _seen(item: Converted, choice: Choice) -> Seen:
    if isinstance(item, Examined):
        return Seen(item.origin.file, item.origin.record, item.findings, item.at_stake, item.trace)
    known = validated(item)
    findings = (*known.findings, *((known.rejected,) if known.rejected else ()))
    told = worded(findings, choice)
    if choice.language == "vi":
        told = [in_vietnamese(finding) for finding in told]
    return Seen(item.origin.file, item.origin.record, tuple(told))
