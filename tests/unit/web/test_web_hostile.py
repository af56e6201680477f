"""The web door under attack: forms, headers, paths, cookies and methods that no browser of ours would send."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.unit.web.conftest import signed_in, token
from tests.unit.web.fixture_desk import FixtureDesk

MARKUP = "<script>alert(1)</script>"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"words=" + b"x" * 5_000_000, FORM),
        (b"&".join(b"a%d=1" % number for number in range(10_000)), FORM),
        (b"words=%ff%fe", FORM),
        (b"\xff\xfe\x00", FORM),
        (b"words=a", "text/plain"),
        (b"words=a", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="words"; filename="a"\r\n\r\nx\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b'{"words": "a"}', "application/json"),
        (b"words=a", ""),
    ],
)
def test_a_body_that_is_no_form_of_ours_is_refused(physician: TestClient, body: bytes, kind: str) -> None:
    answer = physician.post("/worklist/search", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 403)
    assert physician.get("/worklist").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site.py",
        "/static/%2e%2e/site.py",
        "/static/..%2fsite.py",
        "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/..\\site.py",
        "/static/style.css%00.py",
        "/static/",
        "/static",
        "/static/" + "a" * 5000,
    ],
)
def test_nothing_but_the_packaged_files_is_static(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (303, 307, 404), answer.text[:200]
    assert "root:" not in answer.text and "def site" not in answer.text


@pytest.mark.parametrize("wanted", ["/a%0d%0aSet-Cookie:x=1", "/\r\nSet-Cookie: x=1", "//evil.example", "/%0a/evil"])
def test_no_line_of_a_header_comes_from_outside(client: TestClient, wanted: str) -> None:
    form = {"name": "bs.lan", "password": "đúng mật khẩu", "form_token": token(client.get("/sign-in").text)}
    for answer in (
        client.post("/sign-in", data={**form, "next": wanted}),
        client.get("/language/en", params={"next": wanted}),
        client.get("/sign-in", params={"next": wanted}),
    ):
        assert "x=1" not in answer.headers.get("set-cookie", "")
        assert "evil" not in answer.headers.get("location", "").split("/", 1)[0]
        assert not answer.headers.get("location", "/").startswith("//")
        assert "\n" not in answer.headers.get("location", "")


@pytest.mark.parametrize("address", ["/patient/{}", "/resource/Patient/{}", "/resource/{}/p1", "/{}", "/ingest/{}"])
@pytest.mark.parametrize(
    "name", [MARKUP.replace("/", "%2F"), '"onload="alert(1)', "%00", "..%2f..", "a" * 5000, "%ff"]
)
def test_an_id_is_never_markup(physician: TestClient, address: str, name: str) -> None:
    answer = physician.get(address.format(name))
    assert answer.status_code in (303, 307, 404), answer.status_code
    assert MARKUP not in answer.text and 'onload="alert' not in answer.text.replace("&#34;", "'")


def test_a_name_that_is_typed_comes_back_escaped(client: TestClient) -> None:
    form = {"name": MARKUP, "password": MARKUP, "next": f'/"{MARKUP}'}
    answer = client.post("/sign-in", data={**form, "form_token": token(client.get("/sign-in").text)})
    assert answer.status_code == 403 and MARKUP not in answer.text


def test_words_to_search_for_come_back_escaped(physician: TestClient) -> None:
    words = token(physician.get("/worklist").text)
    assert physician.post("/worklist/search", data={"words": MARKUP, "form_token": words}).status_code == 303
    assert MARKUP not in physician.get("/worklist").text


@pytest.mark.parametrize(
    "cookie",
    [
        "lienthong-session=" + "a" * 60_000,
        "lienthong-session=\xff\xfe",
        "lienthong-session=;;;=",
        "x" * 8000,
        "=",
        ";" * 999,
    ],
)
def test_odd_cookies_are_nobody(client: TestClient, cookie: str) -> None:
    answer = client.get("/worklist", headers={"cookie": cookie.encode("latin-1")})
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


def test_a_session_that_others_chose_is_not_taken_over(client: TestClient) -> None:
    client.cookies.set("lienthong-session", "f" * 64)
    signed_in(client, "bs.lan")
    held = [cookie.value for cookie in client.cookies.jar if cookie.name == "lienthong-session"]
    assert any(value != "f" * 64 for value in held)
    other = TestClient(client.app, follow_redirects=False, cookies={"lienthong-session": "f" * 64})
    assert other.get("/worklist").status_code == 303


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "GARBAGE"])
@pytest.mark.parametrize("address", ["/", "/worklist", "/patient/person-0", "/sign-in", "/sign-out"])
def test_no_other_method_does_anything(physician: TestClient, desk: FixtureDesk, method: str, address: str) -> None:
    assert physician.request(method, address).status_code == 405
    assert not desk.decided and not desk.revealed


@pytest.mark.parametrize("address", ["/sign-out", "/worklist/search", "/patient/person-0/suggestion/s-0/sign"])
def test_what_changes_something_is_never_got(physician: TestClient, desk: FixtureDesk, address: str) -> None:
    for method in ("GET", "HEAD"):
        assert physician.request(method, address).status_code == 405
    told = {"X-HTTP-Method-Override": "POST"}
    assert physician.get(address, headers=told, params={"_method": "POST"}).status_code == 405
    assert not desk.decided and physician.get("/worklist").status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "1e9", "9" * 5000, "٣", "a", "", "1.5"])
def test_page_numbers_of_any_kind_are_pages(physician: TestClient, page: str) -> None:
    assert physician.get("/worklist", params={"page": page}).status_code == 200
    assert physician.get("/patient/person-0", params={"visits": page}).status_code == 200


def test_numbers_in_addresses_of_any_length_are_no_fault(engineer: TestClient) -> None:
    for number in ("0", "9" * 30, "9" * 4400):
        assert engineer.get(f"/ingest/{number}/file/{number}").status_code in (200, 303, 404)
