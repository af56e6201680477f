"""Nobody comes in without a session, no form without its token; headers, cookies, ends of sessions, error pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from tests.unit.web.conftest import Hands, token
from tests.unit.web.fixture_desk import FixtureDesk

from lienthong.core.errors import Category, ErrorKind
from lienthong.web.desk import IngestPage
from lienthong.web.errors import told
from lienthong.web.headers import SECURITY_HEADERS
from lienthong.web.visit import local

PAGES = ["/", "/worklist", "/patient/person-0", "/ingest", "/ingest/3/file/1", "/resource/Patient/p1"]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_opens_without_signing_in(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2F")


@pytest.mark.parametrize("address", ["/worklist.json", "/worklist.csv", "/ingest/3/findings.csv"])
def test_no_table_opens_without_signing_in(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 401


def test_a_wrong_password_is_refused_without_saying_which_half_was_wrong(client: TestClient) -> None:
    page = token(client.get("/sign-in").text)
    texts = []
    for name in ("bs.lan", "nobody"):
        answer = client.post("/sign-in", data={"name": name, "password": "sai", "form_token": page})
        assert answer.status_code == 403
        assert "lienthong-session" not in answer.headers.get("set-cookie", "")
        texts.append(answer.text.replace(name, ""))
    assert texts[0] == texts[1]


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(client: TestClient) -> None:
    page = token(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"name": "bs.lan", "password": "đúng mật khẩu", "form_token": page})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert re.search(r"lienthong-session=[0-9a-f]{64};", cookie)


def test_over_https_the_cookie_never_goes_in_clear(desk: FixtureDesk, client: TestClient) -> None:
    secure = TestClient(client.app, base_url="https://testserver", follow_redirects=False)
    page = token(secure.get("/sign-in").text)
    answer = secure.post("/sign-in", data={"name": "bs.lan", "password": "đúng mật khẩu", "form_token": page})
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"]


def test_signing_in_leads_on_to_the_page_that_was_asked_for_and_never_elsewhere(client: TestClient) -> None:
    for wanted, reached in (("/patient/person-0", "/patient/person-0"), ("https://evil.example/", "/")):
        page = token(client.get("/sign-in").text)
        form = {"name": "bs.lan", "password": "đúng mật khẩu", "form_token": page, "next": wanted}
        assert client.post("/sign-in", data=form).headers["location"] == reached
        client.cookies.clear()


@pytest.mark.parametrize("address", ["//evil.example", "/\\evil.example", "http://x", "", "javascript:x", "/a\nb"])
def test_an_address_elsewhere_becomes_the_start(address: str) -> None:
    assert local(address) == "/"


@pytest.mark.parametrize("page", ["/sign-in", "/nope", "/static/style.css", "/worklist"])
def test_every_answer_carries_the_security_headers(client: TestClient, page: str) -> None:
    answer = client.get(page)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    is_static = page.startswith("/static")
    assert answer.headers["cache-control"] == ("public, max-age=3600" if is_static else "no-store")


def test_no_page_has_inline_script_style_or_anything_from_a_network(physician: TestClient) -> None:
    for address in ("/worklist", "/patient/person-0", "/ingest", "/resource/Patient/p1", "/nope"):
        html = physician.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)


@pytest.mark.parametrize(
    "address",
    [
        "/sign-out",
        "/worklist/search",
        "/patient/person-0/identifiers",
        "/patient/person-0/suggestion/s-0/confirm",
        "/patient/person-0/suggestion/s-0/sign",
    ],
)
@pytest.mark.parametrize("given", ["", "0" * 64])
def test_no_form_is_taken_without_its_token(
    physician: TestClient, desk: FixtureDesk, address: str, given: str
) -> None:
    form = {"form_token": given, "verdict": "accept", "version": "1", "passphrase": "cụm mật khẩu ký"}
    answer = physician.post(address, data=form)
    assert answer.status_code == 403
    assert "Biểu mẫu đã quá cũ" in answer.text
    assert not desk.decided and not desk.revealed
    assert physician.get("/worklist").status_code == 200  # still signed in


def test_the_token_of_another_session_is_no_token(physician: TestClient, desk: FixtureDesk) -> None:
    other = TestClient(physician.app, follow_redirects=False)
    foreign = token(other.get("/sign-in").text)
    assert physician.post("/sign-out", data={"form_token": foreign}).status_code == 403


def test_a_form_that_is_too_long_or_no_form_is_refused(physician: TestClient) -> None:
    long = physician.post("/worklist/search", data={"words": "x" * 70_000})
    other = physician.post("/worklist/search", json={"words": "x"})
    assert long.status_code == other.status_code == 400


def test_a_session_ends_when_idle_and_at_the_latest_after_twelve_hours(physician: TestClient, hands: Hands) -> None:
    start = hands.now
    while hands.now < start + timedelta(hours=11, minutes=40):
        hands.now += timedelta(minutes=20)
        assert physician.get("/worklist").status_code == 200
    hands.now += timedelta(minutes=20)
    assert physician.get("/worklist").status_code == 303


def test_an_idle_session_ends(physician: TestClient, hands: Hands) -> None:
    hands.now += timedelta(minutes=30)
    assert physician.get("/worklist").status_code == 303


def test_who_works_here_no_more_is_out_at_once(physician: TestClient, desk: FixtureDesk) -> None:
    desk.gone.add("bs.lan")
    assert physician.get("/worklist").status_code == 303
    desk.gone.clear()
    assert physician.get("/worklist").status_code == 303  # the session is gone, not only hidden


def test_signing_out_ends_the_session_on_the_server(physician: TestClient) -> None:
    cookie = physician.cookies["lienthong-session"]
    answer = physician.post("/sign-out", data={"form_token": token(physician.get("/worklist").text)})
    assert answer.headers["location"] == "/sign-in?ended=1"
    physician.cookies.set("lienthong-session", cookie)
    assert physician.get("/worklist").status_code == 303


def test_each_role_begins_on_its_own_page(client: TestClient, engineer: TestClient) -> None:
    assert engineer.get("/").headers["location"] == "/ingest"


def test_a_refused_page_says_why_and_whom_to_ask(engineer: TestClient) -> None:
    answer = engineer.get("/worklist")
    assert answer.status_code == 403
    assert "Bạn không có quyền" in answer.text and "người vận hành" in answer.text
    assert "Nguyễn Thị Hồng Đào" not in answer.text


def test_what_is_not_there_has_a_page_of_its_own(physician: TestClient) -> None:
    assert "Không có trang này" in physician.get("/nope").text
    missing = physician.get("/patient/unknown")
    assert missing.status_code == 404 and "Không có trong bệnh án" in missing.text
    wrong = physician.post("/worklist")
    assert wrong.status_code == 405 and "Không thể làm việc này" in wrong.text


def test_a_fault_of_ours_is_a_page_and_a_log_line_without_any_value(
    engineer: TestClient, desk: FixtureDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> IngestPage:
        raise ValueError("Nguyễn Thị Hồng Đào")

    monkeypatch.setattr(desk, "ingest", broken)
    answer = engineer.get("/ingest")
    assert answer.status_code == 500
    assert "Liên thông đã gặp lỗi" in answer.text
    assert "ValueError in" in caplog.text
    assert "Hồng Đào" not in caplog.text + answer.text
    assert answer.headers["content-security-policy"]


def test_every_category_of_error_is_told_in_words() -> None:
    for category in Category:
        error = ErrorKind("some-code", category, what="It broke.", cure="Mend it.").at("somewhere")
        problem = told(error)
        assert problem.status == category.http
        assert problem.heading and problem.what and problem.cure
        assert "It broke." in problem.detail


def test_the_language_is_chosen_by_a_link_and_kept(client: TestClient) -> None:
    assert 'lang="vi"' in client.get("/sign-in").text
    answer = client.get("/language/en?next=/sign-in")
    assert answer.headers["location"] == "/sign-in"
    assert "Every look at a person" in client.get("/sign-in").text
    assert client.get("/language/xx?next=//evil.example").headers["location"] == "/"
