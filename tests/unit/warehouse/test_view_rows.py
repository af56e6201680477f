"""Where SQL on FHIR leaves a choice, or a view goes beyond the official tests: the same on both engines."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from lienthong.core.canonical import parse
from lienthong.core.errors import LienthongError
from lienthong.warehouse import run_view
from lienthong.warehouse.build import shipped_views
from lienthong.warehouse.sql_on_fhir.shape import has_repeats, shape_of

ENGINES = pytest.mark.parametrize("engine", ["duckdb", "reference"])
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "birthDate": "1970-02",
    "_birthDate": {"extension": [{"url": "t", "valueDateTime": "1970-02-03T01:00:00+07:00"}]},
    "name": [{"family": "Nguyễn", "given": [None, "Ánh"]}],
    "generalPractitioner": [
        {"reference": "Practitioner/d1/_history/2"},
        {"reference": "Organization/g1"},
        {"reference": "#c"},
        {"display": "x"},
    ],
    "contained": [
        {"resourceType": "Practitioner", "id": "c"},
        {"resourceType": "Organization", "id": "g", "name": "G"},
    ],
}


def values(engine: str, resource: dict[str, Any], *columns: tuple[str, dict[str, Any]]) -> list[Any]:
    view = {
        "resource": resource["resourceType"],
        "select": [{"column": [{"name": f"c{i}", "path": path, **more} for i, (path, more) in enumerate(columns)]}],
    }
    return list(run_view(view, [resource], engine=engine).to_pylist()[0].values())


ALL: dict[str, Any] = {"collection": True}


@ENGINES
def test_extensions_of_primitives_and_empty_items(engine: str) -> None:
    found = values(
        engine,
        PATIENT,
        ("birthDate.extension('t').value.ofType(dateTime)", {}),
        ("name.given", ALL),
        ("name.given.count()", {}),
    )
    assert found == ["1970-02-03T01:00:00+07:00", ["Ánh"], 1]


@ENGINES
def test_keys_are_type_and_id_of_relative_references(engine: str) -> None:
    found = values(
        engine,
        PATIENT,
        ("generalPractitioner.getReferenceKey()", ALL),
        ("generalPractitioner.getReferenceKey(Practitioner)", ALL),
        ("getResourceKey()", {}),
    )
    assert found == [["Practitioner/d1", "Organization/g1"], ["Practitioner/d1"], "Patient/p1"]


@ENGINES
def test_contained_resources_by_their_type(engine: str) -> None:
    assert values(engine, PATIENT, ("contained.ofType(Organization).name", {})) == ["G"]


@ENGINES
def test_tags_give_sql_types(engine: str) -> None:
    def tag(name: str) -> dict[str, Any]:
        return {"tag": [{"name": "ansi/type", "value": name}]}

    observation = parse(
        '{"resourceType":"Observation","id":"o","effectiveDateTime":"2026-01-02T03:04:05+07:00","issued":'
        '"2026-01-02T03:04:05.123Z","valueQuantity":{"value":1.10}}'
    )
    view = {
        "resource": "Observation",
        "select": [
            {
                "column": [
                    {"name": "day", "path": "effective.ofType(dateTime)", **tag("DATE")},
                    {"name": "time", "path": "effective.ofType(dateTime)", **tag("TIMESTAMP")},
                    {"name": "number", "path": "value.ofType(Quantity).value", **tag("DOUBLE PRECISION")},
                    {"name": "text", "path": "value.ofType(Quantity).value", "type": "decimal"},
                    {"name": "flag", "path": "value.exists()"},
                    {"name": "place", "path": "%rowIndex"},
                    {"name": "codes", "path": "code.coding.code", "collection": True},
                ]
            }
        ],
    }
    table = run_view(view, [observation], engine=engine)
    assert table.schema.types == [
        pa.date32(),
        pa.timestamp("us"),
        pa.float64(),
        pa.string(),
        pa.bool_(),
        pa.int32(),
        pa.list_(pa.string()),
    ]
    row = table.to_pylist()[0]
    assert (str(row["day"]), str(row["time"])) == ("2026-01-02", "2026-01-02 03:04:05")
    assert (row["number"], row["text"], row["codes"]) == (1.1, "1.10", [])


@ENGINES
def test_a_for_each_or_null_without_items_gives_its_body_one_empty_item(engine: str) -> None:
    """As HL7's reference implementation does: literals stand, and a forEach within gives no row."""
    column = {"name": "kind", "path": "'x'"}
    view: dict[str, Any] = {"resource": "Patient", "select": [{"forEachOrNull": "telecom", "column": [column]}]}
    assert run_view(view, [PATIENT], engine=engine).to_pylist() == [{"kind": "x"}]
    view["select"][0]["select"] = [{"forEach": "period", "column": [{"name": "start", "path": "start"}]}]
    assert run_view(view, [PATIENT], engine=engine).num_rows == 0


