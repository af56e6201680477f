"""A score from FHIR to a suggestion and a decision: what stands in it, when it is withdrawn, what can be decided."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.products.conftest import Hospital, condition, observation, panel, patient

from lienthong import fhir
from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.decisions import Verdict
from lienthong.privacy.access import Action
from lienthong.products import catalogue
from lienthong.products.assessment import Row
from lienthong.products.run import assessments
from lienthong.products.suggestion import device, read, suggest

MORNING = "2026-11-20T08:00:00+07:00"


def answer(id: str, of: str, code: str, value: str, system: str = "http://loinc.org", **more: Any) -> dict[str, Any]:
    found = observation(id, of, code, "1", "1", more.pop("time", MORNING))
    del found["valueQuantity"]
    found["code"]["coding"][0]["system"] = more.pop("code_system", "http://loinc.org")
    return {**found, "valueCodeableConcept": {"coding": [{"system": system, "code": value}]}, **more}


def signs(of: str, time: str = MORNING, key: str = "", **other: str) -> list[dict[str, Any]]:
    """A whole set on air: 24 breaths, 94 %, 98 mmHg, 112 beats, 38.5 degrees, alert: 2 + 1 + 0 + 2 + 2 + 0 + 1."""
    given = {"9279-1": ("24", "/min"), "59408-5": ("94", "%"), "3151-8": ("0", "L/min"), "8867-4": ("112", "/min")}
    given["8310-5"] = ("38.5", "Cel")
    found = [
        observation(f"{of}-{code}{key}", of, code, other.get(f"c{code[:4]}", value), unit, time)
        for code, (value, unit) in given.items()
    ]
    return [
        *found,
        panel(f"{of}-bp{key}", of, "98", time),
        answer(f"{of}-avpu{key}", of, "67775-7", "LA9340-6", time=time),
    ]


def flag(id: str, of: str, **code: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "id": id,
        "status": "active",
        "subject": {"reference": f"Patient/{of}"},
        "period": {"start": "2026-11-19"},
        "code": code,
    }


ORDER = {
    "resourceType": "ServiceRequest",
    "id": "target",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/copd"},
    "authoredOn": "2026-11-19T10:00:00+07:00",
    "code": {"coding": [{"system": "urn:x-lienthong:orders", "code": "spo2-target-88-92"}]},
}

RESOURCES = [
    patient("ill", "1950-01-01"),
    *signs("ill"),
    patient("copd", "1950-01-01"),
    *signs("copd"),
    ORDER,
    patient("worded", "1950-01-01"),
    *signs("worded"),
    flag("worded-flag", "worded", text="SpO₂ mục tiêu 88–92%"),
    patient("other-target", "1950-01-01"),
    *signs("other-target"),
    flag("other-flag", "other-target", text="Target SpO2 94-98 %"),
    patient("some", "1950-01-01"),
    *[item for item in signs("some") if "8867-4" not in item["id"] and "3151-8" not in item["id"]],
    patient("pressure-only", "1950-01-01"),
    panel("pressure-only-bp", "pressure-only", "120"),
    patient("nothing", "1950-01-01"),
    patient("mother", "1995-01-01"),
    *signs("mother"),
    condition("mother-c", "mother", "http://snomed.info/sct", "72892002") | {"onsetDateTime": "2026-07-01"},
    patient("asked", "1995-01-01"),
    *signs("asked"),
    answer("asked-p", "asked", "82810-3", "LA15173-0", time="2026-09-01"),
    patient("was-mother", "1995-01-01"),
    *signs("was-mother"),
    condition("was-c", "was-mother", "http://hl7.org/fhir/sid/icd-10", "O24.4")
    | {"onsetDateTime": "2026-01-01", "abatementDateTime": "2026-08-01"},
    patient("child", "2015-01-01"),
    *signs("child"),
    patient("seventeen", "2009-06-01"),
    *signs("seventeen"),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    found = Hospital(folder)
    found.feed(RESOURCES)
    found.add_physician()
    found.run("news2")
    found.record.close()
    return folder


@pytest.fixture
def ward(template: Path, tmp_path: Path) -> Iterator[Hospital]:
    shutil.copytree(template, tmp_path / "home")
    found = Hospital(tmp_path / "home")
    yield found
    found.record.close()


def scores(ward: Hospital) -> dict[str, tuple[int, int, str]]:
    found = {}
    for of, stored in ward.suggestions().items():
        score = read(stored.resource()).score
        assert score is not None
        found[of] = (score.low, score.high, score.response)
    return found


def test_who_is_scored_and_with_how_much(ward: Hospital) -> None:
    assert scores(ward) == {
        "ill": (8, 8, "high"),
        "copd": (7, 7, "high"),
        "worded": (7, 7, "high"),
        "other-target": (8, 8, "high"),
        "some": (6, 11, "medium"),
        "was-mother": (8, 8, "high"),
        "seventeen": (8, 8, "high"),
    }


def test_everybody_from_sixteen_on_is_accounted_for(ward: Hospital) -> None:
    ran = ward.run("news2").to_json()
    assert (ran["people"], ran["under_age"], ran["adults"], ran["computed"]) == (12, 1, 11, 7)
    assert ran["abstained"] == {"excluded": 2, "missing": 2}
    assert ran["missing"]["systolic"] == 1 and ran["missing"]["pulse"] == 2
    assert (ran["new"], ran["unchanged"], ran["withdrawn"]) == (0, 7, 0)


def test_a_suggestion_is_valid_preliminary_labelled_and_claims_no_probability(ward: Hospital) -> None:
    resource = ward.suggestions()["ill"].resource()
    assert fhir.validate(resource, advice=False) == []
    assert fhir.validate(device(catalogue.load("news2")), advice=False) == []
    assert resource["status"] == "preliminary" and resource["meta"]["security"][0]["code"] == "AIAST"
    assert resource["occurrenceDateTime"] == MORNING
    (prediction,) = resource["prediction"]
    assert set(prediction) == {"outcome", "qualitativeRisk", "rationale"}
    assert prediction["qualitativeRisk"]["coding"][0]["code"] == "high"
    assert "8 of 20 points at 2026-11-20 08:00 (+07:00)" in prediction["rationale"]
    basis = {item["reference"] for item in resource["basis"]}
    assert basis == {f"Observation/ill-{code}" for code in ("9279-1", "59408-5", "3151-8", "8867-4", "8310-5")} | {
        "Observation/ill-bp",
        "Observation/ill-avpu",
    }
    notes = [note["text"] for note in resource["note"]]
    assert "Nhịp thở 24 lần/phút: 2 điểm / Respiration rate 24 a minute: 2 points" in notes
    assert ward.record.unresolved_references() == []


def test_each_parameter_stands_with_points_value_unit_and_time(ward: Hospital) -> None:
    suggestion = read(ward.suggestions()["ill"].resource())
    assert suggestion.score is not None
    assert {item.parameter: item.low for item in suggestion.score.points} == {
        "respiration": 2,
        "spo2": 1,
        "oxygen": 0,
        "systolic": 2,
        "pulse": 2,
        "consciousness": 0,
        "temperature": 1,
    }
    used = {item.name: item for item in suggestion.inputs}
    assert (used["temperature"].value, used["temperature"].unit) == (Decimal("38.5"), "Cel")
    assert {item.time for item in suggestion.inputs if item.name != "age"} == {MORNING}
    assert suggestion.risk is None and suggestion.contributions == () and suggestion.what_if == ()


def test_what_is_missing_is_named_and_makes_a_lower_bound(ward: Hospital) -> None:
    suggestion = read(ward.suggestions()["some"].resource())
    assert [item.name for item in suggestion.missing] == ["oxygen", "pulse"]
    assert suggestion.missing[1].text.en == "Pulse: not in the record; 0 to 3 points are possible"
    assert suggestion.sentence is not None
    assert suggestion.sentence.en.startswith("At least 6 points (at most 11, of 20)")
    assert "missing: Air or oxygen, Pulse" in suggestion.sentence.en
    assert suggestion.sentence.vi.startswith("Ít nhất 6 điểm (nhiều nhất 11 trên 20)")
    assert any("at worst 11 points: high clinical risk" in limit.en for limit in suggestion.limits)


def test_scale_2_names_its_order_and_scale_1_that_there_is_none(ward: Hospital) -> None:
    by_order = read(ward.suggestions()["copd"].resource())
    (scale,) = [item for item in by_order.inputs if item.name == "spo2-scale"]
    assert scale.references == ("ServiceRequest/target",) and scale.shown.en == "SpO₂ scale 2"
    assert not any("scale 1 is used" in limit.en for limit in by_order.limits)
    without = read(ward.suggestions()["ill"].resource())
    assert any("SpO₂ scale 1 is used, as no order stands in the record" in limit.en for limit in without.limits)


def test_what_is_written_is_read_again(ward: Hospital) -> None:
    product, grant = catalogue.load("news2"), ward.grant(Action.RUN_PRODUCT)
    told = assessments(product, ward.warehouse, ward.record, grant, ward.now.date())
    figures = {item.subject.removeprefix("Patient/"): item for item in told if item.score is not None}
    for of, stored in ward.suggestions().items():
        suggestion, figure = read(canonical.parse(stored.body)), figures[of]
        assert suggestion.score == figure.score and suggestion.index == figure.moment
        assert suggestion.inputs == figure.inputs and suggestion.missing == figure.missing
        assert suggestion.limits == figure.limits and suggestion.sentence == figure.sentence


def test_a_newer_set_withdraws_the_open_suggestion_of_the_older_one(ward: Hospital) -> None:
    first = ward.suggestions()["ill"]
    ward.feed(signs("ill", "2026-11-20T20:00:00+07:00", "-2", c9279="16"), "evening.ndjson")
    ran = ward.run("news2")
    assert (ran.new, ran.unchanged, ran.withdrawn) == (1, 6, 1)
    old = ward.record.read(ward.grant(Action.READ_WORKLIST), "RiskAssessment", first.id)
    assert old.resource()["status"] == "cancelled"
    newest = list(ward.record.resources(ward.grant(Action.READ_WORKLIST), "RiskAssessment"))
    (open_one,) = [
        item.resource()
        for item in newest
        if item.resource()["status"] == "preliminary" and item.resource()["subject"]["reference"] == "Patient/ill"
    ]
    assert open_one["occurrenceDateTime"] == "2026-11-20T20:00:00+07:00"
    score = read(open_one).score
    assert score is not None and score.low == 6


def test_a_score_is_accepted_or_rejected_by_signature(ward: Hospital) -> None:
    accepted = ward.decide(Verdict.ACCEPT, of="ill").resource()
    assert accepted["status"] == "final" and read(accepted).score is not None
    rejected = ward.decide(Verdict.REJECT, of="copd", reason="Đầu dò lỏng / loose probe").resource()
    assert rejected["status"] == "cancelled"
    assert ward.run("news2").decided == 2


def test_a_score_takes_no_other_figure(ward: Hospital) -> None:
    with pytest.raises(LienthongError, match="decision-score-unchangeable") as caught:
        ward.decide(Verdict.CHANGE, of="ill", change=Decimal("0.3"), reason="x")
    assert "Reject the score with a reason" in caught.value.cure
    assert ward.suggestions()["ill"].resource()["status"] == "preliminary"


def test_the_suggestions_of_an_equation_are_the_same_bytes_as_before_there_were_scores() -> None:
    product = catalogue.load("cvd-risk")
    given = {
        "sex": ("female", ""),
        "birth": ("1965-03-01", ""),
        "systolic": ("124", "mm[Hg]"),
        "total-cholesterol": ("180", "mg/dL"),
        "hdl": ("47", "mg/dL"),
        "smoking": ("current", ""),
    }
    rows = [
        Row("p", name, "Patient/a", "Patient/a", value)
        if name in ("sex", "birth")
        else Row("p", name, "Patient/a", f"Observation/{name}", value, unit, "2026-05-01", "final")
        for name, (value, unit) in given.items()
    ]
    suggestion = suggest(product, product.assess(rows, date(2026, 11, 23)))
    # Made with the code before scores; it changes with the product's digest, and with nothing else.
    assert product.digest == "727089609653691f3e39be47812f74d9ca2381d049e16af8611bb8190ddf087b"
    assert canonical.digest(suggestion) == "1f058a273e445200e673d540015778bfc8ceac245319f316a8dfc116615b172d"
    assert canonical.digest(device(product)) == "8cbe22e9459ea13d3a86cb3dcc3f3058ec59821dd5369d562d63b2502467e70f"
