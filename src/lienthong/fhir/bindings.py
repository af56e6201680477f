"""Required bindings to value sets whose codes nobody can list: checked by the grammar that makes them, or named here.

Value sets whose codes can be listed stand in the schema (`Element.codes`). The others of R4's required bindings are
four, and each stands in `FORMS` (a code's form), in `UNIT_SETS` (UCUM's grammar, for a CodeableConcept) or in
`UNLISTED`. The languages are bound as preferred, with all of BCP 47 as the largest set; that is required as well
(elementdefinition-maxValueSet).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from lienthong.fhir import schema
from lienthong.terminology.systems import UCUM
from lienthong.terminology.ucum import measure

__all__ = ["FORMS", "UNIT_SETS", "UNLISTED", "CodeForm", "form_of", "has_unit", "is_unit_bound"]

_VALUE_SET = "http://hl7.org/fhir/ValueSet/"


@dataclass(frozen=True, slots=True)
class CodeForm:
    """The form that the codes of a value set have: what it is made by, and how to write one."""

    value_set: str
    fits: Callable[[str], bool]
    source: str
    advice: str


def _matches(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern, re.ASCII | re.VERBOSE).fullmatch
    return lambda value: match(value) is not None


_NAME = r"[A-Za-z0-9][A-Za-z0-9!\#$&^_.+\-]{0,126}"
# R4's own parameter canonicalization has an address without quotation marks (json.html#canonical).
_PARAMETER = r"""[ ]?;[ ]?[A-Za-z0-9!\#$&^_.+\-]+=(?:[^\s;"]+|"[^"\\\x00-\x1f]*")"""
_LANGUAGE = r"""
    (?: [A-Za-z]{2,3} (?: -[A-Za-z]{3} ){0,3} | [A-Za-z]{4,8} )  # language, extended language
    (?: -[A-Za-z]{4} )?                                          # script
    (?: -(?: [A-Za-z]{2} | [0-9]{3} ) )?                         # region
    (?: -(?: [A-Za-z0-9]{5,8} | [0-9][A-Za-z0-9]{3} ) )*         # variants
    (?: -[0-9A-WY-Za-wy-z](?: -[A-Za-z0-9]{2,8} )+ )*            # extensions
    (?: -[xX](?: -[A-Za-z0-9]{1,8} )+ )?                         # private use
  | [xX](?: -[A-Za-z0-9]{1,8} )+
  | [iI]-[A-Za-z]{3,10}
"""

_MIME = CodeForm(
    _VALUE_SET + "mimetypes",
    _matches(rf"{_NAME}/{_NAME}(?:{_PARAMETER})*"),
    "BCP 13 (RFC 6838)",
    "Write a media type such as text/plain or application/pdf.",
)
# A server and its tests may name formats as the _format parameter does (http.html#mime-type).
_FORMAT = CodeForm(
    _MIME.value_set,
    _matches(rf"(?:xml|json|ttl|html)|{_NAME}/{_NAME}(?:{_PARAMETER})*"),
    _MIME.source,
    "Write a media type such as application/fhir+json, or one of xml, json, ttl.",
)
FORMS: Mapping[str, CodeForm] = MappingProxyType(
    {
        _MIME.value_set: _MIME,
        _VALUE_SET + "currencies": CodeForm(
            _VALUE_SET + "currencies", _matches("[A-Z]{3}"), "ISO 4217", "Write the three capital letters, e.g. VND."
        ),
        _VALUE_SET + "languages": CodeForm(
            _VALUE_SET + "all-languages",
            _matches(_LANGUAGE),
            "BCP 47 (RFC 5646)",
            "Write a language tag such as vi, en-US or zh-Hant.",
        ),
    }
)
"""By the value set that an element is bound to."""

_FORMAT_OWNERS = ("CapabilityStatement", "TestScript")

UNIT_SETS = frozenset({_VALUE_SET + "ucum-units"})

UNLISTED: Mapping[str, str] = MappingProxyType(
    {
        "http://loinc.org/vs/LL379-9": "an answer list of LOINC, which HL7's definitions name and do not hold; a "
        "MolecularSequence's variantType is not checked",
    }
)
"""Value sets of required bindings that are not checked, and why."""


@cache
def form_of(element: schema.Element) -> CodeForm | None:
    """The form of an element's code where its value set can't be listed; None where there is none to keep."""
    if element.binding is None or element.types != ("code",):
        return None
    form = FORMS.get(element.binding.value_set)
    return _FORMAT if form is _MIME and element.owner.startswith(_FORMAT_OWNERS) else form


def is_unit_bound(element: schema.Element) -> bool:
    """Whether an element must have a unit of UCUM."""
    binding = element.binding
    return binding is not None and binding.strength == "required" and binding.value_set in UNIT_SETS


def has_unit(codings: object) -> bool:
    """Whether one of the codings is a unit of UCUM."""
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == UCUM and _is_unit(coding.get("code")):
            return True
    return False


def _is_unit(code: Any) -> bool:
    return isinstance(code, str) and measure(code) is not None
