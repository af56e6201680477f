"""Views over files: NDJSON, JSON and Bundles, gzipped, folders; what is unreadable is named by file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.warehouse import read_view, run_view

IDS = {"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id", "type": "id"}]}]}
VALUES = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "text", "path": "value.ofType(Quantity).value", "type": "decimal"},
                {
                    "name": "number",
                    "path": "value.ofType(Quantity).value",
                    "type": "decimal",
                    "tag": [{"name": "ansi/type", "value": "DOUBLE PRECISION"}],
                },
            ]
        }
    ],
}
LINES = (
    '{"resourceType":"Patient","id":"p1"}\n\n{"resourceType":"Observation","id":"o1","valueQuantity":{"value":1.10}}\n'
    '{"resourceType":"Patient","id":"p2"}\n'
)


def ids(path: Path, engine: str = "duckdb") -> list[str]:
    return [row["id"] for row in run_view(IDS, path, engine=engine).to_pylist()]


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_ndjson_plain_and_gzipped_and_a_folder(tmp_path: Path, engine: str) -> None:
    (tmp_path / "a.ndjson").write_text(LINES, "utf-8")
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(LINES.encode()))
    (tmp_path / "README.txt").write_text("no export", "utf-8")
    assert ids(tmp_path / "a.ndjson", engine) == ["p1", "p2"]
    assert ids(tmp_path / "b.ndjson.gz", engine) == ["p1", "p2"]
    assert ids(tmp_path, engine) == ["p1", "p2", "p1", "p2"]


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_decimals_of_a_file_keep_their_digits(tmp_path: Path, engine: str) -> None:
    (tmp_path / "a.ndjson").write_text(LINES, "utf-8")
    table = run_view(VALUES, tmp_path / "a.ndjson", engine=engine)
    assert table.to_pylist() == [{"text": "1.10", "number": 1.1}]
    assert table.schema.types == [pa.string(), pa.float64()]


def test_a_resource_and_a_bundle(tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p1"}
    (tmp_path / "one.json").write_text(json.dumps(patient), "utf-8")
    bundle = {"resourceType": "Bundle", "entry": [{"resource": patient}, {"fullUrl": "x"}]}
    (tmp_path / "two.json").write_text(json.dumps(bundle), "utf-8")
    assert ids(tmp_path) == ["p1", "p1"]


def test_a_line_larger_than_the_fast_reader_takes(tmp_path: Path) -> None:
    large = {"resourceType": "Patient", "id": "p1", "text": {"status": "generated", "div": "x" * 20_000_000}}
    (tmp_path / "a.ndjson").write_text(json.dumps(large) + "\n", "utf-8")
    assert ids(tmp_path) == ["p1"]


@pytest.mark.parametrize("view", [IDS, VALUES])
@pytest.mark.parametrize("line", ['{"resourceType":"Patient","id":"Bí Mật"', "[1]", "\ufeff\x00"])
def test_an_unreadable_line_is_named_without_its_content(tmp_path: Path, view: dict[str, Any], line: str) -> None:
    (tmp_path / "a.ndjson").write_text('{"resourceType":"Patient","id":"p1"}\n' + line + "\n", "utf-8")
    with pytest.raises(LienthongError) as caught:
        run_view(view, tmp_path)
    assert caught.value.category is Category.UNREADABLE
    assert caught.value.where == "a.ndjson line 2"
    assert "Mật" not in caught.value.text()


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LienthongError) as caught:
        ids(tmp_path / "none")
    assert caught.value.category is Category.NOT_FOUND


def test_a_view_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "view.json"
    path.write_text(json.dumps(IDS), "utf-8")
    assert read_view(path) == IDS
    path.write_text("[", "utf-8")
    with pytest.raises(LienthongError) as caught:
        read_view(path)
    assert (caught.value.code, caught.value.where) == ("view-unreadable", "view.json")
    with pytest.raises(LienthongError, match="No such file"):
        read_view(tmp_path / "none.json")
