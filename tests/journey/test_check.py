"""`lienthong check` as a clerk runs it: every planted fault at its place, no false alarm, Excel, settings."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from lienthong.demo import hospitals
from lienthong.demo.bhyt import Dialect, claim_file
from lienthong.demo.claims import claim

Lienthong = Callable[..., Any]
Place = tuple[str, str, str]


def _export(folder: Path, visits: int, seed: int) -> tuple[Path, dict[str, Any]]:
    hospitals.write(folder, seed, visits=visits)
    truth: dict[str, Any] = json.loads((folder / hospitals.TRUTH).read_text("utf-8"))
    return folder / "benh-vien-a", truth


def _clean(folder: Path, count: int, seed: int = 11) -> Path:
    """Claims of invented visits without any fault, in one file of each dialect."""
    visits = [item for item in hospitals.generate(seed, visits=9 * count // 4).visits if item.hospital == "a"][:count]
    folder.mkdir()
    dialects = (Dialect(), Dialect(cdata=False, windows=True), Dialect(mark=True), Dialect(plain=True))
    for number, dialect in enumerate(dialects):
        part = visits[number :: len(dialects)]
        (folder / f"{number}.xml").write_bytes(
            claim_file([claim(item) for item in part], part[-1].end.date(), dialect)
        )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", [12])
def test_every_planted_fault_is_found_and_nothing_else(lienthong: Lienthong, tmp_path: Path, seed: int) -> None:
    """Recall and precision of (file, record, rule) over a hospital's claims are both one."""
    folder, truth = _export(tmp_path / "x", 3000, seed)
    done = lienthong("check", folder)
    assert done.code == 1
    said = done.json
    assert said["files"] == truth["hospitals"]["a"]["files"]
    assert said["records"] == truth["hospitals"]["a"]["records"] > 1500
    found = {_told(item) for item in said["findings"]}
    faults = [fault for fault in truth["faults"] if fault["hospital"] == "a" and fault["rule"]]
    of_claims = {(Path(f["file"]).name, f["record"], f["rule"]) for f in faults if f["scope"] == "record"}
    of_files = {(Path(f["file"]).name, f["rule"]) for f in faults if f["scope"] == "file"}
    assert len(of_claims) == 17
    assert {item for item in found if (item[0], item[2]) not in of_files} == of_claims
    assert {(file, rule) for file, _, rule in found} >= of_files
    by_place = {_told(item): item["place"] for item in said["findings"]}
    for fault in faults:
        place = by_place.get((Path(fault["file"]).name, fault["record"], fault["rule"]))
        if fault["field"] and place and fault["kind"] not in ("corrected-claim", "claim-without-key"):
            assert place["table"] == fault["table"] or not fault["table"]
            assert place["field"] in (fault["field"], "")


def _told(item: dict[str, Any]) -> Place:
    return Path(item["place"]["file"]).name, item["place"]["record"], item["code"]


@pytest.mark.slow
def test_no_rule_fires_on_thousands_of_clean_claims(lienthong: Lienthong, tmp_path: Path) -> None:
    done = lienthong("check", _clean(tmp_path / "x", 3000))
    assert (done.code, done.json["records"]) == (0, 3000)
    assert done.json["findings"] == []


@pytest.mark.suite
@pytest.mark.parametrize("name", ["synthetic_outpatient.xml", "synthetic_two_records.xml"])
def test_no_rule_fires_on_the_samples(lienthong: Lienthong, suites: Callable[[str], Path], name: str) -> None:
    done = lienthong("check", suites("bhyt_samples") / name)
    assert done.code == 0 and done.json["records"] > 0
    assert done.json["findings"] == []


def test_what_the_clerk_reads_is_vietnamese_unless_asked(lienthong: Lienthong, tmp_path: Path) -> None:
    folder, _ = _export(tmp_path / "x", 600, 5)
    vietnamese = lienthong("check", folder, plain=True)
    assert vietnamese.code == 1
    assert "Phải sửa trước khi gửi:" in vietnamese.out
    assert "LỖI: T_TONGCHI_BV khác tổng thành tiền BV của XML2 và XML3. [bhyt-total-hospital]" in vietnamese.out
    assert "  căn cứ: QĐ 130/QĐ-BYT 2023" in vietnamese.out
    english = lienthong("check", folder, "--lang", "en", plain=True)
    assert (
        "ERROR: T_TONGCHI_BV is not the sum of THANH_TIEN_BV in XML2 and XML3. [bhyt-total-hospital]" in english.out
    )
    wrong = lienthong("check", folder, "--lang", "fr")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "language-unknown")


def test_nothing_is_stored(lienthong: Lienthong, tmp_path: Path, home: Path) -> None:
    assert lienthong("check", _clean(tmp_path / "x", 8)).code == 0
    assert not home.exists() or not any(home.rglob("*.db"))


