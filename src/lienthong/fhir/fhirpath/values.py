"""The values of FHIRPath that JSON has no kind for: quantities, and FHIR elements with their type and extensions.

Strings, booleans, integers and decimals are Python's own; a FHIR element of a complex type is its dict.
Source: FHIRPath N1, 2.1.8 (quantities); FHIR R4 fhirpath.html#types.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import msgspec

__all__ = ["CALENDAR", "EXACT", "Element", "Item", "Quantity", "TypeInfo", "decimal_text", "digits"]

# Sums and products of FHIR's decimals keep all their digits in it; what does not fit is an overflow, and so empty.
EXACT = Context(prec=100, Emax=999, Emin=-999, traps=[])

CALENDAR = {
    word: unit
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for word in (unit, unit + "s")
}


def decimal_text(value: Decimal | int) -> str:
    """A number without an exponent, its trailing zeros kept; where that would be very long, with one."""
    if isinstance(value, Decimal) and abs(value.adjusted()) > 1000:
        return str(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def digits(value: Decimal | int) -> int:
    """How many digits stand after the point."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: a UCUM code, or with `calendar` a word such as `days`.

    `unit` of a FHIR Quantity without a UCUM code is what stands there, and then `ucum` is False.
    """

    value: Decimal
    unit: str = "1"
    calendar: bool = False
    ucum: bool = True

    def __str__(self) -> str:
        return (
            f"{decimal_text(self.value)} {self.unit}"
            if self.calendar
            else f"{decimal_text(self.value)} '{self.unit}'"
        )


class Element(msgspec.Struct, eq=False):
    """A FHIR element with its type where that can't be known from the path, or a primitive with its extensions.

    `value` is None for a primitive that has only extensions; `extra` is the object at `_name` in JSON.
    """

    value: Any
    type: str
    extra: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What `type()` gives; `base` is the type it is derived from, e.g. `FHIR.DomainResource`."""

    namespace: str
    name: str
    base: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a result with its type, e.g. `FHIR.code` or `System.Integer`."""

    value: Any
    type: str
