"""A table that can be shown: columns by their targets or known headers, nothing of a person left, joins kept."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from tests.unit.sources.table_cases import HEADER, SMALL, records

import lienthong.sources.tables.deidentify as module
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.converted import LeftOut
from lienthong.sources.tables.deidentify import TablesDeidentifier
from lienthong.sources.tables.language import SCHEMA, compile_mapping
from lienthong.sources.tables.moving import iso_of, moved
from lienthong.sources.tables.propose import _known
from lienthong.sources.tables.rows import Plain
from lienthong.sources.tables.showable import KINDS
from lienthong.sources.tables.source import shipped
from lienthong.sources.tables.uses import STRONGEST, concept_kinds, uses_of

KEY = bytes(range(32))
LAB = """\
lienthong_mapping: 1
name: lab
version: "1"
tables:
  people:
    files: ["nguoi_benh*.csv", "nguoi_benh*.xlsx"]
    separator: ";"
    columns:
      MA_BN: {}
      HO_DEM: {}
      TEN: {}
      PHAI: {type: code, map: sex}
      NGAY_SINH: {type: date, format: dd/mm/yyyy}
      CCCD: {}
      THE: {optional: true}
      DIEN_THOAI: {optional: true}
      DIA_CHI: {optional: true}
      GHI_CHU: {optional: true, deidentify: text}
      MA_RIENG: {optional: true}
    key: [$MA_BN]
    resources:
      - resource: Patient
        content:
          identifier:
            - {system: "http://fhir.hl7.org.vn/core/sid/cccd", value: $CCCD}
            - {system: "http://fhir.hl7.org.vn/core/sid/bhyt", type: {coding: [{code: HC}]}, value: $THE}
          name: [{family: $HO_DEM, given: [$TEN]}]
          gender: $PHAI
          birthDate: $NGAY_SINH
          telecom: [{system: phone, value: $DIEN_THOAI}]
          address: [{text: $DIA_CHI}]
  results:
    files: ["ket_qua.csv"]
    columns:
      SO_PHIEU: {}
      MA_BN: {required: true}
      NGAY: {type: dateTime, format: "dd/mm/yyyy HH:MM"}
      MA_XN: {}
      KQ: {type: decimal, decimal: ",", otherwise: text}
      BAC_SI: {}
    key: [$SO_PHIEU, $MA_XN]
    resources:
      - resource: Observation
        content:
          status: final
          code: {coding: [{system: "urn:x", code: $MA_XN}]}
          subject: {$reference: Patient, $key: [$MA_BN]}
          effectiveDateTime: $NGAY
          performer: [{$reference: Practitioner, $key: [$BAC_SI], display: $BAC_SI}]
          valueQuantity: {$when: {KQ: {is: right}}, value: $KQ}
          valueString: {$when: {KQ: {is: wrong}}, $value: {$raw: KQ}}
maps:
  sex: {fold: true, entries: {Nam: male, Nữ: female}}
