"""The last ingest: did all arrive? From a file to its records to the resource in two clicks."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from lienthong.core import canonical
from lienthong.core.clock import instant
from lienthong.core.finding import Place
from lienthong.web.desk import Desk, IngestPage
from lienthong.web.tables import as_csv, as_json
from lienthong.web.visit import Visit

__all__ = ["Ingest"]

_FINDINGS = ("severity", "code", "rule", "title", "source", "count", "file", "record", "place", "message", "cure")
_QUARANTINE = ("file", "record", "rule", "reason", "since", "resolved")
_SHOWN = 200


class Ingest:
    """A batch with its balance, findings and quarantine; its files; and one resource with its origin."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, visit: Visit) -> Response:
        found = self._batch(visit)
        if found is None:
            return visit.page("ingest_empty.html", here="ingest")
        return visit.page("ingest.html", here="ingest", batch=found, place=place_in_record, most=_SHOWN)

    def as_json(self, visit: Visit) -> Response:
        found = self._batch(visit)
        return as_json(None if found is None else _plain(found))

    def findings_json(self, visit: Visit) -> Response:
        return as_json({"rows": _findings(self._batch(visit))})

    def findings_csv(self, visit: Visit) -> Response:
        return as_csv("findings", _FINDINGS, _findings(self._batch(visit)))

    def quarantine_json(self, visit: Visit) -> Response:
        return as_json({"rows": _quarantine(self._batch(visit))})

    def quarantine_csv(self, visit: Visit) -> Response:
        return as_csv("quarantine", _QUARANTINE, _quarantine(self._batch(visit)))

    def file(self, visit: Visit) -> Response:
        path = visit.request.path_params
        found = self._desk.file(visit.actor, path["batch"], path["file"], page=visit.number("page"))
        return visit.page("file.html", here="ingest", found=found)

    def resource(self, visit: Visit) -> Response:
        found = self._desk.resource(visit.actor, visit.path["type"], visit.path["id"])
        return visit.page("resource.html", found=found, content=_indented(found.content))

    def resource_json(self, visit: Visit) -> Response:
        found = self._desk.resource(visit.actor, visit.path["type"], visit.path["id"])
        return Response(canonical.encode(found.content), media_type="application/fhir+json")

    def _batch(self, visit: Visit) -> IngestPage | None:
        return self._desk.ingest(visit.actor, visit.request.path_params.get("batch"))


def _indented(value: Any, depth: int = 0) -> str:
    """JSON for people to read, decimals to the digit; members in the order in which they came."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_text(name)}: {_indented(item, depth + 1)}" for name, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        lines = [f"{inner}{_indented(item, depth + 1)}" for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{outer}]"
    return _text(value)


def _text(value: Any) -> str:
    return canonical.encode(value).decode("utf-8", "replace")


def _plain(found: IngestPage) -> dict[str, Any]:
    return {
        **found.summary.to_json(),
        "source": found.batch.source,
        "at": instant(found.batch.at),
        "balances": found.balances,
        "file_rows": [
            {
                "name": file.name,
                "format": file.format,
                "size": file.size,
                "sha256": file.sha256,
                "traced": file.traced,
                "quarantined": file.quarantined,
                "unreadable": file.unreadable,
            }
            for file in found.files
        ],
    }


def _findings(found: IngestPage | None) -> list[dict[str, Any]]:
    """The first findings of each kind, one row each, with the count of all of that kind."""
    if found is None:
        return []
    return [
        {
            "severity": group.severity.value,
            "code": group.code,
            "rule": example.rule.id,
            "title": example.rule.title,
            "source": example.rule.source,
            "count": group.count,
            "file": example.place.file,
            "record": example.place.record,
            "place": place_in_record(example.place),
            "message": example.message,
            "cure": example.cure,
        }
        for group in found.findings
        for example in group.examples
    ]


def _quarantine(found: IngestPage | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {
            "file": row.file,
            "record": row.record,
            "rule": row.rule,
            "reason": row.reason,
            "since": row.since,
            "resolved": row.resolved,
        }
        for row in found.quarantine
    ]


def place_in_record(place: Place) -> str:
    """Where in its record a fault is: table, row, field or path."""
    return " ".join(part for part in (place.table, place.row, place.field, place.path) if part)
