"""Tables, CSV and Excel, by a mapping file that a hospital's data engineer writes (docs/tables.md)."""

from lienthong.sources.tables.source import SOURCE

__all__ = ["SOURCE"]
