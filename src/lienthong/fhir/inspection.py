"""Looks closely at a resource and names every fault with its place: the exact and slower half of `validate`.

It reads the schema's elements one by one, plainly, and is the oracle of `quick`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lienthong.core.finding import Finding
from lienthong.fhir import bindings, faults, primitives, schema
from lienthong.fhir.faults import Fault
from lienthong.fhir.limits import MAX_DEPTH
from lienthong.fhir.primitives import JsonKind
from lienthong.fhir.references import ReferenceKind, parse_reference

__all__ = ["inspect"]


def inspect(resource: object) -> list[Finding]:
    """All structural findings of a resource, in the order of its members."""
    look = _Look()
    look.resource(resource, "", 0, contained=False)
    return look.findings


_MEMBER_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


def member_name(name: str) -> str:
    """A member's name as a place may show it: one that is no name could be a patient's value."""
    return name if _MEMBER_NAME.fullmatch(name) else "?"


class _Look:
    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def note(self, fault: Fault, path: str, **names: str) -> None:
        self.findings.append(fault.at(path, **names))

    def resource(self, value: object, path: str, depth: int, *, contained: bool) -> None:
        if not isinstance(value, dict):
            if path:
                self.wrong_kind(path, "an object", value)
            else:
                self.note(faults.NOT_AN_OBJECT, path, found=_kind_of(value))
            return
        name = value.get("resourceType")
        if name is None:
            self.note(faults.RESOURCE_TYPE_MISSING, path)
        elif not isinstance(name, str) or name not in schema.resource_types():
            self.note(faults.RESOURCE_TYPE_UNKNOWN, f"{path}.resourceType" if path else "resourceType")
        else:
            if contained and "id" not in value:
                self.note(faults.CONTAINED_ID, path)
            self.members(value, name, path or name, depth)

    def members(self, value: dict[str, Any], type_name: str, path: str, depth: int) -> None:
        """One object that should have the type; its members, then what it lacks."""
        if depth > MAX_DEPTH:
            self.note(faults.NESTED_TOO_DEEP, path, limit=str(MAX_DEPTH))
            return
        if not value:
            self.note(faults.EMPTY_VALUE, path, found="An empty object")
            return
        is_resource = schema.kind(type_name) == "resource"
        present: dict[str, list[str]] = {}  # element -> the JSON names under which it stands
        for name in value:
            if name == "resourceType" and is_resource:
                continue
            bare = name.removeprefix("_")
            element = schema.element(type_name, bare)
            if element is None or element.is_choice or (bare != name and not schema.is_primitive(element.types[0])):
                self.unknown(type_name, name, element, path)
                continue
            names = present.setdefault(element.choice or element.name, [])
            if bare not in names:
                names.append(bare)
                self.member(value, element, path, depth)
        self.cardinality(value, present, type_name, path)

    def unknown(self, type_name: str, name: str, element: schema.Element | None, path: str) -> None:
        choice = ""
        if element is not None and element.is_choice and not name.startswith("_"):
            choice = f" (one of {', '.join(element.json_names)})"
        self.note(faults.UNKNOWN_ELEMENT, f"{path}.{member_name(name)}", type=type_name, choice=choice)

    def cardinality(self, value: dict[str, Any], present: Mapping[str, list[str]], type_name: str, path: str) -> None:
        for element in schema.elements(type_name):
            names = present.get(element.name, ())
            label = f"{element.name}[x]" if element.is_choice else element.name
            if element.is_choice and len(names) > 1:
                self.note(faults.SEVERAL_CHOICES, f"{path}.{label}", type=type_name, element=label)
            elif element.min and not names:
                self.note(faults.MISSING_ELEMENT, f"{path}.{label}", type=type_name, element=label)
        if type_name == "Extension" and ("extension" in value) == bool(present.get("value")):
            self.note(faults.EXTENSION_VALUE, path)

    def member(self, holder: dict[str, Any], element: schema.Element, path: str, depth: int) -> None:
        """One element that has one type: its value, and for a primitive the extensions beside it."""
        name, code = element.name, element.types[0]
        place = f"{path}.{name}"
        if schema.is_primitive(code):
            self.primitive_member(holder, element, code, place, depth)
            return
        item = holder[name]
        if not element.is_list:
            self.complex(item, element, code, place, depth)
        elif self.is_filled_list(item, place):
            for number, part in enumerate(item):
                self.complex(part, element, code, f"{place}[{number}]", depth)
            if element.name == "contained":
                self.contained_ids(item, place)

    def primitive_member(
        self, holder: dict[str, Any], element: schema.Element, code: str, place: str, depth: int
    ) -> None:
        name = element.name
        beside = f"{place.rpartition('.')[0]}._{name}"
        has_value, has_beside = name in holder, "_" + name in holder
        item, extension = holder.get(name), holder.get("_" + name)
        if not element.is_list:
            if has_value:
                self.primitive(item, element, code, place)
            if has_beside:
                self.complex(extension, None, "Element", beside, depth)
            return
        values = item if has_value and self.is_filled_list(item, place) else None
        extensions = extension if has_beside and self.is_filled_list(extension, beside) else None
        if values is not None and extensions is not None and len(values) != len(extensions):
            self.note(faults.UNALIGNED_EXTENSIONS, place, element=name)
        for number, part in enumerate(values or ()):
            if part is None:
                if extensions is None or number >= len(extensions) or extensions[number] is None:
                    self.note(faults.NULL_VALUE, f"{place}[{number}]")
            else:
                self.primitive(part, element, code, f"{place}[{number}]")
        for number, part in enumerate(extensions or ()):
            if part is not None:
                self.complex(part, None, "Element", f"{beside}[{number}]", depth)
            elif values is None:
                self.note(faults.NULL_VALUE, f"{beside}[{number}]")

    def is_filled_list(self, item: Any, place: str) -> bool:
        if item is None:
            self.note(faults.NULL_VALUE, place)
        elif not isinstance(item, list):
            self.wrong_kind(place, "an array", item)
        elif not item:
            self.note(faults.EMPTY_VALUE, place, found="An empty array")
        else:
            return True
        return False

    def contained_ids(self, parts: list[Any], place: str) -> None:
        seen: set[str] = set()
        for number, part in enumerate(parts):
            own = part.get("id") if isinstance(part, dict) else None
            if isinstance(own, str):
                if own in seen:
                    self.note(faults.CONTAINED_ID, f"{place}[{number}]")
                seen.add(own)

    def complex(self, item: object, element: schema.Element | None, code: str, place: str, depth: int) -> None:
        if item is None:
            self.note(faults.NULL_VALUE, place)
        elif code == "Resource":
            self.resource(item, place, depth + 1, contained=element is not None and element.name == "contained")
        elif not isinstance(item, dict):
            self.wrong_kind(place, "an object", item)
        else:
            self.members(item, code, place, depth + 1)
            if element is not None and code == "Reference":
                self.reference(item, element, place)
            elif element is not None and element.codes is not None:
                self.coded(item, element, element.codes, code, place)
            elif (
                element is not None and bindings.is_unit_bound(element) and not bindings.has_unit(item.get("coding"))
            ):
                assert element.binding is not None
                advice = "Give a coding with the system http://unitsofmeasure.org and a unit of UCUM as its code."
                value_set = element.binding.value_set
                self.note(faults.UNKNOWN_CODE, place, element=element.path, value_set=value_set, advice=advice)

    def wrong_kind(self, place: str, expected: str, found: object) -> None:
        name = place.rpartition(".")[2].partition("[")[0]
        self.note(faults.WRONG_JSON_KIND, place, element=name, expected=expected, found=_kind_of(found))

    def primitive(self, item: object, element: schema.Element, code: str, place: str) -> None:
        kind = primitives.json_kind(code)
        if item is None:
            self.note(faults.NULL_VALUE, place)
        elif kind is JsonKind.STRING:
            if isinstance(item, str):
                self.text(item, element, code, place)
            else:
                self.wrong_kind(place, "a string", item)
        elif kind is JsonKind.BOOLEAN:
            if not isinstance(item, bool):
                self.wrong_kind(place, "true or false", item)
        elif kind is JsonKind.DECIMAL:
            if not primitives.is_decimal(item):
                self.wrong_kind(place, "a number", item)
        elif not isinstance(item, int) or isinstance(item, bool):
            self.wrong_kind(place, "a whole number", item)
        elif not primitives.INTEGER_MIN <= item <= primitives.INTEGER_MAX:
            self.note(faults.INTEGER_TOO_LARGE, place)
        elif item < primitives.INTEGER_RANGES[code][0]:
            self.note(faults.INVALID_FORMAT, place, type=code, advice=_ADVICE[code])

    def text(self, item: str, element: schema.Element, code: str, place: str) -> None:
        if item == "":
            self.note(faults.EMPTY_VALUE, place, found="An empty string")
        elif not primitives.TEXT_FORMS[code](item):
            self.note(faults.INVALID_FORMAT, place, type=code, advice=_ADVICE.get(code, _OTHER_ADVICE))
        elif code in ("string", "markdown") and item.isspace():
            self.note(faults.BLANK_TEXT, place)
        elif code == "code" and not _is_bound(item, element):
            self.unknown_code(element, place)
        elif code == "code" and (form := bindings.form_of(element)) is not None and not form.fits(item):
            self.note(faults.UNKNOWN_CODE, place, element=element.path, value_set=form.value_set, advice=form.advice)

    def coded(
        self,
        item: dict[str, Any],
        element: schema.Element,
        codes: Mapping[str, frozenset[str]],
        code: str,
        place: str,
    ) -> None:
        """A Coding, or a CodeableConcept of which one coding must be from the value set."""
        codings = item.get("coding") if code == "CodeableConcept" else [item]
        for coding in codings if isinstance(codings, list) else ():
            if not isinstance(coding, dict):
                continue
            system, value = coding.get("system", ""), coding.get("code")
            if isinstance(system, str) and isinstance(value, str) and value in codes.get(system, ()):
                return
        self.unknown_code(element, place)

    def unknown_code(self, element: schema.Element, place: str) -> None:
        assert element.binding is not None and element.codes is not None
        known = sorted(set().union(*element.codes.values()))
        self.note(
            faults.UNKNOWN_CODE,
            place,
            element=element.path,
            value_set=element.binding.value_set,
            advice=f"Use one of: {', '.join(known)}." if len(known) <= 20 else "Use a code of the value set.",
        )

    def reference(self, item: dict[str, Any], element: schema.Element, place: str) -> None:
        targets = element.targets or tuple(sorted(schema.resource_types()))
        shown = ", ".join(element.targets) or "any resource type of FHIR R4"
        text, said = item.get("reference"), item.get("type")
        named = ""
        if isinstance(text, str) and text:
            parsed = parse_reference(text)
            if parsed.kind is ReferenceKind.MALFORMED:
                self.note(faults.REFERENCE_MALFORMED, f"{place}.reference")
            named = parsed.type
            if named and named not in targets:
                self.note(faults.REFERENCE_TARGET, f"{place}.reference", element=element.path, targets=shown)
        if isinstance(said, str) and said:
            if named and said != named:
                self.note(faults.REFERENCE_TYPE, f"{place}.type")
            elif not named and said not in targets:
                self.note(faults.REFERENCE_TARGET, f"{place}.type", element=element.path, targets=shown)


def _is_bound(code: str, element: schema.Element) -> bool:
    codes = element.codes
    return codes is None or any(code in known for known in codes.values())


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


_OTHER_ADVICE = "Write it in the form that datatypes.html gives for the type."
_ADVICE = {
    "base64Binary": "Encode the bytes as base64: four characters at a time, = only at the end.",
    "canonical": "Write an address without white space, |version at its end where needed.",
    "code": "Write the code without white space at its ends and with single spaces inside.",
    "date": "Write YYYY, YYYY-MM or YYYY-MM-DD, a day that stands in the calendar.",
    "dateTime": "Write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with Z or an offset such as +07:00.",
    "id": "Use 1 to 64 letters without accents, digits, hyphens and full stops.",
    "instant": "Write YYYY-MM-DDThh:mm:ss with Z or an offset such as +07:00.",
    "markdown": "Take out control characters; at most 1 MB.",
    "oid": "Write urn:oid: and the numbers of the OID.",
    "positiveInt": "Use a whole number from 1.",
    "string": "Take out control characters; at most 1 MB.",
    "time": "Write hh:mm:ss, without an offset.",
    "unsignedInt": "Use a whole number from 0.",
    "uri": "Write an address without white space.",
    "url": "Write an address without white space.",
    "uuid": "Write urn:uuid: and the UUID in small letters.",
    "xhtml": "Write one div element in the XHTML namespace.",
}
