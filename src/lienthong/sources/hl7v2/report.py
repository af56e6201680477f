"""The orders and results of an ORU: ServiceRequest (ORC, OBR), DiagnosticReport (OBR), Specimen (SPM, OBR-15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lienthong.sources.hl7v2 import maps, times
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import absent, concept, concepts, decimal, entity, mapped, quantity
from lienthong.sources.hl7v2.message import Segment
from lienthong.sources.hl7v2.observation import Group, add_observation, notes
from lienthong.sources.hl7v2.parties import identifiers, performers, practitioners

__all__ = ["Order", "add_order", "orders"]

# Sections of table 0074 whose results are of the laboratory or of imaging.
_LABORATORY = frozenset(
    ["BG", "CH", "CG", "CP", "GE", "HM", "IMM", "LAB", "MB", "MCB", "MYC", "SP", "SR", "TX", "VR"]
)
_IMAGING = frozenset({"CT", "CTH", "CUS", "MG", "NMR", "NMS", "OUS", "PHR", "RAD", "RUS", "RX", "VUS", "XRC"})
_DONE = frozenset({"final", "corrected", "amended", "appended"})


@dataclass(slots=True)
class Order:
    """An OBR with what belongs to it: the ORC before, and its OBX, NTE and SPM segments in their order."""

    obr: Segment
    orc: Segment | None = None
    comments: list[Segment] = field(default_factory=list)
    results: list[tuple[Segment, list[Segment]]] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


def orders(segments: Iterable[Segment]) -> Iterator[Order]:
    """The order observation groups of a message, by the order of its segments alone."""
    current: Order | None = None
    common: Segment | None = None
    comments: list[Segment] | None = None
    for segment in segments:
        name = segment.name
        if name == "ORC":
            common, comments = segment, None
        elif name == "OBR":
            if current is not None:
                yield current
            current = Order(segment, common)
            common, comments = None, current.comments
        elif current is None:
            continue
        elif name == "OBX":
            comments = []
            current.results.append((segment, comments))
        elif name == "SPM":
            current.specimens.append(segment)
            comments = None
        elif name == "NTE" and comments is not None:
            comments.append(segment)
    if current is not None:
        yield current


def add_order(
    order: Order, patient: dict[str, Any] | None, encounter: dict[str, Any] | None, conversion: Conversion
) -> None:
    """The resources of one order group."""
    obr, orc = order.obr, order.orc
    key = conversion.single_key("DiagnosticReport", _key(obr, orc, conversion))
    code = concept(obr.item(4), conversion)
    start, end = conversion.moment(obr, 7), conversion.moment(obr, 8)
    effective: dict[str, Any] = (
        {"effectivePeriod": filled(start=start, end=end)} if end else filled(effectiveDateTime=start)
    )
    status = maps.target("ReportStatus", obr.code(25).upper()) or "unknown"
    shared = {"subject": patient, "encounter": encounter}
    own = _identifiers(obr, orc, conversion)
    request = _add_request(order, key, code, own, status, shared, conversion) if patient else None
    specimens = [
        _add_specimen(spm, f"{key}/SPM/{number}", patient, request, conversion)
        for number, spm in enumerate(order.specimens, 1)
    ]
    if not specimens and obr.field(15):
        specimens = [_add_source(obr, key, patient, request, conversion)]
    section = obr.code(24).upper()
    category = "laboratory" if section in _LABORATORY else "imaging" if section in _IMAGING else ""
    group = Group(
        key,
        patient,
        encounter,
        code,
        start,
        category,
        specimens[0] if len(specimens) == 1 else None,
    )
    results = [add_observation(obx, comments, group, conversion) for obx, comments in order.results]
    interpreters = [person for number in (32, 33) for person in performers(obr, number, conversion)]
    content = filled(
        identifier=own,
        basedOn=[request] if request else None,
        status=status,
        category=[mapped("DiagnosticServiceSection", section, conversion, "0074")] if section else None,
        code=code or absent(),
        **shared,
        **effective,
        issued=conversion.instant(obr, 22),
        performer=[person for number in (34, 35) for person in performers(obr, number, conversion)],
        resultsInterpreter=interpreters,
        specimen=specimens,
        result=results,
    )
    fields = {
        "identifier": "3",
        "code": "4",
        "effectiveDateTime": "7",
        "issued": "22",
        "status": "25",
        "category": "24",
    }
    conversion.add("DiagnosticReport", key, obr, content, fields)


def _key(obr: Segment, orc: Segment | None, conversion: Conversion) -> str:
    """The number of the filler, else of the placer, and the service: laboratories number a sheet, not a service."""
    both = (obr,) if orc is None else (obr, orc)
    for item in (segment.item(number) for number in (3, 2) for segment in both):
        value = item.code(1)
        if value:
            system = maps.authority_system(item.code(2), item.code(3), item.code(4).upper(), conversion.source)
            number = f"{system}|{value}" if system else value
            service = obr.code(4)
            return f"{number}/{service}" if service else number
    return f"message|{conversion.key}/OBR/{obr.number}"


def _identifiers(obr: Segment, orc: Segment | None, conversion: Conversion) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, kind in ((2, "PLAC"), (3, "FILL")):
        item = obr.item(number) or (orc.item(number) if orc else obr.item(number))
        named = entity(item, conversion, kind)
        if named:
            found.append(named)
    return [*found, *identifiers(obr, 53, conversion, "PLAC")]


def _add_request(
    order: Order,
    key: str,
    code: dict[str, Any] | None,
    own: list[dict[str, Any]],
    report: str,
    shared: dict[str, Any],
    conversion: Conversion,
) -> dict[str, Any]:
    obr, orc = order.obr, order.orc
    status = maps.target("OrderStatus", orc.code(5).upper()) if orc else ""
    if not status and orc and not orc.field(5):
        status = maps.target("OrderControl", orc.code(1).upper())
    if report in _DONE and status in ("", "active"):
        status = "completed"  # its result is there
    requesters = practitioners(obr, 16, conversion) or (practitioners(orc, 12, conversion) if orc else [])
    group = entity(orc.item(4), conversion, "PGN") if orc else None
    content = filled(
        identifier=own,
        requisition=group,
        status=status or "unknown",
        intent="reflex-order" if obr.code(11).upper() == "G" else "order",
        priority=maps.target("Priority", obr.code(5).upper()),
        code=code,
        **shared,
        occurrenceDateTime=conversion.moment(obr, 6),
        authoredOn=conversion.moment(orc, 9) if orc and orc.code(1).upper() == "NW" else None,
        requester=requesters[0] if requesters else None,
        reasonCode=concepts(obr, 31, conversion),
        note=notes(order.comments, conversion),
        orderDetail=[*concepts(obr, 46, conversion), *concepts(obr, 47, conversion)] if code else None,
    )
    fields = {"identifier": "2", "code": "4", "requester": "16", "priority": "5", "reasonCode": "31"}
    return conversion.add("ServiceRequest", key, obr, content, fields)


def _add_specimen(
    spm: Segment, key: str, patient: dict[str, Any] | None, request: dict[str, Any] | None, conversion: Conversion
) -> dict[str, Any]:
    names = spm.item(2)
    own: list[dict[str, Any]] = []
    for number, kind in ((1, "PLAC"), (2, "FILL")):
        named = entity(names.inner(number), conversion, kind)
        if named:
            own.append(named)
    drawn = spm.item(17)
    start, end = times.to_moment(drawn.code(1), conversion.offset), times.to_moment(drawn.code(2), conversion.offset)
    amount = spm.item(12)
    body_site = concept(spm.item(8), conversion)
    accession = identifiers(spm, 30, conversion, "ACSN")
    additives = concepts(spm, 6, conversion, "AdditivePreservative", "0371")
    container = concept(spm.item(27), conversion)
    content = filled(
        identifier=[*own, *identifiers(spm, 31, conversion)],
        accessionIdentifier=accession[0] if accession else None,
        status=maps.target("SpecimenStatus", spm.code(20).upper()),
        type=mapped("SpecimenType", spm.code(4), conversion, "", spm.item(4))
        if _is_table(spm)
        else concept(spm.item(4), conversion),
        subject=patient,
        receivedTime=conversion.moment(spm, 18),
        request=[request] if request else None,
        collection=filled(
            collectedDateTime=None if end else start,
            collectedPeriod=filled(start=start, end=end) if end else None,
            quantity=quantity(decimal(amount.part(1)), amount.inner(2)),
            method=concept(spm.item(7), conversion, maps.table("0488")),
            bodySite=body_site,
        ),
        container=[{"additiveCodeableConcept": item} for item in additives[:1]]
        or ([{"type": container}] if container else None),
        condition=concepts(spm, 24, conversion, "SpecimenCondition", "0493"),
        note=[{"text": text}] if (text := spm.whole(14)) else None,
    )
    return conversion.add("Specimen", key, spm, content, {"identifier": "2", "type": "4", "collection": "17"})


def _is_table(spm: Segment) -> bool:
    """Whether the type of a specimen is a code of HL7's own table."""
    return spm.item(4).code(3).upper() in ("", "HL70487")


def _add_source(
    obr: Segment, key: str, patient: dict[str, Any] | None, request: dict[str, Any] | None, conversion: Conversion
) -> dict[str, Any]:
    """The specimen of an OBR-15 (SPS), before 2.5 had SPM."""
    source = obr.item(15)
    content = filled(
        type=concept(source.inner(1), conversion, maps.table("0070")),
        subject=patient,
        receivedTime=conversion.moment(obr, 14),
        request=[request] if request else None,
        collection=filled(
            collectedDateTime=conversion.moment(obr, 7),
            bodySite=concept(source.inner(4), conversion, maps.table("0163")),
        ),
        note=[{"text": source.part(3)}] if source.part(3) else None,
    )
    return conversion.add("Specimen", f"{key}/OBR-15", obr, content, {"type": "15"})
