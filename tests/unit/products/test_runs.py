"""A run accounts for every adult, changes nothing when it is repeated, and touches nothing that was decided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lienthong import fhir
from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.decisions import Verdict
from lienthong.privacy.access import Action
from lienthong.products import catalogue
from lienthong.products.run import assessments, run
from lienthong.products.suggestion import device, read

Hospital = Any  # the fixture of conftest.py


def test_every_adult_is_accounted_for(hospital: Hospital) -> None:
    ran = hospital.run().to_json()
    assert {name: ran[name] for name in ("people", "under_age", "adults", "computed", "new")} == {
        "people": 8,
        "under_age": 1,
        "adults": 7,
        "computed": 2,
        "new": 2,
    }
    assert ran["abstained"] == {
        "deceased": 1,
        "excluded": 1,
        "missing": 1,
        "age-out-of-range": 1,
        "value-out-of-range": 1,
    }
    assert ran["missing"] == {"total-cholesterol": 1, "hdl": 1, "smoking": 1}
    assert ran["adults"] == ran["computed"] + sum(ran["abstained"].values())
    assert ran["as_of"] == "2026-11-23"


def test_the_figures_are_the_papers(hospital: Hospital) -> None:
    hospital.run()
    risks = {name: read(stored.resource()).risk for name, stored in hospital.suggestions().items()}
    assert risks == {"woman": Decimal("0.1048"), "man": Decimal("0.1562")}


def test_a_suggestion_is_valid_labelled_preliminary_and_whole(hospital: Hospital) -> None:
    hospital.run()
    for name, stored in hospital.suggestions().items():
        resource = stored.resource()
        assert fhir.validate(resource, advice=False) == []
        assert resource["status"] == "preliminary"
        assert resource["meta"]["security"][0]["code"] == "AIAST"
        assert resource["occurrenceDateTime"] == "2026-05-01"
        assert resource["prediction"][0]["whenPeriod"] == {"start": "2026-05-01", "end": "2036-05-01"}
        basis = {item["reference"] for item in resource["basis"]}
        assert {f"Observation/{name}-{what}" for what in ("bp", "tc", "hdl", "smoking")} <= basis
    assert {"Condition/man-diabetes", "MedicationRequest/man-drug"} <= basis | {
        item["reference"] for item in hospital.suggestions()["man"].resource()["basis"]
    }
    percent = hospital.suggestions()["woman"].resource()["prediction"][0]["probabilityDecimal"]
    assert str(percent) == "10.48"


def test_what_is_written_is_read_again(hospital: Hospital) -> None:
    hospital.run()
    product = catalogue.load("cvd-risk")
    told = assessments(
        product, hospital.warehouse, hospital.record, hospital.grant(Action.RUN_PRODUCT), hospital.now.date()
    )
    figures = {item.subject.removeprefix("Patient/"): item for item in told if item.risk is not None}
    for name, stored in hospital.suggestions().items():
        suggestion, figure = read(canonical.parse(stored.body)), figures[name]
        assert suggestion.risk == figure.risk
        assert suggestion.contributions == figure.contributions
        assert suggestion.inputs == figure.inputs
        assert suggestion.missing == figure.missing
        assert suggestion.limits == figure.limits
        assert suggestion.what_if == figure.what_if
        assert suggestion.sentence == figure.sentence
        assert (suggestion.product, suggestion.digest) == ("cvd-risk", product.digest)


def test_the_product_stands_in_the_record_as_a_device(hospital: Hospital) -> None:
    hospital.run()
    made_by = device(catalogue.load("cvd-risk"))
    assert fhir.validate(made_by, advice=False) == []
    stored = hospital.record.read(hospital.grant(Action.READ_WORKLIST), "Device", made_by["id"])
    assert stored.version == 1
    assert hospital.record.unresolved_references() == []


def test_run_twice_nothing_changes(hospital: Hospital) -> None:
    hospital.run()
    before = hospital.suggestions()
    again = hospital.run()
    assert (again.new, again.renewed, again.unchanged, again.withdrawn) == (0, 0, 2, 0)
    assert hospital.suggestions() == before


def test_new_inputs_are_a_new_suggestion_and_the_open_one_is_withdrawn(hospital: Hospital) -> None:
    hospital.run()
    first = hospital.suggestions()["woman"]
    conftest = hospital.feed.__globals__
    hospital.feed([conftest["panel"]("woman-bp-2", "woman", "150", "2026-07-01")], "more.ndjson")
    ran = hospital.run()
    assert (ran.new, ran.unchanged, ran.withdrawn) == (1, 1, 1)
    grant = hospital.grant(Action.READ_WORKLIST)
    old = hospital.record.read(grant, "RiskAssessment", first.id)
    assert old.resource()["status"] == "cancelled"
    assert old.resource()["note"][-1]["text"].startswith("Rút lại")
    assert fhir.validate(old.resource(), advice=False) == []
    assert hospital.run().withdrawn == 0


def test_a_death_withdraws_what_was_open(hospital: Hospital) -> None:
    hospital.run()
    conftest = hospital.feed.__globals__
    hospital.feed([conftest["patient"]("woman", "1965-03-01", deceasedBoolean=True)], "later.ndjson")
    ran = hospital.run()
    assert (ran.computed, ran.withdrawn, ran.abstained["deceased"]) == (1, 1, 2)


def test_what_was_decided_is_left_as_it_is(hospital: Hospital) -> None:
    hospital.run()
    hospital.decide(Verdict.REJECT, reason="Đã dùng statin / already on a statin")
    before = hospital.suggestions()["woman"]
    ran = hospital.run()
    assert (ran.decided, ran.unchanged, ran.new, ran.renewed) == (1, 1, 0, 0)
    assert hospital.suggestions()["woman"] == before


def test_a_run_needs_a_grant_to_run(hospital: Hospital) -> None:
    product = catalogue.load("cvd-risk")
    with pytest.raises(LienthongError, match="access-grant-wrong"):
        run(
            product,
            hospital.warehouse,
            hospital.record,
            hospital.grant(Action.QUERY),
            hospital.clock,
            lambda _what, _done, _total: None,
        )
