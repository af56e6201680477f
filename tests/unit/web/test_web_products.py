"""The register of products and their cards as pages, CSV and JSON; and what does not hold is told, not shown."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from tests.unit.web.conftest import Bytes, Hands, TestClient, signed_in
from tests.unit.web.fixture_desk import FixtureDesk

from lienthong.core import canonical
from lienthong.products import catalogue
from lienthong.products.evaluation import signing
from lienthong.products.evaluation.evidence import Evidence, read_evidence
from lienthong.products.evaluation.status import Word
from lienthong.web.register import Entry, Standing, data_of, plain
from lienthong.web.site import site
from lienthong.web.texts import language

VI, EN = language("vi"), language("en")
NAMES = ["breast-survival", "cvd-risk", "dengue-months-ahead", "news2", "pneumonia-xray"]


class EditedShelf:
    """The catalogue, but a figure of the signed run of breast-survival was made better by hand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return catalogue.names()

    def evidence(self, name: str) -> Evidence:
        if name != "breast-survival":
            return catalogue.evidence(name)
        return read_evidence(self._folder, catalogue.read_card_of(self._folder))


@pytest.fixture
def edited(tmp_path: Path, desk: FixtureDesk, hands: Hands) -> TestClient:
    folder = tmp_path / "breast-survival"
    source = Path(str(catalogue.folder("breast-survival")))
    for file in source.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    run = folder / "evidence" / "run-gbsg2.json"
    text = run.read_text("utf-8")
    assert "0.688823" in text
    run.write_text(text.replace("0.688823", "0.988823"), "utf-8")
    client = TestClient(site(desk, clock=hands, random=Bytes(), shelf=EditedShelf(folder)), follow_redirects=False)
    return signed_in(client, "bs.lan")


def english(client: TestClient) -> TestClient:
    client.get("/language/en")
    return client


def test_the_register_tells_purpose_risk_owner_and_evidence_of_each_product(physician: TestClient) -> None:
    html = physician.get("/products").text
    assert catalogue.names() == NAMES
    for name in NAMES:
        card = catalogue.card(name)
        assert f'href="/products/{name}"' in html and card.title.vi in html
        assert card.intended_use.vi in html and card.owner in html
    assert html.count("✓ Khẳng định") == 3 and html.count("○ Chưa có đánh giá ký") == 2
    assert "chỉ số C (thứ tự nguy cơ đúng) là 0,689 (0,658 đến 0,718)" in html
    assert "! 2 trên 4 giới hạn không đạt" in html  # a good order of risks hides no bad calibration
    assert "Rủi ro cao" in html and "Mô hình sống còn (Cox)" in html
    assert 'aria-current="page">Sản phẩm AI</a>' in html


def test_the_register_speaks_english_and_is_open_to_other_roles(engineer: TestClient) -> None:
    html = english(engineer).get("/products").text
    assert "Which AI is here, and on what evidence?" in html and "2 of 4 bounds not met" in html
    assert "5 products." in html and "was 0.689 (0.658 to 0.718)" in html


def test_the_register_is_also_csv_and_json_with_its_digits(physician: TestClient) -> None:
    rows = {row["name"]: row for row in canonical.parse(physician.get("/products.json").content)["rows"]}
    assert list(rows) == NAMES
    breast = rows["breast-survival"]
    figure = catalogue.evidence("breast-survival").figures[0]
    assert (breast["measure"], breast["value"], breast["low"], breast["high"]) == (
        "c_index",
        figure.value,
        figure.low,
        figure.high,
    )
    assert breast["evidence"] == "confirmatory" and (breast["bounds"], breast["bounds_unmet"]) == (4, 2)
    assert rows["news2"]["evidence"] == "none" and rows["news2"]["value"] is None
    table = csv.DictReader(io.StringIO(physician.get("/products.csv").content.decode("utf-8-sig")))
    told = {row["name"]: row for row in table}
    assert told["breast-survival"]["value"] == str(figure.value)
    assert told["breast-survival"]["title"] == catalogue.card("breast-survival").title.vi
    assert told["news2"]["value"] == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ["vi", "en"])
def test_a_card_is_shown_whole(physician: TestClient, name: str, code: str) -> None:
    physician.get(f"/language/{code}")
    html = unescape(physician.get(f"/products/{name}").text)
    evidence = catalogue.evidence(name)
    card = evidence.card
    for text in (card.title, card.intended_use, card.population, card.users, card.output, card.data, *card.limits):
        assert getattr(text, code) in html
    assert card.citation in html and card.doi in html and card.owner in html
    for figure in evidence.figures:
        assert getattr(figure.text, code) in html
    for run in evidence.runs:
        assert run.signer.name in html and run.signer.fingerprint in html and run.digest in html
        assert f'href="/products/{name}/evidence/{run.file}"' in html
        for note in run.body["notes"]:
            assert note[code] in html
    assert (f"lienthong product report {name} --to" in html) == bool(evidence.runs)


