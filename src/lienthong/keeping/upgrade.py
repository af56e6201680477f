"""Upgrades a home to the schema of this Lienthong, after an automatic backup beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from lienthong.core.clock import Clock
from lienthong.keeping.backup import BackedUp, backup
from lienthong.keeping.home import did, require_home
from lienthong.privacy.access import Grant
from lienthong.record.schema import SCHEMA_VERSION
from lienthong.record.upgrade import upgrade as upgrade_record

__all__ = ["Upgraded", "upgrade"]

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which schema to which, and the backup of before; no backup where there was nothing to do."""

    found: int
    now: int
    backup: Path | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "schema": self.now,
            "backup": str(self.backup) if self.backup else None,
            "seconds": round(self.seconds, 3),
        }


def upgrade(home: Path, grant: Grant, *, clock: Clock, progress: Progress) -> Upgraded:
    """The home at the present schema; killed anywhere, it is at the old one or at the new one.

    The backup lies in `<home>-before-schema-<n>` beside the home; without it nothing is changed.
    Raises what a backup raises, `ingest-running`, `record-newer`.
    """
    require_home(home)
    started, taken = monotonic(), list[BackedUp]()
    place = home.resolve().with_name(f"{home.resolve().name}-before-schema-{SCHEMA_VERSION}")

    def first() -> None:
        taken.append(backup(home, place, grant, clock=clock, progress=progress))

    found, now = upgrade_record(home / "record.db", grant, clock=clock, first=first)
    did(home, grant, clock, {"act": "upgrade", "schema_before": found, "schema": now})
    return Upgraded(found, now, taken[0].place if taken else None, monotonic() - started)
