"""Looks at a share of the files in a second process, so that both cores check.

The second process gets its task as JSON on standard input and answers with one MessagePack value on standard output:
the files it looked at, or one error. No code and no pickle crosses. Without a whole answer it has died.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from lienthong.checking.look import Looked, choice_of, look
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.settings import Settings, settings_from_json, settings_to_json
from lienthong.sources import Found

__all__ = ["Aside", "answer_task"]

DIED = ErrorKind(
    "checker-died",
    Category.FAULT,
    what="The second process that checks the files ended before its end.",
    cure="Run the command again. If it happens again, look at the memory, or give fewer files at a time.",
)
FAILED = ErrorKind(
    "checker-failed",
    Category.FAULT,
    what="Checking failed where it must not: {kind}.",
    cure="Report this line to Lienthong; it holds no patient's value.",
)


class _Answer(msgspec.Struct):
    looked: list[Looked] = []
    error: dict[str, Any] | None = None


class Aside:
    """A second process at work on a share of the files; `answer` waits for it."""

    def __init__(
        self, share: Sequence[tuple[int, Found]], settings: Settings, home: Path, language: str, format: str
    ) -> None:
        task = {
            "home": os.fsdecode(home),
            "settings": settings_to_json(settings),
            "language": language,
            "format": format,
            "files": [[number, os.fsdecode(file.path), file.name, file.given] for number, file in share],
        }
        # -P: the folder in which the command runs is no place to import from
        command = [sys.executable, "-P", "-m", "lienthong.checking"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        self._task = json.dumps(task).encode("utf-8", "surrogateescape")
        assert self._process.stdin is not None
        try:
            with self._process.stdin as to_checker:
                to_checker.write(self._task)
        except BrokenPipeError:
            raise DIED.at("checker") from None
        self._process.stdin = None

    def answer(self) -> list[Looked]:
        """What it saw; its error is raised here as it was there."""
        data, _ = self._process.communicate()
        try:
            answer = msgspec.msgpack.decode(data, type=_Answer)
        except msgspec.DecodeError:
            raise DIED.at("checker") from None
        if answer.error is not None:
            raise LienthongError.from_json(answer.error)
        return answer.looked

    def stop(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def answer_task() -> None:
    """The second process: its task from standard input, one answer to standard output."""
    try:
        answer = _answer(json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape")))
        sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
        sys.stdout.buffer.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)  # who asked has gone: nothing to say, and nobody to say it to


def _answer(task: dict[str, Any]) -> _Answer:
    files = [(number, Found(Path(path), name, given)) for number, path, name, given in task["files"]]
    try:
        settings = settings_from_json(task["settings"])
        choice = choice_of(settings, Path(task["home"]), task["language"])
        return _Answer(list(look(files, settings, choice, task["format"])))
    except LienthongError as error:
        return _Answer(error=error.to_json())
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the door of this process: a category, never a traceback with values
        return _Answer(error=FAILED.at("checker", kind=type(error).__name__).to_json())
