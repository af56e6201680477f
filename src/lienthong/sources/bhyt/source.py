"""Reads health-insurance XML: each visit (MA_LK) of each HOSO becomes one record of FHIR resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from types import MappingProxyType

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.sources.bhyt.conversion import convert_visit
from lienthong.sources.bhyt.envelope import CHECK_IN, OTHER_ENVELOPE, ROOTS, Envelope, root_name
from lienthong.sources.bhyt.hoso import Reader
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.container import HEAD
from lienthong.sources.converted import Converted, LeftOut
from lienthong.sources.recognise import as_utf8

__all__ = ["SOURCE", "BhytSource"]


@dataclass(frozen=True, slots=True)
class BhytSource:
    """The claim XML of Vietnamese health insurance (a `Source`)."""

    name: str = "bhyt"

    def recognise(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - a Source may use the name
        """By the root element: the claim envelope, a check-in, or one of their family that is refused by name."""
        root = root_name(head)
        return root in ("GIAMDINHHS", CHECK_IN) or root in ROOTS

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """One record a visit, of the source that is its facility's code (MA_CSKCB) unless another is given."""
        for visit in self.visits(stream, name=name, sha256=sha256, settings=settings, source=source):
            yield visit if isinstance(visit, Converted) else _converted(visit, sha256)

    def visits(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Visit | Converted]:
        """The visits of a file as their rows, with the findings of reading alone; a Converted was rejected.

        A visit that is no claim (`Visit.is_claim`) is a check-in or a medical assessment that stands alone.
        """
        root = root_name(as_utf8(stream.peek(HEAD)[:HEAD]))
        envelope = Envelope(stream, name, settings)
        reader = Reader(envelope, name, sha256, settings, source)
        if root == CHECK_IN:
            yield from reader.check_ins(stream)
            return
        if root != "GIAMDINHHS":
            raise OTHER_ENVELOPE.at(name, why=ROOTS.get(root, "its root is not GIAMDINHHS"))
        held: Visit | Converted | None = None  # the last record carries what is only known at the end of the file
        count = 0
        for hoso in envelope.hosos():
            count = hoso.number
            for visit in reader.records(hoso):
                if held is not None:
                    yield held
                held = visit
        if isinstance(held, Visit):
            held.findings += _at_the_end(envelope, count, name)
            yield held
        elif held is not None:
            yield replace(held, findings=(*held.findings, *_at_the_end(envelope, count, name)))


def _converted(visit: Visit, sha256: str) -> Converted:
    convert_visit(visit)
    origin = Origin(visit.source, visit.file, sha256, visit.key, MappingProxyType(visit.places))
    return Converted(origin, tuple(visit.resources.values()), tuple(visit.findings))


def _at_the_end(envelope: Envelope, count: int, name: str) -> Iterator[Finding]:
    """What is only known when the whole file has been read."""
    rule = Rule("bhyt-envelope", "The envelope GIAMDINHHS")
    if not envelope.is_closed:
        message = "The envelope does not end; the file may be cut off."
        yield Finding(Severity.WARNING, "bhyt-envelope-open", message, Place(file=name), rule, "Export it again.")
    if envelope.announced is not None and envelope.announced != count:
        message = f"The envelope announces {envelope.announced} records and holds {count}; the file may be cut off."
        place = Place(file=name, field="SOLUONGHOSO")
        yield Finding(Severity.WARNING, "bhyt-count-differs", message, place, rule, "Export it again.")


SOURCE = BhytSource()
