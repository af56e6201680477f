"""The rules from FHIR to OMOP, in one record of small cases: what goes in, its key and date, what stays out."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.warehouse.omop_cases import (
    LOCAL,
    LOINC,
    Make,
    encounter,
    events,
    made,
    observation,
    observations,
    people,
    places,
    quantity,
    visits,
)

from lienthong.core.clock import Clock
from lienthong.core.errors import LienthongError
from lienthong.privacy.access import Action
from lienthong.warehouse import Balance, Warehouse
from lienthong.warehouse.trace import trace


@pytest.fixture(scope="module")
def built(shared_site: Any, patient: Make) -> Any:
    shared_site.fill([*places(), *people(patient), *visits(), *observations(), *events()])
    shared_site.built = shared_site.build()
    return shared_site


def reasons(site: Any, source: str) -> dict[str, int]:
    found = [item for item in site.built.balance if item.source == source and not item.beside]
    return {item.reason or item.table: item.resources for item in found}


_KNOWN: dict[tuple[Path, str], dict[str, int]] = {}


def known(site: Any, sql: str) -> dict[str, int]:
    """Numbers by id, asked once of each site."""
    if (site.home, sql) not in _KNOWN:
        _KNOWN[site.home, sql] = dict(site.rows(sql))
    return _KNOWN[site.home, sql]


def number(site: Any, patient: str) -> int:
    return known(site, "SELECT patient_id, person_id FROM views.person_patient")[patient]


def key(site: Any, kind: str, resource: str, part: int = 0) -> int:
    return known(site, f'SELECT id, record_seq FROM fhir."{kind}"')[resource] * 100 + part


def test_each_resource_is_in_a_table_or_out_for_its_reason(built: Any) -> None:
    assert reasons(built, "Patient") == {"omop.person": 9, "no year of birth": 1}
    assert reasons(built, "Encounter") == {
        "omop.visit_occurrence": 9,
        "status cancelled": 1,
        "no date": 1,
        "no person is known": 1,
    }
    assert reasons(built, "Observation") == {
        "omop.measurement": 3,
        "omop.observation": 8,
        "no value": 1,
        "its person is left out": 1,
        "AI output": 1,
        "a value that has no column": 1,
    }
    assert reasons(built, "AllergyIntolerance") == {"omop.observation": 1, "verification refuted": 1}
    assert reasons(built, "Condition") == {"omop.condition_occurrence": 2, "verification refuted": 1}
    assert reasons(built, "MedicationRequest") == {
        "omop.drug_exposure": 1,
        "intent proposal": 1,
        "asks not to give it": 1,
    }
    assert reasons(built, "Procedure") == {"omop.procedure_occurrence": 1, "status not-done": 1, "no date": 1}
    assert reasons(built, "Organization") == {"omop.care_site": 1, "an insurer or payer": 1}
    assert reasons(built, "Location") == {"omop.care_site": 1, "a room or a bed": 1}
    assert reasons(built, "Practitioner") == {"omop.provider": 1}
    assert reasons(built, "Medication") == {"no OMOP table for it yet": 1}


def test_the_balance_adds_up_to_the_record_and_to_the_tables(built: Any) -> None:
    total: dict[str, int] = {}
    rows: dict[str, int] = {}
    for item in built.built.balance:
        rows[item.table] = rows.get(item.table, 0) + item.rows
        if not item.beside:
            total[item.source] = total.get(item.source, 0) + item.resources
    assert total == built.record.counts()
    written = {name: count for name, count in built.built.tables.items() if name.startswith("omop.")}
    del written["omop.observation_period"], written["omop.cdm_source"]
    assert {name: count for name, count in rows.items() if name} == written
    panel = [item for item in built.built.balance if item.table == "omop.observation"]
    # the panel counts once, under its numbers; its text is a row all the same
    assert Balance("Observation", "omop.observation", "", 8, 9) in panel


def test_several_patients_that_are_one_person_give_one_row_of_the_most_complete(built: Any) -> None:
    person = number(built, "one-a")
    assert person == number(built, "one-b")
    rows = built.rows(
        "SELECT person_source_value, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, location_id, "
        f"provider_id FROM omop.person WHERE person_id = {person}"
    )
    # the address comes from the only Patient that has one
    address, doctor = key(built, "Patient", "one-a"), key(built, "Practitioner", "doctor")
    assert rows == [("one-b", 8532, 1970, 2, 28, address, doctor)]


def test_a_partial_birth_date_fills_what_it_knows(built: Any) -> None:
    sql = (
        "SELECT year_of_birth, month_of_birth, day_of_birth, birth_datetime, gender_concept_id, location_id "
        "FROM omop.person WHERE person_source_value = 'partial'"
    )
    assert built.rows(sql) == [(1970, 2, None, None, 0, None)]


@pytest.mark.parametrize(
    ("code", "concept"), [("AMB", 9202), ("IMP", 9201), ("EMER", 9203), ("HH", 581476), ("VR", 5083), ("FLD", 0)]
)
def test_the_class_of_an_encounter_gives_the_visit(built: Any, code: str, concept: int) -> None:
    sql = "SELECT visit_concept_id, visit_source_value, visit_type_concept_id FROM omop.visit_occurrence WHERE "
    assert built.rows(f"{sql} visit_occurrence_id = {key(built, 'Encounter', f'e-{code}')}") == [
        (concept, code, 32817)
    ]


def test_dates_are_local_to_the_facility_whatever_the_zone_of_the_machine(
    built: Any, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    sql = (
        "SELECT visit_start_date, visit_start_datetime, visit_end_datetime FROM omop.visit_occurrence "
        f"WHERE visit_occurrence_id = {key(built, 'Encounter', 'e-AMB')}"
    )
    assert built.rows(sql) == [(date(2026, 1, 3), datetime(2026, 1, 3, 3), datetime(2026, 1, 3, 8))]
    home = built.warehouse
    built.warehouse = Warehouse(tmp_path / "west", clock, offset="-05:30", controller="Sở Y tế")
    try:
        built.build()
        assert built.rows(sql) == [(date(2026, 1, 2), datetime(2026, 1, 2, 14, 30), datetime(2026, 1, 2, 19, 30))]
        assert built.rows("SELECT cdm_source_name, cdm_holder FROM omop.cdm_source") == [("Sở Y tế", "Sở Y tế")]
    finally:
        built.warehouse = home


def test_an_open_visit_ends_when_it_was_recorded(built: Any) -> None:
    visit, ward = key(built, "Encounter", "e-open"), key(built, "Location", "ward")
    sql = f"SELECT visit_end_date, care_site_id FROM omop.visit_occurrence WHERE visit_occurrence_id = {visit}"
    assert built.rows(sql) == [(date(2026, 11, 23), ward)]


def test_care_sites_providers_and_their_addresses(built: Any) -> None:
    hospital, ward = key(built, "Organization", "hospital"), key(built, "Location", "ward")
    doctor = key(built, "Practitioner", "doctor")
    assert built.rows(
        "SELECT care_site_id, care_site_name, location_id, care_site_source_value, place_of_service_source_value "
        "FROM omop.care_site ORDER BY location_id NULLS LAST"
    ) == [(hospital, "Bệnh viện", hospital, "79001", None), (ward, "Khoa Nội", None, "ward", "wa")]
    assert built.rows(
        "SELECT provider_id, provider_name, year_of_birth, gender_concept_id, provider_source_value "
        "FROM omop.provider"
    ) == [(doctor, "Trần Bình", 1980, 8507, "doctor")]
    visit = key(built, "Encounter", "e-full")
    sql = f"SELECT care_site_id, provider_id FROM omop.visit_occurrence WHERE visit_occurrence_id = {visit}"
    assert built.rows(sql) == [(hospital, doctor)]
    assert built.rows("SELECT care_site_id FROM omop.person WHERE person_source_value = 'man'") == [(hospital,)]


def test_an_address_is_a_location_of_its_owner_and_its_place(built: Any) -> None:
    hospital = key(built, "Organization", "hospital")
    assert built.rows(
        "SELECT location_id, address_1, city, state, county, location_source_value FROM omop.location ORDER BY 2, 1"
    ) == [
        (hospital, "1 Lê Lợi", "TP. HCM", None, "Quận 1", "1 Lê Lợi, Quận 1, TP. HCM, Hồ Chí Minh, VN"),
        (key(built, "Patient", "one-a"), None, None, None, None, "cũ"),
        (key(built, "Patient", "one-a", 1), None, None, "HN", None, "HN"),
    ]
    beside = [item for item in built.built.balance if item.table == "omop.location" and item.reason]
    assert beside == [
        Balance("Organization", "omop.location", "its care site is left out", 1, 0, beside=True),
        Balance("Patient", "omop.location", "its person is left out", 1, 0, beside=True),
    ]


def test_a_death_has_a_date_or_the_end_of_the_visit_or_stays_out(built: Any) -> None:
    rows = built.rows(
        "SELECT person_id, death_date, death_datetime, death_type_concept_id FROM omop.death ORDER BY 2"
    )
    assert rows == [
        (number(built, "dead-dated"), date(2026, 2, 4), datetime(2026, 2, 4, 3), 32817),
        (number(built, "dead-visit"), date(2026, 3, 4), datetime(2026, 3, 4), 32817),
    ]
    beside = {item.reason: item.resources for item in built.built.balance if item.table == "omop.death"}
    assert beside == {"": 2, "no date of death": 1, "its person is left out": 1}


def test_a_period_of_observation_spans_all_that_is_known(built: Any) -> None:
    person = number(built, "p")
    sql = "SELECT * FROM omop.observation_period WHERE person_id = "
    assert built.rows(f"{sql} {person}") == [(person, person, date(2025, 12, 1), date(2026, 11, 23), 32817)]
    assert built.rows(f"{sql} {number(built, 'alive')}") == []


def test_the_source_is_named_with_its_days(built: Any) -> None:
    sql = (
        "SELECT cdm_source_name, source_release_date, cdm_release_date, cdm_version, cdm_version_concept_id "
        "FROM omop.cdm_source"
    )
    day = date(2026, 11, 23)
    assert built.rows(sql) == [("Lienthong node", day, day, "5.4", 756265)]


def test_components_have_keys_of_their_own_in_the_table_of_their_value(built: Any) -> None:
    rows = built.rows(
        "SELECT measurement_id, measurement_concept_id, value_as_number, unit_concept_id, value_source_value, "
        "measurement_source_value FROM omop.measurement WHERE measurement_date = DATE '2026-01-02' "
        "AND measurement_source_value <> 'HATT' ORDER BY 1"
    )
    assert rows == [
        (key(built, "Observation", "o-panel", 1), 3004249, 120.0, 8876, "120", "8480-6"),
        (key(built, "Observation", "o-panel", 2), 3012888, 80.0, 8876, "80.0", "8462-4"),
        (key(built, "Observation", "o-whole"), 3004249, 7.0, 0, "7", "8480-6"),
    ]
    sql = "SELECT value_as_string, observation_source_value FROM omop.observation WHERE observation_id = "
    assert built.rows(f"{sql} {key(built, 'Observation', 'o-panel', 3)}") == [("fast", "8867-4")]


@pytest.mark.parametrize(
    ("kind", "text", "concept", "source"),
    [
        ("valueCodeableConcept", "hút thuốc", 0, "A"),
        ("valueBoolean", "false", None, "false"),
        ("valueDateTime", "2025-12", None, "2025-12"),
        ("valueTime", "12:30:00", None, "12:30:00"),
        ("valuePeriod", "2026-01-01/2026-01-02", None, "2026-01-01/2026-01-02"),
        ("valueRange", "1 - 2", None, "1 - 2"),
        ("valueRatio", "1/128", None, "1/128"),
    ],
)
def test_values_that_are_no_number_are_observations(
    built: Any, kind: str, text: str, concept: int | None, source: str
) -> None:
    sql = "SELECT value_as_string, value_as_concept_id, value_source_value FROM omop.observation"
    row = key(built, "Observation", f"o-{kind}")
    assert built.rows(f"{sql} WHERE observation_id = {row}") == [(text, concept, source)]


def test_a_long_text_is_cut_and_an_allergy_is_an_observation(built: Any) -> None:
    sql = (
        "SELECT value_as_string, provider_id, qualifier_source_value, observation_source_value FROM omop.observation "
    )
    doctor = key(built, "Practitioner", "doctor")
    text = built.rows(f"{sql} WHERE observation_id = {key(built, 'Observation', 'o-text')}")
    assert text == [("y" * 60, doctor, None, "8480-6")]
    allergy = built.rows(f"{sql} WHERE observation_id = {key(built, 'AllergyIntolerance', 'a1')}")
    assert allergy == [("Tôm", None, "high", "TOM")]


def test_the_standard_code_gives_the_concept_and_the_first_the_source_value(built: Any) -> None:
    visit = key(built, "Encounter", "e-full")
    sql = (
        "SELECT measurement_concept_id, measurement_source_value, operator_concept_id, value_source_value, "
        "range_low, range_high, visit_occurrence_id, provider_id FROM omop.measurement "
        f"WHERE visit_occurrence_id = {visit}"
    )
    assert built.rows(sql) == [(3004249, "HATT", 0, "<5.4", 3.9, 6.1, visit, key(built, "Practitioner", "doctor"))]
    sql = "SELECT code_system, code, source_system, source_code FROM views.observation WHERE id = 'o-full'"
    assert built.rows(sql) == [(LOINC, "8480-6", LOCAL, "HATT")]
    sql = "SELECT value_code, value_source_code FROM views.observation WHERE id = 'o-valueCodeableConcept'"
    assert built.rows(sql) == [("449868002", "A")]


def test_what_an_ai_wrote_stays_out(built: Any) -> None:
    assert built.rows("SELECT record_ai FROM fhir.\"Observation\" WHERE id = 'o-ai'") == [(True,)]
    ai = key(built, "Observation", "o-ai")
    assert built.rows(f"SELECT * FROM omop.measurement WHERE measurement_id = {ai}") == []


def test_conditions_keep_their_code_as_source_value(built: Any) -> None:
    sql = (
        "SELECT condition_concept_id, condition_source_value, condition_start_date, condition_end_date, provider_id "
        "FROM omop.condition_occurrence ORDER BY 1, 2"
    )
    assert built.rows(sql) == [
        (0, "I10", date(2025, 12, 1), date(2026, 2, 1), key(built, "Practitioner", "doctor")),
        (0, "x" * 50, date(2026, 1, 2), None, None),
    ]


def test_drugs_come_from_orders_and_from_what_was_given_not_from_proposals(built: Any) -> None:
    sql = (
        "SELECT drug_type_concept_id, drug_source_value, drug_exposure_start_date, drug_exposure_end_date, "
        "days_supply, lot_number, provider_id FROM omop.drug_exposure ORDER BY drug_exposure_start_date"
    )
    assert built.rows(sql) == [
        (32838, "40.1", date(2026, 1, 2), date(2026, 1, 8), 7, None, key(built, "Practitioner", "doctor")),
        (32817, "40.1", date(2026, 1, 3), date(2026, 1, 3), None, None, None),
        (32817, "140", date(2026, 1, 4), date(2026, 1, 4), None, "L1", None),
        (32817, "40.1", date(2026, 1, 5), date(2026, 1, 5), None, None, None),  # its order is only proposed
    ]
    assert reasons(built, "MedicationAdministration") == {"omop.drug_exposure": 2, "its request is a row": 1}
    assert built.rows("SELECT DISTINCT medication FROM views.medication_request") == [("316052",)]


def test_a_procedure_has_its_dates_and_its_provider(built: Any) -> None:
    fields = "procedure_date, procedure_end_date, procedure_source_value, provider_id"
    sql = f"SELECT {fields} FROM omop.procedure_occurrence"
    doctor = key(built, "Practitioner", "doctor")
    assert built.rows(sql) == [(date(2026, 1, 6), date(2026, 1, 7), "37.8", doctor)]


@pytest.mark.parametrize(
    ("table", "kind", "resource", "part"),
    [
        ("care_site", "Organization", "hospital", 0),
        ("provider", "Practitioner", "doctor", 0),
        ("location", "Patient", "one-a", 1),
        ("procedure_occurrence", "Procedure", "x1", 0),
        ("observation", "Observation", "o-panel", 3),
    ],
)
def test_a_row_leads_back_to_its_resource_and_forward(
    built: Any, table: str, kind: str, resource: str, part: int
) -> None:
    row = f"omop.{table}/{key(built, kind, resource, part)}"
    traced = trace(row, built.record, built.warehouse, built.grant(Action.TRACE))
    assert traced.resource == f"{kind}/{resource}/1"
    assert row in traced.forward


def test_the_rows_of_a_person_lead_back_to_the_patient(built: Any) -> None:
    person = number(built, "dead-visit")
    grant = built.grant(Action.TRACE)
    for table in ("death", "observation_period", "person"):
        traced = trace(f"omop.{table}/{person}", built.record, built.warehouse, grant)
        assert traced.resource == "Patient/dead-visit/1"
        assert f"omop.{table}/{person}" in traced.forward
    for row in (f"omop.death/{number(built, 'alive')}", "omop.cdm_source/0"):
        with pytest.raises(LienthongError, match="Nothing on this node"):
            trace(row, built.record, built.warehouse, grant)


def test_clean_cases_fail_no_check(built: Any) -> None:
    assert built.rows("SELECT id FROM checks.results WHERE failed") == []


def test_checks_find_what_can_not_be(site: Any, patient: Make) -> None:
    site.fill(
        [
            patient("p", birthDate="2030-01-01"),
            encounter("e1", "p", period={"start": "2026-01-05", "end": "2026-01-02"}),
            observation("o1", "p", valueQuantity=quantity("1"), effectiveDateTime="2027-01-01"),
            patient("d", deceasedDateTime="2025-01-01"),
            observation("o2", "d", valueString="late", effectiveDateTime="2025-03-03"),
            made(
                "Procedure",
                "x",
                "d",
                status="completed",
                performedPeriod={"start": "2025-03-02", "end": "2025-03-01"},
            ),
            {"resourceType": "Practitioner", "id": "old", "birthDate": "1492"},
        ]
    )
    built = site.build()
    failed = dict(site.rows("SELECT id, failing FROM checks.results WHERE failed"))
    assert failed == {
        "plausibleBirth:person.year_of_birth": 1,
        "plausibleBirth:provider.year_of_birth": 1,
        "startBeforeEnd:visit_occurrence.visit_end_date": 1,
        "startBeforeEnd:procedure_occurrence.procedure_end_date": 1,
        "afterBirth:visit_occurrence.visit_start_date": 1,
        "afterBirth:measurement.measurement_date": 1,
        "afterBirth:observation_period.observation_period_start_date": 1,
        "notInFuture:measurement.measurement_date": 1,
        "beforeDeath:observation.observation_date": 1,
    }
    assert built.checks.failed == len(failed)
    assert built.exit.value == 1
    keys = dict(site.rows("SELECT id, key FROM checks.failing_rows"))
    fields = dict(site.rows("SELECT id, key_field FROM checks.failing_rows"))
    assert set(keys) == set(failed)
    assert keys["startBeforeEnd:visit_occurrence.visit_end_date"] == key(site, "Encounter", "e1")
    assert keys["beforeDeath:observation.observation_date"] == key(site, "Observation", "o2")
    assert keys["plausibleBirth:provider.year_of_birth"] == key(site, "Practitioner", "old")
    assert fields["startBeforeEnd:procedure_occurrence.procedure_end_date"] == "procedure_occurrence_id"
