"""From 100 Synthea patients to OMOP: every resource is in a table or left out for a reason, as the files count."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.actors import Actor, Purpose
from lienthong.core.canonical import parse
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import link
from lienthong.privacy.access import Action, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record, ai_guard
from lienthong.warehouse import Warehouse, run_view
from lienthong.warehouse.built import NO_TABLE
from lienthong.warehouse.omop.cdm import BUILT

pytestmark = [pytest.mark.suite, pytest.mark.slow]


def clock() -> datetime:
    return datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def dev100(suites: Callable[[str], Path]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(suites("synthea_r4_smart_dev100").glob("*.ndjson.gz")):
        with gzip.open(path) as stream:
            found[path.name.partition(".")[0]] = [parse(line) for line in stream]
    return found


@pytest.fixture(scope="module")
def built(dev100: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("dev100")
    log = AccessLog(home / "audit", b"k" * 32, clock, durable=False)
    operator = Actor("tester", operator=True)
    with Record.open(home / "record.db", clock=clock, guard=ai_guard(lambda *_: None)) as record:
        grant = permit(operator, Purpose.OPERATIONS, Action.INGEST, log=log)
        with record.begin(grant, source="synthea") as batch:
            for number, (kind, resources) in enumerate(dev100.items()):
                digest = f"{number:064}"
                file = batch.file(f"{kind}.ndjson", digest, 1, "fhir")
                for line, resource in enumerate(resources, 1):
                    batch.put(file, Origin("synthea", kind, digest, str(line)), [resource], [], None)
            link(record, grant, Settings(), batch)
            batch.publish()
        warehouse = Warehouse(home / "warehouse", clock)
        report = warehouse.build(record, permit(operator, Purpose.OPERATIONS, Action.BUILD, log=log))
    return warehouse, report


def rows(built: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in built[0].query(sql).to_pylist()]


def test_the_balance_adds_up_for_every_type(built: Any, dev100: dict[str, list[dict[str, Any]]]) -> None:
    total: Counter[str] = Counter()
    for item in built[1].balance:
        if not item.beside:
            total[item.source] += item.resources
    assert total == {kind: len(resources) for kind, resources in dev100.items()}
    assert sum(total.values()) == 33_872
    for table in set(BUILT) - {"observation_period", "cdm_source"}:
        in_table = sum(item.rows for item in built[1].balance if item.table == f"omop.{table}")
        assert in_table == built[1].tables[f"omop.{table}"] == rows(built, f"SELECT count(*) FROM omop.{table}")[0][0]


def test_counts_are_those_of_the_files(built: Any, dev100: dict[str, list[dict[str, Any]]]) -> None:
    parts = [part for item in dev100["Observation"] for part in (item, *item.get("component", []))]
    numbers = sum("valueQuantity" in part for part in parts)
    others = sum(any(name.startswith("value") for name in part) for part in parts) - numbers
    tables = built[1].tables
    assert tables["omop.measurement"] == numbers == 14_946
    assert tables["omop.observation"] == others + len(dev100["AllergyIntolerance"]) == 958
    assert {item.reason for item in built[1].left_out} == {NO_TABLE}
    assert tables["omop.procedure_occurrence"] == len(dev100["Procedure"])
    assert tables["omop.care_site"] == len(dev100["Organization"])
    assert tables["omop.provider"] == len(dev100["Practitioner"])
    assert tables["omop.death"] == sum("deceasedDateTime" in item for item in dev100["Patient"])
    addresses = sum(len(item.get("address", [])) for kind in ("Patient", "Organization") for item in dev100[kind])
    assert tables["omop.location"] == addresses
    assert tables["omop.observation_period"] == 100
    assert tables["omop.person"] == 100
    assert tables["omop.visit_occurrence"] == len(dev100["Encounter"])
    assert tables["omop.condition_occurrence"] == len(dev100["Condition"])
    assert tables["omop.drug_exposure"] == len(dev100["MedicationRequest"]) + len(dev100["Immunization"])


def test_values_arrive_with_their_digits(built: Any, dev100: dict[str, list[dict[str, Any]]]) -> None:
    sent = Counter(
        (part["code"]["coding"][0]["code"], str(part["valueQuantity"]["value"]))
        for item in dev100["Observation"]
        for part in (item, *item.get("component", []))
        if "valueQuantity" in part
    )
    arrived = Counter(rows(built, "SELECT measurement_source_value, value_source_value FROM omop.measurement"))
    assert sent == arrived
    wrong = "SELECT count(*) FROM omop.measurement WHERE value_as_number <> CAST(value_source_value AS DOUBLE)"
    assert rows(built, wrong) == [(0,)]


def test_checks_find_the_one_person_who_is_seen_long_after_death(
    built: Any, dev100: dict[str, list[dict[str, Any]]]
) -> None:
    """Synthea lets one of the dead live on; all else is clean."""
    assert built[1].checks.run == 120
    failed = dict(rows(built, "SELECT id, failing FROM checks.results WHERE failed"))
    assert {name.partition(":")[0] for name in failed} == {"beforeDeath"}
    died = {f"Patient/{item['id']}": item.get("deceasedDateTime", "9000-01-01") for item in dev100["Patient"]}
    late = [
        item
        for item in dev100["Encounter"]
        if datetime.fromisoformat(item["period"]["start"]).date()
        > datetime.fromisoformat(died[item["subject"]["reference"]]).date() + timedelta(days=60)
    ]
    assert failed["beforeDeath:visit_occurrence.visit_start_date"] == len(late) == 1
    person = (
        "SELECT DISTINCT p.person_source_value FROM checks.failing_rows r JOIN omop.measurement m "
        "ON r.table_name = 'measurement' AND m.measurement_id = r.key JOIN omop.person p USING (person_id)"
    )
    assert rows(built, person) == [(late[0]["subject"]["reference"].partition("/")[2],)]


def test_every_event_is_its_persons_and_in_its_visit(built: Any, dev100: dict[str, list[dict[str, Any]]]) -> None:
    inside = sum("encounter" in item for item in dev100["Condition"])
    assert rows(built, "SELECT count(visit_occurrence_id) FROM omop.condition_occurrence") == [(inside,)]
    other = (
        "SELECT count(*) FROM omop.measurement m JOIN omop.visit_occurrence v USING (visit_occurrence_id) "
        "WHERE m.person_id <> v.person_id"
    )
    assert rows(built, other) == [(0,)]


def test_views_of_the_warehouse_equal_views_of_the_files(
    built: Any, dev100: dict[str, list[dict[str, Any]]], suites: Callable[[str], Path]
) -> None:
    """Parquet's columns, the NDJSON files, and the plain engine give the same rows."""
    view = {
        "resource": "Observation",
        "select": [
            {
                "column": [
                    {"name": "id", "path": "id"},
                    {"name": "category", "path": "category.coding.code.join(',')"},
                ]
            },
            {
                "forEachOrNull": "component",
                "column": [
                    {"name": "code", "path": "code.coding.first().code"},
                    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
                ],
            },
        ],
    }
    files = run_view(view, suites("synthea_r4_smart_dev100") / "Observation.ndjson.gz")
    assert files.equals(run_view(view, dev100["Observation"], engine="reference"))
    ours = rows(
        built,
        "SELECT id, code, value_text FROM views.observation WHERE part > 0 ORDER BY id, part",
    )
    theirs = [(row["id"], row["code"], row["value"]) for row in files.to_pylist() if row["code"]]
    assert sorted(ours) == sorted(theirs)
