"""The URIs of the code systems that Lienthong writes, as constants, so that no room spells one twice."""

from __future__ import annotations

__all__ = [
    "BHYT",
    "CLAIM_TYPE",
    "CONDITION_CATEGORY",
    "COVERAGE_CLASS",
    "DATA_ABSENT_REASON",
    "DIAGNOSIS_ROLE",
    "DISCHARGE_DISPOSITION",
    "ENCOUNTER_CLASS",
    "EXTENSION",
    "ICD9_PROCEDURE",
    "ICD10",
    "IDENTIFIER_TYPE",
    "LOINC",
    "OBSERVATION_CATEGORY",
    "PROCESS_PRIORITY",
    "SNOMED_CT",
    "UCUM",
    "VERIFICATION_STATUS",
    "bhyt",
]

# International
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9_PROCEDURE = "http://hl7.org/fhir/sid/icd-9-cm"
LOINC = "http://loinc.org"
SNOMED_CT = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

# HL7's own (terminology.hl7.org)
CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
DIAGNOSIS_ROLE = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
DISCHARGE_DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
ENCOUNTER_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PROCESS_PRIORITY = "http://terminology.hl7.org/CodeSystem/processpriority"
VERIFICATION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

# Vietnamese health insurance: the lists have no official URI, so each stands under the name of its field.
BHYT = "urn:x-lienthong:bhyt:"
EXTENSION = "urn:x-lienthong:extension:bhyt:"


def bhyt(name: str) -> str:
    """The system of a list of the health-insurance XML, named by its field: `bhyt("MA_THUOC")`."""
    return BHYT + name
