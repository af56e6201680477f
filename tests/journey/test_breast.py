"""A woman after breast cancer surgery on the command line: from the pathologist's findings to a suggestion."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Lienthong = Callable[..., Any]

LOINC = "http://loinc.org"
LAST_MONTH = (date.today() - timedelta(days=30)).isoformat()  # older findings would not count


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def findings(patient: str, **left_out: bool) -> list[dict[str, Any]]:
    values: dict[str, tuple[str, dict[str, Any]]] = {
        "nodes": ("21893-3", {"valueInteger": 2}),
        "size": ("21889-1", {"valueQuantity": {"value": 18, "unit": "mm"}}),
        "grade": ("44648-4", {"valueCodeableConcept": coded(LOINC, "LA27824-4")}),
        "er": ("85337-4", {"valueCodeableConcept": coded(LOINC, "LA6576-8")}),
        "pgr": ("85339-0", {"valueCodeableConcept": coded(LOINC, "LA6576-8")}),
    }
    subject = {"reference": f"Patient/{patient}"}
    return [
        {"resourceType": "Patient", "id": patient, "gender": "female", "birthDate": "1971-02-03"},
        {
            "resourceType": "Condition",
            "id": f"{patient}-c",
            "subject": subject,
            "code": coded("http://hl7.org/fhir/sid/icd-10", "C50.4"),
        },
        *(
            {
                "resourceType": "Observation",
                "id": f"{patient}-{name}",
                "status": "final",
                "code": coded(LOINC, code),
                "subject": subject,
                "effectiveDateTime": LAST_MONTH,
                **value,
            }
            for name, (code, value) in values.items()
            if name not in left_out
        ),
    ]


def test_a_risk_with_its_interval_and_what_trials_say(lienthong: Lienthong, tmp_path: Path) -> None:
    file = tmp_path / "pathology.ndjson"
    colon = {"resourceType": "Patient", "id": "other", "gender": "female", "birthDate": "1950-01-01"}
    resources = [colon, *findings("a"), *findings("b", grade=True)]
    file.write_text("".join(json.dumps(item) + "\n" for item in resources), "utf-8")
    assert lienthong("ingest", file).code == 0
    assert lienthong("build").code == 0
    ran = lienthong("product", "run", "breast-survival")
    assert ran.code == 0, ran.err
    assert {name: ran.json[name] for name in ("people", "computed", "new")} == {"people": 2, "computed": 1, "new": 1}
    assert ran.json["missing"] == {"grade": 1}
    assert lienthong("product", "run", "breast-survival").json["unchanged"] == 1
    assert lienthong("export", tmp_path / "out").code == 0
    (line,) = (tmp_path / "out" / "RiskAssessment.ndjson").read_text("utf-8").splitlines()
    told = json.loads(line)
    assert told["status"] == "preliminary" and told["meta"]["security"][0]["code"] == "AIAST"
    # 2 nodes, 18 mm, grade 2, receptors positive: 1 - exp(-0.35114 x 2^0.44180)
    assert told["prediction"][0]["probabilityDecimal"] == 37.93
    assert "about 38 (from 32 to 44)" in told["prediction"][0]["rationale"]
    assert "no recommendation" in told["prediction"][0]["rationale"]
