"""Tables as a Vietnamese hospital has them: a laboratory's CSV in TCVN3 with decimal commas, patients in Excel."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from openpyxl import load_workbook
from tests.unit.sources.table_cases import codes, records, rejections

from lienthong import fhir
from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.core.ids import resource_id
from lienthong.sources.tables.examples import run_examples
from lienthong.sources.tables.language import compile_mapping
from lienthong.sources.tables.letters import from_tcvn3
from lienthong.sources.tables.workbook import open_workbook

LABORATORY = """\
lienthong_mapping: 1
name: xet-nghiem
version: "1"
source: bv-lab
tables:
  xet_nghiem:
    files: ["xet_nghiem*.csv"]
    encoding: tcvn3
    separator: ";"
    columns:
      MA_BN: {header: M· BN, letters: unicode}
      TEN_XN: {header: Tªn xÐt nghiÖm, letters: tcvn3}
      KET_QUA: {type: decimal, decimal: ",", comparator: true, otherwise: text}
      DON_VI: {}
      NGAY: {type: dateTime, format: [dd/mm/yyyy HH:MM, dd/mm/yyyy]}
    key: [$MA_BN, $TEN_XN, $NGAY]
    resources:
      - resource: Observation
        content:
          status: final
          code: {text: $TEN_XN}
          subject: {$reference: Patient, $key: [$MA_BN]}
          effectiveDateTime: $NGAY
          valueQuantity:
            $when: {KET_QUA: {is: right}}
            value: $KET_QUA
            comparator: $KET_QUA.comparator
            unit: $DON_VI
          valueString: {$when: {KET_QUA: {is: wrong}}, $value: {$raw: KET_QUA}}
"""


def laboratory() -> list[dict[str, Any]]:
    # The header of the mapping is written as people read it, the file in the bytes of TCVN3.
    mapping = LABORATORY.replace("M· BN", "Mã BN").replace("Tªn xÐt nghiÖm", "Tên xét nghiệm")
    mapping = mapping.replace(", letters: unicode", "").replace(", letters: tcvn3", "")
    lines = [
        "M· BN;Tªn xÐt nghiÖm;KET_QUA;DON_VI;NGAY",
        "BN1;§­êng huyÕt;5,40;mmol/L;05/06/2025 07:30",
        "BN1;CRP;<0,5;mg/L;05/06/2025",
        "BN2;HBsAg;©m tÝnh;;31/12/2025",
    ]
    items = records("\n".join(lines).encode("latin-1"), mapping, name="xet_nghiem_06.csv")
    assert codes(items) == []
    assert rejections(items) == []
    return [body for item in items for body in item.resources]


def test_a_result_with_a_decimal_comma_keeps_its_digits() -> None:
    sugar, _, _ = laboratory()
    assert sugar["code"] == {"text": "Đường huyết"}
    assert canonical.encode(sugar["valueQuantity"]) == b'{"unit":"mmol/L","value":5.40}'
    assert sugar["effectiveDateTime"] == "2025-06-05T07:30:00+07:00"
    assert sugar["subject"] == {"reference": f"Patient/{resource_id('bv-lab', 'Patient', 'BN1')}"}


def test_below_the_limit_of_detection_is_a_comparator_not_a_lost_sign() -> None:
    _, crp, _ = laboratory()
    assert canonical.encode(crp["valueQuantity"]) == b'{"comparator":"<","unit":"mg/L","value":0.5}'
    assert crp["effectiveDateTime"] == "2025-06-05"


def test_a_result_in_words_stays_in_words() -> None:
    _, _, antigen = laboratory()
    assert (antigen["valueString"], "valueQuantity" in antigen) == ("âm tính", False)


def test_all_of_it_is_valid() -> None:
    found = [finding for body in laboratory() for finding in fhir.validate(body)]
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


PATIENTS = """\
lienthong_mapping: 1
name: danh-sach
version: "1"
maps:
  phai: {entries: {Nam: male, Nữ: female}, fold: true}
tables:
  danh_sach:
    files: ["danh_sach*.xlsx"]
    sheet: Bệnh nhân
    header: 3
    columns:
      MA: {header: Mã BN}
      TEN: {header: Họ tên}
      SINH: {header: Ngày sinh, type: date, format: [dd/mm/yyyy, yyyy]}
      PHAI: {header: Phái, type: code, map: phai}
      CAN_NANG: {header: Cân nặng, type: decimal, decimal: ","}
      KHAM: {header: Giờ khám, type: dateTime, format: dd/mm/yyyy HH:MM}
      BHYT: {header: Có BHYT, type: boolean, "true": [x], "false": [o]}
      BENH: {header: Mã bệnh, split: ";"}
    key: [$MA]
    resources:
      - resource: Patient
        content:
          name: [{text: $TEN}]
          gender: $PHAI
          birthDate: $SINH
          active: $BHYT
      - resource: Observation
        when: {CAN_NANG: {is: given}}
        content:
          status: final
          code: {text: Cân nặng}
          subject: {$reference: Patient, $key: [$MA]}
          effectiveDateTime: $KHAM
          valueQuantity: {value: $CAN_NANG, unit: kg}
      - resource: Condition
        repeat: $BENH
        key: [$MA, $item]
        content:
          code: {coding: [{system: "http://hl7.org/fhir/sid/icd-10", code: $item}]}
          subject: {$reference: Patient, $key: [$MA]}
