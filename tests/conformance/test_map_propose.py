"""Proposals for the columns of a table, scored: Synthea's headers, and those of an invented Vietnamese HIS.

The HIS is invented, each header in three ways: with tones, without them, and as database columns are called. It was
written by the same hands as the names in `concepts.csv`, so its score is what a system with plain names may expect,
not what every system gives.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from lienthong.core.text import fold
from lienthong.sources.tables.propose import propose

LEDGER = tomllib.loads((Path(__file__).parent / "ledger" / "tables.toml").read_text("utf-8"))

SYNTHEA = {
    "patients": {
        "Id": "row.key", "BIRTHDATE": "patient.birthdate", "DEATHDATE": "patient.deathdate", "FIRST": "patient.given",
        "LAST": "patient.family", "GENDER": "patient.gender", "ADDRESS": "patient.address", "CITY": "patient.city",
        "ZIP": "patient.postcode",
    },
    "encounters": {
        "Id": "row.key", "START": "row.start", "STOP": "row.end", "PATIENT": "patient.key",
        "ORGANIZATION": "organization.key", "PROVIDER": "practitioner.key", "ENCOUNTERCLASS": "encounter.class",
        "CODE": "row.code", "DESCRIPTION": "row.text", "TOTAL_CLAIM_COST": "row.cost",
        "REASONCODE": "row.reason_code", "REASONDESCRIPTION": "row.reason_text",
        "BASE_ENCOUNTER_COST": "row.cost", "PAYER_COVERAGE": "row.cost",
    },
    "conditions": {
        "START": "row.start", "STOP": "row.end", "PATIENT": "patient.key", "ENCOUNTER": "encounter.key",
        "CODE": "row.code", "DESCRIPTION": "row.text",
    },
    "observations": {
        "DATE": "row.start", "PATIENT": "patient.key", "ENCOUNTER": "encounter.key",
        "CATEGORY": "observation.category", "CODE": "row.code", "DESCRIPTION": "row.text",
        "VALUE": "observation.value", "UNITS": "observation.unit",
    },
    "medications": {
        "START": "row.start", "STOP": "row.end", "PATIENT": "patient.key", "ENCOUNTER": "encounter.key",
        "CODE": "row.code", "DESCRIPTION": "row.text", "DISPENSES": "medication.quantity", "BASE_COST": "row.cost",
        "TOTALCOST": "row.cost", "PAYER_COVERAGE": "row.cost", "REASONCODE": "row.reason_code",
        "REASONDESCRIPTION": "row.reason_text",
    },
}  # fmt: skip

# header → its meaning ("" where Lienthong knows none), and values as such a system exports them
HIS: dict[str, dict[str, tuple[str, list[str]]]] = {
    "benh_nhan": {
        "Mã BN": ("patient.key", ["24001234", "24001235", "24001236"]),
        "Họ và tên BN": ("patient.name", ["NGUYỄN VĂN AN", "TRẦN THỊ BÌNH", "LÊ VĂN CƯỜNG"]),
        "Ngày sinh": ("patient.birthdate", ["15/03/1960", "02/11/1985", "30/01/2001"]),
        "Giới tính": ("patient.gender", ["Nam", "Nữ", "Nam"]),
        "Dân tộc": ("", ["Kinh", "Tày", "Kinh"]),
        "Nghề nghiệp": ("", ["Hưu trí", "Nông dân", "Học sinh"]),
        "Địa chỉ": ("patient.address", ["12 Lê Lợi, P. Bến Nghé", "Thôn 3, xã Tân An", "45 Trần Phú"]),
        "Số CCCD": ("patient.national_id", ["001060012345", "079185004321", "036201000111"]),
        "Số thẻ BHYT": ("patient.insurance_card", ["HT3797912345678", "GD4797900000001", "HS4010100000002"]),
        "SĐT": ("patient.phone", ["0901234567", "0912345678", "0987654321"]),
        "Nhóm máu": ("", ["A", "O", "AB"]),
    },
    "kham_benh": {
        "Mã bệnh nhân": ("patient.key", ["24001234", "24001235", "24001236"]),
        "Mã lượt khám": ("encounter.key", ["LK001", "LK002", "LK003"]),
        "Thời gian vào viện": ("encounter.start", ["05/06/2025 07:30", "05/06/2025 08:10", "06/06/2025 09:00"]),
        "Ngày giờ ra viện": ("encounter.end", ["08/06/2025 10:00", "05/06/2025 09:00", "06/06/2025 11:30"]),
        "Khoa điều trị": ("encounter.department", ["Nội tổng hợp", "Khoa khám bệnh", "Nội tim mạch"]),
        "Mã ICD": ("condition.code", ["I10", "E11.9", "J06"]),
        "Chẩn đoán ra viện": ("condition.text", ["Tăng huyết áp", "Đái tháo đường típ 2", "Viêm họng cấp"]),
        "Bác sĩ điều trị": ("practitioner.key", ["BS01", "BS02", "BS01"]),
        "Kết quả điều trị": ("", ["Khỏi", "Đỡ", "Khỏi"]),
        "Ghi chú": ("", ["", "tái khám sau 1 tháng", ""]),
        "Người nhập": ("", ["lan.nt", "hoa.tt", "lan.nt"]),
    },
    "xet_nghiem": {
        "Mã BN": ("patient.key", ["24001234", "24001234", "24001235"]),
        "Số phiếu chỉ định": ("observation.order", ["CD0001", "CD0001", "CD0002"]),
        "Mã chỉ số": ("observation.code", ["GLU", "HBA1C", "CRE"]),
        "Tên xét nghiệm": ("observation.text", ["Đường huyết lúc đói", "HbA1c", "Creatinin máu"]),
        "Kết quả XN": ("observation.value", ["5,4", "6,1", "<88"]),
        "Đơn vị": ("observation.unit", ["mmol/L", "%", "µmol/L"]),
        "Khoảng tham chiếu": ("observation.range", ["3,9 - 6,4", "4,0 - 6,0", "62 - 106"]),
        "Thời gian trả kết quả": ("observation.time", ["05/06/2025 09:30", "05/06/2025 09:30", "05/06/2025 10:00"]),
        "Máy xét nghiệm": ("", ["AU680", "D10", "AU680"]),
        "Người duyệt": ("", ["KTV Hà", "KTV Hà", "KTV Minh"]),
    },
    "thuoc": {
        "Mã y tế": ("patient.key", ["24001234", "24001234", "24001235"]),
        "Mã đợt điều trị": ("encounter.key", ["LK001", "LK001", "LK002"]),
        "Mã thuốc": ("medication.code", ["40.30", "40.503", "40.800"]),
        "Tên thuốc": ("medication.text", ["Amlodipin 5mg", "Metformin 850mg", "Paracetamol 500mg"]),
        "Liều dùng": ("medication.dose", ["Ngày 1 viên, sáng", "Ngày 2 viên, chia 2 lần", "Khi sốt trên 38,5"]),
        "Số lượng": ("medication.quantity", ["30", "60", "10"]),
        "Đường dùng": ("medication.route", ["Uống", "Uống", "Uống"]),
        "Ngày kê đơn": ("medication.time", ["05/06/2025", "05/06/2025", "06/06/2025"]),
        "Kho xuất": ("", ["Kho lẻ 1", "Kho lẻ 1", "Kho BHYT"]),
        "Hạn sử dụng": ("", ["01/2027", "03/2027", "12/2026"]),
    },
}


class Score:
    """Proposals counted: made, right, and columns that have a known meaning."""

    def __init__(self) -> None:
        self.made = self.right = self.known = 0
        self.wrong: list[tuple[str, str, str]] = []

    def add(self, header: str, proposed: str, meant: str) -> None:
        self.known += bool(meant)
        self.made += bool(proposed)
        self.right += bool(proposed) and proposed == meant
        if proposed and proposed != meant:
            self.wrong.append((header, proposed, meant))

    def check(self, name: str) -> None:
        precision, recall = self.right / self.made, self.right / self.known
        told = f"{name}: precision {precision:.3f}, recall {recall:.3f} of {self.known}; wrong {self.wrong}"
        print(told)
        assert precision >= LEDGER[name]["precision"], told
        assert recall >= LEDGER[name]["recall"], told


def proposed(rows: list[list[str]], name: str) -> dict[str, str]:
    found = propose(name, rows, encoding="utf-8", letters="unicode", separator=",", sheet="")
    return {column.header: column.concept for column in found.columns}


@pytest.mark.suite
def test_synthea(suites: Callable[[str], Path]) -> None:
    score = Score()
    for table, meant in SYNTHEA.items():
        path = suites("synthea_csv_dbt") / "seeds" / "synthea" / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(islice(csv.reader(file), 200))
        for header, concept in proposed(rows, path.name).items():
            score.add(f"{table}.{header}", concept, meant.get(header, ""))
    score.check("synthea")


def spellings(header: str) -> Iterator[str]:
    yield header
    yield fold(header).upper().replace(" ", "_")
    yield "".join(word.capitalize() for word in fold(header).split())


def test_an_invented_vietnamese_system() -> None:
    score = Score()
    for way in range(3):
        for table, columns in HIS.items():
            names = {list(spellings(header))[way]: header for header in columns}
            values = [columns[header][1] for header in names.values()]
            rows = [list(names), *([column[at] for column in values] for at in range(3))]
            for spelt, concept in proposed(rows, f"{table}.csv").items():
                score.add(f"{table}.{spelt}", concept, columns[names[spelt]][0])
    score.check("his")
