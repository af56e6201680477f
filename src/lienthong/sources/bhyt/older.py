"""The tables of 4210/2017 under the names of the layout in force, so that one mapping serves both.

Only what means the same is renamed; MA_LYDO_VVIEN and the care types 1 to 3 keep their own names.
Source: the renames from 4210/2017 to 130/2023 as two public programs read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lienthong.sources.bhyt.layout import is_older
from lienthong.sources.bhyt.rows import Row

__all__ = ["CARE_TYPE", "RENAMED", "modern", "older_names"]

CARE_TYPE = "4210.MA_LOAI_KCB"
"""The care type of 4210/2017 (1 exam, 2 outpatient, 3 inpatient), which is another list than the one in force."""

_LINES = {"T_NGOAIDS": "T_BHTT_GDV", "THANH_TIEN": "THANH_TIEN_BV"}
RENAMED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "XML1": MappingProxyType(
            {
                "MA_THE": "MA_THE_BHYT",
                "MIEN_CUNG_CT": "NGAY_MIEN_CCT",
                "TEN_BENH": "CHAN_DOAN_RV",
                "MA_BENH": "MA_BENH_CHINH",
                "MA_BENHKHAC": "MA_BENH_KT",
                "MA_NOI_CHUYEN": "MA_NOI_DI",
                "TINH_TRANG_RV": "MA_LOAI_RV",
                "T_TONGCHI": "T_TONGCHI_BV",
                "T_NGOAIDS": "T_BHTT_GDV",
                "MA_LOAI_KCB": CARE_TYPE,
            }
        ),
        "XML2": MappingProxyType({**_LINES, "TYLE_TT": "TYLE_TT_BH", "T_NGUON_KHAC": "T_NGUONKHAC"}),
        "XML3": MappingProxyType({**_LINES, "TYLE_TT": "TYLE_TT_DV", "DON_GIA": "DON_GIA_BV"}),
        "XML5": MappingProxyType({"DIEN_BIEN": "DIEN_BIEN_LS", "NGAY_YL": "THOI_DIEM_DBLS"}),
    }
)
"""By table: the name in 4210/2017 and the name here."""


def modern(row: Row) -> Row:
    """The row under the names in force, where it is in the older layout; else the row itself."""
    if not is_older(row.table, row.texts):
        return row
    renamed = RENAMED.get(row.table, {})
    texts: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, text in row.texts.items():
        new = renamed.get(name, name)
        if new != name and new in row.texts:
            new = name  # the row has both: neither is moved onto the other
        texts[new] = text
        if new != name:
            names[new] = name
    return Row(row.table, row.number, texts, names)


def older_names(table: str) -> Mapping[str, str]:
    """The names here and the names in 4210/2017: the way back."""
    return {new: old for old, new in RENAMED.get(table, {}).items()}
