"""Finds the files of an export, tells by content which source reads them, and converts them record by record."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.core.text import printable
from lienthong.sources import container, recognise
from lienthong.sources.converted import Converted, Found, LeftOut, Source, rejection
from lienthong.sources.neighbours import Joining, Neighbours

__all__ = ["Reading", "convert", "find", "installed", "read"]

Reading = Callable[..., Iterator[Converted | LeftOut]]
"""What is done with a plain file: called with its source and, but for that, as `Source.convert` is."""

_KINDS = (
    "FHIR R4 as JSON or NDJSON, HL7 v2, the health-insurance XML (GIAMDINHHS), or tables with a mapping;"
    " each also as gzip or in a zip."
)

NO_PATH = ErrorKind(
    "path-not-found",
    Category.NOT_FOUND,
    what="There is no such file or folder.",
    cure="Check the path.",
)
UNKNOWN_FORMAT = ErrorKind(
    "format-unknown",
    Category.INCORRECT,
    what="There is no format of this name.",
    allowed="{allowed}",
    cure="Give one of them with --format, or leave it out: files are recognised by their content.",
)
NO_EXPORT = ErrorKind(
    "file-no-export",
    Category.UNREADABLE,
    what="The file is no export that can be read: {why}.",
    allowed=_KINDS,
    cure="Give the export itself, or name its kind with --format.",
)
BROKEN = ErrorKind(
    "file-broken",
    Category.UNREADABLE,
    what="The file has the name of an export, but its content is {what}.",
    allowed=_KINDS,
    cure="Copy or export it again.",
)


@cache
def installed() -> Mapping[str, Source]:
    """The installed sources by name: the entry points of the group `lienthong.sources`."""
    found: dict[str, Source] = {}
    for point in sorted(entry_points(group="lienthong.sources"), key=lambda point: point.name):
        source = point.load()
        if not isinstance(source, Source):
            raise TypeError(f"the entry point {point.name} is no source")
        found[source.name] = source
    return MappingProxyType(found)


def find(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Found]:
    """The files of folders and paths in a stable order, each once.

    Raises `path-not-found` before anything is given.
    """
    given = [Path(path) for path in paths]
    for path in given:
        if not path.exists() and not path.is_symlink():
            raise NO_PATH.at(str(path))
    seen: set[str] = set()
    for path in given:
        base = path.resolve()
        for found in _walk(path, base) if path.is_dir() else (Found(path, printable(base.name), True),):
            real = os.path.realpath(found.path)
            if real not in seen:
                seen.add(real)
                yield found


def _walk(folder: Path, base: Path) -> Iterator[Found]:
    """Links to folders are followed, each folder once; a folder that can't be opened is found as a faulty file."""
    closed: list[str] = []

    def note(error: OSError) -> None:
        closed.append(error.filename)

    seen = {os.path.realpath(folder)}
    for parent, folders, files in os.walk(
        folder, followlinks=True, onerror=lambda error: closed.append(error.filename)
    ):
        real = {name: os.path.realpath(os.path.join(parent, name)) for name in folders}
        folders[:] = sorted(name for name in folders if real[name] not in seen)
        seen.update(real.values())
        inside = os.path.relpath(parent, folder)
        for file in sorted(files):
            yield Found(Path(parent, file), _named(base, inside, file), False)
    for name in sorted(closed):
        yield Found(Path(name), _named(base, os.path.relpath(name, folder)), False)


def _named(base: Path, *inside: str) -> str:
    return printable(os.path.normpath(os.path.join(base.name, *inside)))


def read(
    path: str | os.PathLike[str], format: str = "auto", *, settings: Settings | None = None
) -> Iterator[Converted]:
    """All records of a file or folder; files that are no export are passed over."""
    settings = settings or Settings()
    for found in find([path]):
        try:
            stream = found.open()
        except LienthongError as error:
            yield _rejected_file(error, found.name, "", settings.source)
            continue
        with stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            for item in convert(
                stream,
                name=found.name,
                sha256=sha256,
                settings=settings,
                format=format,
                given=found.given,
                neighbours=Neighbours(found.path),
            ):
                if isinstance(item, Converted):
                    yield item


