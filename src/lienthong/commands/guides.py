"""Validates FHIR files against profiles that a command names: opens the guides, reads the resources as they stand.

A profile is about the resource that somebody sends. So nothing is converted here: each resource of a file is looked
at as it is, a Bundle whole, that references between its entries can be followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from io import BufferedReader
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong import fhir, sources
from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.settings import Settings
from lienthong.fhir import profiles, schema
from lienthong.fhir.profiles import Package, Profiles
from lienthong.fhir.profiles.loading import NOT_DEFINITION
from lienthong.pipeline import Checked, Progress, quiet
from lienthong.sources import LeftOut, container, recognise, rejection
from lienthong.sources.fhir.source import TOO_LONG

__all__ = ["look", "opened"]

NOT_THERE = ErrorKind(
    "profile-file-not-found",
    Category.NOT_FOUND,
    what="There is no profile file or package of this name.",
    allowed="an address or a StructureDefinition as JSON; with --package a .tgz, a folder or definitions as JSON",
    cure="Check the path; an address begins with http:// or https:// or urn:.",
)
NO_PROFILE = ErrorKind(
    "profile-file-empty",
    Category.INCORRECT,
    what="The file defines no profile that could be applied.",
    allowed="a StructureDefinition of a resource type with derivation constraint, or a Bundle of them",
    cure="Give value sets, code systems, extensions and data types with --package.",
)


def opened(named: Sequence[str], packages: Sequence[Path], *, must_support: bool = False) -> Profiles:
    """The profiles of packages and files, of which those `named` (addresses or files) apply to their types."""
    parts: list[bytes | Package] = []
    for path in packages:
        parts.extend(_parts(path))
    addresses: list[str] = []
    for name in named:
        if name.startswith(("http://", "https://", "urn:")):
            addresses.append(name)
            continue
        own = list(_parts(Path(name)))
        parts.extend(own)
        loaded = profiles.load(*own)
        found = [item for item in loaded.addresses if _is_applied(loaded, item)]
        if not found:
            raise NO_PROFILE.at(name)
        addresses.extend(found)
    known = profiles.load(*parts).applying(*addresses)
    return known.with_must_support() if must_support else known


def _is_applied(loaded: Profiles, address: str) -> bool:
    """Whether a file's profile is about resources; its extensions and data types are used where others name them."""
    definition = loaded.definition(address)
    return definition is not None and definition.type in schema.resource_types()


def _parts(path: Path) -> Iterator[bytes | Package]:
    """What a path holds: a package, the definitions of a folder, or one file of them."""
    try:
        if path.is_dir():
            for item in sorted(path.iterdir()):
                if item.name.endswith((".json", ".tgz")) and not item.name.startswith("."):
                    yield from _of_folder(item)
        elif path.name.endswith((".tgz", ".tar.gz")):
            with path.open("rb") as file:
                yield Package.open(file, path.name)
        else:
            data = path.read_bytes()
            try:
                profiles.load(data)
            except LienthongError as error:
                raise LienthongError(error.kind, str(path), error.what, error.allowed, error.cure) from None
            yield data
    except OSError:
        raise NOT_THERE.at(str(path)) from None


def _of_folder(path: Path) -> Iterator[bytes | Package]:
    """A file of a folder, where it is a definition; examples and settings lie beside them in most."""
    try:
        yield from _parts(path)
    except LienthongError as error:
        if error.kind is not NOT_DEFINITION:
            raise


def look(paths: Iterable[Path], known: Profiles, settings: Settings, *, progress: Progress = quiet) -> Checked:
    """The findings of FHIR files by R4 and by profiles; other files are left out by name."""
    started, records = monotonic(), 0
    findings, left_out, types = list[Finding](), list[LeftOut](), set[str]()
    said = set[tuple[str, str]]()
    files = list(sources.find(paths))
    for number, file in enumerate(files):
        progress("files", number, len(files))
        try:
            with file.open() as stream:
                for member in container.members(stream, file.name, settings.max_file_bytes):
                    if member.fault is not None:
                        raise member.fault
                    if not recognise.as_utf8(member.head).lstrip().startswith(b"{"):
                        left_out.append(LeftOut(member.name, recognise.what_it_is(member.head)))
                        continue
                    for record, data in _records(member.stream, settings.max_record_bytes):
                        value = _object(data)
                        if value is not None and "resourceType" not in value:
                            left_out.append(LeftOut(member.name, "JSON without a resourceType, no FHIR"))
                            break
                        records += 1
                        types.update(_types(value or {}))
                        for finding in fhir.validate(data, profiles=[known]):
                            if _is_new(finding, said):
                                findings.append(finding.at(file=member.name, record=record))
        except LienthongError as error:
            findings.append(rejection(error, file=file.name))
    findings.extend(_to_know(known, types))
    read = len(files) - len({item.name for item in left_out})
    return Checked(read, records, tuple(findings), tuple(left_out), monotonic() - started)


def _is_new(finding: Finding, said: set[tuple[str, str]]) -> bool:
    """False for what can't be checked by a rule that was said of another resource: it is about the rule alone."""
    if not finding.code.endswith("-not-checked") and finding.code != "profile-unknown":
        return True
    key = (finding.code, finding.rule.id if finding.rule is not None else "")
    is_new = key not in said
    said.add(key)
    return is_new


def _records(stream: BufferedReader, limit: int) -> Iterator[tuple[str, bytes]]:
    """The texts of the resources of a file with their lines: the whole of it, or one a line."""
    first = stream.readline(limit + 1)
    if _object(first) is None:
        data = first + stream.read(limit + 1 - len(first))
        if len(data) > limit:
            raise TOO_LONG.at(limit=limit)
        yield "line 1", data
        return
    line, number = first, 1
    while line:
        if len(line) > limit:
            raise TOO_LONG.at(limit=limit)
        if line.strip():
            yield f"line {number}", line
        line, number = stream.readline(limit + 1), number + 1


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = canonical.parse(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


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
