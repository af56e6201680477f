"""The reader: its task from standard input, the events of its files to standard output, in frames."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from lienthong.beside import FRAME_BYTES, FRAME_EVENTS, LENGTH
from lienthong.beside.events import settings_from_json, weight, written
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.privacy.vault import Vault
from lienthong.reading import read_file
from lienthong.sources import Found

__all__ = ["main"]

FAILED = ErrorKind(
    "reader-failed",
    Category.FAULT,
    what="Reading failed where it must not: {kind}.",
    cure="Nothing of this batch is in the record. Report this line to Lienthong; it holds no patient's value.",
)


def main() -> None:
    """The events of all files of the task, then `["end"]`."""
    out = sys.stdout.buffer
    try:
        _send(out, _events(json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))))
    except (BrokenPipeError, KeyboardInterrupt):
        # who asked has gone: nothing to say, and nobody to say it to
        os._exit(1)


def _events(task: dict[str, Any]) -> Iterator[list[Any]]:
    try:
        vault = Vault(Path(task["raw"]), Path(task["keys"]))
        settings = settings_from_json(task["settings"])
        for number, path, name, given in task["files"]:
            file = Found(Path(path), name, given)
            for event in read_file(number, file, vault, settings, source=task["source"], format=task["format"]):
                yield written(event)
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
        out.write(LENGTH.pack(len(data)))
        out.write(data)
        out.flush()
        waiting.clear()
        size = 0

    for event in events:
        waiting.append(event)
        size += weight(event)
        if len(waiting) >= FRAME_EVENTS or size >= FRAME_BYTES:
            flush()
    flush()


if __name__ == "__main__":
    main()
