"""UCUM units as exact factors; figures from the UCUM specification's tables."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lienthong.terminology.ucum import Measure, measure


@pytest.mark.parametrize(
    ("unit", "like", "factor"),
    [
        ("[lb_av]", "g", "453.59237"),
        ("[in_i]", "cm", "2.54"),
        ("mm[Hg]", "Pa", "133.322"),
        ("10*9/L", "/nL", "1"),
        ("10*9/L", "10^9/L", "1"),
        ("mmol/L", "umol/mL", "1"),
        ("kg/m2", "g/cm2", "0.1"),
        ("mL/min/{1.73_m2}", "mL/min", "1"),
        ("wk", "h", "168"),
        ("a", "d", "365.25"),
        ("mo", "d", "30.4375"),
        ("cal_th", "J", "4.184"),
        ("%", "1", "0.01"),
        ("(kg)/(m)", "g/mm", "1"),
        ("100.m", "km", "0.1"),
        ("dam", "m", "10"),
        ("KiBy", "By", "1024"),
    ],
)
def test_one_unit_in_another(unit: str, like: str, factor: str) -> None:
    one, other = measure(unit), measure(like)
    assert one is not None
    assert other is not None
    assert one.powers == other.powers
    assert one.factor / other.factor == Fraction(factor)


def test_degrees_have_an_offset_and_no_products() -> None:
    assert measure("Cel") == Measure(Fraction(1), (("K", 1),), Fraction("273.15"))
    fahrenheit = measure("[degF]")
    assert fahrenheit is not None
    assert 212 * fahrenheit.factor + fahrenheit.offset == Fraction("373.15")
    assert measure("Cel/s") is None
    assert measure("mCel") is None


@pytest.mark.parametrize("unit", ["", "bogus", "cel", "MM[HG]", "mg/", "m m", "10*999999", "m" * 500, "[s]", "ü"])
def test_what_is_no_unit(unit: str) -> None:
    assert measure(unit) is None


@pytest.mark.parametrize(("unit", "other"), [("[IU]", "U"), ("[IU]", "1"), ("[pH]", "1"), ("[arb'U]", "[IU]")])
def test_arbitrary_units_equal_only_themselves(unit: str, other: str) -> None:
    one, two = measure(unit), measure(other)
    assert one is not None
    assert two is not None
    assert one.powers != two.powers