def test_rules_are_chosen_in_the_settings(lienthong: Lienthong, tmp_path: Path, home: Path) -> None:
    folder, _ = _export(tmp_path / "x", 600, 5)
    before = {item["code"]: item["severity"] for item in lienthong("check", folder).json["findings"]}
    assert before["bhyt-total-hospital"] == before["bhyt-line-fund"] == "error"
    home.mkdir()
    settings = home / "lienthong.toml"
    settings.write_text('language = "en"\n[check]\noff = ["bhyt-total-hospital"]\nwarn = ["bhyt-line-fund"]\n')
    after = lienthong("check", folder).json["findings"]
    assert "bhyt-total-hospital" not in {item["code"] for item in after}
    assert {item["severity"] for item in after if item["code"] == "bhyt-line-fund"} == {"warning"}
    assert "T_BHTT is not THANH_TIEN_BH x MUC_HUONG." in {item["message"] for item in after}
    settings.write_text('[check]\noff = ["bhyt-total-hospitl"]\n')
    refused = lienthong("check", folder)
    assert refused.code == 2
    assert refused.json["error"]["code"] == "rule-unknown"
    assert "bhyt-total-hospital is meant" in refused.json["error"]["what"]
    assert "bhyt-line-fund" in refused.json["error"]["allowed"]


def test_a_hospitals_icd_10_is_a_csv_below_its_home(lienthong: Lienthong, tmp_path: Path, home: Path) -> None:
    folder = _clean(tmp_path / "x", 8)
    home.mkdir()
    (home / "lienthong.toml").write_text('[check]\nicd10 = "icd10.csv"\n')
    missing = lienthong("check", folder)
    assert missing.code == 5
    (home / "icd10.csv").write_text("code,not_main\nA00,1\n")
    done = lienthong("check", folder)
    assert done.code == 1
    assert {item["code"] for item in done.json["findings"]} == {"bhyt-icd10-unlisted"}
    (home / "icd10.csv").write_text("code,not_main\nA00,yes\n")
    assert (lienthong("check", folder).code, lienthong("check", folder).json["error"]["code"]) == (
        2,
        "icd10-list-wrong",
    )


def test_other_formats_are_told_in_the_same_list(lienthong: Lienthong, tmp_path: Path) -> None:
    folder = _clean(tmp_path / "x", 8)
    (folder / "p.ndjson").write_text('{"resourceType":"Patient","id":"1","gender":"xx"}\n{"resourceType":\n')
    done = lienthong("check", folder)
    assert done.code == 1
    assert {"unknown-code", "json-broken"} <= {item["code"] for item in done.json["findings"]}
    assert done.json["records"] == 10


def test_the_excel_file_is_for_the_clerk(lienthong: Lienthong, tmp_path: Path) -> None:
    folder, _ = _export(tmp_path / "x", 600, 5)
    evil = folder / "=1+1.xml"
    evil.write_bytes(b"<GIAMDINHHS></GIAMDINHHS>")
    path = tmp_path / "loi.xlsx"
    assert lienthong("check", folder, "--xlsx", path).code == 1
    texts, cells = _cells(path)
    assert [sheet[0][:3] for sheet in cells] == [
        ["Mức", "Tệp", "Mã liên kết (MA_LK)"],
        ["Tệp", "Mã liên kết (MA_LK)", "Số lỗi"],
        ["Mã quy tắc", "Nhóm", "Mức"],
    ]
    assert any("=1+1.xml" in row[1] for row in cells[0])
    assert "<f>" not in texts, "no formula"
    assert texts.count('state="frozen"') == 3 and texts.count("<autoFilter") == 3
    assert {row[9] for row in cells[0][1:]} >= {"bhyt-total-hospital", "bhyt-envelope-broken"}
    amounts = [float(row[5]) for row in cells[1][1:] if len(row) > 5]
    assert amounts and all(amount > 0 for amount in amounts)
    assert len(cells[2]) > 120 and all(row[5] for row in cells[2])
    names = [claim(item).tables["XML1"][0]["HO_TEN"] for item in hospitals.generate(5, visits=600).visits[:50]]
    assert not any(name in texts for name in names)
    wrong = lienthong("check", folder, "--xlsx", evil)
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "xlsx-name-wrong")
    assert evil.read_bytes() == b"<GIAMDINHHS></GIAMDINHHS>"


def _cells(path: Path) -> tuple[str, list[list[list[str]]]]:
    """All the text of a workbook, and the cells of each sheet."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    sheets, texts = [], []
    with zipfile.ZipFile(path) as book:
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        for name in names:
            data = book.read(name)
            texts.append(data.decode("utf-8"))
            rows = []
            for row in etree.fromstring(data).iter(f"{space}row"):
                rows.append(["".join(map(str, cell.itertext())) for cell in row.iter(f"{space}c")])
            sheets.append(rows)
    return "".join(texts), sheets
