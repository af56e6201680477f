"""Every field of every table of claims has a kind and a reason for what becomes of it in a showable copy."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path

import lienthong.sources.bhyt.deidentify as module
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.bhyt.deidentify import KINDS, BhytDeidentifier, kinds
from lienthong.sources.bhyt.layout import PATHS

FOLDER = Path(module.__file__).parent


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text("utf-8").splitlines()))


def test_every_field_of_every_table_is_classified_once_and_nothing_else_is() -> None:
    fields = [row["field"] for row in table("deidentify.csv")]
    assert len(fields) == len(set(fields)) > 270
    assert set(fields) == {row["field"] for row in table("layouts.csv")}


def test_every_kind_is_known_has_a_reason_and_is_used() -> None:
    assert {row["kind"] for row in table("deidentify.csv")} == KINDS
    assert all(row["why"] for row in table("deidentify.csv"))


def test_dates_are_dates_and_what_is_kept_is_no_free_text() -> None:
    known = kinds()
    for row in table("layouts.csv"):
        kind = known[row["field"]]
        if row["type"] in ("date", "moment", "birth"):
            assert kind in ("date", "birth"), row["field"]
        if row["type"] == "text":
            assert kind != "kept" or row["field"] == "TT_THAU", row["field"]
        if row["type"] == "money":
            assert kind == "kept", row["field"]


def hoso(**tables: dict[str, str]) -> str:
    """A HOSO of tables with one row each."""
    parts = []
    for table, row in tables.items():
        text = "".join(f"<{field}>{value}</{field}>" for field, value in row.items())
        for tag in reversed(PATHS[table]):
            text = f"<{tag}>{text}</{tag}>"
        content = base64.b64encode(text.encode()).decode()
        parts.append(f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>")
    return f"<HOSO>{''.join(parts)}</HOSO>"


def shown(*hosos: str) -> tuple[list[dict[str, str]], list[Finding]]:
    """The rows of the copy, in order, and what was not copied."""
    head = "<THONGTINDONVI><MACSKCB>79012</MACSKCB></THONGTINDONVI>"
    count = f"<SOLUONGHOSO>{len(hosos)}</SOLUONGHOSO>"
    body = f"<THONGTINHOSO>{count}<DANHSACHHOSO>{''.join(hosos)}</DANHSACHHOSO></THONGTINHOSO>"
    data = f"<GIAMDINHHS>{head}{body}<CHUKYDONVI>ký tên Lò</CHUKYDONVI></GIAMDINHHS>".encode()
    made, circles, out = BhytDeidentifier(), Circles(), io.BytesIO()

    def stream() -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(data), 1 << 20)

    for _ in made.learn(stream(), name="x", settings=Settings(), circles=circles, this_year=2026):
        pass
    circles.close()
    replacer = Replacer(bytes(range(32)), circles)
    items = list(made.rewrite(stream(), out, name="x", settings=Settings(), replacer=replacer))
    found = []
    for inner in re.findall(r"<NOIDUNGFILE>([^<]+)<", out.getvalue().decode()):
        found.append(dict(re.findall(r"<(\w+)>([^<]*)</", base64.b64decode(inner).decode())))
    assert "ký tên" not in out.getvalue().decode()
    return found, [item for item in items if isinstance(item, Finding)]


MOTHER = {
    "MA_LK": "LK1",
    "MA_BN": "SH000001",
    "HO_TEN": "Lò Thị Mơ",
    "SO_CCCD": "079195012345",
    "NGAY_SINH": "199502030000",
    "GIOI_TINH": "2",
    "MA_THE_BHYT": "GD4790123456789",
    "NGAY_VAO": "202605170800",
    "NGAY_RA": "202605190800",
}
BIRTH = {
    "MA_LK": "LK1",
    "MA_BHXH_NND": "0123456789",
    "HO_TEN_NND": "Lò Thị Mơ",
    "SO_CCCD_NND": "079195012345",
    "NGAYSINH_NND": "199502030000",
    "NGAY_SINH_CON": "202605171130",
    "HO_TEN_CON": "Trần Minh Khang",
    "GIOI_TINH_CON": "1",
    "GHI_CHU": "Con chị Mơ, bố Trần Văn Tèo, bé Khang 3200 g",
    "LA_GI": "0912345678",
}
NEWBORN = {
    **MOTHER,
    "MA_LK": "LK2",
    "MA_BN": "SH000002",
    "HO_TEN": "Trần Minh Khang",
    "SO_CCCD": "",
    "NGAY_SINH": "202605171130",
    "GIOI_TINH": "1",
    "MA_THE_BHYT": "TE1790123456789",
}


def test_a_mother_and_her_newborn_move_together_and_agree_in_all_tables() -> None:
    (mother, birth, newborn), refused = shown(hoso(XML1=MOTHER, XML9=BIRTH), hoso(XML1=NEWBORN))
    assert refused == []
    assert birth["HO_TEN_NND"] == mother["HO_TEN"] and birth["SO_CCCD_NND"] == mother["SO_CCCD"]
    assert birth["NGAYSINH_NND"] == mother["NGAY_SINH"]
    assert mother["MA_THE_BHYT"][5:] == birth["MA_BHXH_NND"] == newborn["MA_THE_BHYT"][5:]
    assert birth["NGAY_SINH_CON"] == newborn["NGAY_SINH"] != NEWBORN["NGAY_SINH"]
    assert birth["HO_TEN_CON"] == newborn["HO_TEN"]
    assert "LA_GI" not in birth
    assert not re.search("Mơ|Tèo|Khang", birth["GHI_CHU"]) and "3200 g" in birth["GHI_CHU"]


def test_a_record_without_its_key_and_an_unknown_table_are_named_and_not_copied() -> None:
    rows, refused = shown(hoso(XML1={**MOTHER, "MA_BN": ""}), hoso(XML1=MOTHER).replace("XML1<", "XML77<"))
    assert rows == []
    assert [item.code for item in refused] == ["bhyt-key-missing", "bhyt-table-unknown", "bhyt-hoso-broken"]
    assert not any("Mơ" in item.message for item in refused)


def test_a_date_that_is_none_stays_a_fault_and_its_digits_go() -> None:
    (row,), _ = shown(hoso(XML1={**MOTHER, "NGAY_RA": "202613450800", "NGAY_TAI_KHAM": "20260601;x"}))
    assert row["NGAY_RA"] == "000000000000"
    assert row["NGAY_TAI_KHAM"].endswith(";") and not row["NGAY_TAI_KHAM"].startswith("202606")
