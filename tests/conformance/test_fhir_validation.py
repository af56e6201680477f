"""The validator against official and real resources: HL7's examples and test cases, and Synthea."""

from __future__ import annotations

import csv
import gzip
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.fhir import validate
from lienthong.fhir.inspection import inspect
from lienthong.fhir.profiles import base
from lienthong.fhir.quick import UNSURE, look
from lienthong.fhir.references import walk

LEDGER = tomllib.loads(Path(__file__).with_name("ledger").joinpath("fhir_validation.toml").read_text("utf-8"))
Suites = Callable[[str], Path]
pytestmark = pytest.mark.suite


@pytest.fixture(scope="module")
def examples(suites: Suites) -> dict[str, dict[str, Any]]:
    """HL7's R4 examples by file name; the one file without resourceType is a package's list, no resource."""
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as archive:
        parsed = {name: canonical.parse(archive.read(name)) for name in sorted(archive.namelist())}
    return {name: value for name, value in parsed.items() if "resourceType" in value}


def test_official_examples_are_clean_but_for_the_ledger(examples: dict[str, dict[str, Any]]) -> None:
    ledger = LEDGER["examples"]
    used: set[int] = set()
    clean = 0
    for name, resource in examples.items():
        findings = [finding for finding in validate(resource) if finding.severity is Severity.ERROR]
        clean += not findings
        for finding in findings:
            matching = {
                number
                for number, entry in enumerate(ledger["exception"])
                if fnmatchcase(name, entry["file"])
                and finding.code == entry["code"]
                and fnmatchcase(finding.rule.id, entry.get("rule", "*"))
                and fnmatchcase(finding.place.path, entry["path"])
            }
            assert matching, (name, finding)
            used |= matching
    assert used == set(range(len(ledger["exception"])))
    assert len(examples) == ledger["total"]
    assert clean >= ledger["clean"]


def test_the_two_halves_agree_on_the_examples(examples: dict[str, dict[str, Any]]) -> None:
    passed = 0
    for name, resource in examples.items():
        if look(resource) != UNSURE:
            passed += 1
            assert inspect(resource) == [], name
    assert passed > 900  # the quick half decides nearly all of them


def test_no_reference_of_an_example_is_missed(examples: dict[str, dict[str, Any]]) -> None:
    """Against a plain search: in these examples every object with a text `reference` is a Reference."""

    def plain(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            for item in value.values():
                yield from plain(item)
        elif isinstance(value, list):
            for item in value:
                yield from plain(item)

    count = 0
    for name, resource in examples.items():
        texts = [found.text for found in walk(resource) if found.text is not None]
        assert sorted(texts) == sorted(plain(resource)), name
        count += len(texts)
    assert count > 1000


@pytest.mark.parametrize("data_set", ["synthea_r4_smart_dev100", "synthea_r4_smart_bundles15"])
def test_synthea_has_no_finding(suites: Suites, data_set: str) -> None:
    count = 0
    for path in sorted(suites(data_set).glob("*.gz")):
        with gzip.open(path) as file:
            for line in file if ".ndjson" in path.name else [file.read()]:
                count += 1
                found = validate(canonical.parse(line))
                assert {finding.code for finding in found} <= {"best-practice", "extension-unknown"}, path.name
    assert count == {"synthea_r4_smart_dev100": 33_872, "synthea_r4_smart_bundles15": 15}[data_set]


@pytest.fixture(scope="module")
def cases(suites: Suites) -> list[dict[str, str]]:
    """HL7's validator cases that are here and have a verdict of the Java validator."""
    with (suites("fhir_validator_cases") / "index_r4.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["has_file"] == "1" and row["valid_java"]]


def out_of_scope(row: dict[str, str]) -> str:
    """The name of the rule by which a case is not ours to judge; empty for one that is."""
    for rule in LEDGER["validator_cases"]["out_of_scope"]:
        if any(fnmatchcase(row[column], pattern) for column, pattern in rule["match"]):
            return str(rule["rule"])
    codes = set(row["error_codes"].split("|"))
    if row["valid_java"] == "invalid" and codes.isdisjoint(LEDGER["validator_cases"]["codes_in_scope"]):
        return "other-codes"
    return ""


def test_agreement_with_hl7s_validator(suites: Suites, cases: list[dict[str, str]]) -> None:
    """At least 95 % of the cases in scope; which are not is said by rules, and counted."""
    folder, ledger = suites("fhir_validator_cases"), LEDGER["validator_cases"]
    differs, out = set(), Counter[str]()
    scope = 0
    for row in cases:
        rule = out_of_scope(row)
        if rule:
            out[rule] += 1
            continue
        scope += 1
        data = (folder / "validator" / row["file"]).read_bytes()
        parts = data.splitlines() if row["file"].endswith(".ndjson") else [data]
        findings = [finding for part in parts for finding in validate(part, profiles=(base(),))]
        verdict = "invalid" if any(finding.severity is Severity.ERROR for finding in findings) else "valid"
        if verdict != row["valid_java"]:
            differs.add(row["name"])
    assert differs == set(ledger["differs"])
    assert dict(out) == ledger["out_of_scope_counts"]
    assert scope == ledger["total"]
    assert scope - len(differs) >= max(ledger["agree"], 0.95 * scope)
