"""`lienthong validate` on files and folders: what stands in them, a summary to act on, OperationOutcomes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1987-02-28"}
SPOILT = {**PATIENT, "gender": "Nguyễn", "birthDate": "31/12/1990"}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:0b6e1f8e-0000-4000-8000-000000000001",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "Mạch"},
                "subject": {"reference": "urn:uuid:0b6e1f8e-0000-4000-8000-000000000009"},
            },
            "request": {"method": "POST", "url": "Observation"},
        }
    ],
}
Lienthong = Callable[..., Any]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    lines = [json.dumps(PATIENT), json.dumps(SPOILT), "no json", json.dumps(PATIENT)]
    (folder / "patients.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "bundle.json").write_text(json.dumps(BUNDLE, indent=2), encoding="utf-8")
    (folder / "README.md").write_text("# No export\n", encoding="utf-8")
    return folder


def _told(said: Any) -> set[tuple[str, str, str]]:
    return {
        (item["code"], item["place"]["record"], item["place"]["path"])
        for item in said.json["findings"]
        if item["severity"] != "information"
    }


def test_resources_are_looked_at_as_they_stand(lienthong: Lienthong, exports: Path) -> None:
    said = lienthong("validate", exports)
    assert said.code == 1
    assert (said.json["files"], said.json["records"]) == (2, 5)
    assert _told(said) == {
        ("unknown-code", "line 2", "Patient.gender"),
        ("invalid-format", "line 2", "Patient.birthDate"),
        ("not-json", "line 3", ""),
        ("bundle-reference-missing", "line 1", "Bundle.entry[0].resource.subject.reference"),
    }
    assert [item["file"] for item in said.json["left_out"]] == ["exports/README.md"]
    assert "Nguyễn" not in said.out


def test_invariants_can_be_left_out(lienthong: Lienthong, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps({**PATIENT, "contact": [{"gender": "male"}]}), encoding="utf-8")
    whole = lienthong("validate", file)
    assert [item["rule"]["id"] for item in whole.json["findings"] if item["severity"] == "error"] == ["pat-1"]
    assert whole.code == 1
    short = lienthong("validate", file, "--no-invariants")
    assert (short.code, short.json["findings"]) == (0, [])


def test_what_is_said_often_is_said_once(lienthong: Lienthong, tmp_path: Path) -> None:
    file = tmp_path / "many.ndjson"
    file.write_text("\n".join([json.dumps(SPOILT)] * 50), encoding="utf-8")
    said = lienthong("validate", file, plain=True)
    assert said.code == 1
    assert "100 errors in 50 resources" in said.out
    assert said.out.count("[unknown-code] (50 times)") == 1
    assert "... and 47 places more" in said.out
    assert "cure: Use one of: female, male, other, unknown." in said.out


def test_operation_outcomes_are_written_one_for_each_resource(
    lienthong: Lienthong, exports: Path, tmp_path: Path
) -> None:
    out = tmp_path / "outcomes.ndjson"
    lienthong("validate", exports, "--outcomes", out)
    outcomes = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(outcomes) == 5
    assert {item["resourceType"] for item in outcomes} == {"OperationOutcome"}
    places = [item["extension"][0]["valueString"] for item in outcomes]
    assert places == ["exports/bundle.json line 1", *(f"exports/patients.ndjson.gz line {n}" for n in (1, 2, 3, 4))]
    assert lienthong("validate", out, "--no-invariants").code == 0
    refused = lienthong("validate", exports, "--outcomes", tmp_path / "nowhere" / "o.ndjson")
    assert (refused.code, refused.json["error"]["code"]) == (2, "outcomes-unwritable")


@pytest.mark.suite
def test_claims_are_looked_at_as_what_they_become(lienthong: Lienthong, suites: Callable[[str], Path]) -> None:
    said = lienthong("validate", suites("bhyt_samples"))
    assert (said.code, said.json["records"]) == (0, 3)
    assert {item["code"] for item in said.json["findings"]} <= {"best-practice", "extension-unknown"}
