"""The invariants of FHIR R4 4.0.1 by the place where each holds, as HL7 wrote them or as `corrections` mends them.

The data are `r4_invariants.json`, made from HL7's definitions by `scripts/generate_fhir_invariants.py`; it is read at
the first question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from lienthong.fhir import fhirpath
from lienthong.fhir.fhirpath import Expression
from lienthong.fhir.invariants.corrections import CORRECTED, DECIDED

__all__ = ["Invariant", "everywhere", "of_element", "of_type", "published"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """One invariant at one place.

    `place` is a type (`Patient.contact`) or an element in it (`Organization.telecom`), as HL7's definitions have it;
    `only` is the one type whose values are meant where the element may have several. `severity` is `error` or
    `warning`. A best practice is advice: HL7 marks it so in the definition.
    """

    key: str
    severity: str
    human: str
    expression: str
    place: str
    only: str = ""
    is_best_practice: bool = False

    @property
    def compiled(self) -> Expression:
        """The expression, ready to be run."""
        return _compiled(self.expression)

    @property
    def source(self) -> str:
        """Its canonical place in the specification."""
        address = self.place.partition(".")[0]
        return f"FHIR R4 4.0.1, http://hl7.org/fhir/StructureDefinition/{address}, {self.place}, {self.key}"


@cache
def _compiled(expression: str) -> Expression:
    return fhirpath.compile(expression, as_filters=True)  # dom-3 takes as() of many items


class _Row(msgspec.Struct, array_like=True, frozen=True):
    key: str
    severity: str
    human: str
    expression: str
    places: str
    best_practice: int


@cache
def published() -> tuple[Invariant, ...]:
    """All of them as HL7 published them, one for each place."""
    rows = msgspec.json.decode(Path(__file__).with_name("r4_invariants.json").read_bytes(), type=tuple[_Row, ...])
    found = []
    for row in rows:
        for place in row.places.split():
            path, _, only = place.partition(":")
            found.append(
                Invariant(row.key, row.severity, row.human, row.expression, path, only, bool(row.best_practice))
            )
    return tuple(found)


@cache
def everywhere() -> tuple[Invariant, ...]:
    """Those that are evaluated: without the ones that other checks decide, and with HL7's mistakes mended."""
    found = []
    for item in published():
        if item.key in DECIDED:
            continue
        mended = CORRECTED.get(item.key)
        if mended is not None and mended.published == item.expression:
            if not mended.expression:
                continue  # no correction is known
            item = replace(item, expression=mended.expression)
        found.append(item)
    return tuple(found)


@cache
def _by_place() -> Mapping[str, tuple[Invariant, ...]]:
    found: dict[str, list[Invariant]] = {}
    for item in everywhere():
        found.setdefault(item.place, []).append(item)
    return MappingProxyType({place: tuple(items) for place, items in found.items()})


def of_type(name: str) -> tuple[Invariant, ...]:
    """Those that a type states itself, without those of its base types."""
    return _by_place().get(name, ())


def of_element(path: str, type_name: str) -> tuple[Invariant, ...]:
    """Those of an element that has this type here; the path is HL7's, e.g. `Dosage.doseAndRate.dose[x]`.

    A backbone is a type of its own (`Patient.contact`): what holds of it is said by `of_type`.
    """
    if path == type_name:
        return ()
    return tuple(item for item in _by_place().get(path, ()) if item.only in ("", type_name))
