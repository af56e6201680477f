"""Exports that none of us wrote are converted wholly: counts, references, ids and validity."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong import sources
from lienthong.core.finding import Severity
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.fhir.references import walk
from lienthong.sources import Converted, LeftOut

pytestmark = pytest.mark.suite

ROOT = Path(__file__).resolve().parent.parent.parent


def convert_all(folder: Path) -> tuple[list[Converted], list[LeftOut]]:
    converted: list[Converted] = []
    left_out: list[LeftOut] = []
    for found in sources.find([folder]):
        with found.open() as stream:
            for item in sources.convert(stream, name=found.name, sha256="", settings=Settings(), given=found.given):
                if isinstance(item, Converted):
                    converted.append(item)
                else:
                    left_out.append(item)
    return converted, left_out


def by_address(items: list[Converted]) -> dict[str, dict[str, Any]]:
    return {f"{body['resourceType']}/{body['id']}": body for item in items for body in item.resources}


@pytest.mark.slow
def test_synthea_is_kept_wholly_and_every_reference_resolves(suites: Callable[[str], Path]) -> None:
    lines, left_out = convert_all(suites("synthea_r4_smart_dev100"))
    counts = json.loads((suites("synthea_r4_smart_dev100") / "counts.json").read_text())
    del counts["_bundles"]
    assert Counter(body["resourceType"] for item in lines for body in item.resources) == counts
    assert sum(counts.values()) == len(by_address(lines)) == 33_872
    assert [item.rejected for item in lines if item.rejected] == []
    assert sorted(item.name.split("/")[-1] for item in left_out) == ["README.md", "counts.json"]

    bundles, _ = convert_all(suites("synthea_r4_smart_bundles15"))
    assert [item.rejected for item in bundles if item.rejected] == []
    first, second = by_address(lines), by_address(bundles)
    shared = [address for address in first.keys() & second.keys() if address.startswith("Patient/")]
    assert len(shared) == 2
    union = {**first, **second}
    texts = [reference.text for body in union.values() for reference in walk(body) if reference.text]
    assert len(texts) > 130_000
    assert [text for text in texts if not text.startswith("#") and text not in union] == []


def test_a_bulk_export_with_its_log_is_read_but_for_the_log(suites: Callable[[str], Path]) -> None:
    folder = suites("smart_bulk_partial") / "10-patients"
    items, left_out = convert_all(folder)
    counts = json.loads((folder.parent / "counts.json").read_text())
    expected = sum(n for name, n in counts.items() if name.startswith("10-patients/") and "log" not in name)
    assert len(items) == len(by_address(items)) == expected
    assert [item.name for item in left_out] == ["10-patients/log.ndjson"]


@pytest.mark.slow
def test_the_examples_of_the_specification_are_read_from_their_zip(suites: Callable[[str], Path]) -> None:
    items, left_out = convert_all(suites("fhir_r4_examples"))
    rejected = Counter(item.rejected.code for item in items if item.rejected)
    # a Bundle that asks to read and delete, and the answer to it: neither holds records
    assert rejected == {"bundle-method-unsupported": 4, "bundle-unreadable": 1}
    assert len(items) > 2_400
    assert [item.name.split("/")[-1] for item in left_out] == ["README.md", "package-min-ver.json"]


def test_the_health_insurance_samples_give_no_false_alarm(suites: Callable[[str], Path]) -> None:
    items, left_out = convert_all(suites("bhyt_samples"))
    assert [item.name for item in left_out] == ["bhyt_samples/README.md"]
    assert [item.origin.record for item in items] == ["SYN0001", "SYN0001", "SYN0002"]
    assert [item.rejected for item in items if item.rejected] == []
    assert [finding for item in items for finding in item.findings] == []
    kinds = {body["resourceType"] for item in items for body in item.resources}
    assert {"Composition", "Appointment"} <= kinds
    for item in items:
        for body in item.resources:
            assert [finding for finding in validate(body) if finding.severity is not Severity.INFORMATION] == []
        here = by_address([item])
        assert [ref.text for body in here.values() for ref in walk(body) if ref.text and ref.text not in here] == []


def test_the_sample_seen_twice_is_the_same_record(suites: Callable[[str], Path]) -> None:
    items, _ = convert_all(suites("bhyt_samples"))
    first, again = items[0], items[1]
    assert first.resources == again.resources


def test_the_value_sets_restate_their_source(suites: Callable[[str], Path]) -> None:
    kept = ROOT / "src" / "lienthong" / "terminology" / "data" / "bhyt_value_sets.csv"
    with (
        (suites("vn_codes") / "bhyt_value_sets.csv").open(encoding="utf-8") as theirs,
        kept.open(encoding="utf-8") as ours,
    ):
        expected = [
            (row["set"], row["code"], row["meaning_vi"], row["meaning_en"], row["valid_from"])
            for row in csv.DictReader(theirs)
        ]
        found = [(row["set"], row["code"], row["vi"], row["en"], row["valid_from"]) for row in csv.DictReader(ours)]
    assert found == expected
