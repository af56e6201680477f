"""A report from the command line: evaluated, written, looked at on a screen and a phone, printed on A4.

Screenshots and the printed pages are written to test-artefacts/.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from tests.journey.conftest import Lienthong
from tests.journey.webdriver import Browser, has_browser

ARTEFACTS = Path(__file__).resolve().parents[2] / "test-artefacts"
COLUMNS = "age,respiration,spo2,oxygen,systolic,pulse,consciousness,temperature,event,sex"
TITLES = {"vi": "NEWS2", "en": "NEWS2"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of NEWS2 on 600 invented sets of vital signs, made once for all of these tests."""
    folder = tmp_path_factory.mktemp("run")
    dice = random.Random(8)
    lines = [COLUMNS]
    for _ in range(600):
        ill = dice.random() < 0.2
        age, sex = dice.randint(18, 95), dice.choice(("female", "male"))
        breaths, oxygen = dice.randint(18, 30) if ill else dice.randint(12, 21), dice.choice(("air", "oxygen"))
        spo2, pressure = dice.randint(86, 97) if ill else dice.randint(94, 99), dice.randint(85, 150)
        pulse, warmth = dice.randint(70, 135) if ill else dice.randint(55, 100), dice.randint(360, 392) / 10
        lines.append(f"{age},{breaths},{spo2},{oxygen},{pressure},{pulse},alert,{warmth},{int(ill)},{sex}")
    data, run = folder / "signs.csv", folder / "run.json"
    data.write_text("\n".join(lines) + "\n", "utf-8")
    words = ["--home", str(folder / "home"), "product", "evaluate", "news2", "--data", str(data), "--to", str(run)]
    said = subprocess.run([sys.executable, "-m", "lienthong", *words], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return run


def test_a_run_becomes_a_report_in_each_language(tmp_path: Path, ran: Path, lienthong: Lienthong) -> None:
    for language, word in (("vi", "Báo cáo đánh giá"), ("en", "Evaluation report")):
        page = tmp_path / f"{language}.html"
        said = lienthong("product", "report", "news2", "--run", ran, "--language", language, "--to", page)
        assert said.code == 0, said.err
        assert said.json["signature"] == "none" and said.json["digest"] == json.loads(ran.read_text())["digest"]
        assert word in page.read_text("utf-8")


def test_a_run_that_was_changed_is_refused(tmp_path: Path, ran: Path, lienthong: Lienthong) -> None:
    body = json.loads(ran.read_text("utf-8"))
    body["n"] += 1
    changed, page = tmp_path / "changed.json", tmp_path / "page.html"
    changed.write_text(json.dumps(body), "utf-8")
    said = lienthong("product", "report", "news2", "--run", changed, "--to", page)
    assert said.code == 2 and "report-run-wrong" in said.out and not page.exists()


def test_what_is_wrong_is_said(tmp_path: Path, ran: Path, lienthong: Lienthong) -> None:
    page = tmp_path / "page.html"
    for words, code, kind in (
        (("news2",), 5, "report-no-run"),
        (("news2", "--run", tmp_path / "nothing.json"), 2, "report-file-missing"),
        (("cvd-risk", "--run", ran), 2, "report-other-product"),
        (("news2", "--run", ran, "--language", "fr"), 2, "report-language-unknown"),
        (("nothing", "--run", ran), 2, "product-unknown"),
    ):
        said = lienthong("product", "report", *words, "--to", page)
        assert (said.code, said.json["error"]["code"]) == (code, kind)
        assert not page.exists()


def test_without_the_packages_of_the_extra_the_command_names_them(tmp_path: Path, ran: Path) -> None:
    code = "import sys; sys.modules['altair'] = None; from lienthong.cli import main; main(sys.argv[1:])"
    words = ["product", "report", "news2", "--run", str(ran), "--to", str(tmp_path / "page.html")]
    said = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert said.returncode == 5 and "lienthong[ai]" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not has_browser(), reason="chromium and chromedriver are not on PATH")
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_report_is_looked_at_on_a_screen_a_phone_and_paper(
    tmp_path: Path, ran: Path, lienthong: Lienthong, language: str
) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page = tmp_path / "report.html"
    assert lienthong("product", "report", "news2", "--run", ran, "--language", language, "--to", page).code == 0
    with Browser(script=False) as browser:
        for width in (1280, 390):
            browser.size(width)
            browser.go(page.as_uri())
            browser.screenshot(ARTEFACTS / f"report-{language}-{width}.png")
            assert browser.run("return document.documentElement.scrollWidth - innerWidth") <= 0, width
            assert browser.run("return [...document.querySelectorAll('svg text')].length") > 20
            cut = browser.run(
                "return [...document.querySelectorAll('svg[role=img]')].filter(s => [...s.querySelectorAll('text')]"
                ".some(t => { const a = t.getBoundingClientRect(), b = s.getBoundingClientRect();"
                " return a.left < b.left - 1 || a.right > b.right + 1"
                " || a.top < b.top - 1 || a.bottom > b.bottom + 1; }))"
                ".map(s => s.textContent.slice(0, 60))"
            )
            assert cut == [], f"words are cut off at {width}"
        printed = base64.b64decode(browser.devtools("Page.printToPDF", preferCSSPageSize=True)["data"])
    (ARTEFACTS / f"report-{language}.pdf").write_bytes(printed)
    paper = pypdf.PdfReader(io.BytesIO(printed))
    assert len(paper.pages) >= 2
    sizes = {(round(float(sheet.mediabox.width)), round(float(sheet.mediabox.height))) for sheet in paper.pages}
    assert sizes == {(595, 842)}  # A4, in points
    text = "\n".join(sheet.extract_text() for sheet in paper.pages)
    assert TITLES[language] in text and json.loads(ran.read_text())["digest"][:16] in text
    # what is folded on a screen stands on paper
    assert {"vi": "Số liệu của các hình", "en": "The data behind the plots"}[language] in text
    assert 'task = "binary"' in text