def test_a_card_tells_what_its_run_does_not_show(physician: TestClient) -> None:
    html = physician.get("/products/breast-survival").text
    assert "giá trị: 1,27; giới hạn đặt trước (≥ 0,80, ≤ 1,25) không đạt." in html
    assert "khóa và ký lúc 25/11/2026 06:48, trước lần mở" in html  # a day as people write it
    xray = english(physician).get("/products/pneumonia-xray").text
    assert "Not shown to be better, by the margin set beforehand" in xray
    assert "nothing is shown of how good it is" in physician.get("/products/news2").text


@pytest.mark.parametrize("name", NAMES)
def test_the_json_of_a_card_is_that_of_its_evidence(physician: TestClient, name: str) -> None:
    answer = physician.get(f"/products/{name}.json")
    assert answer.content == canonical.encode(catalogue.evidence(name).to_json())


def test_a_signed_run_comes_byte_for_byte_and_verifies(physician: TestClient) -> None:
    answer = physician.get("/products/breast-survival/evidence/run-gbsg2.json")
    shipped = catalogue.folder("breast-survival") / "evidence" / "run-gbsg2.json"
    assert answer.content == shipped.read_bytes()
    assert 'filename="breast-survival-run-gbsg2.json"' in answer.headers["content-disposition"]
    signer = signing.verify(canonical.parse(answer.content), "run")
    assert signer.fingerprint == catalogue.card("breast-survival").signer


@pytest.mark.parametrize(
    "address",
    [
        "/products/nothing-here",
        "/products/..%2fnews2",
        "/products/breast-survival/evidence/run-other.json",
        "/products/breast-survival/evidence/lock.json",
        "/products/nothing-here.json",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(physician: TestClient, address: str) -> None:
    answer = physician.get(address)
    assert answer.status_code == 404
    assert "Không có trang này" in answer.text or answer.json()["what"].startswith("The address")


@pytest.mark.parametrize("address", ["/products", "/products/news2"])
def test_nobody_reads_them_without_signing_in(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")
    assert client.get(f"{address}.json").status_code == 401


def test_evidence_that_was_edited_is_told_for_its_product_alone(edited: TestClient) -> None:
    html = edited.get("/products").text
    assert html.count("✗ Bằng chứng hỏng") == 1 and "0,989" not in html and "0,689" not in html
    assert "breast-survival/evidence/run-gbsg2.json" in html
    assert html.count("✓ Khẳng định") == 2 and "AUC 0,997" in html
    rows = {row["name"]: row for row in json.loads(edited.get("/products.json").content)["rows"]}
    assert rows["breast-survival"]["evidence"] == "broken" and "value" not in rows["breast-survival"]
    assert rows["breast-survival"]["error"] and rows["news2"]["evidence"] == "none"
    assert edited.get("/products.csv").status_code == 200


def test_a_product_whose_evidence_was_edited_shows_no_figure(edited: TestClient) -> None:
    page = edited.get("/products/breast-survival")
    assert page.status_code >= 400 and "Bằng chứng của sản phẩm này không đứng vững" in page.text
    assert "0,688" not in page.text and "0,988" not in page.text
    answer = edited.get("/products/breast-survival.json")
    assert answer.status_code == page.status_code and answer.json()["code"]
    assert edited.get("/products/breast-survival/evidence/run-gbsg2.json").status_code == page.status_code
    assert edited.get("/products/news2").status_code == 200


def test_the_standing_is_that_of_the_run_from_which_the_main_figure_comes() -> None:
    whole = catalogue.evidence("breast-survival")
    exploring = replace(whole.runs[0], file="run-a.json", status=Word.EXPLORATORY)
    both = replace(whole, runs=(exploring, *whole.runs))
    assert Entry("x", both).standing is Standing.CONFIRMATORY
    assert Entry("x", replace(both, figures=())).standing is Standing.CONFIRMATORY
    quoting = replace(both, figures=(replace(whole.figures[0], run="run-a"),))
    assert Entry("x", quoting).standing is Standing.EXPLORATORY
    assert plain(Entry("x", quoting), EN)["evidence"] == "exploratory"


def test_a_recipe_of_any_shape_breaks_no_page() -> None:
    assert data_of({"files": 3, "layout": [1], "get": {"fr": "ici"}, "licence": ""}, VI) == [
        ("Layout of the files", "1")
    ]
    assert data_of({"get": {"vi": "ở đây", "en": "here"}}, EN) == [("Where to get them", "here")]
