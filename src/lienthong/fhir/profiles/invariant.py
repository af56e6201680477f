"""Evaluates an invariant of a profile on one element, and knows whether it asked for what is not in hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.fhir import fhirpath, schema
from lienthong.fhir.profiles.definition import Invariant
from lienthong.fhir.profiles.items import Item, Scope, resolve
from lienthong.fhir.profiles.terms import Terminology

__all__ = ["holds"]

Conforms = Callable[[Item, str], bool | None]


def holds(invariant: Invariant, item: Item, terminology: Terminology, conforms: Conforms) -> bool | None:
    """Whether it holds: its expression must be true, and an empty answer is not (SPEC_READINGS.md).

    None where it is not true, but asked for a resource, a value set or a profile that is not in hand. Raises what
    FHIRPath raises.
    """
    outside = _Outside(item, terminology, conforms)
    scope = item.scope
    answer = fhirpath.compile(invariant.expression, as_filters=True).holds(
        item.value,
        item.code,
        resource=scope.resource,
        root=scope.container.resource,
        extra=item.beside,
        resolver=outside.resolve,
        terminology=outside,
        conforms=outside.conforms,
    )
    return True if answer is True else None if outside.is_missed else False


class _Outside:
    """What an expression may ask beside the resource (a Terminology of FHIRPath too)."""

    def __init__(self, item: Item, terminology: Terminology, conforms: Conforms) -> None:
        self._item = item
        self._terminology = terminology
        self._conforms = conforms
        self.is_missed = False

    def resolve(self, text: str) -> dict[str, Any] | None:
        found = resolve(self._item._replace(value=text, beside=None))
        self.is_missed |= found is None
        return None if found is None else found.value

    def conforms(self, value: dict[str, Any], url: str) -> bool | None:
        own = value.get("resourceType")
        if not isinstance(own, str) or own not in schema.resource_types():
            return None
        # the place only names the resource for the check itself; its findings are not told
        item = Item(value, own, None, f"{self._item.path}.conformsTo({id(value)})", Scope(value, own))
        return self._conforms(item, url)

    def member_of(self, system: str, code: str, value_set: str) -> bool | None:
        codes = self._terminology.codes(value_set)
        answer = None if codes is None else codes.has(system or None, code)
        self.is_missed |= answer is None
        return answer

    def subsumes(self, _system: str, _code: str, _other: str) -> bool | None:
        self.is_missed = True
        return None
