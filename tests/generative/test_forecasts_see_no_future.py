"""Whatever comes later, a forecast stays what it was: counts after an origin change nothing foretold from it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.products.forecasting.invented import START, epidemic, panel

from lienthong.products.forecasting.baselines import Learn, persistence, seasonal
from lienthong.products.forecasting.linear import linear
from lienthong.products.forecasting.model import Boosted
from lienthong.products.forecasting.panel import month_number
from lienthong.products.forecasting.rolling import Origins, eligible, roll

LEARNERS: dict[str, Learn] = {
    "product": Boosted(2, 10, 1, {"min_data_in_leaf": 5, "bagging_fraction": 0.8, "bagging_freq": 1}),
    "persistence": persistence,
    "seasonal": seasonal,
    "linear": linear,
}
FIRST, MONTHS = 62, 84
ORIGINS = Origins(START + FIRST, START + MONTHS - 2, (1, 3), 36, 0.9, 1.0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    seen=st.integers(FIRST, MONTHS - 1),
    spoilt=st.sampled_from([None, np.nan, 0.0, 1e8]),
    gaps=st.lists(st.tuples(st.integers(0, 2), st.integers(0, MONTHS - 1)), max_size=5),
)
def test_the_future_changes_no_forecast(
    seed: int, seen: int, spoilt: float | None, gaps: list[tuple[int, int]]
) -> None:
    counts = epidemic(3, MONTHS, seed)
    for place, month in gaps:
        counts[place, month] = np.nan
    later = counts.copy()
    other = epidemic(3, MONTHS, seed + 1)[:, seen + 1 :]
    later[:, seen + 1 :] = other if spoilt is None else spoilt
    assert eligible(panel(counts), ORIGINS).tolist() == eligible(panel(later), ORIGINS).tolist()
    before, after = (roll(panel(table), ORIGINS, LEARNERS) for table in (counts, later))
    for name in LEARNERS:
        told, again = (
            {
                (place, month, horizon): quantiles.tobytes()
                for place, month, horizon, quantiles in zip(
                    made[name].place.tolist(), made[name].month.tolist(), made[name].horizon.tolist(),
                    made[name].quantiles, strict=True,
                )
                if month_number(month) - horizon <= START + seen
            }
            for made in (before, after)
        )  # fmt: skip
        shared = set(told) & set(again)
        assert shared or spoilt is np.nan
        assert [told[key] for key in sorted(shared)] == [again[key] for key in sorted(shared)]
