"""Laws of FHIRPath's operators and functions, on collections that Hypothesis makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.fhir.fhirpath import Date, DateTime, compile, evaluate  # noqa: A004
from lienthong.fhir.fhirpath.temporal import order, parse_date, parse_datetime

BASIC = {"resourceType": "Basic"}
DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
TEXTS = st.text(alphabet="abcABC 'é\\n", max_size=6)
ITEMS = st.one_of(st.integers(-5, 5), DECIMALS.map(lambda item: item.normalize()), TEXTS, st.booleans())
LISTS = st.lists(ITEMS, max_size=6)
TRUTHS = st.sampled_from([[True], [False], []])


def run(expression: str, **names: Any) -> list[Any]:
    return evaluate(BASIC, expression, environment=names)


def holds(expression: str, **names: Any) -> None:
    assert run(expression, **names) == [True], (expression, names)


@given(LISTS, LISTS)
def test_sets(a: list[Any], b: list[Any]) -> None:
    names = {"a": a, "b": b}
    holds("(%a | %b).subsetOf(%b | %a) and (%a | %b).count() = (%b | %a).count()", **names)
    holds("(%a | %b).count() = %a.combine(%b).distinct().count()", **names)
    assert run("%a | %a", **names) == run("%a.distinct()", **names)
    holds("%a.intersect(%b).subsetOf(%a) and %a.intersect(%b).subsetOf(%b)", **names)
    holds("%a.exclude(%b).intersect(%b).empty()", **names)
    holds("%a.exclude(%b).count() + %a.where($this in %b).count() = %a.count()", **names)
    holds("%a.subsetOf(%a | %b) and (%a | %b).supersetOf(%b)", **names)
    holds("%a.isDistinct() = (%a.distinct().count() = %a.count())", **names)


@given(LISTS, st.integers(-2, 8))
def test_parts_of_a_list(a: list[Any], n: int) -> None:
    assert run("%a.take(%n)", a=a, n=n) + run("%a.skip(%n)", a=a, n=n) == a
    assert run("%a.first()", a=a) + run("%a.tail()", a=a) == a
    assert run("%a.where(true)", a=a) == a == run("%a.select($this)", a=a)
    assert run("%a.select($index)", a=a) == list(range(len(a)))
    assert run("%a[%n]", a=a, n=n) == (a[n : n + 1] if n >= 0 else [])
    assert run("%a.aggregate($total + 1, 0)", a=a) == [len(a)]


@given(TRUTHS, TRUTHS, TRUTHS)
def test_logic(a: list[Any], b: list[Any], c: list[Any]) -> None:
    names = {"a": a, "b": b, "c": c}
    for left, right in (
        ("%a and %b", "%b and %a"),
        ("%a or %b", "%b or %a"),
        ("%a xor %b", "%b xor %a"),
        ("(%a and %b).not()", "%a.not() or %b.not()"),
        ("(%a or %b).not()", "%a.not() and %b.not()"),
        ("%a implies %b", "%a.not() or %b"),
        ("%a and (%b or %c)", "(%a and %b) or (%a and %c)"),
        ("(%a and %b) and %c", "%a and (%b and %c)"),
        ("%a.not().not()", "%a"),
    ):
        assert run(left, **names) == run(right, **names), (left, names)


@given(DECIMALS, DECIMALS, DECIMALS)
def test_numbers_are_exact(a: Decimal, b: Decimal, c: Decimal) -> None:
    names = {"a": a, "b": b, "c": c}
    assert run("%a + %b", **names) == [a + b]
    holds("(%a + %b) + %c = %a + (%b + %c)", **names)
    holds("%a * (%b + %c) = %a * %b + %a * %c", **names)
    holds("%a - %b = -(%b - %a)", **names)
    holds("(%a < %b) = (%b > %a) and (%a <= %b) = (%a > %b).not()", **names)
    holds("%a.abs() >= 0 and %a.floor() <= %a and %a.ceiling() >= %a", **names)
    holds("%a.lowBoundary(8) <= %a and %a <= %a.highBoundary(8)", **names)
    holds("%a.toString().toDecimal() = %a", **names)
    if b and abs(a / b) < 2**31:
        holds("%b * (%a div %b) + %a mod %b = %a", **names)


@given(TEXTS, TEXTS, st.integers(0, 6))
def test_texts(a: str, b: str, n: int) -> None:
    names = {"a": a, "b": b, "n": n}
    holds("(%a & %b).startsWith(%a) and (%a & %b).endsWith(%b) and (%a & %b).contains(%a)", **names)
    holds("(%a & %b).length() = %a.length() + %b.length()", **names)
    holds("(%a & %b).substring(%a.length()) ~ %b or %b = ''", **names)
    holds("%a.toChars().join('') = %a or %a = ''", **names)
    holds("%a.split(',').join(',') = %a", **names)
    holds("%a.upper().lower() = %a.lower()", **names)
    for name in ("base64", "urlbase64", "hex"):
        assert run(f"%a.encode('{name}').decode('{name}')", **names) == [a]
    assert run("%a.escape('html').unescape('html')", **names) == [a]


PARTS = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds"))
ZONES = st.sampled_from(["Z", "+07:00", "-05:00", "+05:45", ""])
MOMENTS = st.builds(
    lambda text, size, zone: text[:size] + (zone if size > 10 else ""),
    PARTS,
    st.sampled_from([4, 7, 10, 16, 19]),
    ZONES,
)


@given(MOMENTS, MOMENTS)
def test_order_of_moments(a: str, b: str) -> None:
    one, other = parse_datetime(a), parse_datetime(b)
    assert one is not None
    assert other is not None
    found = order(one, other)
    assert order(other, one) == (None if found is None else -found)
    assert order(one, one) == 0
    low, high = (evaluate(BASIC, f"%a.{name}Boundary()", environment={"a": one})[0] for name in ("low", "high"))
    assert order(low, high) in (-1, 0)


@settings(max_examples=60)
@given(st.dates(), st.integers(0, 2000), st.sampled_from(["day", "week", "month", "year"]))
def test_dates_moved_there_and_back(day: Any, number: int, unit: str) -> None:
    date = parse_date(day.isoformat())
    assert date is not None
    moved = evaluate(BASIC, f"%d + {number} {unit}s", environment={"d": date})
    for found in moved:
        assert isinstance(found, Date)
        assert order(date, found) != 1
        if unit in ("day", "week"):
            assert evaluate(BASIC, f"%d - {number} {unit}s", environment={"d": found}) == [date]


def test_the_same_expression_is_compiled_once() -> None:
    assert compile("name.given") is compile("name.given")
    assert isinstance(parse_datetime("2015"), DateTime)
