"""Hospital B's export: FHIR that is valid but for the planted faults, packed in all the ways it comes."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.settings import IDENTIFIER_PRESETS
from lienthong.demo.hospitals import Hospitals, generate
from lienthong.fhir import validate
from lienthong.fhir.references import walk

Lines = dict[str, list[bytes]]


@pytest.fixture(scope="module")
def hospitals() -> Hospitals:
    return generate(7, 90)


@pytest.fixture(scope="module")
def data(hospitals: Hospitals) -> dict[str, bytes]:
    return {
        file.path.split("/", 1)[1]: file.data for file in hospitals.files() if file.path.startswith("benh-vien-b")
    }


@pytest.fixture(scope="module")
def lines(data: dict[str, bytes]) -> Lines:
    return {
        name: (gzip.decompress(item) if name.endswith(".gz") else item).splitlines()
        for name, item in data.items()
        if ".ndjson" in name
    }


@pytest.fixture(scope="module")
def bundles(data: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    found = {name: item for name, item in data.items() if name.startswith("transactions/giao-dich")}
    with zipfile.ZipFile(io.BytesIO(data["transactions/goi.zip"])) as archive:
        found |= {name: archive.read(name) for name in archive.namelist()}
    return {name: canonical.parse(item) for name, item in found.items()}


def test_only_the_planted_faults_are_found(hospitals: Hospitals, lines: Lines) -> None:
    found = {
        (name, f"line {number}", finding.place.path)
        for name, rows in lines.items()
        for number, row in enumerate(rows, 1)
        for finding in validate(row)
        if finding.code != "best-practice"
    }
    planted = {
        (fault.file, fault.record, fault.path)
        for fault in hospitals.faults
        if fault.hospital == "b" and fault.scope == "record" and fault.seen_by == "reading" and "ndjson" in fault.file
    }
    assert found == planted and len(planted) == 2


def test_transactions_are_valid_and_need_no_ids_of_the_receiver(bundles: dict[str, dict[str, Any]]) -> None:
    assert len(bundles) > 4
    practitioners = set()
    for bundle in bundles.values():
        assert [found for found in validate(bundle) if found.code != "best-practice"] == []
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(urls) == len(bundle["entry"]) and all("id" not in entry["resource"] for entry in bundle["entry"])
        for entry in bundle["entry"]:
            for reference in walk(entry["resource"]):
                text = reference.text or ""
                assert text in urls or text.startswith(("Practitioner?identifier=", "Organization/CL"))
                practitioners |= {text} if text.startswith("Practitioner?") else set()
    assert practitioners


def test_every_reference_leads_somewhere_but_the_planted_one(hospitals: Hospitals, lines: Lines) -> None:
    resources = [
        (name, f"line {number}", canonical.parse(row))
        for name, rows in lines.items()
        for number, row in enumerate(rows, 1)
        if row.endswith(b"}")
    ]
    known = {f"{resource['resourceType']}/{resource['id']}" for _, _, resource in resources}
    dangling = [
        (name, record, str(reference.path))
        for name, record, resource in resources
        for reference in walk(resource)
        if reference.text not in known
    ]
    fault = next(fault for fault in hospitals.faults if fault.kind == "dangling-reference")
    assert dangling == [(fault.file, fault.record, fault.path)]


def test_counts_of_the_truth_are_those_of_the_files(
    hospitals: Hospitals, data: dict[str, bytes], lines: Lines, bundles: dict[str, dict[str, Any]]
) -> None:
    truth = hospitals.truth()["hospitals"]["b"]
    entries = [entry["resource"] for bundle in bundles.values() for entry in bundle["entry"]]
    whole = [canonical.parse(row) for rows in lines.values() for row in rows if row.endswith(b"}")]
    messages = [part for file in hospitals.message_files for part in file.parts()]
    assert truth["hl7v2"]["messages"] == len(messages) == sum(truth["hl7v2"]["kinds"].values())
    assert truth["records"] == sum(len(rows) for rows in lines.values()) + len(entries) + len(messages)
    assert truth["resources"] == dict(Counter(item["resourceType"] for item in [*whole, *entries]))
    assert truth["files"] == len(data) - 1 and truth["left_out"] == 1
    assert canonical.parse(data["so_luong.json"])["Patient"] == len(lines["ndjson/Patient.ndjson"])


def test_vital_signs_and_laboratory_have_their_codes_and_digits(lines: Lines) -> None:
    rows = [row for name in lines if "Observation" in name for row in lines[name] if row.endswith(b"}")]
    observations = [canonical.parse(row) for row in rows]
    codes = Counter(item["code"]["coding"][0]["code"] for item in observations)
    assert {"85354-9", "8867-4", "8310-5", "29463-7", "8302-2", "2093-3", "2085-9", "72166-2", "2345-7"} <= set(codes)
    pressure = next(item for item in observations if item["code"]["coding"][0]["code"] == "85354-9")
    assert [part["code"]["coding"][0]["code"] for part in pressure["component"]] == ["8480-6", "8462-4"]
    for item in observations:
        if item["code"]["coding"][0]["code"] == "2093-3":
            value = item["valueQuantity"]
            assert value["code"] == "mg/dL" and Decimal(90) < value["value"] < Decimal(400)
            assert str(value["value"])[-2] == ".", "one decimal, a trailing zero too"
    assert any(str(item["valueQuantity"]["value"]).endswith(".0") for item in observations if "valueQuantity" in item)


def test_patients_carry_national_numbers_under_the_community_guides_systems(lines: Lines) -> None:
    systems = IDENTIFIER_PRESETS["vncore"]
    patients = [canonical.parse(row) for row in lines["ndjson/Patient.ndjson"]]
    used = Counter(identifier["system"] for item in patients for identifier in item["identifier"])
    assert used[systems.national_id] > len(patients) * 0.8 and used[systems.insurance_card] > len(patients) * 0.8
    assert any(len(item["birthDate"]) == 4 for item in patients)


def test_files_are_plain_packed_and_zipped(data: dict[str, bytes]) -> None:
    endings = Counter(name.rsplit(".", 1)[1] for name in data)
    assert endings["gz"] >= 2 and endings["ndjson"] >= 4 and endings["zip"] == 1 and endings["json"] >= 3
    packed = [item for name, item in data.items() if name.endswith(".gz")]
    assert all(item[4:8] == bytes(4) for item in packed), "gzip holds no time"
