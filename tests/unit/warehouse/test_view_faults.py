"""Every fault of a view is named with its place and what is allowed, before anything runs where that can be."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.core.canonical import parse
from lienthong.core.errors import Category, LienthongError
from lienthong.warehouse import run_view


def column(path: str, **members: Any) -> dict[str, Any]:
    return {"resource": "Patient", "select": [{"column": [{"name": "a", "path": path, **members}]}]}


def where(path: str) -> dict[str, Any]:
    return {**column("id"), "where": [{"path": path}]}


SHAREABLE = "https://sql-on-fhir.org/ig/StructureDefinition/ShareableViewDefinition"
TABULAR = "http://hl7.org/fhir/uv/sql-on-fhir/StructureDefinition/TabularViewDefinition"
PATH = "select[0].column[0].path"


@pytest.mark.parametrize(
    ("view", "place", "why"),
    [
        ([], "view", "an object must stand here"),
        ({"resource": "Pateint", "select": []}, "resource", "names no resource type"),
        ({"resource": "Patient"}, "select", "selects at least one column"),
        ({"resource": "Patient", "select": {}}, "select", "a list must stand here"),
        ({"resource": "Patient", "select": [{"forEach": "name"}]}, "select", "selects at least one column"),
        ({"resource": "Patient", "select": [{"foreach": "name"}]}, "select[0].foreach", "no such member"),
        (
            {"resource": "Patient", "select": [{"forEach": "name", "repeat": ["link"]}]},
            "select[0]",
            "forEach and repeat exclude each other",
        ),
        ({"resource": "Patient", "select": [{"repeat": []}]}, "select[0].repeat", "at least one path"),
        (column("id", name="1a"), "select[0].column[0].name", "letters, digits and underscores"),
        (column("id", collection="yes"), "select[0].column[0].collection", "true or false"),
        (column("id", type="Quantity"), "select[0].column[0].type", "a primitive type"),
        (column("active", type="date"), "select[0].column[0].type", "the path gives boolean, not date"),
        (column("nmae"), f"{PATH}, column 1", "Patient has no element 'nmae'"),
        (column("name.famly"), f"{PATH}, column 6", "HumanName has no element 'famly'"),
        (column("id.x"), f"{PATH}, column 4", "a id has no element 'x'"),
        (column("name["), f"{PATH}, column 6", "stands where"),
        (column("deceased"), f"{PATH}, column 1", "'deceased' may have several types"),
        (column("deceasedBoolean"), f"{PATH}, column 1", "a name of JSON, not of FHIRPath"),
        (column("deceased.ofType(Bool)"), f"{PATH}, column 10", "no type of FHIR R4"),
        (column("%use"), f"{PATH}, column 1", "there is no constant %use"),
        (column("name.where(use)"), f"{PATH}, column 12", "a value of type code stands where boolean is needed"),
        (column("gender > 1"), f"{PATH}, column 8", "integer and string can't be compared"),
        (column("active > true"), f"{PATH}, column 8", "booleans have no order"),
        (column("name.family + 1"), f"{PATH}, column 15", "integer stands where string is needed"),
        (column("name[-1]"), f"{PATH}, column 6", "an index must be a whole number"),
        (column("name.getResourceKey()"), f"{PATH}, column 6", "on the resource itself"),
        (column("name.getReferenceKey()"), f"{PATH}, column 6", "on a Reference, not on HumanName"),
        (column("link.other.getReferenceKey(Patent)"), f"{PATH}, column 12", "no resource type of FHIR R4"),
        (where("name"), "where[0].path", "must be true or false"),
        (column("id", tag=[{"name": "ansi/type", "value": "XML"}]), "select[0].column[0].tag[0]", "not known here"),
        (
            column("active", tag=[{"name": "ansi/type", "value": "DATE"}]),
            "select[0].column[0].tag[0]",
            "boolean can't be given as DATE",
        ),
        ({**column("id"), "wheres": []}, "wheres", "no such member"),
        ({**column("id"), "resourceType": "Patient"}, "resourceType", "no ViewDefinition"),
        ({**column("id"), "name": "my view"}, "name", "starts with a letter"),
        ({**column("id"), "status": "final"}, "status", "no such status"),
        ({**column("id"), "fhirVersion": ["5.0.0"]}, "fhirVersion", "another version of FHIR"),
        ({**column("id"), "fhirVersion": "4.0.1"}, "fhirVersion", "a list must stand here"),
        ({**column("id"), "where": [{"paht": "active"}]}, "where[0].paht", "no such member"),
        (
            column("id", tag=[{"name": "ansi/type", "valeu": "x"}]),
            "select[0].column[0].tag[0].valeu",
            "no such member",
        ),
        (column("id", colection=True), "select[0].column[0].colection", "no such member"),
        (
            {**column("id"), "constant": [{"name": "a", "valueCode": "x"}, {"name": "a", "valueCode": "y"}]},
            "constant[1].name",
            "two constants are named 'a'",
        ),
        (
            {**column("id"), "constant": [{"name": "1a", "valueCode": "x"}]},
            "constant[0].name",
            "starts with a letter",
        ),
        (
            {**column("id"), "constant": [{"name": "a", "valueDate": "1.2.2020"}]},
            "constant[0].valueDate",
            "is no date",
        ),
        ({**column("id"), "meta": {"profile": [SHAREABLE]}}, "url", "a shareable view has a url"),
        (
            {**column("id"), "meta": {"profile": [SHAREABLE]}, "url": "u", "name": "n", "fhirVersion": ["4.0.1"]},
            "select[0].column[0].type",
            "each column of a shareable view has a type",
        ),
        (
            {**column("name.given", collection=True), "meta": {"profile": [f"{TABULAR}|2.0.0"]}},
            "select[0].column[0].collection",
            "a tabular view has no collections",
        ),
        ({**column("id"), "constant": [{"name": "a"}]}, "constant[0]", "needs one value"),
        ({**column("id"), "constant": [{"name": "a", "valueCode": 1}]}, "constant[0].valueCode", "is no code"),
        ({**column("id"), "constant": [{"name": "a", "valueX": 1}]}, "constant[0].valueX", "no such primitive"),
    ],
)
def test_a_fault_of_the_view_is_named_with_its_place(view: Any, place: str, why: str) -> None:
    with pytest.raises(LienthongError) as caught:
        run_view(view, [])
    assert caught.value.category is Category.INCORRECT
    assert caught.value.where == place
    assert why in caught.value.what
    assert caught.value.cure


def test_two_columns_of_one_name_are_refused_as_sql_would() -> None:
    view = {
        "resource": "Patient",
        "select": [{"column": [{"name": "a", "path": "id"}, {"name": "A", "path": "gender"}]}],
    }
    with pytest.raises(LienthongError, match="two columns are named 'A'"):
        run_view(view, [])


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("name", "a column of the complex type HumanName"),
        ("name.family.matches('a')", r"matches\(\) with 1 arguments"),
        ("name.family | name.given", r"the operator '\|'"),
        ("name = contact.name", "a comparison of whole elements"),
        ("4 'mg'", "a quantity literal"),
        ("name.select($index)", r"select\(\)|\$index"),
    ],
)
def test_what_is_not_supported_is_said_by_name(path: str, what: str) -> None:
    with pytest.raises(LienthongError, match=what) as caught:
        run_view(column(path), [])
    assert caught.value.category is Category.UNSUPPORTED
    assert caught.value.where.startswith(PATH)


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_several_values_for_one_row_name_the_path_and_no_value(engine: str) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Bí"}, {"family": "Mật"}]}
    with pytest.raises(LienthongError) as caught:
        run_view(column("name.family"), [patient], engine=engine)
    assert (caught.value.code, caught.value.where) == ("view-many-values", PATH)
    assert "Bí" not in caught.value.text()


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_a_number_too_large_to_compare_is_said_so(engine: str) -> None:
    observation = parse('{"resourceType":"Observation","id":"o","valueQuantity":{"value":1e30}}')
    view = {
        "resource": "Observation",
        "select": [{"column": [{"name": "a", "path": "value.ofType(Quantity).value > 1"}]}],
    }
    with pytest.raises(LienthongError) as caught:
        run_view(view, [observation], engine=engine)
    assert caught.value.code == "view-number-too-large"
    view["select"][0]["column"][0]["path"] = "value.ofType(Quantity).value"  # type: ignore[index]
    assert run_view(view, [observation], engine=engine).to_pylist() == [{"a": "1e30"}]


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(LienthongError, match="no engine 'spark'"):
        run_view(column("id"), [], engine="spark")
