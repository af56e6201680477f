"""The papers of a visit as Compositions: discharge (XML7), summary (XML8), leaves (XML10, XML11).

The texts are sections, the days of leave the event's period, who signs is the author, the head of the unit attests.
Parents and guardians are RelatedPersons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import absent, coding, concept, filled, identifier
from lienthong.sources.bhyt.person import add_staff, name_elements
from lienthong.sources.bhyt.rest import Exact, is_code, is_moment, is_text, is_words
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.visit import Visit
from lienthong.terminology import systems

__all__ = ["PAPERS", "PARENTS", "Paper", "add_composition", "add_papers", "add_relative", "is_day"]

_XHTML = "http://www.w3.org/1999/xhtml"
_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def is_day(text: str) -> bool:
    return len(text) == 8 and is_moment(text)


# The field of a name: the role of whom it names (HL7's v3-RoleCode), and the field of their number.
PARENTS: Mapping[str, tuple[str, str]] = {
    "HO_TEN_CHA": ("FTH", "MA_CHA"),
    "HO_TEN_ME": ("MTH", "MA_ME"),
    "NGUOI_GIAM_HO": ("GUARD", ""),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: its LOINC code where it has one, its title, its texts, the fields of its period, date and author."""

    loinc: tuple[str, str]
    title: str
    sections: Sequence[str]
    begin: str = ""
    end: str = ""
    date: str = "NGAY_CT"
    author: str = ""
    author_name: str = ""
    parents: Sequence[str] = ()

    @property
    def mapped(self) -> Mapping[str, Exact]:
        """The fields that the Composition and its RelatedPersons hold."""
        found: dict[str, Exact] = dict.fromkeys(self.sections, is_text)
        found.update({name: is_day for name in (self.begin, self.end, self.date) if name})
        for name in self.parents:
            found[name] = is_words
            if PARENTS[name][1]:
                found[PARENTS[name][1]] = is_code
        if self.author:
            found[self.author] = is_code
        if self.author_name:
            found[self.author_name] = is_text
        found["MA_TTDV"] = is_code
        return found


_DISCHARGE = ("18842-5", "Discharge summary")
PAPERS: Mapping[str, Paper] = {
    "XML7": Paper(
        _DISCHARGE,
        "Giấy ra viện",
        ("CHAN_DOAN_RV", "PP_DIEUTRI", "GHI_CHU"),
        "NGOAITRU_TUNGAY",
        "NGOAITRU_DENNGAY",
        author="MA_BS",
        author_name="TEN_BS",
        parents=("HO_TEN_CHA", "HO_TEN_ME"),
    ),
    "XML8": Paper(
        ("34133-9", "Summary of episode note"),
        "Tóm tắt hồ sơ bệnh án",
        ("CHAN_DOAN_VAO", "CHAN_DOAN_RV", "QT_BENHLY", "TOMTAT_KQ", "PP_DIEUTRI", "GHI_CHU"),
        parents=("HO_TEN_CHA", "HO_TEN_ME", "NGUOI_GIAM_HO"),
    ),
    "XML10": Paper(
        ("", ""),
        "Giấy chứng nhận nghỉ dưỡng thai",
        ("CHAN_DOAN_RV",),
        "TU_NGAY",
        "DEN_NGAY",
        author="MA_BS",
        author_name="TEN_BS",
    ),
    "XML11": Paper(
        ("", ""),
        "Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội",
        ("CHAN_DOAN_RV", "PP_DIEUTRI"),
        "TU_NGAY",
        "DEN_NGAY",
        author="MA_BS",
        parents=("HO_TEN_CHA", "HO_TEN_ME"),
    ),
}


