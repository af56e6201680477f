"""Makes `sources/bhyt/layouts.csv`, the dated layouts of the health-insurance tables, from a list of their fields.

    python scripts/generate_bhyt_layouts.py [BHYT_FIELDS.csv] [--check]

The list restates the annexes of Quyết định 130/2023 as changed by 4750/2023, the changed table XML13 of 3176/2024,
the older tables of 4210/2017, and what the insurer's portal accepts. A field that is not sure to be required is not.
Of the older tables neither lengths nor required fields are known.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "sources" / "bhyt" / "layouts.csv"
COLUMNS = (
    *("table", "position", "field", "type", "decimals", "max_length", "accepted_length", "required", "separator"),
    *("codes", "value_set", "system", "copy_of", "decision", "valid_from", "valid_to", "sure", "vi", "en"),
)
# The first day of each decision; 130/2023 was put off by 4750/2023, so files of both lines were written until then.
FIRST_DAYS = {
    "4210/QĐ-BYT 2017": None,
    "130/QĐ-BYT 2023": date(2023, 9, 1),
    "4750/QĐ-BYT 2023": date(2024, 7, 1),
    "3176/QĐ-BYT 2024": date(2025, 1, 1),
    "1931/QĐ-BYT 2026": date(2026, 7, 1),
}
OLDER, FIRST, SECOND, THIRD, FOURTH = FIRST_DAYS
OLDER_ENDS = date(2024, 6, 30)

TYPES = {
    "string": "text",
    "number": "number",
    "datetime(yyyymmddHHMM)": "moment",
    "date(yyyymmdd)": "date",
    "date list(yyyymmdd;…)": "date",
}
# Numbers of the annex that are amounts, counts or measures; every other is a code and stays text ("01", "1.11").
NUMBERS = re.compile(
    r"STT|SO_NGAY\w*|NAM_QT|THANG_QT|TYLE_\w+|TONG_TYLE\w*|SO_LUONG|MUC_HUONG|TUOI_THAI|SO_CON\w*|LAN_SINH|CAN_NANG\w*"
)
NUMBERS_AS_TEXT = {"CAN_NANG", "CAN_NANG_CON"}  # kilograms or grams with a decimal point, say their rules
CODES_AS_TEXT = re.compile(
    r"MA_\w+|MA[TXH]\w+_CU_TRU|DUONG_DUNG|NOI_LAY_MAU_XN|NOI_XN_KD|NOI_BDDT_ARV|NGUOI_THUC_HIEN|GOI_VTYT|MAU_SO|NHOM_MAU"
    r"|DANG_HUONG_CHE_DO|SO_DANG_KY|SO_CCCD\w*"
)
BIRTHS = {"NGAY_SINH", "NGAYSINH_NND"}  # unknown parts are zeros
LISTS = re.compile(r"cách nhau|nhiều mã")
# Fields of one code list under several names: the list is named by the field that the decisions name it after.
SYSTEMS = {
    **dict.fromkeys(
        (
            "MA_DKBD",
            "MA_NOI_DI",
            "MA_NOI_DEN",
            "MA_NOI_CHUYEN",
            "MA_CSKCB_DI",
            "MA_CSKCB_DEN",
            "NOI_LAY_MAU_XN",
            "NOI_XN_KD",
        ),
        "MA_CSKCB",
    ),
    "NOI_BDDT_ARV": "MA_CSKCB",
    **dict.fromkeys(("MA_BS", "MA_BS_DOC_KQ", "NGUOI_THUC_HIEN"), "MA_BAC_SI"),
    **dict.fromkeys(("MA_BENH_CHINH", "MA_BENH_KT", "MA_BENH", "MA_BENHKHAC"), "ICD-10"),
    "MA_PTTT_QT": "ICD-9-CM",
    "MA_DANTOC_NND": "MA_DANTOC",
    "MA_KHOA_RV": "MA_KHOA",
    "MA_TTDV": "MA_BHXH",
    "MA_BHXH_NND": "MA_BHXH",
    "MA_CHA": "MA_BHXH",
    "MA_ME": "MA_BHXH",
    "MA_THE": "MA_THE_BHYT",
    "MA_THE_NND": "MA_THE_BHYT",
    "MA_THE_TAM": "MA_THE_BHYT",
    "GIOI_TINH_CON": "GIOI_TINH",
    "MA_PHAC_DO_DIEU_TRI_BD": "MA_PHAC_DO_DIEU_TRI",
    "MA_BAC_PHAC_DO_BD": "MA_BAC_PHAC_DO",
    "TINH_TRANG_RV": "MA_LOAI_RV",
}
VALUE_SETS = {"GIOI_TINH", "KET_QUA_DTRI", "MA_LOAI_RV", "MA_LOAI_KCB", "MA_DOITUONG_KCB", "PHAM_VI", "MA_PTTT"} | {
    *("NGUON_CTRA", "PP_VO_CAM", "MA_LYDO_CT", "MA_KHUVUC", "MA_NHOM"),
}
CODES = {"VET_THUONG_TP": "1", "TAI_SU_DUNG": "1", "MAU_SO": "CT07", "LAN_XN_PCR": ""}
COPIES = {"PP_DIEUTRI": "PP_DIEU_TRI"}  # the name that the field has in XML1
# Fields of XML13 that one of two readings of 3176/2024 keeps and the other drops.
DISPUTED = {"TEN_DICH_VU", "TEN_THUOC"}


@dataclass(frozen=True, slots=True)
class Row:
    table: str
    position: str
    field: str
    type: str
    decimals: str
    max_length: str
    accepted_length: str
    required: str
    separator: str
    codes: str
    value_set: str
    system: str
    copy_of: str
    decision: str
    valid_from: str
    valid_to: str
    sure: str
    vi: str
    en: str

    def since(self, decision: str, **changes: str) -> Row:
        """This row as a later decision has it."""
        first = FIRST_DAYS[decision]
        assert first is not None
        return replace(self, decision=decision, valid_from=first.isoformat(), valid_to="", **changes)

    def until(self, decision: str) -> Row:
        """This row as it was up to the day before a decision."""
        first = FIRST_DAYS[decision]
        assert first is not None
        return replace(self, valid_to=(first - timedelta(days=1)).isoformat())


def kind(row: dict[str, str]) -> str:
    name = row["field"]
    if name in BIRTHS:
        return "birth"
    if row["code_system"] == "VND":
        return "money"
    if row["type"] in ("string", "number") and name in NUMBERS_AS_TEXT:
        return "number"
    if row["type"] == "number":
        return "number" if NUMBERS.fullmatch(name) else "code"
    if row["type"] == "string":
        return "code" if CODES_AS_TEXT.fullmatch(name) else "text"
    return TYPES[row["type"]]


def required(row: dict[str, str]) -> str:
    """`yes`, `no`, or the condition: `A,B empty`, `A present`, `A = 1,2`, `A <> 0`."""
    text = row["required"].removeprefix("conditional: ")
    if row["sure"] != "yes" or text.startswith("same rule"):
        return "no"
    text = text.removeprefix("if ")
    if match := re.fullmatch(r"unless (\w+) in ([\w,]+)", text):
        return f"{match[1]} <> {match[2]}"
    if match := re.fullmatch(r"(\w+)(?: in |=)([\w,]+)", text):
        return f"{match[1]} = {match[2]}"
    if match := re.fullmatch(r"(\w+)<>(\w+)", text):
        return f"{match[1]} <> {match[2]}"
    return text.replace(" and ", ",")


def codes(row: dict[str, str], type_name: str) -> str:
    """The codes of a field that has a short list of its own, not a value set with dates."""
    name, listed = row["field"], row["code_system"]
    if name in CODES:
        return CODES[name]
    if type_name != "code":
        return ""
    if re.fullmatch(r"\d(?:/\d)+", listed):
        return listed.replace("/", ";")
    if match := re.fullmatch(r"(\d)[–-](\d)", listed):
        return ";".join(str(number) for number in range(int(match[1]), int(match[2]) + 1))
    return "1;2;3;4" if name == "GIAI_DOAN_LAM_SANG" else ""


def restated(row: dict[str, str]) -> Row:
    """One row of the list as a row of the layouts, without its dates."""
    table, _, older = row["table"].partition("@")
    name, type_name = row["field"], kind(row)
    length, portal = (
        row[column] if row[column].isdigit() else "" for column in ("max_length", "validator_max_length")
    )
    accepted = str(max(int(length), int(portal or 0))) if length else ""  # neither: any length
    of_older = older == "4210"
    system = SYSTEMS.get(name, name)
    value_set = system if system in VALUE_SETS and not of_older else ""
    is_list = bool(LISTS.search(row["meaning_vi"])) or row["type"].startswith("date list")
    return Row(
        table,
        row["position"],
        name,
        type_name,
        ("3" if name.startswith("DON_GIA") else "2") if type_name == "money" else "",
        length,
        accepted,
        required(row),
        ";" if is_list else "+" if name == "MA_THUOC" else "",
        "" if value_set else codes(row, type_name),
        value_set,
        system if type_name == "code" else "",
        COPIES.get(name, name) if row["rule"] == "if present must equal XML1" else "",
        OLDER if of_older else FIRST,
        "" if of_older else str(FIRST_DAYS[FIRST]),
        OLDER_ENDS.isoformat() if of_older else "",
        row["sure"],
        row["meaning_vi"],
        row["meaning_en"],
    )


def dated(row: Row, notes: str) -> Iterator[Row]:
    """A row for each version of a field."""
    if row.decision == OLDER:
        yield row
        return
    if "field added by QD 4750" in notes:
        row = row.since(SECOND)
    elif match := re.search(r"max length (\d+)->(\d+) by QD 4750", notes):
        yield replace(row, max_length=match[1]).until(SECOND)
        row = row.since(SECOND)
    if row.table == "XML13":
        yield row.until(THIRD)
        if row.field in DISPUTED:
            yield row.since(THIRD, required="no", sure="no")
    elif row.field == "MAHUYEN_CU_TRU" and row.required == "yes":
        first = date(2025, 7, 1)
        yield replace(row, valid_to=(first - timedelta(days=1)).isoformat())
        ended = "districts ended on 2025-07-01"
        yield replace(row, required="no", decision=ended, valid_from=first.isoformat())
    elif row.table in ("XML2", "XML3") and row.field == "MUC_HUONG":
        yield row.until(FOURTH)
        yield row.since(FOURTH, max_length="4", accepted_length="4")
    else:
        yield row


def rows(fields: Path) -> Iterator[Row]:
    """The rows of the layouts, in the order of tables, positions and dates."""
    with fields.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    for row in listed:
        if row["table"] == "XML13@3176":
            made = restated(row)
            # Its annex was not seen: lengths and required fields are those of 4750 where that has the field.
            yield made.since(THIRD, required="yes" if row["required"] == "yes" else "no")
        else:
            yield from dated(restated(row), row["notes"])


def generate(fields: Path) -> str:
    """The file's text: a row for each field of each layout."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows(fields))
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES.parent / "reference" / "bhyt_fields.csv", __doc__))
