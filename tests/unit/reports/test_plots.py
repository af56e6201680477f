"""Plots say their finding, hold their data as a table, need nothing from outside, and are the same each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest
from lxml import etree

from lienthong.reports.disclosure import Counts, shown
from lienthong.reports.plot import Estimate, Plot, thinned
from lienthong.reports.plots.calibration import CurvePoint, calibration
from lienthong.reports.plots.comparisons import Row, Sign, forest
from lienthong.reports.plots.discrimination import Bin, OperatingPoint, roc, spread
from lienthong.reports.plots.lines import Line, LinePoint, lines
from lienthong.reports.plots.people import Hundred, hundred, of_hundred
from lienthong.reports.plots.utility import Benefit, decision_curve
from lienthong.reports.words import Words, words

VI, EN = words("vi"), words("en")
CURVE = [(0.0, 0.0), (0.1, 0.6), (0.3, 0.9), (1.0, 1.0)]
DOT, WORSE = Sign("như nhau"), Sign("kém hơn", "triangle", "#b04a00")


def _roc(said: Words) -> Plot:
    return roc(CURVE, [OperatingPoint(0.3, 0.9, 0.7)], Estimate(0.9312, 0.91, 0.95), said)


def _spread(said: Words) -> Plot:
    return spread([Bin(0.0, 0.5, 3, 40), Bin(0.5, 1.0, 30, 0)], said)


def _calibration(said: Words) -> Plot:
    points = [CurvePoint(x / 10, x / 11, max(x / 11 - 0.05, 0), x / 11 + 0.05) for x in range(11)]
    return calibration(points, Estimate(0.8, 0.7, 0.9), said)


def _decision(said: Words) -> Plot:
    rows = [
        Benefit(t / 10, Estimate(0.3 - t / 50, 0.28 - t / 50, 0.32 - t / 50), 0.3 - t / 8, {"đơn giản": 0.2 - t / 50})
        for t in range(6)
    ]
    return decision_curve(rows, said, locked=[0.3])


def _forest(said: Words) -> Plot:
    rows = [
        Row("Nữ", Estimate(0.9, 0.85, 0.95), DOT, cells=(100, 20)),
        Row("Nam <b>", Estimate(0.7, 0.6, 0.8), WORSE, cells=(90, 10)),
        Row("Một nhóm có tên thật là dài", Estimate(0.31, 0.2, 0.4), DOT, instead="không đủ", cells=(12, None)),
    ]
    columns = ("Nhóm", "AUROC", "Thấp", "Cao", "n", "Biến cố")
    return forest(
        rows, "AUROC", said, name="f", title="Nam kém hơn", explained="-", columns=columns, reference=("tất cả", 0.88)
    )


def _lines(said: Words) -> Plot:
    drawn = [
        Line("Sản phẩm", tuple(LinePoint(h, 40 + h, 39 + h, 41 + h) for h in (1, 2, 3))),
        Line("Giữ nguyên", tuple(LinePoint(h, 60 + h) for h in (1, 2, 3))),
    ]
    return lines(
        drawn, said, name="l", title="Nhỏ hơn", explained="-", x_title="Tháng", y_title="WIS", whole_steps=True
    )


def _people(said: Words) -> Plot:
    return hundred(Hundred(20, 3, 7, 70), said)


PLOTS: Mapping[str, Callable[[Words], Plot]] = MappingProxyType(
    {
        "roc": _roc,
        "spread": _spread,
        "calibration": _calibration,
        "decision": _decision,
        "forest": _forest,
        "lines": _lines,
        "people": _people,
    }
)


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("said", [VI, EN], ids=["vi", "en"])
def test_a_plot_is_a_whole_drawing_that_asks_for_nothing(name: str, said: Words) -> None:
    plot = PLOTS[name](said)
    root = etree.fromstring(str(plot.svg).encode())
    assert root.get("viewBox", "").startswith("0 0 360 ")
    assert root.findtext("{http://www.w3.org/2000/svg}title") == plot.title
    text = str(plot.svg)
    assert not re.search(r"<script|<style|<image|href|@import|class=|aria-role", text)
    assert set(re.findall(r"https?://[^\"]+", text)) <= {"http://www.w3.org/2000/svg"}
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and all(found.startswith(plot.name) for found in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_the_same_each_time(name: str) -> None:
    first = PLOTS[name](VI)
    _lines(EN)  # another drawing in between: a counter of the library must not show
    assert PLOTS[name](VI) == first


@pytest.mark.parametrize("name", PLOTS)
def test_nothing_is_told_by_colour_alone(name: str) -> None:
    looks = [(key.dash, key.shape) for key in PLOTS[name](VI).key if key.shape != "band"]
    assert len(looks) == len(set(looks))


@pytest.mark.parametrize("name", PLOTS)
def test_the_table_has_a_cell_for_each_column(name: str) -> None:
    table = PLOTS[name](VI).table
    assert table.rows and all(len(row) == len(table.columns) for row in table.rows)


def test_the_axes_speak_the_language_of_the_report() -> None:
    assert "1 − độ đặc hiệu (báo động nhầm)" in _roc(VI).svg and ">0,2<" in _roc(VI).svg
    assert "1 − specificity (false alarms)" in _roc(EN).svg and ">0.2<" in _roc(EN).svg


def test_a_title_says_the_finding() -> None:
    assert _roc(VI).title == "Xếp đúng 93 trên 100 cặp: AUROC 0,931 (0,910 đến 0,950)"
    assert _calibration(EN).title.startswith("Risks are foretold too high: observed/expected 0.800")
    points = [CurvePoint(0.1, 0.1)]
    assert "too low" in calibration(points, Estimate(1.2, 1.1, 1.3), EN).title
    assert "as often as they say" in calibration(points, Estimate(1.2, 0.9, 1.3), EN).title
    assert (
        calibration(points, Estimate(None), EN, when="at 5 years").title
        == "Foretold risks at 5 years against what came"
    )
    assert _decision(EN).title == (
        "Net benefit is above treating all and treating none at 5 of 6 thresholds, between 10% and 50%"
    )
    none = [Benefit(0.1, Estimate(-0.1, -0.2, 0.0), 0.2)]
    assert decision_curve(none, EN).title == "Net benefit: at no threshold above treating all or treating none"


def test_the_tables_hold_what_is_drawn() -> None:
    assert [row[1:] for row in _roc(VI).table.rows][1:] == CURVE
    assert _roc(VI).table.rows[0][0] == "ngưỡng 0,3"
    assert _lines(VI).table.rows[0] == ("Sản phẩm", 1, 41, 40, 42)
    assert len(_lines(VI).table.rows) == 6
    threshold, benefit, *_ = _decision(VI).table.rows[2]
    assert (threshold, f"{benefit:.2f}") == (0.2, "0.26")
    assert _people(EN).table.rows == (
        ("Found", 20),
        ("Missed", 3),
        ("False alarms", 7),
        ("Rightly left in peace", 70),
    )


def test_a_group_with_too_few_cases_is_no_number_in_drawing_or_table() -> None:
    plot = _forest(VI)
    assert plot.table.rows[2] == ("Một nhóm có tên thật là dài", "không đủ", None, None, 12, None)
    assert "0.31" not in plot.svg and "0,31" not in plot.svg and "không đủ" in plot.svg


def test_words_of_data_are_no_markup() -> None:
    assert "<b>" not in _forest(VI).svg and "Nam &lt;b&gt;" in _forest(VI).svg


def test_small_counts_are_hidden_in_table_and_drawing() -> None:
    rows = _spread(EN).table.rows
    assert rows == ((0.0, 0.5, "fewer than 5", 40), (0.5, 1.0, 30, 0))
    ones = spread([Bin(0.0, 0.5, 1, 40), Bin(0.5, 1.0, 32, 0)], EN)
    assert ones.table.rows[0][2] == "fewer than 5"


def test_a_single_hidden_cell_takes_the_next_smallest_with_it() -> None:
    assert shown([(3, 1), (50, 20), (400, 90)]) == [
        Counts(None, None, True, True),
        Counts(None, None, True, True),
        Counts(400, 90),
    ]
    # 4 without the event is as telling as 4 with it
    assert shown([(50, 46), (60, 20)]) == [Counts(50, None, False, True), Counts(60, None, False, True)]
    assert shown([(50, 20), (60, 0)]) == [Counts(50, 20), Counts(60, 0)]
    assert shown([(2, None)]) == [Counts(None, None, True, False)]


@pytest.mark.parametrize(("counts", "expected"), [((1, 1, 1, 0), 100), ((0, 0, 0, 0), 0), ((7, 3, 11, 502), 100)])
def test_whole_people_add_up_to_a_hundred(counts: tuple[int, int, int, int], expected: int) -> None:
    people = of_hundred(*counts)
    assert people.found + people.missed + people.alarms + people.spared == expected


def test_a_long_curve_is_thinned_and_says_so() -> None:
    points = [(x / 500, x / 500) for x in range(501)]
    plot = roc(points, [], Estimate(0.5), EN)
    assert len(plot.table.rows) == 41 and plot.table.rows[-1][1:] == (1.0, 1.0)
    assert plot.note == "41 of 501 points are drawn."
    assert thinned([1, 2, 3], 41) == [1, 2, 3]
