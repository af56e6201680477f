"""A build: what it makes, that it is swapped whole, killed in the middle, alone, and the same for the same record."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.warehouse.conftest import opened

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, ExitCode, LienthongError
from lienthong.privacy.access import Action
from lienthong.warehouse.manifest import building, read_manifest

Make = Callable[..., dict[str, Any]]


def observation(key: str, text: str, **members: Any) -> dict[str, Any]:
    value = parse('{"value":' + text + ',"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}')
    return {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-01-02T20:00:00Z",
        "valueQuantity": value,
        **members,
    }


def test_nothing_built_is_a_missing_component(site: Any) -> None:
    assert site.warehouse.snapshot() is None
    assert site.warehouse.tables() == {}
    for sql in (
        "SELECT * FROM omop.person",
        'SELECT q.n FROM record.quarantine q, FHIR."Patient"',
        'WITH a AS (SELECT * FROM "views".patient) SELECT * FROM a',
        "SELECT 1 WHERE EXISTS (SELECT * FROM checks.results)",
    ):
        with pytest.raises(LienthongError, match="lienthong build") as caught:
            site.warehouse.query(sql, {"quarantine": pa.table({"n": [3]})})
        assert (caught.value.code, caught.value.category) == ("warehouse-not-built", Category.MISSING)


def test_the_record_answers_before_anything_is_built(site: Any) -> None:
    quarantine = {"quarantine": pa.table({"n": [3]})}
    assert site.warehouse.query("SELECT n FROM record.quarantine", quarantine).to_pylist() == [{"n": 3}]
    assert site.warehouse.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    with pytest.raises(LienthongError, match="nope does not exist"):
        site.warehouse.query("SELECT n FROM record.nope", quarantine)


def test_an_empty_record_builds_empty_tables(site: Any) -> None:
    built = site.build()
    assert built.exit is ExitCode.DONE
    assert built.tables["omop.person"] == built.tables["omop.measurement"] == built.tables["views.observation"] == 0
    assert built.balance == ()
    assert site.rows("SELECT count(*) FROM omop.person") == [(0,)]


DIGITS = "83.493625198237281234567890"


@pytest.fixture(scope="module")
def built(shared_site: Any, patient: Make) -> Any:
    """A record whose build several tests look at; its progress stands in `told`."""
    deep: dict[str, Any] = {"url": "end", "valueString": "x"}
    for _ in range(30):
        deep = {"url": "u", "extension": [deep]}
    full = patient(
        name=[{"family": "Nguyễn", "given": ["Thị", "Ánh"]}],
        multipleBirthInteger=2,
        _birthDate={"extension": [{"url": "u", "valueDateTime": "1970-02-28T01:00:00+07:00"}]},
        contained=[{"resourceType": "Organization", "id": "c"}],
    )
    values = [observation(f"o{number}", text) for number, text in enumerate(("1.10", "1e2", "7", DIGITS), 1)]
    shared_site.fill([full, *values, {"resourceType": "Basic", "id": "b", "code": {}, "extension": [deep]}])
    shared_site.told = []
    shared_site.built = shared_site.warehouse.build(
        shared_site.record,
        shared_site.grant(Action.BUILD),
        progress=lambda *step: shared_site.told.append(step),
    )
    return shared_site


def test_decimals_stand_as_number_and_as_text(built: Any) -> None:
    wanted = [(1.1, "1.10"), (100.0, "1e2"), (7.0, "7"), (float(DIGITS), DIGITS)]
    assert built.rows("SELECT value, value_text FROM views.observation ORDER BY id") == wanted
    nested = 'SELECT "valueQuantity"."value", "valueQuantity"."value_text" FROM fhir."Observation" ORDER BY id'
    assert built.rows(nested) == wanted
    texts = [text for _, text in wanted]
    assert built.rows("SELECT value_source_value FROM omop.measurement ORDER BY measurement_id") == [
        (text,) for text in texts
    ]


def test_columns_are_those_that_occur_and_typed_by_the_standard(built: Any) -> None:
    described = built.rows('SELECT column_name, column_type FROM (DESCRIBE fhir."Patient")')
    columns = {name: type_name.replace('"', "") for name, type_name in described}
    assert columns == {
        "record_seq": "BIGINT",
        "record_version": "INTEGER",
        "record_time": "VARCHAR",
        "record_ai": "BOOLEAN",
        "record_json": "VARCHAR",
        "id": "VARCHAR",
        "meta": "STRUCT(versionId VARCHAR, lastUpdated VARCHAR)",
        "name": "STRUCT(family VARCHAR, given VARCHAR[])[]",
        "gender": "VARCHAR",
        "_birthDate": "STRUCT(extension STRUCT(url VARCHAR, valueDateTime VARCHAR)[])",
        "birthDate": "VARCHAR",
        "multipleBirthInteger": "INTEGER",
    }
    text = built.rows('SELECT record_json FROM fhir."Patient"')[0][0]
    assert parse(text)["contained"] == [{"resourceType": "Organization", "id": "c"}]


def test_a_deep_extension_stays_in_the_json(built: Any) -> None:
    sql = "SELECT column_type FROM (DESCRIBE fhir.\"Basic\") WHERE column_name = 'extension'"
    assert built.rows(sql)[0][0].count("STRUCT") == 3
    assert built.rows('SELECT record_json LIKE \'%"end"%\' FROM fhir."Basic"') == [(True,)]


def content(site: Any) -> dict[str, list[Any]]:
    files = site.warehouse.files()
    return {name: pq.read_table(path).to_pylist() for name, path in files.items()}


@dataclass(slots=True)
class Rebuilt:
    """What three builds left behind: two of one state, then one of a changed record."""

    snapshots: list[str] = field(default_factory=list)
    content: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    there: list[bool] = field(default_factory=list)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory, patient: Make) -> Rebuilt:
    found = Rebuilt()
    with opened(tmp_path_factory.mktemp("rebuilt")) as site:
        site.fill([patient(), patient("p2", gender="male"), observation("o1", "120.5")])
        for number in range(3):
            if number == 2:
                site.fill([patient(gender="male"), observation("o1", "121.5"), observation("o0", "80")])
            found.snapshots.append(site.build().snapshot)
            found.content.append(content(site))
            found.files.append(site.warehouse.files()["omop.person"])
        assert site.warehouse.snapshot() == found.snapshots[-1]
        found.there = [path.exists() for path in found.files]
        assert pq.read_metadata(found.files[1]).num_rows == 2
    return found


def test_two_builds_of_one_state_have_equal_content(rebuilt: Rebuilt) -> None:
    assert len(set(rebuilt.snapshots)) == 3
    assert rebuilt.content[0] == rebuilt.content[1]
    assert rebuilt.content[1] != rebuilt.content[2]


def test_a_build_reads_what_changed_and_keys_stay(rebuilt: Rebuilt) -> None:
    before, after = (rebuilt.content[number]["omop.measurement"] for number in (1, 2))
    assert [row["value_source_value"] for row in after] == ["121.5", "80"]
    for name in ("measurement_id", "person_id"):
        assert before[0][name] == after[0][name]
    assert [row["gender_concept_id"] for row in rebuilt.content[2]["omop.person"]] == [8507, 8507]


def test_the_snapshot_before_stays_for_its_readers_and_no_longer(rebuilt: Rebuilt) -> None:
    assert rebuilt.there == [False, True, True]


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=pytest.mark.slow) for step in ("read", "views", "checks")] + ["omop"]
)
def test_killed_in_the_middle_the_old_snapshot_stands(site: Any, patient: Make, step: str) -> None:
    site.fill([patient()])
    old = site.build().snapshot
    site.fill([patient("p2"), observation("o1", "120.5")])
    script = Path(__file__).with_name("build_process.py")
    done = subprocess.run([sys.executable, str(script), str(site.home), step], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert site.warehouse.snapshot() == old
    assert site.rows("SELECT count(*) FROM omop.person") == [(1,)]
    folder = site.home / "warehouse"
    left = {path for path in folder.rglob("*") if path.is_file()}
    site.build()
    assert site.rows("SELECT count(*) FROM omop.person") == [(2,)]
    manifest = read_manifest(folder)
    assert manifest is not None
    named = {folder / table.file for table in manifest.tables.values()} | {
        folder / item for item in manifest.previous
    }
    files = {path for path in folder.rglob("*") if path.is_file()}
    assert files == named | {folder / "manifest.json", folder / "build.lock"}
    assert left - files


def test_a_second_build_at_once_is_told_to_wait(site: Any, patient: Make) -> None:
    site.fill([patient()])
    with building(site.home / "warehouse"), pytest.raises(LienthongError) as caught:
        site.build()
    assert (caught.value.code, caught.value.category, caught.value.retry) == ("warehouse-busy", Category.BUSY, True)
    assert site.build().tables["omop.person"] == 1


def test_a_build_needs_a_grant_to_build(site: Any) -> None:
    with pytest.raises(LienthongError) as caught:
        site.warehouse.build(site.record, site.grant(Action.QUERY))
    assert caught.value.category is Category.FORBIDDEN


def test_another_engine_is_refused_by_name(site: Any) -> None:
    with pytest.raises(LienthongError, match="no engine 'spark'"):
        site.warehouse.build(site.record, site.grant(Action.BUILD), engine="spark")


def test_a_damaged_manifest_says_what_to_do(site: Any, patient: Make) -> None:
    site.fill([patient()])
    site.build()
    (site.home / "warehouse" / "manifest.json").write_text('{"snapshot": ', "utf-8")
    with pytest.raises(LienthongError, match="lienthong build") as caught:
        site.warehouse.query("SELECT 1")
    assert caught.value.code == "warehouse-manifest-damaged"


def test_progress_names_the_steps_and_ends_at_their_totals(built: Any) -> None:
    told = {step: (done, of) for step, done, of in built.told}
    assert list(told) == ["read", "views", "omop", "checks"]
    assert all(done == of for done, of in told.values())
    assert told["read"] == (6, 6)


def test_the_report_of_a_build_is_kept(built: Any) -> None:
    assert built.warehouse.report() == built.built.to_json()
    assert set(built.built.to_json()) >= {"snapshot", "tables", "checks", "seconds"}
    assert built.built.to_json()["checks"] == {"run": built.built.checks.run, "failed": 0}
