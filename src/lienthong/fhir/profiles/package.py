"""Reads a FHIR package: the gzipped tar that npm and packages.fhir.org use, with package/package.json at its head.

Nothing is unpacked to disk. What is read is bounded, so that a hostile package can't exhaust the machine: files that
are too many or too large, or an archive that swells, are errors. The list `.index.json` is not asked, as it may be
stale: the files say themselves what they are.
Source: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import msgspec

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.fhir.profiles.definition import OTHER_RELEASE
from lienthong.fhir.profiles.registry import KINDS

__all__ = ["Package"]

MAX_FILE: Final = 64 * 1024 * 1024
MAX_TOTAL: Final = 1024 * 1024 * 1024  # hl7.fhir.r4.core has 190 MB, the largest guides some 400
MAX_FILES: Final = 50_000

NOT_PACKAGE = ErrorKind(
    "fhir-package-not-readable",
    Category.UNREADABLE,
    what="This is no FHIR package that can be read: {why}.",
    allowed="A .tgz with package/package.json and resources as package/*.json, as packages.fhir.org gives it.",
    cure="Download the package again, and take the R4 edition.",
)
TOO_LARGE = ErrorKind(
    "fhir-package-too-large",
    Category.UNREADABLE,
    what="The package is beyond what is read: {why}.",
    allowed=f"At most {MAX_FILES:,} files, {MAX_FILE >> 20} MB each and {MAX_TOTAL >> 20} MB together, unpacked.",
    cure="Take out what is not needed, or load its definitions as single files.",
)


class _Manifest(msgspec.Struct, frozen=True):
    name: str
    version: str
    fhirVersions: tuple[str, ...] = ()
    dependencies: dict[str, str] = {}


@dataclass(frozen=True)
class Package:
    """The definitions and terminology of one package; `dependencies` are the packages it names, with versions."""

    name: str
    version: str
    dependencies: Mapping[str, str]
    resources: tuple[Mapping[str, Any], ...]

    @staticmethod
    def open(file: BinaryIO, where: str = "package") -> Package:
        """The package in an opened file; `where` is what errors call it.

        Raises `fhir-package-not-readable`, `fhir-package-too-large`, `profile-other-release`.
        """
        manifest: _Manifest | None = None
        resources: list[Mapping[str, Any]] = []
        for name, data in _files(file, where):
            if name == "package/package.json":
                manifest = _manifest(data, where)
            elif any(f'"{kind}"'.encode() in data for kind in KINDS):
                resource = _resource(data, f"{where}: {name[:200]}")
                if resource is not None:
                    resources.append(resource)
        if manifest is None:
            raise NOT_PACKAGE.at(where, why="package/package.json is missing")
        return Package(manifest.name, manifest.version, manifest.dependencies, tuple(resources))


def _manifest(data: bytes, where: str) -> _Manifest:
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NOT_PACKAGE.at(where, why=f"package.json: {str(error).rstrip('.')}") from None
    if manifest.fhirVersions and not any(version.startswith("4.0") for version in manifest.fhirVersions):
        raise OTHER_RELEASE.at(where, found=", ".join(manifest.fhirVersions)[:40])
    return manifest


def _resource(data: bytes, where: str) -> Mapping[str, Any] | None:
    try:
        value = canonical.parse(data)
    except ValueError as error:
        raise NOT_PACKAGE.at(where, why=str(error).rstrip(".")) from None
    return value if isinstance(value, dict) and value.get("resourceType") in KINDS else None


def _files(file: BinaryIO, where: str) -> Iterator[tuple[str, bytes]]:
    """The JSON files right under package/, with their content."""
    count = 0
    try:
        with tarfile.open(fileobj=_Bounded(file, where), mode="r|") as archive:
            for member in archive:
                count += 1
                if count > MAX_FILES:
                    raise TOO_LARGE.at(where, why="it holds too many files")
                folder, _, name = member.name.removeprefix("./").rpartition("/")
                if not member.isreg() or folder != "package" or not name.endswith(".json") or name[:1] == ".":
                    continue
                if member.size > MAX_FILE:
                    raise TOO_LARGE.at(where, why="one of its files is too large")
                stream = archive.extractfile(member)
                if stream is not None:
                    yield f"{folder}/{name}", stream.read()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, OverflowError, ValueError):
        raise NOT_PACKAGE.at(where, why="it is no whole gzipped tar") from None


class _Bounded(io.RawIOBase):
    """The unpacked bytes of a gzipped file, up to a bound."""

    def __init__(self, file: BinaryIO, where: str) -> None:
        self._stream = gzip.GzipFile(fileobj=file)
        self._left = MAX_TOTAL
        self._where = where

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TOO_LARGE.at(self._where, why="it is too large when unpacked")
        return data
