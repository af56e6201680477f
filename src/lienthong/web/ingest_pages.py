"""The last ingest: did all arrive? From a file to its records to the resource in two clicks."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from lienthong.core import canonical
from lienthong.core.clock import instant
from lienthong.web.desk import Desk, IngestPage
from lienthong.web.tables import as_csv, as_json
from lienthong.web.visit import Visit

__all__ = ["Ingest"]

_FINDINGS = ("severity", "rule", "title", "source", "count", "file", "record", "place", "message", "cure")
_QUARANTINE = ("file", "record", "rule", "reason", "since")


class Ingest:
    """A batch with its balance, findings and quarantine; its files; and one resource with its origin."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, visit: Visit) -> Response:
        found = self._batch(visit)
        if found is None:
            return visit.page("ingest_empty.html", here="ingest")
        return visit.page("ingest.html", here="ingest", batch=found)

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
        "batch": found.batch.id,
        "source": found.batch.source,
        "at": instant(found.batch.at),
        "files": [
            {
                "name": file.name,
                "format": file.format,
                "size": file.size,
                "records": file.records,
                "kept": file.kept,
                "quarantined": file.quarantined,
            }
            for file in found.files
        ],
        "records": found.records,
        "kept": found.kept,
        "quarantined": found.quarantined,
        "balances": found.balances,
        "resources": {count.label: count.number for count in found.resources},
        "findings": dict(found.findings),
        "left_out": [{"file": name, "why": why} for name, why in found.left_out],
    }


def _findings(found: IngestPage | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {
            "severity": rule.severity,
            "rule": rule.rule,
            "title": rule.title,
            "source": rule.source,
            "count": rule.count,
            "file": example.place.file,
            "record": example.place.record,
            "place": " ".join(
                part
                for part in (example.place.table, example.place.row, example.place.field, example.place.path)
                if part
            ),
            "message": example.message,
            "cure": example.cure,
        }
        for rule in found.rules
        for example in rule.examples
    ]


def _quarantine(found: IngestPage | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {"file": row.file, "record": row.record, "rule": row.rule, "reason": row.reason, "since": row.since}
        for row in found.quarantine
    ]
