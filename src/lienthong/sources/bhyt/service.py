"""Each service of XML3 as a Procedure; supplies, beds and transport are only items of the claim."""

from __future__ import annotations

from typing import Any

from lienthong.sources.bhyt.elements import coding, concept, filled, listed
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["add_services"]

_NO_PROCEDURE = frozenset({"12", "14", "15", "16"})  # MA_NHOM: transport, beds


def add_services(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One Procedure for each service that was done to the patient."""
    for row in visit.rows("XML3"):
        if not _is_service(row):
            continue
        ordered_by = add_staff(visit, row, "MA_BAC_SI")
        done_by = add_staff(visit, row, "NGUOI_THUC_HIEN")
        international = [coding(systems.ICD9_PROCEDURE, code) for code in row.codes("MA_PTTT_QT")]
        content = filled(
            status="completed",
            category=listed("MA_NHOM", row.code("MA_NHOM"), visit.on),
            code=concept(
                coding(systems.bhyt("MA_DICH_VU"), row.code("MA_DICH_VU")),
                *international,
                text=row.text("TEN_DICH_VU"),
            ),
            subject=patient,
            encounter=encounter,
            performedDateTime=visit.moment(row, "NGAY_TH_YL") or visit.moment(row, "NGAY_YL"),
            performer=[{"actor": actor} for actor in done_by],
            recorder=ordered_by[0] if ordered_by else None,
            reasonCode=[concept(coding(systems.ICD10, code)) for code in row.codes("MA_BENH")],
        )
        visit.add(
            "Procedure",
            visit.row_key(row),
            row,
            content,
            {"code": "MA_DICH_VU", "performedDateTime": "NGAY_TH_YL" if row.text("NGAY_TH_YL") else "NGAY_YL"},
        )


def _is_service(row: Row) -> bool:
    named = bool(row.code("MA_DICH_VU") or row.text("TEN_DICH_VU"))
    return named and not row.code("MA_VAT_TU") and row.code("MA_NHOM") not in _NO_PROCEDURE
