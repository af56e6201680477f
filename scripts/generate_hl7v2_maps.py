"""Makes `sources/hl7v2/maps.csv`, the code maps from HL7 v2 tables to FHIR, from HL7's own mapping tables.

    python scripts/generate_hl7v2_maps.py [FOLDER] [--check]

FOLDER is `mappings/codesystems` of the repository HL7/v2-to-fhir (Apache-2.0; commit 8c9b414, 2024), by default that
of `hl7v2_to_fhir_ig` under $LIENTHONG_SUITES. Taken are the maps that
the conversion uses, and of them the rows that have both a v2 code and a FHIR code; where several rows have one v2
code, the first counts.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "sources" / "hl7v2" / "maps.csv"

# The name of a map here: the name of its file there.
MAPS = {
    "AdditivePreservative": "AdditivePreservative",
    "AddressType": "AddressType[Type]",
    "AddressUse": "AddressType[Use]",
    "AdmissionType": "AdmissionType",
    "AllergyCategory": "AllergenType[AllergyIntoleranceCategory]",
    "AllergyCriticality": "AllergySeverity[AllergyIntolerance.criticality]",
    "AllergyType": "AllergyType",
    "AmbulatoryStatus": "AmbulatoryStatus",
    "BedStatus": "BedStatus",
    "ContactRole": "ContactRole",
    "DiagnosisType": "DiagnosisType",
    "DiagnosticServiceSection": "DiagnosticServiceSectionID",
    "EncounterClass": "PatientClass[EncounterClass]",
    "EncounterPriority": "EncounterPriority",
    "EncounterStatus": "PatientClass[EncounterStatus]",
    "HospitalService": "HospitalService",
    "IdentifierType": "IdentifierType",
    "Interpretation": "InterpretationCodes",
    "MaritalStatus": "MaritalStatus",
    "NameUse": "NameType",
    "ObservationStatus": "ObservationResultStatusCodesInterpretation",
    "OrderControl": "OrderControlCode[ServiceRequest.status]",
    "OrderStatus": "OrderStatus",
    "Priority": "ExtendedPriorityCodes",
    "ReAdmission": "ReadmissionIndicator",
    "Relationship": "Relationship",
    "Religion": "Religion",
    "ReportStatus": "ResultStatus[Non-Queries]",
    "Sex": "AdministrativeSex",
    "SpecimenCondition": "SpecimenCondition",
    "SpecimenStatus": "YesNoIndicator[AvailabilityStatus]",
    "SpecimenType": "SpecimenType",
    "TelecomSystem": "TelecommunicationEquipmentType",
    "TelecomUse": "TelecommunicationUseCode",
}
CODE, FHIR_CODE = 0, 6


def rows(folder: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """(map, v2 code, FHIR code, system, display), in the order of the maps and their rows."""
    for name, title in sorted(MAPS.items()):
        seen: set[str] = set()
        with (folder / f"HL7 Concept Map_ {title} - Sheet1.csv").open(encoding="utf-8", newline="") as file:
            _, header, *body = csv.reader(file)
            display, system = header.index("Display", FHIR_CODE), header.index("Code System", FHIR_CODE)
            for row in body:
                if len(row) <= system:
                    continue
                code, target = " ".join(row[CODE].split()), row[FHIR_CODE].strip()
                if not code or not target or code in seen or "<integer>" in code:
                    continue
                seen.add(code)
                yield name, code, target, row[system].strip(), " ".join((row[display] or row[FHIR_CODE + 1]).split())


def generate(folder: Path) -> str:
    """The file's text: a row for each code of each map."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("map", "code", "target", "system", "display"))
    writer.writerows(rows(folder))
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "hl7v2_to_fhir_ig" / "mappings" / "codesystems", __doc__))
