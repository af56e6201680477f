"""Type names of FHIRPath: the System and FHIR namespaces, `is`, `as` and `ofType`, with the schema's ancestry.

Source: FHIRPath N1, 6.3; FHIR R4 fhirpath.html#types. See SPEC_READINGS.md for what is read there in which way.
"""

from __future__ import annotations

from functools import cache, lru_cache

from lienthong.fhir import schema
from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath.faults import Source

__all__ = ["KINDS", "Wanted", "full_name", "is_a", "kind_of", "type_specifier", "wanted"]

SYSTEM = frozenset({"Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "Any"})

_TEXTS = ("string", "code", "id", "markdown", "uri", "url", "canonical", "oid", "uuid", "base64Binary", "xhtml")
KINDS = {
    **dict.fromkeys(_TEXTS, "string"),
    "boolean": "boolean",
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt"), "integer"),
    "decimal": "decimal",
    "date": "date",
    "dateTime": "dateTime",
    "instant": "dateTime",
    "time": "time",
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), "quantity"),
    "System.Boolean": "boolean",
    "System.String": "string",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
    "System.Quantity": "quantity",
}

Wanted = frozenset[str]


def kind_of(type_name: str) -> str:
    """What a type becomes where a System value is wanted, e.g. `string` for code; `object` for all others."""
    return KINDS.get(type_name, "object")


def full_name(type_name: str) -> str:
    """A type with its namespace, e.g. `FHIR.code`; an object of no known type is System.Any."""
    if type_name.startswith("System."):
        return type_name
    return f"FHIR.{type_name}" if type_name else "System.Any"


def type_specifier(node: ast.Node, source: Source) -> str:
    """The type that an argument names, as written: `Quantity`, `FHIR.Quantity`, `System.String`."""
    match node:
        case ast.Member(None, name):
            return name
        case ast.Member(ast.Member(None, namespace), name):
            return f"{namespace}.{name}"
    raise source.meaning("the argument must be the name of a type", "e.g. Quantity, FHIR.code or System.String")


@cache
def _wanted(name: str) -> Wanted:
    namespace, _, bare = name.rpartition(".")
    found = set()
    if namespace in ("", "FHIR") and schema.is_type(bare):
        found.add(bare)
    # a backbone's type has a point in its own name: Observation.component
    if namespace not in ("", "FHIR", "System") and schema.is_type(name):
        found.add(name)
    if namespace in ("", "System") and bare in SYSTEM and (not found or bare == "Quantity"):
        found.add("System." + bare)
    return frozenset(found)


def wanted(name: str, source: Source) -> Wanted:
    """The types that a written name stands for; an unknown one is an error.

    A bare `Quantity` stands for both FHIR's and System's; any other bare name is FHIR's first.
    """
    found = _wanted(name)
    # a resource or a type of another version of FHIR, as in dom-r4b, matches nothing
    if not found and not name[name.rfind(".") + 1 :][:1].isupper():
        allowed = "a type of FHIR R4, or " + ", ".join(sorted(SYSTEM))
        raise source.unknown(f"the type {name}", allowed)
    return found


@lru_cache(maxsize=10_000)
def is_a(type_name: str, types: Wanted, *, exact: bool = False) -> bool:
    """Whether a type is one of the wanted or derived from one; with `exact`, a primitive only if it is one itself."""
    if type_name in types or "System.Any" in types:
        return True
    if not type_name or type_name.startswith("System."):
        return False
    if exact and schema.is_primitive(type_name):
        return False
    return any(base in types for base in schema.ancestry(type_name))
