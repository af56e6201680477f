"""The rules from FHIR to OMOP, one small record each: what goes in, under which key and date, and what stays out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.canonical import parse
from lienthong.core.clock import Clock
from lienthong.warehouse import Balance, Warehouse

Make = Callable[..., dict[str, Any]]
AI = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}]}
NATIONAL_ID = {"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "001170000001"}


def made(kind: str, key: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": key, "subject": {"reference": "Patient/p1"}, **members}


def coded(code: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(text: str, unit: str = "mm[Hg]") -> Any:
    return parse(
        '{"value":' + text + ',"unit":"' + unit + '","system":"http://unitsofmeasure.org","code":"' + unit + '"}'
    )


def observation(key: str, **members: Any) -> dict[str, Any]:
    base = {"status": "final", "code": coded("8480-6"), "effectiveDateTime": "2026-01-02"}
    return made("Observation", key, **{**base, **members})


def encounter(key: str, **members: Any) -> dict[str, Any]:
    base = {"status": "finished", "class": {"code": "AMB"}, "period": {"start": "2026-01-02T20:00:00Z"}}
    return made("Encounter", key, **{**base, **members})


def reasons(site: Any, source: str) -> dict[str, int]:
    balance = site.warehouse.report()["balance"]
    return {item["reason"]: item["resources"] for item in balance if item["source"] == source}


def test_several_patients_that_are_one_person_give_one_row_of_the_most_complete(site: Any, patient: Make) -> None:
    site.fill(
        [
            patient("p1", birthDate="1970", identifier=[NATIONAL_ID]),
            patient("p2", birthDate="1970-02-28", identifier=[NATIONAL_ID]),
            patient("p3", gender="male"),
        ]
    )
    built = site.build()
    rows = site.rows(
        "SELECT person_source_value, gender_concept_id, year_of_birth, month_of_birth, day_of_birth "
        "FROM omop.person ORDER BY person_id"
    )
    assert rows == [("p2", 8532, 1970, 2, 28), ("p3", 8507, 1970, 2, 28)]
    assert built.balance == (Balance("Patient", "omop.person", "", 3, 2),)
    assert site.rows("SELECT count(DISTINCT person_id) FROM views.person_patient") == [(2,)]


def test_a_person_without_a_year_of_birth_stays_out_with_all_that_is_about_them(site: Any) -> None:
    site.fill([{"resourceType": "Patient", "id": "p1"}, observation("o1", valueQuantity=quantity("120"))])
    site.build()
    assert reasons(site, "Patient") == {"no year of birth": 1}
    assert reasons(site, "Observation") == {"its person is left out": 1}
    assert site.rows("SELECT count(*) FROM omop.measurement") == [(0,)]


def test_a_partial_birth_date_fills_what_it_knows(site: Any, patient: Make) -> None:
    site.fill([patient(birthDate="1970-02", gender="other")])
    site.build()
    sql = "SELECT year_of_birth, month_of_birth, day_of_birth, birth_datetime, gender_concept_id FROM omop.person"
    assert site.rows(sql) == [(1970, 2, None, None, 0)]


@pytest.mark.parametrize(
    ("code", "concept"), [("AMB", 9202), ("IMP", 9201), ("EMER", 9203), ("HH", 581476), ("VR", 5083), ("FLD", 0)]
)
def test_the_class_of_an_encounter_gives_the_visit(site: Any, patient: Make, code: str, concept: int) -> None:
    site.fill([patient(), encounter("e1", **{"class": {"code": code}})])
    site.build()
    sql = "SELECT visit_concept_id, visit_source_value, visit_type_concept_id FROM omop.visit_occurrence"
    assert site.rows(sql) == [(concept, code, 32817)]


def test_dates_are_local_to_the_facility_whatever_the_zone_of_the_machine(
    site: Any, patient: Make, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    site.fill(
        [patient(), encounter("e1", period={"start": "2026-01-02T20:00:00Z", "end": "2026-01-03T08:00:00+07:00"})]
    )
    sql = "SELECT visit_start_date, visit_start_datetime, visit_end_datetime FROM omop.visit_occurrence"
    site.build()
    assert site.rows(sql) == [(date(2026, 1, 3), datetime(2026, 1, 3, 3), datetime(2026, 1, 3, 8))]
    site.warehouse = Warehouse(tmp_path / "west", clock, offset="-05:30")
    site.build()
    assert site.rows(sql) == [(date(2026, 1, 2), datetime(2026, 1, 2, 14, 30), datetime(2026, 1, 2, 19, 30))]


def test_visits_that_did_not_take_place_stay_out_and_open_ones_end_when_recorded(site: Any, patient: Make) -> None:
    site.fill(
        [
            patient(),
            encounter("e1", status="cancelled"),
            encounter("e2", status="in-progress"),
            encounter("e3", period={}),
            encounter("e4", subject={"reference": "Patient/nobody"}),
        ]
    )
    site.build()
    assert reasons(site, "Encounter") == {"": 1, "status cancelled": 1, "no date": 1, "no person is known": 1}
    assert site.rows("SELECT visit_end_date FROM omop.visit_occurrence") == [(date(2026, 11, 23),)]


def test_components_have_keys_of_their_own_and_other_values_wait(site: Any, patient: Make) -> None:
    pressure = observation(
        "o1",
        code=coded("85354-9"),
        component=[
            {"code": coded("8480-6"), "valueQuantity": quantity("120")},
            {"code": coded("8462-4"), "valueQuantity": quantity("80.0")},
            {"code": coded("8867-4"), "valueString": "fast"},
        ],
    )
    site.fill([patient(), pressure, observation("o2", valueString="x"), observation("o3", valueInteger=7)])
    built = site.build()
    seq = dict(site.rows('SELECT id, record_seq FROM fhir."Observation"'))
    rows = site.rows(
        "SELECT measurement_id, measurement_concept_id, value_as_number, unit_concept_id, value_source_value, "
        "measurement_source_value FROM omop.measurement ORDER BY 1"
    )
    assert rows == [
        (seq["o1"] * 100 + 1, 3004249, 120.0, 8876, "120", "8480-6"),
        (seq["o1"] * 100 + 2, 3012888, 80.0, 8876, "80.0", "8462-4"),
        (seq["o3"] * 100, 3004249, 7.0, 0, "7", "8480-6"),
    ]
    assert [item for item in built.balance if item.source == "Observation"] == [
        Balance("Observation", "omop.measurement", "", 2, 3),
        Balance("Observation", "", "no number", 1, 0),
    ]
    assert [item.reason for item in built.left_out] == ["no number"]


def test_ranges_comparators_and_visits_come_along(site: Any, patient: Make) -> None:
    full = observation(
        "o1",
        valueQuantity={**quantity("5.4", "mmol/L"), "comparator": "<"},
        referenceRange=[{"low": quantity("3.9", "mmol/L"), "high": quantity("6.1", "mmol/L")}],
        encounter={"reference": "Encounter/e1"},
    )
    site.fill([patient(), encounter("e1"), full])
    site.build()
    visit = site.rows("SELECT visit_occurrence_id FROM omop.visit_occurrence")[0][0]
    sql = "SELECT operator_concept_id, range_low, range_high, visit_occurrence_id FROM omop.measurement"
    assert site.rows(sql) == [(4171756, 3.9, 6.1, visit)]


def test_what_an_ai_wrote_stays_out(site: Any, patient: Make) -> None:
    site.fill([patient(), observation("o1", status="preliminary", valueQuantity=quantity("9"), meta=AI)])
    site.build()
    assert reasons(site, "Observation") == {"AI output": 1}
    assert site.rows('SELECT record_ai FROM fhir."Observation"') == [(True,)]


def test_conditions_keep_their_code_as_source_value(site: Any, patient: Make) -> None:
    icd = coded("I10", "http://hl7.org/fhir/sid/icd-10")
    refuted = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]
    }
    site.fill(
        [
            patient(),
            made("Condition", "c1", code=icd, onsetDateTime="2025-12", abatementDateTime="2026-02-01"),
            made("Condition", "c2", code={"text": "x" * 80}, recordedDate="2026-01-02"),
            made("Condition", "c3", code=icd, verificationStatus=refuted, onsetDateTime="2025"),
        ]
    )
    site.build()
    sql = (
        "SELECT condition_concept_id, condition_source_value, condition_start_date, condition_end_date "
        "FROM omop.condition_occurrence ORDER BY 1, 2"
    )
    assert site.rows(sql) == [
        (0, "I10", date(2025, 12, 1), date(2026, 2, 1)),
        (0, "x" * 50, date(2026, 1, 2), None),
    ]
    assert reasons(site, "Condition") == {"": 2, "verification refuted": 1}


def test_drugs_come_from_orders_and_from_what_was_given_not_from_proposals(site: Any, patient: Make) -> None:
    drug = coded("316052", "http://www.nlm.nih.gov/research/umls/rxnorm")
    supply = {"value": 7, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    order = {"status": "active", "authoredOn": "2026-01-02", "medicationCodeableConcept": drug}
    site.fill(
        [
            patient(),
            {"resourceType": "Medication", "id": "m1", "code": drug},
            made(
                "MedicationRequest", "r1", intent="order", **order, dispenseRequest={"expectedSupplyDuration": supply}
            ),
            made("MedicationRequest", "r2", intent="proposal", **order),
            made("MedicationRequest", "r3", intent="order", doNotPerform=True, **order),
            made(
                "MedicationAdministration",
                "a1",
                status="completed",
                effectiveDateTime="2026-01-03",
                medicationReference={"reference": "Medication/m1"},
            ),
            {
                "resourceType": "Immunization",
                "id": "i1",
                "status": "completed",
                "patient": {"reference": "Patient/p1"},
                "vaccineCode": coded("140", "http://hl7.org/fhir/sid/cvx"),
                "occurrenceDateTime": "2026-01-04",
                "lotNumber": "L1",
            },
        ]
    )
    site.build()
    sql = (
        "SELECT drug_type_concept_id, drug_source_value, drug_exposure_start_date, drug_exposure_end_date, "
        "days_supply, lot_number FROM omop.drug_exposure ORDER BY drug_exposure_start_date"
    )
    assert site.rows(sql) == [
        (32838, "316052", date(2026, 1, 2), date(2026, 1, 8), 7, None),
        (32818, "316052", date(2026, 1, 3), date(2026, 1, 3), None, None),
        (32818, "140", date(2026, 1, 4), date(2026, 1, 4), None, "L1"),
    ]
    assert reasons(site, "MedicationRequest") == {"": 1, "intent proposal": 1, "asks not to give it": 1}


def test_checks_find_what_can_not_be(site: Any, patient: Make) -> None:
    site.fill(
        [
            patient(birthDate="2030-01-01"),
            encounter("e1", period={"start": "2026-01-05", "end": "2026-01-02"}),
            observation("o1", valueQuantity=quantity("1"), effectiveDateTime="2027-01-01"),
        ]
    )
    built = site.build()
    failed = dict(site.rows("SELECT id, failing FROM checks.results WHERE failed"))
    assert failed == {
        "plausibleBirth:person.year_of_birth": 1,
        "startBeforeEnd:visit_occurrence.visit_end_date": 1,
        "afterBirth:visit_occurrence.visit_start_date": 1,
        "afterBirth:measurement.measurement_date": 1,
        "notInFuture:measurement.measurement_date": 1,
    }
    assert built.checks.failed == 5
    assert built.exit.value == 1
    key = site.rows("SELECT visit_occurrence_id FROM omop.visit_occurrence")[0][0]
    rows = site.rows("SELECT key_field, key FROM checks.failing_rows WHERE id LIKE 'startBeforeEnd%'")
    assert rows == [("visit_occurrence_id", key)]


def test_types_without_a_table_are_counted_too(site: Any, patient: Make) -> None:
    site.fill([patient(), {"resourceType": "Organization", "id": "g1", "name": "Bệnh viện"}])
    built = site.build()
    assert Balance("Organization", "", "no OMOP table for it yet", 1, 0) in built.balance
