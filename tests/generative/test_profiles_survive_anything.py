"""Damaged definitions, terminology, packages, resources: an answer or a named error, never a traceback or a hang."""

from __future__ import annotations

import copy
import io
import random
import tarfile
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.fhir import profiles, validate
from lienthong.fhir.profiles import Package

CORE = "http://fhir.example.vn/core/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
LOINC = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}

PROFILE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": CORE + "p",
    "version": "1",
    "title": "p",
    "fhirVersion": "4.0.1",
    "type": "Observation",
    "baseDefinition": R4 + "vitalsigns",
    "derivation": "constraint",
    "differential": {
        "element": [
            {
                "id": "Observation",
                "path": "Observation",
                "constraint": [{"key": "k", "expression": "status.exists()"}],
            },
            {
                "id": "Observation.extension",
                "path": "Observation.extension",
                "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"},
            },
            {
                "id": "Observation.extension:birth",
                "path": "Observation.extension",
                "sliceName": "birth",
                "type": [{"code": "Extension", "profile": [R4 + "patient-birthPlace"]}],
            },
            {
                "id": "Observation.subject",
                "path": "Observation.subject",
                "type": [
                    {"code": "Reference", "targetProfile": [CORE + "p", R4 + "Patient"], "aggregation": ["bundled"]}
                ],
            },
            {"id": "Observation.valueQuantity", "path": "Observation.valueQuantity", "min": 1, "max": "1"},
            {
                "id": "Observation.valueQuantity.value",
                "path": "Observation.valueQuantity.value",
                "minValueDecimal": 0,
            },
            {
                "id": "Observation.component",
                "path": "Observation.component",
                "slicing": {
                    "discriminator": [{"type": "pattern", "path": "code"}],
                    "rules": "closed",
                    "ordered": True,
                },
            },
            {
                "id": "Observation.component:sys",
                "path": "Observation.component",
                "sliceName": "sys",
                "min": 1,
                "max": "2",
            },
            {
                "id": "Observation.component:sys.code",
                "path": "Observation.component.code",
                "patternCodeableConcept": LOINC,
                "binding": {"strength": "required", "valueSet": "urn:set"},
            },
            {"id": "Observation.note.text", "path": "Observation.note.text", "maxLength": 5},
        ]
    },
}
TERMS: list[dict[str, Any]] = [
    {
        "resourceType": "ValueSet",
        "url": "urn:set",
        "compose": {
            "include": [
                {"system": "urn:x", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]},
                {"system": "http://loinc.org", "concept": [{"code": "8480-6"}]},
                {"valueSet": ["urn:set"]},
            ],
            "exclude": [{"system": "urn:x", "concept": [{"code": "b"}]}],
        },
        "expansion": {"contains": [{"system": "urn:x", "code": "a", "contains": [{"code": "b"}]}]},
    },
    {
        "resourceType": "CodeSystem",
        "url": "urn:x",
        "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}],
    },
]
RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "meta": {"profile": [CORE + "p", "urn:other"]},
    "contained": [{"resourceType": "Patient", "id": "p"}],
    "extension": [{"url": R4 + "patient-birthPlace", "valueAddress": {"city": "Huế"}}],
    "status": "final",
    "_status": {"extension": [{"url": "urn:x", "valueString": "x"}]},
    "category": [{"coding": [{"system": "urn:x", "code": "vital-signs"}]}],
    "code": LOINC,
    "subject": {"reference": "#p", "type": "Patient"},
    "effectiveDateTime": "2026-11-23",
    "valueQuantity": {"value": 1, "code": "kg"},
    "note": [{"text": "dài hơn năm"}],
    "component": [{"code": LOINC, "valueInteger": 3}, {"code": {"text": "x"}}],
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"fullUrl": "http://h.example/Observation/1", "resource": RESOURCE}, {"resource": RESOURCE}],
}
OTHERS: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "*", "é" * 300, [], [[]], {}, [{}], {"code": "x"}),
    *("Observation", "Observation.component", "urn:set", R4 + "Quantity", CORE + "p", "a.b.c", "resolve()", "$this"),
    "Observation.value[x]:a/b",
]


def damaged(whole: Any, seed: int, times: int) -> Any:
    """A copy with some values replaced, taken out, moved or doubled."""
    made, rng = copy.deepcopy(whole), random.Random(seed)
    for _ in range(times):
        places: list[tuple[Any, Any]] = []
        todo = [made]
        while todo:
            value = todo.pop()
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            places += [(value, key) for key in keys]
            todo += [value[key] for key in keys if isinstance(value[key], (dict, list))]
        if not places:
            break
        holder, key = rng.choice(places)
        other_holder, other_key = rng.choice(places)
        match rng.randrange(5):
            case 0:
                holder[key] = copy.deepcopy(rng.choice(OTHERS))
            case 1:
                del holder[key]
            case 2:
                holder[key] = copy.deepcopy(other_holder[other_key])
            case 3:
                holder[key] = [copy.deepcopy(holder[key])] * 2
            case 4 if isinstance(holder, dict):
                holder[rng.choice(["fixedCode", "max", "min", "type", "slicing", "url", "extension"])] = holder[key]
    return made


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.booleans())
def test_damaged_definitions(seed: int, times: int, terms: bool) -> None:
    whole = damaged([*TERMS, PROFILE], seed, times) if terms else [*TERMS, damaged(PROFILE, seed, times)]
    try:
        known = profiles.load(*whole)
    except LienthongError:
        return
    for address in known.addresses:
        with suppress(LienthongError):
            known.profile(address)
    for resource in (RESOURCE, BUNDLE):
        for finding in profiles.check(resource, [known]):
            assert finding.to_json()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.booleans())
def test_damaged_resources(seed: int, times: int, bundle: bool) -> None:
    known = profiles.load(*TERMS, PROFILE).applying(CORE + "p").with_must_support()
    resource = damaged(BUNDLE if bundle else RESOURCE, seed, times)
    if isinstance(resource, dict):
        for finding in (*profiles.check(resource, [known]), *validate(resource, profiles=[known])):
            assert finding.to_json()
        data = canonical.encode(damaged(resource, seed, 1))
        assert isinstance(validate(data, profiles=[known]), list)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_damaged_packages(seed: int, times: int) -> None:
    made, rng = io.BytesIO(), random.Random(seed)
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, data in (
            ("package/package.json", b'{"name": "a", "version": "1", "fhirVersions": ["4.0.1"]}'),
            ("package/p.json", canonical.encode(PROFILE)),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    spoilt = bytearray(made.getvalue())
    for _ in range(times):
        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
    with suppress(LienthongError):
        assert Package.open(io.BytesIO(bytes(spoilt))).name
