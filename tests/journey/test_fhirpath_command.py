"""`lienthong fhirpath`: what it prints, its JSON, and its exit codes for wrong expressions, files and records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Lienthong = Callable[..., Any]
LINES = (
    '{"resourceType":"Patient","id":"1","birthDate":"1974-12-25","name":[{"family":"Nguyễn","given":["An"]}]}\n'
    '{"resourceType":"Observation","id":"2","valueQuantity":{"value":1.10,"unit":"g"}}\n'
    '{"resourceType":"Patient","id":"3","name":[{"given":["Bình","Ba"]}]}\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.ndjson"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_a_resource_prints_its_items(tmp_path: Path, lienthong: Lienthong) -> None:
    path = tmp_path / "one.json"
    path.write_text(LINES.splitlines()[0], encoding="utf-8")
    said = lienthong("fhirpath", "name.family | birthDate | name", path, plain=True)
    assert said.code == 0
    assert said.out.splitlines() == ["Nguyễn", "1974-12-25", '{"family":"Nguyễn","given":["An"]}']


def test_each_line_says_its_record_and_digits_are_kept(file: Path, lienthong: Lienthong) -> None:
    said = lienthong("fhirpath", "name.given | value.value", file, plain=True)
    assert said.out.splitlines() == [
        "some.ndjson line 1\tAn",
        "some.ndjson line 2\t1.10",
        "some.ndjson line 3\tBình",
        "some.ndjson line 3\tBa",
    ]
    whole = lienthong("fhirpath", "value", file)
    assert '"value":1.10' in whole.out
    assert [result["resource"] for result in whole.json["results"]] == ["Patient/1", "Observation/2", "Patient/3"]
    assert whole.json["results"][1]["items"][0]["type"] == "FHIR.Quantity"


def test_a_record_it_does_not_fit_never_stops_the_others(file: Path, lienthong: Lienthong) -> None:
    said = lienthong("fhirpath", "name.given.single()", file, plain=True)
    assert said.code == 1
    assert said.out.splitlines() == ["some.ndjson line 1\tAn"]
    assert said.err.startswith(
        "some.ndjson line 3: The FHIRPath expression does not fit this resource: single() wants"
    )
    assert "Bình" not in said.err
    as_json = lienthong("fhirpath", "name.given.single()", file)
    assert as_json.code == 1
    assert as_json.json["faults"] == 1
    assert as_json.json["results"][2]["error"]["code"] == "fhirpath-run"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("name.",), "fhirpath-syntax"),
        (("name.frist()",), "fhirpath-unknown"),
        (("name.famly", "--strict"), "fhirpath-unknown"),
        (("1 + 'a'",), "fhirpath-meaning"),
    ],
)
def test_a_wrong_expression_is_a_wrong_call(
    words: tuple[str, ...], code: str, file: Path, lienthong: Lienthong
) -> None:
    said = lienthong("fhirpath", words[0], file, *words[1:])
    assert said.code == 2
    assert said.json["error"]["code"] == code
    assert said.json["error"]["where"].startswith("column ")


def test_a_missing_or_broken_file(tmp_path: Path, lienthong: Lienthong) -> None:
    assert lienthong("fhirpath", "id", tmp_path / "none.json").code == 2
    broken = tmp_path / "broken.json"
    broken.write_text('{"resourceType":', encoding="utf-8")
    assert lienthong("fhirpath", "id", broken).code == 3
