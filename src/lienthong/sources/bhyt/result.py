"""Each result of XML4 as an Observation, and the results that came at one time together as a DiagnosticReport.

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
    """One Observation a row, and one DiagnosticReport for the results of a kind that came at one time."""
    services: dict[str, Row] = {}
    for row in visit.rows("XML3"):
        if row.code("MA_DICH_VU"):
            services[row.code("MA_DICH_VU")] = row
    reports: dict[tuple[str, str], list[tuple[Row, Row, dict[str, Any]]]] = {}
    for row in visit.rows("XML4"):
        service = services.get(row.code("MA_DICH_VU"))
        category = _CATEGORIES.get(service.code("MA_NHOM"), "") if service else ""
        observation = _add_result(visit, row, category, patient, encounter)
        if service and category:
            # Tests come back together; an image or a function test is a report of its own.
            kind = category if category == "laboratory" else f"{category} {row.code('MA_DICH_VU')}"
            reports.setdefault((kind, row.text("NGAY_KQ")), []).append((row, service, observation))
    for results in reports.values():
        _add_report(visit, results, patient, encounter)


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
    results: list[tuple[Row, Row, dict[str, Any]]],
    patient: dict[str, Any],
    encounter: dict[str, Any],
) -> None:
    """The report of these results (each with its row and its service); its key is that of the first."""
    row, service, _ = results[0]
    category = _CATEGORIES[service.code("MA_NHOM")]
    asked = {item.number: item for _, item, _ in results if kind_of(item) == "ServiceRequest"}
    if category == "laboratory":
        code = concept(coding(systems.LOINC, "11502-2", "Laboratory report"))
    else:
        code = concept(
            coding(systems.bhyt("MA_DICH_VU"), service.code("MA_DICH_VU")), text=service.text("TEN_DICH_VU")
        )
    content = filled(
        basedOn=[visit.reference("ServiceRequest", visit.row_key(item)) for item in asked.values()],
        status="final",
        category=[concept(coding(systems.OBSERVATION_CATEGORY, category))],
        code=code,
        subject=patient,
        encounter=encounter,
        effectiveDateTime=visit.moment(row, "NGAY_KQ"),
        result=[observation for _, _, observation in results],
    )
    visit.add("DiagnosticReport", visit.row_key(row), row, content, {"effectiveDateTime": "NGAY_KQ"})


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
