"""The compact schema answers as the pages of FHIR R4 do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lienthong.core.errors import LienthongError
from lienthong.fhir import schema


def test_it_has_the_146_resource_types_of_4_0_1() -> None:
    assert schema.release() == "4.0.1"
    assert len(schema.resource_types()) == 146
    assert "Patient" in schema.resource_types()
    # R4B's, and the abstract ones
    assert schema.resource_types().isdisjoint({"SubscriptionStatus", "Resource", "DomainResource", "Element"})


def test_a_choice_is_one_element_that_knows_its_members() -> None:
    value = schema.element("Observation", "value")
    assert value is not None
    assert value.is_choice
    assert not value.is_list
    assert value.path == "Observation.value[x]"
    assert dict(zip(value.types, value.json_names, strict=True)) == {
        "Quantity": "valueQuantity",
        "CodeableConcept": "valueCodeableConcept",
        "string": "valueString",
        "boolean": "valueBoolean",
        "integer": "valueInteger",
        "Range": "valueRange",
        "Ratio": "valueRatio",
        "SampledData": "valueSampledData",
        "time": "valueTime",
        "dateTime": "valueDateTime",
        "Period": "valuePeriod",
    }


def test_a_member_of_a_choice_is_the_element_narrowed() -> None:
    narrowed = schema.element("Observation", "valueQuantity")
    assert narrowed is not None
    assert (narrowed.name, narrowed.types, narrowed.choice) == ("valueQuantity", ("Quantity",), "value")
    assert not narrowed.is_choice
    assert schema.element("Observation", "valueMoney") is None


def test_only_the_reference_of_a_choice_has_targets() -> None:
    narrowed = schema.element("MedicationRequest", "medicationReference")
    other = schema.element("MedicationRequest", "medicationCodeableConcept")
    assert narrowed is not None and narrowed.targets == ("Medication",)
    assert other is not None and other.targets == ()


def test_backbones_and_content_references_lead_on() -> None:
    component = schema.element("Observation", "component")
    assert component is not None and component.types == ("Observation.component",) and component.is_list
    interval = schema.element("Observation.component", "referenceRange")
    assert interval is not None and interval.types == ("Observation.referenceRange",)
    item = schema.element("Questionnaire.item", "item")
    assert item is not None and item.types == ("Questionnaire.item",)
    assert schema.ancestry("Observation.component") == ("Observation.component", "BackboneElement", "Element")


def test_inherited_elements_come_first_and_in_order() -> None:
    names = [element.name for element in schema.elements("Patient")]
    assert names[:9] == [
        "id",
        "meta",
        "implicitRules",
        "language",
        "text",
        "contained",
        "extension",
        "modifierExtension",
        "identifier",
    ]
    assert [element.name for element in schema.elements("Age")][:4] == ["id", "extension", "value", "comparator"]


def test_required_bindings_list_their_codes() -> None:
    gender = schema.element("Patient", "gender")
    assert gender is not None
    assert gender.codes == {
        "http://hl7.org/fhir/administrative-gender": frozenset({"male", "female", "other", "unknown"})
    }
    status = schema.element("Condition", "clinicalStatus")
    assert status is not None and status.codes is not None
    assert status.codes["http://terminology.hl7.org/CodeSystem/condition-clinical"] >= {"active", "resolved"}
    marital = schema.element("Patient", "maritalStatus")
    assert marital is not None and marital.codes is None and marital.binding is not None
    assert marital.binding.strength == "extensible"
    currency = schema.element("Money", "currency")
    assert currency is not None and currency.codes is None  # ISO 4217 is not in HL7's definitions


@pytest.mark.parametrize(
    ("type_name", "element_name"),
    [
        ("Meta", "project"),
        ("Meta", "compartment"),
        ("Binary", "url"),
        ("ResearchStudy", "associatedParty"),
        ("DeviceDefinition", "classification"),
        ("EvidenceVariable.characteristic", "definitionByCombination"),
    ],
)
def test_elements_that_are_not_of_4_0_1_are_left_out(type_name: str, element_name: str) -> None:
    assert schema.element(type_name, element_name) is None


def test_what_4_0_1_has_instead_is_there() -> None:
    definition = schema.element("EvidenceVariable.characteristic", "definition")
    assert definition is not None and definition.min == 1 and definition.targets == ("Group",)
    group = schema.element("EvidenceVariable.characteristic", "groupMeasure")
    assert group is not None and group.codes is not None
    outcome = schema.element("Bundle.entry.response", "outcome")
    assert outcome is not None and outcome.types == ("Resource",)


def test_every_type_named_anywhere_exists() -> None:
    types = [*schema.resource_types(), "Extension", "Dosage", "Timing", "ElementDefinition", "DataRequirement"]
    seen: set[str] = set()
    while types:
        name = types.pop()
        if name not in seen:
            seen.add(name)
            for element in schema.elements(name):
                assert set(element.targets) <= schema.resource_types(), element.path
                types.extend(element.types)
    assert len(seen) > 650


def test_an_unknown_type_is_named_with_what_is_allowed() -> None:
    assert schema.element("Patientt", "id") is None
    assert not schema.is_type("Patientt")
    with pytest.raises(LienthongError) as raised:
        schema.elements("Patientt")
    assert raised.value.text() == (
        "Patientt is no type of FHIR R4. [unknown-fhir-type]\n"
        "  where:   FHIR R4 schema\n"
        "  allowed: A resource type, a data type or the path of a backbone element such as Observation.component.\n"
        "  next:    Look the name up at http://hl7.org/fhir/R4/resourcelist.html; upper and lower case count."
    )


def test_primitives_know_their_patterns() -> None:
    assert schema.is_primitive("date") and not schema.is_primitive("Period")
    assert schema.primitive_pattern("id") == r"[A-Za-z0-9\-\.]{1,64}"
    assert schema.kind("Patient") == "resource" and schema.kind("Patient.contact") == "backbone"


def test_importing_the_room_does_not_load_the_schema() -> None:
    program = (
        "import lienthong.fhir as room; from lienthong.fhir import schema; print(schema._file.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
