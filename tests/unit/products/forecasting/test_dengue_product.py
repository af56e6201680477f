"""The product dengue-months-ahead on invented files: which months are foretold, from what, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.products.forecasting.invented import START, epidemic, row, write

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation import evaluables
from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.products.forecasting.product import RegionalForecast
from lienthong.products.forecasting.settings import fixed
from lienthong.products.measures.measure import Numbers

FOLDER = Path(__file__).resolve().parents[4] / "catalogue" / "dengue-months-ahead"
PROTOCOL = read_protocol((FOLDER / "protocol.toml").read_text("utf-8"))


def product() -> RegionalForecast:
    found = evaluables.load("dengue-months-ahead")
    assert isinstance(found, RegionalForecast)
    return found


def file(folder: Path, counts: Numbers, name: str = "own.csv", start: int = START) -> Path:
    lines = [
        row(f"P{place}", start + month, int(count))
        for place, series in enumerate(counts)
        for month, count in enumerate(series)
        if np.isfinite(count)
    ]
    return write(folder / name, lines)


def opened(files: list[Path], part: str) -> tuple[ForecastCases, list[str]]:
    opened = product().open(files, part, PROTOCOL.settings)
    assert isinstance(opened.cases, ForecastCases)
    return opened.cases, [note.en for note in opened.notes]


def test_the_test_holds_the_years_of_the_protocol_and_all_comparators(tmp_path: Path) -> None:
    cases, notes = opened([file(tmp_path, epidemic(4, 204, 1))], "test")
    at_one = cases.horizon == 1
    assert (min(cases.month[at_one]), max(cases.month[at_one])) == ("2007-01", "2010-12")
    assert sorted(cases.baselines) == sorted(item.name for item in PROTOCOL.comparators)
    assert all(quantiles.shape == cases.quantiles.shape for quantiles in cases.baselines.values())
    assert len(cases) == 4 * (48 + 47 + 46)
    assert "Foretold from the origins 2006-12 to 2010-11; the last month with counts is 2010-12." in notes


def test_a_file_of_ones_own_that_reaches_the_test_is_tested_on_the_same_years(tmp_path: Path) -> None:
    own = file(tmp_path, epidemic(4, 204, 1))
    assert opened([own], "")[0].quantiles.tobytes() == opened([own], "test")[0].quantiles.tobytes()


def test_data_that_end_early_say_so(tmp_path: Path) -> None:
    cases, notes = opened([file(tmp_path, epidemic(4, 180, 1))], "test")
    assert max(cases.month) == "2008-12"
    assert "The protocol's last origin is 2010-11, but the data end earlier." in notes


def test_other_years_are_tested_on_their_last_four(tmp_path: Path) -> None:
    cases, _ = opened([file(tmp_path, epidemic(4, 144, 1), start=(2012 * 12))], "")
    at_one = cases.horizon == 1
    assert (min(cases.month[at_one]), max(cases.month[at_one])) == ("2020-01", "2023-12")


def test_the_development_reads_nothing_of_the_test(tmp_path: Path) -> None:
    counts = epidemic(4, 204, 1)
    first = opened([file(tmp_path, counts)], "development")[0]
    counts[:, 156:] = 10_000
    again = opened([file(tmp_path, counts, "other.csv")], "development")[0]
    assert max(first.month.tolist()) == "2006-12"
    assert first.quantiles.tobytes() == again.quantiles.tobytes()
    assert first.observed.tobytes() == again.observed.tobytes()


def test_no_month_of_the_test_was_seen_in_the_development(tmp_path: Path) -> None:
    own = file(tmp_path, epidemic(4, 204, 1))
    test, development = (product().open([own], part, PROTOCOL.settings) for part in ("test", "development"))
    assert test.development
    assert not test.development & set(test.cases_digests)
    assert set(development.cases_digests) < development.development
    assert len(set(test.cases_digests)) == len(test.cases_digests)


def test_files_may_continue_each_other(tmp_path: Path) -> None:
    counts = epidemic(4, 204, 1)
    parts = [
        file(tmp_path, counts[:, :170], "a.csv"),
        file(tmp_path, counts[:, 170:], "b.csv", start=START + 170),
    ]
    whole, _ = opened([file(tmp_path, counts)], "test")
    assert opened(parts, "test")[0].quantiles.tobytes() == whole.quantiles.tobytes()


def test_places_left_out_are_named(tmp_path: Path) -> None:
    counts = epidemic(4, 180, 1)
    counts[2] = 1
    cases, notes = opened([file(tmp_path, counts)], "test")
    assert "P2" not in set(cases.place.tolist())
    assert any(
        note.startswith("3 of 4 provinces are foretold") and note.endswith("not foretold: P2.") for note in notes
    )


@pytest.mark.parametrize(
    ("months", "start", "level", "part", "why"),
    [
        (61, START, 1, "", "the months do not suffice"),
        (150, START, 1, "test", "the months do not suffice"),
        (100, 2005 * 12, 1, "test", "the months do not suffice"),
        (60, START, 1, "development", "the months do not suffice"),
        (180, START, 0, "test", "no province reported often and much enough"),
    ],
)
def test_too_little_is_refused(tmp_path: Path, months: int, start: int, level: int, part: str, why: str) -> None:
    own = file(tmp_path, level * epidemic(3, months, 1), start=start)
    with pytest.raises(LienthongError, match=why) as caught:
        opened([own], part)
    assert caught.value.code == "data-wrong"


def test_62_months_are_the_least(tmp_path: Path) -> None:
    cases, _ = opened([file(tmp_path, epidemic(3, 62, 1))], "")
    assert set(cases.month.tolist()) == {"1999-02"}


def test_the_card_says_when_its_data_end() -> None:
    card = product().card
    assert "December 2010" in card.intended_use.en
    assert "12/2010" in card.intended_use.vi
    assert "64 old provinces" in card.population.en
    assert PROTOCOL.product == card.name
    assert PROTOCOL.part == "test"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_origin", "2006-13"),
        ("first_origin", 2006),
        ("last_origin", "2005-01"),
        ("development_first_origin", "2007-01"),
        ("horizons", []),
        ("horizons", [3, 1]),
        ("horizons", [0]),
        ("horizons", [13]),
        ("cases", -1),
        ("cases", True),
        ("warm_up_months", "48"),
        ("reported", "0.5"),
        ("reported", "many"),
        ("unheard_of", 1),
        ("fresh_months", None),
    ],
)
def test_settings_that_fix_nothing_are_refused(name: str, value: Any) -> None:
    table = {**tomllib.loads((FOLDER / "protocol.toml").read_text("utf-8"))["product"], name: value}
    if value is None:
        del table[name]
    with pytest.raises(LienthongError, match=name):
        fixed(table)
