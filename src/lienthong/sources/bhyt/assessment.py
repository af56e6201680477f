"""A medical assessment (XML12): the board's minutes as a Composition.

Assessment councils type it into the portal and hospitals send none (Quyết định 130, article 3.3), so it may stand
alone, without a visit: then the minutes' number is its key.
"""

from __future__ import annotations

from typing import Any

from lienthong.sources.bhyt.paper import Paper, add_composition
from lienthong.sources.bhyt.visit import Visit

__all__ = ["MINUTES", "NUMBER", "add_assessments"]

NUMBER = "SO_BIEN_BAN"
MINUTES = Paper(
    ("", ""),
    "Biên bản giám định y khoa",
    ("KET_QUA_KHAM", "DE_NGHI", "DUOC_XACDINH"),
    date="NGAY_HOP",
    author_name="NGUOI_CHU_TRI",
)


def add_assessments(
    visit: Visit, patient: dict[str, Any], encounter: dict[str, Any] | None, facility: dict[str, Any]
) -> None:
    """One Composition for each row of XML12; who chaired the board is its author, by name alone."""
    for row in visit.rows("XML12"):
        chair = row.text("NGUOI_CHU_TRI")
        author = {"type": "Practitioner", "display": chair} if chair else facility
        add_composition(visit, row, MINUTES, patient, encounter, facility, author=author)
