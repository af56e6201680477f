"""NEWS2 in the words of the Royal College of Physicians' chart (2017), and at every boundary of it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, product

import pytest
from tests.spec import news2_chart as chart

from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Score, Why

NEWS2 = catalogue.load("news2")


def assess(given: dict[str, str], *, scale: int = 1) -> Assessment:
    return NEWS2.assess(chart.rows(given, scale=scale), chart.AS_OF)


def scored(other: dict[str, str], *, scale: int = 1) -> Score:
    """The score of someone whose other parameters are in the middle of the chart's zeros."""
    score = assess({**chart.NORMAL, **other}, scale=scale).score
    assert score is not None
    return score


def points(name: str, value: str, *, scale: int = 1, oxygen: str = "air") -> int:
    score = scored({"oxygen": oxygen, name: value}, scale=scale)
    (found,) = [item for item in score.points if item.parameter == name]
    assert found.low == found.high
    assert score.low == score.high == sum(item.low for item in score.points)
    return found.low


def test_the_chart_in_its_own_words() -> None:
    told = {
        "respiration": {"8": 3, "9": 1, "11": 1, "12": 0, "20": 0, "21": 2, "24": 2, "25": 3},
        "spo2": {"91": 3, "92": 2, "93": 2, "94": 1, "95": 1, "96": 0},
        "oxygen": {"air": 0, "oxygen": 2},
        "systolic": {"90": 3, "91": 2, "100": 2, "101": 1, "110": 1, "111": 0, "219": 0, "220": 3},
        "pulse": {"40": 3, "41": 1, "50": 1, "51": 0, "90": 0, "91": 1, "110": 1, "111": 2, "130": 2, "131": 3},
        "consciousness": {"alert": 0, "confusion": 3, "voice": 3, "pain": 3, "unresponsive": 3},
        "temperature": {
            "35.0": 3, "35.1": 1, "36.0": 1, "36.1": 0, "38.0": 0, "38.1": 1, "39.0": 1, "39.1": 2,
        },
    }  # fmt: skip
    for name, values in told.items():
        assert {value: points(name, value) for value in values} == values, name


def test_scale_2_in_the_charts_own_words() -> None:
    low = {"83": 3, "84": 2, "85": 2, "86": 1, "87": 1, "88": 0, "92": 0}
    on_air = {**low, "93": 0, "94": 0, "95": 0, "96": 0, "97": 0, "100": 0}
    on_oxygen = {**low, "93": 1, "94": 1, "95": 2, "96": 2, "97": 3, "100": 3}
    assert {value: points("spo2", value, scale=2, oxygen="air") for value in on_air} == on_air
    assert {value: points("spo2", value, scale=2, oxygen="oxygen") for value in on_oxygen} == on_oxygen


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("respiration", chart.RESPIRATION),
        ("systolic", chart.SYSTOLIC),
        ("pulse", chart.PULSE),
        ("spo2", chart.SPO2_1),
    ],
)
@pytest.mark.parametrize("oxygen", ["air", "oxygen"])
def test_every_boundary_and_a_step_to_each_side(name: str, column: list[tuple[int, int, int]], oxygen: str) -> None:
    for value in chart.edges(column):
        assert points(name, str(value), oxygen=oxygen) == chart.box(column, value), value


@pytest.mark.parametrize(("oxygen", "column"), [("air", chart.SPO2_2_AIR), ("oxygen", chart.SPO2_2_OXYGEN)])
def test_every_boundary_of_scale_2(oxygen: str, column: list[tuple[int, int, int]]) -> None:
    for value in chart.edges(column):
        assert points("spo2", str(value), scale=2, oxygen=oxygen) == chart.box(column, value), value


def test_every_tenth_around_the_boundaries_of_temperature() -> None:
    for tenths in chart.edges(chart.TENTHS):
        assert points("temperature", str(Decimal(tenths) / 10)) == chart.box(chart.TENTHS, tenths), tenths


