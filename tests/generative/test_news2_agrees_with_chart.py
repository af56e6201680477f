"""Hypothesis makes vital signs, some missing; the product and the printed chart must agree on every bound."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spec import news2_chart as chart

from lienthong.products import catalogue
from lienthong.products.assessment import Why

NEWS2 = catalogue.load("news2")


def number(low: int, high: int, places: int) -> st.SearchStrategy[str]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False).map(str)


SIGNS = {
    "respiration": number(0, 120, 1),
    "spo2": number(1, 100, 1),
    "oxygen": st.sampled_from(["air", "oxygen"]),
    "systolic": number(0, 350, 1),
    "pulse": number(0, 350, 0),
    "consciousness": st.sampled_from(list(chart.CONSCIOUSNESS)),
    "temperature": number(20, 46, 2),
}


@settings(max_examples=300, deadline=None)
@given(signs=st.fixed_dictionaries({}, optional=SIGNS), scale=st.sampled_from([1, 2]))
def test_product_and_chart_agree(signs: dict[str, str], scale: int) -> None:
    found = NEWS2.assess(chart.rows(signs, scale=scale), chart.AS_OF)
    assert [item.name for item in found.missing] == [name for name in SIGNS if name not in signs]
    # What is missing could be anything: the bounds are those over all that it could be.
    air = [signs["oxygen"]] if "oxygen" in signs else ["air", "oxygen"]
    known = [
        [chart.points(name, value, oxygen=oxygen, scale=scale) for name, value in signs.items()] for oxygen in air
    ]
    if found.score is None:
        assert found.abstention is not None and found.abstention.why is Why.MISSING
        assert len(signs) < 4 and not any(min(column) for column in zip(*known, strict=True))
        return
    least = [min(column) for column in zip(*known, strict=True)]
    most = sum(max(column) for column in zip(*known, strict=True))
    most += sum(chart.WORST[name] for name in SIGNS if name not in signs)
    assert (found.score.low, found.score.high) == (sum(least), most)
    assert found.score.response == chart.response(sum(least), max(least))
    assert [item.parameter for item in found.score.points] == [name for name in SIGNS if name in signs]


def test_the_bounds_are_reached() -> None:
    """With one parameter missing, its every value lies within the bounds, and both bounds are met."""
    signs = {**chart.NORMAL, "pulse": "120"}
    for name, scale in product(SIGNS, (1, 2)):
        rest = {key: value for key, value in signs.items() if key != name}
        score = NEWS2.assess(chart.rows(rest, scale=scale), chart.AS_OF).score
        assert score is not None
        values = {"oxygen": ["air", "oxygen"], "consciousness": list(chart.CONSCIOUSNESS)}.get(
            name,
            [str(value) for value in range(25, 46)]
            if name == "temperature"
            else [str(value) for value in range(1, 101 if name == "spo2" else 231)],
        )
        totals = set()
        for value in values:
            whole = NEWS2.assess(chart.rows({**rest, name: value}, scale=scale), chart.AS_OF).score
            assert whole is not None
            totals.add(whole.low)
        assert (min(totals), max(totals)) == (score.low, score.high), (name, scale)
