"""Two readings of the same files: the first learns who belongs together, the second writes each file anew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from time import monotonic
from types import MappingProxyType

from lienthong import sources
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.deidentifying.report import Deidentified, Written, report_json, report_text
from lienthong.fhir import schema
from lienthong.privacy.access import Action, Grant, require
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources import Found, intake
from lienthong.sources.bhyt.deidentify import BhytDeidentifier
from lienthong.sources.converted import Converted, LeftOut, Source, rejection
from lienthong.sources.deidentify import Deidentifier, Naming
from lienthong.sources.fhir.deidentify import FhirDeidentifier
from lienthong.sources.hl7v2.deidentify import Hl7v2Deidentifier
from lienthong.sources.tables.deidentify import TablesDeidentifier

__all__ = ["DEIDENTIFIERS", "deidentify"]

DEIDENTIFIERS: Mapping[str, Deidentifier] = MappingProxyType(
    {
        "bhyt": BhytDeidentifier(),
        "fhir": FhirDeidentifier(),
        "hl7v2": Hl7v2Deidentifier(),
        "tables": TablesDeidentifier(),
    }
)
"""By the name of their source."""

NOT_EMPTY = ErrorKind(
    "deidentify-folder-not-empty",
    Category.CONFLICT,
    what="The folder for the copies is not empty, or is no folder.",
    allowed="a new folder, or an empty one",
    cure="Name another one with --to.",
)
SAME_PLACE = ErrorKind(
    "deidentify-folder-in-input",
    Category.CONFLICT,
    what="The folder for the copies lies in the folder of the exports, or holds it.",
    allowed="a folder apart from every export that is read",
    cure="Name another one with --to, so that copies and exports can't be taken for each other.",
)
NOT_YET = ErrorKind(
    "deidentify-format-not-yet",
    Category.UNREADABLE,
    what="Files of the format {format} can't be de-identified yet; the file was not copied.",
    allowed=", ".join(DEIDENTIFIERS),
    cure="Leave it out, or wait for a later version; never send it as it is.",
)

Progress = Callable[[str, int, int | None], None]
_DRAFT = ".part"


def deidentify(
    paths: Iterable[Path],
    to: Path,
    grant: Grant,
    *,
    key: bytes,
    settings: Settings,
    clock: Clock,
    no_text: bool = False,
    keep_facility: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Deidentified:
    """Showable copies of exports in `to` (new or empty), under new names, and REPORT.txt and REPORT.json beside them.

    Archives come out unpacked. What can't be read is not copied: it stands in `refused`.
    """
    require(grant, Action.RELEASE)
    started = monotonic()
    given = [Path(path) for path in paths]
    files = list(sources.find(given))
    _make_room(to, given)
    circles = Circles()
    learning = _Learning(circles, settings, clock().year)
    for number, file in enumerate(files):
        progress("reading", number, len(files))
        for _ in _each(file, settings, learning.read):
            pass
    circles.close()
    replacer = Replacer(key, circles, no_text=no_text, keep_facility=keep_facility)
    writing = _Writing(replacer, settings, to)
    refused: list[Finding] = []
    left_out: list[LeftOut] = []
    for number, file in enumerate(files):
        progress("writing", number, len(files))
        for item in _each(file, settings, writing.read):
            if isinstance(item, LeftOut):
                left_out.append(item)
            elif item.rejected is not None:
                refused.append(item.rejected)
    options = {"no_text": no_text, "keep_facility": keep_facility}
    result = Deidentified(
        tuple(writing.written),
        tuple(refused),
        tuple(left_out),
        circles.small_groups(),
        options,
        monotonic() - started,
    )
    (to / "REPORT.json").write_text(json.dumps(report_json(result), ensure_ascii=False, indent=1) + "\n", "utf-8")
    (to / "REPORT.txt").write_text(report_text(result), "utf-8")
    return result


def _make_room(to: Path, given: Iterable[Path]) -> None:
    place = to.resolve()
    for path in given:
        own = path.resolve()
        if place.is_relative_to(own) or own.is_relative_to(place):
            raise SAME_PLACE.at(str(to))
    try:
        if to.exists() and any(to.iterdir()):
            raise NOT_EMPTY.at(str(to))
        to.mkdir(parents=True, exist_ok=True)
    except (NotADirectoryError, FileExistsError):
        raise NOT_EMPTY.at(str(to)) from None


def _each(file: Found, settings: Settings, read: intake.Reading) -> Iterator[Converted | LeftOut]:
    """The records of a file as `read` makes them; a file that can't be opened is one that is refused."""
    try:
        stream = file.open()
    except LienthongError as error:
        yield _refused(rejection(error, file=file.name))
        return
    with stream:
        yield from sources.convert(stream, name=file.name, sha256="", settings=settings, given=file.given, read=read)


