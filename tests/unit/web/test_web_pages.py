"""The three pages as HTML: what stands on them, in which order, in both languages; the tables; and the decision."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from tests.unit.web.conftest import Hands, token
from tests.unit.web.fixture_desk import FixtureDesk

from lienthong.decisions.statement import Verdict

PATIENT = "/patient/person-0"
CONFIRM, SIGN = f"{PATIENT}/suggestion/s-0/confirm", f"{PATIENT}/suggestion/s-0/sign"


def english(client: TestClient) -> TestClient:
    client.get("/language/en")
    return client


def test_the_worklist_shows_the_most_urgent_first_with_names_as_they_are_written(physician: TestClient) -> None:
    html = physician.get("/worklist").text
    assert html.index("60 trên 100 người") < html.index("59 trên 100 người")
    assert "Nguyễn Thị Hồng Đào" in html and "64 tuổi, nữ" in html
    assert "Đái tháo đường, Huyết áp tâm thu, Tuổi" in html
    assert "23/11/2026 12:15" in html and "3 giờ trước" in html
    assert 'href="/worklist?page=2"' in html


def test_the_worklist_speaks_english_too(physician: TestClient) -> None:
    html = english(physician).get("/worklist").text
    assert "Who needs you now?" in html and "60 of 100 people" in html and "64 years old, female" in html


@pytest.mark.parametrize("words", ["duc", "Đức", "tran duc", "TRẦN"])
def test_a_search_finds_with_and_without_tones_and_stands_in_no_address(physician: TestClient, words: str) -> None:
    page = token(physician.get("/worklist").text)
    answer = physician.post("/worklist/search", data={"words": words, "form_token": page})
    assert answer.headers["location"] == "/worklist"
    html = physician.get("/worklist").text
    assert "Trần Văn Đức" in html and "Phạm Thị Mỹ Duyên" not in html
    assert f"“{words}”" in html


def test_the_worklist_is_also_csv_and_json(physician: TestClient) -> None:
    rows = json.loads(physician.get("/worklist.json").content)["rows"]
    assert len(rows) == 60
    assert rows[0]["name"] == "Nguyễn Thị Hồng Đào" and rows[0]["count"] == 60 and rows[0]["of"] == 100
    answer = physician.get("/worklist.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["name"] for row in table] == [row["name"] for row in rows]


def test_an_empty_worklist_says_so(physician: TestClient, desk: FixtureDesk) -> None:
    desk.is_empty = True
    assert "Không có ai đang chờ bạn" in physician.get("/worklist").text


def test_the_patient_page_has_head_suggestion_charts_and_time_line(physician: TestClient) -> None:
    html = physician.get(PATIENT).text
    assert "64 tuổi, nữ" in html and "08/03/1962" in html
    assert "<b>Penicillin</b> – nguy hiểm cao" in html
    assert "Khoảng 28 trên 100 người như vậy" in html and "trong 10 năm" in html
    assert "0.2794" not in html and "27,94" not in html and "27.94" not in html  # never a bare score
    assert "Huyết áp: 151/93 mmHg, cao hơn bình thường" in html
    assert html.count('<svg class="chart"') == 7
    assert html.index("Khám định kỳ tăng huyết áp") < html.rindex("Viêm phổi")
    assert "1 mục đã được người ghi đánh dấu là nhập nhầm" in html
    assert "Đám mờ thùy dưới phổi phải" in html


def test_the_suggestion_shows_reasons_inputs_gaps_limits_and_card(physician: TestClient) -> None:
    html = physician.get(PATIENT).text
    assert "× 2,00" in html and "làm giảm nguy cơ" in html
    assert 'href="/resource/Observation/ch2"' in html and "ghi là 6.2 mmol/L" in html
    assert "Đang điều trị: chưa có trong hồ sơ" in html
    assert "Chưa kiểm định cho người Việt Nam" in html
    assert "8.491 người da trắng Mỹ" in html


def test_identifiers_stay_masked_until_asked_for_and_asking_is_logged(
    physician: TestClient, desk: FixtureDesk, hands: Hands
) -> None:
    html = physician.get(PATIENT).text
    assert "001162012345" not in html and "••••••345" in html
    assert "BN000417" not in html and "••••••417" not in html  # too short to show its end
    answer = physician.post(f"{PATIENT}/identifiers", data={"form_token": token(html)})
    assert answer.status_code == 303
    assert desk.revealed == [("bs.lan", "person-0")]
    assert "001162012345" in physician.get(PATIENT).text
    hands.now += timedelta(minutes=2)
    assert "001162012345" not in physician.get(PATIENT).text


def test_measurements_are_also_csv_and_json_with_their_digits(physician: TestClient) -> None:
    rows = json.loads(physician.get(f"{PATIENT}/measurements.json").content, parse_float=str)["rows"]
    assert {"HDL cholesterol", "Kali máu"} <= {row["measurement"] for row in rows}
    assert "1.10" in {row["value"] for row in rows}
    assert "HDL cholesterol" in physician.get(f"{PATIENT}/measurements.csv").text


def test_a_decision_needs_a_verdict_and_where_it_differs_a_reason(physician: TestClient, desk: FixtureDesk) -> None:
    page = token(physician.get(PATIENT).text)
    for form, told in (
        ({}, "Hãy chọn quyết định"),
        ({"verdict": "reject"}, "Hãy nêu lý do"),
        ({"verdict": "change", "reason": "khác"}, "Hãy cho ước tính của bạn"),
        ({"verdict": "change", "reason": "khác", "change": "101"}, "Hãy cho ước tính của bạn"),
        ({"verdict": "change", "reason": "khác", "change": "1e2"}, "Hãy cho ước tính của bạn"),
        ({"verdict": "change", "change": "20"}, "Hãy nêu lý do"),
    ):
        answer = physician.post(CONFIRM, data={**form, "version": "1", "form_token": page})
        assert answer.status_code == 422 and told in answer.text, form
    assert not desk.decided


def test_signing_asks_once_more_says_what_will_happen_and_shows_what_was_signed(
    physician: TestClient, desk: FixtureDesk
) -> None:
    page = token(physician.get(PATIENT).text)
    form = {"verdict": "change", "change": "20,5", "reason": "Vừa đổi thuốc", "version": "1", "form_token": page}
    asked = physician.post(CONFIRM, data=form)
    assert asked.status_code == 200
    assert "Điều gì sẽ xảy ra" in asked.text and "20,5 trên 100" in asked.text and "Nguyễn Thị Hồng Đào" in asked.text
    assert not desk.decided

    wrong = physician.post(SIGN, data={**form, "change": "20.5", "passphrase": "sai"})
    assert wrong.status_code == 403 and "Cụm mật khẩu ký không đúng" in wrong.text
    assert "Vừa đổi thuốc" in wrong.text and 'value="sai"' not in wrong.text
    assert not desk.decided

    done = physician.post(SIGN, data={**form, "change": "20.5", "passphrase": "cụm mật khẩu ký"})
    assert done.headers["location"] == f"{PATIENT}?signed=1#suggestion-s-0"
    assert [wish.verdict for wish in desk.decided] == [Verdict.CHANGE]
    html = physician.get(done.headers["location"]).text
    assert "Quyết định của bạn đã được ký" in html
    assert "BS. Vũ Ngọc Lan, giấy phép số 012345/HNO-CCHN" in html and "vừa kiểm tra: hợp lệ" in html
    assert "Khoảng 21 trên 100 người như vậy" in html
    assert 'name="verdict"' not in html  # decided once


def test_a_decision_about_what_has_changed_meanwhile_is_refused(physician: TestClient, desk: FixtureDesk) -> None:
    page = token(physician.get(PATIENT).text)
    form = {"verdict": "accept", "version": "0", "form_token": page, "passphrase": "cụm mật khẩu ký"}
    for address in (CONFIRM, SIGN):
        answer = physician.post(address, data=form)
        assert answer.status_code == 409 and "Đã có người nhanh hơn" in answer.text
    assert not desk.decided


def test_the_engineer_may_neither_see_nor_decide(engineer: TestClient, desk: FixtureDesk) -> None:
    form = {"form_token": token(engineer.get("/ingest").text), "verdict": "accept", "version": "1"}
    assert engineer.get(PATIENT).status_code == 403
    assert engineer.post(CONFIRM, data=form).status_code == 403
    assert engineer.post(SIGN, data={**form, "passphrase": "cụm mật khẩu ký"}).status_code == 403
    assert engineer.post(f"{PATIENT}/identifiers", data=form).status_code == 403
    assert not desk.decided and not desk.revealed


def test_the_last_ingest_balances_and_leads_to_the_resource_in_two_clicks(engineer: TestClient) -> None:
    html = engineer.get("/ingest").text
    for words in ("842", "840", "hồ sơ đã đọc", "GIOI_TINH is 1, 2 or 3", "XML1 7 GIOI_TINH", "MA_LK is empty."):
        assert words in html
    assert "Write 1 (male), 2 (female)" in html and "README.txt" in html
    assert 'href="/ingest/3/file/1"' in html
    file = engineer.get("/ingest/3/file/1").text
    assert 'href="/resource/Patient/p1"' in file and "LK0001" in file
    resource = engineer.get("/resource/Patient/p1").text
    assert "XML1[1]" in resource and "claims-2026-11.xml" in resource
    assert json.loads(engineer.get("/resource/Patient/p1.json").content)["id"] == "p1"


def test_findings_and_quarantine_are_also_csv_and_json(engineer: TestClient) -> None:
    assert json.loads(engineer.get("/ingest/3/findings.json").content)["rows"][0]["cure"].startswith("Write 1")
    assert json.loads(engineer.get("/ingest/3/quarantine.json").content)["rows"][0]["record"] == "LK0031"
    assert "bhyt-code-unknown" in engineer.get("/ingest/3/findings.csv").text
    assert "bhyt-no-key" in engineer.get("/ingest/3/quarantine.csv").text
    whole = json.loads(engineer.get("/ingest/3.json").content)
    assert whole["balances"] is True and whole["records"] == 842


def test_before_the_first_ingest_the_page_says_how_to_begin(engineer: TestClient, desk: FixtureDesk) -> None:
    desk.is_empty = True
    assert "lienthong ingest FOLDER" in engineer.get("/ingest").text


def test_text_from_data_is_never_markup(physician: TestClient, desk: FixtureDesk) -> None:
    page = token(physician.get("/worklist").text)
    physician.post("/worklist/search", data={"words": "<script>alert(1)</script>", "form_token": page})
    html = physician.get("/worklist").text
    assert "<script>alert" not in html and "&lt;script&gt;" in html
