"""Which records are the same person: exact rules on national id and insurance card; person ids assigned once."""

from __future__ import annotations

from lienthong.identity.link import CONFLICT, Linked, link

__all__ = ["CONFLICT", "Linked", "link"]