def _refused(finding: Finding) -> Converted:
    return Converted(Origin("", finding.place.file, "", finding.place.record), rejected=finding)


def _not_yet(
    kind: Source, stream: BufferedReader, name: str, sha256: str, settings: Settings
) -> Iterator[Converted | LeftOut]:
    """A file of a source that can't do this: named, unless its source finds that it is no export at all."""
    first = next(iter(kind.convert(stream, name=name, sha256=sha256, settings=settings, source=None)), None)
    if not isinstance(first, LeftOut):
        raise NOT_YET.at(name, format=kind.name)
    yield first


class _Learning:
    """The first reading."""

    def __init__(self, circles: Circles, settings: Settings, this_year: int) -> None:
        self._circles = circles
        self._settings = settings
        self._this_year = this_year

    def read(
        self, kind: Source, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, **_rest: object
    ) -> Iterator[Converted | LeftOut]:
        chosen = DEIDENTIFIERS.get(kind.name)
        if chosen is None:
            return
        origin = Origin("", name, sha256, "")
        for _ in chosen.learn(stream, name=name, settings=settings, circles=self._circles, this_year=self._this_year):
            yield Converted(origin)


class _Writing:
    """The second reading: each plain file into a draft beside its place, which it takes when it is whole."""

    def __init__(self, replacer: Replacer, settings: Settings, to: Path) -> None:
        self.written: list[Written] = []
        self._replacer = replacer
        self._settings = settings
        self._to = to
        self._folders: dict[str, str] = {}

    def read(
        self, kind: Source, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, **_rest: object
    ) -> Iterator[Converted | LeftOut]:
        if kind.name not in DEIDENTIFIERS:
            yield from _not_yet(kind, stream, name, sha256, settings)
            return
        chosen = DEIDENTIFIERS[kind.name]
        new = self._named(chosen, name)
        draft = self._to / (new.replace("/", "-") + _DRAFT)
        self._replacer.tally = Counter()
        self._replacer.not_copied = ()
        records = told = 0
        origin = Origin("", name, sha256, "")
        try:
            with draft.open("w+b") as out:
                for finding in chosen.rewrite(stream, out, name=name, settings=settings, replacer=self._replacer):
                    records += finding is None
                    told += 1
                    if isinstance(finding, LeftOut):
                        yield finding
                    else:
                        yield Converted(origin) if finding is None else _refused(finding)
            if records:
                (self._to / new).parent.mkdir(exist_ok=True)
                draft.replace(self._to / new)
                tally, not_copied = dict(self._replacer.tally), self._replacer.not_copied
                self.written.append(Written(new, name, kind.name, records, tally, not_copied))
            elif not told:
                yield LeftOut(name, "it holds no record")
        finally:
            draft.unlink(missing_ok=True)

    def _named(self, chosen: Deidentifier, name: str) -> str:
        """A number, or the name by which its mapping finds it; files of one folder stay in one folder."""
        number = len(self.written) + 1
        if not isinstance(chosen, Naming):
            return f"{number:04d}{_type_in(name)}{chosen.ending}"
        new = chosen.named(name, number, self._settings)
        if new.startswith(f"{number:04d}."):
            return new
        folder = name.rpartition("/")[0]
        own = self._folders.setdefault(folder, str(len(self._folders) + 1) if self._folders else "")
        new = f"{own}/{new}" if own else new
        return (
            new if all(written.name != new for written in self.written) else f"{number:04d}-{new.replace('/', '-')}"
        )


def _type_in(name: str) -> str:
    """A resource type that a file is named by (`Patient.ndjson`) may stay in its name; all else of it goes."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
    return f"-{stem}" if stem in schema.resource_types() else ""
