"""Functions and operators of FHIRPath where HL7's suite asks little: each line an expression and what it gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lienthong.fhir.fhirpath import compile as compile_

NOTHING: dict[str, Any] = {"resourceType": "Basic"}


def given(expression: str) -> str:
    """The result as text: items between commas."""
    clock = lambda: datetime(2026, 11, 23, 8, 15, 30, 250_000, tzinfo=UTC)  # noqa: E731
    items = compile_(expression)(NOTHING, clock=clock)
    return ", ".join(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


LINES = """
    (1|2|3).first() => 1
    (1|2|3).last() => 3
    (1|2|3).tail() => 2, 3
    (1|2|3).skip(-1) => 1, 2, 3
    (1|2|3).take(2) => 1, 2
    (1|2|3).take(0) => {}
    (1|2|3)[1] => 2
    (1|2|3)[7] => {}
    (1|2|3)[-1] => {}
    (1|2|3).intersect(3|2|9) => 2, 3
    1.combine(1).combine(2).distinct() => 1, 2
    1.combine(1).combine(2).exclude(1) => 2
    (1|2).subsetOf(1|2|3) => true
    (1|2|3).subsetOf(1|2) => false
    {}.subsetOf({}) => true
    (true|false).anyTrue() => true
    (true|false).allFalse() => false
    (false|false).anyTrue() => false
    {}.allTrue() => true
    (1|2|3).where($this > 1).count() => 2
    (1|2|3).where($index > 1) => 3
    (1|2|3).select($this * $index) => 0, 2, 6
    (1|2|3).all($this > 0) => true
    (1|2|3).exists($this > 3) => false
    (1|2|3).exists($index = 2) => true
    {}.all(false) => true
    (1|2|3|4).repeat(iif($this < 4, $this + 1)) => 2, 3, 4
    (1|2|3).aggregate($total + $this, 10) => 16
    (1|2|3).sum() => 6
    (1|2|3).avg() => 2
    (3|1|2).min() => 1
    (3|1|2).max() => 3
    (1 'g'|500 'mg').sum() => 1.5 'g'
    ('b'|'a'|'c').sort() => a, b, c
    ('b'|'a'|'c').sort(-$this) => c, b, a
    'abc'.indexOf('c') => 2
    'abcbc'.lastIndexOf('bc') => 3
    'abc'.substring(1) => bc
    'abc'.substring(1, 1) => b
    'abc'.substring(3) => {}
    'abc'.substring(1, -1) =>
    'abc'.startsWith('ab') => true
    'abc'.endsWith('bc') => true
    'abc'.upper() => ABC
    'ABC'.lower() => abc
    'ab'.toChars() => a, b
    'a,b'.split(',').join('-') => a-b
    'Nguyễn'.length() => 6
    'abc'.matches('b') => true
    'abc'.matchesFull('b') => false
    'a1b2'.replaceMatches('([a-z])([0-9])', '$2$1') => 1a2b
    'a1'.replaceMatches('(?P<x>[a-z])', '${x}${x}') => aa1
    'a'.replaceMatches('a', '\\\\$') => $
    'Ｘ'.encode('hex') => efbcb8
    'zz'.decode('hex') => {}
    'a'.encode('rot13') => {}
    1 + 2 * 3 => 7
    0.1 + 0.2 => 0.3
    1.10 + 1 => 2.10
    123456789012345678901234567890.12 * 1.0 => 123456789012345678901234567890.120
    7 div 2 => 3
    -7 div 2 => -3
    (-7) mod 2 => -1
    7.5 mod 2 => 1.5
    1 / 3 => 0.3333333333333333333333333333333333
    2147483647 + 1 => {}
    2147483647 * 2 => {}
    1 div 0 => {}
    1 mod 0 => {}
    'a' + {} => {}
    'a' & {} => a
    2.power(10) => 1024
    2.power(-1) => 0.5
    (-8).power(3) => -512
    10.power(1001) => {}
    8.log(2) => 3
    0.ln() => {}
    16.sqrt() => 4
    1.5.round() => 2
    (-1.5).round() => -2
    1.2345.round(2) => 1.23
    1.9.floor() => 1
    (-1.9).ceiling() => -1
    (-1.9).truncate() => -1
    (-3).abs() => 3
    true.toInteger() => 1
    '1e3'.toDecimal() => {}
    '007'.toInteger() => 7
    '99999999999'.toInteger() => {}
    'yes'.toBoolean() => true
    'maybe'.toBoolean() => {}
    1.50.toString() => 1.50
    '2014-02-30'.toDate() => {}
    '2014-02'.toDate() => 2014-02
    @2014-01-25T14:30:14Z.toDate() => 2014-01-25
    '14:30'.toTime() => 14:30
    '24:00'.toTime() => {}
    '5 days'.toQuantity() => 5 days
    '5 mg'.toQuantity() => {}
    '5.5 \\'mg\\''.toQuantity() => 5.5 'mg'
    1.5 'g'.toQuantity('mg') => 1500.0 'mg'
    1 'g'.convertsToQuantity('cm') => false
    now() => 2026-11-23T08:15:30.250+00:00
    today() => 2026-11-23
    timeOfDay() => 08:15:30.250
    now() = now() => true
    iif(true, 'a', 'b') => a
    iif({}, 'a') => {}
    coalesce({}, 'a', 'b') => a
    (1|2).defineVariable('n', $this + 1).select(%n.count()) => 2, 2
    5.defineVariable('x').select(%x + 1) => 6
    1.type().name => Integer
    1.type().baseType => System.Any
    (1 'mg').type().name => Quantity
    true.is(Boolean) => true
    1.ofType(String) => {}
    1.is(System.Any) => true
    true and {} => {}
    false and {} => false
    true or {} => true
    {} implies true => true
    true xor false => true
    {}.not() => {}
    1 = 1.0 => true
    1 ~ 1.04 => true
    'A' = 'a' => false
    'A b' ~ 'a  B' => true
    true = 1 => false
    (1|2) = (2|1) => false
    (1|2) ~ (2|1) => true
    1 in (1|2) => true
    {} in (1|2) => {}
    (1|2) contains 2 => true
