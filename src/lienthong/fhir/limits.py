"""The bounds within which a resource is read, so that hostile input can't exhaust the machine."""

from __future__ import annotations

__all__ = ["MAX_DEPTH"]

MAX_DEPTH = 64
"""How many objects may stand inside each other; the deepest of HL7's R4 examples has 14."""
