"""The room of checks: two processes say what one says, a dead one is told, reports sort, Excel has limits."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from lienthong.checking import Report, aside, workbook
from lienthong.checking import check as run
from lienthong.checking.look import Looked, Seen
from lienthong.checking.report import report
from lienthong.checking.screen import dong, lines
from lienthong.checking.words import WORDS
from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.settings import Settings, read_settings
from lienthong.demo import hospitals

CHECK = import_module("lienthong.checking.check")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospitals")
    hospitals.write(folder, 5, visits=600)
    return folder


def _said(result: Report) -> str:
    body = result.to_json() | {"seconds": 0}
    return json.dumps(body, default=str)


def test_two_processes_say_what_one_says(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for is_shared in (False, True):
        monkeypatch.setattr(CHECK, "worth_it", lambda _files, answer=is_shared: answer)
        said.append(_said(run([export], tmp_path)))
    assert said[0] == said[1]
    assert len(json.loads(said[0])["findings"]) > 20


def test_an_error_of_the_second_process_is_raised_here(export: Path, tmp_path: Path) -> None:
    (tmp_path / "icd10.csv").write_text("nothing\n")
    settings = read_settings('[check]\nicd10 = "icd10.csv"\n')
    second = aside.Aside([], settings, tmp_path, "vi", "auto")
    with pytest.raises(LienthongError, match="can't be used"):
        second.answer()
    second.stop()


def test_a_second_process_that_dies_is_told(tmp_path: Path) -> None:
    second = aside.Aside([], Settings(), tmp_path, "vi", "auto")
    second._process.kill()
    with pytest.raises(LienthongError) as raised:
        second.answer()
    assert raised.value.code == "checker-died"
    second.stop()


def test_what_crosses_comes_back_the_same() -> None:
    finding = Finding(Severity.WARNING, "bhyt-x", "m", Place("f", "r", "XML1"), Rule("bhyt-x", "t", "s"), "c")
    looked = [Looked(3, (Seen("f", "r", (finding,), Decimal("1.50")),), ())]
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(looked), type=list[Looked])
    assert again == looked and str(again[0].seen[0].at_stake) == "1.50"


def _finding(record: str, code: str, severity: Severity) -> Finding:
    return Finding(severity, code, code, Place("a.xml", record, "XML1", "", "T_BHTT"), Rule(code, "", "law"), "cure")


def _report(language: str = "vi") -> Report:
    error, warning = Severity.ERROR, Severity.WARNING
    seen = [
        Seen("a.xml", "1", (_finding("1", "one", warning),), Decimal("5000")),
        Seen("a.xml", "2", (_finding("2", "two", error), _finding("2", "one", warning)), Decimal("1000.6")),
        Seen("a.xml", "3", (_finding("3", "two", error), _finding("3", "two", error)), Decimal("7000000")),
        Seen("a.xml", "4", (), Decimal("1")),
        Seen("b.xml", "", (_finding("", "three", error),)),
    ]
    return report(2, seen, (), language, 1.25)


def test_a_report_tells_first_what_costs_most() -> None:
    result = _report()
    assert (result.records, len(result.faulty), len(result.doubtful)) == (4, 3, 1)
    assert [claim.record for claim in result.claims] == ["3", "2", "", "1"]
    assert [(group.code, group.records, group.at_stake) for group in result.groups] == [
        ("two", 2, Decimal("7001000.6")),
        ("three", 1, Decimal(0)),
        ("one", 2, Decimal("6000.6")),
    ]
    assert result.to_json()["claims"] == {"faulty": 3, "doubtful": 1, "at_stake": Decimal("7001000.6")}


def test_numbers_are_written_as_the_language_does() -> None:
    assert list(lines(_report()))[:3] == [
        "Đã kiểm tra 4 hồ sơ trong 2 tệp, 1,2 giây.",
        "Phải sửa trước khi gửi: 3 hồ sơ, quỹ BHYT thanh toán 7.001.001 đồng (T_BHTT).",
        "Nên xem lại: 1 hồ sơ.",
    ]
    assert list(lines(_report("en")))[1] == (
        "To be put right before sending: 3 records, for which the fund is to pay 7,001,001 đồng (T_BHTT)."
    )
    assert dong(Decimal("0.5"), "vi") == "1"


def test_a_whole_file_that_is_wrong_is_told_in_the_clerks_words(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.xml").write_bytes(b"\x00\x01")
    (tmp_path / "x" / "b.zip").write_bytes(b"PK\x03\x04cut")
    (tmp_path / "x" / "c.xml").symlink_to(tmp_path / "nowhere")
    said = {item.code: item.message for item in run([tmp_path / "x"], tmp_path).findings}
    assert said == {
        "file-broken": "Tệp mang tên tệp xuất nhưng nội dung không phải XML, JSON hay HL7.",
        "archive-damaged": "Tệp nén hỏng, bị cắt hoặc có mật khẩu.",
        "file-not-plain": "Đây không phải một tệp thường.",
    }
    english = run([tmp_path / "x"], tmp_path, language="en").findings
    assert all("ệ" not in item.message for item in english)


def test_the_words_are_of_errors_that_there_are() -> None:
    errors = (Path(__file__).resolve().parents[3] / "docs" / "errors.md").read_text("utf-8")
    assert [code for code in WORDS if f"## {code}\n" not in errors] == []


def test_a_report_without_findings_says_so() -> None:
    assert "Không thấy lỗi nào." in list(lines(report(1, [Seen("a", "1", ())], (), "vi", 0.1)))


def test_an_excel_file_holds_as_many_rows_as_a_sheet_can(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    path = tmp_path / "a.xlsx"
    workbook.write_workbook(path, _report(), clock)
    assert path.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [path], "nothing half-written stays"


def test_a_broken_disk_leaves_no_half_file(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(FileNotFoundError):
        workbook.write_workbook(tmp_path / "no" / "a.xlsx", _report(), clock)


def test_nothing_given_is_nothing_found(tmp_path: Path) -> None:
    empty = tmp_path / "x"
    empty.mkdir()
    assert (run([empty], tmp_path).records, run([empty], tmp_path).findings) == (0, ())
