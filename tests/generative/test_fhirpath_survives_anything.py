"""Any expression over any resource gives items or a FHIRPath error, soon: never a traceback, never a hang."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core.canonical import parse
from lienthong.core.errors import LienthongError
from lienthong.fhir.fhirpath import compile as compile_
from lienthong.fhir.fhirpath.functions import FUNCTIONS
from lienthong.fhir.fhirpath.plan import Env

NAMES = st.sampled_from(
    [
        "name",
        "given",
        "family",
        "birthDate",
        "extension",
        "url",
        "value",
        "identifier",
        "period",
        "start",
        "id",
        "active",
        "contained",
        "gender",
        "code",
        "coding",
        "component",
        "low",
        "high",
        "contact",
        "telecom",
        "Patient",
        "Observation",
        "Quantity",
        "string",
        "boolean",
        "HumanName",
        "System.String",
    ]
)
LITERALS = st.sampled_from(
    [
        *[
            "1",
            "0",
            "2.50",
            "-3",
            "true",
            "false",
            "{}",
            "'a'",
            "'official'",
            "''",
            "@2014",
            "@2014-01-05T10:30:00Z",
            "@T10:30",
            "$this",
            "%resource",
            "%ucum",
        ],
        *["%context", "%nothing", "$index", "$total", "1000000000", "'http://x'", "'hex'", "28", "'(a'"],
        "5 days",
        "4.0 'mg'",
        "1 'kg'",
    ]
)
OPERATORS = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "div",
        "mod",
        "&",
        "|",
        "=",
        "!=",
        "~",
        "!~",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "xor",
        "implies",
        "in",
        "contains",
        "is",
        "as",
    ]
)


def _call(parts: tuple[str, str, list[str]]) -> str:
    target, name, arguments = parts
    function = FUNCTIONS[name]
    number = min(max(len(arguments), function.least), function.most)
    given_ = (arguments + ["$this"] * function.least)[:number]
    return f"{target}.{name}({', '.join(given_)})"


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda left, name: f"({left}).{name}", inner, NAMES),
        st.tuples(
            inner.map(lambda text: f"({text})"), st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=2)
        ).map(_call),
        st.tuples(NAMES, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=2)).map(_call),
        st.builds(lambda left, operator, right: f"({left}) {operator} ({right})", inner, OPERATORS, inner),
        st.builds(lambda left, name: f"({left}) is {name}", inner, NAMES),
        st.builds(lambda left, right: f"({left})[{right}]", inner, inner),
        st.builds(lambda left: f"-({left})", inner),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, NAMES, LITERALS), _grow, max_leaves=8)

GOOD: list[dict[str, Any]] = [
    parse(
        b"""{"resourceType": "Patient", "id": "a", "active": true, "birthDate": "1974-12-25", "gender": "male",
        "_birthDate": {"extension": [{"url": "http://x", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "name": [{"use": "official", "family": "N", "given": ["A", null], "_given": [null, {"id": "g"}]},
        {"given": ["B"]}],
        "contained": [{"resourceType": "Observation", "valueQuantity": {"value": 1e999999, "unit": "kg"}}],
        "multipleBirthInteger": 2147483647, "identifier": [{"period": {"start": "2014", "end": "2014-13"}}]}"""
    ),
    parse(
        b"""{"resourceType": "Observation", "code": {"coding": [{"code": "c", "system": "s"}]},
        "valueQuantity": {"value": 6.30, "code": "mg", "system": "http://unitsofmeasure.org"},
        "component": [{"valueRange": {"low": {"value": 1e-999999}, "high": {"value": 3, "comparator": "<"}}}]}"""
    ),
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.decimals(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(NAMES, NAMES.map(lambda name: "_" + name), st.just("resourceType")), inner, max_size=4
        ),
    ),
    max_leaves=8,
)
WRONG = st.dictionaries(st.one_of(NAMES, NAMES.map(lambda name: "_" + name)), JSON, max_size=5).map(
    lambda members: {"resourceType": "Patient", **members}
)
RESOURCES = st.one_of(st.sampled_from(GOOD), st.sampled_from(GOOD), WRONG, JSON)
CODES = {
    "fhirpath-syntax",
    "fhirpath-meaning",
    "fhirpath-unknown",
    "fhirpath-run",
    "fhirpath-limit",
    "fhirpath-unsupported",
}


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS, RESOURCES, st.booleans(), st.booleans())
def test_items_or_an_error(expression: str, resource: Any, strict: bool, as_filters: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Env, "left", 20_000)  # the bound on items, low, so that it is met
        try:
            made = compile_(expression, strict=strict, as_filters=as_filters)
            items, typed = made(resource), made.items(resource)
        except LienthongError as error:
            wrong = error
        else:
            assert len(typed) == len(items)
            return
    assert wrong.code in CODES
    assert wrong.where