"""
PEOPLE = (
    "MA_BN;HO_DEM;TEN;PHAI;NGAY_SINH;CCCD;THE;DIEN_THOAI;DIA_CHI;GHI_CHU;MA_RIENG;Ghi thêm\r\n"
    "SH000123;Lò Thị;Mơ;Nữ;3/2/1985;079185012345;GD4790123456789;0912345678;12 Hoa Mơ, Ninh Kiều;"
    "Chị Mơ là vợ anh Trần Bình, ĐT 0987654321, hẹn 17/05/2024;R-7;Lò Thị Mơ\r\n"
    "SH000124;Vàng A;Pháo;Nam;01/01/1930;010030000111;;;;=1+2;;\r\n"
)
RESULTS = (
    "SO_PHIEU,MA_BN,NGAY,MA_XN,KQ,BAC_SI\n"
    'P1,SH000123,17/05/2024 08:30,GLU,"5,3",Phạm Hương\n'
    "P1,SH000123,17/05/2024 08:30,HBSAG,Âm tính với Lò Thị Mơ,Phạm Hương\n"
    "P2,SH000124,18/05/2024 09:00,GLU,6,Phạm Hương\n"
    "P3,SH000124,18/05/2024 09:00,GLU\n"
)
GONE = (
    "SH0001", "Mơ", "mo ", "Lò", "Vàng", "Pháo", "079185012345", "0123456789", "0912345678", "0987654321", "Hoa",
    "Ninh", "17/05/2024", "1985", "Bình", "Hương", "R-7", "Ghi thêm",
)  # fmt: skip


def shown(
    files: dict[str, bytes], mapping: str = LAB, *, no_text: bool = False
) -> tuple[dict[str, bytes], list[Finding | LeftOut], Replacer]:
    """The copies of files that are given in one call."""
    settings = Settings(mappings={"lab.yaml": mapping} if mapping else {})
    made, circles = TablesDeidentifier(), Circles()

    def stream(data: bytes) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(data), 1 << 20)

    for name, data in files.items():
        for _ in made.learn(stream(data), name=name, settings=settings, circles=circles, this_year=2026):
            pass
    circles.close()
    replacer = Replacer(KEY, circles, no_text=no_text)
    copies, told = {}, []
    for name, data in files.items():
        out = io.BytesIO()
        items = made.rewrite(stream(data), out, name=name, settings=settings, replacer=replacer)
        told += [item for item in items if item is not None]
        copies[name] = out.getvalue()
    return copies, told, replacer


def table(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator))


def test_every_kind_is_known_and_every_meaning_of_a_header_has_one() -> None:
    data = tomllib.loads(Path(module.__file__).with_name("deidentify.toml").read_text("utf-8"))
    assert {kind for part in data.values() for kind in part} <= KINDS
    assert set(concept_kinds()) == {name for name, *_ in _known()}
    assert '"deidentify"' in SCHEMA.read_text("utf-8")
    assert set(STRONGEST) <= KINDS


def test_nothing_of_a_person_is_left_and_joins_hold() -> None:
    copies, told, replacer = shown({"nguoi_benh.csv": PEOPLE.encode(), "ket_qua.csv": RESULTS.encode()})
    text = b"\n".join(copies.values()).decode()
    assert [gone for gone in GONE if gone in text] == []
    people, results = table(copies["nguoi_benh.csv"], ";"), table(copies["ket_qua.csv"])
    assert [row["MA_BN"] for row in people] == [results[0]["MA_BN"], results[2]["MA_BN"]]
    assert results[0]["MA_BN"] == results[1]["MA_BN"]
    assert [row["MA_XN"] for row in results] == ["GLU", "HBSAG", "GLU"]
    assert [row["KQ"] for row in results][::2] == ["5,3", "6"]
    assert results[1]["KQ"].startswith("Âm tính với ")
    assert {row["NGAY"][10:] for row in results} == {" 08:30", " 09:00"}
    assert [row["PHAI"] for row in people] == ["Nữ", "Nam"]
    assert people[0]["HO_DEM"] and " " in people[0]["TEN"]
    assert people[0]["CCCD"][3] == "1" and len(people[0]["CCCD"]) == 12
    assert people[0]["DIEN_THOAI"].startswith("0198")
    assert [finding.code for finding in told if isinstance(finding, Finding)] == ["tables-row-width"]
    assert set(replacer.not_copied) == {"MA_RIENG", "L"}


def test_a_birth_and_a_visit_move_together_and_the_oldest_are_one_group() -> None:
    copies, _, _ = shown({"nguoi_benh.csv": PEOPLE.encode(), "ket_qua.csv": RESULTS.encode()})
    people, results = table(copies["nguoi_benh.csv"], ";"), table(copies["ket_qua.csv"])

    def day(text: str) -> date:
        parts = [int(part) for part in text[:10].split("/")]
        return date(parts[2], parts[1], parts[0])

    assert day(results[0]["NGAY"]) - date(2024, 5, 17) == day(people[0]["NGAY_SINH"]) - date(1985, 2, 3)
    assert (day(results[0]["NGAY"]) - date(2024, 5, 17)).days % 7 == 0


def test_a_copy_is_read_by_the_same_mapping_and_gives_the_same_records() -> None:
    rows = "BN1;Nguyễn Văn An;05/03/1960;nam\nBN2;Trần Bình;1962;x\n;Lê A;1970;Nam\n"
    for codec, named in (("utf-8", ""), ("utf-16", ""), ("latin-1", "\n    encoding: tcvn3")):
        mapping = SMALL.replace('separator: ";"', f'separator: ";"{named}')
        whole = HEADER + (rows if not named else "BN1;NguyÔn V¨n An;05/03/1960;nam\nBN2;TrÇn B×nh;1962;x\n;A;1;Nam\n")
        copies, told, _ = shown({"people.csv": whole.encode(codec)}, mapping)
        before, after = records(whole.encode(codec), mapping), records(copies["people.csv"], mapping)
        assert told == []
        assert [len(item.resources) for item in after] == [len(item.resources) for item in before] == [1, 1, 0]
        assert b"Nguy" not in copies["people.csv"] and "Trần".encode() not in copies["people.csv"]
        name = after[0].resources[0]["name"][0]["text"]
        assert name.isprintable() and "\ufffd" not in name and any(letter > "\x7f" for letter in name)


def test_no_cell_is_a_formula_and_numbers_and_phones_stay_as_they_are() -> None:
    header = "Mã bệnh nhân,Điện thoại,Kết quả,Chẩn đoán\n"
    rows = 'A1,+84912345678,-5,"=HYPERLINK(""http://x"")"\nA2,,+3,@SUM(A1)\n'
    copies, _, _ = shown({"x.csv": (header + rows).encode()}, "")
    found = table(copies["x.csv"])
    assert [row["Kết quả"] for row in found] == ["-5", "+3"]
    assert found[0]["Điện thoại"].startswith("+84198")
    assert all(row["Chẩn đoán"].startswith("'") for row in found)


def test_without_a_mapping_only_what_a_known_header_says_is_copied() -> None:
    data = (
        "Mã bệnh nhân;Họ và tên;Ngày sinh;Giới tính;CCCD;Mã bệnh;Kết quả;Biệt danh;Tên;Chẩn đoán\n"
        "SH000123;Lò Thị Mơ;03/02/1985;Nữ;079185012345;J18.9;5.3;Bé Mơ;Mơ;Viêm phổi, chị Mơ đỡ\n"
        "SH000124;Vàng A Pháo;01/01/1960;Nam;010060000111;079185012345;x;;;Gọi 0912345678\n"
    )
    copies, told, replacer = shown({"x.csv": data.encode()}, "")
    text = copies["x.csv"].decode()
    assert told == []
    assert [gone for gone in (*GONE, "Biệt danh", "Bé") if gone in text] == []
    found = table(copies["x.csv"], ";")
    assert list(found[0]) == [
        "Mã bệnh nhân", "Họ và tên", "Ngày sinh", "Giới tính", "CCCD", "Mã bệnh", "Kết quả", "Chẩn đoán",
    ]  # fmt: skip
    assert [row["Mã bệnh"] for row in found] == ["J18.9", ""]  # a national id stands in the wrong column
    assert found[0]["Chẩn đoán"].startswith("Viêm phổi")
    assert replacer.not_copied == ("H", "Tên")


@pytest.mark.parametrize(
    "data", ["a;b\n1;2\n", "Lò Thị Mơ;0912345678\nVàng;1\n", "", "Ngày\tLò\n1\t2\n", "x\n", "\x00"], ids=repr
)
def test_a_table_that_nothing_knows_is_refused(data: str) -> None:
    with pytest.raises(LienthongError) as caught:
        shown({"x.csv": data.encode()}, "")
    assert caught.value.code == "deidentify-table-unknown"
    assert "Mơ" not in str(caught.value)


def test_a_draft_is_refused_and_prose_is_left_out() -> None:
    with pytest.raises(LienthongError) as caught:
        shown({"ket_qua.csv": RESULTS.encode()}, LAB.replace('version: "1"', 'version: "1"\ndraft: true'))
    assert caught.value.code == "tables-mapping-draft"
    _, told, _ = shown({"GHI_CHU.txt": b"Anh Binh goi 0912345678"}, "")
    assert [type(item) for item in told] == [LeftOut]


def workbook() -> bytes:
    """A workbook with a title, a real date and number, a formula, a note, and a sheet that nobody maps."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("Lò Thị Mơ")
    sheet.write_row(0, 0, ["MA_BN", "HO_TEN", "NGAY_SINH", "PHAI", "SO_CON"])
    sheet.write_row(1, 0, ["BN1", "Lò Thị Mơ"])
    sheet.write_number(1, 2, 31_081, book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_row(1, 3, ["Nữ", 2])
    sheet.write_comment(1, 1, "Mơ 0912345678")
    book.add_worksheet("Khác").write_row(0, 0, ["Mơ", "0912345678"])
    book.set_properties({"author": "Lò Thị Mơ"})
    book.close()
    return file.getvalue()


@pytest.mark.parametrize("mapping", [SMALL, ""])
def test_a_workbook_comes_out_as_one_without_what_is_beside_its_cells(mapping: str) -> None:
    data = workbook()
    if not mapping:
        data_header = {"MA_BN": "Mã bệnh nhân", "HO_TEN": "Họ tên", "NGAY_SINH": "Ngày sinh", "PHAI": "Phái"}
        book = openpyxl.load_workbook(io.BytesIO(data))
        for cell in book.worksheets[0][1]:
            cell.value = data_header.get(str(cell.value), cell.value)
        out = io.BytesIO()
        book.save(out)
        data = out.getvalue()
    copies, told, replacer = shown({"people.xlsx": data}, mapping)
    assert told == []
    copy = openpyxl.load_workbook(io.BytesIO(copies["people.xlsx"]))
    assert copy.sheetnames == ["Sheet1"]
    row = [cell.value for cell in copy.worksheets[0][2]]
    assert "Mơ" not in str([[cell.value for cell in each] for each in copy.worksheets[0].rows])
    assert "Mơ" not in str(copy.properties.creator)
    assert all(cell.comment is None for each in copy.worksheets[0].rows for cell in each)
    assert replacer.tally["unknown-sheet"] == 1
    assert row[2].year == 1984 or row[2].year == 1985
    if mapping:
        (item,) = records(copies["people.xlsx"], name="people.xlsx")
        assert item.resources[0]["multipleBirthInteger"] == 2
        assert item.findings == ()


def test_a_copy_has_the_name_of_its_pattern_and_never_that_of_its_file() -> None:
    settings = Settings(mappings={"lab.yaml": LAB})
    named = TablesDeidentifier().named
    assert named("x/nguoi_benh_Lò_Thị_Mơ.csv", 3, settings) == "nguoi_benh0003.csv"
    assert named("x/nguoi_benh_Mơ.XLSX", 3, settings) == "nguoi_benh0003.xlsx"
    assert named("x/KET_QUA.csv.gz", 4, settings) == "ket_qua.csv"
    assert named("x/Mơ.csv", 4, settings) == "0004.csv"
    assert named("x/Mơ.xlsx", 4, settings) == "0004.xlsx"


def test_no_text_empties_text_and_keeps_numbers_and_codes() -> None:
    copies, _, _ = shown({"ket_qua.csv": RESULTS.encode()}, no_text=True)
    assert [row["KQ"] for row in table(copies["ket_qua.csv"])] == ["5,3", "", "6"]


def test_a_number_of_a_table_is_that_of_a_claim_where_one_alone_has_it() -> None:
    circles = Circles()
    circles.join(["n:079185012345", "k:01999|BN7"])
    circles.join(["k:01999|BN8"])
    circles.join(["k:01002|BN8"])
    for number in ("BN7", "BN8"):
        circles.join([f"t:Patient/{number}"])
    circles.close()
    assert circles.anchor(["t:Patient/BN7"]) == "n:079185012345"
    assert circles.anchor(["t:Patient/BN8"]) == "t:Patient/BN8"


def test_kinds_of_the_shipped_mapping() -> None:
    kinds = uses_of(compile_mapping(shipped()["synthea"], "synthea.yaml", "+07:00")).kinds
    said = {name: kinds["patients", name] for name in ("Id", "SSN", "PASSPORT", "LAST", "MAIDEN", "BIRTHDATE", "ZIP")}
    assert said == {
        "Id": "key", "SSN": "card", "PASSPORT": "national-id", "LAST": "family", "MAIDEN": "family",
        "BIRTHDATE": "birth", "ZIP": "removed",
    }  # fmt: skip
    assert kinds["devices", "UDI"] == "token"  # a part of a key is never emptied
    assert kinds["conditions", "CODE"] == "catalogue"


def test_a_date_keeps_its_form() -> None:
    def later(text: str) -> str:
        return text.replace("2024", "2023") if len(text) == 10 else text

    assert moved("5/3/2024", ["dd/mm/yyyy"], later) == "5/3/2023"
    assert moved("05/03/2024 08:09", ["dd/mm/yyyy", "dd/mm/yyyy HH:MM"], later) == "05/03/2023 08:09"
    assert moved("2024-03-05T08:09:10.5Z", ["iso"], later) == "2023-03-05T08:09:10.5Z"
    assert moved("03/2024", ["mm/yyyy"], later) == "03/2024"
    assert moved("20240305", ["yyyymmdd"], later) == "20230305"
    assert moved("31/02/2024", ["dd/mm/yyyy"], later) == moved("Mơ", ["iso"], later) == ""
    assert isinstance(moved(Plain("2024-03-05"), ["dd/mm/yyyy"], later), Plain)
    assert iso_of("05/03/2024 08:09", ["dd/mm/yyyy HH:MM"]) == "2024-03-05"
