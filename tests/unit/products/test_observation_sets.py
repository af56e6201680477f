"""Which values make one set of observations; what is too old, undated, twice there or not understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.spec.news2_chart import AS_OF, NORMAL, TIME, row, rows

from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Score, Why
from lienthong.products.suggestion import suggest

NEWS2 = catalogue.load("news2")


def without(name: str) -> list[Row]:
    return [item for item in rows(NORMAL) if item.input != name]


def assess(given: list[Row], as_of: date = AS_OF) -> Assessment:
    return NEWS2.assess(given, as_of)


def score_of(found: Assessment) -> Score:
    assert found.score is not None
    return found.score


def reason(given: list[Row]) -> str:
    """Why the one missing parameter is missing."""
    (missing,) = assess(given).missing
    return missing.text.en


def test_a_value_at_the_edge_of_the_window_counts_and_one_before_it_is_named_as_too_old() -> None:
    inside = [*without("pulse"), row("pulse", "120", time="2026-11-19T08:00:00+07:00")]
    assert score_of(assess(inside)).low == 2
    outside = [*without("pulse"), row("pulse", "120", time="2026-11-19T07:59:59+07:00")]
    score = score_of(assess(outside))
    assert (score.low, score.high) == (0, 3)
    (missing,) = assess(outside).missing
    assert missing.last == "2026-11-19T07:59:59+07:00"
    assert missing.text.en == (
        "Pulse: last recorded at 2026-11-19 07:59 (+07:00), too old for 2026-11-20 08:00 (+07:00);"
        " 0 to 3 points are possible"
    )
    assert missing.text.vi.startswith("Mạch: lần gần nhất lúc 07:59 19/11/2026 (+07:00), đã quá cũ")


def test_moments_are_compared_across_offsets() -> None:
    # 00:59 UTC is a minute before 08:00 in Vietnam: the newest value is still that of TIME
    given = [*without("pulse"), row("pulse", "120", time="2026-11-20T00:59:00Z")]
    found = assess(given)
    assert found.moment == TIME and score_of(found).low == 2


def test_the_newest_value_counts_whatever_its_points() -> None:
    older = replace(row("pulse", "150", time="2026-11-20T07:00:00+07:00"), reference="Observation/older")
    assert score_of(assess([*rows(NORMAL), older])).low == 0


def test_of_two_values_at_one_time_the_one_with_more_points_counts() -> None:
    for other in ("150", "45"):
        twin = replace(row("pulse", other), reference="Observation/a-twin")
        assert score_of(assess([*rows(NORMAL), twin])).low == {"150": 3, "45": 1}[other]


def test_values_more_than_an_hour_apart_are_said_to_be_so() -> None:
    near = [*without("pulse"), row("pulse", "70", time="2026-11-20T07:00:00+07:00")]
    far = [*without("pulse"), row("pulse", "70", time="2026-11-20T06:59:00+07:00")]
    assert not any("one time" in limit.en for limit in assess(near).limits)
    assert any("the oldest at 2026-11-20 06:59 (+07:00)" in limit.en for limit in assess(far).limits)


def test_where_only_the_day_is_known_only_the_same_day_counts() -> None:
    same = [*without("pulse"), row("pulse", "120", time="2026-11-20")]
    assert score_of(assess(same)).low == 2 and assess(same).moment == TIME
    before = [*without("pulse"), row("pulse", "120", time="2026-11-19")]
    assert "too old" in reason(before)
    later = assess([*without("pulse"), row("pulse", "120", time="2026-11-21")])
    assert later.moment == "2026-11-21" and [item.parameter for item in score_of(later).points] == ["pulse"]


def test_what_is_known_later_does_not_count_yet() -> None:
    later = row("pulse", "150", time="2026-11-24T08:00:00+07:00")
    assert score_of(assess([*rows(NORMAL), replace(later, reference="Observation/later")])).low == 0
    assert assess(rows(NORMAL), date(2026, 11, 19)).abstention is not None


@pytest.mark.parametrize("value", ["", "many", "NaN", "-3", "400", "1e999999999", "1e-999999999"])
def test_a_newest_value_that_is_not_understood_leaves_its_parameter_missing(value: str) -> None:
    older = replace(row("pulse", "70", time="2026-11-20T07:00:00+07:00"), reference="Observation/older")
    given = [*without("pulse"), older, row("pulse", value)]
    assert "not understood" in reason(given)
    assert score_of(assess(given)).high == 3


@pytest.mark.parametrize("unit", ["", "mm[Hg]", "Hz"])
def test_a_value_in_no_known_unit_is_not_understood(unit: str) -> None:
    assert "not understood" in reason([*without("pulse"), row("pulse", "70", unit=unit)])


@pytest.mark.parametrize("unit", ["{Beats}/min", "beats / min", "BPM"])
def test_a_unit_in_other_letters_is_understood(unit: str) -> None:
    assert assess([*without("pulse"), row("pulse", "70", unit=unit)]).missing == ()


@pytest.mark.parametrize("time", ["", "2026", "2026-11"])
def test_a_value_without_a_day_is_missing(time: str) -> None:
    assert "without a time" in reason([*without("pulse"), row("pulse", "70", time=time)])


def test_an_unknown_answer_is_not_understood() -> None:
    assert "not understood" in reason([*without("consciousness"), row("consciousness", "")])


def test_saturation_on_scale_2_without_knowing_of_oxygen_has_bounds_of_its_own() -> None:
    given = [item for item in rows({**NORMAL, "spo2": "97"}, scale=2) if item.input != "oxygen"]
    score = score_of(assess(given))
    assert (score.low, score.high) == (0, 5)
    (spo2,) = [item for item in score.points if item.parameter == "spo2"]
    assert (spo2.low, spo2.high) == (0, 3) and "0 to 3 points, by what is missing" in spo2.text.en


@pytest.mark.parametrize(
    ("time", "until", "is_used"),
    [
        ("2026-11-20", "", True),
        ("2026-11-21", "", False),  # ordered after the set
        ("2020-01-01", "", True),  # an active order holds until it is ended
        ("2026-11-01", "2026-11-20", True),
        ("2026-11-01", "2026-11-19", False),
        ("", "", True),
    ],
)
def test_scale_2_holds_while_its_order_does(time: str, until: str, is_used: bool) -> None:
    order = Row("p", "scale-2", "Patient/a", "Flag/f", "x", "", time, "active", until=until)
    given = [*rows({**NORMAL, "spo2": "90"}), order]
    assert score_of(assess(given)).low == (0 if is_used else 3)


@pytest.mark.parametrize(
    ("name", "time", "until", "is_excluded"),
    [
        ("pregnancy", "2026-01-24", "", True),  # 300 days before the set
        ("pregnancy", "2026-01-23", "", False),
        ("pregnancy", "2026-06-01", "2026-11-20", True),
        ("pregnancy", "2026-06-01", "2026-11-19", False),
        ("pregnancy", "2026-11-21", "", False),
        ("pregnancy", "", "", True),
        ("childbirth", "2026-10-09", "", True),  # 42 days before
        ("childbirth", "2026-10-08", "", False),
    ],
)
def test_pregnancy_and_childbirth_exclude_for_their_time(name: str, time: str, until: str, is_excluded: bool) -> None:
    noted = Row("p", name, "Patient/a", "Condition/c", "x", "", time, "confirmed", until=until)
    assert (assess([*rows(NORMAL), noted]).score is None) is is_excluded


def test_what_was_refuted_does_not_exclude() -> None:
    noted = Row("p", "pregnancy", "Patient/a", "Condition/c", "x", "", "2026-10-01", "refuted")
    assert assess([*rows(NORMAL), noted]).score is not None


def test_three_parameters_without_points_are_no_set_and_with_points_they_are() -> None:
    three = {"systolic": "120", "pulse": "70", "temperature": "37"}
    found = assess(rows(three))
    assert found.abstention is not None and found.abstention.why is Why.MISSING
    assert found.abstention.text.en.startswith("Only 3 known, without points")
    four = score_of(assess(rows({**three, "respiration": "16"})))
    assert (four.low, four.high, four.response) == (0, 8, "minimum")
    one = score_of(assess(rows({"systolic": "90"})))
    assert (one.low, one.high, one.response, one.possible) == (3, 20, "low-medium", "high")


def test_a_lower_bound_is_never_told_as_low_risk() -> None:
    found = assess([*without("pulse"), row("respiration", "24")])
    whole, part = score_of(assess(rows(NORMAL))), score_of(found)
    assert whole.label.en == "low clinical risk"
    assert part.label.en == ("at least low clinical risk, possibly medium clinical risk, urgent response threshold")
    assert part.label.vi.startswith("ít nhất nguy cơ lâm sàng thấp, có thể tới")
    assert part.advice.en.startswith("Measure what is missing to know the true response. At the least:")
    (prediction,) = suggest(NEWS2, found)["prediction"]
    assert prediction["qualitativeRisk"]["coding"][0]["code"] == "at-least-low"


def test_births_that_contradict_each_other_matter_only_around_the_age() -> None:
    second = Row("p", "birth", "Patient/b", "Patient/b", "1961-02-03")
    assert assess([*rows(NORMAL), second]).score is not None
    child = replace(second, value="2015-02-03")
    found = assess([*rows(NORMAL), child])
    assert found.abstention is not None and found.abstention.why is Why.CONTRADICTORY


def test_without_a_birth_date_there_are_no_points() -> None:
    found = assess([item for item in rows(NORMAL) if item.input != "birth"])
    assert found.abstention is not None and found.abstention.why is Why.MISSING
    assert [item.name for item in found.missing] == ["birth-date"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    given = rows({**NORMAL, "spo2": "90"}, scale=2)
    assert assess(given) == assess(given[::-1])
