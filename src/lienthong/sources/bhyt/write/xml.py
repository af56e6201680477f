"""Rows as XML: the tables of a record in base64, as the portal takes them, inside one envelope."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape

from lienthong.sources.bhyt.layout import PATHS, TABLES

__all__ = ["check_in", "envelope"]

Rows = Sequence[Mapping[str, str]]
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def envelope(facility: str, records: Sequence[Mapping[str, Rows]], made: date) -> bytes:
    """A file with these records (each its rows by table), said to be made on this day; unsigned."""
    inside = "".join(f"<HOSO>{''.join(_parts(tables))}</HOSO>\n" for tables in records)
    return (
        f"{_HEAD}<GIAMDINHHS><THONGTINDONVI><MACSKCB>{_text(facility)}</MACSKCB></THONGTINDONVI>"
        f"<THONGTINHOSO><NGAYLAP>{made:%Y%m%d}</NGAYLAP><SOLUONGHOSO>{len(records)}</SOLUONGHOSO>"
        f"<DANHSACHHOSO>\n{inside}</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>\n"
    ).encode()


def check_in(rows: Rows) -> bytes:
    """A file of check-ins (XML0), which is sent without an envelope."""
    return (_HEAD + _table("XML0", rows)).encode()


def _parts(tables: Mapping[str, Rows]) -> Iterable[str]:
    for table in TABLES:
        if rows := tables.get(table):
            content = base64.b64encode((_HEAD + _table(table, rows)).encode()).decode("ascii")
            yield f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"


def _table(table: str, rows: Rows) -> str:
    *outer, tag = PATHS[table]
    inside = "".join(
        f"<{tag}>{''.join(f'<{name}>{_text(text)}</{name}>' for name, text in row.items())}</{tag}>" for row in rows
    )
    return "".join(f"<{name}>" for name in outer) + inside + "".join(f"</{name}>" for name in reversed(outer))


def _text(text: str) -> str:
    # A carriage return would be read as a line feed, were it not written as a reference (XML 1.0, 2.11).
    return escape(text, quote=False).replace("\r", "&#13;")
