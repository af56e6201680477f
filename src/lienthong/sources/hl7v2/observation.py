"""One OBX (with its NTEs) as an Observation: value by its type, unit, range, flags, status, time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lienthong.core.finding import Severity
from lienthong.sources.hl7v2 import maps, times
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import absent, concept, concepts, decimal, entity, quantity
from lienthong.sources.hl7v2.message import Item, Segment
from lienthong.sources.hl7v2.parties import organization, practitioner, practitioners
from lienthong.terminology import systems

__all__ = ["Group", "add_observation", "notes"]

_ATTACHMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"
_ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥)\s*(\S+)")
_COMPARATORS = {"≤": "<=", "≥": ">="}
_RANGE = re.compile(r"([+-]?[0-9.]+)\s*(?:-|–|~|to)\s*([+-]?[0-9.]+)")
_MIME = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+")
_TYPES = {"PDF": "application/pdf", "JPEG": "image/jpeg", "PNG": "image/png", "HTML": "text/html", "RTF": "text/rtf"}


@dataclass(frozen=True, slots=True)
class Group:
    """What the observations of an order share: their key, references, code, time and category."""

    key: str
    subject: dict[str, Any] | None
    encounter: dict[str, Any] | None = None
    code: dict[str, Any] | None = None
    effective: str | None = None
    category: str = ""
    specimen: dict[str, Any] | None = None


def add_observation(
    obx: Segment, comments: Sequence[Segment], group: Group, conversion: Conversion
) -> dict[str, Any]:
    """The Observation of an OBX; its key is that of the group with OBX-3, OBX-4 and OBX-1."""
    status = maps.target("ObservationStatus", obx.code(11).upper()) or "unknown"
    code = concept(obx.item(3), conversion)
    if code is None:
        code = group.code or absent()  # a line of a report that has no code of its own
    value, components = _values(obx, code, conversion)
    not_asked = obx.code(11).upper() == "N" and not value
    content = filled(
        extension=value.pop("extension", None),
        identifier=[named] if (named := entity(obx.item(21), conversion, "FILL")) else None,
        status=status,
        category=[{"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": group.category}]}]
        if group.category
        else None,
        code=code,
        subject=group.subject,
        encounter=group.encounter,
        effectiveDateTime=conversion.moment(obx, 14) or group.effective,
        performer=_performers(obx, conversion),
        **value,
        dataAbsentReason={"coding": [{"system": _ABSENT_REASON, "code": "not-asked"}]} if not_asked else None,
        interpretation=concepts(obx, 8, conversion, "Interpretation", "0078"),
        note=notes(comments, conversion),
        bodySite=concept(obx.item(20), conversion),
        method=concept(obx.item(17), conversion),
        specimen=group.specimen,
        referenceRange=_reference_range(obx, value),
        component=components,
    )
    parts = (group.key, "OBX", obx.code(3), obx.whole(4), obx.code(1))
    key = conversion.single_key("Observation", "/".join(part for part in parts if part))
    fields = {"code": "3", "status": "11", "effectiveDateTime": "14", "interpretation": "8", "referenceRange": "7"}
    return conversion.add("Observation", key, obx, content, {**fields, **dict.fromkeys(value, "5")})


def notes(comments: Sequence[Segment], conversion: Conversion) -> list[dict[str, Any]]:
    """The NTEs as Annotations; repetitions of NTE-3 are lines of one text."""
    found: list[dict[str, Any]] = []
    for nte in comments:
        text = "\n".join(item.text for item in nte.items(3) if item.text)
        if not text:
            continue
        author = practitioner(nte.item(5), nte, 5, conversion) if nte.field(5) else None
        if author and "reference" not in author:
            found.append(filled(authorString=author["display"], time=conversion.moment(nte, 6), text=text))
        else:
            found.append(filled(authorReference=author, time=conversion.moment(nte, 6), text=text))
    return found


def _performers(obx: Segment, conversion: Conversion) -> list[dict[str, Any]]:
    performer = organization(obx.item(23), obx, 23, conversion, at=24)
    producer = obx.item(15)
    found = practitioners(obx, 16, conversion)
    if performer:
        found.append(performer)
    elif producer.part(2) or producer.part(1):
        found.append({"display": producer.part(2) or producer.part(1)})
    return found


def _values(
    obx: Segment, code: dict[str, Any], conversion: Conversion
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """value[x] of OBX-5, or components where it has several values."""
    kind = obx.code(2).upper()
    if kind in ("TX", "FT", "ST", ""):
        text = "\n".join(item.text for item in obx.items(5) if item.text)
        return ({"valueString": text} if text else {}), []
    items = obx.items(5)
    if len(items) < 2:
        return (_value(kind, items[0], obx, conversion) if items else {}), []
    found = [filled(code=code, **_value(kind, item, obx, conversion)) for item in items]
    return {}, found


def _value(kind: str, item: Item, obx: Segment, conversion: Conversion) -> dict[str, Any]:
    if kind == "NM":
        return _number(item, obx, conversion)
    if kind == "SN":
        return _structured(item, obx.item(6))
    if kind in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        coded = concept(item, conversion)
        return {"valueCodeableConcept": coded} if coded else {}
    if kind in ("DT", "TS", "DTM"):
        moment = times.to_moment(item.code(1), conversion.offset)
        return {"valueDateTime": moment} if moment else _text(item)
    if kind == "TM":
        time = times.to_time(item.code(1))
        return {"valueTime": time} if time else _text(item)
    if kind == "DR":
        start, end = (times.to_moment(item.code(number), conversion.offset) for number in (1, 2))
        return {"valuePeriod": filled(start=start, end=end)} if start or end else _text(item)
    if kind == "NR":
        return _range(item.code(1), item.code(2), item, obx.item(6))
    if kind in ("ED", "RP"):
        attachment = _data(item, obx, conversion) if kind == "ED" else _pointer(item)
        return {"extension": [{"url": _ATTACHMENT, "valueAttachment": attachment}]} if attachment else _text(item)
    return _text(item)


def _text(item: Item) -> dict[str, Any]:
    return {"valueString": item.text} if item.text else {}


def _number(item: Item, obx: Segment, conversion: Conversion) -> dict[str, Any]:
    text = item.part(1)
    compared = _COMPARED.fullmatch(text)
    value = decimal(compared[2] if compared else text)
    if value is None:
        if text:
            conversion.note(
                Severity.WARNING,
                "hl7v2-number-wrong",
                "The value is said to be a number (NM) and is none; it is kept as text.",
                obx,
                5,
                "Send it as ST, or as a structured number (SN).",
            )
        return _text(item)
    comparator = _COMPARATORS.get(compared[1], compared[1]) if compared else ""
    found = quantity(value, obx.item(6), comparator)
    return {"valueQuantity": found} if found else {}


def _structured(item: Item, unit: Item) -> dict[str, Any]:
    """An SN: comparator, number, separator or suffix, number (HL7's map of OBX-5)."""
    comparator, first, separator, second = (item.part(number) for number in range(1, 5))
    low, high = decimal(first), decimal(second)
    if comparator in ("<>", "≠") or separator == "+" or (low is None and high is None):
        return {"valueString": " ".join(part for part in (comparator, first, separator, second) if part)}
    known = comparator if comparator in ("<", "<=", ">", ">=") else ""
    if separator in (":", "/") and low is not None and high is not None:
        numerator = quantity(low, unit, known)
        return {"valueRatio": filled(numerator=numerator, denominator=quantity(high, unit))}
    if separator == "-" and high is not None:
        return {"valueRange": filled(low=quantity(low, unit), high=quantity(high, unit))}
    if low is None or separator:
        return {"valueString": " ".join(part for part in (comparator, first, separator, second) if part)}
    return {"valueQuantity": quantity(low, unit, known)}


def _range(low: str, high: str, item: Item, unit: Item) -> dict[str, Any]:
    begin, end = decimal(low), decimal(high)
    if begin is None and end is None:
        return _text(item)
    return {"valueRange": filled(low=quantity(begin, unit), high=quantity(end, unit))}


def _data(item: Item, obx: Segment, conversion: Conversion) -> dict[str, Any] | None:
    """An ED as an Attachment: base64, or text or hexadecimal turned into it."""
    encoding, text = item.code(4).upper(), item.part(5)
    if not text:
        return None
    try:
        if encoding == "BASE64":
            data = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
        elif encoding == "HEX":
            data = bytes.fromhex(text)
        else:
            data = text.encode("utf-8")
    except (binascii.Error, ValueError):
        conversion.note(
            Severity.WARNING,
            "hl7v2-data-encoding",
            "The data are not in the encoding that the value names; they are kept as text.",
            obx,
            5,
            "Send them whole, as Base64.",
        )
        data = text.encode("utf-8")
    return filled(contentType=_content_type(item.code(2), item.code(3)), data=base64.b64encode(data).decode("ascii"))


def _pointer(item: Item) -> dict[str, Any] | None:
    address = item.part(1)
    if not address or re.search(r"\s", address):
        return None
    return filled(contentType=_content_type(item.code(3), item.code(4)), url=address)


def _content_type(kind: str, subtype: str) -> str:
    if _MIME.fullmatch(subtype):
        return subtype.lower()
    joined = f"{kind}/{subtype}"
    if subtype.upper() in _TYPES:
        return _TYPES[subtype.upper()]
    known = ("application", "audio", "image", "text", "multipart", "video", "model")
    return joined.lower() if kind.lower() in known and _MIME.fullmatch(joined) else ""


def _reference_range(obx: Segment, value: dict[str, Any]) -> list[dict[str, Any]]:
    """OBX-7 as it was written, and as numbers where it is plainly a range of them."""
    text = obx.whole(7)
    if not text:
        return []
    found: dict[str, Any] = {"text": text}
    if "valueQuantity" in value:
        unit = obx.item(6)
        between, bound = _RANGE.fullmatch(text), _COMPARED.fullmatch(text)
        if between:
            found.update(filled(low=quantity(decimal(between[1]), unit), high=quantity(decimal(between[2]), unit)))
        elif bound:
            limit = quantity(decimal(bound[2]), unit)
            found.update(filled(**{"high" if bound[1] in "<=≤" else "low": limit}))
    return [found]
