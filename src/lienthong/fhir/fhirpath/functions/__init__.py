"""The functions of FHIRPath by name; each family has its file."""

from collections.abc import Mapping
from types import MappingProxyType

from lienthong.fhir.fhirpath.call import Function
from lienthong.fhir.fhirpath.functions.boundaries import BOUNDARIES
from lienthong.fhir.fhirpath.functions.combining import COMBINING, union
from lienthong.fhir.fhirpath.functions.conversion import CONVERSION
from lienthong.fhir.fhirpath.functions.encoding import ENCODING
from lienthong.fhir.fhirpath.functions.existence import EXISTENCE
from lienthong.fhir.fhirpath.functions.filtering import FILTERING
from lienthong.fhir.fhirpath.functions.keys import KEYS
from lienthong.fhir.fhirpath.functions.mathematics import MATHEMATICS
from lienthong.fhir.fhirpath.functions.of_fhir import OF_FHIR
from lienthong.fhir.fhirpath.functions.ordering import ORDERING
from lienthong.fhir.fhirpath.functions.patterns import PATTERNS
from lienthong.fhir.fhirpath.functions.strings import STRINGS
from lienthong.fhir.fhirpath.functions.subsetting import SUBSETTING
from lienthong.fhir.fhirpath.functions.terms import TERMS
from lienthong.fhir.fhirpath.functions.tree import TREE
from lienthong.fhir.fhirpath.functions.typing import TYPING, as_type, is_type
from lienthong.fhir.fhirpath.functions.utility import UTILITY

__all__ = ["FUNCTIONS", "as_type", "is_type", "union"]

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        **EXISTENCE,
        **FILTERING,
        **SUBSETTING,
        **COMBINING,
        **CONVERSION,
        **STRINGS,
        **PATTERNS,
        **ENCODING,
        **MATHEMATICS,
        **BOUNDARIES,
        **TREE,
        **TYPING,
        **ORDERING,
        **UTILITY,
        **OF_FHIR,
        **TERMS,
        **KEYS,
    }
)
