"""Writes claims as files: the GIAMDINHHS envelope of the insurance portal, in the dialects of real software."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from lienthong.demo.claims import FACILITY_A, Claim, Row
from lienthong.demo.papers import SUMMARY_ROOT

__all__ = ["Dialect", "claim_file"]

_BODY = {
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
}
_ALONE = {"XML1": "TONG_HOP", "XML8": SUMMARY_ROOT}  # tables of one row, without a list
# Fields of free text, which many programs wrap in CDATA.
_TEXTS = frozenset(
    {
        "HO_TEN",
        "DIA_CHI",
        "LY_DO_VV",
        "LY_DO_VNT",
        "CHAN_DOAN_VAO",
        "CHAN_DOAN_RV",
        "TEN_THUOC",
        "LIEU_DUNG",
        "TEN_DICH_VU",
        "TEN_VAT_TU",
        "TEN_CHI_SO",
        "KET_LUAN",
        "DIEN_BIEN_LS",
        "QT_BENHLY",
    }
)
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_ENVELOPE = f"""{_HEAD}
<GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <THONGTINDONVI>
    <MACSKCB>{FACILITY_A}</MACSKCB>
  </THONGTINDONVI>
  <THONGTINHOSO>
    <NGAYLAP>{{made}}</NGAYLAP>
    <SOLUONGHOSO>{{count}}</SOLUONGHOSO>
    <DANHSACHHOSO>
{{records}}
    </DANHSACHHOSO>
  </THONGTINHOSO>
  <CHUKYDONVI />
</GIAMDINHHS>
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a program writes the same claim: all of these are met in practice, and none is a fault."""

    cdata: bool = True
    mark: bool = False  # a byte order mark before each inner document
    windows: bool = False  # CRLF
    plain: bool = False  # the inner documents as plain XML instead of base64


def claim_file(claims: Sequence[Claim], made: date, dialect: Dialect, *, count: int | None = None) -> bytes:
    """An envelope with these claims; `count` is what SOLUONGHOSO says where that is not their number."""
    records = "\n".join(_record(claim, dialect) for claim in claims)
    text = _ENVELOPE.format(made=f"{made:%Y%m%d}", count=len(claims) if count is None else count, records=records)
    if dialect.windows:
        text = text.replace("\n", "\r\n")
    return text.encode("utf-8")


def _record(claim: Claim, dialect: Dialect) -> str:
    parts = ["      <HOSO>"]
    for table, rows in claim.tables.items():
        if rows:
            parts += [
                "        <FILEHOSO>",
                f"          <LOAIHOSO>{table}</LOAIHOSO>",
                f"          <NOIDUNGFILE>{_content(_table(table, rows, dialect), dialect)}</NOIDUNGFILE>",
                "        </FILEHOSO>",
            ]
    parts.append("      </HOSO>")
    return "\n".join(parts)


def _content(text: str, dialect: Dialect) -> str:
    if dialect.plain:
        return text.removeprefix(_HEAD)
    if dialect.windows:
        text = text.replace("\n", "\r\n")
    return base64.b64encode(text.encode("utf-8-sig" if dialect.mark else "utf-8")).decode("ascii")


def _table(table: str, rows: list[Row], dialect: Dialect) -> str:
    if table in _ALONE:
        root = _ALONE[table]
        return "\n".join([_HEAD, f"<{root}>", *_fields(rows[0], "  ", dialect), f"</{root}>"])
    root, list_tag, row_tag = _BODY[table]
    lines = [_HEAD, f"<{root}>", f"  <{list_tag}>"]
    for row in rows:
        lines += [f"    <{row_tag}>", *_fields(row, "      ", dialect), f"    </{row_tag}>"]
    return "\n".join([*lines, f"  </{list_tag}>", f"</{root}>"])


def _fields(row: Row, indent: str, dialect: Dialect) -> list[str]:
    lines = []
    for name, value in row.items():
        if not value:
            lines.append(f"{indent}<{name} />")
        elif dialect.cdata and name in _TEXTS:
            lines.append(f"{indent}<{name}><![CDATA[{value}]]></{name}>")
        else:
            lines.append(f"{indent}<{name}>{value if value.isalnum() else escape(value)}</{name}>")
    return lines
