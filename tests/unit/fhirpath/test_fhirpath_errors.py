"""Every error of FHIRPath says what, where and what is allowed; what the types show is said before any data."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.fhir.fhirpath import compile as compile_
from lienthong.fhir.fhirpath import evaluate

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "Secret", "given": ["Hidden"]}, {"family": "Also"}],
    "birthDate": "1974-12-25",
}
BEFORE = [
    ("name.famly", True, "fhirpath-unknown", "the element famly in HumanName", "column 6, at `famly`"),
    ("Encounter.name", True, "fhirpath-unknown", "the element Encounter in Patient", "column 1, at `Encounter.name`"),
    ("name.frist()", False, "fhirpath-unknown", "the function frist()", "column 6, at `frist()`"),
    ("name.ofType(humanName)", False, "fhirpath-unknown", "the type humanName", "column 13, at `humanName)`"),
    ("name.where()", False, "fhirpath-meaning", "where() is given 0 arguments", "column 6, at `where()`"),
    ("name.first(1)", False, "fhirpath-meaning", "first() is given 1 arguments", "column 6, at `first(1)`"),
    ("birthDate < 5", False, "fhirpath-meaning", "date and integer have no common order", "column 11, at `< 5`"),
    ("birthDate + 5", False, "fhirpath-meaning", "does not take date and integer", "column 11, at `+ 5`"),
    ("name.startsWith('x')", False, "fhirpath-meaning", "startsWith() takes string, and here stands", "column 6"),
    ("name.given.skip('1')", False, "fhirpath-meaning", "skip() takes integer", "column 17, at `'1')`"),
    ("+'a'", False, "fhirpath-meaning", "`+` takes a number", "column 1, at `+'a'`"),
    ("-'a'", False, "fhirpath-meaning", "`-` takes a number", "column 1, at `-'a'`"),
    ("iif('a', 1, 2)", False, "fhirpath-meaning", "the criterion of iif() must be a boolean", "column 5"),
    ("$index", False, "fhirpath-meaning", "$index stands only in", "column 1"),
    ("name.slice('x', 'y')", False, "fhirpath-unsupported", "slice(), which asks for", "column 6"),
    ("$total", False, "fhirpath-meaning", "$total stands only inside aggregate()", "column 1"),
    ("@2015-02-30", False, "fhirpath-meaning", "there is no such date", "column 1"),
    ("name.is(1)", False, "fhirpath-meaning", "must be the name of a type", "column 9, at `1)`"),
    ("defineVariable(id)", False, "fhirpath-meaning", "must be a string literal", "column 16"),
    ("defineVariable('x').defineVariable('x')", False, "fhirpath-meaning", "%x is defined already", "column 36"),
    ("children().first()", True, "fhirpath-meaning", "first() takes items in order", "column 12, at `first()`"),
    ("name.descendants()[0]", True, "fhirpath-meaning", "an index takes items in order", "column 19, at `[0]`"),
    ("name\n  .famly", True, "fhirpath-unknown", "the element famly", "line 2, column 4, at `famly`"),
]
WHEN_RUN = [
    ("name.single()", "fhirpath-run", "single() wants one item, and there are 2", "column 6, at `single()`"),
    ("name and true", "fhirpath-run", "one truth value is wanted, and there are 2", "column 6"),
    ("name.family + 'x'", "fhirpath-run", "one item is wanted, and there are 2", "column 13, at `+ 'x'`"),
    ("name.as(HumanName)", "fhirpath-run", "`as` takes one item, and there are 2", "column 6"),
    ("'a'.matches('(')", "fhirpath-run", "can't be read as a regular expression", "column 13, at `'(')`"),
    ("(name.family|true).allTrue()", "fhirpath-run", "takes booleans", "column 20, at `allTrue()`"),
    ("birthDate + 1 'mo'", "fhirpath-run", "none that dates can be moved by", "column 11, at `+ 1 'mo'`"),
    ("conformsTo('http://x')", "fhirpath-run", "is not known", "column 12"),
    ("%nobody", "fhirpath-unknown", "the constant %nobody", "column 1, at `%nobody`"),
]


@pytest.mark.parametrize(("text", "strict", "code", "why", "where"), BEFORE)
def test_what_the_types_show_is_said_before_any_data(
    text: str, strict: bool, code: str, why: str, where: str
) -> None:
    with pytest.raises(LienthongError) as caught:
        compile_(text, strict=strict).check("Patient")
    assert caught.value.code == code
    assert caught.value.category in (Category.INCORRECT, Category.UNSUPPORTED)
    assert why in caught.value.what
    assert caught.value.where.startswith(where)


@pytest.mark.parametrize(("text", "code", "why", "where"), WHEN_RUN)
def test_what_only_data_show_names_no_value(text: str, code: str, why: str, where: str) -> None:
    compile_(text).check("Patient")
    with pytest.raises(LienthongError) as caught:
        evaluate(PATIENT, text)
    assert caught.value.code == code
    assert why in caught.value.what
    assert caught.value.where.startswith(where)
    assert not any(value in caught.value.text() for value in ("Secret", "Hidden", "Also", "1974"))


def test_an_unknown_element_is_empty_unless_strict() -> None:
    assert evaluate(PATIENT, "name.famly") == []
    with pytest.raises(LienthongError) as caught:
        evaluate(PATIENT, "name.famly", strict=True)
    assert "family" in caught.value.allowed


DOUBLED = "|".join(map(str, range(90)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"({DOUBLED}).aggregate($total & $total, 'aaaa')", "a very long text"),
        (f"({DOUBLED}).aggregate($total.combine($total), 1 | 2)", "too many items"),
        ("'a'" + ".encode('base64')" * 190, "a very long text"),
        (f"({DOUBLED}).aggregate($total.replace('a', 'aaaa'), 'a')", "too many items"),
        ("'" + "a" * 100_001 + "'", "too long"),
    ],
)
def test_what_grows_without_end_is_stopped(text: str, why: str) -> None:
    with pytest.raises(LienthongError) as caught:
        evaluate(PATIENT, text)
    assert caught.value.code == "fhirpath-limit"
    assert why in caught.value.what


def test_a_resource_nested_too_deep_is_said_to_be_so() -> None:
    deep: dict[str, Any] = {"resourceType": "Questionnaire"}
    place = deep
    for _ in range(5000):
        place["item"] = [{}]
        place = place["item"][0]
    with pytest.raises(LienthongError) as caught:
        evaluate(deep, "descendants().count()")
    assert caught.value.code == "fhirpath-limit"


def test_a_pattern_that_would_try_for_ever_does_not() -> None:
    assert evaluate(PATIENT, "'" + "a" * 5000 + "!'.matches('^(a+)+$')") == [False]


def test_numbers_of_any_size_are_no_fault() -> None:
    with pytest.raises(LienthongError, match="more than 100 digits"):
        evaluate(PATIENT, "9" * 5000)