def test_every_value_of_the_chart() -> None:
    for name, column in (("respiration", chart.RESPIRATION), ("systolic", chart.SYSTOLIC), ("pulse", chart.PULSE)):
        for value in range(column[0][0], column[-1][1] + 1):
            assert points(name, str(value)) == chart.box(column, value)


@pytest.mark.parametrize(
    "column",
    [
        chart.RESPIRATION,
        chart.SPO2_1,
        chart.SPO2_2_AIR,
        chart.SPO2_2_OXYGEN,
        chart.SYSTOLIC,
        chart.PULSE,
        chart.TENTHS,
    ],
)
def test_the_oracle_itself_has_no_gap(column: list[tuple[int, int, int]]) -> None:
    assert all(before[1] + 1 == after[0] for before, after in pairwise(column))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        # half up to whole numbers and to tenths, never half to even
        ("temperature", "36.04", 1),
        ("temperature", "36.05", 0),
        ("temperature", "35.05", 1),
        ("temperature", "35.049", 3),
        ("temperature", "38.05", 1),
        ("temperature", "39.04", 1),
        ("temperature", "39.05", 2),
        ("spo2", "91.5", 2),
        ("spo2", "91.49", 3),
        ("respiration", "8.5", 1),
        ("respiration", "24.5", 3),
        ("pulse", "40.5", 1),
        ("pulse", "90.5", 1),
        ("systolic", "90.5", 2),
        ("systolic", "219.5", 3),
        ("systolic", "110.49", 1),
    ],
)
def test_a_finer_value_is_rounded_half_up(name: str, value: str, expected: int) -> None:
    assert points(name, value) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("95.0", "[degF]", 3),  # 35.0 exactly
        ("95.1", "[degF]", 1),  # 35.0555.. -> 35.1
        ("96.8", "[degF]", 1),  # 36.0 exactly
        ("96.89", "[degF]", 0),  # 36.05 exactly -> 36.1
        ("100.4", "[degF]", 0),  # 38.0 exactly
        ("102.2", "[degF]", 1),  # 39.0 exactly
        ("102.3", "[degF]", 2),
        ("308.15", "K", 3),
    ],
)
def test_other_units_are_converted_exactly_before_rounding(value: str, unit: str, expected: int) -> None:
    given = [item for item in chart.rows(chart.NORMAL) if item.input != "temperature"]
    score = NEWS2.assess([*given, chart.row("temperature", value, unit=unit)], chart.AS_OF).score
    assert score is not None and score.points[-1].low == expected


def test_kilopascals_are_converted_by_the_definition() -> None:
    given = [item for item in chart.rows(chart.NORMAL) if item.input != "systolic"]
    # 12.0 kPa = 90.0074 mmHg -> 90
    score = NEWS2.assess([*given, chart.row("systolic", "12.0", unit="kPa")], chart.AS_OF).score
    assert score is not None and score.low == 3


@pytest.mark.parametrize(
    ("given", "total", "response", "urgency"),
    [
        ({}, 0, "minimum", 0),
        ({"pulse": "91"}, 1, "low", 0),
        ({"oxygen": "oxygen", "respiration": "21"}, 4, "low", 0),
        ({"temperature": "35.0"}, 3, "low-medium", 1),
        ({"temperature": "35.0", "pulse": "91"}, 4, "low-medium", 1),
        ({"temperature": "35.0", "oxygen": "oxygen"}, 5, "medium", 1),
        ({"oxygen": "oxygen", "respiration": "21", "pulse": "111"}, 6, "medium", 1),
        ({"oxygen": "oxygen", "respiration": "21", "pulse": "111", "spo2": "95"}, 7, "high", 2),
        ({"consciousness": "voice", "respiration": "25", "pulse": "91"}, 7, "high", 2),
    ],
)
def test_the_thresholds_and_responses(given: dict[str, str], total: int, response: str, urgency: int) -> None:
    score = scored(given)
    assert (score.low, score.high, score.out_of) == (total, total, 20)
    assert (score.response, score.possible, score.urgency) == (response, response, urgency)
    assert score.response == chart.response(total, max(item.low for item in score.points))