@ENGINES
def test_a_repeat_goes_as_deep_as_the_data(engine: str) -> None:
    item: dict[str, Any] = {"linkId": "60"}
    for depth in range(59, 0, -1):
        item = {"linkId": str(depth), "item": [item]}
    response = {"resourceType": "QuestionnaireResponse", "id": "q", "item": [item]}
    view = {
        "resource": "QuestionnaireResponse",
        "select": [
            {"repeat": ["item"], "column": [{"name": "a", "path": "linkId"}, {"name": "i", "path": "%rowIndex"}]}
        ],
    }
    rows = run_view(view, [response], engine=engine).to_pylist()
    assert rows == [{"a": str(depth), "i": depth - 1} for depth in range(1, 61)]


@ENGINES
def test_reserved_words_and_quotes_are_plain_names(engine: str) -> None:
    encounter = {"resourceType": "Encounter", "id": "e", "class": {"code": "it's"}}
    view = {
        "resource": "Encounter",
        "select": [
            {"column": [{"name": "select", "path": "class.code"}, {"name": "order", "path": "'a''b'" * 0 + "id"}]}
        ],
        "where": [{"path": r"class.code = 'it\'s'"}],
    }
    assert run_view(view, [encounter], engine=engine).to_pylist() == [{"select": "it's", "order": "e"}]


@ENGINES
def test_boundaries_of_a_period_are_those_of_its_ends(engine: str) -> None:
    encounter = {"resourceType": "Encounter", "id": "e", "period": {"start": "2024-02", "end": "2024-02"}}
    found = values(engine, encounter, ("period.lowBoundary()", {}), ("period.highBoundary()", {}))
    assert found == ["2024-02-01T00:00:00.000+14:00", "2024-02-29T23:59:59.999-12:00"]
    assert values(engine, {**encounter, "period": {"start": "2024"}}, ("period.highBoundary()", {})) == [None]


@ENGINES
def test_an_integer64_is_a_constant_of_64_bits(engine: str) -> None:
    view = {
        "resource": "Patient",
        "constant": [{"name": "big", "valueInteger64": "9007199254740993"}],
        "select": [{"column": [{"name": "a", "path": "%big", "type": "integer64"}]}],
    }
    table = run_view(view, [PATIENT], engine=engine)
    assert (table.to_pylist(), table.schema.types) == ([{"a": 9007199254740993}], [pa.int64()])
    view["select"] = [{"column": [{"name": "a", "path": "%big", "type": "integer"}]}]
    with pytest.raises(LienthongError) as caught:
        run_view(view, [PATIENT], engine=engine)
    assert caught.value.code == "view-number-too-large"


@ENGINES
def test_no_resource_gives_the_columns_and_no_row(engine: str) -> None:
    view = {"resource": "Patient", "select": [{"column": [{"name": "a", "path": "active"}]}]}
    table = run_view(view, [], engine=engine)
    assert (table.num_rows, table.schema) == (0, pa.schema([("a", pa.bool_())]))


def test_rows_stay_in_the_order_of_the_resources() -> None:
    resources = [
        {"resourceType": "Patient", "id": str(n), "name": [{"family": "a"}, {"family": "b"}]} for n in range(9000)
    ]
    view = {
        "resource": "Patient",
        "select": [
            {"column": [{"name": "id", "path": "id"}]},
            {"forEach": "name", "column": [{"name": "family", "path": "family"}]},
        ],
    }
    rows = run_view(view, resources).to_pylist()
    assert [(row["id"], row["family"]) for row in rows] == [(str(n), f) for n in range(9000) for f in "ab"]


def test_the_shipped_views_can_be_answered_from_columns() -> None:
    """Parquet's typed columns have no contained resources and no endless nesting, so these views need none."""
    names = set()
    for view in shipped_views():
        names.add(view.name)
        shape = shape_of(view)
        assert not has_repeats(shape)
        assert "contained" not in shape.members
    assert {"patient", "encounter", "condition", "observation", "medication_request", "procedure"} <= names


@pytest.mark.parametrize(
    "path",
    [
        "value.ofType(Quantity).value" + " + 1" * 90,
        "value.ofType(Quantity).value" + " / 2" * 90,
        "value.ofType(Quantity).value" + " * 1" * 90,
        "value.ofType(Quantity)" + ".where(value > 0)" * 40 + ".value",
        "component" + ".where(code.exists()).first()" * 30 + ".value.ofType(Quantity).value",
        "where(status = 'final')" * 1 + ".where(status = 'final')" * 40 + ".value.ofType(Quantity).value",
    ],
)
def test_a_long_path_takes_no_longer_than_its_length(path: str) -> None:
    """Each engine writes or visits a step once; SQL that named it twice would double with every step."""
    observation = parse(
        '{"resourceType":"Observation","id":"o","status":"final","valueQuantity":{"value":4},'
        '"component":[{"code":{"text":"a"},"valueQuantity":{"value":4}}]}'
    )
    found = [values(engine, observation, (path, {"type": "decimal"})) for engine in ("duckdb", "reference")]
    assert found[0] == found[1]
    assert found[0][0] is not None
