"""Each way to slice a list: by value, pattern, presence, type, profile; open, closed, ordered; slices of slices."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.core.finding import Finding, Severity
from lienthong.fhir import profiles

CORE = "http://fhir.example.vn/core/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"

Rule = dict[str, Any]
Told = list[tuple[str, str, str]]


def definition(type_name: str, *elements: Rule, name: str = "p", base: str = "") -> dict[str, Any]:
    for element in elements:
        parts = element["id"].split(".")
        element.setdefault("path", ".".join(part.partition(":")[0] for part in parts))
        if ":" in parts[-1]:
            element.setdefault("sliceName", parts[-1].partition(":")[2])
    return {
        "resourceType": "StructureDefinition",
        "url": CORE + name,
        "title": name,
        "type": type_name,
        "baseDefinition": base or R4 + type_name,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    }


def sliced(*discriminators: str, rules: str = "open", ordered: bool = False) -> Rule:
    pairs = [item.split(":", 1) for item in discriminators]
    return {
        "discriminator": [{"type": kind, "path": path} for kind, path in pairs],
        "rules": rules,
        "ordered": ordered,
    }


def told(findings: list[Finding]) -> Told:
    return [
        (item.code, item.place.path, item.rule.id.rpartition("#")[2]) for item in findings if item.rule is not None
    ]


def check(resource: dict[str, Any], *definitions: dict[str, Any]) -> Told:
    return told(profiles.check(resource, [profiles.load(*definitions), definitions[0]["url"]]))


def patient(*systems: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": "1"} for system in systems]}


def by_system(rules: str = "open", *, ordered: bool = False) -> dict[str, Any]:
    return definition(
        "Patient",
        {"id": "Patient.identifier", "slicing": sliced("value:system", rules=rules, ordered=ordered)},
        {"id": "Patient.identifier:a", "max": "1"},
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
        {"id": "Patient.identifier:b", "max": "1"},
        {"id": "Patient.identifier:b.system", "fixedUri": "urn:b"},
    )


SLICE_A, ALL = "Patient.identifier:a", "Patient.identifier"
RULES: list[tuple[str, dict[str, Any], tuple[str, ...], Told]] = [
    ("open: others anywhere", by_system(), ("urn:x", "urn:b", "urn:x", "urn:a"), []),
    ("open: one too many", by_system(), ("urn:a", "urn:x", "urn:a"), [("profile-too-many", ALL, SLICE_A)]),
    ("closed: no others", by_system("closed"), ("urn:b", "urn:a"), []),
    (
        "closed: another",
        by_system("closed"),
        ("urn:a", "urn:x"),
        [("profile-slice-closed", "Patient.identifier[1]", ALL)],
    ),
    ("open at end: others last", by_system("openAtEnd"), ("urn:b", "urn:a", "urn:x", "urn:x"), []),
    (
        "open at end: another first",
        by_system("openAtEnd"),
        ("urn:x", "urn:a", "urn:b"),
        [("profile-slice-at-end", "Patient.identifier[1]", ALL)],
    ),
    ("ordered: in order", by_system(ordered=True), ("urn:a", "urn:x", "urn:b"), []),
    (
        "ordered: turned round",
        by_system(ordered=True),
        ("urn:b", "urn:a"),
        [("profile-slice-order", "Patient.identifier[1]", ALL)],
    ),
]


@pytest.mark.parametrize(
    ("profile", "systems", "expected"), [row[1:] for row in RULES], ids=[row[0] for row in RULES]
)
def test_the_rules_of_a_slicing(profile: dict[str, Any], systems: tuple[str, ...], expected: Told) -> None:
    assert check(patient(*systems), profile) == expected


def observation(*components: dict[str, Any], **members: Any) -> dict[str, Any]:
    made = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **members}
    return {**made, "component": list(components)} if components else made


def coded(code: str, **members: Any) -> dict[str, Any]:
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code, "display": "tên"}]}, **members}


LOINC = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}


@pytest.mark.parametrize(
    ("slicing", "rule"),
    [
        (sliced("pattern:code"), {"id": "Observation.component:sys.code", "patternCodeableConcept": LOINC}),
        (sliced("value:code"), {"id": "Observation.component:sys.code", "patternCodeableConcept": LOINC}),
        (sliced("value:code.coding.code"), {"id": "Observation.component:sys.code", "patternCodeableConcept": LOINC}),
        (
            sliced("value:code.coding.code"),
            {"id": "Observation.component:sys.code.coding.code", "fixedCode": "8480-6"},
        ),
        (sliced("value:code"), {"id": "Observation.component:sys.code.coding.code", "fixedCode": "8480-6"}),
        (sliced("value:$this"), {"id": "Observation.component:sys", "patternBackboneElement": {"code": LOINC}}),
    ],
    ids=["pattern", "value with pattern", "inside a pattern", "value", "value below", "this"],
)
def test_by_value_and_pattern(slicing: Rule, rule: Rule) -> None:
    profile = definition(
        "Observation",
        {"id": "Observation.component", "slicing": slicing},
        {"id": "Observation.component:sys", "min": 1, "max": "1"},
        rule,
        {"id": "Observation.component:sys.value[x]", "min": 1, "type": [{"code": "Quantity"}]},
    )
    right = coded("8480-6", valueQuantity={"value": 120})
    assert check(observation(coded("1-8"), right), profile) == []
    assert check(observation(coded("1-8")), profile) == [
        ("profile-missing", "Observation.component", "Observation.component:sys")
    ]
    assert check(observation(coded("8480-6", valueString="cao")), profile) == [
        ("profile-wrong-type", "Observation.component[0].valueString", "Observation.component:sys.value[x]")
    ]


def test_by_presence() -> None:
    profile = definition(
        "Observation",
        {"id": "Observation.component", "slicing": sliced("exists:value", rules="closed")},
        {"id": "Observation.component:measured", "min": 1},
        {"id": "Observation.component:measured.value[x]", "min": 1},
        {"id": "Observation.component:not", "max": "1"},
        {"id": "Observation.component:not.value[x]", "max": "0"},
        {"id": "Observation.component:not.dataAbsentReason", "min": 1},
    )
    measured, absent = coded("1-8", valueInteger=3), coded("1-8", dataAbsentReason={"text": "không đo"})
    assert check(observation(measured, absent), profile) == []
    assert check(observation(absent), profile) == [
        ("profile-missing", "Observation.component", "Observation.component:measured")
    ]
    assert check(observation(measured, coded("1-8")), profile) == [
        ("profile-missing", "Observation.component[1].dataAbsentReason", "Observation.component:not.dataAbsentReason")
    ]


def test_a_choice_by_type() -> None:
    profile = definition(
        "Observation",
        {"id": "Observation.value[x]", "slicing": sliced("type:$this", rules="closed")},
        {"id": "Observation.value[x]:valueQuantity", "type": [{"code": "Quantity"}]},
        {"id": "Observation.value[x]:valueQuantity.code", "min": 1},
        {"id": "Observation.value[x]:valueString", "type": [{"code": "string"}], "maxLength": 3},
    )
    assert check(observation(valueQuantity={"value": 1, "code": "kg"}), profile) == []
    assert check(observation(valueString="cao"), profile) == []
    assert check(observation(valueQuantity={"value": 1}), profile) == [
        ("profile-missing", "Observation.valueQuantity.code", "Observation.value[x]:valueQuantity.code")
    ]
    assert check(observation(valueString="thấp"), profile) == [
        ("profile-too-long", "Observation.valueString", "Observation.value[x]:valueString")
    ]
    assert check(observation(valueBoolean=True), profile) == [
        ("profile-slice-closed", "Observation.valueBoolean", "Observation.value[x]")
    ]


def test_a_choice_renamed_to_a_type_leaves_the_others() -> None:
    for path in ("Observation.valueQuantity", "Observation.value[x]:valueQuantity"):
        profile = definition(
            "Observation", {"id": path + ".code", "path": "Observation.valueQuantity.code", "min": 1}
        )
        assert check(observation(valueString="cao"), profile) == []
        assert check(observation(valueQuantity={"value": 1}), profile) == [
            ("profile-missing", "Observation.valueQuantity.code", "Observation.value[x]:valueQuantity.code")
        ]


def test_slices_are_known_by_order_where_a_definition_has_no_ids() -> None:
    profile = by_system()
    for element in profile["differential"]["element"]:
        del element["id"]
    assert check(patient("urn:a", "urn:a"), profile) == [("profile-too-many", ALL, SLICE_A)]


def test_a_derived_profile_goes_on_with_the_slices_of_its_base() -> None:
    derived = definition(
        "Patient",
        {"id": "Patient.identifier.value", "min": 1},
        {"id": "Patient.identifier:a", "min": 1},
        {"id": "Patient.identifier:a.value", "maxLength": 3},
        name="derived",
        base=CORE + "p",
    )
    whole = [derived, by_system("closed")]
    assert check(patient("urn:a"), *whole) == []
    assert check({"resourceType": "Patient", "identifier": [{"system": "urn:a"}, {"system": "urn:b"}]}, *whole) == [
        # what is said of all identifiers holds in the slices of the base too
        ("profile-missing", "Patient.identifier[0].value", "Patient.identifier:a.value"),
        ("profile-missing", "Patient.identifier[1].value", "Patient.identifier:b.value"),
    ]
    assert check(patient("urn:b", "urn:x"), *whole) == [
        ("profile-slice-closed", "Patient.identifier[1]", "Patient.identifier"),
        ("profile-missing", "Patient.identifier", "Patient.identifier:a"),
    ]


def test_a_slice_is_sliced_again() -> None:
    derived = definition(
        "Patient",
        {"id": "Patient.identifier:a", "slicing": sliced("value:use", rules="closed"), "max": "*"},
        {"id": "Patient.identifier:a/old", "max": "1"},
        {"id": "Patient.identifier:a/old.use", "min": 1, "fixedCode": "old"},
        {"id": "Patient.identifier:a/new", "min": 1},
        {"id": "Patient.identifier:a/new.use", "min": 1, "fixedCode": "official"},
        name="derived",
        base=CORE + "p",
    )
    base = by_system()
    base["differential"]["element"][1]["max"] = "*"

    def of(*uses: str) -> dict[str, Any]:
        return {"resourceType": "Patient", "identifier": [{"system": "urn:a", "use": use} for use in uses]}

    assert check(of("official", "old"), derived, base) == []
    assert check(of("old"), derived, base) == [("profile-missing", ALL, "Patient.identifier:a/new")]
    assert check(of("official", "old", "old"), derived, base) == [
        ("profile-too-many", ALL, "Patient.identifier:a/old")
    ]
    assert check(of("official", "usual"), derived, base) == [
        ("profile-slice-closed", "Patient.identifier[1]", "Patient.identifier:a")
    ]


def document(*resources: dict[str, Any]) -> dict[str, Any]:
    """A Composition whose sections point to the resources, and those, in a Bundle."""
    entries = [
        {
            "fullUrl": f"http://hospital.example/fhir/{item['resourceType']}/{number}",
            "resource": {**item, "id": f"{number}"},
        }
        for number, item in enumerate(resources)
    ]
    section = {
        "title": "x",
        "entry": [{"reference": f"{item['resourceType']}/{n}"} for n, item in enumerate(resources)],
    }
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026-11-23",
        "author": [{"reference": "Practitioner/1"}],
        "title": "Giấy ra viện",
        "section": [section],
    }
    head = {"fullUrl": "http://hospital.example/fhir/Composition/c", "resource": composition}
    return {"resourceType": "Bundle", "type": "document", "entry": [head, *entries]}


ENTRY = "Bundle.entry[0].resource.section[0].entry"


def reference(profile: str) -> list[Rule]:
    return [{"code": "Reference", "targetProfile": [profile]}]


def discharge(kind: str, *, loaded: str = "p") -> dict[str, Any]:
    """Sections whose entries are told apart by what they point to."""
    return definition(
        "Composition",
        {"id": "Composition.section.entry", "slicing": sliced(f"{kind}:resolve()", rules="closed")},
        {"id": "Composition.section.entry:condition", "min": 1, "type": reference(R4 + "Condition")},
        {"id": "Composition.section.entry:pulse", "max": "1", "type": reference(CORE + loaded)},
        name="discharge",
    )


CONDITION = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
PULSE = definition("Observation", {"id": "Observation.code", "patternCodeableConcept": LOINC})


@pytest.mark.parametrize("kind", ["type", "profile"])
def test_by_what_a_reference_leads_to(kind: str) -> None:
    whole = profiles.load(discharge(kind), PULSE)

    def of(*resources: dict[str, Any]) -> Told:
        bundle = document(*resources)
        bundle["entry"][0]["resource"]["meta"] = {"profile": [CORE + "discharge"]}
        return told(profiles.check(bundle, [whole]))

    fits = {"resourceType": "Observation", **coded("8480-6")}
    assert of(CONDITION, fits) == []
    assert of(fits) == [("profile-missing", ENTRY, "Composition.section.entry:condition")]
    assert of(CONDITION, {"resourceType": "Patient"}) == [
        ("profile-slice-closed", f"{ENTRY}[1]", "Composition.section.entry")
    ]
    other = {"resourceType": "Observation", **coded("1-8")}
    if kind == "type":  # it is in the slice, and so must fit the profile that the slice points to
        assert of(CONDITION, other) == [("profile-pattern", "Bundle.entry[2].resource.code", "Observation.code")]
    else:
        assert of(CONDITION, other) == [("profile-slice-closed", f"{ENTRY}[1]", "Composition.section.entry")]


def test_what_is_not_in_hand_is_said_and_never_guessed() -> None:
    lone = document()["entry"][0]["resource"]
    lone["section"][0]["entry"] = [{"reference": "Condition/7"}]
    assert check(lone, discharge("type"), PULSE) == [
        ("profile-slicing-not-checked", "Composition.section[0].entry", "Composition.section.entry")
    ]
    bundle = document({"resourceType": "Observation", **coded("8480-6")})
    bundle["entry"][0]["resource"]["meta"] = {"profile": [CORE + "discharge"]}
    unknown = profiles.check(bundle, [profiles.load(discharge("profile", loaded="unheard-of"))])
    assert ("profile-slice-closed", f"{ENTRY}[0]", "Composition.section.entry") not in told(unknown)


def test_entries_of_a_bundle_by_the_type_of_their_resource() -> None:
    profile = definition(
        "Bundle",
        {"id": "Bundle.entry", "slicing": sliced("type:resource")},
        {"id": "Bundle.entry:patient", "min": 1, "max": "1"},
        {"id": "Bundle.entry:patient.resource", "min": 1, "type": [{"code": "Patient"}]},
        {"id": "Bundle.entry:patient.resource.birthDate", "min": 1},
    )
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient"}}]}
    assert check(bundle, profile) == [
        ("profile-missing", "Bundle.entry[0].resource.birthDate", "Bundle.entry:patient.resource.birthDate")
    ]
    assert check({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": CONDITION}]}, profile) == [
        ("profile-missing", "Bundle.entry", "Bundle.entry:patient")
    ]


UNCLEAR: list[tuple[str, Rule | None, str]] = [
    ("no discriminator", {"rules": "closed"}, "the profile names no discriminator"),
    ("no value", sliced("value:use"), "the slice a fixes no value at use, or what it names is not loaded"),
    ("no presence", sliced("exists:use"), "the slice a neither requires nor prohibits use"),
    ("a kind of R5", sliced("position:$this"), "a discriminator of the kind position is not of FHIR R4"),
    ("no FHIRPath", sliced("value:a("), "the path of a discriminator is no FHIRPath"),
    ("more than R4 allows", sliced("value:where(use='old')"), "the path of a discriminator uses more than FHIR R4"),
]


@pytest.mark.parametrize(("slicing", "why"), [row[1:] for row in UNCLEAR], ids=[row[0] for row in UNCLEAR])
def test_slices_that_cant_be_told_apart_are_said(slicing: Rule, why: str) -> None:
    profile = definition(
        "Patient",
        {"id": "Patient.identifier", "slicing": slicing},
        {"id": "Patient.identifier:a", "min": 1},
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
    )
    (finding,) = profiles.check(patient("urn:a"), [profiles.load(profile), CORE + "p"])
    assert finding.code == "profile-slicing-not-checked"
    assert why in finding.message


def test_a_definition_as_a_resource_is_looked_at_as_a_profile() -> None:
    known = [profiles.base()]
    assert profiles.check(by_system(), known) == []
    wrong = definition("Patient", {"id": "Patient.nickname"})
    (finding,) = profiles.check(wrong, known)
    assert (finding.code, finding.severity) == ("profile-unusable", Severity.ERROR)
    assert "The profile says something of Patient.nickname, and no such element is there." in finding.message
    away = definition("Patient", {"id": "Patient.name"}, base="http://other.example/p")
    assert [item.severity for item in profiles.check(away, known)] == [Severity.INFORMATION]
    unclear = definition(
        "Patient",
        {"id": "Patient.identifier", "slicing": sliced("value:use")},
        {"id": "Patient.identifier:a", "min": 1},
    )
    (finding,) = profiles.check(unclear, known)
    assert finding.severity is Severity.WARNING
    assert (
        "the slices of Patient.identifier can't be told apart: the slice a fixes no value at use" in finding.message
    )


def test_an_extension_whose_definition_is_not_here_is_known_by_its_url() -> None:
    of_race = [{"code": "Extension", "profile": [CORE + "unheard-of"]}]
    profile = definition(
        "Patient",
        {"id": "Patient.extension", "slicing": sliced("value:url", rules="closed")},
        {"id": "Patient.extension:race", "min": 1, "max": "1", "type": of_race},
    )
    race = {"url": CORE + "unheard-of", "valueString": "x"}
    assert check({"resourceType": "Patient", "extension": [race]}, profile) == [
        ("profile-unknown", "Patient.extension[0]", CORE + "unheard-of")
    ]
    assert check({"resourceType": "Patient", "extension": [{"url": "urn:x", "valueString": "x"}]}, profile) == [
        ("profile-slice-closed", "Patient.extension[0]", "Patient.extension"),
        ("profile-missing", "Patient.extension", "Patient.extension:race"),
    ]


def test_one_unclear_slice_leaves_the_others_checked() -> None:
    profile = definition(
        "Patient",
        {"id": "Patient.identifier", "slicing": sliced("value:system", rules="closed")},
        {"id": "Patient.identifier:a", "max": "1"},
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
        {"id": "Patient.identifier:b", "min": 1},
    )
    assert check(patient("urn:a", "urn:a", "urn:x"), profile) == [
        ("profile-slicing-not-checked", "Patient.identifier", "Patient.identifier"),
        ("profile-too-many", "Patient.identifier", "Patient.identifier:a"),
    ]


def test_an_extension_as_discriminator() -> None:
    flag = definition(
        "Extension",
        {"id": "Extension.url", "fixedUri": CORE + "flag"},
        {"id": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
        name="flag",
    )
    of_flag = [{"code": "Extension", "profile": [CORE + "flag"]}]
    profile = definition(
        "Patient",
        {"id": "Patient.contact", "slicing": sliced(f"value:extension('{CORE}flag').value")},
        {"id": "Patient.contact:guardian", "max": "1"},
        {"id": "Patient.contact:guardian.extension:flag", "min": 1, "type": of_flag},
        {"id": "Patient.contact:guardian.extension:flag.value[x]", "fixedCode": "guardian"},
        {"id": "Patient.contact:guardian.telecom", "min": 1},
    )

    def contact(code: str) -> dict[str, Any]:
        return {"extension": [{"url": CORE + "flag", "valueCode": code}], "gender": "female"}

    assert check({"resourceType": "Patient", "contact": [contact("friend")]}, profile, flag) == []
    assert check({"resourceType": "Patient", "contact": [contact("friend"), contact("guardian")]}, profile, flag) == [
        ("profile-missing", "Patient.contact[1].telecom", "Patient.contact:guardian.telecom")
    ]
