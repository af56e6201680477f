"""A process that builds the warehouse of HOME and is killed by SIGKILL at a step: `build_process.py HOME STEP`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from lienthong.core.actors import Actor, Purpose
from lienthong.privacy.access import Action, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record, ai_guard
from lienthong.warehouse import Warehouse


def main(home: Path, step: str) -> None:
    def die(name: str, _done: int, _of: int | None) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def clock() -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)

    log = AccessLog(home / "audit", b"k" * 32, clock)
    with Record.open(home / "record.db", clock=clock, guard=ai_guard(lambda *_: None)) as record:
        grant = permit(Actor("tester", operator=True), Purpose.OPERATIONS, Action.BUILD, log=log)
        Warehouse(home / "warehouse", clock).build(record, grant, progress=die)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
