"""Reads HL7 v2: each message (MSH-10) becomes one record of FHIR resources, or is rejected with its reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BufferedReader
from types import MappingProxyType
from typing import Any

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.sources.converted import Converted, LeftOut, rejection
from lienthong.sources.hl7v2 import times
from lienthong.sources.hl7v2.care import add_allergy, add_coverage
from lienthong.sources.hl7v2.conversion import Conversion
from lienthong.sources.hl7v2.encounter import add_condition, add_encounter
from lienthong.sources.hl7v2.framing import Batch, Piece, decode, is_hl7v2, pieces
from lienthong.sources.hl7v2.message import Message, Segment, parse
from lienthong.sources.hl7v2.observation import Group, add_observation
from lienthong.sources.hl7v2.patient import add_patient, add_related, merge
from lienthong.sources.hl7v2.report import add_order, orders

__all__ = ["SOURCE", "Hl7v2Source"]

NOT_READ = ErrorKind(
    "hl7v2-type-not-read",
    Category.UNREADABLE,
    what="Messages of this type are not read yet ({kind}).",
    allowed="ADT (admission, transfer, discharge, registration, merge of patients) and ORU^R01.",
    cure="The message is kept; `lienthong retry` takes it up when a later Lienthong reads its type.",
)
OTHER_VERSION = ErrorKind(
    "hl7v2-version-unsupported",
    Category.UNREADABLE,
    what="The message names a version in MSH-12 that is none of HL7 v2.",
    allowed="2.1 to 2.9; HL7 v3 and CDA are XML.",
    cure="Correct MSH-12 in the sending system.",
)
NO_PATIENT = ErrorKind(
    "hl7v2-patient-missing",
    Category.UNREADABLE,
    what="The message has no patient: there is no PID segment.",
    allowed="ADT with a PID; ORU with a PID, or with results of something else than a patient (OBR).",
    cure="Send the message with its PID.",
)
TOO_LONG = ErrorKind(
    "hl7v2-message-too-large",
    Category.UNREADABLE,
    what="The message is longer than {limit} bytes.",
    allowed="max_record_bytes of the settings, and never more than 64 MiB.",
    cure="Send large documents by reference (RP), or raise max_record_bytes in lienthong.toml.",
)

_MAX_MESSAGE = 64 << 20
_VERSION = re.compile(r"2(\.[0-9])?(\.[0-9]){0,2}")
_PRINTED_TYPE = re.compile(r"[A-Z]{3}(\^[A-Z][A-Z0-9]{2})?")
# Events of ADT that say nothing else than the patient and the visit, or merge two patients.
_ADT = frozenset(
    {
        *(f"A{number:02}" for number in range(1, 17)),
        *("A21", "A22", "A23", "A25", "A26", "A27", "A28", "A29", "A31", "A32", "A33", "A38"),
        *("A41", "A47", "A54", "A55", "A60", "A61", "A62"),
    }
)
_MERGES = frozenset({"A18", "A30", "A34", "A39", "A40"})
_MAPPED = frozenset(
    {
        *("MSH", "EVN", "PID", "PD1", "PV1", "PV2", "NK1", "AL1", "DG1", "IN1", "MRG"),
        *("OBX", "OBR", "ORC", "SPM", "SFT", "NTE", "FHS", "BHS", "BTS", "FTS"),
    }
)
_RULE = Rule("hl7v2-message", "The structure of a message", "HL7 Version 2, chapter 2")


@dataclass(frozen=True, slots=True)
class Hl7v2Source:
    """HL7 v2 messages in files (a `Source`)."""

    name: str = "hl7v2"

    def recognise(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - a Source may use the name
        """By the header segment that the file begins with."""
        return is_hl7v2(head)

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """One record a message, of the source that is its sending facility (MSH-4) unless another is given."""
        batch = Batch()
        reader = _Reader(name, sha256, settings, source)
        held: Converted | None = None  # the last record carries what is only known at the end of the file
        count = 0
        found = pieces(stream, reader.limit, batch)
        while True:
            try:
                piece = next(found, None)
            except LienthongError as error:
                if held is not None:
                    yield held
                yield reader.rejected(f"message {count + 1} to the end", error)
                return
            if piece is None:
                break
            if held is not None:
                yield held
            count = piece.number
            held = reader.record(piece)
        if held is None:
            yield LeftOut(name, "no HL7 v2 message in it")
        else:
            yield replace(held, findings=(*held.findings, *_at_the_end(batch, count, name)))


@dataclass(slots=True)
class _Reader:
    """Turns the messages of one file into records."""

    name: str
    sha256: str
    settings: Settings
    source: str | None
    seen: dict[str, bytes] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Bytes of a message."""
        return min(self.settings.max_record_bytes, _MAX_MESSAGE)

    def record(self, piece: Piece) -> Converted:
        """The record of one message; whatever is wrong with it is its own."""
        label = f"message {piece.number}"
        if piece.data is None:
            return self.rejected(label, TOO_LONG.at(limit=self.limit))
        try:
            message = parse(decode(piece))
        except LienthongError as error:
            return self.rejected(label, error)
        source = self.source or _facility(message) or self.settings.source
        key = message.key
        digest = hashlib.sha256(piece.data).digest()
        conversion = Conversion(message, key or digest.hex(), source, self.settings, self.name)
        try:
            _refuse(message)
            _convert(conversion)
        except LienthongError as error:
            return self.rejected(key or label, error, source)
        self._note(conversion, digest, has_key=bool(key))
        origin = Origin(source, self.name, self.sha256, conversion.key, MappingProxyType(conversion.places))
        return Converted(origin, tuple(conversion.resources.values()), tuple(conversion.findings))

    def _note(self, conversion: Conversion, digest: bytes, *, has_key: bool) -> None:
        """Notes what can be said of the message as a whole."""
        message, header = conversion.message, conversion.message.header
        before = self.seen.setdefault(conversion.key, digest[:16])
        if not has_key:
            text = "The message has no control id; it is known by the digest of its bytes."
            cure = "Send a control id in MSH-10."
            conversion.note(Severity.WARNING, "hl7v2-control-id-missing", text, header, 10, cure)
        elif before != digest[:16]:
            text = "The file has this control id twice, with different messages."
            conversion.note(Severity.WARNING, "hl7v2-control-id-twice", text, header, 10)
        if message.loose:
            text = "A line does not begin with a segment's name; it is taken to go on with the line before."
            cure = "Send line breaks inside of a value as \\.br\\ or \\X0A\\."
            conversion.note(Severity.WARNING, "hl7v2-line-loose", text, header, 0, cure)
        others = sorted(({segment.name for segment in message.segments} - _MAPPED) | _early_notes(message))
        if others:
            text = f"Segments that are not mapped: {', '.join(others[:20])}. They stand only in the kept file."
            conversion.note(Severity.INFORMATION, "hl7v2-segment-not-mapped", text, header)

    def rejected(self, record: str, error: LienthongError, source: str = "") -> Converted:
        """The record that stands for a message which can't be converted."""
        label = self.source or source or self.settings.source
        finding = rejection(error, file=self.name, record=record, field=error.where)
        return Converted(Origin(label, self.name, self.sha256, record), rejected=finding)


