"""Reads files in processes beside this one, so that the other cores convert and validate while this one writes.

Each reader gets its task as JSON on standard input and answers on standard output: frames of a length (4 bytes, big
end first) and that many bytes of MessagePack, each a list of events in their order. A last frame `["end"]` says that
nothing is missing; without it the reader has died and the batch is abandoned. The files are dealt out in turn, and
their events are given in the order of the files, whoever reads them.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from queue import Queue
from threading import Event as Stop
from threading import Thread
from types import TracebackType
from typing import IO, Any

import msgspec

from lienthong.beside.events import read, settings_to_json
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.settings import Settings
from lienthong.privacy.vault import Vault
from lienthong.reading import Done, Event, forget
from lienthong.sources import Found

__all__ = ["read_beside", "worth_it"]

LARGE = 8 * 1024**2
"""Plain bytes (a guess, where they are compressed) from which a second process is worth its start of 0.4 s."""

PACKED = 10
"""How much a compressed export grows, about."""

READERS = 3
"""The most readers: more of them convert faster than one process can write."""

FRAME_BYTES = 1 << 20
FRAME_EVENTS = 200
FRAMES_WAITING = 32
"""How many frames may wait between two processes: the memory that this costs is bounded by their size."""
LENGTH = struct.Struct(">I")

DIED = ErrorKind(
    "reader-died",
    Category.FAULT,
    what="The process that reads the files ended before its end{why}.",
    cure="Run the command again: nothing of this batch is in the record. If it happens again, look at the memory.",
)


def worth_it(files: Iterable[Found]) -> bool:
    """Whether there are two cores, and files large enough to share the work."""
    if _cores() < 2:
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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_beside(
    files: Sequence[Found], vault: Vault, settings: Settings, *, source: str | None, format: str
) -> Iterator[Event]:
    """The same events as `reading.read_files`, read in other processes; errors are raised here as they were there."""
    raw, keys = vault.folders
    task = {
        "raw": os.fsdecode(raw),
        "keys": os.fsdecode(keys),
        "settings": settings_to_json(settings),
        "source": source,
        "format": format,
    }
    numbered = [[number, os.fsdecode(file.path), file.name, file.given] for number, file in enumerate(files)]
    # One core writes most of its time, and a writer waits for the disk: as many readers as cores.
    count = max(1, min(READERS, _cores(), len(files)))
    done: list[Done] = []
    with ExitStack() as readers:
        events = [
            iter(readers.enter_context(_Reader({**task, "files": numbered[start::count]}))) for start in range(count)
        ]
        try:
            for number in range(len(files)):
                for event in events[number % count]:
                    if isinstance(event, Done):
                        done.append(event)
                        break
                    yield event
            for rest in events:
                yield from (
                    event for event in rest if not isinstance(event, Done)
                )  # their "end", or why there's none
        finally:
            forget(vault, done)


class _Reader:
    """A process that reads files, and what it says; killed when it is left."""

    def __init__(self, task: dict[str, Any]) -> None:
        # -P: the folder in which the command runs is no place to import from
        command = [sys.executable, "-P", "-m", "lienthong.beside"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stream: IO[bytes] = self._process.stdout
        self._frames: Queue[bytes] = Queue(FRAMES_WAITING)
        self._stopped = Stop()
        try:
            with self._process.stdin as to_reader:
                to_reader.write(json.dumps(task).encode("utf-8", "surrogateescape"))
        except BrokenPipeError:
            self._end()
            raise DIED.at("reader", why=", before it began") from None
        # A thread takes the frames off the pipe: the reader goes on while this side writes.
        Thread(target=_drain, args=(self._stream, self._frames, self._stopped), daemon=True).start()

    def __enter__(self) -> _Reader:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        while not self._frames.empty():  # so that the thread, which may wait for room, sees that it is to stop
            self._frames.get_nowait()
        self._end()

    def __iter__(self) -> Iterator[Event | Done]:
        decoder = msgspec.msgpack.Decoder(list[Any])
        while True:
            frame = self._frames.get()
            if not frame:
                raise DIED.at("reader", why="")
            try:
                events = decoder.decode(frame)
            except msgspec.DecodeError:
                raise DIED.at("reader", why=", in the middle of a word") from None
            for event in events:
                if event[0] == "end":
                    return
                yield read(event)

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._stream.close()


def _drain(stream: IO[bytes], frames: Queue[bytes], stopped: Stop) -> None:
    """Puts each frame into the queue, and an empty one when the pipe has ended."""
    frame = b" "
    while frame and not stopped.is_set():
        head = stream.read(LENGTH.size)
        frame = stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""
        frames.put(frame)
