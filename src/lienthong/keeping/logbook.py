"""The operational log HOME/logs/lienthong.ndjson: what a door did, how long, with what code; never a patient's value.

A line is one JSON object: `time`, `level`, `event`, `process`, `command` and facts. Facts are numbers and codes; any
other text becomes `?`, so that no name, id or note gets in by mistake. File names are not logged either: those of
claims may carry a patient's name. Who read whose data stands in the access log, not here.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lienthong.core.clock import instant
from lienthong.keeping.names import LOG_FILE, SETTINGS

__all__ = ["LOG", "Logbook", "WithoutValues", "counts", "open_log", "place_of"]

LOG = logging.getLogger("lienthong")
LARGEST = 5 << 20  # bytes of a file before it is put aside
KEPT = 5  # files that are put aside

_CODE = re.compile(r"[A-Za-z0-9_.:+-]{1,80}")
_COUNTED = frozenset(
    {"files", "records", "kept", "resources", "quarantined", "findings", "checks", "people", "adults", "computed"}
    | {"new", "renewed", "unchanged", "updated", "read", "error", "warning", "information", "run", "failed"}
    | {"batch", "seconds", "copied", "bytes", "found", "schema", "keys", "count"}
)


class Logbook(logging.Handler):
    """Appends lines for any number of threads and processes, and puts full files aside; silent while HOME is no node.

    A disk that can't be written must not stop a command: the line is lost, and `lienthong doctor` says why.
    """

    def __init__(self, home: Path, command: str, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        super().__init__(logging.INFO)
        self._home, self._path, self._command = home, home / LOG_FILE, command
        self._largest, self._kept = largest, kept

    def emit(self, record: logging.LogRecord) -> None:
        if not (self._home / SETTINGS).exists():
            return
        try:
            self._write(self._line(record))
        except OSError:
            return

    def _line(self, record: logging.LogRecord) -> bytes:
        facts: Mapping[str, Any] = getattr(record, "facts", {})
        line = {
            "time": instant(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "event": _safe(record.msg),
            "process": record.process,
            "command": _safe(self._command),
            **{name: _safe(value) for name, value in facts.items()},
        }
        return json.dumps(line, separators=(",", ":")).encode() + b"\n"

    def _write(self, line: bytes) -> None:
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        lock = os.open(self._path.parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_size + len(line) > self._largest:
                for number in range(self._kept, 0, -1):
                    older = self._path.with_suffix(f".ndjson.{number - 1}") if number > 1 else self._path
                    if older.exists():
                        os.replace(older, self._path.with_suffix(f".ndjson.{number}"))
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        finally:
            os.close(lock)


class WithoutValues(logging.Filter):
    """Makes of a server's report of an exception its type and place: the message and the stack may hold values."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            facts = {"kind": type(error).__name__, "place": place_of(error)}
            record.msg, record.args = f"fault: {facts['kind']} at {facts['place']}", ()
            record.exc_info = record.exc_text = None
            LOG.error("fault", extra={"facts": facts})
        return True


def open_log(home: Path, command: str) -> None:
    """From here on, what is told to `LOG` goes into the log of this home."""
    for handler in [item for item in LOG.handlers if isinstance(item, Logbook)]:
        LOG.removeHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    LOG.addHandler(Logbook(home, command))


def counts(body: Mapping[str, Any]) -> dict[str, int | float]:
    """The numbers of a result under the names that are known to be counts, as `resources.new`."""
    return dict(_counts(body, ""))


def place_of(error: BaseException) -> str:
    """The innermost line of ours that failed: a place in the code, which holds no value."""
    place, trace = "", error.__traceback__
    while trace:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("lienthong."):
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _counts(body: Mapping[str, Any], before: str) -> Iterator[tuple[str, int | float]]:
    for name, value in body.items():
        if name not in _COUNTED:
            continue
        if isinstance(value, Mapping):
            yield from _counts(value, f"{before}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield before + name, value


def _safe(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    return str(value) if _CODE.fullmatch(str(value)) else "?"
