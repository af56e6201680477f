"""From FHIR to the values of a page: person, time line, measurements, charts, suggestion, worklist, sessions."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.web.conftest import Bytes, Hands
from tests.unit.web.fixture_desk import (
    NOW,
    PATIENT,
    PHYSICIAN,
    RESOURCES,
    SYSTEMS,
    ZONE,
    FixtureDesk,
    observation,
)

from lienthong.web.bands import KNOWN, band_for
from lienthong.web.charts import bar_chart, line_chart, people_chart, share_chart, ticks
from lienthong.web.desk import WorklistRow
from lienthong.web.measurements import Flag, Panel, findings_of, grouped, panels_of
from lienthong.web.person import name_of, person_of
from lienthong.web.rendering import finding_of_panel, told_band
from lienthong.web.sessions import Sessions
from lienthong.web.suggestion import Frequency, frequency_of, years_of
from lienthong.web.tables import as_csv
from lienthong.web.texts import language
from lienthong.web.timeline import summary_of, timeline_of
from lienthong.web.worklist import matches, page_of

VI = language("vi")


def panel(name: str, resources: list[dict[str, Any]] = RESOURCES, **more: Any) -> Panel:
    found = panels_of(resources, zone=ZONE, **{"gender": "female", "is_adult": True, **more})
    return next(item for item in found if name in (item.label, item.series[0].name))


def test_a_name_is_called_as_it_is_written() -> None:
    assert name_of(PATIENT) == "Nguyễn Thị Hồng Đào"
    parts = {
        "name": [{"use": "nickname", "text": "Đào"}, {"prefix": ["Mr."], "given": ["Aaron"], "family": "Dickens"}]
    }
    assert name_of(parts) == "Mr. Aaron Dickens"
    assert name_of({}) == name_of({"name": "x"}) == ""


def test_a_person_with_two_patients_has_one_head() -> None:
    older = {**PATIENT, "id": "p2", "name": [{"text": "Nguyễn Hồng Đào"}], "meta": {"lastUpdated": "2020-01-01"}}
    newer = {**PATIENT, "meta": {"lastUpdated": "2026-01-01"}, "deceasedDateTime": "2025-01-02"}
    head = person_of("x", [older, newer], now=NOW, zone=ZONE, systems=SYSTEMS, revealed=True)
    assert (head.name, head.other_names) == ("Nguyễn Thị Hồng Đào", ("Nguyễn Hồng Đào",))
    assert head.age is not None and head.age.count == 62 and head.died == "2025-01-02"  # the age at death
    assert [item.shown for item in head.identifiers] == ["001162012345", "GD4010123456789", "BN000417"]


def test_allergies_that_hold_are_told_and_none_known_is_not_none_recorded() -> None:
    def of(*extra: dict[str, Any]) -> Any:
        return person_of("x", [PATIENT, *extra], now=NOW, zone=ZONE, systems=SYSTEMS, revealed=False)

    none = {"resourceType": "AllergyIntolerance", "code": {"coding": [{"code": "716186003"}]}}
    old = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "resolved"}]},
        "code": {"text": "x"},
    }
    wrong = {
        "resourceType": "AllergyIntolerance",
        "verificationStatus": {"coding": [{"code": "entered-in-error"}]},
        "code": {"text": "y"},
    }
    assert (of().allergies, of().none_known) == ((), False)
    assert (of(none, old, wrong).allergies, of(none).none_known) == ((), True)


def test_the_time_line_is_by_visit_newest_first_and_pages() -> None:
    line = timeline_of(RESOURCES, zone=ZONE, page=1, size=2)
    assert [visit.title for visit in line.visits] == ["Khám định kỳ tăng huyết áp", "Viêm phổi"]
    assert [group for group, _ in line.visits[1].groups] == [
        "Conditions",
        "Medicines",
        "Procedures",
        "Reports and notes",
    ]
    assert (line.total, line.pages, line.mistakes) == (3, 2, 1)
    last = timeline_of(RESOURCES, zone=ZONE, page=99, size=2)
    assert last.page == 2 and len(last.visits) == 1


def test_what_was_given_by_an_order_is_told_once() -> None:
    order: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": "o",
        "medicationCodeableConcept": {"text": "Ceftriaxon"},
    }
    given: dict[str, Any] = {"resourceType": "MedicationAdministration", "id": "g", "effectiveDateTime": "2020-01-02"}

    def medicines(*resources: dict[str, Any]) -> int:
        line = timeline_of(resources, zone=ZONE, page=1)
        return sum(len(events) for visit in line.visits for _, events in visit.groups)

    assert medicines(order, {**given, "request": {"reference": "MedicationRequest/o"}}) == 1
    assert medicines(order, {**given, "request": {"reference": "MedicationRequest/other"}}) == 2
    assert medicines(order, given) == 2


def test_what_happened_outside_of_a_visit_is_gathered_by_day() -> None:
    lone = {"resourceType": "Procedure", "id": "z", "code": {"text": "Khâu da"}, "performedDateTime": "2020-01-02"}
    line = timeline_of([lone], zone=ZONE, page=1)
    assert [(visit.kind, visit.start) for visit in line.visits] == [("Outside of a visit", "2020-01-02")]


def test_the_summary_holds_what_is_active_each_once() -> None:
    now = summary_of([*RESOURCES, RESOURCES[5]], zone=ZONE)
    assert [event.title for event in now.conditions] == ["Tăng huyết áp vô căn (nguyên phát)", "Đái tháo đường týp 2"]
    assert [event.title for event in now.medicines] == ["Metformin 500 mg", "Amlodipin 5 mg"]


def test_a_hostile_shape_makes_no_page_fall() -> None:
    broken: list[dict[str, Any]] = [
        {"resourceType": kind, "id": "x", "code": 5, "period": [], "status": ["a"], "component": "x", "name": [3]}
        for kind in ("Patient", "Encounter", "Observation", "Condition", "DiagnosticReport", "AllergyIntolerance")
    ]
    broken.append(observation("n", "8480-6", "x", "120", "mmHg", "not a date"))
    assert timeline_of(broken, zone=ZONE, page=1).total >= 1
    assert panels_of(broken, zone=ZONE, gender="", is_adult=True) == ()
    assert person_of("x", broken, now=NOW, zone=ZONE, systems=SYSTEMS, revealed=False).name == ""
    assert summary_of(broken, zone=ZONE).conditions == ()


def test_pressure_is_one_chart_of_two_series_with_flags() -> None:
    pressure = panel("Blood pressure")
    assert [series.name for series in pressure.series] == ["systolic", "diastolic"]
    assert [point.flag for point in pressure.series[0].points] == [Flag.HIGH, Flag.HIGH, Flag.NORMAL, Flag.HIGH]
    assert finding_of_panel(pressure, VI) == "Huyết áp: 151/93 mmHg, cao hơn bình thường"
    assert told_band(pressure.series[0], VI) == "bình thường 90–129 mmHg (ISH 2020, NHS)"


@pytest.mark.parametrize(("value", "flag"), [("129", "normal"), ("129.9", "normal"), ("130", "high"), ("89", "low")])
def test_a_band_to_129_ends_at_130(value: str, flag: str) -> None:
    found = panel("systolic", [observation("o", "8480-6", "x", value, "mm[Hg]", "2026-01-01")])
    assert found.series[0].last.flag.value == flag


def test_the_laboratorys_own_band_wins_and_a_child_has_none_of_ours() -> None:
    assert told_band(panel("Creatinine").series[0], VI) == "bình thường 53–97 umol/L (phòng xét nghiệm)"
    child = panels_of(RESOURCES, zone=ZONE, gender="female", is_adult=False)
    assert {item.label for item in child if item.series[0].band} == {"Creatinine"}
    assert band_for("haemoglobin", "g/dL", gender="male", is_adult=True) != band_for(
        "haemoglobin", "g/dL", gender="female", is_adult=True
    )
    assert band_for("hdl", "furlong", gender="", is_adult=True) is None


def test_no_code_means_two_measurements() -> None:
    codes = [code for known in KNOWN for code in known.loinc]
    assert len(codes) == len(set(codes))


def test_units_are_never_mixed_in_a_series() -> None:
    mixed = [
        observation(str(n), "2093-3", "x", "5", unit, "2026-01-01") for n, unit in enumerate(("mmol/L", "mg/dL"))
    ]
    assert len(panels_of(mixed, zone=ZONE, gender="", is_adult=True)) == 2


def test_lesser_known_measurements_stand_apart_and_answers_in_words_are_latest_only() -> None:
    groups, others = grouped(panels_of(RESOURCES, zone=ZONE, gender="female", is_adult=True))
    assert [name for name, _ in groups] == ["Vital signs", "Laboratory"]
    assert [item.label for item in others] == ["Kali máu"]
    assert others[0].series[0].last.value == Decimal("4.1")  # 41 was entered in error
    assert [(item.label, item.answer) for item in findings_of(RESOURCES, zone=ZONE)] == [
        ("Tình trạng hút thuốc", "Chưa bao giờ hút")
    ]


def test_every_chart_is_whole_svg_with_a_title_that_tells_the_finding() -> None:
    hostile = [observation("o", "x-1", '<b>"Kali" & co</b>', "4.1", "m<l", "2026-01-01")]
    for item in (*panels_of(RESOURCES, zone=ZONE, gender="", is_adult=True), panel('<b>"Kali" & co</b>', hostile)):
        title = finding_of_panel(item, VI)
        root = ElementTree.fromstring(line_chart(item, VI, ZONE, title))
        assert root.findtext("title") == title == root.get("aria-label")
        assert root.get("role") == "img"
        marks = [node for node in root if (node.get("class") or "").startswith("mark")]
        assert len(marks) == sum(len(series.points) for series in item.series)
        assert all("style" not in node.attrib for node in root.iter())


def test_a_chart_of_ten_thousand_values_stays_small() -> None:
    start = NOW - timedelta(days=1000)
    many = [
        observation(str(n), "8867-4", "x", str(60 + n % 25), "/min", (start + timedelta(hours=2 * n)).isoformat())
        for n in range(10_000)
    ]
    assert len(line_chart(panel("pulse", many), VI, ZONE, "x")) < 60_000


@pytest.mark.parametrize(("low", "high"), [(90, 151), (0.98, 1.1), (5.9, 5.9), (0, 0), (-3, 1e9), (1e-9, 2e-9)])
def test_steps_of_an_axis_are_few_round_and_cover_the_values(low: float, high: float) -> None:
    steps = ticks(low, high)
    assert 2 <= len(steps) <= 8
    assert steps[0] <= low and steps[-1] >= high and steps[-1] > steps[0]


def test_bars_point_to_the_side_of_their_sign_and_share_a_scale() -> None:
    raising = ElementTree.fromstring(bar_chart(Decimal("0.5"), Decimal(1), "x"))
    lowering = ElementTree.fromstring(bar_chart(Decimal("-1"), Decimal(1), "x"))
    none = ElementTree.fromstring(bar_chart(Decimal(0), Decimal(0), "x"))
    first, second, third = (root.find("rect") for root in (raising, lowering, none))
    assert first is not None and second is not None and third is not None
    assert (first.get("x"), first.get("width")) == ("130", "60.0")
    assert (second.get("x"), second.get("width")) == ("10.0", "120.0")
    assert third.get("width") == "1.0"


def test_people_are_drawn_one_by_one() -> None:
    for count, of in ((28, 100), (4, 1000), (0, 1000)):
        root = ElementTree.fromstring(people_chart(count, of, "x"))
        kinds = [node.get("class") for node in root.iter("circle")]
        assert (len(kinds), kinds.count("affected")) == (of, count)
    assert 'width="28"' in share_chart(28, 100)


@pytest.mark.parametrize(
    ("risk", "count", "of"),
    [
        ("0.1234", 12, 100),
        ("0.125", 13, 100),
        ("0.01", 1, 100),
        ("0.0099", 10, 1000),
        ("0.0004", 0, 1000),
        ("1", 100, 100),
    ],
)
def test_a_risk_is_told_as_people(risk: str, count: int, of: int) -> None:
    assert frequency_of(Decimal(risk), 10) == Frequency(count, of, 10)


def test_the_years_of_a_prediction_come_from_its_period() -> None:
    def years(start: str, end: str) -> int | None:
        return years_of({"prediction": [{"whenPeriod": {"start": start, "end": end}}]})

    assert years("2026-11-03", "2036-11-03") == 10
    assert years("2026", "2036") is None and years_of({}) is None


@pytest.mark.parametrize(
    ("search", "found"),
    [("dao", True), ("đào", True), ("hong dao", True), ("Nguyễn", True), ("dáo", False), ("ao", False), ("", True)],
)
def test_tones_count_only_where_they_were_typed(search: str, found: bool) -> None:
    assert matches("Nguyễn Thị Hồng Đào", search) is found


def test_the_list_is_ordered_by_risk_then_by_waiting_and_pages() -> None:
    rows = FixtureDesk().worklist(PHYSICIAN, search="", page=1, size=60).rows
    same = replace(rows[0], suggestion="older", since=NOW - timedelta(days=9))
    unknown: WorklistRow = replace(rows[0], suggestion="unknown", risk=None, frequency=None)
    shown = page_of([unknown, *rows, same], search="", page=1, size=100).rows
    assert [row.suggestion for row in shown[:3]] == ["older", "s-0", "s-1"]
    assert shown[-1].suggestion == "unknown"
    assert page_of(rows, search="", page=7, size=25).page == 3


def test_a_full_house_of_sessions_ends_the_one_seen_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienthong.web.sessions._MOST", 2)
    hands = Hands()
    sessions = Sessions(hands, Bytes())
    tokens = []
    for _ in range(3):
        tokens.append(sessions.begin(PHYSICIAN))
        hands.now += timedelta(seconds=1)
    assert [sessions.get(token) is not None for token in tokens] == [False, True, True]
    assert tokens[1] not in repr(vars(sessions))  # a memory dump holds no usable token


def test_no_cell_of_a_table_starts_a_formula() -> None:
    body = as_csv("x", ["a", "b"], [{"a": "=1+1", "b": Decimal("-0.5")}]).body
    assert bytes(body).decode("utf-8-sig").splitlines()[1] == "'=1+1,-0.5"
