"""Each result of XML4 as an Observation: a number with its digits and unit where it is one, else its text."""

from __future__ import annotations

import re
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import absent, coding, concept, filled, quantity
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["add_results"]

_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥)\s*(\S+)")
_COMPARATORS = {"≤": "<=", "≥": ">="}
_CATEGORIES = {"1": "laboratory", "2": "imaging", "3": "procedure"}  # MA_NHOM of the service in XML3


def add_results(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One Observation a row."""
    groups = {row.code("MA_DICH_VU"): row.code("MA_NHOM") for row in visit.rows("XML3") if row.code("MA_DICH_VU")}
    for row in visit.rows("XML4"):
        category = _CATEGORIES.get(groups.get(row.code("MA_DICH_VU"), ""), "")
        found = _value(visit, row)
        conclusion = row.text("KET_LUAN")
        content = filled(
            status="final",
            category=[concept(coding(systems.OBSERVATION_CATEGORY, category))] if category else None,
            code=concept(
                coding(systems.bhyt("MA_CHI_SO"), row.code("MA_CHI_SO")),
                coding(systems.bhyt("MA_DICH_VU"), row.code("MA_DICH_VU")),
                text=row.text("TEN_CHI_SO"),
            )
            or absent(),
            subject=patient,
            encounter=encounter,
            effectiveDateTime=visit.moment(row, "NGAY_KQ"),
            performer=add_staff(visit, row, "MA_BS_DOC_KQ"),
            interpretation=[{"text": conclusion}] if conclusion else None,
            note=[{"text": row.text("MO_TA")}] if row.text("MO_TA") else None,
            **found,
        )
        visit.add(
            "Observation",
            visit.row_key(row),
            row,
            content,
            {
                "code": "MA_CHI_SO" if row.text("MA_CHI_SO") else "TEN_CHI_SO",
                "effectiveDateTime": "NGAY_KQ",
                **dict.fromkeys(found, "GIA_TRI"),
            },
        )


def _value(visit: Visit, row: Row) -> dict[str, Any]:
    text = row.text("GIA_TRI")
    if not text:
        return {}
    compared = _COMPARED.fullmatch(text)
    bare = compared[2] if compared else text
    amount = values.number(bare)
    if amount is None:
        amount = values.comma_number(bare)
        if amount is None:
            return {"valueString": text}
        visit.note(
            Severity.WARNING,
            "bhyt-number-comma",
            "The decimals stand after a comma; it is read as a point.",
            row,
            "GIA_TRI",
            Rule("bhyt-layout", "The layout of the tables"),
            "Write a point before the decimals.",
        )
    comparator = _COMPARATORS.get(compared[1], compared[1]) if compared else ""
    return {"valueQuantity": quantity(amount, row.text("DON_VI_DO"), comparator)}
