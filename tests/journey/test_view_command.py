"""`lienthong view run`: over files and over a node, in every form, and what it says when something is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Lienthong = Callable[..., Any]
VIEW = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "value", "path": "value.ofType(Quantity).value"},
                {"name": "final", "path": "status = 'final'"},
                {"name": "codes", "path": "code.coding.code", "collection": True},
            ]
        }
    ],
}
LINES = (
    '{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"code":"a"},{"code":"b"}]},'
    '"valueQuantity":{"value":1.10}}\n'
    '{"resourceType":"Patient","id":"p1","gender":"female"}\n'
    '{"resourceType":"Observation","id":"o2","status":"amended","code":{"text":"Đường huyết"}}\n'
)
ROWS = [
    {"id": "o1", "value": "1.10", "final": True, "codes": ["a", "b"]},
    {"id": "o2", "value": None, "final": False, "codes": []},
]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "all.ndjson").write_text(LINES, "utf-8")
    (tmp_path / "view.json").write_text(json.dumps(VIEW), "utf-8")
    return folder


def test_rows_in_every_form(lienthong: Lienthong, files: Path, tmp_path: Path) -> None:
    def said(form: str) -> str:
        done = lienthong("view", "run", tmp_path / "view.json", "--input", files, "--output", form, plain=True)
        assert done.code == 0
        return str(done.out)

    assert list(csv.reader(io.StringIO(said("csv")))) == [
        ["id", "value", "final", "codes"],
        ["o1", "1.10", "true", '["a", "b"]'],
        ["o2", "", "false", "[]"],
    ]
    assert json.loads(said("json")) == ROWS
    assert [json.loads(line) for line in said("ndjson").splitlines()] == ROWS
    assert "1.10" in said("table")
    assert lienthong("view", "run", tmp_path / "view.json", "--input", files).json == {
        "columns": ["id", "value", "final", "codes"],
        "rows": ROWS,
    }


def test_a_file_is_written_in_the_form_of_its_name(lienthong: Lienthong, files: Path, tmp_path: Path) -> None:
    to = tmp_path / "rows.parquet"
    done = lienthong("view", "run", tmp_path / "view.json", "--input", files / "all.ndjson", "--to", to)
    assert (done.code, done.json["rows"]) == (0, 2)
    assert pq.read_table(to).to_pylist() == ROWS
    (files / "b.ndjson").write_text('{"resourceType":"Observation",\n', "utf-8")
    broken = lienthong("view", "run", tmp_path / "view.json", "--input", files, "--to", to)
    assert broken.code == 3
    assert (broken.json["error"]["code"], broken.json["error"]["where"]) == ("view-input-json", "b.ndjson line 1")
    assert pq.read_table(to).to_pylist() == ROWS  # the file of before is untouched
    assert sorted(path.name for path in tmp_path.iterdir() if "rows" in path.name) == ["rows.parquet"]


def test_over_a_node_it_asks_for_a_permit_and_is_logged(
    lienthong: Lienthong, home: Path, files: Path, tmp_path: Path
) -> None:
    view = tmp_path / "view.json"
    assert lienthong("ingest", files).code == 0
    unbuilt = lienthong("view", "run", view, "--input", home)
    assert (unbuilt.code, unbuilt.json["error"]["code"]) == (5, "warehouse-not-built")
    assert lienthong("build").code in (0, 1)
    for path in (home, home / "warehouse"):
        found = lienthong("--purpose", "data-operations", "view", "run", view, "--input", path)
        assert [row["value"] for row in found.json["rows"]] == ["1.10", None]
        assert found.json["rows"][0]["codes"] == ["a", "b"]
    log = "".join(path.read_text("utf-8") for path in (home / "audit").iterdir() if path.is_file())
    before = log.count('"query"')
    refused = lienthong("--purpose", "research", "view", "run", view, "--input", home / "warehouse")
    assert (refused.code, refused.json["error"]["code"]) == (4, "access-refused")
    log = "".join(path.read_text("utf-8") for path in (home / "audit").iterdir() if path.is_file())
    assert log.count('"query"') == before + 1


@pytest.mark.parametrize(
    ("change", "code", "error", "where"),
    [
        ({"resource": "Pateint"}, 2, "view-wrong", "resource"),
        ({"select": [{"column": [{"name": "a", "path": "statu"}]}]}, 2, "view-wrong", "select[0].column[0].path"),
        (
            {"select": [{"column": [{"name": "a", "path": "code("}]}]},
            2,
            "fhirpath-syntax",
            "select[0].column[0].path",
        ),
        (
            {"select": [{"column": [{"name": "a", "path": "id.matches('x')"}]}]},
            2,
            "view-unsupported",
            "select[0].column[0].path",
        ),
    ],
)
def test_a_fault_of_the_view_is_said_with_its_place(
    lienthong: Lienthong, files: Path, tmp_path: Path, change: dict[str, Any], code: int, error: str, where: str
) -> None:
    (tmp_path / "view.json").write_text(json.dumps({**VIEW, **change}), "utf-8")
    done = lienthong("view", "run", tmp_path / "view.json", "--input", files)
    assert (done.code, done.json["error"]["code"]) == (code, error)
    assert done.json["error"]["where"].startswith(where)


def test_what_is_not_there_is_said(lienthong: Lienthong, files: Path, tmp_path: Path) -> None:
    view = tmp_path / "view.json"
    assert lienthong("view", "run", tmp_path / "no.json", "--input", files).code == 2
    assert lienthong("view", "run", view, "--input", tmp_path / "none").json["error"]["code"] == "view-input-missing"
    assert lienthong("view", "run", view, "--input", files, "--output", "xml").code == 2
    lost = lienthong("view", "run", view, "--input", files, "--to", tmp_path / "none" / "rows.csv")
    assert lost.json["error"]["code"] == "output-not-written"
    assert lost.code != 0
