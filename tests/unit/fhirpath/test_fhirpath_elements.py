"""FHIRPath over FHIR: choices, primitives with extensions, types, references, elements by themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lienthong.core.canonical import parse
from lienthong.core.errors import LienthongError
from lienthong.fhir.fhirpath import Date, DateTime, Quantity, Time, evaluate
from lienthong.fhir.fhirpath import compile as compile_

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "name": [
        {"use": "official", "family": "Nguyễn", "given": ["Văn", "An"]},
        {"use": "old", "given": [None, "Ba"], "_given": [{"extension": [{"url": "u", "valueCode": "x"}]}, None]},
    ],
    "birthDate": "1974-12-25",
    "_birthDate": {"id": "b", "extension": [{"url": "time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "_gender": {"extension": [{"url": "absent", "valueCode": "unknown"}]},
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Bệnh viện A"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Practitioner/2"}],
}
OBSERVATION: dict[str, Any] = parse(
    b"""{"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "s", "code": "c"}]},
    "valueQuantity": {"value": 6.30, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    "effectiveDateTime": "2024-01-01T10:00:00+07:00", "component": [
      {"code": {"coding": [{"system": "s", "code": "d"}]}, "valueString": "a"},
      {"code": {"coding": [{"system": "s", "code": "e"}]}, "valueTime": "10:00:00"}]}"""
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.family", ["Nguyễn"]),
        ("Patient.name.given", ["Văn", "An", {"extension": [{"url": "u", "valueCode": "x"}]}, "Ba"]),
        ("name.given.count()", [4]),
        ("name[1].given.select(hasValue())", [False, True]),
        ("name.given.extension('u').value", ["x"]),
        ("name.given.where($this = 'An')", ["An"]),
        ("name.given.distinct().count()", [4]),
        ("birthDate.id", ["b"]),
        ("birthDate.extension('time').value", [DateTime((1974, 12, 25, 14, 35, Decimal(45)), "", -300)]),
        ("birthDate.extension.url", ["time"]),
        ("birthDate.children().count()", [2]),
        ("gender.exists()", [True]),
        ("gender.hasValue()", [False]),
        ("gender = 'male'", []),
        ("gender.extension.value", ["unknown"]),
        ("birthDate.getValue() < @1980", [True]),
        ("multipleBirth", [2]),
        ("multipleBirth.ofType(integer) + 1", [3]),
        ("multipleBirth is integer", [True]),
        ("multipleBirth is boolean", [False]),
        ("multipleBirthInteger", []),
        ("deceased.exists()", [False]),
        ("contained.name", ["Bệnh viện A"]),
        ("contained.ofType(Organization).name", ["Bệnh viện A"]),
        ("contained.ofType(Patient).name", []),
        ("contained.first().type().name", ["Organization"]),
        ("type().baseType", ["FHIR.DomainResource"]),
        ("managingOrganization.resolve().name", ["Bệnh viện A"]),
        ("managingOrganization.resolve().is(Organization)", [True]),
        ("generalPractitioner.resolve()", []),
        ("is(DomainResource)", [True]),
        ("name.first() is FHIR.HumanName", [True]),
        ("Encounter.name", []),
        ("unknown.path", []),
        ("descendants().where($this is HumanName).count()", [2]),
        ("descendants().ofType(HumanName).family", ["Nguyễn"]),
        ("children().ofType(date) = @1974-12-25", [True]),
        ("name.select(use | family)", ["official", "Nguyễn", "old"]),
        ("(name.use | active).count()", [3]),
        ("(name.use | active).ofType(boolean)", [True]),
        ("name.where(use = 'official').given.first()", ["Văn"]),
        ("name.exists(given.count() > 1 and family.exists())", [True]),
        ("name = name", [True]),
        ("name.first() in name", [True]),
        ("name.distinct().count()", [2]),
        ("%resource.id = id", [True]),
        ("name.select(%resource.name.count())", [2, 2]),
        ("name.where(%context.active).count()", [2]),
        ("name.select(%resource.name.where(use = 'old').count() + given.count())", [3, 3]),
        # what is the same for every name is run once; what hangs on the name is not
        ("name.select(%resource.name.use.count() + given.count())", [4, 4]),
        ("name.select(%resource.name.use.first().startsWith(use))", [True, False]),
        ("name.where(%resource.descendants().ofType(HumanName).family = family).use", ["official"]),
        ("name.select('#o' in (%resource.descendants().reference | %resource.id))", [True, True]),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", [True]),
        ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", []),
        ("name.use.first().memberOf('http://hl7.org/fhir/ValueSet/name-use')", [True]),
        ("'zz'.memberOf('http://hl7.org/fhir/ValueSet/name-use')", [False]),
        ("'zz'.memberOf('http://unknown')", []),
        ("checkModifiers().id", ["p1"]),
        ("birthDate + 1 year", [Date((1975, 12, 25), "")]),
    ],
)
def test_of_a_patient(expression: str, expected: list[Any]) -> None:
    assert evaluate(PATIENT, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("value", [OBSERVATION["valueQuantity"]]),
        ("value.ofType(Quantity)", [OBSERVATION["valueQuantity"]]),
        ("value.value", [Decimal("6.30")]),
        ("value.value.toString()", ["6.30"]),
        ("(value as Quantity).code", ["mmol/L"]),
        ("value.as(Quantity).unit", ["mmol/L"]),
        ("value as string", []),
        ("value > 6000 'umol/L'", [True]),
        ("value = 6.3 'mmol/L'", [True]),
        ("value * 2", [Quantity(Decimal("12.60"), "mmol/L")]),
        ("component.value", ["a", Time((10, 0, Decimal(0)), "10:00:00")]),
        ("component.value.ofType(string)", ["a"]),
        ("component.where(code.coding.code = 'e').value", [Time((10, 0, Decimal(0)), "10:00:00")]),
        ("component.value.ofType(time) > @T09", [True]),
        ("effective.toString()", ["2024-01-01T10:00:00+07:00"]),
        ("effective < @2024-01-01T04:00:00Z", [True]),
        ("component.code.where(coding.intersect(%resource.code.coding).exists()).empty()", [True]),
        ("code.coding.where(system = 's').code", ["c"]),
        ("status.type().name", ["code"]),
    ],
)
def test_of_an_observation(expression: str, expected: list[Any]) -> None:
    assert evaluate(OBSERVATION, expression) == expected


def test_resources_of_a_bundle_and_the_callers_resolver() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p"}},
            {
                "fullUrl": "http://h/Observation/2",
                "resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}},
            },
            {
                "fullUrl": "http://h/Encounter/3",
                "resource": {"resourceType": "Encounter", "id": "3", "partOf": {"reference": "Encounter/3"}},
            },
        ],
    }
    subject = "entry.resource.ofType(Observation).subject.resolve()"
    assert evaluate(bundle, f"{subject}.is(Patient)") == [True]
    assert evaluate(bundle, "entry.resource.ofType(Encounter).partOf.resolve().id") == ["3"]
    found = {"resourceType": "Practitioner", "id": "1", "active": True}
    made = compile_("generalPractitioner.resolve().active")
    assert made(PATIENT, resolver=lambda text: found if text == "Practitioner/1" else None) == [True]


def test_the_environment() -> None:
    given = {"limit": 5, "%names": ["a", "b"], "empty": None, "who": {"resourceType": "Patient", "active": True}}
    assert evaluate(PATIENT, "%limit + 1", environment=given) == [6]
    assert evaluate(PATIENT, "%names contains 'b'", environment=given) == [True]
    assert evaluate(PATIENT, "%empty", environment=given) == []
    # of what no type is known, equality is still FHIRPath's
    assert (
        evaluate(PATIENT, "%a = %b", environment={"a": Date((2014,), "2014"), "b": Date((2014, 1), "2014-01")}) == []
    )
    assert evaluate(PATIENT, "%a = true", environment={"a": 1}) == [False]
    assert evaluate(PATIENT, "%who.active", environment=given) == [True]
    assert evaluate(PATIENT, "%`vs-x` & %'ext-y' & %ucum") == [
        "http://hl7.org/fhir/ValueSet/xhttp://hl7.org/fhir/StructureDefinition/yhttp://unitsofmeasure.org"
    ]


def test_what_is_traced_and_asked() -> None:
    seen: list[tuple[str, list[Any]]] = []
    made = compile_("name.trace('n', use).first().use.memberOf('http://mine')")

    class Codes:
        def member_of(self, system: str, code: str, value_set: str) -> bool | None:
            return value_set == "http://mine" and code == "official"

        def subsumes(self, system: str, code: str, other: str) -> bool | None:
            return (code, other) == ("c", "d")

    found = made(PATIENT, trace=lambda name, items: seen.append((name, list(items))), terminology=Codes())
    assert found == [True]
    assert seen == [("n", ["official", "old"])]
    subsumes = compile_("code.subsumes(%resource.component.code.first())")
    assert subsumes(OBSERVATION, terminology=Codes()) == [True]
    assert subsumes(OBSERVATION) == []
    conforms = compile_("conformsTo('http://profile')")
    assert conforms(PATIENT, conforms=lambda resource, url: url == "http://profile") == [True]


def test_an_element_by_itself() -> None:
    component = OBSERVATION["component"][0]
    made = compile_("value.exists() and %resource.status = 'final' and code.coding.code = 'd'")
    assert made.on(component, "Observation.component", resource=OBSERVATION) == [True]
    assert made.holds(component, "Observation.component", resource=OBSERVATION) is True
    assert made.holds({}, "Observation.component", resource=OBSERVATION) is False
    assert compile_("code.text = 'x'").holds(component, "Observation.component", resource=OBSERVATION) is None
    ele_1 = compile_("hasValue() or (children().count() > id.count())")
    assert ele_1.holds("1974", "date", resource=PATIENT) is True
    assert ele_1.holds(None, "code", resource=PATIENT, extra=PATIENT["_gender"]) is True
    assert ele_1.holds({"id": "x"}, "HumanName", resource=PATIENT) is False
    assert ele_1.holds("no object", "HumanName", resource=PATIENT) is False
    root = compile_("%rootResource.id & %resource.id")
    assert root.on({}, "Period", resource=PATIENT["contained"][0], root=PATIENT) == ["p1o"]
    assert compile_("$this > @1970").on("1974-12-25", "date", resource=PATIENT) == [True]


def test_as_of_many_items() -> None:
    with pytest.raises(LienthongError, match="`as` takes one item, and there are"):
        evaluate(PATIENT, "descendants().as(HumanName)")
    assert len(compile_("descendants().as(HumanName)", as_filters=True)(PATIENT)) == 2


def test_what_is_no_resource() -> None:
    wrong: list[Any] = [None, [], "text", 5, {}, {"resourceType": ["x"]}, {"resourceType": "Unknown", "name": "x"}]
    for value in wrong:
        assert compile_("name.family")(value) == []
    assert evaluate({"resourceType": "Unknown", "name": [{"family": "x"}]}, "name.family") == ["x"]
    assert evaluate({"resourceType": "Patient", "name": "x", "birthDate": {"a": 1}}, "name.family") == []