def convert(
    stream: BinaryIO,
    *,
    name: str,
    sha256: str,
    settings: Settings,
    source: str | None = None,
    format: str = "auto",
    given: bool = True,
    read: Reading | None = None,
    neighbours: Neighbours | None = None,
) -> Iterator[Converted | LeftOut]:
    """One opened (seekable) file to its records, in their order.

    `source` names the source of the records, by default the claim's facility or `settings.source`. `given` says that
    the file was named itself: then it must be an export, while in a folder it may be left out. A fault of the whole
    file is a Converted with an empty `origin.record` and `rejected`; only a wrong `format` raises.
    `read` does something else than to convert with each plain file. `neighbours` are the files beside this one, for
    sources that look into other tables.
    """
    if format != "auto" and format not in installed():
        raise UNKNOWN_FORMAT.at("--format", allowed=", ".join(["auto", *installed()]))
    label = source or settings.source
    read_any = False
    left_out: list[LeftOut] = []
    try:
        for member in container.members(stream, name, settings.max_file_bytes):
            required = given and member.name == name
            for item in _member(
                member, sha256, settings, source, format, read, neighbours or Neighbours(), required=required
            ):
                if isinstance(item, LeftOut):
                    left_out.append(item)
                else:
                    read_any = True
                yield item
    except LienthongError as error:
        yield _rejected_file(error, name, sha256, label)
        return
    if not read_any and (given or not left_out) and not any(item.name == name for item in left_out):
        yield _rejected_file(NO_EXPORT.at(name, why="the archive holds none"), name, sha256, label)


def _member(
    member: container.Member,
    sha256: str,
    settings: Settings,
    source: str | None,
    format: str,
    read: Reading | None,
    neighbours: Neighbours,
    *,
    required: bool,
) -> Iterator[Converted | LeftOut]:
    """The records of one plain file; where it is no export it is left out, or rejected if it is `required`."""
    name, label = member.name, source or settings.source
    if member.fault is not None:
        yield _rejected_file(member.fault, name, sha256, label)
        return
    head = recognise.as_utf8(member.head)
    reader = installed()[format] if format != "auto" else _recognised(head, name)
    if reader is None:
        if recognise.is_fhir_xml(head):
            yield _rejected_file(recognise.FHIR_XML.at(name), name, sha256, label)
        elif recognise.looks_like_export(head, name):
            what = "neither JSON nor XML nor HL7 v2" if head.strip() else "empty"
            yield _rejected_file(BROKEN.at(name, what=what), name, sha256, label)
        else:
            yield _left_out(LeftOut(name, recognise.what_it_is(head)), sha256, label, required=required)
        return
    try:
        convert_it = _conversion(reader, read, neighbours)
        for item in convert_it(member.stream, name=name, sha256=sha256, settings=settings, source=source):
            yield _left_out(item, sha256, label, required=required) if isinstance(item, LeftOut) else item
    except LienthongError as error:
        yield _rejected_file(error, name, sha256, label)


def _conversion(
    reader: Source, read: Reading | None, neighbours: Neighbours
) -> Callable[..., Iterator[Converted | LeftOut]]:
    if read:
        return partial(read, reader)
    return partial(reader.convert_beside, neighbours=neighbours) if isinstance(reader, Joining) else reader.convert


def _recognised(head: bytes, name: str) -> Source | None:
    return next((source for source in installed().values() if source.recognise(head, name)), None)


def _left_out(item: LeftOut, sha256: str, label: str, *, required: bool) -> Converted | LeftOut:
    if not required:
        return item
    return _rejected_file(item.fault or NO_EXPORT.at(item.name, why=item.why), item.name, sha256, label)


def _rejected_file(error: LienthongError, name: str, sha256: str, source: str) -> Converted:
    return Converted(Origin(source, name, sha256, ""), rejected=rejection(error, file=name))
