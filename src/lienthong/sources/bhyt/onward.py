"""Where care goes on: the referral to another facility (XML13, a ServiceRequest) and the next visit (XML14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt.elements import coding, concept, filled, identifier, listed
from lienthong.sources.bhyt.encounter import other_facility
from lienthong.sources.bhyt.paper import is_day
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rest import Exact, is_code, is_moment, is_one, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["APPOINTMENT", "NUMBERS", "RECEIVER", "REFERRAL", "add_appointments", "add_referrals"]

NUMBERS = ("SO_HOSO", "SO_CHUYENTUYEN", "GIAY_CHUYEN_TUYEN")
RECEIVER = ("MA_CSKCB_DEN", "MA_NOI_DEN")  # Quyết định 3176 and 4750
REFERRAL: Mapping[str, Exact] = {
    **dict.fromkeys(NUMBERS, is_code),
    **dict.fromkeys(RECEIVER, is_code),
    "MA_LYDO_CT": is_code,
    "MA_BAC_SI": is_one,
    "HUONG_DIEU_TRI": is_text,
}
"""The fields of XML13 that the ServiceRequest holds."""

APPOINTMENT: Mapping[str, Exact] = {
    "SO_GIAYHEN_KL": is_code,
    "NGAY_HEN_KL": is_moment,
    "NGAY_CT": is_day,
    "MA_BAC_SI": is_one,
}
"""The fields of XML14 that the Appointment holds."""


def add_referrals(
    visit: Visit, patient: dict[str, Any], encounter: dict[str, Any], conditions: list[dict[str, Any]]
) -> None:
    """One ServiceRequest for each row of XML13: where to, why, with what plan."""
    for row in visit.rows("XML13"):
        ordered_by = add_staff(visit, row, "MA_BAC_SI")
        to = next((name for name in RECEIVER if row.code(name)), RECEIVER[0])
        plan = row.text("HUONG_DIEU_TRI")
        content = filled(
            extension=visit.rest(row, REFERRAL, lost={name for name in RECEIVER if name != to}, copies=True),
            identifier=_numbers(row, NUMBERS),
            status="active",
            intent="order",
            category=[concept(coding(systems.bhyt("LOAIHOSO"), "XML13"), text="Chuyển cơ sở khám bệnh, chữa bệnh")],
            code={"text": "Chuyển cơ sở khám bệnh, chữa bệnh"},
            subject=patient,
            encounter=encounter,
            authoredOn=visit.moment(row, "NGAY_RA") or visit.moment(visit.summary, "NGAY_RA"),
            requester=ordered_by[0] if ordered_by else None,
            performer=[{**receiver, "display": to}] if (receiver := other_facility(row.code(to))) else None,
            reasonCode=[reason] if (reason := listed("MA_LYDO_CT", row.code("MA_LYDO_CT"), visit.on)) else None,
            reasonReference=conditions,
            note=[{"text": plan}] if plan else None,
        )
        fields = {"performer": to, "reasonCode": "MA_LYDO_CT", "note": "HUONG_DIEU_TRI"}
        visit.add("ServiceRequest", visit.row_key(row), row, content, fields)


def _numbers(row: Row, names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [identifier("", row.code(name), text=name) for name in names if row.code(name)]


def add_appointments(visit: Visit, patient: dict[str, Any]) -> None:
    """One Appointment for each row of XML14: proposed, for its end is not told (R4, app-3)."""
    for row in visit.rows("XML14"):
        seen_by = add_staff(visit, row, "MA_BAC_SI")
        when = visit.moment(row, "NGAY_HEN_KL")
        content = filled(
            extension=visit.rest(row, APPOINTMENT, copies=True),
            identifier=_numbers(row, ("SO_GIAYHEN_KL",)),
            status="proposed",
            appointmentType=concept(
                coding(
                    "http://terminology.hl7.org/CodeSystem/v2-0276",
                    "FOLLOWUP",
                    "A follow up visit from a previous appointment",
                )
            ),
            created=visit.moment(row, "NGAY_CT"),
            requestedPeriod=[{"start": when}] if when else None,
            participant=[{"actor": actor, "status": "accepted"} for actor in (patient, *seen_by[:1])],
        )
        visit.add("Appointment", visit.row_key(row), row, content, {"requestedPeriod": "NGAY_HEN_KL"})
