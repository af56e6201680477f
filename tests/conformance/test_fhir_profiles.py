"""Profiles against official material: HL7's own snapshots, examples that claim profiles, and validator test cases."""

from __future__ import annotations

import csv
import gzip
import tomllib
import zipfile
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.finding import Finding, Severity
from lienthong.fhir import profiles, validate
from lienthong.fhir.profiles.constraint import Constraint
from lienthong.fhir.profiles.definition import MANY

LEDGER = tomllib.loads(Path(__file__).with_name("ledger").joinpath("fhir_profiles.toml").read_text("utf-8"))
R4 = "http://hl7.org/fhir/StructureDefinition/"
Suites = Callable[[str], Path]
pytestmark = pytest.mark.suite


def flat(constraint: Constraint, found: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """What a profile asks, by element id, so that two can be compared."""
    asked: dict[str, str] = {}
    for name in ("min", "max", "types", "profiles", "targets", "aggregation", "fixed", "pattern", "binding"):
        value = getattr(constraint, name)
        if value not in (None, (), 0, MANY):
            asked[name] = str(sorted(value) if isinstance(value, frozenset) else value)
    for name in ("max_length", "min_value", "max_value", "must_support", "ordered"):
        if getattr(constraint, name) not in (None, False):
            asked[name] = str(getattr(constraint, name))
    if constraint.invariants:
        asked["invariants"] = ", ".join(sorted(item.key for item in constraint.invariants))
    if constraint.slices:
        asked["slices"] = ", ".join(sorted(part.name for part in constraint.slices)) + " " + constraint.rules
    if asked:
        found[constraint.label] = asked
    for part in (*constraint.children, *(item.constraint for item in constraint.slices)):
        flat(part, found)
    return found


def test_differentials_grow_into_the_published_snapshots(suites: Suites) -> None:
    """Each of R4's profiles, read once by its published snapshot and once by its differential over its bases."""
    definitions: list[dict[str, Any]] = []
    for name in ("profiles-types", "profiles-others", "extension-definitions"):
        with gzip.open(suites("fhir_r4_definitions") / f"{name}.json.gz") as file:
            entries = canonical.parse(file.read())["entry"]
        definitions += [e["resource"] for e in entries if e["resource"].get("derivation") == "constraint"]
    published = profiles.load(*definitions)
    grown = profiles.load(*({key: item for key, item in one.items() if key != "snapshot"} for one in definitions))
    used: set[int] = set()
    for definition in definitions:
        ours = flat(grown.profile(definition["url"]).constraint, {})
        theirs = flat(published.profile(definition["url"]).constraint, {})
        for element in {*ours, *theirs}:
            rules = {*ours.get(element, {}), *theirs.get(element, {})}
            differs = {rule for rule in rules if ours.get(element, {}).get(rule) != theirs.get(element, {}).get(rule)}
            name = f"{definition['url'].removeprefix(R4)}#{element}"
            for number, entry in enumerate(LEDGER["snapshots"]["differs"]):
                if differs & set(entry["rules"]) and any(fnmatchcase(name, item) for item in entry["elements"]):
                    differs -= set(entry["rules"])
                    used.add(number)
            assert not differs, (name, differs, ours.get(element), theirs.get(element))
    assert len(definitions) == LEDGER["snapshots"]["total"]
    assert used == set(range(len(LEDGER["snapshots"]["differs"])))


def test_examples_that_claim_a_profile_of_r4_conform(suites: Suites) -> None:
    known, claims, unknown = profiles.base(), 0, set()
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as archive:
        for name in sorted(archive.namelist()):
            resource = canonical.parse(archive.read(name))
            if "resourceType" not in resource:
                continue
            claims += R4.encode() in canonical.encode(resource.get("meta", {}).get("profile", []))
            found = profiles.check(resource, [known])
            unknown |= {item.code for item in found}
            assert [item for item in found if item.severity is not Severity.INFORMATION] == [], name
    assert claims == LEDGER["examples"]["claims"]
    assert unknown == {"profile-unknown"}


def test_agreement_with_hl7s_validator_where_profiles_are_at_work(suites: Suites) -> None:
    """On the cases of the base validation: with R4's profiles at hand more agree, and none agrees no more."""
    folder, ledger = suites("fhir_validator_cases"), LEDGER["validator_cases"]
    with (folder / "index_r4.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].endswith(".json") and row["has_file"] == "1"]
    agree, gained = 0, set()
    rows = [row for row in rows if row["valid_java"]]
    for row in rows:
        data = (folder / "validator" / row["file"]).read_bytes()
        base, whole = (verdict(validate(data, profiles=given)) for given in ((), (profiles.base(),)))
        agree += whole == row["valid_java"]
        if whole == row["valid_java"] != base:
            gained.add(row["name"])
        assert whole == row["valid_java"] or whole == base, (row["name"], "agrees no more")
    assert len(rows) == ledger["total"]
    assert gained == set(ledger["gained"])
    assert agree >= ledger["agree"]


def verdict(findings: list[Finding]) -> str:
    return "invalid" if any(item.severity is Severity.ERROR for item in findings) else "valid"


def test_vital_signs_of_the_examples_fit_the_profile_of_their_code(suites: Suites) -> None:
    """By the table of R4's observation-vitalsigns.html; spoilt copies do not fit."""
    checked = 0
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as archive:
        for name in sorted(archive.namelist()):
            resource = canonical.parse(archive.read(name))
            if resource.get("resourceType") != "Observation":
                continue
            codes = {item.get("code") for item in resource["code"].get("coding", ())}
            for code, profile in LEDGER["vital_signs"].items():
                if code in codes:
                    checked += 1
                    whole = validate(resource, profiles=[R4 + profile])
                    assert [item for item in whole if item.code != "best-practice"] == [], name
                    spoilt = {**resource, "code": {"coding": [{"system": "http://loinc.org", "code": "0-0"}]}}
                    found = {item.code for item in validate(spoilt, profiles=[R4 + profile])}
                    assert found & {"profile-missing", "profile-binding-extensible"}, name
    assert checked == LEDGER["examples"]["vital_signs"]
