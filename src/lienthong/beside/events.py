"""Events as plain lists that MessagePack carries between processes, and back; no code and no pickle crosses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.core.settings import settings_from_json, settings_to_json
from lienthong.reading import Done, Event, Opened, Ready
from lienthong.record import Indexed, Pending, Prepared
from lienthong.sources import LeftOut

__all__ = ["read", "settings_from_json", "settings_to_json", "weight", "written"]


def weight(event: list[Any]) -> int:
    """About how many bytes a written event has."""
    return sum(len(item[2]) for item in event[2]) if event[0] == "ready" else 0


def read(event: list[Any]) -> Event | Done:
    """The event that was written; an error is raised as it was there."""
    return _READ[event[0]](event)


def written(event: Event | Done) -> list[Any]:
    """The event as a list whose first item says what it is."""
    if isinstance(event, Ready):
        origin = event.origin
        return [
            "ready",
            [origin.source, origin.file, origin.sha256, origin.record, dict(origin.fields)],
            [
                [
                    item.type,
                    item.id,
                    item.body,
                    item.digest,
                    item.ai,
                    item.index.identifiers,
                    item.index.references,
                    [[wait.path, wait.form, wait.type, wait.system, wait.value] for wait in item.index.pending],
                ]
                for item in event.prepared
            ],
            [finding.to_json() for finding in event.findings],
            event.rejected.to_json() if event.rejected else None,
        ]
    if isinstance(event, Opened):
        return ["opened", event.number, event.name, event.sha256, event.size, event.format]
    if isinstance(event, Done):
        return ["done", event.sha256, event.is_new, event.is_export]
    return ["left-out", event.name, event.why]


def _ready(event: list[Any]) -> Event:
    _, origin, resources, findings, rejected = event
    prepared = tuple(
        Prepared(
            type_name,
            key,
            body,
            digest,
            ai,
            Indexed(
                [(system, value) for system, value in identifiers],
                [(path, target, target_id) for path, target, target_id in references],
                [Pending(*wait) for wait in pending],
            ),
        )
        for type_name, key, body, digest, ai, identifiers, references, pending in resources
    )
    return Ready(
        Origin(*origin),
        prepared,
        tuple(Finding.from_json(finding) for finding in findings),
        Finding.from_json(rejected) if rejected else None,
    )


def _opened(event: list[Any]) -> Event:
    return Opened(*event[1:])


def _left_out(event: list[Any]) -> Event:
    return LeftOut(*event[1:])


def _done(event: list[Any]) -> Done:
    return Done(*event[1:])


def _error(event: list[Any]) -> Event:
    raise LienthongError.from_json(event[1])


_READ: dict[str, Callable[[list[Any]], Event | Done]] = {
    "ready": _ready,
    "opened": _opened,
    "left-out": _left_out,
    "done": _done,
    "error": _error,
}
