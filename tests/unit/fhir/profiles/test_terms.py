"""Whether a code is in a value set: what is listed, whole systems, filters, and what can't be known."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.fhir.profiles.terms import Terminology

SYSTEM, OTHER = "urn:x:khoa", "urn:x:khac"
UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"

TREE: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "content": "complete",
    "concept": [
        {"code": "noi", "concept": [{"code": "tim"}, {"code": "phoi", "concept": [{"code": "lao"}]}]},
        {"code": "ngoai", "property": [{"code": "closed", "valueBoolean": True}]},
        {"code": "mat", "property": [{"code": "parent", "valueCode": "ngoai"}]},
    ],
}
FRAGMENT = {"resourceType": "CodeSystem", "url": OTHER, "content": "fragment", "concept": [{"code": "a"}]}


def filtered(name: str, operator: str, value: str) -> dict[str, Any]:
    return {"system": SYSTEM, "filter": [{"property": name, "op": operator, "value": value}]}


def has(compose: dict[str, Any], system: str | None, code: str, *more: dict[str, Any]) -> bool | None:
    value_set = {"resourceType": "ValueSet", "url": "urn:set", "compose": compose}
    codes = Terminology([TREE, FRAGMENT, value_set, *more]).codes("urn:set|1.0")
    assert codes is not None
    return codes.has(system, code)


ROWS: list[tuple[dict[str, Any], str | None, str, bool | None]] = [
    ({"system": SYSTEM}, SYSTEM, "lao", True),
    ({"system": SYSTEM}, None, "lao", True),
    ({"system": SYSTEM}, SYSTEM, "rang", False),
    ({"system": SYSTEM}, OTHER, "lao", False),
    ({"system": SYSTEM, "concept": [{"code": "lao"}]}, SYSTEM, "tim", False),
    (filtered("concept", "is-a", "phoi"), SYSTEM, "phoi", True),
    (filtered("concept", "is-a", "noi"), SYSTEM, "lao", True),
    (filtered("concept", "descendent-of", "noi"), SYSTEM, "noi", False),
    (filtered("concept", "descendent-of", "ngoai"), SYSTEM, "mat", True),
    (filtered("concept", "is-not-a", "noi"), SYSTEM, "ngoai", True),
    (filtered("concept", "is-not-a", "noi"), SYSTEM, "lao", False),
    (filtered("closed", "=", "true"), SYSTEM, "ngoai", True),
    (filtered("closed", "=", "true"), SYSTEM, "noi", False),
    (filtered("concept", "regex", "l.*"), SYSTEM, "lao", None),
    ({"system": OTHER}, OTHER, "a", True),
    ({"system": OTHER}, OTHER, "b", None),
    ({"system": LOINC}, LOINC, "8480-6", None),
    ({"system": LOINC}, None, "8480-6", None),
    ({"system": LOINC}, SYSTEM, "8480-6", False),
    ({"system": UCUM}, UCUM, "mm[Hg]", True),
    ({"system": UCUM}, UCUM, "mmHg", False),
    ({"system": UCUM}, None, "kg/m2", True),
    ({"valueSet": ["urn:unheard-of"]}, SYSTEM, "lao", None),
    ({"valueSet": ["urn:set"]}, SYSTEM, "lao", None),  # it includes itself
    ({}, SYSTEM, "lao", None),
]


@pytest.mark.parametrize(("include", "system", "code", "answer"), ROWS)
def test_an_include(include: dict[str, Any], system: str | None, code: str, answer: bool | None) -> None:
    assert has({"include": [include]}, system, code) is answer


def test_an_exclude_takes_out_what_it_names_and_makes_unsure_what_it_cant_name() -> None:
    whole = {"include": [{"system": SYSTEM}], "exclude": [filtered("concept", "is-a", "noi")]}
    assert has(whole, SYSTEM, "lao") is False
    assert has(whole, SYSTEM, "ngoai") is True
    unsure = {"include": [{"system": SYSTEM}], "exclude": [filtered("concept", "regex", "l.*")]}
    assert has(unsure, SYSTEM, "tim") is None
    units = {"include": [{"system": UCUM}], "exclude": [{"system": UCUM, "concept": [{"code": "kg"}]}]}
    assert has(units, UCUM, "g") is None


def test_several_value_sets_in_one_include_are_their_overlap() -> None:
    one = {"resourceType": "ValueSet", "url": "urn:one", "compose": {"include": [filtered("concept", "is-a", "noi")]}}
    two = {
        "resourceType": "ValueSet",
        "url": "urn:two",
        "compose": {
            "include": [{"system": SYSTEM, "concept": [{"code": "lao"}, {"code": "mat"}]}, {"system": LOINC}]
        },
    }
    both = {"include": [{"valueSet": ["urn:one", "urn:two"]}]}
    assert has(both, SYSTEM, "lao", one, two) is True
    assert has(both, SYSTEM, "mat", one, two) is False
    assert has(both, LOINC, "1-8", one, two) is False
    units = {"resourceType": "ValueSet", "url": "urn:units", "compose": {"include": [{"system": UCUM}]}}
    few = {
        "resourceType": "ValueSet",
        "url": "urn:few",
        "compose": {"include": [{"system": UCUM, "concept": [{"code": "kg"}, {"code": "no such unit"}]}]},
    }
    weights = {"include": [{"valueSet": ["urn:units", "urn:few"]}]}
    assert has(weights, UCUM, "kg", units, few) is True
    assert has(weights, UCUM, "g", units, few) is False
    assert has(weights, UCUM, "no such unit", units, few) is False


def test_a_stored_expansion_serves_where_there_is_no_compose() -> None:
    contains = [{"system": SYSTEM, "code": "noi", "abstract": True, "contains": [{"system": SYSTEM, "code": "lao"}]}]
    whole = {"resourceType": "ValueSet", "url": "urn:e", "expansion": {"contains": contains}}
    part = {**whole, "expansion": {"total": 99, "contains": contains}}
    for value_set, unknown in ((whole, False), (part, None)):
        codes = Terminology([value_set]).codes("urn:e")
        assert codes is not None
        assert codes.has(SYSTEM, "lao") is True
        assert codes.has(SYSTEM, "noi") is unknown


def test_sets_of_r4_that_can_be_listed_are_known() -> None:
    codes = Terminology().codes("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1")
    assert codes is not None and codes.has("http://hl7.org/fhir/administrative-gender", "female") is True
    assert Terminology().codes("urn:unheard-of") is None


def test_a_hierarchy_that_leads_in_a_circle_or_is_endless_comes_to_an_end() -> None:
    circle = {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "content": "complete",
        "concept": [
            {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
            {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]},
        ],
    }
    value_set = {
        "resourceType": "ValueSet",
        "url": "urn:s",
        "compose": {"include": [filtered("concept", "is-a", "a")]},
    }
    codes = Terminology([circle, value_set]).codes("urn:s")
    assert codes is not None and codes.has(SYSTEM, "b") is True
