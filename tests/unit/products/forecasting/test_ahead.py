"""What is foretold for the months to come: from what had ended by the day of asking, with reasons, or not at all."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pytest
from tests.unit.products.forecasting.invented import START, epidemic, row, write

from lienthong.cli import main
from lienthong.products import catalogue
from lienthong.products.forecasting.ahead import ahead
from lienthong.products.forecasting.product import RegionalForecast
from lienthong.products.forecasting.screen import lines

MONTHS = 180  # January 1994 to December 2008


@pytest.fixture(scope="module")
def product() -> RegionalForecast:
    return RegionalForecast(catalogue.folder("dengue-months-ahead"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = epidemic(3, MONTHS, 6)
    rows = [
        row(f"P{place}", START + month, int(counts[place, month])) for place in range(3) for month in range(MONTHS)
    ]
    return write(tmp_path_factory.mktemp("own") / "own.csv", rows)


def test_each_province_and_month_has_quantiles_and_what_they_rest_on(product: RegionalForecast, own: Path) -> None:
    said = ahead(product, [own], date(2009, 1, 20))
    assert said.why_not is None
    assert [(item.place, item.month) for item in said.rows[:4]] == [
        ("P0", "2009-01"),
        ("P0", "2009-02"),
        ("P0", "2009-03"),
        ("P1", "2009-01"),
    ]
    for item in said.rows:
        values = list(item.quantiles.values())
        assert values == sorted(values)
        product_of = (1 + item.last) * math.prod(item.factors.values())
        assert 1 + item.quantiles["0.5"] == pytest.approx(product_of, rel=0.06)
        assert "các tháng gần đây ×" in item.rests_on.vi
        assert "the season ×" in item.rests_on.en


def test_the_present_is_not_foretold_from_old_data(product: RegionalForecast, own: Path) -> None:
    said = ahead(product, [own], date(2026, 11, 24))
    assert said.rows == ()
    assert said.why_not is not None
    assert said.why_not.en.startswith("The data end in 2008-12, 214 months before the day of asking (at most 2)")
    assert "December 2010" in said.notes[0].en
    assert any(line.startswith("KHÔNG DỰ BÁO: Số liệu kết thúc vào 2008-12") for line in lines(said, "vi"))


@pytest.mark.parametrize(
    ("asked", "rows"), [("2009-02-28", 9), ("2009-03-30", 9), ("2009-03-31", 0), ("2009-05-01", 0)]
)
def test_two_months_is_the_oldest(product: RegionalForecast, own: Path, asked: str, rows: int) -> None:
    assert len(ahead(product, [own], date.fromisoformat(asked)).rows) == rows


def test_what_had_not_ended_by_the_day_is_not_used(product: RegionalForecast, own: Path, tmp_path: Path) -> None:
    counts = epidemic(3, MONTHS, 6)[:, :151]
    rows = [row(f"P{place}", START + month, int(counts[place, month])) for place in range(3) for month in range(151)]
    then = ahead(product, [write(tmp_path / "then.csv", rows)], date(2006, 8, 1))
    assert then.last == "2006-07"
    assert ahead(product, [own], date(2006, 8, 30)).rows == then.rows
    assert ahead(product, [own], date(2006, 8, 31)).last == "2006-08"


def called(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        main(["product", "forecast", *words])
    captured = capsys.readouterr()
    return ended.value.code, captured.out + captured.err


def test_the_command_says_it_in_both_languages_and_as_json(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["dengue-months-ahead", str(own)]
    code, said = called(call, capsys)
    assert code == 0
    assert "KHÔNG DỰ BÁO" in said
    _, said = called([*call, "--as-of", "2008-12-31", "--lang", "en"], capsys)
    assert "P2" in said
    assert "rests on" in said
    _, said = called([*call, "--as-of", "2008-12-31", "--json"], capsys)
    body = json.loads(said)
    assert len(body["rows"]) == 9
    assert set(body["rows"][0]["rests_on"]) == {"vi", "en"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["news2", "x.csv"], 2, "product-no-forecast"),
        (["unheard-of", "x.csv"], 2, "product-unknown"),
        (["dengue-months-ahead", "x.csv"], 5, "evaluation-file-missing"),
    ],
)
def test_the_command_refuses_in_words(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, text = called(words, capsys)
    assert ended == code
    assert said in text
