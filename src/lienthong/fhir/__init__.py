"""The standard: FHIR R4 (4.0.1) types, validation, references and FHIRPath; pure, and loaded when first used."""

from __future__ import annotations

from lienthong.fhir.faults import UNHOLDABLE
from lienthong.fhir.validation import validate

__all__ = ["UNHOLDABLE", "validate"]
