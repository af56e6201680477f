"""Hostile questions: SQL that reaches outside or has no end, views made to break; and broken settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.journey.hostile import GOOD, Node

pytestmark = pytest.mark.slow

QUERIES = [
    ("SELECT * FROM range(1000000000000)", 5, "query-too-large"),
    ("SELECT * FROM read_text('/etc/passwd')", 4, "query-not-allowed"),
    ("SELECT * FROM '/etc/passwd.csv'", 4, "query-not-allowed"),
    ("COPY (SELECT 1) TO 'x.csv'", 4, "query-not-allowed"),
    ("ATTACH 'x.db'", 4, "query-not-allowed"),
    ("INSTALL httpfs", 4, "query-not-allowed"),
    ("SET memory_limit = '100GB'", 4, "query-not-allowed"),
    ("SELECT 1; SELECT 2", 2, "query-wrong"),
    ("", 2, "query-wrong"),
    ("(" * 5000 + "1" + ")" * 5000, 2, "query-wrong"),
    ('SELECT CAST(id AS INTEGER) FROM fhir."Patient"', 2, "query-value"),
]

SETTINGS = {
    "no toml": b"controller = ",
    "no text": b"\xff\xfe\x00",
    "too long": b"# " + b"x" * 2_000_000,
    "too deep": b"a = " + b"[" * 100_000,
    "long number": b"step = " + b"9" * 10_000,
    "unknown": b"password = 'x'",
    "wrong type": b"step = 'many'",
    "not allowed": b"max_record_bytes = -1",
    "no offset": b"offset = 'Hanoi'",
}


@pytest.fixture
def node(tmp_path: Path, home: Path) -> Node:
    found = Node(home)
    (tmp_path / "good.ndjson").write_text(GOOD)
    assert found.attack("ingest", tmp_path / "good.ndjson").code == 0
    return found


def test_queries(node: Node, tmp_path: Path) -> None:
    assert node.attack("build").code == 0
    for sql, code, error in QUERIES:
        said = node.attack("query", sql, seconds=30)
        assert (said.code, said.json["error"]["code"]) == (code, error), (sql[:60], said.out)
        assert "root:" not in said.out
    assert not list(tmp_path.glob("**/x.*"))
    node.still_works()


def test_views(node: Node, tmp_path: Path) -> None:
    def view(path: str) -> str:
        select = [{"column": [{"name": "a", "path": "id"}]}]
        return json.dumps({"resource": "Patient", "select": select, "where": [{"path": path}]})

    nested = '{"resource":"Patient","select":[' + '{"select":[' * 30_000 + "]}" * 30_000 + "]}"
    wide = {"resource": "Patient", "select": [{"column": [{"name": f"c{n}", "path": "id"} for n in range(20_000)]}]}
    union: dict[str, object] = {"column": [{"name": "a", "path": "id"}]}
    for _ in range(200):
        union = {"unionAll": [union]}
    views = {
        "nested": nested,
        "unions": json.dumps({"resource": "Patient", "select": [union]}),
        "wide": json.dumps(wide).replace('"c1"', '"c0"'),
        "regex": view("name.text.matches('(a+)+$')"),
        "deep path": view("(" * 3000 + "true" + ")" * 3000),
        "long path": view(".where(true)".join(["name"] * 3000) + ".exists()"),
        "repeat": json.dumps({"resource": "Patient", "select": [{"repeat": ["$this"], **union}]}),
        "no view": "[]",
        "no json": "{",
        "nul": '{"resource":"Pat\0ient"}',
        "number": view("1 = 1e999999999"),
    }
    for name, content in views.items():
        path = tmp_path / "view.json"
        path.write_text(content)
        said = node.attack("view", "run", path, "--input", tmp_path / "good.ndjson", seconds=60)
        assert said.code in (0, 2, 3), (name, said.out)
    node.still_works()


def test_settings(node: Node) -> None:
    path = node.home / "lienthong.toml"
    whole = path.read_bytes()
    for name, content in SETTINGS.items():
        path.write_bytes(content)
        said = node.attack("build")
        assert said.code == 2, (name, said.out)
    path.unlink()
    path.mkdir()
    assert node.attack("build").code == 5
    path.rmdir()
    path.write_bytes(whole)
    node.still_works()
