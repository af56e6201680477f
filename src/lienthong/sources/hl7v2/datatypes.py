"""HL7 v2 data types as FHIR data types, by HL7's data type maps: CX, EI, HD, XPN, XAD, XTN, CWE, XON, XCN."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from lienthong.core.settings import Settings
from lienthong.sources.hl7v2 import maps, times
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.message import Item, Segment
from lienthong.terminology import systems, units

__all__ = [
    "absent",
    "address",
    "authority",
    "coding",
    "concept",
    "concepts",
    "contact_points",
    "decimal",
    "entity",
    "human_name",
    "identifier",
    "is_national",
    "mapped",
    "names",
    "quantity",
]

_NUMBER = re.compile(r"([+-]?)([0-9]{1,24}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})\.?")
_NATIONAL_TYPES = frozenset({"NI", "SS", "SB", "PPN", "DL", "HC", "MC", "MA", "PN", "TAX"})  # table 0203
_NATIONAL_AUTHORITIES = frozenset({"SSA", "USSSA", "CCCD", "CMND", "BHYT", "BHXH"})
_HERE = frozenset({"", "VN", "VNM", "CCCD", "CMND", "BCA", "BHYT", "BHXH"})
_US_SSN = "http://hl7.org/fhir/sid/us-ssn"


def absent() -> dict[str, Any]:
    """What stands where FHIR asks for an element and the message has none (extension data-absent-reason)."""
    return {"extension": [{"url": systems.DATA_ABSENT_REASON, "valueCode": "unknown"}]}


def decimal(text: str) -> Decimal | None:
    """An NM with its digits, or None where the text is none (2.A NM: an optional sign, digits, a point)."""
    match = _NUMBER.fullmatch(text)
    return None if match is None else Decimal(("-" if match[1] == "-" else "") + match[2])


# Identifiers


def authority(item: Item, conversion: Conversion) -> str:
    """The system of an HD: its universal id, else its name within the source."""
    return maps.authority_system(item.code(1), item.code(2), item.code(3).upper(), conversion.source) if item else ""


def is_national(item: Item, kind: str = "") -> bool:
    """Whether a CX is a number of the state or an insurer: such a number is never a key (DESIGN 3.3)."""
    kind = (kind or item.code(5)).upper()
    return kind in _NATIONAL_TYPES or kind.startswith("NN") or item.code(4).upper() in _NATIONAL_AUTHORITIES


def _national_system(item: Item, kind: str, settings: Settings) -> str:
    named = item.code(4).upper()
    if named in ("USSSA", "SSA"):
        return _US_SSN
    if named not in _HERE or item.inner(4).code(2):
        return ""
    if named == "BHYT" or kind in ("HC", "MC"):
        return settings.systems.insurance_card
    if named == "BHXH":
        return settings.systems.insurance_number
    if named in ("CCCD", "CMND") or kind in ("NI", "NNVNM"):
        return settings.systems.national_id
    return settings.systems.passport if kind == "PPN" else ""


def identifier(item: Item, conversion: Conversion, kind: str = "") -> dict[str, Any] | None:
    """A CX as an Identifier; `kind` is its type (table 0203) where it names none. None without a number."""
    value = item.part(1)
    if not value:
        return None
    named = item.code(5) or kind
    system = _national_system(item, named.upper(), conversion.settings) if is_national(item, named) else ""
    return filled(
        type=mapped("IdentifierType", named, conversion, "0203"),
        system=system or authority(item.inner(4), conversion),
        value=value,
        period=_period(item.code(7), item.code(8), conversion),
    )


def entity(item: Item, conversion: Conversion, kind: str = "") -> dict[str, Any] | None:
    """An EI as an Identifier: number, namespace, universal id, its type."""
    value = item.part(1)
    if not value:
        return None
    system = maps.authority_system(item.code(2), item.code(3), item.code(4).upper(), conversion.source)
    return filled(type=mapped("IdentifierType", kind, conversion, "0203"), system=system, value=value)


def _period(start: str, end: str, conversion: Conversion) -> dict[str, Any] | None:
    if not start and not end:
        return None
    begin, stop = times.to_moment(start, conversion.offset), times.to_moment(end, conversion.offset)
    return filled(start=begin, end=stop) or None


# Names, addresses, telephones


def names(segment: Segment, number: int, conversion: Conversion) -> list[dict[str, Any]]:
    """The XPN of a field as HumanNames; the name that someone is called by is one more (XPN-15)."""
    found: list[dict[str, Any]] = []
    for item in segment.items(number):
        name = human_name(item, conversion)
        if name:
            found.append(name)
        if item.part(15):
            found.append({"use": "nickname", "given": [item.part(15)]})
    return found


def human_name(item: Item, conversion: Conversion, first: int = 1, kind: int = 7, begin: int = 12) -> dict[str, Any]:
    """A name from the component `first` on: family, given, further, suffix, prefix, degree; empty of nothing."""
    if item.is_simple and first == 1 and " " in item.part(1):
        return {"text": item.part(1)}  # a whole name in one component
    given = [text for text in (item.part(first + 1), item.part(first + 2)) if text]
    suffix = [text for text in (item.part(first + 3), item.part(first + 5)) if text]
    prefix = item.part(first + 4)
    name = filled(family=item.part(first), given=given, suffix=suffix, prefix=[prefix] if prefix else None)
    if not name:
        return {}
    use = maps.target("NameUse", item.code(kind))
    period = _period(item.code(begin), item.code(begin + 1), conversion)
    return filled(use=use, **name, period=period)


def address(item: Item, conversion: Conversion) -> dict[str, Any] | None:
    """An XAD or AD as an Address; None of nothing."""
    lines = [item.part(1), item.part(1, 2), item.part(1, 3), item.part(2), item.part(19)]
    kind = item.code(7)
    found = filled(
        line=[line for line in lines if line],
        city=item.part(3),
        district=item.part(9),
        state=item.part(4),
        postalCode=item.part(5),
        country=item.part(6),
    )
    if not found:
        return None
    return filled(
        use=maps.target("AddressUse", kind),
        type=maps.target("AddressType", kind),
        **found,
        period=_period(item.code(13), item.code(14), conversion),
    )


def contact_points(items: Iterable[Item], use: str = "") -> list[dict[str, Any]]:
    """XTN or TN as ContactPoints: numbers, or addresses of the net where XTN-3 says so."""
    found: list[dict[str, Any]] = []
    for item in items:
        equipment = item.code(3)
        is_net = equipment in ("Internet", "X.400") or (not equipment and item.part(4))
        value = (item.part(4) or item.part(1)) if is_net else (item.part(12) or _number(item) or item.part(1))
        if not value:
            continue
        system = maps.target("TelecomSystem", equipment)
        point_use = maps.target("TelecomUse", item.code(2)) or use
        if system == "mobile":
            system, point_use = "phone", "mobile"
        point = filled(system=system or ("email" if is_net else "phone"), value=value, use=point_use)
        rank = item.code(18)
        if rank.isascii() and rank.isdigit() and len(rank) < 9 and int(rank) > 0:
            point["rank"] = int(rank)
        found.append(point)
    return found


def _number(item: Item) -> str:
    """A number from country, area, local number and extension (XTN-5 to 8)."""
    local = item.part(7)
    if not local:
        return ""
    country, area, extension = item.part(5), item.part(6), item.part(8)
    parts = [f"+{country.lstrip('+')}" if country else "", area, local, f"X{extension}" if extension else ""]
    return " ".join(part for part in parts if part)


# Codes


def coding(code: str, display: str, system: str, version: str = "") -> dict[str, Any] | None:
    """A Coding, or None without a code and a display."""
    return filled(system=system, version=version, code=code, display=display) or None


def concept(item: Item, conversion: Conversion, default: str = "") -> dict[str, Any] | None:
    """A CWE, CE, CNE or IS as a CodeableConcept; `default` is the system where none is named. None of nothing."""
    if not item:
        return None
    source = conversion.source
    code, text = item.code(1), item.part(2)
    codings = []
    if code:
        system = maps.code_system(item.code(3), source) or default
        codings.append(filled(system=system, version=item.part(7), code=code, display=text))
    second = item.code(4)
    if second:
        codings.append(
            filled(
                system=maps.code_system(item.code(6), source),
                version=item.part(8),
                code=second,
                display=item.part(5),
            )
        )
    third = item.code(10)
    if third:
        codings.append(
            filled(system=maps.code_system(item.code(12), source), code=third, display=item.part(11)),
        )
    original = item.part(9) or (text if not code else "") or (item.part(5) if not second and not code else "")
    return filled(coding=codings, text=original) or None


def concepts(
    segment: Segment, number: int, conversion: Conversion, name: str = "", default: str = ""
) -> list[dict[str, Any]]:
    """All repetitions of a field as concepts, by a map where `name` names one."""
    found = (
        mapped(name, item.code(1), conversion, default, item) if name else concept(item, conversion, default)
        for item in segment.items(number)
    )
    return [item for item in found if item]


def mapped(
    name: str, code: str, conversion: Conversion, number: str = "", item: Item | None = None
) -> dict[str, Any] | None:
    """The concept for a v2 code by HL7's map of this name; an unknown code stays as it is.

    `number` is the v2 table of unknown codes without a coding system; `item` the field, whose own text is kept.
    """
    found = maps.concept_of(name, code) if code else None
    if found is None:
        if item is not None:
            return concept(item, conversion, maps.table(number) if number else "")
        return {"coding": [filled(system=maps.table(number) if number else "", code=code)]} if code else None
    target, system, display = found
    text = item.part(9) or item.part(2) if item is not None else ""
    return filled(coding=[filled(system=system, code=target, display=display)], text=text)


def quantity(value: Decimal | None, unit: Item, comparator: str = "") -> dict[str, Any] | None:
    """A Quantity with its unit as it was written; a code only where the unit is UCUM's or surely known."""
    if value is None:
        return None
    code, text = unit.code(1), unit.part(2)
    if unit.code(3).upper() == "UCUM":
        known: str | None = code if code and not re.search(r"\s", code) else None
    else:
        known = (units.ucum(code) if code else None) or (units.ucum(text) if text else None)
    return filled(
        value=value,
        comparator=comparator,
        unit=text or code,
        system=systems.UCUM if known else "",
        code=known or "",
    )
