"""What stands in the list of invariants can be run, what was mended had to be, and what others decide is decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from lienthong.core.errors import LienthongError
from lienthong.fhir import fhirpath, schema, validate
from lienthong.fhir.invariants import catalogue
from lienthong.fhir.invariants.catalogue import Invariant
from lienthong.fhir.invariants.corrections import CORRECTED, DECIDED


def types_of(invariant: Invariant) -> Iterator[str]:
    """The types of the values of which an invariant is asked."""
    if schema.is_type(invariant.place):
        yield invariant.place
        return
    owner, _, name = invariant.place.rpartition(".")
    element = schema.element(owner, name.removesuffix("[x]"))
    assert element is not None, invariant.place
    yield from (invariant.only,) if invariant.only else element.types


@pytest.mark.parametrize("key", sorted({item.key for item in catalogue.published()}))
def test_each_is_compiled_for_each_of_its_places(key: str) -> None:
    for invariant in catalogue.published():
        if invariant.key == key:
            for type_name in types_of(invariant):
                invariant.compiled.check(type_name)
    for invariant in catalogue.everywhere():
        if invariant.key == key:
            for type_name in types_of(invariant):
                invariant.compiled.check(type_name)


def test_the_numbers() -> None:
    published = catalogue.published()
    assert len({item.key for item in published}) == 238
    assert len({(item.key, item.expression) for item in published}) == 240
    assert {item.severity for item in published} == {"error", "warning"}
    assert {item.key for item in published if item.is_best_practice} == {"dom-6", "con-3"}
    assert {item.key for item in published} - {item.key for item in catalogue.everywhere()} == set(DECIDED)


def test_the_source_is_the_place_in_the_specification() -> None:
    (found,) = catalogue.of_type("Patient.contact")
    assert found.source == ("FHIR R4 4.0.1, http://hl7.org/fhir/StructureDefinition/Patient, Patient.contact, pat-1")
    assert [item.key for item in catalogue.of_element("Range.low", "Quantity")] == ["sqty-1"]
    assert [item.key for item in catalogue.of_element("Coverage.costToBeneficiary.value[x]", "Money")] == []


SPOILT: dict[str, dict[str, Any]] = {
    "ele-1": {"resourceType": "Basic", "code": {}},
    "ext-1": {"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": "http://a.example"}]},
    "ref-1": {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "#nobody"}},
    **{
        key: {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'},
        }
        for key, content in (("txt-1", "<script>x</script>"), ("txt-2", " "))
    },
}


@pytest.mark.parametrize("key", sorted(DECIDED))
def test_what_structure_decides_is_found_without_invariants(key: str) -> None:
    spoilt = SPOILT[key]
    assert any(key in finding.rule.source for finding in validate(spoilt, invariants=False))
    assert not any(finding.rule.id == key for finding in validate(spoilt))


# Corrections: for each a value that the published expression judges wrongly, and what is right.

THL7 = "http://terminology.hl7.org/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
QUANTITIES = {"low": {"value": 1, "unit": "a"}, "high": {"value": 2}}
WRONG: dict[str, tuple[str, Any, bool]] = {
    "con-3": (
        "Condition",
        {"category": [{"coding": [{"system": THL7 + "condition-category", "code": "encounter-diagnosis"}]}]},
        True,
    ),
    "eld-11": ("ElementDefinition", {"binding": {"strength": "required"}, "type": [{"code": "Period"}]}, False),
    "eld-19": ("ElementDefinition", {"path": "Patient.a b"}, False),
    "eld-20": ("ElementDefinition", {"path": "Patient.?"}, False),
    "inv-1": ("Task", {"lastModified": "2026-11", "authoredOn": "2026-11-24"}, True),
    "md-1": ("MessageDefinition.focus", {"code": "Patient", "min": 0}, True),
    "mdd-1": ("MedicationDispense", {"whenHandedOver": "2026-11", "whenPrepared": "2026-11-24"}, True),
    "per-1": ("Period", {"start": "2026-11-15", "end": "2026-11"}, True),
    "que-7": ("Questionnaire.item.enableWhen", {"operator": "exists", "answerBoolean": True}, True),
    "ras-2": ("RiskAssessment.prediction", {"qualitativeRisk": {"text": "low"}}, True),
    "rng-2": ("Range", QUANTITIES, True),
    **{
        key: ("Consent", {"scope": {"coding": [{"system": THL7 + "consentscope", "code": code}]}}, False)
        for key, code in (
            ("ppc-2", "patient-privacy"),
            ("ppc-3", "research"),
            ("ppc-4", "adr"),
            ("ppc-5", "treatment"),
        )
    },
}


def answer(expression: str, type_name: str, value: Any) -> bool | None:
    """True, or what the expression gives else; an error of the evaluation counts as no answer."""
    resource = {"resourceType": type_name.partition(".")[0]}
    resource = value if schema.kind(type_name) == "resource" else {"resourceType": "Basic"}
    try:
        return fhirpath.compile(expression, as_filters=True).holds(value, type_name, resource=resource)
    except LienthongError:
        return None


@pytest.mark.parametrize("key", sorted(CORRECTED))
def test_each_correction_is_needed(key: str) -> None:
    correction = CORRECTED[key]
    published = [item for item in catalogue.published() if (item.key, item.expression) == (key, correction.published)]
    assert published, "the published expression is another one now: look again"
    if key in WRONG:
        type_name, value, right = WRONG[key]
    else:  # the names of definitions: a capital letter anywhere would do, and a missing name would not
        type_name, right = published[0].place, False
        value = {"name": "what is No name"}
        assert answer(correction.published, type_name, {}) is None
        assert answer(correction.expression, type_name, {}) is True
    if type_name == "ChargeItemDefinition":
        return  # it has no name in R4: the published rule fails always
    assert (answer(correction.published, type_name, value) is True) is not right
    assert (answer(correction.expression, type_name, value) is True) is right


def test_each_correction_has_its_date_and_reason() -> None:
    for correction in CORRECTED.values():
        assert date.fromisoformat(correction.since) >= date(2026, 11, 1)
        assert correction.why.endswith(".") and len(correction.why) > 40
        assert correction.expression