"""


DATES = """
    @2014 = @2014-01 => {}
    @2014 = @2015-01 => false
    @2014-01-01T10:00Z = @2014-01-01T12:00+02:00 => true
    @2014-01-01T10:00 = @2014-01-01T10:00Z => {}
    @2014-01-01T10:00 < @2014-01-03T10:00Z => true
    @2014-01-01T10:00 < @2014-01-01T20:00Z => {}
    @2014-01-01T10:00 < @2014-01-02T10:00Z => true
    @2014-01-01 < @2014-01-01T10:00 => {}
    @2014-01-01 < @2014-01-02T10:00 => true
    @2014-01-01T23:30-05:00 > @2014-01-01T23:30Z => true
    @2014-01-01T10:00:00.5 > @2014-01-01T10:00:00 => true
    @2014 ~ @2014-01 => false
    @T10:30 < @T10:30:00 => {}
    @T10:30:00 = @T10:30:00.000 => true
    @2016-02-29 + 1 year => 2017-02-28
    @2016-01-31 + 1 month => 2016-02-29
    @2016-03-31 - 1 month => 2016-02-29
    @2016-01-31 - 31 days => 2015-12-31
    @2014 + 24 months => 2016
    @2014 + 23 months => 2015
    @2014 + 365 days => 2015
    @2014-01 + 31 days => 2014-02
    @2014-01 + 26 hours => 2014-01
    @2014-01-01 + 25 hours => 2014-01-02
    @2014-01-01 - 1 hour => 2014-01-01
    @2014-01-01T23:30:00+07:00 + 45 minutes => 2014-01-02T00:15:00+07:00
    @2014-01-01T10 + 90 minutes => 2014-01-01T11
    @2014-01-01T10 - 30 minutes => 2014-01-01T10
    @2014-01-01T10:00:00 + 0.5 seconds => 2014-01-01T10:00:00.5
    @2014-01-01T10:00:00.25 - 1 second => 2014-01-01T09:59:59.25
    @T23:59:30 + 1 minute => 00:00:30
    @T00:10 - 20 minutes => 23:50
    @9999-12-31 + 1 day => {}
    @0001-01-01 - 1 day => {}
    @2014.lowBoundary() => 2014-01-01
    @2016-02.highBoundary() => 2016-02-29
    @2014-01-01T08.lowBoundary() => 2014-01-01T08:00:00.000+14:00
    @2014-01-01T08:05Z.highBoundary() => 2014-01-01T08:05:59.999Z
    @2014-01-01T08:05:03.5Z.highBoundary() => 2014-01-01T08:05:03.599Z
    @2014-01-01T08:05:03+07:00.highBoundary(14) => 2014-01-01T08:05:03+07:00
    @2014-01-01.highBoundary(4) => 2014
    @2014.highBoundary(5) => {}
    @T10.lowBoundary() => 10:00:00.000
    @T10.highBoundary(4) => 10:59
    @2014-01.precision() => 6
    @T10:30:00.000.precision() => 9
    1.587.lowBoundary() => 1.58650000
    1.587.lowBoundary(2) => 1.58
    (-1.587).lowBoundary(2) => -1.59
    1.587.precision() => 3
"""
QUANTITIES = """
    1 'kg' = 1000 'g' => true
    1 '[lb_av]' = 453.59237 'g' => true
    1 'kg' = 1 'm' => false
    1 'kg' < 1 'm' => {}
    37 'Cel' = 310.15 'K' => true
    100 'Cel' = 212 '[degF]' => true
    1 '[IU]' = 1 '1' => false
    1 'mmol/L' > 900 'umol/L' => true
    1 year = 12 months => true
    1 year = 1 'a' => {}
    1 year ~ 1 'a' => true
    1 month = 30 days => {}
    1 month ~ 30 days => true
    1 week = 7 'd' => true
    1 'g' + 1 'mg' => 1.001 'g'
    1 'g' - 1 'm' => {}
    1 day + 12 hours => 1.5 day
    2 'm' * 3 'm' = 6 'm2' => true
    6 'm2' / 2 'm' = 3 'm' => true
    6 'm' / 3 => 2 'm'
    3 * 2 'kg' => 6 'kg'
    1 'm' / 0 'm' => {}
    1 = 1 '1' => true
    50 '%' = 0.5 '1' => true
    1 'cm'.comparable(1 '[in_i]') => true
    1 'cm'.comparable(1 'nonsense') => false
    (1 'g' | 1000 'mg').count() => 1
"""


def rows(text: str) -> list[Any]:
    """Lines `expression => result`; no result is `{}`."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        left, _, right = line.strip().partition(" =>")
        found.append(pytest.param(left, right.strip().replace("{}", ""), id=left))
    return found


@pytest.mark.parametrize(("expression", "expected"), rows(LINES + DATES + QUANTITIES))
def test_an_expression_gives(expression: str, expected: str) -> None:
    assert given(expression) == expected
