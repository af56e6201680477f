"""OpenDengue's file: read by names, doubled and missing months named, anything else refused without its content."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from tests.unit.products.forecasting.invented import HEADER, START, row, write

from lienthong.core.errors import LienthongError
from lienthong.products.forecasting import opendengue
from lienthong.products.forecasting.opendengue import read


def test_province_months_become_a_table(tmp_path: Path) -> None:
    lines = [
        row("B", START + 2, 7),
        row("A", START, 0),
        row("A", START + 1, 12),
        row("NA", START, 99, s_res="Admin0"),
    ]
    counted = read([write(tmp_path / "a.csv", lines)])
    assert counted.panel.places == ("A", "B")
    assert counted.panel.first == START
    np.testing.assert_array_equal(counted.panel.counts, [[0, 12, np.nan], [np.nan, np.nan, 7]])
    said = [note.en for note in counted.notes]
    assert said[0] == "The provincial data end in 1994-03."
    assert "1 rows are no province-month (country, district, week, year) and were left out." in said
    assert said[-1].startswith("3 province-months were not reported between 1994-01 and 1994-03 (2 provinces)")
    assert all(note.vi for note in counted.notes)


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    names = [*reversed(opendengue.COLUMNS), "more"]
    value = dict(zip(HEADER.split(","), row("A", START, 3).replace('"VIET NAM, A"', "A").split(","), strict=True))
    line = ",".join(value.get(name, "x") for name in names)
    assert read([write(tmp_path / "a.csv", [line], ",".join(names))]).panel.counts.tolist() == [[3.0]]


def test_the_same_row_twice_counts_once_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row("A", START, 3), row("A", START, 3)])
    counted = read([path, path])
    assert counted.panel.counts.tolist() == [[3.0]]
    assert any(note.en.startswith("3 rows repeat a province-month") for note in counted.notes)


def test_the_order_of_rows_means_nothing(tmp_path: Path) -> None:
    lines = [row(place, START + month, month) for place in "BAC" for month in range(5)]
    first, again = (read([write(tmp_path / "a.csv", order)]).panel for order in (lines, lines[::-1]))
    assert first.places == again.places
    assert first.counts.tobytes() == again.counts.tobytes()


def test_names_are_one_whatever_their_unicode_form(tmp_path: Path) -> None:
    lines = [row(unicodedata.normalize("NFD", "Hà Nội"), START, 3), row("Hà Nội ", START + 1, 4)]
    assert read([write(tmp_path / "a.csv", lines)]).panel.places == ("Hà Nội",)


def test_no_count_is_a_gap_and_no_zero(tmp_path: Path) -> None:
    counted = read([write(tmp_path / "a.csv", [row("A", START, "NA"), row("A", START + 1, 4)])])
    assert counted.panel.first == START + 1
    assert any(note.en.startswith("1 rows hold no count") for note in counted.notes)


@pytest.mark.parametrize(
    ("lines", "where", "why"),
    [
        (
            [row("A", START, 3), row("A", START, 4)],
            "a.csv: line 3 and a.csv: line 2",
            "one province-month has two counts",
        ),
        ([row("A", START, -3)], "a.csv: line 2: dengue_total", "a count is no number of cases"),
        ([row("A", START, "7.5")], "a.csv: line 2: dengue_total", "a count is no number of cases"),
        ([row("A", START, "9" * 10)], "a.csv: line 2: dengue_total", "a count is no number of cases"),
        ([row("A", START, "٣")], "a.csv: line 2: dengue_total", "a count is no number of cases"),
        (
            [row("A", START, 3).replace("01-31", "01-30")],
            "a.csv: line 2: calendar_start_date",
            "not those of one month",
        ),
        (
            [row("A", START, 3).replace("1994-01-01", "1994-13-01")],
            "a.csv: line 2: calendar",
            "not those of one month",
        ),
        ([row("A", 9999 * 12 + 11, 3)], "a.csv: line 2: calendar", "not those of one month"),
        ([row("NA", START, 3)], "a.csv: line 2: adm_1_name", "a province has no name"),
        ([row("A", START, 3), row("B", START, 3, country="LAOS")], "a.csv: line 3", "there is a second country"),
        ([row("A", START, 3) + ",more"], "a.csv: line 2", "more or fewer fields"),
        ([row("A" * 2000, START, 3)], "a.csv: line 2", "a field is too long"),
        (['"open'], "a.csv: line 2", "it is no CSV"),
        ([row("A", START, 3, s_res="Admin0")], "a.csv", "no row of a province and a month"),
        ([], "a.csv", "no row of a province and a month"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_never_by_its_content(
    tmp_path: Path, lines: list[str], where: str, why: str
) -> None:
    with pytest.raises(LienthongError) as caught:
        read([write(tmp_path / "a.csv", lines)])
    assert caught.value.code == "data-wrong"
    assert caught.value.where.startswith(where)
    assert why in caught.value.what
    for value in ("LAOS", "9999", "7.5"):
        assert value not in caught.value.text()


@pytest.mark.parametrize("column", opendengue.COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = write(tmp_path / "a.csv", [row("A", START, 3)], HEADER.replace(column, "other"))
    with pytest.raises(LienthongError, match=f"the column {column} is missing"):
        read([path])


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row("A", START, 3)], HEADER.replace("adm_2_name", "adm_1_name"))
    with pytest.raises(LienthongError, match="adm_1_name is there twice"):
        read([path])


def test_hostile_files_are_refused_at_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LienthongError, match="not UTF-8"):
        read([binary])
    with pytest.raises(LienthongError, match="can't be read"):
        read([tmp_path])
    monkeypatch.setattr(opendengue, "MAX_PLACES", 2)
    with pytest.raises(LienthongError, match="too many provinces"):
        read([write(tmp_path / "a.csv", [row(f"P{n}", START, 3) for n in range(3)])])
    monkeypatch.setattr(opendengue, "MAX_BYTES", 100)
    with pytest.raises(LienthongError, match="too large"):
        read([write(tmp_path / "a.csv", [row("A", START, 3)])])


def test_nothing_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("", "utf-8")
    with pytest.raises(LienthongError, match="adm_0_name is missing"):
        read([tmp_path / "a.csv"])