def _early_notes(message: Message) -> set[str]:
    """`NTE` where notes stand before any order or observation: FHIR's Patient has no place for them."""
    for segment in message.segments:
        if segment.name in ("OBR", "OBX"):
            break
        if segment.name == "NTE":
            return {"NTE"}
    return set()


def _facility(message: Message) -> str:
    """The name of the sending facility (MSH-4) as the name of a source."""
    item = message.header.item(4)
    return re.sub(r"[^\w.-]+", "-", item.code(1) or item.code(2)).strip("-")


def _refuse(message: Message) -> None:
    """Raises for what is not read: other versions, other types, no patient."""
    version = message.header.code(12)
    if version and not _VERSION.fullmatch(version):
        raise OTHER_VERSION.at("MSH-12")
    kind, event = message.kind, message.event
    known = kind == "ORU" and event in ("R01", "") if kind != "ADT" else event in _ADT | _MERGES
    if not known:
        named = f"{kind}^{event}" if event else kind
        raise NOT_READ.at("MSH-9", kind=named if _PRINTED_TYPE.fullmatch(named) else "no type that HL7 names")
    if message.first("PID") is None and (kind == "ADT" or message.first("OBR") is None):
        raise NO_PATIENT.at("PID")


def _convert(conversion: Conversion) -> None:
    """The whole mapping of a message, one patient after the other."""
    for segments in _patients(conversion.message):
        _convert_patient(segments, conversion)


