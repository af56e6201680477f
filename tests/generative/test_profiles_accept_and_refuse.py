"""Hypothesis makes profiles, instances that must fit them, and instances spoilt in one place that must not.

The oracle is the way the instance was made: every choice that the maker takes follows the profile's rules or breaks
one of them, and it knows which.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.finding import Severity
from lienthong.fhir import profiles, validate
from lienthong.fhir.profiles import Profiles

CORE = "http://fhir.example.vn/core/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
RULES = ("open", "closed", "openAtEnd")
CODES = ("8480-6", "8462-4", "8867-4", "8310-5")
TEXTS = st.sampled_from(["Nguyễn", "Huế", "khoa nội", "A1"])


class Made:
    """A profile, an instance that fits it, and the ways to spoil the instance: what to do, and the code expected."""

    def __init__(self) -> None:
        self.elements: list[dict[str, Any]] = []
        self.resource: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        self.spoils: list[tuple[str, Any]] = []

    def rule(self, id: str, **members: Any) -> None:
        parts = id.split(".")
        element = {"id": id, "path": ".".join(part.partition(":")[0] for part in parts), **members}
        if ":" in parts[-1]:
            element["sliceName"] = parts[-1].partition(":")[2]
        self.elements.append(element)

    def spoil(self, code: str, change: Any) -> None:
        self.spoils.append((code, change))

    def profile(self) -> dict[str, Any]:
        return {
            "resourceType": "StructureDefinition",
            "url": CORE + "made",
            "title": "made",
            "type": "Observation",
            "baseDefinition": R4 + "Observation",
            "derivation": "constraint",
            "differential": {"element": self.elements},
        }


@st.composite
def made(draw: st.DrawFn) -> Made:
    whole = Made()
    for part in draw(st.permutations([_identifiers, _performers, _value, _codes, _components])):
        if draw(st.booleans()):
            part(draw, whole)
    if not whole.spoils:
        _codes(draw, whole)
    whole.elements.sort(key=lambda element: element["path"].split(".")[:2])
    return whole


def _identifiers(draw: st.DrawFn, whole: Made) -> None:
    """A list with bounds of its own, and a length."""
    low = draw(st.integers(1, 3))
    high = low + draw(st.integers(0, 2))
    length = draw(st.integers(1, 8))
    whole.rule("Observation.identifier", min=low, max=str(high))
    whole.rule("Observation.identifier.value", min=1, maxLength=length)
    items = [{"value": "x" * draw(st.integers(1, length))} for _ in range(draw(st.integers(low, high)))]
    whole.resource["identifier"] = items
    few = "profile-missing" if low == 1 else "profile-too-few"
    whole.spoil(few, lambda made: _cut(made, "identifier", low - 1))
    whole.spoil("profile-too-many", lambda made: made.update(identifier=made["identifier"] * (high + 1)))
    whole.spoil("profile-too-long", lambda made: made["identifier"][0].update(value="x" * (length + 1)))
    whole.spoil("profile-missing", lambda made: made["identifier"].__setitem__(0, {"system": "urn:x"}))


def _cut(made: dict[str, Any], name: str, length: int) -> None:
    del made[name][length:]
    if not length:
        del made[name]


def _performers(draw: st.DrawFn, whole: Made) -> None:
    """References to some types only."""
    targets = draw(st.lists(st.sampled_from(["Practitioner", "Organization", "CareTeam"]), min_size=1, unique=True))
    types = [{"code": "Reference", "targetProfile": [R4 + target for target in targets]}]
    whole.rule("Observation.performer", type=types)
    whole.resource["performer"] = [{"reference": f"{draw(st.sampled_from(targets))}/1"}]
    whole.spoil("profile-reference-target", lambda made: made["performer"].append({"reference": "Patient/1"}))


def _value(draw: st.DrawFn, whole: Made) -> None:
    """A choice with one type left, and bounds; or prohibited."""
    if draw(st.booleans()):
        whole.rule("Observation.value[x]", max="0")
        whole.spoil("profile-prohibited", lambda made: made.update(valueString="x"))
        return
    low, high = sorted(draw(st.lists(st.integers(0, 300), min_size=2, max_size=2, unique=True)))
    whole.rule("Observation.value[x]", min=1, type=[{"code": "Quantity"}])
    whole.rule("Observation.value[x].value", min=1, minValueDecimal=Decimal(low), maxValueDecimal=Decimal(high))
    whole.resource["valueQuantity"] = {"value": Decimal(draw(st.integers(low, high)))}
    whole.spoil("profile-missing", lambda made: made.pop("valueQuantity"))
    whole.spoil("profile-wrong-type", lambda made: (made.pop("valueQuantity"), made.update(valueBoolean=True)))
    whole.spoil("profile-below-minimum", lambda made: made["valueQuantity"].update(value=Decimal(low) - 1))
    whole.spoil("profile-above-maximum", lambda made: made["valueQuantity"].update(value=Decimal(high) + 1))


def _codes(draw: st.DrawFn, whole: Made) -> None:
    """A fixed value or a pattern, which other content may stand beside."""
    code = {"coding": [{"system": "http://loinc.org", "code": draw(st.sampled_from(CODES))}]}
    if draw(st.booleans()):
        whole.rule("Observation.code", fixedCodeableConcept=code)
        whole.resource["code"] = copy.deepcopy(code)
        whole.spoil("profile-fixed-value", lambda made: made["code"].update(text="thêm"))
    else:
        whole.rule("Observation.code", patternCodeableConcept=code)
        more = [{"system": "urn:x", "code": "a"}] if draw(st.booleans()) else []
        whole.resource["code"] = {
            "coding": [*more, {**code["coding"][0], "display": draw(TEXTS)}],
            "text": draw(TEXTS),
        }
        whole.spoil("profile-pattern", lambda made: made["code"].update(coding=[{"code": "a"}]))


def _components(draw: st.DrawFn, whole: Made) -> None:
    """A sliced list: which slices stand there, in which order, with what beside them."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True))
    rules, ordered = draw(st.sampled_from(RULES)), draw(st.booleans())
    slicing = {"discriminator": [{"type": "pattern", "path": "code"}], "rules": rules, "ordered": ordered}
    whole.rule("Observation.component", slicing=slicing)
    items: list[dict[str, Any]] = []
    for number, code in enumerate(codes):
        low, high = draw(st.sampled_from([(0, 1), (1, 1), (1, 2), (0, 3)]))
        pattern = {"coding": [{"system": "http://loinc.org", "code": code}]}
        name = f"Observation.component:s{number}"
        whole.rule(name, min=low, max=str(high))
        whole.rule(name + ".code", patternCodeableConcept=pattern)
        whole.rule(name + ".value[x]", type=[{"code": "integer"}])
        own = [_component(code, valueInteger=draw(st.integers(0, 9))) for _ in range(draw(st.integers(low, high)))]
        items += own

        def lose(made: dict[str, Any], code: str = code) -> None:
            made["component"] = [item for item in made.get("component", ()) if _code(item) != code]
            if not made["component"]:
                del made["component"]

        def add(made: dict[str, Any], code: str = code, high: int = high) -> None:
            made.setdefault("component", []).extend(_component(code) for _ in range(high + 1))

        if low:
            whole.spoil("profile-missing", lose)
        whole.spoil("profile-too-many", add)
    present = list(items)
    if not ordered:
        items = draw(st.permutations(items))
    others = [_component("0-0") for _ in range(draw(st.integers(0, 2)))]
    if rules == "open":
        for item in others:
            items = [*items[: (at := draw(st.integers(0, len(items))))], item, *items[at:]]
    elif rules == "openAtEnd":
        items = [*items, *others]
        if present:
            whole.spoil("profile-slice-at-end", lambda made: made["component"].insert(0, _component("0-0")))
    else:
        whole.spoil("profile-slice-closed", lambda made: made.setdefault("component", []).append(_component("0-0")))
    kinds = list(dict.fromkeys(_code(item) for item in present))
    if ordered and len(kinds) > 1:
        whole.spoil("profile-slice-order", lambda made: made["component"].sort(key=lambda one: -_at(one, codes)))
    if items:
        whole.resource["component"] = list(items)
        if present:
            whole.spoil("profile-wrong-type", lambda made: _retyped(made, codes))


def _component(code: str, **members: Any) -> dict[str, Any]:
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, **members}


def _code(item: dict[str, Any]) -> str:
    return str(item["code"]["coding"][0]["code"])


def _at(item: dict[str, Any], codes: list[str]) -> int:
    return codes.index(_code(item)) if _code(item) in codes else -1


def _retyped(made: dict[str, Any], codes: list[str]) -> None:
    item = next(item for item in made["component"] if _code(item) in codes)
    item.pop("valueInteger", None)
    item["valueString"] = "x"


@settings(max_examples=150, deadline=None)
@given(made(), st.data())
def test_what_fits_passes_and_what_is_spoilt_does_not(whole: Made, data: st.DataObject) -> None:
    known = profiles.load(whole.profile())
    asked: list[str | Profiles] = [known, CORE + "made"]
    found = validate(whole.resource, profiles=asked)
    assert [item for item in found if item.code not in ("best-practice", "invariant")] == []  # obs-7 may fail
    code, change = data.draw(st.sampled_from(whole.spoils))
    spoilt = copy.deepcopy(whole.resource)
    change(spoilt)
    found = validate(spoilt, profiles=asked)
    assert code in {item.code for item in found if item.severity is Severity.ERROR}, (code, spoilt, whole.elements)
