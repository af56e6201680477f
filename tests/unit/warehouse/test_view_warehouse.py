"""Views over a built warehouse: from its columns, and from the whole resources where columns do not hold a thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, LienthongError
from lienthong.warehouse import run_view
from lienthong.warehouse.fhir_columns import holds
from lienthong.warehouse.sql_on_fhir.definition import compile_view
from lienthong.warehouse.sql_on_fhir.shape import shape_of

OBSERVATIONS = (
    '{"resourceType":"Observation","id":"o1","valueQuantity":{"value":1.10},"component":[{"valueQuantity":'
    '{"value":100}},{"valueQuantity":{"value":2.50}}],"contained":[{"resourceType":"Patient","id":"c","gender":"male"}]}',
    '{"resourceType":"Observation","id":"o2","valueString":"x"}',
    '{"resourceType":"Observation","id":"o3","valueRange":{"low":{"value":0.10}}}',
)
RESPONSE = (
    '{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","item":[{"linkId":"1","item":[{"linkId":'
    '"1.1","item":[{"linkId":"1.1.1","item":[{"linkId":"1.1.1.1"}]}]}]},{"linkId":"2"}]}'
)


def view(resource: str, *paths: str, **more: Any) -> dict[str, Any]:
    columns = [{"name": f"c{number}", "path": path} for number, path in enumerate(paths)]
    return {"resource": resource, "select": [{"column": columns, **more}]}


VALUE = "value.ofType(Quantity).value"
FROM_COLUMNS = [
    view("Observation", "id", VALUE, f"{VALUE} > 1", "value.ofType(Range).low.value", "value.exists()"),
    view("Observation", VALUE, "%rowIndex", forEach="component"),
    view("Observation", "value.ofType(boolean)", "method.text", "component.count()"),
    view("Procedure", "id"),
    {
        "resource": "Observation",
        "select": [
            {"column": [{"name": "n", "path": VALUE, "tag": [{"name": "ansi/type", "value": "DOUBLE PRECISION"}]}]}
        ],
    },
]
FROM_WHOLE = [
    view("Observation", "id", "contained.ofType(Patient).gender"),
    view("QuestionnaireResponse", "linkId", "%rowIndex", repeat=["item"]),
    view("QuestionnaireResponse", "item.item.item.item.linkId"),
]


@pytest.fixture(scope="module")
def built(shared_site: Any) -> Path:
    shared_site.fill([parse(text) for text in (*OBSERVATIONS, RESPONSE)])
    shared_site.build()
    return Path(shared_site.home)


@pytest.mark.parametrize("wanted", [*FROM_COLUMNS, *FROM_WHOLE])
def test_a_warehouse_gives_what_its_resources_give(built: Path, wanted: dict[str, Any]) -> None:
    resources = [parse(text) for text in (*OBSERVATIONS, RESPONSE)]
    expected = run_view(wanted, resources, engine="reference")
    assert expected.num_rows or wanted["resource"] == "Procedure"
    for path in (built, built / "warehouse"):
        for engine in ("duckdb", "reference"):
            found = run_view(wanted, path, engine=engine)
            assert found.schema == expected.schema
            assert sorted(map(repr, found.to_pylist())) == sorted(map(repr, expected.to_pylist()))


def test_columns_are_asked_wherever_they_hold_what_is_touched() -> None:
    for wanted, expected in ((FROM_COLUMNS, True), (FROM_WHOLE, False)):
        plans = [compile_view(item) for item in wanted]
        assert [holds(shape_of(plan), plan.resource) for plan in plans] == [expected] * len(plans)


def test_a_node_without_a_build_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lienthong.toml").touch()
    with pytest.raises(LienthongError) as caught:
        run_view(view("Patient", "id"), tmp_path)
    assert (caught.value.category, caught.value.code) == (Category.MISSING, "warehouse-not-built")
