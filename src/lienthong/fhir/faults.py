"""The catalogue of what `validate` can find: each fault's code, severity, sentence, rule with its source, and cure.

Texts are filled with names of the standard only (types, elements, value sets), never with a value of the resource.
"""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.core.finding import Finding, Place, Rule, Severity

__all__ = ["ALL", "UNHOLDABLE", "Fault"]

_R4 = "FHIR R4 4.0.1, "
_JSON = _R4 + "2.6.2 JSON Representation of Resources (json.html)"
_PRIMITIVES = _R4 + "2.24.0.1 Primitive Types (datatypes.html#primitive)"
_REFERENCES = _R4 + "2.3 Resource References (references.html)"
_ELEMENTS = _R4 + "the definition of {type} and conformance-rules.html#cardinality"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault; `{name}` in its texts is filled by the keyword arguments of `at`."""

    code: str
    severity: Severity
    title: str
    message: str
    source: str
    cure: str
    unholdable: bool = False

    def at(self, path: str, **names: str) -> Finding:
        """The finding of this fault at a FHIR element path."""
        return Finding(
            self.severity,
            self.code,
            self.message.format(**names),
            Place(path=path),
            Rule(f"fhir-r4-{self.code}", self.title, self.source.format(**names)),
            self.cure.format(**names),
        )


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

NOT_JSON = Fault(
    "not-json",
    _ERROR,
    "A resource is one JSON object in UTF-8",
    "The text is not JSON: {why}.",
    _JSON,
    "Export the file again, or correct it at the byte named.",
    unholdable=True,
)
NOT_AN_OBJECT = Fault(
    "not-an-object",
    _ERROR,
    "A resource is a JSON object",
    "A resource must be a JSON object, but {found} stands here.",
    _JSON,
    "Give one resource: an object with resourceType.",
    unholdable=True,
)
NESTED_TOO_DEEP = Fault(
    "nested-too-deep",
    _ERROR,
    "Nesting has a bound",
    "Elements are nested deeper than {limit} levels.",
    "A bound of Lienthong's own, against hostile input; FHIR R4 sets none",
    "Flatten the nesting; no use of FHIR needs it so deep.",
    unholdable=True,
)
RESOURCE_TYPE_MISSING = Fault(
    "resource-type-missing",
    _ERROR,
    "Every resource names its type",
    "The resource has no resourceType.",
    _JSON,
    "Write resourceType as a member of the object, e.g. Patient.",
    unholdable=True,
)
RESOURCE_TYPE_UNKNOWN = Fault(
    "resource-type-unknown",
    _ERROR,
    "resourceType is a type of FHIR R4",
    "The resourceType is no resource type of FHIR R4 (4.0.1).",
    _R4 + "resourcelist.html",
    "Use a type of FHIR R4; upper and lower case count. Resources of other FHIR versions must be converted first.",
    unholdable=True,
)
WRONG_JSON_KIND = Fault(
    "wrong-json-kind",
    _ERROR,
    "Each type has its JSON kind",
    "{element} must be {expected} in JSON, but {found} stands here.",
    _JSON,
    "Write it as {expected}.",
    unholdable=True,
)
INTEGER_TOO_LARGE = Fault(
    "integer-too-large",
    _ERROR,
    "Integers have 32 bits",
    "The number does not fit in 32 bits.",
    _PRIMITIVES,
    "Use a number from -2147483648 to 2147483647, or an element that takes a decimal or a string.",
    unholdable=True,
)
DUPLICATE_MEMBER = Fault(
    "duplicate-member",
    _ERROR,
    "Member names in an object are unique",
    "The member stands more than once in its object; only the last one counts.",
    _JSON,
    "Keep one of them; write repeated values as an array where the element takes several.",
)
UNKNOWN_ELEMENT = Fault(
    "unknown-element",
    _ERROR,
    "Only elements of the definition may stand in a resource",
    "{type} has no such element in FHIR R4.",
    _R4 + "the definition of {type}; 2.4 Extensibility (extensibility.html)",
    "Correct the name{choice}, take the element out, or write it as an extension.",
)
MISSING_ELEMENT = Fault(
    "missing-element",
    _ERROR,
    "Required elements are present",
    "{type} must have {element}.",
    _ELEMENTS,
    "Give the element; where its value is not known, the extension data-absent-reason says why.",
)
SEVERAL_CHOICES = Fault(
    "several-choices",
    _ERROR,
    "A choice has one value",
    "{type} may have only one {element}.",
    _R4 + "2.6.2 and formats.html#choice",
    "Keep one of them.",
)
EMPTY_VALUE = Fault(
    "empty-value",
    _ERROR,
    "Nothing in a resource is empty",
    "{found} stands here; FHIR has no empty elements.",
    _JSON + "; invariant ele-1",
    "Leave the element out, or give it content.",
)
NULL_VALUE = Fault(
    "null-value",
    _ERROR,
    "null only fills arrays of primitive values",
    "null stands here without an extension beside it.",
    _JSON,
    "Leave the element out; in an array of primitive values its extension stands in the array named with _.",
)
UNALIGNED_EXTENSIONS = Fault(
    "unaligned-extensions",
    _ERROR,
    "Values and their extensions stand in arrays of equal length",
    "{element} and _{element} have different lengths.",
    _JSON,
    "Fill the shorter array with null, so that each extension stands at the place of its value.",
)
BLANK_TEXT = Fault(
    "blank-text",
    _WARNING,
    "Text has content",
    "The text has only white space.",
    _R4 + "2.24.0.1 Primitive Types (datatypes.html#string)",
    "Leave the element out, or give it content.",
)
INVALID_FORMAT = Fault(
    "invalid-format",
    _ERROR,
    "Primitive values have the form of their type",
    "The value has not the form of the type {type}.",
    _R4 + "2.24.0.1 Primitive Types (datatypes.html#{type})",
    "{advice}",
)
UNKNOWN_CODE = Fault(
    "unknown-code",
    _ERROR,
    "Required bindings",
    "The code is not in the value set {value_set}, from which {element} must be.",
    _R4 + "terminologies.html#required, {value_set}",
    "{advice}",
)
REFERENCE_TARGET = Fault(
    "reference-target",
    _ERROR,
    "References point to the types that the element allows",
    "{element} may not point to this type.",
    _REFERENCES,
    "Point to one of: {targets}.",
)
REFERENCE_MALFORMED = Fault(
    "reference-malformed",
    _WARNING,
    "References have one of the known forms",
    "The text is no reference to a resource of FHIR R4.",
    _REFERENCES,
    "Use Type/id, an absolute address, urn:uuid, # with the id of a contained resource, or Type?search in a Bundle.",
)
REFERENCE_TYPE = Fault(
    "reference-type",
    _ERROR,
    "Reference.type agrees with the reference",
    "Reference.type is not the type that the reference names.",
    _REFERENCES,
    "Correct the type, or leave it out.",
)
EXTENSION_VALUE = Fault(
    "extension-value",
    _ERROR,
    "An extension has a value or extensions, not both",
    "An extension must have either a value or extensions of its own.",
    _R4 + "2.4 Extensibility (extensibility.html), invariant ext-1",
    "Give one of the two.",
)
CONTAINED_ID = Fault(
    "contained-id",
    _ERROR,
    "Contained resources have an id of their own",
    "A contained resource must have an id that no other one in the same resource has.",
    _R4 + "2.3 Resource References (references.html#contained)",
    "Give it an id of its own; the resource points to it by # and this id.",
)

ALL: tuple[Fault, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Fault))

UNHOLDABLE: frozenset[str] = frozenset(fault.code for fault in ALL if fault.unholdable)
