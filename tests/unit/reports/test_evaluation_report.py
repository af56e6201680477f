"""The report of a run holds all that the run holds, in its language, as one page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from lxml import etree, html
from tests.unit.reports.invented_run import CARD, TASKS, measure, run

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.products.card import Text
from lienthong.reports import labels
from lienthong.reports.dossier import Signature
from lienthong.reports.evaluation import evaluation
from lienthong.reports.run_file import estimate, read_run
from lienthong.reports.words import words

LANGUAGES = ("vi", "en")
PAGES = [(task, language) for task in TASKS for language in LANGUAGES]


@cache
def page(task: str, language: str) -> str:
    return evaluation(run(task), CARD, language=language)


def tree(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def said(text: str) -> str:
    """What a reader sees, with single blanks."""
    return " ".join(" ".join(tree(text).xpath("//body//text()[not(ancestor::style)]")).split())


def signed(word: str = "confirmatory", **changed: Any) -> dict[str, Any]:
    status = {"word": word, "reason": {"vi": "Đã khóa trước.", "en": "Locked before."}, "lock": "d" * 64}
    by = {"signer": "Bác sĩ Lan", "public": "e" * 64, "fingerprint": "f" * 64, "time": "2026-11-24", "signature": "0"}
    return run("binary", status=status, signature=by, **changed)


@pytest.mark.parametrize(("task", "language"), PAGES)
def test_every_measure_of_the_run_stands_there_with_its_interval(task: str, language: str) -> None:
    text, w = said(page(task, language)), words(language)
    measures: Mapping[str, Any] = run(task)["measures"]
    assert measures
    for name, given in measures.items():
        assert f"{labels.measure(name, w)} {estimate(given).told(w)}" in text, name


@pytest.mark.parametrize(("task", "language"), PAGES)
def test_the_page_is_well_formed_and_needs_nothing_from_outside(task: str, language: str) -> None:
    text = page(task, language)
    parser = etree.HTMLParser(recover=False, huge_tree=False)
    # libxml2 knows no HTML5: it names SVG and these elements as unknown, and nothing else may be wrong
    with suppress(etree.XMLSyntaxError):
        etree.fromstring(text.encode(), parser)
    wrong = [entry.message for entry in parser.error_log if "invalid" not in entry.message]
    assert wrong == []
    root = tree(text)
    assert root.get("lang") == language
    assert not root.xpath("//script | //link | //img | //iframe | //object | //form | //@onclick | //@src")
    assert set(root.xpath("//@href")) <= {"#content", "#physician", "#statistician", "#regulator"}
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\((?!#)", text)


@pytest.mark.parametrize(("task", "language"), PAGES)
def test_the_page_can_be_read_without_eyes(task: str, language: str) -> None:
    root = tree(page(task, language))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert len(root.xpath("//h1")) == 1 and len(root.xpath("//main")) == 1
    levels = [int(element.tag[1]) for element in root.xpath("//h1|//h2|//h3|//h4")]
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(table.xpath("./caption[normalize-space()]") for table in root.xpath("//table"))
    assert all(cell.get("scope") in ("col", "row") for cell in root.xpath("//th"))
    assert all(list_.get("aria-label") for list_ in root.xpath("//nav"))
    for drawing in root.xpath("//svg[@role='img']"):
        (title,) = drawing.xpath(f".//*[@id='{drawing.get('aria-labelledby')}']")
        assert title.text_content().strip()
    assert all(drawing.get("aria-hidden") for drawing in root.xpath("//svg[not(@role)]"))
    assert all(target[1:] in ids for target in root.xpath("//@href"))


def test_every_plot_has_its_data_behind_it() -> None:
    root = tree(page("binary", "vi"))
    plots = root.xpath("//figure")
    assert [plot.get("id") for plot in plots] == [
        "people",
        "roc",
        "spread",
        "calibration",
        "decision-curve",
        "groups-plot",
        "robustness-plot",
    ]
    assert all(plot.xpath(".//details//table/tbody/tr") for plot in plots)
    # and once more for paper, where nothing can be unfolded
    assert len(root.xpath("//section[@class='appendix']//table")) == len(plots)


def test_the_plots_of_survival_and_of_forecasts() -> None:
    found = [
        [plot.get("id") for plot in tree(page(task, "en")).xpath("//figure")] for task in ("survival", "forecast")
    ]
    assert found == [
        ["kaplan-meier", "calibration-at", "decision-at", "groups-plot"],
        ["wis-by-horizon", "coverage-by-horizon", "by-place", "by-month"],
    ]


@pytest.mark.parametrize("task", TASKS)
def test_no_sentence_of_the_other_language_stands_in_a_report(task: str) -> None:
    texts = {language: said(page(task, language)) for language in LANGUAGES}
    for key, sentence in words("vi").sentences.items():
        if "{" in sentence.vi or sentence.vi == sentence.en or len(sentence.en) < 6:
            continue
        if re.search(rf"(?<!\w){re.escape(sentence.en)}(?!\w)", texts["vi"]):
            assert sentence.en in _given(task), key
        if re.search(rf"(?<!\w){re.escape(sentence.vi)}(?!\w)", texts["en"]):
            assert sentence.vi in _given(task), key


def _given(task: str) -> str:
    """What the run and its protocol say in both languages, which a report quotes."""
    return canonical.encode(run(task)).decode()


def test_the_physician_reads_counts_of_a_hundred() -> None:
    text = said(page("binary", "en"))
    assert "Of 100 such cases, 26 have the event: the product finds 25 of them and misses 1." in text
    assert "that is right about 79 times in 100" in text
    assert "For every 100 events foretold, only 91 came (interval 85 to 98)" in text
    assert "Worse, on clear evidence: Sex: male." in text
    assert "Too few data to say anything about: Age: <1." in text
    survival = said(page("survival", "vi"))
    assert (
        "Trong 100 người như vậy, khoảng 57 người có biến cố trong 5 năm; sản phẩm dự báo trung bình 60." in survival
    )
    forecast = said(page("forecast", "vi"))
    assert "So với cách dự báo “giữ nguyên tháng trước”, sai số của sản phẩm nhỏ hơn 32%." in forecast
    assert "cách dự báo h2" not in forecast


def test_the_physician_comes_first_and_then_the_statistician_and_the_regulator() -> None:
    parts = [part.get("id") for part in tree(page("binary", "vi")).xpath("//section[contains(@class, 'part')]")]
    assert parts == ["physician", "statistician", "regulator"]


def test_bounds_sample_size_comparators_and_places_stand_there_with_their_verdicts() -> None:
    text = said(page("binary", "en"))
    assert "AUROC Low end of the interval: at least 0.95 0.974 ✓ met" in text
    assert "Observed over expected Value: from 0.95 to 1.05 0.910 ✗ not met" in text
    assert "Observed over expected 700 cases, 180 events 524 cases, 135 events ✗ too few" in text
    assert "linear features AUROC 0.910 (0.890 to 0.930) 0.0712 (0.0500 to 0.0900) 0.01 ✓ beaten" in text
    assert "I² 41%; prediction interval for a new one from 0.900 to 0.980" in text
    assert "blur disturbed inputs 524 AUROC 0.920 (0.850 to 0.970)" in text
    assert "At the locked thresholds" in text and "True positives 130" in text and "False negatives 5 " in text


def test_a_small_group_is_neither_counted_nor_measured() -> None:
    text = page("binary", "en")
    assert "0.512" not in text and "0.5123" not in text
    shown = said(text)
    # the group of 3 and, since it could be had by subtraction, the next smallest
    assert "Age: <1 not told not told insufficient data" in shown
    assert "Age: 1–5 not told not told no difference shown" in shown
    assert "Age: not known 400 100" in shown
    assert "Counts from 1 to 4 are not told" in shown


def test_what_comes_from_data_is_no_markup() -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    body = run(
        "binary",
        title={"vi": evil, "en": evil},
        notes=[{"vi": evil, "en": evil}],
        data={"files": [{"name": evil, "sha256": "c" * 64}], "part": evil, "licence": evil},
        measures={evil: measure("0.5", method=evil)},
        digest='"; } body { display: none',
    )
    card = replace(CARD, owner=evil, limits=(Text(evil, evil),))
    text = evaluation(body, card, language="vi")
    assert "<script" not in text and "49" not in re.findall(r"alert\(1\).{0,30}", text)[0]
    assert "&lt;script&gt;" in text
    assert "display: none }" not in tree(text).findtext(".//style", "") and '"; } body' not in tree(text).findtext(
        ".//style", ""
    )


def test_a_report_is_the_same_each_time() -> None:
    assert evaluation(run("binary"), CARD, language="en") == page("binary", "en")


@pytest.mark.parametrize(
    ("signature", "word", "told"),
    [
        (Signature.HOLDS, "✓ Confirmatory", "✓ The signature holds"),
        (Signature.FOREIGN, "? Not proven", "its key is not the one that the product's card names"),
        (Signature.NONE, "? Not proven", "This run is not signed: it is no evidence."),
        (Signature.BROKEN, "✗ Not valid", "this run was changed after it was signed"),
    ],
)
def test_only_a_signature_that_holds_makes_a_run_confirmatory(signature: Signature, word: str, told: str) -> None:
    text = said(evaluation(signed(), CARD, language="en", signature=signature))
    assert word in text and told in text
    assert ("✓ Confirmatory" in text) == (signature is Signature.HOLDS)


def test_an_exploratory_run_stays_one_whoever_signed_it() -> None:
    text = said(evaluation(signed("exploratory"), CARD, language="vi", signature=Signature.HOLDS))
    assert "◐ Thăm dò Đã khóa trước." in text and "Bác sĩ Lan" in text


def test_the_command_repeats_the_run() -> None:
    assert "<pre" in page("binary", "vi")
    (command,) = tree(page("binary", "vi")).xpath("//pre[1]/text()")[:1]
    assert command == "lienthong product evaluate invented --json"
    mine = run("binary", data={"files": [{"name": "my file.npz", "sha256": "c" * 64}], "part": "", "licence": "-"})
    (command,) = tree(evaluation(mine, CARD)).xpath("//pre[1]/text()")[:1]
    assert command == "lienthong product evaluate invented --data 'my file.npz' --json"


def test_a_run_without_anything_but_measures_is_still_a_report() -> None:
    bare = dict.fromkeys(("operating", "comparators", "groups", "gaps", "sites", "missing", "sensitivity"), ())
    only = {"auroc": measure(None, method="none: all cases have the same outcome")}
    text = said(evaluation(run("binary", **bare, measures=only, curves={}, sample_size=[], bounds=[]), CARD))
    assert "Dữ liệu không cho phép xem xét riêng nhóm nào" in text
    assert "không có: mọi ca có cùng một kết cục" in text
    assert "Đề cương không đặt giới hạn nào" in text


def test_the_checklist_counts_what_the_run_holds() -> None:
    whole, bare = said(page("binary", "en")), said(page("forecast", "en"))
    answered = [int(re.findall(r"This report answers (\d+) of the 48 items", text)[0]) for text in (whole, bare)]
    assert answered[0] > answered[1]
    assert "14 Fairness ✓ here Groups" in whole and "14 Fairness ◐ in part Groups" in bare
    assert "17 Ethical approval ✗ not here" in whole


def test_a_file_that_is_no_run_is_refused_with_what_is_wrong() -> None:
    good = canonical.encode(run("binary"))
    assert read_run(good, "run.json")["product"] == "invented"
    changed = run("binary")
    changed["measures"]["auroc"]["value"] = Decimal("0.999")
    lacking = run("binary")
    del lacking["measures"]
    for content, why in (
        (b"{", "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"form": "x"}', "its form is not"),
        (canonical.encode(lacking), 'it lacks "measures"'),
        (canonical.encode(changed), "its digest is not that of its figures"),
    ):
        with pytest.raises(LienthongError) as caught:
            read_run(content, "run.json")
        assert caught.value.code == "report-run-wrong" and why in caught.value.text()
