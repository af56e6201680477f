"""Takes or restores a backup in a process of its own that kills itself (SIGKILL) when it has made its n-th file."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lienthong.core.actors import Actor
from lienthong.core.clock import system_clock
from lienthong.core.errors import LienthongError
from lienthong.keeping.backup import backup
from lienthong.keeping.home import allowed
from lienthong.keeping.restore import restore
from lienthong.pipeline import quiet

_open = os.open


def killing(last: int) -> Callable[..., int]:
    """`os.open` that ends the process at the n-th file that is made."""
    made = 0

    def opening(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        nonlocal made
        handle = _open(path, flags, *rest, **more)
        if flags & os.O_CREAT:
            made += 1
            if made == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return handle

    return opening


def main(what: str, home: Path, place: Path, last: int) -> None:
    """Prints the error's code, or what was done."""
    try:
        if what == "backup":
            grant = allowed(home, Actor("tester", operator=True), "data-operations", system_clock)
            os.open = killing(last)
            done = backup(home, place, grant, clock=system_clock, progress=quiet).to_json()
        else:
            os.open = killing(last)
            done = restore(place, home, keys=None, progress=quiet).to_json()
        print(json.dumps(done))
    except LienthongError as error:
        print(json.dumps({"error": error.code, "category": error.category.name, "what": error.what}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
