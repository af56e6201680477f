"""The two hospitals as a whole: the same bytes for a seed, a truth that is whole, a door that overwrites nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.core.settings import Settings
from lienthong.demo.claims import FACILITY_A
from lienthong.demo.hospitals import AS_OF, FACILITIES, TRUTH, Hospitals, generate, write
from lienthong.identity.partition import partition
from lienthong.identity.profile import Profile, profile
from lienthong.sources import Converted, LeftOut, convert, find, read


def _digest(hospitals: Hospitals) -> str:
    whole = hashlib.sha256()
    for file in hospitals.files():
        whole.update(file.path.encode() + file.data)
    whole.update(canonical.encode(hospitals.truth()))
    return whole.hexdigest()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospitals")
    write(folder, 7, 90)
    return folder


def test_a_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert _digest(generate(7, 40)) == _digest(generate(7, 40))
    assert _digest(generate(7, 40)) != _digest(generate(8, 40))
    assert _digest(generate(7, 40)) != _digest(generate(7, 40, as_of=date(2026, 10, 30)))


def test_the_default_demo_has_three_visits_a_person_and_a_third_in_both() -> None:
    truth = generate(7, 300).truth()
    assert 800 <= truth["visits"] <= 1200
    assert truth["generator"] == {
        "name": "lienthong.demo", "version": "3", "seed": 7, "people": 300, "as_of": "2026-10-31",
    }  # fmt: skip
    both = sum({item["hospital"] for item in person["patients"]} == {"a", "b"} for person in truth["persons"])
    assert both == 100
    group = {item["key"]: {item["key"]} for person in truth["persons"] for item in person["patients"]}
    for link in truth["links"]:
        if link["found"]:
            one, other = (group[item["key"]] for item in link["patients"])
            one |= other
            group |= dict.fromkeys(one, one)
    assert truth["persons_by_exact_rules"] == len({frozenset(keys) for keys in group.values()})


@pytest.mark.parametrize(("seed", "visits"), [(1, 60), (2, 500), (3, 3000)])
def test_a_number_of_visits_is_met_within_some_per_cent(seed: int, visits: int) -> None:
    hospitals = generate(seed, visits=visits)
    assert visits <= len(hospitals.visits) <= visits + 20
    people = generate(seed, len(hospitals.persons))
    assert people.visits == hospitals.visits, "a size by people is the same as one by visits"


@pytest.mark.parametrize("visits", [9, 0, -1, 2_000_001])
def test_a_number_of_visits_that_is_no_hospital_is_refused(visits: int) -> None:
    with pytest.raises(LienthongError, match="demo-visits-wrong") as raised:
        generate(1, visits=visits)
    assert "10 to 2000000" in str(raised.value)


def test_people_and_visits_are_not_both_named() -> None:
    with pytest.raises(LienthongError, match="demo-size-twice"):
        generate(1, 30, visits=100)


def test_diseases_of_a_vietnamese_hospital_are_there_with_their_season_and_end() -> None:
    hospitals = generate(7, 1200)
    truth = hospitals.truth()
    assert {"A90", "A15.0", "B18.1", "J18.9", "J44.1", "J45.9", "I63.9", "K29.7", "N39.0", "O80.0", "Z34.9", "C22.0",
            "C34.9", "S06.0", "T63.0"} <= set(truth["diseases"])  # fmt: skip
    rains = Counter(6 <= visit.start.month <= 11 for visit in hospitals.visits if visit.main.icd10.startswith("A9"))
    assert rains[True] > 5 * rains[False]
    died = [visit for visit in hospitals.visits if visit.outcome == "died"]
    assert 5 < len(died) < 0.1 * sum(visit.kind == "inpatient" for visit in hospitals.visits)
    for visit in died:
        later = [other for other in hospitals.visits if other.person.number == visit.person.number]
        assert max(other.end for other in later) == visit.end
    assert all(visit.person.sex == "female" for visit in hospitals.visits if visit.main.icd10 in ("O80.0", "Z34.9"))


def test_bedside_sets_are_complete_for_many_incomplete_for_some_and_worse_for_few() -> None:
    truth = generate(7, 1200).truth()
    sets = truth["news2"]
    complete = sum(item["complete"] for item in sets)
    assert len(sets) > 80 and 0.6 < complete / len(sets) < 0.95
    assert 2 < sum(item["worse"] for item in sets) < 0.35 * len(sets)
    assert any(item["scale_2"] for item in sets)
    assert {item["by"] for item in sets} == {"fhir", "hl7v2"}


def test_risk_has_its_inputs_for_many_in_b_for_some_in_both_and_not_for_others() -> None:
    truth = generate(7, 300).truth()
    complete = Counter(tuple(item["complete"]) for item in truth["cvd"])
    assert complete[("b",)] + complete[("a", "b")] > 100
    assert complete[("a", "b")] > 20 and complete[()] > 10
    for item in truth["cvd"]:
        for values in item["recorded"].values():
            assert not (values["diabetes"] and not item["true"]["diabetes"])
            assert not (values["treated"] and not item["true"]["treated"])
            if "smoking" in values:
                assert values["smoking"]["value"] == item["true"]["smoking"]


@pytest.mark.parametrize("people", [1, 2, 3, 10])
def test_few_people_make_hospitals_too(people: int) -> None:
    hospitals = generate(3, people)
    truth = hospitals.truth()
    assert len(truth["persons"]) == people and list(hospitals.files())


@pytest.mark.parametrize("people", [0, -1, 900_001])
def test_a_number_of_people_that_is_no_hospital_is_refused(people: int) -> None:
    with pytest.raises(LienthongError, match="demo-people-wrong") as raised:
        generate(1, people)
    assert "1 to 900000" in str(raised.value)


def _items(folder: Path) -> Iterator[Converted | LeftOut]:
    for found in find([folder]):
        with found.open() as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            yield from convert(stream, name=found.name, sha256=sha256, settings=Settings(), given=found.given)


def test_what_is_read_is_what_the_truth_says(written: Path) -> None:
    truth = canonical.parse((written / TRUTH).read_bytes())
    for name, hospital in truth["hospitals"].items():
        items = list(_items(written / hospital["folder"]))
        left_out = [item.name for item in items if isinstance(item, LeftOut)]
        records = [item for item in items if not isinstance(item, LeftOut)]
        rejected = {
            (item.origin.file.split("/", 1)[1], item.origin.record) for item in records if item.rejected is not None
        }
        faults = [fault for fault in truth["faults"] if fault["hospital"] == name]
        assert rejected == {(fault["file"], fault["record"]) for fault in faults if fault["effect"] == "quarantined"}
        assert len(left_out) == hospital["left_out"] == sum(fault["effect"] == "left-out" for fault in faults)
        assert len(records) == hospital["records"] + hospital["truncated"] + sum(
            not item.origin.record and item.rejected is None for item in records
        )


def test_patients_of_the_truth_are_those_that_are_read(written: Path) -> None:
    truth = canonical.parse((written / TRUTH).read_bytes())
    expected: dict[str, set[str]] = {"a": set(), "b": set()}
    for person in truth["persons"]:
        for item in person["patients"]:
            expected[item["hospital"]].add(item["id"])
    for name, hospital in truth["hospitals"].items():
        found = {
            identifier["value"]
            for item in read(written / hospital["folder"])
            for resource in item.resources
            if resource["resourceType"] == "Patient"
            for identifier in resource["identifier"]
            if identifier.get("system", "").startswith("urn:x-lienthong:")
        }
        assert found == expected[name]


def test_the_exact_rules_of_identity_find_what_the_truth_says(written: Path) -> None:
    truth = canonical.parse((written / TRUTH).read_bytes())
    keys: list[tuple[str, str]] = []
    profiles: dict[int, Profile] = {}
    for name, hospital in truth["hospitals"].items():
        for item in read(written / hospital["folder"]):
            for resource in item.resources:
                if resource["resourceType"] == "Patient":
                    own = next(
                        identifier["value"]
                        for identifier in resource["identifier"]
                        if identifier.get("system", "").startswith("urn:x-lienthong:")
                    )
                    if (name, own) not in keys:
                        profiles[len(keys)] = profile(resource, Settings().systems)
                        keys.append((name, own))
    groups = partition(profiles)
    expected: dict[tuple[str, str], set[tuple[str, str]]] = {}
    by_key = {}
    for person in truth["persons"]:
        for item in person["patients"]:
            by_key[item["hospital"], item["key"]] = (item["hospital"], item["id"])
            expected[item["hospital"], item["id"]] = {(item["hospital"], item["id"])}
    for pair in truth["links"]:
        if pair["found"]:
            one, other = (by_key[item["hospital"], item["key"]] for item in pair["patients"])
            expected[one] |= {other}
            expected[other] |= {one}
    assert {frozenset(keys[index] for index in group) for group in groups} == {
        frozenset(group) for group in expected.values()
    }
    assert len(groups) == truth["persons_by_exact_rules"]


def test_findings_of_reading_stand_where_the_truth_says(written: Path) -> None:
    truth = canonical.parse((written / TRUTH).read_bytes())
    found = {
        (finding.place.file.split("/", 1)[1], finding.place.record, finding.place.table, finding.place.field)
        for item in read(written / "benh-vien-a")
        for finding in item.findings
    }
    for fault in truth["faults"]:
        if fault["hospital"] == "a" and fault["effect"] == "finding" and fault["seen_by"] == "reading":
            place = (fault["file"], fault["record"], fault["table"], fault["field"])
            table = (fault["file"], fault["record"], fault["table"], "")
            assert place in found or table in found, fault["kind"]


def test_writing_twice_changes_nothing_and_other_hospitals_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 3, 12)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write(tmp_path, 3, 12)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with pytest.raises(LienthongError, match="demo-folder-taken"):
        write(tmp_path, 4, 12)
    (tmp_path / TRUTH).unlink()
    with pytest.raises(LienthongError, match="demo-folder-taken"):
        write(tmp_path, 3, 12)


def test_facilities_have_names_that_say_they_are_invented() -> None:
    assert FACILITY_A in FACILITIES and len(FACILITIES) == 2
    assert all(name.endswith("(bịa)") for name in FACILITIES.values())
    assert date(2026, 10, 31) == AS_OF
