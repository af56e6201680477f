"""`lienthong doctor`: what is installed, missing, full, open to others, old or broken, each with its cure."""

from __future__ import annotations

from pathlib import Path

from lienthong.core.clock import Clock
from lienthong.keeping.checkup import Report
from lienthong.keeping.machine import machine
from lienthong.keeping.node_checks import clock_of, node

__all__ = ["examine"]

SCHEMA = 2
"""The record's schema, written here too: the module `record.schema` needs packages that may be missing."""


def examine(home: Path, *, clock: Clock, port: int = 8080) -> Report:
    """Looks at the machine and, where there is one, at the node; changes nothing and needs Python alone."""
    return Report((*machine(home, port), clock_of(home, clock), *node(home, clock, SCHEMA)))
