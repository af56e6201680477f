"""The demo, scored against its truth: what was read, kept, quarantined, found, and who is one person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.spec import news2_chart as chart

pytestmark = pytest.mark.slow
Lienthong = Callable[..., Any]


def test_the_demo_is_what_the_truth_says(lienthong: Lienthong, home: Path) -> None:
    done = lienthong("demo", "--no-serve", "--visits", 600, "--seed", 5)
    assert done.code == 0, done.err
    said = done.json
    truth = json.loads((home / "demo" / "su-that" / "truth.json").read_text())

    for name in ("a", "b"):
        expected, ingested = truth["hospitals"][name], said["ingest"][name]
        assert ingested["quarantined"] == expected["quarantined"]
        assert ingested["records"] == expected["records"] == ingested["kept"] + ingested["quarantined"]["records"]
        assert len(ingested["left_out"]) == expected["left_out"]
        resources = ingested["resources"]
        assert resources["read"] == resources["new"] + resources["updated"] + resources["unchanged"]
    assert 600 <= truth["visits"] <= 620
    assert said["build"]["tables"]["omop.person"] == truth["persons_by_exact_rules"]

    # every planted fault that reading can see is found where it stands, and nothing else is; who may or may not be
    # one person is scored by the persons above (identity-conflict is the word of caution that goes with it)
    rows = lienthong(
        "query",
        "SELECT file, record FROM record.findings WHERE severity <> 'information' AND code <> 'identity-conflict'",
    )
    quarantine = lienthong("query", "SELECT file, record FROM record.quarantine").json["rows"]
    found = {(Path(row["file"]).name, row["record"]) for row in rows.json["rows"]}
    seen = [fault for fault in truth["faults"] if fault["seen_by"] != "claim-rules"]
    planted = {(Path(f["file"]).name, f["record"]) for f in seen if f["effect"] == "finding"}
    # a count that does not fit its file is found at the file's first record
    of_files = {file for file, record in planted if not record}
    assert {place for place in planted if place[1]} == {place for place in found if place[0] not in of_files}
    assert of_files <= {file for file, _ in found}
    assert len(quarantine) == sum(1 for fault in seen if fault["effect"] == "quarantined")

    # one person's inputs may come from both hospitals
    product = said["products"]["cvd-risk"]
    assert product["adults"] == product["computed"] + sum(product["abstained"].values())
    assert product["computed"] > 20
    assert said["build"]["checks"]["run"] > 40

    # what B's wards wrote down, in FHIR or in HL7 v2, is scored as the chart itself scores it
    sets = [item for item in truth["news2"] if item["complete"] and not item["not_for"]]
    assert {item["by"] for item in sets} == {"fhir", "hl7v2"}
    assert lienthong("product", "run", "news2").code == 0
    assert lienthong("export", home / "out").code == 0
    scored = dict(_scores((home / "out" / "RiskAssessment.ndjson").read_text("utf-8")))
    expected = {_key(item["latest"]): str(_points(item)) for item in sets}
    assert {key: scored.get(key) for key in expected} == expected

    # again: nothing changes
    again = lienthong("demo", "--no-serve", "--visits", 600, "--seed", 5).json
    assert {name: again["ingest"][name]["resources"]["new"] for name in ("a", "b")} == {"a": 0, "b": 0}
    assert {name: again["ingest"][name]["resources"]["updated"] for name in ("a", "b")} == {"a": 0, "b": 0}
    assert _omop(again) == _omop(said)
    assert again["products"]["cvd-risk"]["new"] == 0
    assert again["products"]["cvd-risk"]["unchanged"] == product["computed"]
    assert again["accounts"] == said["accounts"]


def _key(latest: dict[str, str]) -> tuple[str, ...]:
    return tuple(latest[name] for name in ("time", "respiration", "spo2", "systolic", "pulse", "temperature"))


def _points(item: dict[str, Any]) -> int:
    """The sum by the printed chart of the last bedside set."""
    latest = item["latest"]
    oxygen = "air" if latest["oxygen"] == "0" else "oxygen"
    values = {name: latest[name] for name in chart.NORMAL} | {"oxygen": oxygen}
    scale = 2 if item["scale_2"] else 1
    return sum(chart.points(name, value, oxygen=oxygen, scale=scale) for name, value in values.items())


def _scores(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The total of each suggestion of news2 that has one, by what was measured and when."""
    for line in text.splitlines():
        product: dict[str, Any] = {}
        given: dict[str, str] = {}
        for extension in json.loads(line).get("extension", ()):
            parts = {
                part["url"]: next(value for name, value in part.items() if name != "url")
                for part in extension.get("extension", ())
            }
            if extension["url"].endswith(":product"):
                product = parts
            elif extension["url"].endswith(":input") and "given" in parts:
                given |= {parts["name"]: parts["given"]}
                given |= {"time": parts["time"]} if parts["name"] == "systolic" else {}
        if product.get("name") == "news2" and " of 20 points" in product["sentence-en"] and "respiration" in given:
            yield _key(given), product["sentence-en"].split(" of 20 points")[0]


def _omop(said: dict[str, Any]) -> dict[str, int]:
    return {name: rows for name, rows in said["build"]["tables"].items() if name.startswith("omop.")}


def test_the_demo_does_not_mix_with_a_real_node(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    export = tmp_path / "p.ndjson"
    export.write_text('{"resourceType":"Patient","id":"1"}\n')
    assert lienthong("ingest", export).code == 0
    refused = lienthong("demo", "--no-serve")
    assert refused.code == 4
    assert refused.json["error"]["code"] == "demo-home-taken"


def test_a_retry_brings_back_what_can_be_read_now(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    """A record quarantined for its size is kept after the setting is corrected."""
    export = tmp_path / "p.ndjson"
    large = json.dumps({"resourceType": "Patient", "id": "2", "name": [{"text": "x" * 5000}]})
    export.write_text('{"resourceType":"Patient","id":"1"}\n' + large + "\n")
    assert lienthong("user", "list").code == 5, "no node yet"
    home.mkdir()
    (home / "lienthong.toml").write_text("max_record_bytes = 1000\n")
    first = lienthong("ingest", export)
    assert first.code == 3
    assert first.json["quarantined"] == {"files": 0, "records": 1}
    assert lienthong("retry").code == 3, "nothing was fixed yet"
    (home / "lienthong.toml").write_text("max_record_bytes = 10000\n")
    second = lienthong("retry")
    assert second.code == 0, second.err
    assert second.json["resources"] == {"read": 1, "new": 1, "updated": 0, "unchanged": 0}
    assert lienthong("retry").json["records"] == 0
