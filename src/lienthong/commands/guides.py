"""Opens the profiles and packages that a command names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.settings import Settings
from lienthong.fhir import profiles, schema
from lienthong.fhir.profiles import Package, Profiles
from lienthong.fhir.profiles.loading import NOT_DEFINITION
from lienthong.sources import Found
from lienthong.sources.fhir.texts import TOO_LONG

__all__ = ["opened"]

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
        elif not path.exists():
            raise NOT_THERE.at(str(path))
        else:
            with Found(path, str(path), given=True).open() as file:  # never waits, as a pipe would
                yield Package.open(file, str(path)) if _is_package(path) else _definition(file, path)
    except OSError:
        raise NOT_THERE.at(str(path)) from None


def _is_package(path: Path) -> bool:
    return path.name.endswith((".tgz", ".tar.gz"))


def _definition(file: BinaryIO, path: Path) -> bytes:
    """The text of a definition, looked at so that an error names the file."""
    limit = Settings().max_record_bytes
    data = file.read(limit + 1)
    if len(data) > limit:
        raise TOO_LONG.at(str(path), limit=limit)
    try:
        profiles.load(data)
    except LienthongError as error:
        raise LienthongError(error.kind, str(path), error.what, error.allowed, error.cure) from None
    return data


def _of_folder(path: Path) -> Iterator[bytes | Package]:
    """A file of a folder, where it is a definition; examples and settings lie beside them in most."""
    try:
        yield from _parts(path)
    except LienthongError as error:
        if error.kind is not NOT_DEFINITION:
            raise
