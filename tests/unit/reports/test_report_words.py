"""Every sentence of the reports is used and has both languages with the same places; numbers as people write them."""

from __future__ import annotations

import ast
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

import lienthong.products.measures
import lienthong.reports
from lienthong.reports.checklist import EVIDENCE, items
from lienthong.reports.methods import method
from lienthong.reports.plot import Estimate
from lienthong.reports.words import sentences, words

REPORTS = Path(lienthong.reports.__file__).parent
MEASURES = Path(lienthong.products.measures.__file__).parent
EVALUATION = MEASURES.parent / "evaluation"
VI, EN = words("vi"), words("en")
# Keys that are put together from what a run says
MADE = (
    *("measure-", "meaning-", "name-", "attribute-", "word-", "input-", "disturbance-", "kind-", "task-"),
    *("unit-", "role-", "risk-", "reader-", "signature-", "status-", "bound-", "people-", "coverage-"),
)
VERDICTS = {
    "insufficient-data",
    "no-difference-shown",
    "worse",
    "met",
    "not-met",
    "cannot-say",
    "beaten",
    "not-beaten",
}
COUNTS = {
    "positive",
    "tp",
    "fp",
    "fn",
    "tn",
    "covered",
    "partly",
    "absent",
    "lienthong",
    "python",
    "system",
    "opened",
    "ran",
}
# Names of methods and statistics that are the same in every language
NAMES = re.compile(
    r"\b(DeLong|logit|Obuchowski|Newcombe|Zou|Donner|Wilson|Wald|sandwich|BCa|bootstrap|Student|delta|spline|logistic"
    r"|jackknife|Greenwood|Cox|log|t|DerSimonian|Laird|Hartung|Knapp|\d+)\b"
)


def used() -> set[str]:
    """The keys that modules and templates name."""
    found: set[str] = set()
    for path in REPORTS.rglob("*.py"):
        found |= set(re.findall(r"""["']([a-z0-9_-]+)["']""", path.read_text("utf-8")))
    for path in REPORTS.rglob("*.html"):
        found |= set(re.findall(r"words\(['\"]([a-z0-9_-]+)['\"]\)?", path.read_text("utf-8")))
    for item in items():
        found |= set(item.where)
    return found


def test_no_sentence_is_missing_or_left_over() -> None:
    known = set(sentences())
    for path in (*(item for item in REPORTS.rglob("*.py") if item.name != "words.py"), *REPORTS.rglob("*.html")):
        for key in re.findall(r"words\(\s*['\"]([a-z0-9_-]+)['\"]\s*[,)]", path.read_text("utf-8")):
            assert key in known, f"{path.name}: {key}"
    assert {key for item in items() for key in item.where} <= known
    left = {key for key in known - used() - VERDICTS - COUNTS if not key.startswith(MADE)}
    assert left == set()


def test_both_languages_have_the_same_places() -> None:
    for key, sentence in sentences().items():
        places = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (sentence.vi, sentence.en)]
        assert places[0] == places[1], key


def test_no_key_stands_twice() -> None:
    keys = [
        key
        for path in (REPORTS / "texts").glob("*.toml")
        for key in tomllib.loads(path.read_text("utf-8"))
        if key != "phrase"
    ]
    assert len(keys) == len(set(keys)) == len(sentences())


@pytest.mark.parametrize("template", sorted(path.name for path in (REPORTS / "templates").glob("*.html")))
def test_no_words_stand_in_a_template(template: str) -> None:
    source = (REPORTS / "templates" / template).read_text("utf-8")
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<!doctype html>", " ", source, flags=re.S)
    assert set(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", bare))) <= {"Liên", "thông"}
    for attribute in re.findall(r'(?:title|aria-label|alt|data-label)="([^"]*)"', source):
        assert not re.search(r"[^\W\d_]{2,}", re.sub(r"\{\{.*?\}\}", "", attribute)), attribute


def test_every_way_of_making_an_interval_has_its_vietnamese() -> None:
    """The strings of which the measures make their methods; a new phrase must be put into texts/methods.toml."""
    said = 0
    for path in (*sorted(MEASURES.glob("*.py")), *(EVALUATION / f"{name}.py" for name in ("pooling",))):
        for text in _methods(ast.parse(path.read_text("utf-8"))):
            told = method(text, VI)
            left = {word for word in re.findall(r"\w{2,}", NAMES.sub(" ", told)) if word in re.findall(r"\w+", text)}
            assert left == set(), (path.name, text, told)
            said += 1
    assert said > 40


def _methods(tree: ast.Module) -> list[str]:
    """All text of a module that is no docstring, no name and no part of an error."""
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.FunctionDef) and not any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            skipped |= {id(inner) for inner in ast.walk(node)}  # it gives nothing: it refuses what is wrong
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and "Kind" in ast.dump(node.func)):
            skipped |= {id(inner) for inner in ast.walk(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in skipped
        and re.search(r"[a-z]{2,} [a-z]{2,}", node.value)
    ]


def test_a_method_is_told_whole() -> None:
    assert (
        method("BCa bootstrap of 40 clusters, 1000 resamples", VI) == "bootstrap BCa của 40 cụm, 1000 lần lấy mẫu lại"
    )
    assert method("none: all cases have the same outcome", VI) == "không có: mọi ca có cùng một kết cục"
    assert method("Wilson", VI) == "Wilson" and method("logit DeLong", EN) == "logit DeLong"


def test_the_checklist_names_kinds_of_evidence_that_there_are() -> None:
    assert {need for item in items() for need in item.needs} <= set(EVIDENCE)
    assert all(item.needs or item.partly for item in items())
    assert len({item.id for item in items()}) == 48


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (Decimal("0.981234"), "0,981", "0.981"),
        (Decimal("0.0512"), "0,0512", "0.0512"),
        (Decimal("-0.0000004"), "0,0000", "0.0000"),
        (Decimal("48.2345"), "48,2", "48.2"),
        (Decimal("12345.6"), "12.346", "12,346"),
        (-0.21, "−0,210", "−0.210"),
        (1234, "1.234", "1,234"),
        (0, "0", "0"),
    ],
)
def test_a_number_has_three_digits_that_mean_something(value: Decimal | float, vi: str, en: str) -> None:
    assert (VI.number(value), EN.number(value)) == (vi, en)


def test_an_interval_has_the_decimals_of_its_figure() -> None:
    assert Estimate(Decimal("1.12"), Decimal("0.95123"), Decimal("1.2934")).told(VI) == "1,12 (0,95 đến 1,29)"
    assert Estimate(0.5).told(EN) == "0.500" and Estimate(None, method="none").told(EN) == "–"


def test_what_a_person_fixed_keeps_its_digits() -> None:
    assert VI.exact(Decimal("0.30")) == "0,30" and EN.exact(Decimal("5")) == "5"


def test_days_and_months() -> None:
    assert (VI.day("2026-11-24T23:00:09Z"), EN.day("2026-11-24T23:00:09Z")) == ("24/11/2026", "24 Nov 2026")
    assert VI.day("sometime") == "sometime" and VI.month("2007-04") == "04/2007"
