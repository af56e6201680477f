"""What a shortcut answers, the expression answers too; what it skips, the expression finds right."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.fhir import UNHOLDABLE, fhirpath, schema
from lienthong.fhir.fhirpath import parse
from lienthong.fhir.inspection import inspect
from lienthong.fhir.invariants import broken, catalogue
from lienthong.fhir.invariants.catalogue import Invariant
from lienthong.fhir.invariants.shortcut import EMPTY, SPECIAL, UNKNOWN, needed, sketch

TYPES = sorted(schema.resource_types())
Build = Callable[..., dict[str, Any]]
Spoil = Callable[[dict[str, Any], int], dict[str, Any]]
Place = tuple[Invariant, str, Any, str, dict[str, Any], dict[str, Any]]


def thinned(value: dict[str, Any], type_name: str, rng: random.Random) -> dict[str, Any]:
    """A copy from which some members are gone, in which some dates and texts are others."""
    made: dict[str, Any] = {}
    for name, item in value.items():
        element = schema.element(type_name, name)
        if name == "resourceType" or element is None:
            made[name] = item
            continue
        if not element.min and rng.random() < 0.4:
            continue
        code = element.types[0]
        parts = [
            thinned(part, part["resourceType"] if code == "Resource" else code, rng) if type(part) is dict else part
            for part in (item if type(item) is list else [item])
        ]
        if code in ("date", "dateTime", "instant"):
            parts = [rng.choice(DATES[code]) for _ in parts]
        elif code == "code" and element.codes is not None:
            parts = [rng.choice(sorted(set().union(*element.codes.values()))) for _ in parts]
        elif code == "string" and rng.random() < 0.3:
            made["_" + name] = [{"id": "a"} for _ in parts] if type(item) is list else {"id": "a"}
        if type(item) is list and rng.random() < 0.2:
            parts = parts + copy.deepcopy(parts)
        made[name] = parts if type(item) is list else parts[0]
    return made or {"id": "a"}


DATES = {
    "date": ["2026", "2026-11", "2026-11-24", "2026-11-25"],
    "dateTime": ["2026", "2026-11-24", "2026-11-25", "2026-11-24T08:00:00Z", "2026-11-24T08:00:00+07:00"],
    "instant": ["2026-11-24T08:00:00Z", "2026-11-24T08:00:01Z", "2026-11-24T08:00:00.1+07:00"],
}


def everywhere(
    value: dict[str, Any], type_name: str, path: str, resource: dict[str, Any], root: dict[str, Any]
) -> Iterator[Place]:
    """Every invariant at every place, plainly: the oracle of the walk."""
    for base in reversed(schema.ancestry(type_name)):
        for invariant in catalogue.of_type(base):
            yield invariant, type_name, value, path, resource, root
    for name, item in value.items():
        element = schema.element(type_name, name.removeprefix("_"))
        if name == "resourceType" or element is None or element.is_choice:
            continue
        code = "Element" if name[0] == "_" else element.types[0]
        for number, part in enumerate(item if type(item) is list else [item]):
            place = f"{path}.{name}[{number}]" if type(item) is list else f"{path}.{name}"
            if name[0] != "_" and part is not None:
                for invariant in catalogue.of_element(element.path, code):
                    yield invariant, code, part, place, resource, root
            if type(part) is dict and code == "Resource":
                inner = part["resourceType"]
                yield from everywhere(part, inner, place, part, root if name == "contained" else part)
            elif type(part) is dict:
                yield from everywhere(part, code, place, resource, root)


def plainly_broken(resource: dict[str, Any]) -> set[tuple[str, str]]:
    found = set()
    name = resource["resourceType"]
    for invariant, type_name, value, path, around, root in everywhere(resource, name, name, resource, resource):
        if invariant.key == "dom-6" and around is not root:
            continue
        if invariant.compiled.holds(value, type_name, resource=around, root=root) is not True:
            found.add((invariant.key, path))
    return found


def told(findings: list[Finding]) -> set[tuple[str, str]]:
    assert not any(finding.code == "invariant-not-checked" for finding in findings), findings
    return {(finding.rule.id, finding.place.path) for finding in findings}


@settings(max_examples=250, deadline=None)
@given(name=st.sampled_from(TYPES), turn=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_the_walk_finds_what_a_plain_one_finds(build: Build, name: str, turn: int, seed: int) -> None:
    resource = thinned(build(name, turn), name, random.Random(seed))
    assert told(broken(resource)) == plainly_broken(resource)


@settings(max_examples=250, deadline=None)
@given(name=st.sampled_from(TYPES), turn=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_each_shortcut_says_what_the_expression_says(build: Build, name: str, turn: int, seed: int) -> None:
    resource = thinned(build(name, turn), name, random.Random(seed))
    for invariant, type_name, value, _, around, root in everywhere(resource, name, name, resource, resource):
        if type(value) is not dict:
            continue
        tree = parse(invariant.expression)
        short = (SPECIAL.get(invariant.key) or sketch(tree, type_name))(value)
        triggers = needed(tree, type_name)
        full = invariant.compiled.holds(value, type_name, resource=around, root=root)
        if short is not UNKNOWN:
            assert (None if short is EMPTY else short) == full, (invariant.key, value)
        if triggers is not None and triggers.isdisjoint(value):
            assert full is True, (invariant.key, value)


def test_most_invariants_have_a_shortcut() -> None:
    """Guards the tests above: shortcuts do answer, and triggers are found."""
    answered, triggered, number = 0, 0, 0
    for invariant in catalogue.everywhere():
        if not schema.is_type(invariant.place):
            continue
        number += 1
        tree = parse(invariant.expression)
        answered += sketch(tree, invariant.place)({}) is not UNKNOWN
        triggered += needed(tree, invariant.place) is not None
    assert number > 220 and answered > 180 and triggered > 110


@settings(max_examples=400, deadline=None)
@given(name=st.sampled_from(TYPES), turn=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_spoilt_resources_end_in_findings(build: Build, spoil: Spoil, name: str, turn: int, seed: int) -> None:
    resource = spoil(build(name, turn), seed)
    if not UNHOLDABLE & {finding.code for finding in inspect(resource)}:
        for finding in broken(resource):
            assert finding.rule.id and finding.place.path.startswith(name)


def test_an_expression_that_fails_is_a_named_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> bool:
        raise failure

    failure = error_of_evaluation()
    monkeypatch.setattr("lienthong.fhir.fhirpath.evaluation.Expression.holds", fails)
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueRange": {"low": {"value": 1}, "high": {"value": 2}},
    }
    found = [item for item in broken(resource) if item.code == "invariant-not-checked"]
    assert [(item.rule.id, item.place.path) for item in found] == [("rng-2", "Observation.valueRange")]
    assert "fhirpath-run" in found[0].message


def error_of_evaluation() -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        fhirpath.evaluate({"resourceType": "Basic"}, "(1 | 2) > 0")
    return caught.value
