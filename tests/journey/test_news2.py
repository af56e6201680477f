"""Vital signs on the command line: from an export to a score, and the open one withdrawn when a newer set comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Lienthong = Callable[..., Any]

SIGNS = {"9279-1": (25, "/min"), "59408-5": (94, "%"), "8480-6": (101, "mm[Hg]"), "8867-4": (91, "/min")}


def signs(hour: str, **other: int) -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "Observation",
            "id": f"{loinc}-{hour}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
            "subject": {"reference": "Patient/p"},
            "effectiveDateTime": f"2026-01-10T{hour}:00:00+07:00",
            "valueQuantity": {
                "value": other.get(f"c{loinc[:4]}", value),
                "unit": unit,
                "code": unit,
                "system": "http://unitsofmeasure.org",
            },
        }
        for loinc, (value, unit) in SIGNS.items()
    ]


def test_an_open_score_is_withdrawn_by_a_newer_set(lienthong: Lienthong, tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}
    for name, resources in (("a", [patient, *signs("08")]), ("b", signs("20", c9279=16))):
        file = tmp_path / f"{name}.ndjson"
        file.write_text("".join(json.dumps(item) + "\n" for item in resources), "utf-8")
        assert lienthong("ingest", file).code == 0
        assert lienthong("build").code == 0
        ran = lienthong("product", "run", "news2")
        assert ran.code == 0, ran.err
        assert (ran.json["computed"], ran.json["new"], ran.json["withdrawn"]) == (1, 1, int(name == "b"))
    again = lienthong("product", "run", "news2").json
    assert (again["new"], again["unchanged"], again["withdrawn"]) == (0, 1, 0)
    assert lienthong("export", tmp_path / "out").code == 0
    lines = (tmp_path / "out" / "RiskAssessment.ndjson").read_text("utf-8").splitlines()
    told = {item["occurrenceDateTime"][11:13]: item for item in map(json.loads, lines)}
    assert {hour: item["status"] for hour, item in told.items()} == {"08": "cancelled", "20": "preliminary"}
    # 25 breaths: 3, 94 %: 1, 101 mmHg: 1, 91 beats: 1; oxygen, consciousness and temperature are not there
    assert "At least 6 points (at most 14, of 20)" in told["08"]["prediction"][0]["rationale"]
    assert "At least 3 points (at most 11, of 20)" in told["20"]["prediction"][0]["rationale"]
    assert all("probabilityDecimal" not in item["prediction"][0] for item in told.values())
