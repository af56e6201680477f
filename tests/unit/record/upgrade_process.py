"""Upgrades a record in a process of its own that kills itself (SIGKILL) before its n-th statement, or after all."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, event

from lienthong.core.actors import Actor
from lienthong.privacy.access import Action, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record.upgrade import upgrade


def main(folder: Path, last: int) -> None:
    """Prints how many statements it sent when it was not killed."""
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def clock() -> datetime:
        return datetime(2026, 11, 23, 8, 15, tzinfo=UTC)

    log = AccessLog(folder / "audit-of-test", b"k" * 32, clock, durable=False)
    grant = permit(Actor("tester", operator=True), "data-operations", Action.KEEP_NODE, log=log)
    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", before)
    upgrade(folder / "record.db", grant, clock=clock, first=lambda: None)
    print(count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
