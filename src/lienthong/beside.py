"""Reads files in a process beside this one, so that one core converts and validates while the other one writes.

The reader gets its task as JSON on standard input and answers on standard output: frames of a length (4 bytes, big
end first) and that many bytes of MessagePack, each a list of events in their order. No code and no pickle crosses. A
last frame `["end"]` says that nothing is missing; without it the reader has died and the batch is abandoned.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from queue import Queue
from threading import Event as Stop
from threading import Thread
from types import MappingProxyType
from typing import IO, Any, BinaryIO

import msgspec

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.privacy.vault import Vault
from lienthong.reading import Event, Opened, Ready, read_files
from lienthong.record import Indexed, Pending, Prepared
from lienthong.sources import Found, LeftOut

__all__ = ["main", "read_beside", "worth_it"]

LARGE = 8 * 1024**2
"""Plain bytes (a guess, where they are compressed) from which a second process is worth its start of 0.4 s."""

PACKED = 10
"""How much a compressed export grows, about."""

FRAME_BYTES = 1 << 20
FRAME_EVENTS = 200
FRAMES_WAITING = 32
"""How many frames may wait between the two processes: the memory that this costs is bounded by their size."""
_LENGTH = struct.Struct(">I")

DIED = ErrorKind(
    "reader-died",
    Category.FAULT,
    what="The process that reads the files ended before its end{why}.",
    cure="Run the command again: nothing of this batch is in the record. If it happens again, look at the memory.",
)
FAILED = ErrorKind(
    "reader-failed",
    Category.FAULT,
    what="Reading failed where it must not: {kind}.",
    cure="Nothing of this batch is in the record. Report this line to Lienthong; it holds no patient's value.",
)


def worth_it(files: Iterable[Found]) -> bool:
    """Whether there are two cores, and files large enough to share the work."""
    if len(os.sched_getaffinity(0)) < 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) < 2:
        return False
    total = 0
    for file in files:
        try:
            size = file.path.stat().st_size
        except OSError:
            continue  # the reader will say what is wrong with it
        total += size * (PACKED if file.path.suffix in (".gz", ".zip") else 1)
        if total > LARGE:
            return True
    return False


def read_beside(
    files: Sequence[Found], vault: Vault, settings: Settings, *, source: str | None, format: str
) -> Iterator[Event]:
    """The same events as `reading.read_files`, read in another process; errors are raised here as they were there."""
    raw, keys = vault.folders
    task = {
        "raw": os.fsdecode(raw),
        "keys": os.fsdecode(keys),
        "settings": _settings_to_json(settings),
        "source": source,
        "format": format,
        "files": [[os.fsdecode(file.path), file.name, file.given] for file in files],
    }
    # -P: the folder in which the command runs is no place to import from
    command = [sys.executable, "-P", "-m", "lienthong.beside"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        try:
            with process.stdin as to_reader:
                to_reader.write(json.dumps(task).encode("utf-8", "surrogateescape"))
        except BrokenPipeError:
            raise DIED.at("reader", why=", before it began") from None
        yield from _received(process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _received(stream: IO[bytes]) -> Iterator[Event]:
    """The events of all frames, which a thread takes off the pipe: the reader goes on while this side writes."""
    decoder = msgspec.msgpack.Decoder(list[Any])
    frames: Queue[bytes] = Queue(FRAMES_WAITING)
    stopped = Stop()
    thread = Thread(target=_drain, args=(stream, frames, stopped), daemon=True)
    thread.start()
    try:
        yield from _decoded(frames, decoder)
    finally:
        stopped.set()
        while not frames.empty():  # so that the thread, which may wait for room, sees that it is to stop
            frames.get_nowait()


def _drain(stream: IO[bytes], frames: Queue[bytes], stopped: Stop) -> None:
    """Puts each frame into the queue, and an empty one when the pipe has ended."""
    frame = b" "
    while frame and not stopped.is_set():
        head = stream.read(_LENGTH.size)
        frame = stream.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
        frames.put(frame)


def _decoded(frames: Queue[bytes], decoder: msgspec.msgpack.Decoder[list[Any]]) -> Iterator[Event]:
    while True:
        frame = frames.get()
        if not frame:
            raise DIED.at("reader", why="")
        try:
            events = decoder.decode(frame)
        except msgspec.DecodeError:
            raise DIED.at("reader", why=", in the middle of a word") from None
        for event in events:
            if event[0] == "end":
                return
            yield _READ[event[0]](event)


def main() -> None:
    """The reader: its task from standard input, events to standard output."""
    out = sys.stdout.buffer
    try:
        _send(out, _events(json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))))
    except (BrokenPipeError, KeyboardInterrupt):
        # who asked has gone: nothing to say, and nobody to say it to
        os._exit(1)


def _events(task: dict[str, Any]) -> Iterator[list[Any]]:
    files = [Found(Path(path), name, given) for path, name, given in task["files"]]
    try:
        vault = Vault(Path(task["raw"]), Path(task["keys"]))
        settings = _settings_from_json(task["settings"])
        for event in read_files(files, vault, settings, source=task["source"], format=task["format"]):
            yield _written(event)
    except LienthongError as error:
        yield ["error", error.to_json()]
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the door of this process: a category, never a traceback with values
        yield ["error", FAILED.at("reader", kind=type(error).__name__).to_json()]
    yield ["end"]


def _send(out: BinaryIO, events: Iterable[list[Any]]) -> None:
    encoder = msgspec.msgpack.Encoder()
    waiting: list[list[Any]] = []
    size = 0

    def flush() -> None:
        nonlocal size
        data = encoder.encode(waiting)
        out.write(_LENGTH.pack(len(data)))
        out.write(data)
        out.flush()
        waiting.clear()
        size = 0

    for event in events:
        waiting.append(event)
        size += sum(len(item[2]) for item in event[2]) if event[0] == "ready" else 0
        if len(waiting) >= FRAME_EVENTS or size >= FRAME_BYTES:
            flush()
    flush()


def _written(event: Event) -> list[Any]:
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


def _error(event: list[Any]) -> Event:
    raise LienthongError.from_json(event[1])


_READ: dict[str, Callable[[list[Any]], Event]] = {
    "ready": _ready,
    "opened": _opened,
    "left-out": _left_out,
    "error": _error,
}


def _settings_to_json(settings: Settings) -> dict[str, Any]:
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {**values, "facilities": dict(settings.facilities)}


def _settings_from_json(values: dict[str, Any]) -> Settings:
    return Settings(**{**values, "facilities": MappingProxyType(values["facilities"])})


if __name__ == "__main__":
    main()
