"""Says fast of a clean resource that each of its elements is; of any other it only says that it does not know.

Beside that it says whether the resource holds anything that must be seen as a whole (`integrity`): extensions,
contained resources and references to them, narratives, a Bundle.

One table per type, made when first needed. `validate` asks here first, and looks closely (`inspection`) at what is
refused. So this module may refuse what is right (rare shapes such as arrays of primitive values with null), but must
never pass what the close look finds fault with; `tests/unit/fhir/test_two_halves_agree.py` checks that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Set
from decimal import Decimal
from functools import cache
from typing import Any

from lienthong.core.canonical import LexicalDecimal
from lienthong.fhir import bindings, primitives, schema
from lienthong.fhir.integrity.extensions import is_known
from lienthong.fhir.limits import MAX_DEPTH
from lienthong.fhir.primitives import JsonKind
from lienthong.fhir.references import may_point

__all__ = ["CLEAN", "LOCAL", "NOTED", "UNSURE", "WHOLE", "look"]

_TextCheck = Callable[[str], bool]
_Check = Callable[[Any, int], int]  # an item that is no string, and how deep it stands
# What a member may be: strings known as right, the check of other strings, the check of what is no string, and the
# member's weight (see _Table).
_Member = tuple[Set[str], _TextCheck, _Check, int]

UNSURE, CLEAN, LOCAL, WHOLE, NOTED = 0, 1, 2, 4, 8
"""Verdicts, which add by `|`: the close look must decide; each element is clean; there are contained resources or
references to them; there are parts that must be seen as a whole; there is an extension that R4 does not define, of
which nothing can be said but that."""

_NOTHING: frozenset[str] = frozenset()
_WHOLE_TYPES = frozenset({"Bundle", "Narrative"})  # and what `schema.is_canonical` says
_DIGIT = 8  # bits; a choice has at most 55 types


def look(resource: object) -> int:
    """UNSURE, or CLEAN with LOCAL, WHOLE and NOTED added where they hold."""
    return _look_at_resource(resource, 0)


def _look_at_resource(value: object, depth: int) -> int:
    if type(value) is not dict:
        return UNSURE
    name = value.get("resourceType")
    if type(name) is not str or name not in schema.resource_types():
        return UNSURE
    return _table(name).look(value, depth)


class _Table:
    """The members of one type.

    Each member adds its weight to a sum in which every required element and every choice has a digit of its own: a
    digit of a required one must be 1, of another choice 0 or 1. Members in no such group weigh nothing.
    """

    __slots__ = ("_members", "_name", "_needed", "_others", "_verdict")

    def __init__(self, name: str) -> None:
        self._name = name
        self._members: dict[str, _Member] | None = None
        self._needed = 0
        self._others = 0
        self._verdict = CLEAN | WHOLE if name in _WHOLE_TYPES or schema.is_canonical(name) else CLEAN

    def look(self, value: dict[str, Any], depth: int) -> int:
        if depth > MAX_DEPTH or not value:
            return UNSURE
        # A table is filled at its first use: types lead to each other in circles.
        members = self._members or self._fill()
        total, verdict = 0, self._verdict
        for name, item in value.items():
            member = members.get(name)
            if member is None:
                return UNSURE
            known, text, other, weight = member
            if type(item) is str:
                if item not in known and not text(item):
                    return UNSURE
            else:
                found = other(item, depth)
                if not found:
                    return UNSURE
                verdict |= found
            total += weight
        return verdict if total & ~self._others == self._needed else UNSURE

    def _fill(self) -> dict[str, _Member]:
        members: dict[str, _Member] = {}
        weights: dict[str, int] = {}
        needed = others = 0
        if schema.kind(self._name) == "resource":
            members["resourceType"] = (frozenset((self._name,)), _no_text, _refuse, 0)
        for element in schema.elements(self._name):
            # ext-1: of an extension's own extensions and its value there is exactly one, so they share a digit
            is_xor = self._name == "Extension" and element.name in ("extension", "value")
            weight = 0
            if element.min or element.is_choice or is_xor:
                group = "value" if is_xor else element.name
                weight = weights.setdefault(group, 1 << (_DIGIT * len(weights)))
                if element.min or is_xor:
                    needed |= weight
                else:
                    others |= weight
            for code, json_name in zip(element.types, element.json_names, strict=True):
                kept = _member(element, code) if code != "Extension" else _extensions(element, self._name)
                members[json_name] = (*kept, weight)
                if schema.is_primitive(code) and not element.is_list and not weight:
                    members["_" + json_name] = (_NOTHING, _no_text, _object_check("Element"), 0)
        self._needed, self._others, self._members = needed, others, members
        return members


@cache
def _table(name: str) -> _Table:
    return _Table(name)


def _no_text(_value: str) -> bool:
    return False


def _refuse(_item: object, _depth: int) -> int:
    return UNSURE


def _member(element: schema.Element, code: str) -> tuple[Set[str], _TextCheck, _Check]:
    if code == "Resource" and element.name == "contained":
        return _NOTHING, _no_text, _contained_list_check
    if not schema.is_primitive(code):
        check = _complex_check(element, code)
        return _NOTHING, _no_text, _list_check(check) if element.is_list else check
    kind = primitives.json_kind(code)
    if kind is not JsonKind.STRING:
        plain = _PLAIN[kind] if kind is not JsonKind.INTEGER else _integer_check(code)
        return _NOTHING, _no_text, _list_check(plain) if element.is_list else plain
    known, text = _text_check(element, code)
    if element.is_list:
        return _NOTHING, _no_text, _text_list_check(known, text)
    return known, text, _refuse


def _text_check(element: schema.Element, code: str) -> tuple[Set[str], _TextCheck]:
    codes = element.codes if code == "code" else None
    if codes is not None:
        return frozenset().union(*codes.values()), _no_text
    form = bindings.form_of(element) if code == "code" else None
    if form is not None:
        return _NOTHING, form.fits
    if code in ("string", "markdown"):
        return _NOTHING, _is_plain_text
    return primitives.remember(code), primitives.TEXT_FORMS[code]


def _is_plain_text(value: str) -> bool:
    return primitives.is_text(value) and not value.isspace()


def _text_list_check(known: Set[str], text: _TextCheck) -> _Check:
    def check(item: object, _depth: int) -> int:
        if type(item) is not list or not item:
            return UNSURE
        for part in item:
            if type(part) is not str or (part not in known and not text(part)):
                return UNSURE
        return CLEAN

    return check


def _list_check(check_part: _Check) -> _Check:
    def check(item: object, depth: int) -> int:
        if type(item) is not list or not item:
            return UNSURE
        verdict = CLEAN
        for part in item:
            found = check_part(part, depth)
            if not found:
                return UNSURE
            verdict |= found
        return verdict

    return check


def _is_boolean(item: object, _depth: int) -> int:
    return CLEAN if item is True or item is False else UNSURE


def _is_number(item: object, _depth: int) -> int:
    kind = type(item)
    if kind is int:
        return CLEAN
    return CLEAN if (kind is Decimal or kind is LexicalDecimal) and primitives.is_decimal(item) else UNSURE


_PLAIN: dict[JsonKind, _Check] = {JsonKind.BOOLEAN: _is_boolean, JsonKind.DECIMAL: _is_number}


def _integer_check(code: str) -> _Check:
    low, high = primitives.INTEGER_RANGES[code]

    def check(item: Any, _depth: int) -> int:
        return CLEAN if type(item) is int and low <= item <= high else UNSURE

    return check


def _complex_check(element: schema.Element, code: str) -> _Check:
    if code == "Reference":
        return _reference_check(element.targets or schema.resource_types())
    if bindings.is_unit_bound(element):
        return _unit_check(code)
    if element.codes is not None:
        return _coded_check(code, element)
    if code == "Resource":
        return _look_at_inner
    return _object_check(code)


def _extensions(element: schema.Element, owner: str) -> tuple[Set[str], _TextCheck, _Check]:
    """The extensions of an object; those of an extension may have a plain name as their url."""
    look_at_object = _table("Extension").look
    is_modifier, is_part = element.name == "modifierExtension", owner == "Extension"

    def check(item: object, depth: int) -> int:
        verdict = look_at_object(item, depth + 1) if type(item) is dict else UNSURE
        if not verdict or type(item) is not dict:
            return UNSURE
        url = item["url"]
        if type(url) is not str:
            return UNSURE
        if is_modifier or is_known(url) or (not is_part and ":" not in url):
            return verdict | WHOLE
        return verdict if is_part and ":" not in url else verdict | NOTED

    return _NOTHING, _no_text, _list_check(check)


def _object_check(code: str) -> _Check:
    look_at_object = _table(code).look

    def check(item: object, depth: int) -> int:
        return look_at_object(item, depth + 1) if type(item) is dict else UNSURE

    return check


def _reference_check(targets: Collection[str]) -> _Check:
    look_at_object = _table("Reference").look
    allowed = frozenset(targets)

    def check(item: object, depth: int) -> int:
        if type(item) is not dict or not may_point(item, allowed):
            return UNSURE
        verdict = look_at_object(item, depth + 1)
        text = item.get("reference")
        return verdict and (verdict | LOCAL if text is not None and text[0] == "#" else verdict)

    return check


def _coded_check(code: str, element: schema.Element) -> _Check:
    codes = element.codes
    if code != "CodeableConcept" or codes is None:
        return _refuse  # R4 has no other; the close look knows them all
    look_at_object = _table(code).look

    def check(item: object, depth: int) -> int:
        verdict = look_at_object(item, depth + 1) if type(item) is dict else UNSURE
        if type(item) is dict and verdict:
            for coding in item.get("coding", ()):
                if coding.get("code") in codes.get(coding.get("system", ""), _NOTHING):
                    return verdict
        return UNSURE

    return check


def _unit_check(code: str) -> _Check:
    look_at_object = _table(code).look

    def check(item: object, depth: int) -> int:
        verdict = look_at_object(item, depth + 1) if type(item) is dict else UNSURE
        return verdict if type(item) is dict and verdict and bindings.has_unit(item.get("coding")) else UNSURE

    return check


def _look_at_inner(item: object, depth: int) -> int:
    return _look_at_resource(item, depth + 1)


def _contained_list_check(item: object, depth: int) -> int:
    if type(item) is not list or not item:
        return UNSURE
    verdict = CLEAN | LOCAL
    for part in item:
        found = _look_at_resource(part, depth + 1) if type(part) is dict and "id" in part else UNSURE
        if not found:
            return UNSURE
        verdict |= found
    return verdict if len(item) == 1 or len({part["id"] for part in item}) == len(item) else UNSURE
