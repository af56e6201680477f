"""The measured steps of copies that can be shown: the claims of a day and Synthea's tables, two readings each."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from bench.steps import Measured
from lienthong.core.actors import Actor
from lienthong.core.settings import Settings
from lienthong.deidentifying import deidentify
from lienthong.privacy.release import release
from lienthong.sources.tables.source import shipped

__all__ = ["bhyt_deidentify", "tables_deidentify"]


def _shown(files: Path, work: Path) -> Measured:
    settings = Settings(mappings={"synthea.yaml": shipped()["synthea"]})
    now = datetime(2026, 1, 1, tzinfo=UTC)
    grant = release(work / "home", Actor("bench", operator=True), "data-operations", lambda: now)
    started = time.perf_counter()
    done = deidentify([files], work / "shown", grant, key=bytes(32), settings=settings, clock=lambda: now)
    return done.records, time.perf_counter() - started


def bhyt_deidentify(files: Path, work: Path) -> Measured:
    """Ours: claims read twice and written anew without who is in them."""
    return _shown(files, work)


def tables_deidentify(files: Path, work: Path) -> Measured:
    """Ours: rows read twice by the mapping and written anew without who is in them."""
    return _shown(files, work)
