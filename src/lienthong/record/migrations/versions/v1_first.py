"""Schema 1: the tables of the first homes; there is nothing before it."""

from __future__ import annotations

revision = "1"
down_revision = None


def upgrade() -> None:
    """Nothing: a home begins at the newest schema, and none is older than this one."""
