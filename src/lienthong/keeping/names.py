"""The names of files in HOME that several modules of this room speak of; needs nothing that may be missing."""

from __future__ import annotations

__all__ = ["LAST_BACKUP", "LOG_FILE", "SETTINGS"]

SETTINGS = "lienthong.toml"
LAST_BACKUP = "last-backup.json"  # when the last whole backup was taken, and where to; for the doctor
LOG_FILE = "logs/lienthong.ndjson"
