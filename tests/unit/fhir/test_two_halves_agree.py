"""What the quick half calls clean has no finding in the close look; and what is valid, both call clean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core import canonical
from lienthong.fhir import UNHOLDABLE, schema, validate
from lienthong.fhir.inspection import inspect
from lienthong.fhir.integrity import examine, examine_local
from lienthong.fhir.quick import LOCAL, NOTED, UNSURE, WHOLE, look

TYPES = sorted(schema.resource_types())


@pytest.mark.parametrize("turn", [0, 1, 2, 7])
def test_every_type_filled_with_all_its_elements_is_clean(build: Callable[..., dict[str, Any]], turn: int) -> None:
    for name in TYPES:
        resource = build(name, turn)
        assert inspect(resource) == [], name
        assert look(resource) != UNSURE, name


@settings(max_examples=400, deadline=None, derandomize=True)
@given(name=st.sampled_from(TYPES), turn=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_the_quick_half_never_passes_what_the_close_look_refuses(
    build: Callable[..., dict[str, Any]],
    spoil: Callable[[dict[str, Any], int], dict[str, Any]],
    name: str,
    turn: int,
    seed: int,
) -> None:
    resource = spoil(build(name, turn), seed)
    findings = inspect(resource)
    verdict = look(resource)
    if verdict != UNSURE:
        assert findings == []
    shapeless = any(finding.code in UNHOLDABLE for finding in findings)
    whole = [] if shapeless else examine(resource)
    if verdict != UNSURE and not verdict & WHOLE:
        # what nobody defines is all that could be said, and only where it is there
        told = [item for item in whole if item.code != "extension-unknown"]
        assert told == (examine_local(resource, extended=bool(verdict & NOTED)) if verdict & LOCAL else [])
        assert bool(verdict & NOTED) or whole == told
    assert validate(resource, invariants=False, advice=False) == [
        *findings,
        *(item for item in whole if item.code != "extension-unknown"),
    ]
    assert validate(resource, invariants=False) == [*findings, *whole]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(name=st.sampled_from(TYPES), turn=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_the_text_of_a_resource_has_the_same_findings(
    build: Callable[..., dict[str, Any]],
    spoil: Callable[[dict[str, Any], int], dict[str, Any]],
    name: str,
    turn: int,
    seed: int,
) -> None:
    try:
        data = canonical.write(spoil(build(name, turn), seed))
        value = canonical.parse(data)
    except ValueError:
        return  # half a surrogate pair is no text
    assert validate(data) == validate(value)


def test_the_spoiler_spoils(
    build: Callable[..., dict[str, Any]], spoil: Callable[[dict[str, Any], int], dict[str, Any]]
) -> None:
    """Guards the test above: enough of its copies are refused, and enough pass."""
    refused = sum(look(spoil(build("Patient"), seed)) == UNSURE for seed in range(300))
    assert 200 < refused < 299
