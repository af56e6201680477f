"""A physician's and a data engineer's day in a real browser, on the demo's node: sign in, look, decide, sign, see.

Screenshots of every page at 1280 and 390 pixels in both languages are written to test-artefacts/.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journey.webdriver import Browser, has_browser

from lienthong.demo.staff import PEOPLE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not has_browser(), reason="chromium and chromedriver are not on PATH"),
]
ARTEFACTS = Path(__file__).resolve().parents[2] / "test-artefacts"


@dataclass(frozen=True)
class Served:
    """A node that is served: its address and the accounts of its staff."""

    address: str
    home: Path
    accounts: dict[str, dict[str, Any]]


@pytest.fixture
def served(demo_home: Path) -> Iterator[Served]:
    secrets = json.loads((demo_home / "demo" / "accounts.json").read_text("utf-8"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lienthong", "--home", str(demo_home), "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process)
            yield Served(
                address, demo_home, {one.name: {**secrets[one.name], "display": one.display} for one in PEOPLE}
            )
        finally:
            process.terminate()
            log, _ = process.communicate(timeout=20)
        assert "Traceback" not in log and "/patient/" not in log, log


def _wait_for(address: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server has ended"
        try:
            if httpx.get(f"{address}/sign-in").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def sign_in(browser: Browser, served: Served, name: str) -> None:
    browser.go(f"{served.address}/sign-in")
    browser.type("#name", name)
    browser.type("#password", served.accounts[name]["password"])
    browser.follow("main form button")


def begin_a_decision(browser: Browser, verdict: str, reason: str = "", change: str = "") -> None:
    browser.click(f"input[name=verdict][value={verdict}]")
    if change:
        browser.type("input[name=change]", change)
    if reason:
        browser.type("textarea[name=reason]", reason)
    browser.follow("form.decide button[type=submit]")


# the page of a patient of whom nothing but one risk is waiting
ONLY_A_RISK = """
const rows = [...document.querySelectorAll('.worklist tbody tr')];
const page = row => row.querySelector('a').href.split('#')[0];
const alone = row => rows.filter(other => page(other) === page(row)).length === 1;
return page(rows.find(row => row.textContent.includes('trên 100') && alone(row)));
"""


def still_waiting(browser: Browser) -> int:
    """How many suggestions the worklist says are waiting."""
    found = re.search(r"(\d+) gợi ý đang chờ quyết định", browser.text("main"))
    assert found
    return int(found[1])


def test_a_physician_signs_a_decision_and_sees_it_final(served: Served) -> None:
    with Browser() as browser:
        browser.size(1280)
        sign_in(browser, served, "bs.lan")
        assert browser.address.endswith("/worklist")
        waiting = still_waiting(browser)
        assert waiting > 5

        # by keyboard: the second row of the list
        browser.press("j")
        browser.press("j")
        second = browser.run("return document.querySelector('tr.here a').textContent")
        browser.enter()
        assert second in browser.text("h1")

        # a risk (what a score calls urgent stands before it) is changed; a wrong passphrase signs nothing
        browser.go(f"{served.address}/worklist")
        browser.go(browser.run(ONLY_A_RISK))
        assert "người như vậy" in browser.text(".frequency")
        begin_a_decision(browser, "change", "Huyết áp hôm nay chưa ổn định", "20")
        assert "Điều gì sẽ xảy ra" in browser.text("main")
        browser.type("#passphrase", "not the passphrase")
        browser.follow("main form button")
        assert "Cụm mật khẩu ký không đúng" in browser.text("main")
        browser.type("#passphrase", served.accounts["bs.lan"]["passphrase"])
        browser.follow("main form button")
        text = browser.text("main")
        assert "Quyết định của bạn đã được ký" in text and "vừa kiểm tra: hợp lệ" in text
        assert served.accounts["bs.lan"]["display"] in text
        assert "Khoảng 20 trên 100 người như vậy" in text

        browser.go(f"{served.address}/worklist")
        assert still_waiting(browser) == waiting - 1


def test_every_page_works_without_script(served: Served) -> None:
    with Browser(script=False) as browser:
        browser.size(390)
        sign_in(browser, served, "bs.lan")
        browser.follow(".worklist tbody a")
        shown = "return [...document.querySelectorAll('[data-for-verdict]')].every(field => !field.hidden)"
        assert browser.run(shown), "without script every field is there"
        begin_a_decision(browser, "accept")
        browser.type("#passphrase", served.accounts["bs.lan"]["passphrase"])
        browser.follow("main form button")
        assert "Quyết định của bạn đã được ký" in browser.text("main")


def test_a_data_engineer_goes_from_the_balance_to_the_resource_in_two_clicks(served: Served) -> None:
    with Browser() as browser:
        browser.size(1280)
        sign_in(browser, served, "ks.hoa")
        assert browser.address.endswith("/ingest")
        browser.follow("#files tbody a")
        browser.follow("main tbody a")
        assert "/resource/" in browser.address
        assert "Nguồn gốc" in browser.text("main")
        browser.go(f"{served.address}/worklist")
        assert "Bạn không có quyền" in browser.text("main")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_is_looked_at(served: Served, language: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    with Browser() as browser:
        for width in (1280, 390):
            browser.size(width)
            browser.go(f"{served.address}/language/{language}?next=/sign-in")
            looked_at(browser, f"sign-in-{language}-{width}")
            sign_in(browser, served, "bs.lan")
            looked_at(browser, f"worklist-{language}-{width}")
            browser.follow(".worklist tbody a")
            looked_at(browser, f"patient-{language}-{width}")
            begin_a_decision(browser, "accept")
            looked_at(browser, f"sign-{language}-{width}")
            for name in ("ingest", "products", "products/breast-survival", "products/news2", "nothing-here"):
                browser.go(f"{served.address}/{name}")
                looked_at(browser, f"{name.replace('/', '-')}-{language}-{width}")
            browser.devtools("Network.clearBrowserCookies")


def looked_at(browser: Browser, name: str) -> None:
    """A screenshot, and what a look would find: nothing wider than the window, no control without a name."""
    browser.screenshot(ARTEFACTS / f"{name}.png")
    assert browser.run("return document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} is too wide"
    nameless = browser.run(
        "return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select')]"
        ".filter(e => !(e.labels && e.labels.length) && !e.textContent.trim() && !e.getAttribute('aria-label'))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == [], f"{name} has controls without a name"
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)), f"{name} has an id twice"


def test_the_pages_speak_json_that_a_program_reads(served: Served) -> None:
    account = served.accounts["bs.lan"]
    with httpx.Client(base_url=served.address) as client:
        form = client.get("/sign-in").text.split('name="form_token" value="')[1][:64]
        client.post("/sign-in", data={"name": "bs.lan", "password": account["password"], "form_token": form})
        rows = json.loads(client.get("/worklist.json").content)["rows"]
        risks = [row["count"] for row in rows if row["count"] is not None]
        assert len(risks) > 5 and risks == sorted(risks, reverse=True)
        assert any(row["points"] for row in rows[: len(rows) - len(risks)]), "what is urgent stands first"
        person = rows[0]["person"]
        assert json.loads(client.get(f"/patient/{person}/measurements.json").content)["rows"]
