"""FHIRPath N1: `evaluate` and `compile` an expression over a resource; `parse` gives its syntax tree."""

from lienthong.fhir.fhirpath import nodes
from lienthong.fhir.fhirpath.evaluation import Expression, compile, evaluate  # noqa: A004
from lienthong.fhir.fhirpath.parser import parse
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time
from lienthong.fhir.fhirpath.values import Item, Quantity, TypeInfo

__all__ = [
    "Date",
    "DateTime",
    "Expression",
    "Item",
    "Quantity",
    "Time",
    "TypeInfo",
    "compile",
    "evaluate",
    "nodes",
    "parse",
]
