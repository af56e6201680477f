"""The patient: what is happening with this person, what a product suggests, and what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from lienthong.core.actors import Role
from lienthong.web.desk import Desk, Wish
from lienthong.web.measurements import Panel
from lienthong.web.tables import as_csv, as_json
from lienthong.web.visit import Visit

__all__ = ["Patient"]

_COLUMNS = ("measurement", "unit", "when", "sign", "value", "to_normal", "normal_low", "normal_high", "resource")


class Patient:
    """One patient's page and the tables behind its charts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, visit: Visit) -> Response:
        return self.show(visit, done="signed" in visit.request.query_params)

    def show(
        self, visit: Visit, *, done: bool = False, drafts: Mapping[str, tuple[Wish, str]] | None = None
    ) -> Response:
        """The page; `drafts` are wishes that could not go on, each with what is wrong with it."""
        assert visit.session is not None
        person = visit.path["person"]
        found = self._desk.patient(
            visit.actor,
            person,
            visits=visit.number("visits"),
            revealed=visit.door.sessions.is_revealed(visit.session, person),
        )
        return visit.page(
            "patient.html",
            status=422 if drafts else 200,
            person=found.person,
            suggestions=found.suggestions,
            summary=found.summary,
            answers=found.answers,
            groups=found.groups,
            others=found.others,
            timeline=found.timeline,
            may_decide=Role.PHYSICIAN in visit.actor.roles,
            drafts=drafts or {},
            done=done,
        )

    def reveal(self, visit: Visit) -> Response:
        """Shows the identifiers for two minutes; the desk logs that they were asked for."""
        person = visit.path["person"]
        self._desk.reveal(visit.actor, person)
        visit.door.sessions.reveal(visit.token, person)
        return RedirectResponse(f"/patient/{person}#identifiers", status_code=303)

    def measurements_json(self, visit: Visit) -> Response:
        return as_json({"rows": self._measurements(visit)})

    def measurements_csv(self, visit: Visit) -> Response:
        return as_csv("measurements", _COLUMNS, self._measurements(visit))

    def _measurements(self, visit: Visit) -> list[dict[str, Any]]:
        found = self._desk.patient(visit.actor, visit.path["person"], visits=1, revealed=False)
        panels = [panel for _, group in found.groups for panel in group]
        return [row for panel in (*panels, *found.others) for row in _rows(panel)]


def _rows(panel: Panel) -> list[dict[str, Any]]:
    return [
        {
            "measurement": series.label,
            "unit": series.unit,
            "when": point.when,
            "sign": point.sign or None,
            "value": point.value,
            "to_normal": point.flag.value,
            "normal_low": series.band.low if series.band else None,
            "normal_high": series.band.high if series.band else None,
            "resource": point.link,
        }
        for series in panel.series
        for point in series.points
    ]
