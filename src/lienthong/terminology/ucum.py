"""UCUM units as exact factors: which units measure the same, and how many of one make another.

A unit's text is read by `ucumvert` (the grammar and the definitions of ucum-essence.xml); the factors are worked out
here as fractions, because floats would lose digits. Units with an offset (Celsius) convert too; logarithmic ones (pH,
decibel) are equal only to themselves, and so are arbitrary ones ([IU], UCUM section 24).
Source: The Unified Code for Units of Measure 2.2, sections 2 to 24.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType

from lark import Lark, Token, Tree
from lark.exceptions import LarkError
from ucumvert import get_ucum_parser, parse_ucum
from ucumvert.xml_util import UcumUnitDefinition, get_base_units, get_prefixes, get_units_with_full_definition, root

__all__ = ["Measure", "measure"]

_LONGEST = 200
_HIGHEST = 100  # of an exponent
# Degrees: value in kelvin = value * factor + offset (UCUM table of special units).
_OFFSETS = {"Cel": (Fraction(1), Fraction(27315, 100)), "[degF]": (Fraction(5, 9), Fraction(45967, 100) * 5 / 9)}


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit as `value * factor + offset` of base units with their powers, e.g. `km/h`: 5/18 of m1 s-1."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...] = ()
    offset: Fraction = Fraction(0)

    def times(self, other: Measure, power: int = 1) -> Measure | None:
        """The product with another unit's power; None for a unit with an offset, which has no product."""
        if self.offset or other.offset:
            return None
        powers = dict(self.powers)
        for name, count in other.powers:
            powers[name] = powers.get(name, 0) + count * power
        kept = tuple(sorted((name, count) for name, count in powers.items() if count))
        return Measure(self.factor * other.factor**power, kept)


_ONE = Measure(Fraction(1))


@lru_cache(maxsize=10_000)
def measure(unit: str) -> Measure | None:
    """What a UCUM code (case-sensitive) measures; None where it is no UCUM code."""
    if not unit or len(unit) > _LONGEST:
        return None
    try:
        tree = parse_ucum(unit, _parser())
    except LarkError:
        return None
    return _walk(tree)


@cache
def _parser() -> Lark:
    parser: Lark = get_ucum_parser()
    return parser


@cache
def _definitions() -> Mapping[str, UcumUnitDefinition]:
    return MappingProxyType({item.code_cs: item for item in get_units_with_full_definition()})


@cache
def _prefixes() -> Mapping[str, Fraction]:
    found = {item.attrib["Code"]: item.find("{*}value") for item in root.findall(".//{*}prefix")}
    return MappingProxyType(
        {code: Fraction(found[code].attrib["value"]) for code in get_prefixes() if found[code] is not None}
    )


def _walk(node: Tree[Token] | Token) -> Measure | None:
    if isinstance(node, Token):  # an annotation alone, e.g. {beats}
        return _ONE
    parts = node.children
    if node.data == "simple_unit":
        return _simple([str(part) for part in parts])
    if node.data == "main_term":
        inner = _walk(parts[-1])
        return _ONE.times(inner, -1) if len(parts) == 2 and inner is not None else inner
    if node.data == "term":
        left, right = _walk(parts[0]), _walk(parts[2])
        if left is None or right is None:
            return None
        return left.times(right, 1 if str(parts[1]) == "." else -1)
    inner = _walk(parts[0])
    if len(parts) == 1 or inner is None or str(parts[1]).startswith("{"):
        return inner
    power = int(str(parts[1]))
    return _ONE.times(inner, power) if abs(power) <= _HIGHEST else None


def _simple(parts: list[str]) -> Measure | None:
    unit = _atom(parts[-1])
    if len(parts) == 1 or unit is None:
        return unit
    scale = _prefixes()[parts[0]]
    return None if unit.offset else Measure(unit.factor * scale, unit.powers)


@cache
def _atom(code: str) -> Measure | None:
    if code.isdigit():
        return Measure(Fraction(int(code)))
    if code in ("10*", "10^"):
        return Measure(Fraction(10))
    if code in get_base_units():
        return Measure(Fraction(1), ((code, 1),))
    if code in _OFFSETS:
        factor, offset = _OFFSETS[code]
        return Measure(factor, (("K", 1),), offset)
    found = _definitions().get(code)
    if found is None:
        return None
    if found.is_special or found.is_arbitrary:
        return Measure(Fraction(1), ((code, 1),))
    inner = measure(found.defining_unit)
    return None if inner is None else Measure(inner.factor * Fraction(str(found.conversion_factor)), inner.powers)
