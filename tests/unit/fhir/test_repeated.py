"""Repeated members are found by counting exactly where a reading member by member finds them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core import canonical
from lienthong.fhir import repeated
from lienthong.fhir.repeated import repeated_members

# Names and texts with what could deceive a count of quotation marks.
TEXTS = st.sampled_from(["a", "b", 'c":', ":", '":', '\\":', "é", "", "\n", '"', "\u2028", "d\\", "\\u0022:", "\x7f"])
SPACES = st.sampled_from(["", "", "", " ", "\n", "\t "])


def written(text: str, how: int) -> str:
    """A JSON string, in one of the ways in which it may be written."""
    plain = json.dumps(text, ensure_ascii=how % 2 == 0)
    by_number = how == 3 and "\\" not in text
    return (
        plain.replace(chr(92) + chr(34), "\\u0022")
        if by_number
        else plain.replace(":", "\\u003a")
        if how == 4
        else plain
    )


@st.composite
def texts(draw: st.DrawFn, depth: int = 0) -> str:
    """JSON text; members of an object may be repeated."""
    kind = draw(st.integers(0, 5 if depth < 3 else 2))
    if kind == 0:
        return draw(st.sampled_from(["1", "-0", "1.10", "1e2", "true", "null"]))
    if kind <= 2:
        return written(draw(TEXTS), draw(st.integers(0, 4)))
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        value = draw(texts(depth + 1))
        if kind == 3:
            parts.append(value)
        else:
            name = written(draw(TEXTS), draw(st.integers(0, 4)))
            parts.append(f"{draw(SPACES)}{name}{draw(SPACES)}:{draw(SPACES)}{value}{draw(SPACES)}")
    return "[" + ",".join(parts) + "]" if kind == 3 else "{" + ",".join(parts) + "}"


@settings(max_examples=1000, deadline=None)
@given(texts())
def test_counting_agrees_with_reading(text: str) -> None:
    data = text.encode()
    value = canonical.parse(data)
    assert repeated_members(data, value) == list(repeated._closely(data))


def test_usual_texts_are_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(data: bytes) -> Any:
        raise AssertionError("read a second time")

    monkeypatch.setattr(repeated, "_closely", reading)
    value = {"resourceType": "Patient", "name": [{"text": 'Lê ":" Thị', "family": "Lê"}], "multipleBirthInteger": 2}
    for data in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, separators=(",", ":"))):
        assert repeated_members(data.encode(), value) == []


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('{"resourceType":"Patient","id":"a","id":"b"}', ["Patient.id"]),
        ('{"resourceType":"Patient","name":[{"text":"a","text" :"b"}]}', ["Patient.name[0].text"]),
        ('{"resourceType":"Patient","id":"a","\\u0069d":"b"}', ["Patient.id"]),
        ('{"a":"\\u0022:","a":1}', ["a"]),
        ('{"a":"\\":","a":1}', ["a"]),
        ("[]", []),
    ],
)
def test_the_paths(text: str, paths: list[str]) -> None:
    assert repeated_members(text.encode(), canonical.parse(text)) == paths
