"""Findings as an OperationOutcome, the form in which FHIR servers tell what is wrong with a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lienthong.core.finding import Finding

__all__ = ["FILE", "operation_outcome"]

FILE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"
"""The extension under which HL7's validator names the file."""

_SYSTEM = "urn:x-lienthong:finding"
# The codes of http://hl7.org/fhir/issue-type by what a finding's code says; all else is `invalid`.
_TYPES = (
    ("invariant", "invariant"),
    ("best-practice", "informational"),
    ("missing-element", "required"),
    ("unknown-code", "code-invalid"),
    ("profile-", "structure"),
    ("unknown-element", "structure"),
    ("resource-type", "structure"),
    ("wrong-", "structure"),
    ("several-", "structure"),
    ("invalid-format", "value"),
    ("reference", "value"),
    ("nested-too-deep", "too-long"),
)


def operation_outcome(findings: Sequence[Finding], *, file: str = "", record: str = "") -> dict[str, Any]:
    """The OperationOutcome of one resource: an issue for each finding, or one that says that all is well.

    Each issue has the finding's code (`details`), its place (`expression`) and its cure (`diagnostics`); where the
    resource stands goes into HL7's extension for the file.
    """
    made: dict[str, Any] = {"resourceType": "OperationOutcome"}
    if file:
        made["extension"] = [{"url": FILE, "valueString": f"{file} {record}".strip()}]
    made["issue"] = [_issue(finding) for finding in findings] or [
        {"severity": "information", "code": "informational", "details": {"text": "No finding."}}
    ]
    return made


def _issue(finding: Finding) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": finding.severity.value,
        "code": next((kind for start, kind in _TYPES if finding.code.startswith(start)), "invalid"),
        "details": {"coding": [{"system": _SYSTEM, "code": finding.code}], "text": finding.message},
    }
    source = f"Rule: {finding.rule.source}." if finding.rule else ""
    if finding.cure or source:
        issue["diagnostics"] = f"{finding.cure} {source}".strip()
    if finding.place.path:
        issue["expression"] = [finding.place.path]
    return issue