def _patients(message: Message) -> Iterator[list[Segment]]:
    """The segments of each patient of a message; most have one, a merge or an older ORU may have several."""
    group: list[Segment] = []
    for segment in message.segments:
        if segment.name == "PID" and group:
            yield group
            group = []
        if segment.name == "PID" or group:
            group.append(segment)
    yield group or list(message.segments)


def _convert_patient(segments: list[Segment], conversion: Conversion) -> None:
    if segments[0].name != "PID":  # results of something else than a patient: a sample of water
        _add_results(segments, None, "", "", None, conversion)
        return
    named: dict[str, list[Segment]] = {}
    for segment in segments:
        named.setdefault(segment.name, []).append(segment)
    pd1, pv1, pv2 = (named.get(name, [None])[0] for name in ("PD1", "PV1", "PV2"))
    patient, key = add_patient(segments[0], pd1, conversion)
    visit = add_encounter(pv1, pv2, patient, key, conversion) if pv1 else None
    encounter = visit[0] if visit else None
    for nk1 in named.get("NK1", ()):
        add_related(nk1, patient, key, conversion)
    for al1 in named.get("AL1", ()):
        add_allergy(al1, patient, key, conversion)
    for dg1 in named.get("DG1", ()):
        add_condition(dg1, patient, key, visit, conversion)
    for in1 in named.get("IN1", ()):
        add_coverage(in1, patient, key, conversion)
    if conversion.message.event in _MERGES:
        for mrg in named.get("MRG", ()):
            merge(mrg, patient, conversion)
    _add_results(segments, patient, key, visit[1] if visit else "", encounter, conversion)


def _add_results(
    segments: list[Segment],
    patient: dict[str, Any] | None,
    key: str,
    visit: str,
    encounter: dict[str, Any] | None,
    conversion: Conversion,
) -> None:
    """The orders with their results, and the observations that stand before any order."""
    first = next((number for number, segment in enumerate(segments) if segment.name == "OBR"), len(segments))
    loose = Group(f"{visit or key}/message|{conversion.key}", patient, encounter)
    for number, segment in enumerate(segments[:first]):
        if segment.name == "OBX":
            end = number + 1
            while end < first and segments[end].name == "NTE":
                end += 1
            comments = segments[number + 1 : end]
            at = times.to_moment(segment.code(14), conversion.offset)
            group = replace(loose, key=f"{visit or key}/{segment.code(14)}") if at else loose
            add_observation(segment, comments, group, conversion)
    for order in orders(segments):
        add_order(order, patient, encounter, conversion)


def _at_the_end(batch: Batch, count: int, name: str) -> Iterator[Finding]:
    """What is only known when the whole file has been read."""
    if batch.announced is not None and batch.announced != count:
        text = f"The batch announces {batch.announced} messages and holds {count}; the file may be cut off."
        place = Place(file=name, table="BTS", field="BTS-1")
        yield Finding(Severity.WARNING, "hl7v2-count-differs", text, place, _RULE, "Send the batch again.")
    if batch.outside:
        text = "There is text before the first message; it stands only in the kept file."
        yield Finding(Severity.WARNING, "hl7v2-text-outside", text, Place(file=name), _RULE)


SOURCE = Hl7v2Source()
