"""What a profile can ask of one element: values, bounds, codes, references, types with profiles, invariants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lienthong.core.finding import Finding, Severity
from lienthong.fhir import profiles, validate

CORE = "http://fhir.example.vn/core/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
SETS = "http://fhir.example.vn/core/ValueSet/"
SYSTEM = "http://fhir.example.vn/core/CodeSystem/khoa"

Rule = dict[str, Any]
Told = list[tuple[str, str, str]]


def definition(type_name: str, *elements: Rule, name: str = "p", base: str = "") -> dict[str, Any]:
    for element in elements:
        element.setdefault("path", element["id"])
    return {
        "resourceType": "StructureDefinition",
        "url": CORE + name,
        "version": "2.0",
        "title": "Hồ sơ mẫu",
        "type": type_name,
        "baseDefinition": base or R4 + type_name,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    }


def findings(resource: dict[str, Any], *definitions: dict[str, Any]) -> list[Finding]:
    return profiles.check(resource, [profiles.load(*definitions), definitions[0]["url"]])


def told(resource: dict[str, Any], *definitions: dict[str, Any]) -> Told:
    return [
        (item.code, item.place.path, item.rule.id.rpartition("#")[2])
        for item in findings(resource, *definitions)
        if item.rule is not None
    ]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


VN: dict[str, Any] = {"text": "Việt", "coding": [{"system": "urn:ietf:bcp:47", "code": "vi"}]}
FIXED, PATTERN = "profile-fixed-value", "profile-pattern"
VALUES: list[tuple[str, Rule, dict[str, Any], str]] = [
    ("a fixed code", {"id": "Patient.gender", "fixedCode": "female"}, patient(gender="female"), ""),
    ("another code", {"id": "Patient.gender", "fixedCode": "female"}, patient(gender="male"), FIXED),
    ("a fixed truth", {"id": "Patient.active", "fixedBoolean": True}, patient(active=True), ""),
    ("no truth by number", {"id": "Patient.active", "fixedBoolean": True}, patient(active=1), FIXED),
    ("a fixed object", {"id": "Patient.maritalStatus", "fixedCodeableConcept": VN}, patient(maritalStatus=VN), ""),
    (
        "a fixed object and more",
        {"id": "Patient.maritalStatus", "fixedCodeableConcept": VN},
        patient(maritalStatus={**VN, "id": "x"}),
        FIXED,
    ),
    (
        "a pattern and more",
        {"id": "Patient.maritalStatus", "patternCodeableConcept": VN},
        patient(maritalStatus={**VN, "id": "x", "coding": [{"code": "en"}, {**VN["coding"][0], "display": "y"}]}),
        "",
    ),
    (
        "a pattern in parts",
        {"id": "Patient.maritalStatus", "patternCodeableConcept": VN},
        patient(maritalStatus={"text": "Việt", "coding": [{"code": "vi"}, {"system": "urn:ietf:bcp:47"}]}),
        PATTERN,
    ),
    ("at the bound", {"id": "Patient.birthDate", "minValueDate": "1900-06-01"}, patient(birthDate="1900-06-01"), ""),
    ("a year may be right", {"id": "Patient.birthDate", "minValueDate": "1900-06-01"}, patient(birthDate="1900"), ""),
    (
        "before the bound",
        {"id": "Patient.birthDate", "minValueDate": "1900-06-01"},
        patient(birthDate="1900-05"),
        "profile-below-minimum",
    ),
    (
        "a moment after the bound, in another zone",
        {"id": "Patient.deceased[x]", "maxValueDateTime": "2026-01-01T00:00:00+07:00"},
        patient(deceasedDateTime="2025-12-31T17:00:01Z"),
        "profile-above-maximum",
    ),
    (
        "the same moment in another zone",
        {"id": "Patient.deceased[x]", "maxValueDateTime": "2026-01-01T00:00:00+07:00"},
        patient(deceasedDateTime="2025-12-31T17:00:00Z"),
        "",
    ),
    (
        "a number above the bound",
        {"id": "Patient.multipleBirth[x]", "maxValueInteger": 10},
        patient(multipleBirthInteger=11),
        "profile-above-maximum",
    ),
    ("letters, not bytes", {"id": "Patient.name.text", "maxLength": 3}, patient(name=[{"text": "Ánh"}]), ""),
    ("too long", {"id": "Patient.name.text", "maxLength": 3}, patient(name=[{"text": "Ánhh"}]), "profile-too-long"),
    ("too many", {"id": "Patient.name", "max": "1"}, patient(name=[{}, {}]), "profile-too-many"),
    ("too few", {"id": "Patient.name", "min": 2}, patient(name=[{}]), "profile-too-few"),
    ("prohibited", {"id": "Patient.name", "max": "0"}, patient(name=[{}]), "profile-prohibited"),
    (
        "a primitive that is only said to be absent is there",
        {"id": "Patient.birthDate", "min": 1},
        patient(_birthDate={"extension": [{"url": "http://x", "valueCode": "unknown"}]}),
        "",
    ),
    (
        "an extension on a primitive",
        {"id": "Patient.birthDate.extension", "min": 1},
        patient(birthDate="1987"),
        "profile-missing",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "resource", "code"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_values_and_bounds(rule: Rule, resource: dict[str, Any], code: str) -> None:
    assert [item[0] for item in told(resource, definition("Patient", rule))] == ([code] if code else [])


def test_quantities_are_compared_where_their_units_are_the_same() -> None:
    least = {"value": Decimal("0.5"), "system": "http://unitsofmeasure.org", "code": "kg"}
    profile = definition("Observation", {"id": "Observation.value[x]", "minValueQuantity": least})

    def of(value: str, code: str) -> Told:
        quantity = {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": code}
        return told({"resourceType": "Observation", "valueQuantity": quantity}, profile)

    assert of("0.50", "kg") == [] == of("0.4", "g")
    assert of("0.49", "kg") == [("profile-below-minimum", "Observation.valueQuantity", "Observation.value[x]")]


def test_a_content_reference_leads_to_the_elements_it_names() -> None:
    profile = definition("Observation", {"id": "Observation.component.referenceRange.text", "min": 1, "maxLength": 5})
    resource = {"resourceType": "Observation", "component": [{"referenceRange": [{"low": {"value": 1}}]}]}
    assert told(resource, profile) == [
        (
            "profile-missing",
            "Observation.component[0].referenceRange[0].text",
            "Observation.component.referenceRange.text",
        )
    ]


# Codes

DEPARTMENTS = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "content": "complete",
    "concept": [
        {"code": "noi", "concept": [{"code": "tim-mach"}, {"code": "ho-hap", "concept": [{"code": "lao"}]}]},
        {"code": "ngoai", "property": [{"code": "status", "valueCode": "retired"}]},
    ],
}


def value_set(name: str, *includes: dict[str, Any], **compose: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": SETS + name, "compose": {"include": list(includes), **compose}}


def bound(strength: str, name: str, at_most: str = "") -> dict[str, Any]:
    binding: dict[str, Any] = {"strength": strength, "valueSet": f"{SETS}{name}|1.0"}
    if at_most:
        binding["extension"] = [{"url": R4 + "elementdefinition-maxValueSet", "valueCanonical": SETS + at_most}]
    return definition("Encounter", {"id": "Encounter.serviceType", "binding": binding})


def encounter(*codes: str, system: str = SYSTEM) -> dict[str, Any]:
    coding = [{"system": system, "code": code} for code in codes]
    return {
        "resourceType": "Encounter",
        "serviceType": {"coding": coding, "text": "khoa"} if codes else {"text": "khoa"},
    }


ALL_OF = value_set("khoa", {"system": SYSTEM})
REQUIRED, EXTENSIBLE = "profile-binding-required", "profile-binding-extensible"
NOT_CHECKED, TOLD = "profile-binding-not-checked", Severity.INFORMATION
BINDINGS: list[tuple[str, dict[str, Any], dict[str, Any], str, Severity | None]] = [
    ("required: in", bound("required", "khoa"), encounter("lao"), "", None),
    ("required: one of several is in", bound("required", "khoa"), encounter("x", "lao"), "", None),
    ("required: out", bound("required", "khoa"), encounter("x"), REQUIRED, Severity.ERROR),
    ("required: text alone", bound("required", "khoa"), encounter(), REQUIRED, Severity.ERROR),
    ("extensible: out", bound("extensible", "khoa"), encounter("x"), EXTENSIBLE, Severity.WARNING),
    ("extensible: text alone", bound("extensible", "khoa"), encounter(), "", None),
    ("extensible: else", bound("extensible", "khoa"), encounter("lao", system="urn:x"), EXTENSIBLE, Severity.WARNING),
    ("preferred: out", bound("preferred", "khoa"), encounter("x"), "profile-binding-preferred", TOLD),
    ("example: out", bound("example", "khoa"), encounter("x"), "", None),
    ("at most: out", bound("example", "khoa", "khoa"), encounter("x"), REQUIRED, Severity.ERROR),
    ("no such set", bound("required", "unheard-of"), encounter("x"), NOT_CHECKED, TOLD),
]  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "resource", "code", "severity"), [row[1:] for row in BINDINGS], ids=[row[0] for row in BINDINGS]
)
def test_bindings(profile: dict[str, Any], resource: dict[str, Any], code: str, severity: Severity | None) -> None:
    found = findings(resource, profile, DEPARTMENTS, ALL_OF)
    assert [(item.code, item.severity) for item in found] == ([(code, severity)] if code else [])


def test_a_binding_lists_the_codes_where_they_are_few() -> None:
    (finding,) = findings(encounter("x"), bound("required", "khoa"), DEPARTMENTS, ALL_OF)
    assert finding.cure == "Use one of: ho-hap, lao, ngoai, noi, tim-mach."
    assert finding.message == f"Encounter.serviceType needs a code of the value set {SETS}khoa|1.0."


def test_a_binding_of_a_choice_is_about_the_types_that_have_codes() -> None:
    binding = {"strength": "required", "valueSet": SETS + "khoa"}
    profile = definition("Observation", {"id": "Observation.value[x]", "binding": binding})

    def of(**value: Any) -> Told:
        return told({"resourceType": "Observation", **value}, profile, DEPARTMENTS, ALL_OF)

    assert of(valueInteger=3) == [] == of(valuePeriod={"start": "2026"}) == of(valueString="lao")
    wrong = [("profile-binding-required", "Observation.valueQuantity", "Observation.value[x]")]
    assert of(valueQuantity={"value": 3, "system": SYSTEM, "code": "x"}) == wrong == of(valueQuantity={"value": 3})


def test_what_cant_be_checked_is_said_once() -> None:
    profile = definition(
        "Observation",
        {"id": "Observation.component.code", "binding": {"strength": "required", "valueSet": SETS + "other"}},
    )
    resource = {"resourceType": "Observation", "component": [{"code": {"coding": [{"code": "1"}]}}] * 3}
    assert [item[0] for item in told(resource, profile)] == ["profile-binding-not-checked"]


# References

TO_ADULT = [{"code": "Reference", "targetProfile": [CORE + "adult"]}]
ADULT = definition("Patient", {"id": "Patient.birthDate", "maxValueDate": "2008"}, name="adult")


def test_several_target_profiles_need_one_that_fits() -> None:
    infant = definition("Patient", {"id": "Patient.birthDate", "minValueDate": "2025"}, name="infant")
    types = [{"code": "Reference", "targetProfile": [CORE + "adult", CORE + "infant", R4 + "Group"]}]
    profile = definition("Encounter", {"id": "Encounter.subject", "type": types})

    def of(born: str) -> Told:
        contained = [{"resourceType": "Patient", "id": "p", "birthDate": born}]
        resource = {"resourceType": "Encounter", "contained": contained, "subject": {"reference": "#p"}}
        return told(resource, profile, ADULT, infant)

    assert of("1987") == [] == of("2026-01")
    assert of("2015") == [("profile-none-fits", "Encounter.subject", "Encounter.subject")]
    away = {"resourceType": "Encounter", "subject": {"reference": "Group/1"}}
    assert told(away, profile, ADULT, infant) == []
    wrong = {"resourceType": "Encounter", "subject": {"type": "Device", "identifier": {"value": "1"}}}
    assert told(wrong, profile, ADULT, infant) == [
        ("profile-reference-target", "Encounter.subject", "Encounter.subject")
    ]


def test_references_that_lead_in_a_circle_come_to_an_end() -> None:
    part = definition(
        "Location",
        {"id": "Location.partOf", "type": [{"code": "Reference", "targetProfile": [CORE + "place"]}]},
        {"id": "Location.name", "min": 1},
        name="place",
    )
    entries: list[dict[str, Any]] = []
    for one, other in (("a", "b"), ("b", "a")):
        place: dict[str, Any] = {"resourceType": "Location", "id": one, "partOf": {"reference": f"Location/{other}"}}
        entries.append({"fullUrl": f"http://h.example/Location/{one}", "resource": place})
    entries[0]["resource"]["meta"] = {"profile": [CORE + "place"]}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    found = profiles.check(bundle, [profiles.load(part)])
    assert sorted((item.code, item.place.path) for item in found) == [
        ("profile-missing", "Bundle.entry[0].resource.name"),
        ("profile-missing", "Bundle.entry[1].resource.name"),
    ]


def test_a_long_row_of_references_is_followed_to_a_bound_that_is_said() -> None:
    part = definition(
        "Location",
        {"id": "Location.partOf", "type": [{"code": "Reference", "targetProfile": [CORE + "place"]}]},
        name="place",
    )
    entries: list[dict[str, Any]] = []
    for number in range(200):
        above = {"reference": f"Location/{number + 1}"}
        place = {"resourceType": "Location", "id": f"{number}", "partOf": above}
        entries.append({"fullUrl": f"http://h.example/Location/{number}", "resource": place})
    entries[0]["resource"]["meta"] = {"profile": [CORE + "place"]}
    (finding,) = profiles.check({"resourceType": "Bundle", "entry": entries}, [profiles.load(part)])
    assert (finding.code, finding.place.path) == ("profile-too-deep", "Bundle.entry[64].resource")


@pytest.mark.parametrize(
    ("aggregation", "reference", "fits"),
    [
        (["contained"], "#p", True),
        (["contained"], "Patient/1", False),
        (["referenced"], "Patient/1", True),
        (["referenced"], "#p", False),
        (["bundled"], "Patient/1", False),
        (["bundled"], "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", True),
        (["contained", "referenced"], "#p", True),
    ],
)
def test_where_a_reference_may_lead(aggregation: list[str], reference: str, fits: bool) -> None:
    types = [{"code": "Reference", "aggregation": aggregation}]
    profile = definition("Encounter", {"id": "Encounter.subject", "type": types})
    own = {
        "resourceType": "Encounter",
        "meta": {"profile": [CORE + "p"]},
        "contained": [{"resourceType": "Patient", "id": "p"}],
        "subject": {"reference": reference},
    }
    entry = {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "resource": {"resourceType": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": own}, entry]}
    found = profiles.check(bundle, [profiles.load(profile)])
    assert [item.code for item in found] == ([] if fits else ["profile-reference-place"])


# Types with profiles

HEIGHT = definition("Quantity", {"id": "Quantity.code", "min": 1, "fixedCode": "cm"}, name="height")


def test_a_data_type_with_a_profile() -> None:
    types = [{"code": "Quantity", "profile": [CORE + "height"]}, {"code": "string"}]
    profile = definition("Observation", {"id": "Observation.value[x]", "type": types})
    resource = {"resourceType": "Observation", "valueQuantity": {"value": 170, "code": "m"}}
    assert told(resource, profile, HEIGHT) == [
        ("profile-fixed-value", "Observation.valueQuantity.code", "Quantity.code")
    ]
    assert told({"resourceType": "Observation", "valueString": "cao"}, profile, HEIGHT) == []
    assert told(resource, profile) == [("profile-unknown", "Observation.valueQuantity", CORE + "height")]


def test_extensions_that_were_loaded_are_checked_wherever_they_stand() -> None:
    flag = definition(
        "Extension",
        {"id": "Extension.url", "fixedUri": CORE + "flag"},
        {"id": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
        name="flag",
    )
    wrong, right = {"url": CORE + "flag", "valueString": "x"}, {"url": CORE + "flag", "valueCode": "x"}
    resource = patient(
        birthDate="1987",
        _birthDate={"extension": [right, wrong]},
        contact=[{"name": {"extension": [wrong]}}],
        contained=[{"resourceType": "Patient", "id": "p", "extension": [right, wrong]}],
    )
    found = profiles.check(resource, [profiles.load(flag)])
    assert [(item.code, item.place.path) for item in found] == [
        ("profile-wrong-type", "Patient._birthDate.extension[1].valueString"),
        ("profile-wrong-type", "Patient.contact[0].name.extension[0].valueString"),
        ("profile-wrong-type", "Patient.contained[0].extension[1].valueString"),
    ]
    assert profiles.check(resource, [profiles.base()]) == []


def test_an_extension_whose_definition_is_faulty_is_no_crash() -> None:
    faulty = definition("Extension", {"id": "Extension.value[x]", "max": "many"}, name="flag")
    resource = patient(modifierExtension=[{"url": CORE + "flag", "valueCode": "x"}])
    found = validate(resource, profiles=[profiles.load(faulty)], invariants=False)
    assert [(item.code, item.place.path) for item in found] == [("profile-unusable", "Patient.modifierExtension[0]")]
    unknown = validate(resource, profiles=[profiles.base()], invariants=False)
    assert "profile-unusable" not in {item.code for item in unknown} and unknown  # a modifier that nobody knows


# Invariants


def with_rule(expression: str, severity: str = "error", element: str = "Patient") -> dict[str, Any]:
    constraint = {"key": "vn-1", "severity": severity, "human": "Có tên hoặc số định danh", "expression": expression}
    return definition("Patient", {"id": element, "constraint": [constraint]})


def test_an_invariant_of_a_profile() -> None:
    rule = with_rule("name.exists() or identifier.exists()")
    assert findings(patient(name=[{"text": "Lan"}]), rule) == []
    (finding,) = findings(patient(gender="female"), rule)
    assert (finding.code, finding.severity, finding.place.path) == ("profile-invariant", Severity.ERROR, "Patient")
    assert finding.message == "Patient breaks the rule vn-1: Có tên hoặc số định danh"
    assert finding.rule is not None and finding.rule.id == f"{CORE}p|2.0#Patient:vn-1"
    assert finding.rule.source == f"{CORE}p|2.0, element Patient"
    assert finding.cure == "Correct the content so that this holds: name.exists() or identifier.exists()"
    assert profiles.check(patient(gender="female"), [profiles.load(rule), CORE + "p"], invariants=False) == []


def test_an_invariant_may_only_warn() -> None:
    (finding,) = findings(patient(), with_rule("name.exists()", "warning"))
    assert finding.severity is Severity.WARNING


def test_an_invariant_stands_on_its_element_and_sees_the_resource() -> None:
    rule = with_rule("%resource.gender = 'female' implies text.length() < 4", element="Patient.name")
    names = [{"text": "Lan"}, {"text": "Ánh Nguyệt"}]
    assert told(patient(gender="female", name=names), rule) == [
        ("profile-invariant", "Patient.name[1]", "Patient.name:vn-1")
    ]
    assert told(patient(gender="male", name=names), rule) == []


def test_an_invariant_on_a_primitive_and_an_empty_answer() -> None:
    rule = with_rule("$this.matches('^[0-9]{12}$')", element="Patient.identifier.value")
    assert told(patient(identifier=[{"value": "001087000001"}]), rule) == []
    assert told(patient(identifier=[{"value": "1"}]), rule) == [
        ("profile-invariant", "Patient.identifier[0].value", "Patient.identifier.value:vn-1")
    ]
    absent = patient(identifier=[{"_value": {"extension": [{"url": "http://x", "valueCode": "unknown"}]}}])
    assert [item[0] for item in told(absent, rule)] == ["profile-invariant"]  # true is asked for, and empty is not


@pytest.mark.parametrize("expression", ["name.(", "unheardOf()", "1 / 'a'"])
def test_an_invariant_that_cant_be_run_is_information(expression: str) -> None:
    (finding,) = findings(patient(), with_rule(expression))
    assert (finding.code, finding.severity) == ("profile-invariant-not-checked", Severity.INFORMATION)
    assert finding.cure == "Check by hand: Có tên hoặc số định danh"


def test_an_invariant_that_asks_for_what_is_not_in_hand_is_information() -> None:
    here = f"maritalStatus.memberOf('{SETS}khoa')"
    member, away = with_rule(here), with_rule("maritalStatus.memberOf('urn:unheard-of')")
    status = {"coding": [{"system": SYSTEM, "code": "lao"}]}
    assert told(patient(maritalStatus=status), member, DEPARTMENTS, ALL_OF) == []
    wrong = patient(maritalStatus={"coding": [{"system": SYSTEM, "code": "x"}]})
    assert [item[0] for item in told(wrong, member, DEPARTMENTS, ALL_OF)] == ["profile-invariant"]
    assert [item[0] for item in told(wrong, away)] == ["profile-invariant-not-checked"]
    resolves = with_rule("managingOrganization.resolve().name.exists()")
    gone = patient(managingOrganization={"reference": "Organization/1"})
    assert [item[0] for item in told(gone, resolves)] == ["profile-invariant-not-checked"]
    contained = {
        "contained": [{"resourceType": "Organization", "id": "o"}],
        "managingOrganization": {"reference": "#o"},
    }
    assert [item[0] for item in told(patient(**contained), resolves)] == ["profile-invariant"]


def test_an_invariant_may_ask_for_another_profile() -> None:
    rule = with_rule(f"contact.empty() or %resource.conformsTo('{CORE}adult')")
    assert told(patient(contact=[{}], birthDate="1987"), rule, ADULT) == []
    assert told(patient(contact=[{}], birthDate="2020"), rule, ADULT) == [
        ("profile-invariant", "Patient", "Patient:vn-1")
    ]
    assert [item[0] for item in told(patient(contact=[{}]), rule)] == ["profile-invariant-not-checked"]


def test_every_fault_of_the_catalogue_is_found_by_some_test() -> None:
    """The catalogue grows only with its tests: each code stands in a test of this folder."""
    from pathlib import Path

    from lienthong.fhir.profiles.faults import ALL

    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [fault.code for fault in ALL if f'"{fault.code}"' not in tests] == []