def add_papers(visit: Visit, patient: dict[str, Any], encounter: dict[str, Any], facility: dict[str, Any]) -> None:
    """One Composition for each row of XML7, XML8, XML10 and XML11."""
    for table, paper in PAPERS.items():
        for row in visit.rows(table):
            for name in paper.parents:
                role, number = PARENTS[name]
                add_relative(visit, row, name, role, patient, row.code(number) if number else "")
            signed_by = add_staff(visit, row, paper.author) if paper.author else []
            lost: set[str] = set()
            author = dict(signed_by[0]) if signed_by else dict(facility)
            if paper.author and len(signed_by) > 1:
                lost.add(paper.author)
            if paper.author_name and row.text(paper.author_name):
                if signed_by:
                    author["display"] = row.text(paper.author_name)
                else:
                    lost.add(paper.author_name)
            add_composition(visit, row, paper, patient, encounter, facility, author=author, lost=lost)


def add_composition(
    visit: Visit,
    row: Row,
    paper: Paper,
    subject: dict[str, Any],
    encounter: dict[str, Any] | None,
    facility: dict[str, Any],
    *,
    author: dict[str, Any],
    mapped: Mapping[str, Exact] | None = None,
    lost: set[str] | None = None,
) -> dict[str, Any]:
    """A paper's Composition; what of the row has no element stays on it."""
    lost = set(lost or ())
    begin, end = (values.day(row.text(name)) if name else None for name in (paper.begin, paper.end))
    if begin and end and end < begin:
        visit.note_order(row, paper.end)
        lost.add(paper.end)
        end = None
    lost |= {name for name in (*paper.parents, "MA_CHA", "MA_ME") if _is_unnamed(row, name)}
    head = row.code("MA_TTDV")
    period = filled(start=begin.isoformat() if begin else "", end=end.isoformat() if end else "")
    when = row.moment(paper.date, visit.settings.offset)
    content = filled(
        extension=visit.rest(row, {**paper.mapped, **(mapped or {})}, lost=lost, copies=True),
        status="final",
        type=concept(
            coding(systems.LOINC, *paper.loinc) if paper.loinc[0] else None,
            coding(systems.bhyt("LOAIHOSO"), row.table),
            text=paper.title,
        ),
        subject=subject,
        encounter=encounter,
        date=when,
        author=[author],
        title=paper.title,
        attester=[{"mode": "official", "party": _head(head)}] if head else None,
        custodian=facility,
        event=[{"period": period}] if period else None,
        section=[_section(name, row.text(name)) for name in paper.sections if row.text(name)],
    )
    if when is None:
        content["_date"] = absent()
    fields = {"date": paper.date, "section": paper.sections[0]}
    return visit.add("Composition", visit.row_key(row), row, content, fields)


def _is_unnamed(row: Row, name: str) -> bool:
    """A number of a parent whose name is not given has no RelatedPerson."""
    named = {"MA_CHA": "HO_TEN_CHA", "MA_ME": "HO_TEN_ME"}.get(name)
    return named is not None and not row.text(named)


def _head(number: str) -> dict[str, Any]:
    """The head of the unit, known by their social-insurance number alone."""
    return {"type": "Practitioner", "identifier": identifier(systems.bhyt("MA_BHXH"), number)}


def _section(name: str, text: str) -> dict[str, Any]:
    return {
        "code": concept(coding(systems.bhyt("FIELD"), name)),
        "text": {"status": "generated", "div": f'<div xmlns="{_XHTML}">{escape(text, quote=False)}</div>'},
    }


def add_relative(
    visit: Visit, row: Row, name: str, role: str, patient: dict[str, Any], number: str = "", **more: Any
) -> None:
    """A parent, carer or guardian, where the row names one; `number` is their social-insurance number."""
    text = row.text(name)
    if not text:
        return
    content = filled(
        patient=patient,
        relationship=[concept(coding(_SYSTEM, role))],
        name=name_elements(text),
        identifier=[identifier(visit.settings.systems.insurance_number, number)] if number else None,
    )
    content = {**content, **filled(**more)}
    visit.add("RelatedPerson", f"{visit.row_key(row)}/{name}", row, content, {"name": name})
