"""The invariants of FHIR R4 (4.0.1): rules as FHIRPath expressions, each run only where its element stands."""

from lienthong.fhir.invariants.checking import broken

__all__ = ["broken"]
