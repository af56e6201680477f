"""Builds health-insurance envelopes and reads exports out of memory, for the tests of this folder."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape

import pytest

from lienthong import sources
from lienthong.core.settings import Settings
from lienthong.sources import Converted, LeftOut

SUMMARY = {
    "MA_LK": "LK1",
    "STT": "1",
    "MA_BN": "BN1",
    "HO_TEN": "Trần Thị Bình",
    "SO_CCCD": "001165000009",
    "NGAY_SINH": "196505170000",
    "GIOI_TINH": "2",
    "MA_QUOCTICH": "000",
    "MA_DANTOC": "01",
    "MA_NGHE_NGHIEP": "00000",
    "DIA_CHI": "Xóm 1",
    "MATINH_CU_TRU": "01",
    "MAXA_CU_TRU": "00004",
    "MA_THE_BHYT": "HT2010000000009",
    "MA_DKBD": "99999",
    "GT_THE_TU": "20260101",
    "GT_THE_DEN": "20261231",
    "LY_DO_VV": "Tái khám",
    "CHAN_DOAN_VAO": "Tăng huyết áp",
    "CHAN_DOAN_RV": "Tăng huyết áp",
    "MA_BENH_CHINH": "I10",
    "MA_DOITUONG_KCB": "1.1",
    "NGAY_VAO": "202608030845",
    "NGAY_RA": "202608031015",
    "SO_NGAY_DTRI": "0",
    "KET_QUA_DTRI": "2",
    "MA_LOAI_RV": "1",
    "NGAY_TTOAN": "202608031020",
    "T_THUOC": "0",
    "T_VTYT": "0",
    "T_TONGCHI_BV": "0",
    "T_TONGCHI_BH": "0",
    "T_BNTT": "0",
    "T_BNCCT": "0",
    "T_BHTT": "0",
    "T_NGUONKHAC": "0",
    "T_BHTT_GDV": "0",
    "NAM_QT": "2026",
    "THANG_QT": "08",
    "MA_LOAI_KCB": "01",
    "MA_KHOA": "K01",
    "MA_CSKCB": "99999",
    "CAN_NANG": "50",
    "MA_HSBA": "HS1",
}
_ROOTS = {
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
}
Row = Mapping[str, str]


def fields(row: Row) -> str:
    return "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for name, value in row.items())


def table(name: str, rows: Sequence[Row]) -> str:
    if name == "XML1":
        return f"<TONG_HOP>{fields(rows[0])}</TONG_HOP>"
    root, listing, row = _ROOTS[name]
    inside = "".join(f"<{row}>{fields(item)}</{row}>" for item in rows)
    return f"<{root}><{listing}>{inside}</{listing}></{root}>"


def part(name: str, content: str | bytes, *, inline: bool = False) -> str:
    data = content.encode() if isinstance(content, str) else content
    body = data.decode() if inline else base64.b64encode(data).decode()
    return f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{body}</NOIDUNGFILE></FILEHOSO>"


def envelope(*hosos: Sequence[str], announced: int | None = None, facility: str = "99999") -> bytes:
    inside = "".join(f"<HOSO>{''.join(parts)}</HOSO>" for parts in hosos)
    count = len(hosos) if announced is None else announced
    return (
        f'<?xml version="1.0" encoding="utf-8"?><GIAMDINHHS><THONGTINDONVI><MACSKCB>{facility}</MACSKCB>'
        f"</THONGTINDONVI><THONGTINHOSO><NGAYLAP>20260815</NGAYLAP><SOLUONGHOSO>{count}</SOLUONGHOSO>"
        f"<DANHSACHHOSO>{inside}</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"
    ).encode()


class Builder:
    """Makes claims; each method gives bytes or parts of an envelope."""

    summary = SUMMARY
    fields = staticmethod(fields)
    table = staticmethod(table)
    part = staticmethod(part)
    envelope = staticmethod(envelope)

    def claim(self, summary: Row | None = None, **tables: Sequence[Row]) -> bytes:
        """A file with one claim: XML1 with these fields changed, and tables as lists of rows (MA_LK is added)."""
        return envelope(self.parts(summary, **tables))

    def parts(self, summary: Row | None = None, **tables: Sequence[Row]) -> list[str]:
        first = {**SUMMARY, **(summary or {})}
        found = [part("XML1", table("XML1", [first]))]
        for name, rows in tables.items():
            keyed = [{"MA_LK": first["MA_LK"], "STT": str(n), **row} for n, row in enumerate(rows, 1)]
            found.append(part(name, table(name, keyed)))
        return found


@pytest.fixture
def bhyt() -> Builder:
    return Builder()


Reader = Callable[..., list[Converted | LeftOut]]


@pytest.fixture
def read_bytes() -> Reader:
    """`read_bytes(data, name="x.json", given=True, settings=..., source=..., format=...)`: all that convert gives."""

    def read(data: bytes, name: str = "x", **options: object) -> list[Converted | LeftOut]:
        settings = options.pop("settings", Settings())
        return list(
            sources.convert(io.BytesIO(data), name=name, sha256="0" * 64, settings=settings, **options)  # type: ignore[arg-type]
        )

    return read
