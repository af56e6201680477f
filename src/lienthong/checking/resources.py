"""Looks at FHIR resources as they stand in files: a Bundle whole, invariants and profiles included.

Nothing is converted, so that what is told is about what a sender wrote. Files of other formats are converted first:
then it is what they become that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong import fhir, sources
from lienthong.core import canonical
from lienthong.core.errors import ExitCode, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.fhir.profiles import Profiles
from lienthong.sources import Converted, LeftOut, Source, rejection
from lienthong.sources.fhir.texts import texts
from lienthong.sources.intake import Reading
from lienthong.sources.neighbours import Joining, Neighbours

__all__ = ["Checked", "look"]

Progress = Callable[[str, int, int | None], None]
Told = Callable[[str, str, Sequence[Finding]], None]
"""Called for each resource with its file, its place in the file and its findings."""


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


def look(
    paths: Iterable[Path],
    settings: Settings,
    *,
    known: Profiles | None = None,
    invariants: bool = True,
    advice: bool = False,
    told: Told = lambda _file, _record, _findings: None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Checked:
    """The findings of the resources of files by R4, its invariants and the profiles that are `known`.

    `advice` adds what R4 recommends and which extensions have no definition at hand: true of most resources.
    """
    started, records = monotonic(), 0
    findings, left_out, types = list[Finding](), list[LeftOut](), set[str]()
    said = set[tuple[str, str]]()
    profiles = () if known is None else (known,)

    files = list(sources.find(paths))
    for number, file in enumerate(files):
        progress("files", number, len(files))
        try:
            with file.open() as stream:
                read = _reading(Neighbours(file.path), profiles, invariants=invariants, advice=advice)
                for item in sources.convert(
                    stream, name=file.name, sha256="", settings=settings, given=file.given, read=read
                ):
                    if isinstance(item, LeftOut):
                        left_out.append(item)
                        continue
                    records += bool(item.origin.record)
                    for resource in item.resources:
                        types.update(_types(resource))
                    found = [*item.findings, *((item.rejected,) if item.rejected else ())]
                    found = [finding for finding in found if _is_new(finding, said)]
                    findings += found
                    told(item.origin.file, item.origin.record, found)
        except LienthongError as error:
            findings.append(rejection(error, file=file.name))
            told(file.name, "", findings[-1:])
    if known is not None:
        findings += _to_know(known, types)
    read_files = len(files) - len({item.name for item in left_out})
    return Checked(read_files, records, tuple(findings), tuple(left_out), monotonic() - started)


def _reading(neighbours: Neighbours, profiles: Sequence[Profiles], *, invariants: bool, advice: bool) -> Reading:
    def read(
        reader: Source, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        if reader.name == "fhir":
            yield from _as_they_stand(stream, name, settings, profiles, invariants=invariants, advice=advice)
            return
        convert = (
            partial(reader.convert_beside, neighbours=neighbours) if isinstance(reader, Joining) else reader.convert
        )
        for item in convert(stream, name=name, sha256=sha256, settings=settings, source=source):
            yield (
                item
                if isinstance(item, LeftOut)
                else _converted(item, profiles, invariants=invariants, advice=advice)
            )

    return read


def _is_new(finding: Finding, said: set[tuple[str, str]]) -> bool:
    """False for what can't be checked by a rule that was said of another resource: it is about the rule alone."""
    if not finding.code.endswith("-not-checked") and finding.code != "profile-unknown":
        return True
    key = (finding.code, finding.rule.id if finding.rule is not None else "")
    is_new = key not in said
    said.add(key)
    return is_new


def _as_they_stand(
    stream: BufferedReader,
    name: str,
    settings: Settings,
    profiles: Sequence[Profiles],
    *,
    invariants: bool,
    advice: bool,
) -> Iterator[Converted | LeftOut]:
    for text in texts(stream, name, settings):
        if isinstance(text, LeftOut):
            yield text
            continue
        origin = Origin("", name, "", text.record)
        if text.fault is not None:
            yield Converted(origin, rejected=text.fault)
            continue
        findings = fhir.validate(text.data, profiles=profiles, invariants=invariants, advice=advice)
        placed = tuple(finding.at(file=name, record=text.record) for finding in findings)
        yield Converted(origin, (canonical.parse(text.data),) if _is_shaped(placed) else (), placed)


def _is_shaped(findings: Iterable[Finding]) -> bool:
    return not any(finding.code in fhir.UNHOLDABLE for finding in findings)


def _converted(item: Converted, profiles: Sequence[Profiles], *, invariants: bool, advice: bool) -> Converted:
    origin = item.origin
    found = [finding.at(file=origin.file, record=origin.record) for finding in item.findings]
    for resource in item.resources:
        seen = fhir.validate(resource, profiles=profiles, invariants=invariants, advice=advice)
        found += [finding.at(file=origin.file, record=origin.record) for finding in seen]
    return Converted(origin, item.resources, tuple(found), item.rejected)


def _types(resource: dict[str, Any]) -> Iterator[str]:
    """The types of a resource and of those in its entries."""
    own = resource.get("resourceType")
    if isinstance(own, str):
        yield own
    entries = resource.get("entry")
    for entry in entries if own == "Bundle" and isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield from _types(entry["resource"])


def _to_know(known: Profiles, types: Set[str]) -> Iterator[Finding]:
    """What was named and checked nothing, and the packages that were wanted and are not given."""
    for profile in known.applied:
        if profile.type not in types:
            yield Finding(
                Severity.INFORMATION,
                "profile-not-used",
                f"The profile {profile.canonical} is for {profile.type}, and no {profile.type} is in the files.",
                Place(),
                Rule(profile.canonical, profile.title, profile.canonical),
                "Name a profile for the types that are there, or give the files that hold this one.",
            )
    for name in known.missing:
        yield Finding(
            Severity.INFORMATION,
            "profile-package-missing",
            f"A package that was given builds on {name}, which is not given; what it defines is not checked.",
            Place(),
            Rule(name, "A package comes with its dependencies", name),
            "Download it too and give it with another --package.",
        )
