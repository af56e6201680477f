"""Pooling over places equals another implementation and a published formula worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm, t
from statsmodels.stats.meta_analysis import combine_effects

from lienthong.products.evaluation.pooling import LOG, LOGIT, PLAIN, difference, pool, ratio
from lienthong.products.measures.measure import Measure

EFFECTS = np.array([0.10, 0.30, 0.35, 0.65, 0.45, 0.15])
ERRORS = np.array([0.18, 0.17, 0.22, 0.20, 0.18, 0.21])  # the example of Hartung & Knapp as statsmodels tests it
Z = float(norm.ppf(0.975))


def measures() -> list[Measure]:
    return [Measure(y, y - Z * e, y + Z * e) for y, e in zip(EFFECTS, ERRORS, strict=True)]


def test_the_mean_and_heterogeneity_are_those_of_statsmodels() -> None:
    found = pool(measures(), PLAIN, 0.95)
    theirs = combine_effects(EFFECTS, ERRORS**2, method_re="dl", use_t=True)
    assert found.pooled.value == pytest.approx(theirs.mean_effect_re)
    assert found.tau2 == pytest.approx(theirs.tau2)
    assert found.i2 == pytest.approx(max(0.0, theirs.i2))
    half = float(t.ppf(0.975, 5)) * max(theirs.sd_eff_w_re_hksj, theirs.sd_eff_w_re)
    assert found.pooled.high == pytest.approx(theirs.mean_effect_re + half)
    assert found.low is not None and found.low < found.pooled.low  # type: ignore[operator]


def test_places_that_differ_widen_what_a_new_one_may_show() -> None:
    narrow = [Measure(0.8, 0.78, 0.82), Measure(0.81, 0.79, 0.83), Measure(0.8, 0.78, 0.82)]
    wide = [Measure(0.6, 0.57, 0.63), Measure(0.81, 0.79, 0.83), Measure(0.9, 0.88, 0.92)]
    alike, apart = pool(narrow, LOGIT, 0.95), pool(wide, LOGIT, 0.95)
    assert alike.i2 == 0 and apart.i2 is not None and apart.i2 > 0.9
    assert apart.low is not None and apart.high is not None and 0 < apart.low < 0.6 < 0.9 < apart.high < 1


def test_too_few_or_intervals_without_end_give_no_figure() -> None:
    assert pool([Measure(0.8, 0.7, 0.9)], LOGIT, 0.95).pooled.value is None
    assert pool([Measure(1.0, 0.7, 1.0), Measure(0.8, 0.7, 0.9)], LOGIT, 0.95).pooled.value is None
    two = pool([Measure(0.8, 0.7, 0.9), Measure(0.85, 0.8, 0.9)], LOG, 0.95)
    assert two.pooled.value is not None and two.low is None


def test_a_difference_of_two_shares_has_newcombes_interval() -> None:
    # Newcombe 1998 (Stat Med 17:873), method 10: 56/70 less 48/80 is 0.2, from 0.0524 to 0.3339.
    found = difference(Measure(0.8, 0.691760, 0.877209), Measure(0.6, 0.490374, 0.700369))
    assert [found.value, found.low, found.high] == pytest.approx([0.2, 0.0524, 0.3339], abs=2e-4)
    over = ratio(Measure(2.0, 1.0, 4.0), Measure(1.0, 0.5, 2.0))
    assert [over.value, over.low] == pytest.approx([2.0, math.exp(math.log(2) - math.sqrt(2) * math.log(2))])
    assert difference(Measure(None), Measure(1.0)).value is None
