"""Each invariant is compiled, and broken by an instance that breaks it and nothing else.

An instance is the smallest valid resource of its type, changed in one or two members.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lienthong.core.finding import Severity
from lienthong.fhir import schema, validate
from lienthong.fhir.invariants import catalogue
from lienthong.fhir.invariants.corrections import DECIDED

Build = Callable[[str], dict[str, Any]]

THL7 = "http://terminology.hl7.org/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
X: dict[str, Any] = {"text": "x"}
P = {"reference": "Patient/1"}


def coding(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": THL7 + system, "code": code}]}


def narrative(content: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'}


def quantity(value: str, **members: Any) -> dict[str, Any]:
    return {"value": Decimal(value), **members}


def timing(**repeat: Any) -> dict[str, Any]:
    return {"occurrenceTiming": {"repeat": repeat}}


def item(kind: str, **members: Any) -> dict[str, Any]:
    return {"item": [{"linkId": "1", "type": kind, **members}]}


def element(path: str = "Patient", **members: Any) -> dict[str, Any]:
    base = {"base": {"path": "Patient", "min": 0, "max": "*"}, "definition": "x", "min": 0, "max": "*"}
    return {"id": path, "path": path, **base, **members}


def snapshot(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"snapshot": {"element": list(elements)}, "differential": None}


def differential(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"differential": {"element": list(elements)}}


def leaf(**members: Any) -> dict[str, Any]:
    """A StructureDefinition with one rule on an element that is not the first."""
    return differential({"id": "Patient", "path": "Patient"}, {"id": "Patient.x", "path": "Patient.x", **members})


def entry(**members: Any) -> dict[str, Any]:
    return {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", **members}


BASIC = {"resourceType": "Basic", "id": "c", "code": X}
REQUEST = {"method": "GET", "url": "Patient"}
OPERATION = {"encodeRequestUrl": False, "params": "/1"}
ASSERT = {"warningOnly": False}

# What the smallest resources lack to be valid.
BASES: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {"clinicalStatus": coding("allergyintolerance-clinical", "active")},
    "Appointment": {"status": "proposed", "participant": [{"actor": P, "status": "accepted"}]},
    "AppointmentResponse": {"actor": P},
    "Bundle": {"type": "collection"},
    "CapabilityStatement": {"kind": "requirements", "description": "x", "rest": [{"mode": "server"}]},
    "CompartmentDefinition": {"name": "Made"},
    "Composition": {"author": [{"reference": "http://a.example/Practitioner/1"}]},
    "Consent": {"policy": [{"uri": "http://a.example"}]},
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "x"}]},
    "GraphDefinition": {"name": "Made"},
    "ImmunizationRecommendation": {"recommendation": [{"targetDisease": X, "forecastStatus": X}]},
    "ImplementationGuide": {"name": "Made"},
    "InsurancePlan": {"name": "x"},
    "Linkage": {"item": [{"type": "source", "resource": P}, {"type": "alternate", "resource": P}]},
    "MolecularSequence": {"coordinateSystem": 0},
    "NamingSystem": {"name": "Made"},
    "NutritionOrder": {"oralDiet": {"instruction": "x"}},
    "OperationDefinition": {"name": "Made"},
    "Organization": {"name": "x"},
    "SearchParameter": {"name": "Made", "type": "number"},
    "StructureDefinition": {
        "url": "http://a.example/x", "name": "Made", "kind": "resource", "type": "Patient", "abstract": False,
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [{"id": "Patient", "path": "Patient"}]},
    },
    "StructureMap": {"name": "Made"},
    "TerminologyCapabilities": {"kind": "requirements", "description": "x"},
    "TestScript": {"name": "Made"},
}  # fmt: skip

# key, type, changes (None takes a member out)
BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("age-1", "Condition", {"onsetAge": quantity("0", system=UCUM, code="a")}),
    ("ait-1", "AllergyIntolerance", {"clinicalStatus": None}),
    ("ait-2", "AllergyIntolerance",
     {"verificationStatus": coding("allergyintolerance-verification", "entered-in-error")}),
    ("app-1", "Appointment", {"participant": [{"status": "accepted"}]}),
    ("app-2", "Appointment", {"start": "2026-11-24T08:00:00Z"}),
    ("app-3", "Appointment", {"status": "booked"}),
    ("app-4", "Appointment", {"cancelationReason": X}),
    ("apr-1", "AppointmentResponse", {"actor": None}),
    ("att-1", "Patient", {"photo": [{"data": "TGnD"}]}),
    ("bdl-1", "Bundle", {"total": 1}),
    ("bdl-10", "Bundle", {"type": "document", "identifier": {"system": "urn:x:y", "value": "1"},
                          "entry": [entry(resource="Composition")]}),
    ("bdl-11", "Bundle", {"type": "document", "identifier": {"system": "urn:x:y", "value": "1"},
                          "timestamp": "2026-11-24T08:00:00Z", "entry": [entry(resource="Basic")]}),
    ("bdl-12", "Bundle",
     {"type": "message", "timestamp": "2026-11-24T08:00:00Z", "entry": [entry(resource="Basic")]}),
    ("bdl-2", "Bundle", {"entry": [entry(resource="Basic", search={"mode": "match"})]}),
    ("bdl-3", "Bundle", {"entry": [entry(resource="Basic", request=REQUEST)]}),
    ("bdl-4", "Bundle", {"entry": [entry(resource="Basic", response={"status": "200"})]}),
    ("bdl-5", "Bundle", {"entry": [{"link": [{"relation": "self", "url": "http://a.example"}]}]}),
    ("bdl-7", "Bundle", {"entry": [entry(resource="Basic"), entry(resource="Basic")]}),
    ("bdl-8", "Bundle", {"entry": [{"fullUrl": "http://a.example/Basic/1/_history/2", "resource": "Basic"}]}),
    ("bdl-9", "Bundle", {"type": "document", "timestamp": "2026-11-24T08:00:00Z",
                         "entry": [entry(resource="Composition")]}),
    ("ces-1", "CoverageEligibilityResponse",
     {"insurance": [{"coverage": {"reference": "Coverage/1"}, "item": [{"name": "x"}]}]}),
    ("cmd-1", "ConceptMap", {"group": [{"element": [{"target": [{"equivalence": "narrower"}]}]}]}),
    ("cmd-2", "ConceptMap", {"group": [{"element": [{"code": "a"}], "unmapped": {"mode": "fixed"}}]}),
    ("cmd-3", "ConceptMap", {"group": [{"element": [{"code": "a"}], "unmapped": {"mode": "other-map"}}]}),
    ("cmp-1", "Composition", {"section": [{"title": "x"}]}),
    ("cmp-2", "Composition", {"section": [{"emptyReason": X, "entry": [P]}]}),
    ("con-1", "Condition", {"stage": [{"type": X}]}),
    ("con-2", "Condition", {"evidence": [{"id": "e"}]}),
    ("con-4", "Condition", {"abatementString": "x", "clinicalStatus": coding("condition-clinical", "active")}),
    ("con-5", "Condition", {"verificationStatus": coding("condition-ver-status", "entered-in-error"),
                            "clinicalStatus": coding("condition-clinical", "active")}),
    ("cpb-1", "CapabilityStatement", {"rest": None}),
    ("cpb-12", "CapabilityStatement", {"rest": [{"mode": "server", "resource": [
        {"type": "Patient", "searchParam": [{"name": "x", "type": "token"}, {"name": "x", "type": "date"}]}]}]}),
    ("cpb-14", "CapabilityStatement", {"kind": "instance"}),
    ("cpb-15", "CapabilityStatement", {"kind": "capability"}),
    ("cpb-16", "CapabilityStatement", {"software": {"name": "x"}}),
    ("cpb-2", "CapabilityStatement", {"description": None}),
    ("cpb-3", "CapabilityStatement",
     {"messaging": [{"endpoint": [{"protocol": {"code": "x"}, "address": "http://a.example"}]}]}),
    ("cpb-7", "CapabilityStatement", {"document": 2 * [{"mode": "producer", "profile": "http://a.example"}]}),
    ("cpb-9", "CapabilityStatement", {"rest": [{"mode": "server", "resource": 2 * [{"type": "Patient"}]}]}),
    ("cpl-3", "CarePlan", {"activity": [{"detail": {"status": "scheduled"}, "reference": {"reference": "Task/1"}}]}),
    ("cpt-2", "Patient", {"telecom": [{"value": "024"}]}),
    ("csd-1", "CodeSystem", {"concept": [{"code": "a", "concept": [{"code": "a"}]}]}),
    ("ctm-1", "CareTeam", {"contained": [{"resourceType": "Patient", "id": "c"}],
                           "participant": [{"member": {"reference": "#c"}, "onBehalfOf": {"reference":
                            "Organization/1"}}]}),
    ("dom-2", "Basic", {"contained": [{**BASIC, "contained": [{**BASIC, "id": "d", "subject": {"reference": "#"}}]}],
                        "subject": {"reference": "#c"}}),
    ("dom-3", "Basic", {"contained": [BASIC]}),
    ("dom-4", "Basic", {"contained": [{**BASIC, "meta": {"versionId": "1"}}], "subject": {"reference": "#c"}}),
    ("dom-5", "Basic",
     {"contained": [{**BASIC, "meta": {"security": [{"code": "x"}]}}], "subject": {"reference": "#c"}}),
    ("drq-1", "Library", {"dataRequirement": [{"type": "Patient", "codeFilter": [{"id": "f"}]}]}),
    ("drq-2", "Library",
     {"dataRequirement": [{"type": "Patient", "dateFilter": [{"path": "a", "searchParam": "b"}]}]}),
    ("drt-1", "Encounter", {"length": {"value": 1, "system": "urn:x:y", "code": "min"}}),
    ("eld-1", "StructureDefinition", leaf(slicing={"rules": "open"})),
    ("eld-11", "StructureDefinition", leaf(binding={"strength": "required"}, type=[{"code": "Period"}])),
    ("eld-12", "StructureDefinition", leaf(binding={"strength": "required", "valueSet": "file:x"})),
    ("eld-13", "StructureDefinition", leaf(type=2 * [{"code": "Period"}])),
    ("eld-14", "StructureDefinition", leaf(constraint=2 * [
        {"key": "a-1", "severity": "error", "human": "x", "expression": "true"}])),
    ("eld-15", "StructureDefinition",
     {"derivation": "specialization", **leaf(defaultValueString="x", meaningWhenMissing="y")}),
    ("eld-16", "StructureDefinition", leaf(sliceName="a b")),
    ("eld-17", "StructureDefinition", leaf(type=[{"code": "Period", "targetProfile": ["http://a.example"]}])),
    ("eld-18", "StructureDefinition", leaf(isModifier=True)),
    ("eld-2", "StructureDefinition", leaf(min=2, max="1")),
    ("eld-20", "StructureDefinition",
     differential({"id": "Patient", "path": "Patient"}, {"id": "x", "path": "Patient.A"})),
    ("eld-21", "StructureDefinition", leaf(constraint=[{"key": "a-1", "severity": "error", "human": "x"}])),
    ("eld-22", "StructureDefinition", leaf(sliceIsConstraining=True)),
    ("eld-3", "StructureDefinition", leaf(max="many")),
    ("eld-4", "StructureDefinition", leaf(type=[{"code": "Period", "aggregation": ["bundled"]}])),
    ("eld-5", "StructureDefinition", leaf(contentReference="#Patient", type=[{"code": "Period"}])),
    ("eld-6", "StructureDefinition", leaf(fixedString="x", type=[{"code": "string"}, {"code": "uri"}])),
    ("eld-7", "StructureDefinition", leaf(patternString="x", type=[{"code": "string"}, {"code": "uri"}])),
    ("eld-8", "StructureDefinition", leaf(patternString="x", fixedString="x", type=[{"code": "string"}])),
    ("exp-1", "Library", {"dataRequirement": None, "relatedArtifact": None, "extension": [
        {"url": "http://a.example", "valueExpression": {"language": "text/cql"}}]}),
    ("fhs-1", "FamilyMemberHistory", {"ageString": "x", "bornString": "y"}),
    ("fhs-2", "FamilyMemberHistory", {"estimatedAge": True}),
    ("gol-1", "Goal", {"target": [{"detailString": "x"}]}),
    ("grp-1", "Group", {"actual": False, "member": [{"entity": P}]}),
    ("ig-1", "ImplementationGuide", {"definition": {"resource": [{"reference": P, "groupingId": "g"}],
                                                     "grouping": [{"id": "h", "name": "x"}]}}),
    ("ig-2", "ImplementationGuide", {"definition": {"resource": [{"reference": P, "fhirVersion": ["3.0.1"]}]}}),
    ("imm-1", "Immunization", {"education": [{"publicationDate": "2026"}]}),
    ("imr-1", "ImmunizationRecommendation", {"recommendation": [{"forecastStatus": X}]}),
    ("inv-1", "Parameters", {"parameter": [{"name": "x"}]}),
    ("inv-1", "Task", {"lastModified": "2026-01-01", "authoredOn": "2026-01-02"}),
    ("inv-1", "TestReport", {"setup": {"action": [{"id": "a"}]}}),
    ("inv-2", "TestReport", {"test": [{"action": [{"id": "a"}]}]}),
    ("ipn-1", "InsurancePlan", {"name": None}),
    ("lnk-1", "Linkage", {"item": [{"type": "source", "resource": P}]}),
    ("lst-1", "List", {"mode": "changes", "emptyReason": X, "entry": [{"item": P}]}),
    ("lst-2", "List", {"mode": "working", "entry": [{"item": P, "deleted": True}]}),
    ("lst-3", "List", {"mode": "changes", "entry": [{"item": P, "date": "2026"}]}),
    ("mad-1", "MedicationAdministration", {"dosage": {"text": "x"}}),
    ("md-1", "MessageDefinition", {"focus": [{"code": "Patient", "min": 0, "max": "0"}]}),
    ("mdd-1", "MedicationDispense", {"whenPrepared": "2026-01-02", "whenHandedOver": "2026-01-01"}),
    ("mea-1", "Measure", {"group": [{"stratifier": [{"id": "s"}]}]}),
    ("mrp-1", "MeasureReport", {"type": "data-collection", "group": [{"code": X}]}),
    ("mrp-2", "MeasureReport", {"type": "summary", "group": [{"stratifier": [{"stratum": [{"id": "s"}]}]}]}),
    ("msq-3", "MolecularSequence", {"coordinateSystem": 2}),
    ("msq-5", "MolecularSequence", {"referenceSeq": {"chromosome": X, "referenceSeqString": "A"}}),
    ("msq-6", "MolecularSequence", {"referenceSeq": {"referenceSeqString": "A", "referenceSeqId": X}}),
    ("nor-1", "NutritionOrder", {"oralDiet": None}),
    ("nsd-1", "NamingSystem", {"kind": "root", "uniqueId": [{"type": "uuid", "value": "x"}]}),
    ("nsd-2", "NamingSystem", {"kind": "identifier", "uniqueId": [
        {"type": "uri", "value": "x", "preferred": True}, {"type": "uri", "value": "y", "preferred": True}]}),
    ("obs-3", "Observation", {"referenceRange": [{"type": X}]}),
    ("obs-6", "Observation", {"dataAbsentReason": X, "valueString": "x"}),
    ("obs-7", "Observation", {"code": {"coding": [{"system": "urn:x:y", "code": "a"}]}, "valueString": "x",
                              "component": [{"code": {"coding": [{"system": "urn:x:y", "code": "a"}]},
                               "valueInteger": 1}]}),
    ("opd-1", "OperationDefinition", {"parameter": [{"name": "x", "use": "in", "min": 0, "max": "1"}]}),
    ("opd-2", "OperationDefinition", {"parameter": [
        {"name": "x", "use": "in", "min": 0, "max": "1", "type": "uri", "searchType": "token"}]}),
    ("opd-3", "OperationDefinition", {"parameter": [
        {"name": "x", "use": "in", "min": 0, "max": "1", "type": "uri", "targetProfile": ["http://a.example"]}]}),
    ("org-1", "Organization", {"name": None}),
    ("org-2", "Organization", {"address": [{"use": "home"}]}),
    ("org-3", "Organization", {"telecom": [{"use": "home"}]}),
    ("pat-1", "Patient", {"contact": [{"gender": "female"}]}),
    ("per-1", "Encounter", {"period": {"start": "2026-02", "end": "2026-01-31"}}),
    ("ppc-1", "Consent", {"policy": None}),
    ("ppc-2", "Consent", {"scope": coding("consentscope", "patient-privacy")}),
    ("ppc-3", "Consent", {"scope": coding("consentscope", "research")}),
    ("ppc-4", "Consent", {"scope": coding("consentscope", "adr")}),
    ("ppc-5", "Consent", {"scope": coding("consentscope", "treatment")}),
    ("prr-1", "ServiceRequest", {"orderDetail": [X]}),
    ("qrs-1", "QuestionnaireResponse",
     {"item": [{"linkId": "1", "answer": [{"valueString": "x"}], "item": [{"linkId": "2"}]}]}),
    ("qty-3", "Observation", {"valueQuantity": {"value": 1, "code": "mg"}}),
    ("que-1", "Questionnaire", item("group")),
    ("que-10", "Questionnaire", item("date", maxLength=3)),
    ("que-11", "Questionnaire", item("choice", answerOption=[{"valueString": "x"}], initial=[{"valueString": "x"}])),
    ("que-12", "Questionnaire",
     item("string", enableWhen=3 * [{"question": "1", "operator": "exists", "answerBoolean": True}])),
    ("que-13", "Questionnaire", item("string", initial=2 * [{"valueString": "x"}])),
    ("que-2", "Questionnaire", {"item": 2 * [{"linkId": "1", "type": "string"}]}),
    ("que-3", "Questionnaire", item("display", code=[{"code": "x"}])),
    ("que-4", "Questionnaire",
     item("choice", answerOption=[{"valueString": "x"}], answerValueSet="http://a.example")),
    ("que-5", "Questionnaire", item("boolean", answerValueSet="http://a.example")),
    ("que-6", "Questionnaire", item("display", required=True)),
    ("que-7", "Questionnaire",
     item("string", enableWhen=[{"question": "1", "operator": "exists", "answerString": "x"}])),
    ("que-8", "Questionnaire", item("display", initial=[{"valueString": "x"}])),
    ("que-9", "Questionnaire", item("display", readOnly=True)),
    ("ras-1", "RiskAssessment",
     {"prediction": [{"probabilityRange": {"low": quantity("1", system=UCUM, code="mg")}}]}),
    ("ras-2", "RiskAssessment", {"prediction": [{"probabilityDecimal": Decimal("100.5")}]}),
    ("rat-1", "Observation", {"valueRatio": {"numerator": {"value": 1}}}),
    ("rng-2", "Observation", {"valueRange": {"low": {"value": 2}, "high": {"value": 1}}}),
    ("rqg-1", "RequestGroup", {"action": [{"title": "x"}]}),
    ("sdf-1", "StructureDefinition", {"derivation": "specialization",
                                      **snapshot(element(), element("Patient.x"), element("Patient.x", id="y"))}),
    ("sdf-10", "StructureDefinition", snapshot(element(), element("Patient.x", binding={"strength": "required"}))),
    ("sdf-15", "StructureDefinition", snapshot(element(type=[{"code": "Patient"}]))),
    ("sdf-15a", "StructureDefinition",
     differential({"id": "Patient", "path": "Patient", "type": [{"code": "Patient"}]})),
    ("sdf-16", "StructureDefinition", snapshot(element(), element("Patient.x", id="Patient"))),
    ("sdf-17", "StructureDefinition",
     differential({"id": "Patient", "path": "Patient"}, {"id": "Patient", "path": "Patient.x"})),
    ("sdf-18", "StructureDefinition", {"contextInvariant": ["true"]}),
    ("sdf-19", "StructureDefinition",
     {"url": "http://hl7.org/fhir/StructureDefinition/x", **leaf(type=[{"code": "a-b"}])}),
    ("sdf-2", "StructureDefinition", {"mapping": [{"identity": "x"}]}),
    ("sdf-20", "StructureDefinition",
     differential({"id": "Patient", "path": "Patient", "slicing": {"rules": "open", "description": "x"}})),
    ("sdf-21", "StructureDefinition", leaf(defaultValueString="x")),
    ("sdf-22", "StructureDefinition",
     {"url": "http://hl7.org/fhir/StructureDefinition/x", "derivation": "specialization",
                                       **leaf(defaultValueString="x")}),
    ("sdf-23", "StructureDefinition", differential({"id": "Patient", "path": "Patient", "sliceName": "x"})),
    ("sdf-3", "StructureDefinition", snapshot(element(definition=None))),
    ("sdf-4", "StructureDefinition", {"baseDefinition": None}),
    ("sdf-5", "StructureDefinition", {"type": "Extension", **differential({"id": "Extension", "path": "Extension"})}),
    ("sdf-6", "StructureDefinition", {"differential": None}),
    ("sdf-8", "StructureDefinition", snapshot(element(), element("Basic.x"))),
    ("sdf-8a", "StructureDefinition",
     differential({"id": "Patient", "path": "Patient"}, {"id": "x", "path": "Basic.x"})),
    ("sdf-8b", "StructureDefinition", snapshot(element(base=None))),
    ("sdf-9", "StructureDefinition", differential({"id": "Patient", "path": "Patient", "label": "x"})),
    ("sev-1", "AuditEvent", {"entity": [{"name": "x", "query": "TGnD"}]}),
    ("spd-1", "SearchParameter", {"xpath": "x"}),
    ("spd-2", "SearchParameter", {"type": "token", "chain": ["x"]}),
    ("sqty-1", "Observation", {"valueRange": {"low": {"value": 1, "comparator": "<"}}}),
    ("tcp-1", "TerminologyCapabilities", {"codeSystem": [{"version": [{"code": "1"}, {"isDefault": True}]}]}),
    ("tcp-2", "TerminologyCapabilities", {"description": None}),
    ("tcp-3", "TerminologyCapabilities", {"kind": "instance"}),
    ("tcp-4", "TerminologyCapabilities", {"kind": "capability"}),
    ("tcp-5", "TerminologyCapabilities", {"software": {"name": "x"}}),
    ("tim-1", "ServiceRequest", timing(duration=1)),
    ("tim-10", "ServiceRequest", timing(timeOfDay=["08:00:00"], when=["MORN"])),
    ("tim-2", "ServiceRequest", timing(period=1)),
    ("tim-4", "ServiceRequest", timing(duration=-1, durationUnit="d")),
    ("tim-5", "ServiceRequest", timing(period=-1, periodUnit="d")),
    ("tim-6", "ServiceRequest", timing(periodMax=1)),
    ("tim-7", "ServiceRequest", timing(durationMax=1)),
    ("tim-8", "ServiceRequest", timing(countMax=1)),
    ("tim-9", "ServiceRequest", timing(offset=1, when=["C"])),
    ("trd-1", "EventDefinition", {"trigger": [
        {"type": "data-added", "data": [{"type": "Patient"}], "timingDate": "2026"}]}),
    ("trd-2", "EventDefinition", {"trigger": [
        {"type": "named-event", "name": "x", "condition": {"language": "text/cql", "expression": "x"}}]}),
    ("trd-3", "EventDefinition", {"trigger": [{"type": "named-event"}]}),
    ("tst-1", "TestScript", {"setup": {"action": [{"id": "a"}]}}),
    ("tst-10", "TestScript", {"setup": {"action": [{"assert": {**ASSERT, "compareToSourceId": "x"}}]}}),
    ("tst-12", "TestScript",
     {"setup": {"action": [{"assert": {**ASSERT, "direction": "request", "response": "okay"}}]}}),
    ("tst-2", "TestScript", {"test": [{"action": [{"id": "a"}]}]}),
    ("tst-3", "TestScript", {"variable": [{"name": "x", "expression": "a", "headerField": "b", "path": "c"}]}),
    ("tst-5", "TestScript", {"setup": {"action": [{"assert": {**ASSERT, "path": "a", "expression": "b"}}]}}),
    ("tst-7", "TestScript", {"setup": {"action": [{"operation": {**OPERATION, "url": "http://a.example"}}]}}),
    ("vsd-1", "ValueSet", {"compose": {"include": [{"version": "1"}]}}),
    ("vsd-10", "ValueSet", {"expansion": {"timestamp": "2026", "contains": [{"code": "a"}]}}),
    ("vsd-2", "ValueSet", {"compose": {"include": [{"valueSet": ["http://a.example"], "concept": [{"code": "a"}]}]}}),
    ("vsd-3", "ValueSet", {"compose": {"include": [
        {"system": "urn:x:y", "concept": [{"code": "a"}], "filter": [{"property": "a", "op": "=", "value": "b"}]}]}}),
    ("vsd-9", "ValueSet", {"expansion": {"timestamp": "2026", "contains": [{"display": "a"}]}}),
    ("smp-1", "StructureMap", {"group": [{"name": "g", "typeMode": "none", "input": [{"name": "i", "mode": "source"}],
        "rule": [{"name": "r", "source": [{"context": "i"}], "target": [{"element": "e"}]}]}]}),
    ("smp-2", "StructureMap", {"group": [{"name": "g", "typeMode": "none", "input": [{"name": "i", "mode": "source"}],
        "rule": [{"name": "r", "source": [{"context": "i"}], "target": [{"context": "e"}]}]}]}),
    ("cnt-3", "Basic",
     {"extension": [{"url": "http://a.example", "valueCount": quantity("1.5", system=UCUM, code="1")}]}),
    ("dis-1", "Basic", {"extension": [{"url": "http://a.example", "valueDistance": {"value": 1}}]}),
    *((f"{start}-0", name, {"name": "no name"}) for start, name in (
        ("adf", "ActivityDefinition"), ("cmd", "ConceptMap"),
        ("cpb", "CapabilityStatement"), ("cpd", "CompartmentDefinition"), ("csd", "CodeSystem"),
        ("ees", "EffectEvidenceSynthesis"), ("esc", "ExampleScenario"), ("evd", "EventDefinition"), ("evi",
         "Evidence"),
        ("evv", "EvidenceVariable"), ("gdf", "GraphDefinition"), ("ig", "ImplementationGuide"), ("lib", "Library"),
        ("mea", "Measure"), ("msd", "MessageDefinition"), ("nsd", "NamingSystem"), ("opd", "OperationDefinition"),
        ("pdf", "PlanDefinition"), ("que", "Questionnaire"), ("red", "ResearchElementDefinition"),
        ("rsd", "ResearchDefinition"), ("rvs", "RiskEvidenceSynthesis"), ("sdf", "StructureDefinition"),
        ("smp", "StructureMap"), ("spd", "SearchParameter"), ("tcp", "TerminologyCapabilities"), ("tst",
         "TestScript"),
        ("vsd", "ValueSet"),
    )),
]  # fmt: skip

# With another one beside: the same fault breaks both, and no instance can break the first alone.
TOGETHER: list[tuple[str, set[str], str, dict[str, Any]]] = [
    ("eld-19", {"eld-20"}, "StructureDefinition",
     differential({"id": "Patient", "path": "Patient"}, {"id": "x", "path": "Patient.a b"})),
    ("sdf-14", {"sdf-17"}, "StructureDefinition", {**snapshot(element()), **differential({"path": "Patient"})}),
    ("tst-11", {"tst-10"}, "TestScript", {"test": [{"action": [{"assert": {**ASSERT, "compareToSourceId": "x"}}]}]}),
    ("tst-13", {"tst-12"}, "TestScript",
     {"test": [{"action": [{"assert": {**ASSERT, "direction": "request", "response": "okay"}}]}]}),
    ("tst-6", {"tst-5"}, "TestScript",
     {"test": [{"action": [{"assert": {**ASSERT, "path": "a", "expression": "b"}}]}]}),
    ("tst-8", {"tst-7"}, "TestScript",
     {"test": [{"action": [{"operation": {**OPERATION, "url": "http://a.example"}}]}]}),
    ("tst-9", {"tst-7"}, "TestScript",
     {"teardown": {"action": [{"operation": {**OPERATION, "url": "http://a.example"}}]}}),
    ("sdf-11", {"sdf-8"}, "StructureDefinition", snapshot(element("Basic"))),
    ("vsd-6", {"vsd-9"}, "ValueSet", {"expansion": {"timestamp": "2026", "contains": [{"system": "urn:x:y"}]}}),
]  # fmt: skip

# No resource of R4 can break them.
UNBREAKABLE = {"tst-4": "both of its elements are 1..1", "cid-0": "ChargeItemDefinition has no name in R4"}


def made(minimal: Build, type_name: str, changes: dict[str, Any]) -> dict[str, Any]:
    resource = {**minimal(type_name), **BASES.get(type_name, {}), **changes}
    if type_name == "Bundle":
        for part in resource.get("entry", ()):
            if isinstance(part.get("resource"), str):
                name = part["resource"]
                part["resource"] = {**minimal(name), **BASES.get(name, {}), "id": "1"}
    return {name: bare(value) for name, value in copy.deepcopy(resource).items() if value is not None}


def bare(value: Any) -> Any:
    """Without the members that a change takes out."""
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items() if part is not None}
    return [bare(part) for part in value] if isinstance(value, list) else value


def broken_rules(resource: dict[str, Any]) -> list[str]:
    without = validate(resource, invariants=False)
    assert [found for found in without if found.severity is not Severity.INFORMATION] == []
    return [found.rule.id for found in validate(resource) if found.severity is not Severity.INFORMATION]


@pytest.mark.parametrize("type_name", sorted(schema.resource_types()))
def test_the_smallest_resources_break_nothing(minimal: Build, type_name: str) -> None:
    assert broken_rules(made(minimal, type_name, {})) == []


@pytest.mark.parametrize(("key", "type_name", "changes"), BROKEN, ids=[f"{key} {name}" for key, name, _ in BROKEN])
def test_an_instance_breaks_it_and_just_it(minimal: Build, key: str, type_name: str, changes: dict[str, Any]) -> None:
    resource = made(minimal, type_name, changes)
    assert set(broken_rules(resource)) == {key}
    told = [(found.rule.id, found.place.path) for found in validate(resource)]
    assert len(told) == len(set(told)), "each place is told once"


@pytest.mark.parametrize(("key", "others", "type_name", "changes"), TOGETHER, ids=[row[0] for row in TOGETHER])
def test_an_instance_breaks_it_with_another(
    minimal: Build, key: str, others: set[str], type_name: str, changes: dict[str, Any]
) -> None:
    assert set(broken_rules(made(minimal, type_name, changes))) == {key} | others


def test_no_invariant_is_without_an_instance() -> None:
    keys = {row[0] for row in (*BROKEN, *TOGETHER)}
    assert {item.key for item in catalogue.published()} == keys | set(DECIDED) | set(UNBREAKABLE) | {"dom-6", "con-3"}


def test_advice_is_information(minimal: Build) -> None:
    (finding,) = validate(made(minimal, "Basic", {}))
    assert (finding.rule.id, finding.code, finding.severity) == ("dom-6", "best-practice", Severity.INFORMATION)
    assert validate(made(minimal, "Basic", {"text": narrative("x")})) == []
    condition = made(minimal, "Condition", {"category": [coding("condition-category", "problem-list-item")]})
    assert {item.severity for item in validate(condition)} == {Severity.INFORMATION}
