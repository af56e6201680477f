"""Small FHIR values, made without empty members: codings, concepts, quantities, money, extensions, identifiers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lienthong.terminology import systems, units, valuesets

__all__ = [
    "absent",
    "coding",
    "concept",
    "extension",
    "filled",
    "identifier",
    "listed",
    "listing",
    "measure",
    "money",
    "quantity",
]


_EMPTY: tuple[object, ...] = ("", [], {})


def filled(**members: Any) -> dict[str, Any]:
    """The members that have a value: neither None nor an empty text, list or object."""
    return {name: value for name, value in members.items() if value or not (value is None or value in _EMPTY)}


def absent() -> dict[str, Any]:
    """What stands where FHIR asks for an element and the source has none (extension data-absent-reason)."""
    return {"extension": [{"url": systems.DATA_ABSENT_REASON, "valueCode": "unknown"}]}


@lru_cache(1 << 13)  # shared by all resources that say it: a coding is never changed in place
def coding(system: str, code: str, display: str = "") -> dict[str, Any] | None:
    """A coding, or None without a code."""
    return filled(system=system, code=code, display=display) if code else None


def listed(field: str, code: str, on: date | None) -> dict[str, Any] | None:
    """A code of a list of the health-insurance XML with its meaning on that date, as a concept; None without one."""
    return _listed(field, code, on) if code else None


@lru_cache(1 << 12)
def _listed(field: str, code: str, on: date | None) -> dict[str, Any] | None:
    known = valuesets.lookup(field, code, on)
    return concept(coding(systems.bhyt(field), code, known.vi if known else ""))


def concept(*codings: dict[str, Any] | None, text: str = "") -> dict[str, Any] | None:
    """A CodeableConcept of those codings that there are, and a text; None of nothing."""
    found = [item for item in codings if item]
    if not found:
        return {"text": text} if text else None
    return {"coding": found, "text": text} if text else {"coding": found}


def listing(*items: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Those items that there are."""
    return [item for item in items if item]


def quantity(value: Decimal | None, unit: str = "", comparator: str = "") -> dict[str, Any] | None:
    """A quantity with its unit as written, and in UCUM where that is sure."""
    if value is None:
        return None
    known = units.ucum(unit)
    return filled(
        value=value,
        comparator=comparator,
        unit=unit,
        system=systems.UCUM if known else "",
        code=known or "",
    )


def measure(value: Decimal, code: str, unit: str) -> dict[str, Any]:
    """A quantity in a unit of UCUM."""
    return {"value": value, "unit": unit, "system": systems.UCUM, "code": code}


def money(value: Decimal | None) -> dict[str, Any] | None:
    """An amount in đồng."""
    return None if value is None else {"value": value, "currency": "VND"}


def extension(field: str, **value: Any) -> dict[str, Any] | None:
    """An extension of our own for a field that FHIR has no element for; None where the value is."""
    ((name, content),) = value.items()
    return None if content is None or content == "" else {"url": systems.EXTENSION + field, name: content}


def identifier(system: str, value: str, kind: str = "", text: str = "") -> dict[str, Any]:
    """An identifier; `kind` is a code of HL7's table 0203."""
    if system and value and not kind and not text:
        return {"system": system, "value": value}
    return filled(
        type=concept(coding(systems.IDENTIFIER_TYPE, kind), text=text),
        system=system,
        value=value,
    )
