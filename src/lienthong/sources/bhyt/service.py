"""Each service of XML3: a laboratory test as a ServiceRequest, any other as a Procedure.

Supplies, beds and transport are only items of the claim. What a test or an image found stands in XML4 (`result`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.sources.bhyt.elements import coding, concept, filled, listed
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rest import Exact, is_codes, is_moment, is_one
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["PERFORMED", "add_services", "kind_of", "lost_of"]

_NO_PROCEDURE = frozenset({"12", "14", "15", "16"})  # MA_NHOM: transport, beds
_LABORATORY = "1"

_DONE: Mapping[str, Exact] = {
    "MA_PTTT_QT": is_codes,
    "MA_BAC_SI": is_one,
    "NGUOI_THUC_HIEN": is_codes,
    "MA_BENH": is_codes,
    "NGAY_YL": is_moment,
    "NGAY_TH_YL": is_moment,
}
PERFORMED: Mapping[str, Mapping[str, Exact]] = {"": {}, "Procedure": _DONE, "ServiceRequest": _DONE}
"""The fields of XML3 that the resource of a service holds beside the item of the claim, by its type."""


def kind_of(row: Row) -> str:
    """The type of the resource that a row of XML3 becomes beside the item of the claim; empty for none."""
    named = bool(row.code("MA_DICH_VU") or row.text("TEN_DICH_VU"))
    group = row.code("MA_NHOM")
    if not named or row.code("MA_VAT_TU") or group in _NO_PROCEDURE:
        return ""
    return "ServiceRequest" if group == _LABORATORY else "Procedure"


def lost_of(row: Row) -> set[str]:
    """A Procedure has one time: when it was done, or else when it was ordered."""
    if kind_of(row) != "Procedure":
        return set()
    if not row.text("NGAY_YL"):
        return {"NGAY_TH_YL"}
    return {"NGAY_YL"} if row.moment("NGAY_TH_YL", "") else set()


def add_services(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One ServiceRequest or Procedure for each service that was done for the patient."""
    for row in visit.rows("XML3"):
        kind = kind_of(row)
        if not kind:
            continue
        ordered_by = add_staff(visit, row, "MA_BAC_SI")
        done_by = add_staff(visit, row, "NGUOI_THUC_HIEN")
        international = [coding(systems.ICD9_PROCEDURE, code) for code in row.codes("MA_PTTT_QT")]
        common = filled(
            code=concept(
                coding(systems.bhyt("MA_DICH_VU"), row.code("MA_DICH_VU")),
                *international,
                text=row.text("TEN_DICH_VU"),
            ),
            subject=patient,
            encounter=encounter,
            reasonCode=[concept(coding(systems.ICD10, code)) for code in row.codes("MA_BENH")],
        )
        group = listed("MA_NHOM", row.code("MA_NHOM"), visit.on)
        done, ordered = visit.moment(row, "NGAY_TH_YL"), visit.moment(row, "NGAY_YL")
        if kind == "Procedure":
            content = filled(
                status="completed",
                category=group,
                **common,
                performedDateTime=done or ordered,
                performer=[{"actor": actor} for actor in done_by],
                recorder=ordered_by[0] if ordered_by else None,
            )
            fields = {"code": "MA_DICH_VU", "performedDateTime": "NGAY_TH_YL" if done else "NGAY_YL"}
        else:
            content = filled(
                status="completed",
                intent="order",
                category=[group],
                **common,
                authoredOn=ordered,
                occurrenceDateTime=done,
                requester=ordered_by[0] if ordered_by else None,
                performer=done_by,
            )
            fields = {"code": "MA_DICH_VU", "authoredOn": "NGAY_YL", "occurrenceDateTime": "NGAY_TH_YL"}
        visit.add(kind, visit.row_key(row), row, content, fields)
