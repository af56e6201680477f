"""Each result of XML4 as an Observation, and the results of one service together as a DiagnosticReport.

A value is a number with its digits and unit where it is one, else its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lienthong.core.finding import Rule, Severity
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import absent, coding, concept, filled, quantity
from lienthong.sources.bhyt.person import add_staff
from lienthong.sources.bhyt.rest import Exact, is_code, is_codes, is_moment, is_text
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.service import kind_of
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["RESULT", "add_results"]

_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥)\s*(\S+)")
_COMPARATORS = {"≤": "<=", "≥": ">="}
_CATEGORIES = {"1": "laboratory", "2": "imaging", "3": "procedure"}  # MA_NHOM of the service in XML3

RESULT: Mapping[str, Exact] = {
    "MA_DICH_VU": is_code,
    "MA_CHI_SO": is_code,
    "TEN_CHI_SO": is_text,
    "GIA_TRI": is_text,
    "DON_VI_DO": is_text,
    "MO_TA": is_text,
    "KET_LUAN": is_text,
    "NGAY_KQ": is_moment,
    "MA_BS_DOC_KQ": is_codes,
}
"""The fields of XML4 that the Observation holds."""


def add_results(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any]) -> None:
    """One Observation a row, and one DiagnosticReport for each service of XML3 that has results."""
    services: dict[str, list[Row]] = {}
    for row in visit.rows("XML3"):
        if row.code("MA_DICH_VU"):
            services.setdefault(row.code("MA_DICH_VU"), []).append(row)
    reported: dict[int, list[tuple[Row, dict[str, Any]]]] = {}
    for row in visit.rows("XML4"):
        asked = services.get(row.code("MA_DICH_VU"), [])
        group = asked[-1].code("MA_NHOM") if asked else ""
        observation = _add_result(visit, row, _CATEGORIES.get(group, ""), patient, encounter)
        if group in _CATEGORIES:
            when = row.text("NGAY_KQ")
            service = next((item for item in asked if item.text("NGAY_KQ") == when), asked[0])
            reported.setdefault(service.number, []).append((row, observation))
    for row in visit.rows("XML3"):
        if row.number in reported:
            _add_report(visit, row, reported[row.number], patient, encounter)


def _add_result(
    visit: Visit, row: Row, category: str, patient: dict[str, Any], encounter: dict[str, Any]
) -> dict[str, Any]:
    found, lost = _value(visit, row)
    conclusion = row.text("KET_LUAN")
    content = filled(
        extension=visit.rest(row, RESULT, lost=lost),
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
    return visit.add(
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


def _add_report(
    visit: Visit,
    row: Row,
    results: list[tuple[Row, dict[str, Any]]],
    patient: dict[str, Any],
    encounter: dict[str, Any],
) -> None:
    kind, category = kind_of(row), _CATEGORIES[row.code("MA_NHOM")]
    key = visit.row_key(row)
    when = visit.moment(row, "NGAY_KQ") or visit.moment(results[0][0], "NGAY_KQ")
    content = filled(
        basedOn=[visit.reference(kind, key)] if kind == "ServiceRequest" else None,
        status="final",
        category=[concept(coding(systems.OBSERVATION_CATEGORY, category))],
        code=concept(coding(systems.bhyt("MA_DICH_VU"), row.code("MA_DICH_VU")), text=row.text("TEN_DICH_VU")),
        subject=patient,
        encounter=encounter,
        effectiveDateTime=when,
        result=[observation for _, observation in results],
    )
    visit.add("DiagnosticReport", key, row, content, {"code": "MA_DICH_VU", "effectiveDateTime": "NGAY_KQ"})


def _value(visit: Visit, row: Row) -> tuple[dict[str, Any], set[str]]:
    """The value, and those of its two fields that it does not give back to the letter."""
    text = row.text("GIA_TRI")
    if not text:
        return {}, {"DON_VI_DO"}
    compared = _COMPARED.fullmatch(text)
    bare = compared[2] if compared else text
    amount = values.number(bare)
    if amount is None:
        amount = values.comma_number(bare)
        if amount is None:
            return {"valueString": text}, {"DON_VI_DO"}
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
    lost = set() if text == f"{comparator}{amount}" else {"GIA_TRI"}
    return {"valueQuantity": quantity(amount, row.text("DON_VI_DO"), comparator)}, lost
