"""Reads UCUM units into exact factors (`ucum.Measure`).

A unit's text is read by `ucumvert` (the grammar and the definitions of ucum-essence.xml); the factors are worked out
here as fractions, because floats would lose digits. Units with an offset (Celsius) convert too; logarithmic ones (pH,
decibel) are equal only to themselves, and so are arbitrary ones ([IU], UCUM section 24).
Source: The Unified Code for Units of Measure 2.2, sections 2 to 24.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from lark import Lark, Token, Tree
from lark.exceptions import LarkError
from ucumvert import get_ucum_parser, parse_ucum
from ucumvert.xml_util import UcumUnitDefinition, get_base_units, get_prefixes, get_units_with_full_definition, root

from lienthong.terminology.ucum import Measure, measure

__all__ = ["read"]

_HIGHEST = 100  # of an exponent
# Degrees: value in kelvin = value * factor + offset (UCUM table of special units).
_OFFSETS = {"Cel": (Fraction(1), Fraction(27315, 100)), "[degF]": (Fraction(5, 9), Fraction(45967, 100) * 5 / 9)}


_ONE = Measure(Fraction(1))


def read(unit: str) -> Measure | None:
    """What a UCUM code measures; None where it is no UCUM code."""
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
