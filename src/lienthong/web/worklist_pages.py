"""The worklist: who needs the physician now."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from lienthong.core.clock import instant
from lienthong.web.desk import Desk, WorklistRow
from lienthong.web.tables import as_csv, as_json
from lienthong.web.texts import Language
from lienthong.web.visit import Visit

__all__ = ["Worklist"]

_SIZE = 25
_WHOLE = 100_000
_COLUMNS = (
    "person",
    "name",
    "age",
    "age_unit",
    "sex",
    "product",
    "count",
    "of",
    "years",
    "points",
    "points_at_most",
    "points_of",
    "reasons",
    "since",
    "suggestion",
)


class Worklist:
    """The list as a page, as CSV and as JSON; all three show what the session's search lets through."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, visit: Visit) -> Response:
        assert visit.session is not None
        found = self._desk.worklist(visit.actor, search=visit.session.search, page=visit.number("page"), size=_SIZE)
        return visit.page("worklist.html", here="worklist", list=found)

    def search(self, visit: Visit) -> Response:
        """Keeps the words in the session, so that no name stands in an address or a log of addresses."""
        visit.door.sessions.search(visit.token, visit.form.get("words", "").strip())
        return RedirectResponse("/worklist", status_code=303)

    def as_json(self, visit: Visit) -> Response:
        return as_json({"rows": self._rows(visit)})

    def as_csv(self, visit: Visit) -> Response:
        rows = [{**row, "reasons": "; ".join(row["reasons"])} for row in self._rows(visit)]
        return as_csv("worklist", _COLUMNS, rows)

    def _rows(self, visit: Visit) -> list[dict[str, Any]]:
        assert visit.session is not None
        found = self._desk.worklist(visit.actor, search=visit.session.search, page=1, size=_WHOLE)
        return [_plain(row, visit.speech) for row in found.rows]


def _plain(row: WorklistRow, speech: Language) -> dict[str, Any]:
    return {
        "suggestion": row.suggestion,
        "person": row.person,
        "name": row.name,
        "age": row.age.count if row.age else None,
        "age_unit": row.age.unit if row.age else None,
        "sex": speech.say(row.sex),
        "product": speech.say(row.product),
        "count": row.frequency.count if row.frequency else None,
        "of": row.frequency.of if row.frequency else None,
        "years": row.frequency.years if row.frequency else None,
        "points": row.score.low if row.score else None,
        "points_at_most": row.score.high if row.score else None,
        "points_of": row.score.out_of if row.score else None,
        "reasons": [speech.say(reason) for reason in row.reasons],
        "since": instant(row.since),
    }
