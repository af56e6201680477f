"""NDJSON that DuckDB reads itself: digits, whatever stands in a line, and which files of a folder are read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.warehouse import run_view
from lienthong.warehouse.engines import duckdb
from lienthong.warehouse.sql_on_fhir.definition import compile_view

VALUE = "value.ofType(Quantity).value"
TEXTS: dict[str, Any] = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "value", "path": VALUE, "type": "decimal"},
                {"name": "parts", "path": f"component.{VALUE}", "type": "decimal", "collection": True},
                {"name": "unit", "path": "value.ofType(Quantity).unit"},
            ]
        }
    ],
}
DOUBLES: dict[str, Any] = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "value", "path": VALUE, "tag": [{"name": "ansi/type", "value": "DOUBLE"}]},
                {"name": "has", "path": f"component.{VALUE}.exists()"},
            ]
        }
    ],
}
NUMBERS = ["1.10", "1e2", "1E+2", "-0.00", "100", "0.5", "123456789012345678901234567890.1234567890123456789"]


def observation(number: str, colon: str = ":") -> str:
    value = f'"value"{colon}{number}'
    return (
        '{"resourceType":"Observation","id":"o","note":[{"text":"\\"value\\": 2.50"}],'
        f'"valueQuantity":{{{value},"unit":"\\"value\\":1.10 \\\\"}},"component":[{{"valueQuantity":{{{value}}}}}]}}'
    )


def written(folder: Path, *lines: str, name: str = "Observation.ndjson") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(line + "\n" for line in lines), "utf-8")
    return folder / name


@pytest.mark.parametrize("colon", [":", " : ", ":\t"])
def test_digits_stay_as_they_came_and_quotes_inside_of_a_text_too(tmp_path: Path, colon: str) -> None:
    path = written(tmp_path, *(observation(number, colon) for number in NUMBERS))
    batches = list(duckdb.run_lines(compile_view(TEXTS), [path]))  # without a detour through Python
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["value"] for row in rows] == NUMBERS
    assert [row["parts"] for row in rows] == [[number] for number in NUMBERS]
    assert {row["unit"] for row in rows} == {'"value":1.10 \\'}
    assert rows == run_view(TEXTS, path, engine="reference").to_pylist()


def test_where_digits_do_not_matter_doubles_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, *(observation(number) for number in NUMBERS))
    table = run_view(DOUBLES, path)
    assert table.column("value").to_pylist() == [float(number) for number in NUMBERS]
    assert table == run_view(DOUBLES, path, engine="reference")


@pytest.mark.parametrize("view", [TEXTS, DOUBLES], ids=["digits", "doubles"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"resourceType":"Observation","id":', "no FHIR resource in JSON"),
        ("[1]", "no JSON object"),
        ('{"resourceType":"Observation","component":{"id":"x"}}', "'component' must be a list"),
        ('{"resourceType":"Observation","component":["Mật"]}', "'component' must be an object"),
        ('{"resourceType":"Observation","valueQuantity":[{"value":1}]}', "'valueQuantity' must be an object"),
        ('{"resourceType":"Observation","valueQuantity":"Mật"}', "'valueQuantity' must be an object"),
    ],
)
def test_a_line_at_fault_is_named_the_same_by_both_engines(
    tmp_path: Path, view: dict[str, Any], line: str, why: str
) -> None:
    path = written(tmp_path, observation("1.10"), line)
    for engine in ("duckdb", "reference"):
        with pytest.raises(LienthongError, match=why) as caught:
            run_view(view, path, engine=engine)
        assert caught.value.category is Category.UNREADABLE
        assert caught.value.where == "Observation.ndjson line 2"
        assert "Mật" not in caught.value.text()


@pytest.mark.parametrize("view", [TEXTS, DOUBLES], ids=["digits", "doubles"])
@pytest.mark.parametrize(
    "line",
    [
        '{"resourceType":"Observation","id":"o","valueQuantity":{"v\\u0061lue":1.10}}',
        '{"resourceType":"Observation","id":"o","id":"p"}',
        '{"resourceType":"Organization","id":"o","component":"another kind of member"}',
        '{"resourceType":"Observation","id":"o","component":null}',
        '{"id":"o"}',
        "   ",
    ],
)
def test_an_odd_line_gives_what_the_reference_gives(tmp_path: Path, view: dict[str, Any], line: str) -> None:
    path = written(tmp_path, observation("1.10"), line, observation("2.20"))
    assert run_view(view, path) == run_view(view, path, engine="reference")


def test_a_fault_behind_many_rows_repeats_none_of_them(tmp_path: Path) -> None:
    """What was streamed before the fast way gave up is not streamed again."""
    lines = [f'{{"resourceType":"Observation","id":"o{number}"}}' for number in range(120_000)]
    lines.insert(110_000, '{"resourceType":"Organization","component":"x"}')
    table = run_view(DOUBLES, written(tmp_path, *lines))
    assert table.column("id").to_pylist() == [f"o{number}" for number in range(120_000)]


def test_a_folder_is_read_in_the_order_of_its_names_and_no_file_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, observation("2"), name="Observation.000.ndjson")
    written(tmp_path, '{"resourceType":"Organization","id":"g","component":"x"}', name="Organization.ndjson")
    written(tmp_path, observation("3"), name="Patient.ndjson")  # its name does not say so
    (tmp_path / "Observation.001.ndjson.gz").write_bytes(gzip.compress(observation("2.50").encode()))
    expected = ["2", "2.50", "3"]
    assert run_view(TEXTS, tmp_path).column("value").to_pylist() == expected
    direct = duckdb.run_lines(compile_view(TEXTS), sorted(tmp_path.iterdir()))
    assert [value for batch in direct for value in batch.column(1).to_pylist()] == expected
    (tmp_path / "whole.json").write_text(observation("4"), "utf-8")
    assert run_view(TEXTS, tmp_path).column("value").to_pylist() == [*expected, "4"]


@pytest.mark.parametrize("name", ["Observation[1].ndjson", "Observation*.ndjson", "Obs?.ndjson", "it's {a,b}.ndjson"])
def test_a_name_is_never_taken_for_a_pattern(tmp_path: Path, name: str) -> None:
    written(tmp_path, observation("2"), name="Observation1.ndjson")
    assert run_view(TEXTS, written(tmp_path, observation("3"), name=name)).column("value").to_pylist() == ["3"]


def responses(depth: int) -> str:
    item: dict[str, Any] = {"linkId": str(depth), "answer": [{"valueString": "x", "item": [{"linkId": "a"}]}]}
    for level in range(depth - 1, 0, -1):
        item = {"linkId": str(level), "item": [item, {"linkId": f"{level}b"}]}
    return json.dumps({"resourceType": "QuestionnaireResponse", "id": f"q{depth}", "item": [item]})


def repeating(*steps: str, **around: Any) -> dict[str, Any]:
    columns = ["linkId", "%rowIndex", "answer.value.ofType(string)"]
    repeat = {
        "repeat": list(steps),
        "column": [{"name": f"c{number}", "path": path} for number, path in enumerate(columns)],
    }
    return {
        "resource": "QuestionnaireResponse",
        "select": [{"column": [{"name": "id", "path": "id"}]}, {**around, "select": [repeat]} if around else repeat],
    }


@pytest.mark.parametrize("depth", [1, 3, 5, 6, 8, 9, 40])
@pytest.mark.parametrize("steps", [["item"], ["item", "answer.item"], ["answer.item", "item"]])
def test_a_repeat_over_lines_is_laid_out_by_the_engine_and_has_no_bound(
    tmp_path: Path, depth: int, steps: list[str]
) -> None:
    path = written(tmp_path, responses(2), responses(depth), '{"resourceType":"QuestionnaireResponse","id":"none"}')
    view = repeating(*steps)
    assert duckdb.reads_lines(compile_view(view))
    assert run_view(view, path) == run_view(view, path, engine="reference")


def test_a_repeat_beside_another_use_of_the_same_member(tmp_path: Path) -> None:
    path = written(tmp_path, responses(4), responses(12))
    view = repeating("item", "answer.item")
    view["select"] += [
        {"column": [{"name": "n", "path": "item.item.count()"}, {"name": "has", "path": "item.item.item.exists()"}]},
        {"forEach": "item.answer", "column": [{"name": "e", "path": "value.exists()"}]},
        {"repeat": ["item"], "column": [{"name": "again", "path": "linkId"}]},
    ]
    assert duckdb.reads_lines(compile_view(view))
    assert run_view(view, path) == run_view(view, path, engine="reference")
    view["select"].append(
        {"forEach": "item", "select": [{"repeat": ["item"], "column": [{"name": "x", "path": "id"}]}]}
    )
    assert not duckdb.reads_lines(compile_view(view))
    assert run_view(view, path) == run_view(view, path, engine="reference")


@pytest.mark.parametrize(
    "view",
    [
        repeating("item", forEach="item"),
        repeating("item.where(linkId = '1')"),
        {
            "resource": "QuestionnaireResponse",
            "select": [{"repeat": ["item"], "column": [{"name": "c", "path": "item.linkId", "collection": True}]}],
        },
        {
            "resource": "QuestionnaireResponse",
            "select": [{"repeat": ["item", "answer.item"], "column": [{"name": "c", "path": "answer.exists()"}]}],
        },
    ],
)
def test_what_the_engine_can_not_lay_out_goes_through_python(tmp_path: Path, view: dict[str, Any]) -> None:
    path = written(tmp_path, responses(4))
    assert not duckdb.reads_lines(compile_view(view))
    table = run_view(view, path)
    assert table.num_rows
    assert table == run_view(view, path, engine="reference")


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    data = gzip.compress("".join(observation(str(number)) + "\n" for number in range(9000)).encode())
    (tmp_path / "Observation.ndjson.gz").write_bytes(data[:-200])
    with pytest.raises(LienthongError, match="damaged or cut off") as caught:
        run_view(TEXTS, tmp_path)
    assert caught.value.where == "Observation.ndjson.gz"


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_what_is_no_resource_is_refused(engine: str) -> None:
    with pytest.raises(LienthongError, match="no object"):
        run_view(TEXTS, "Observation.ndjson", engine=engine)  # type: ignore[arg-type]


def test_a_resource_in_memory_at_fault_is_named_by_its_number() -> None:
    resources = [json.loads(observation("1")), {"resourceType": "Observation", "component": {}}]
    for engine in ("duckdb", "reference"):
        with pytest.raises(LienthongError, match="'component' must be a list") as caught:
            run_view(TEXTS, resources, engine=engine)
        assert caught.value.where == "resource 2"