def test_the_worst_of_all_is_twenty() -> None:
    score = scored(
        {
            "respiration": "30",
            "spo2": "80",
            "oxygen": "oxygen",
            "systolic": "80",
            "pulse": "140",
            "consciousness": "unresponsive",
            "temperature": "34.0",
        }
    )
    assert (score.low, score.out_of) == (20, 20) and {
        item.parameter: item.low for item in score.points
    } == chart.WORST


def test_every_mixture_of_the_extremes_adds_up() -> None:
    extremes = {
        "respiration": ("8", "16", "21"),
        "spo2": ("92", "97"),
        "oxygen": ("air", "oxygen"),
        "systolic": ("90", "120"),
        "pulse": ("70", "131"),
        "consciousness": ("alert", "pain"),
        "temperature": ("37", "39.1"),
    }
    for values in product(*extremes.values()):
        given = dict(zip(extremes, values, strict=True))
        for scale in (1, 2):
            expected = {
                name: chart.points(name, value, oxygen=given["oxygen"], scale=scale) for name, value in given.items()
            }
            score = assess(given, scale=scale).score
            assert score is not None
            assert {item.parameter: item.low for item in score.points} == expected
            assert score.low == sum(expected.values())
            assert score.response == chart.response(score.low, max(expected.values()))


def test_an_answer_by_number_says_air_or_oxygen() -> None:
    told = {
        ("0", "L/min"): "air",
        ("0.5", "L/min"): "oxygen",
        ("21", "%"): "air",
        ("20.9", "%"): "air",
        ("24", "%"): "oxygen",
        ("0.4", "%"): None,  # a fraction written as a percentage is not air
        ("0.4", "1"): "oxygen",
        ("-1", "L/min"): None,
        ("2", "drops"): None,
    }
    given = [item for item in chart.rows(chart.NORMAL) if item.input != "oxygen"]
    for (value, unit), answer in told.items():
        found = NEWS2.assess([*given, chart.row("oxygen", value, unit=unit)], chart.AS_OF)
        assert found.score is not None
        seen = {item.parameter: item.low for item in found.score.points}
        assert seen.get("oxygen") == (None if answer is None else chart.OXYGEN[answer]), (value, unit)
        assert ["oxygen"] * (answer is None) == [item.name for item in found.missing]


def test_glasgow_15_is_alert_and_less_tells_nothing() -> None:
    assert points("consciousness", "gcs-15") == 0
    found = assess({**chart.NORMAL, "consciousness": "gcs-below-15"})
    assert found.score is not None and (found.score.low, found.score.high) == (0, 3)
    assert "Glasgow coma scale below 15" in found.missing[0].text.en


@pytest.mark.parametrize(("birth", "is_scored"), [("2010-11-20", True), ("2010-11-21", False), ("1920", True)])
def test_it_holds_from_the_sixteenth_birthday_on(birth: str, is_scored: bool) -> None:
    found = NEWS2.assess(chart.rows(chart.NORMAL, birth=birth), chart.AS_OF)
    assert (found.score is not None) is is_scored
    assert is_scored or (found.abstention is not None and found.abstention.why is Why.AGE_OUT_OF_RANGE)


def test_no_points_in_pregnancy_and_none_for_the_dead() -> None:
    given = chart.rows(chart.NORMAL)
    pregnant = Row("p", "pregnancy", "Patient/a", "Condition/c", "77386006", "", "2026-08-01", "confirmed")
    dead = Row("p", "deceased", "Patient/a", "Patient/a", "2026-11-21")
    for more, why in ((pregnant, Why.EXCLUDED), (dead, Why.DECEASED)):
        found = NEWS2.assess([*given, more], chart.AS_OF)
        assert found.score is None and found.abstention is not None and found.abstention.why is why
