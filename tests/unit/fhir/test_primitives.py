"""The forms of the primitive types, with the calendar; and against HL7's own regular expressions."""

from __future__ import annotations

import re

import pytest

from lienthong.fhir import schema
from lienthong.fhir.primitives import TEXT_FORMS, is_decimal, remember

RIGHT = {
    "base64Binary": ["TGnDqm4=", "TGnD\nqm4gdA==", "AAAA"],
    "canonical": ["http://a.example/ValueSet/x|1.0#y"],
    "code": ["a", "two words", "đã-ký"],
    "date": ["1987", "1987-02", "2024-02-29", "2000-02-29", "0001-01-01"],
    "dateTime": ["1987", "1987-02", "2024-02-29", "2026-11-23T08:15:00Z", "2026-11-23T23:59:60.5+07:00",
                 "2026-11-23T08:15:00-14:00"],
    "id": ["a", "A-1.b", "x" * 64],
    "instant": ["2026-11-23T08:15:00Z", "2026-11-23T08:15:00.123456789+07:00"],
    "markdown": ["# a\n\tb"],
    "oid": ["urn:oid:1.2.0"],
    "string": ["Nguyễn", "a\nb", "a\u00a0b"],
    "time": ["00:00:00", "23:59:60.123"],
    "uri": ["urn:isbn:0-486-27557-4", "x"],
    "url": ["http://a.example"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>', "\n<div/>\n"],
}  # fmt: skip
WRONG = {
    "base64Binary": ["", "AAA", "AA==AAAA", "A===", "%%%%", "   "],
    "canonical": ["", "a b"],
    "code": ["", " a", "a ", "a  b", "a\n\nb"],
    "date": ["", "87", "0000", "1987-13", "1987-00", "1987-2-1", "2023-02-29", "1900-02-29", "2026-04-31",
             "2026-11-23T08:15:00Z", "2026-11-23\n", "٢٠٢٦"],
    "dateTime": ["2026-11-23T08:15Z", "2026-11-23T08:15:00", "2026-11-23T24:00:00Z", "2026-02-30T00:00:00Z",
                 "2026-11-23 08:15:00Z", "2026-11-23T08:15:00+15:00", "20261123"],
    "id": ["", "x" * 65, "a_b", "a b", "é", "a\n"],
    "instant": ["2026-11-23", "2026-11-23T08:15:00"],
    "markdown": ["", "\x00"],
    "oid": ["1.2.3", "urn:oid:3.1", "urn:oid:1.02"],
    "string": ["", "a\x07b", "\ud800", "x" * (1024 * 1024 + 1)],
    "time": ["24:00:00", "8:15:00", "08:15", "08:15:00Z"],
    "uri": ["", "a b"],
    "url": ["", "http://a b"],
    "uuid": ["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"],
    "xhtml": ["", "text", "<p>a</p>", "<divider/>"],
}  # fmt: skip
# Where we are stricter than HL7's regular expression, by the text of datatypes.html: the calendar, base64 padding,
# control characters, the length of a string. An empty value is caught before any form.
STRICTER = {"2023-02-29", "1900-02-29", "2026-04-31", "2026-02-30T00:00:00Z", "AA==AAAA", "A===", "a\x07b", "\ud800",
            "\x00", "x" * (1024 * 1024 + 1), ""}  # fmt: skip


@pytest.mark.parametrize("type_name", sorted(TEXT_FORMS))
def test_right_and_wrong_values(type_name: str) -> None:
    check = TEXT_FORMS[type_name]
    for _ in range(2):  # the second time from memory
        assert [value for value in RIGHT[type_name] if not check(value)] == []
        assert [value for value in WRONG[type_name] if check(value)] == []


@pytest.mark.parametrize("type_name", sorted(set(TEXT_FORMS) - {"xhtml"}))
def test_hl7s_regular_expressions_say_the_same(type_name: str) -> None:
    pattern = re.compile(schema.primitive_pattern(type_name), re.ASCII)
    assert [value for value in RIGHT[type_name] if not pattern.fullmatch(value)] == []
    looser = {value for value in WRONG[type_name] if pattern.fullmatch(value)}
    assert looser <= STRICTER


def test_every_string_type_has_a_form() -> None:
    assert (
        set(TEXT_FORMS) == {name for name in RIGHT if schema.is_primitive(name)} and len(TEXT_FORMS) + 5 == 20
    )  # boolean, decimal and three integers


def test_free_text_is_not_remembered() -> None:
    for type_name in ("string", "markdown", "id", "base64Binary", "xhtml"):
        assert remember(type_name) == frozenset()


def test_numbers_that_json_has_no_form_for_are_no_decimals() -> None:
    assert is_decimal(1) and is_decimal(1.5)
    assert not any(is_decimal(value) for value in (True, "1", None, float("nan"), float("inf")))