examples:
  - name: một người
    table: danh_sach
    rows: [{MA: B1, TEN: Lê Thị Mơ, SINH: 02/03/1960, PHAI: nu, CAN_NANG: "51,50", KHAM: 01/06/2025 08:05,
            BENH: I10;E11}]
    expect:
      - {resourceType: Patient, name: [{text: Lê Thị Mơ}], gender: female, birthDate: 1960-03-02}
      - resourceType: Observation
        status: final
        code: {text: Cân nặng}
        subject: {$reference: Patient, $key: [B1]}
        effectiveDateTime: 2025-06-01T08:05:00+07:00
        valueQuantity: {value: 51.50, unit: kg}
      - resourceType: Condition
        code: {coding: [{system: "http://hl7.org/fhir/sid/icd-10", code: I10}]}
        subject: {$reference: Patient, $key: [B1]}
      - resourceType: Condition
        code: {coding: [{system: "http://hl7.org/fhir/sid/icd-10", code: E11}]}
        subject: {$reference: Patient, $key: [B1]}
"""


def workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.add_worksheet("Bìa").write(0, 0, "Trang bìa")
    sheet = book.add_worksheet("Bệnh nhân")
    day, moment = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.merge_range(0, 0, 0, 7, "DANH SÁCH BỆNH NHÂN")
    names = ["Mã BN", "Họ tên", "Ngày sinh", "Phái", "Cân nặng", "Giờ khám", "Có BHYT", "Mã bệnh"]
    sheet.write_row(2, 0, names)
    sheet.write_row(3, 0, ["B1", "Lê Thị Mơ"])
    sheet.write_number(3, 2, 21977, day)  # 02/03/1960
    sheet.write_row(3, 3, ["Nữ", 51.1])
    sheet.write_number(3, 5, 45809 + 8 * 3600 / 86400 + 300 / 86400, moment)  # 01/06/2025 08:05
    sheet.write_boolean(3, 6, True)
    sheet.write(3, 7, "I10; E11")
    sheet.write_row(4, 0, ["B2", "Trần Văn A", "1971", "Nam"])
    sheet.write_formula(4, 4, "=30+31.5", None, 61.5)
    sheet.write_row(6, 0, ["B3", "Ngô Văn C", "03/04/1980", "Nam", "#"])
    sheet.write_formula(6, 5, "=1/0", None, "#DIV/0!")
    book.close()
    return file.getvalue()


def test_a_patient_list_in_excel() -> None:
    items = records(workbook(), PATIENTS, name="danh_sach_2025.xlsx")
    assert [item.origin.record for item in items] == ["Bệnh nhân row 4", "Bệnh nhân row 5", "Bệnh nhân row 7"]
    first = items[0].resources
    assert [body["resourceType"] for body in first] == ["Patient", "Observation", "Condition", "Condition"]
    assert (first[0]["birthDate"], first[0]["gender"], first[0]["active"]) == ("1960-03-02", "female", True)
    assert canonical.encode(first[1]["valueQuantity"]["value"]) == b"51.1"
    assert first[1]["effectiveDateTime"] == "2025-06-01T08:05:00+07:00"
    second = items[1].resources
    assert (second[0]["birthDate"], str(second[1]["valueQuantity"]["value"])) == ("1971", "61.5")
    # an error of Excel and a mark are no numbers: each its finding, the person is kept
    assert sorted(codes(items)) == ["tables-cell-unreadable", "tables-cell-wrong"]


def test_its_golden_example_holds_and_a_changed_one_fails() -> None:
    mapping = compile_mapping(PATIENTS, "danh_sach.yaml", "+07:00")
    assert [outcome.differences for outcome in run_examples(mapping).outcomes] == [()]
    for right, wrong, said in (
        ("value: 51.50", "value: 51.5", "expect[1].valueQuantity.value: 51.5 expected, 51.50 found"),
        ("birthDate: 1960-03-02}", "birthDate: 1960-02-03}", "expect[0].birthDate"),
        ("code: I10", "code: I11", "expect[2].code.coding[0].code: I11 expected, I10 found"),
        ("PHAI: nu", "PHAI: khác", "findings expected: none, found: ['tables-code-unmapped']"),
    ):
        head, _, examples = PATIENTS.partition("examples:")
        changed = compile_mapping(head + "examples:" + examples.replace(right, wrong), "danh_sach.yaml", "+07:00")
        (outcome,) = run_examples(changed).outcomes
        assert any(said in line for line in outcome.differences), (said, outcome.differences)


def test_every_cell_is_the_one_that_openpyxl_reads() -> None:
    data: Any = io.BytesIO(workbook())
    ours = {row.number: row.cells for row in open_workbook(io.BufferedReader(data), 1 << 24).rows("Bệnh nhân")}
    theirs = load_workbook(io.BytesIO(workbook()), data_only=True)["Bệnh nhân"]
    seen = 0
    for row in theirs.iter_rows():
        for cell in row:
            assert cell.row is not None
            assert cell.column is not None
            cells = ours.get(cell.row, ())
            found = cells[cell.column - 1] if cell.column <= len(cells) else ""
            value: Any = cell.value
            if value is None:
                assert found == ""
            elif isinstance(value, bool):
                assert found == ("true" if value else "false")
            elif hasattr(value, "isoformat"):
                assert found in (value.isoformat(), value.date().isoformat())
            elif isinstance(value, (int, float)):
                assert float(found) == value
            elif not str(value).startswith("#DIV"):
                assert found == value
            seen += 1
    assert seen >= 50


@pytest.mark.parametrize("word", ["NGUYÔN THÞ H¦¥NG", "Ph¹m Ngäc ¸nh"])
def test_capitals_of_tcvn3(word: str) -> None:
    read = from_tcvn3(word)
    assert read in ("NGUYỄN THỊ HƯƠNG", "Phạm Ngọc ánh")
