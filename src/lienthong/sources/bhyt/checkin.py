"""A check-in (XML0): what was ordered when the person came, before the claim; it may stand alone or in a record.

Each row orders a service (ServiceRequest), a drug (MedicationRequest) or a supply (DeviceRequest). The person, the
cards and the visit are made of the first row as they are of XML1; the claim that follows has the same MA_LK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt.elements import absent, coding, concept, filled
from lienthong.sources.bhyt.rest import Exact, is_code, is_moment, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["ORDERS", "add_orders", "order_of"]

# By type of resource: the field of the code and of the name.
ORDERS: Mapping[str, tuple[str, str]] = {
    "ServiceRequest": ("MA_DICH_VU", "TEN_DICH_VU"),
    "MedicationRequest": ("MA_THUOC", "TEN_THUOC"),
    "DeviceRequest": ("MA_VAT_TU", "TEN_VAT_TU"),
}


def order_of(row: Row) -> str:
    """The type that a row's order becomes: of what it names first."""
    named = (kind for kind, fields in ORDERS.items() if any(row.text(field) for field in fields))
    return next(named, "ServiceRequest")


def add_orders(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One order for each row of XML0."""
    for row in visit.rows("XML0"):
        kind = order_of(row)
        code, name = ORDERS[kind]
        mapped: dict[str, Exact] = {code: is_code, name: is_text, "NGAY_YL": is_moment}
        what = concept(coding(systems.bhyt(code), row.code(code)), text=row.text(name)) or absent()
        element = {"ServiceRequest": "code", "MedicationRequest": "medicationCodeableConcept"}.get(
            kind, "codeCodeableConcept"
        )
        content = filled(
            extension=visit.rest(row, mapped, copies=True),
            status="active",
            intent="order",
            subject=patient,
            encounter=encounter,
            authoredOn=visit.moment(row, "NGAY_YL"),
        )
        content[element] = what
        visit.add(kind, visit.row_key(row), row, content, {element: code, "authoredOn": "NGAY_YL"})
