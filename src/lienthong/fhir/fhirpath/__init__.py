"""FHIRPath N1: `parse` gives the syntax tree of an expression."""

from lienthong.fhir.fhirpath import nodes
from lienthong.fhir.fhirpath.parser import parse

__all__ = ["nodes", "parse"]
