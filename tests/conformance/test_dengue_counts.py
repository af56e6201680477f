"""OpenDengue's real file: its layout is read whole, and forecasts from 2005 are better than the baselines.

Only counts until 2006 are looked at: later ones are the test, opened by an evaluation alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lienthong.products import catalogue
from lienthong.products.forecasting import opendengue
from lienthong.products.forecasting.panel import month_number
from lienthong.products.forecasting.product import RegionalForecast
from lienthong.products.forecasting.rolling import Origins, roll
from lienthong.products.measures import forecast

pytestmark = pytest.mark.suite

TRAIN = Path(__file__).resolve().parents[2] / "catalogue" / "dengue-months-ahead" / "train.py"
PLACES = ("AN GIANG", "CA MAU", "DONG THAP", "HO CHI MINH CITY", "KHANH HOA", "KIEN GIANG", "SOC TRANG", "TIEN GIANG")


def test_forecasts_of_2005_beat_both_baselines(suites: Callable[[str], Path]) -> None:
    counted = opendengue.read([suites("opendengue_vn") / "vietnam_spatial_v1_3.csv"])
    assert len(counted.panel.places) == 64
    assert counted.panel.first == month_number("1994-02")
    until = counted.panel.until(month_number("2005-12"))
    panel = until.only(np.isin(until.places, PLACES))
    assert panel.places == PLACES
    origins = Origins(month_number("2004-12"), month_number("2005-11"), (1,), 48, 0.9, 5.0)
    made = roll(panel, origins, RegionalForecast(catalogue.folder("dengue-months-ahead")).learners())
    scores = {
        name: float(forecast.wis(cases.observed, cases.quantiles, cases.levels).total.mean())
        for name, cases in made.items()
    }
    assert len(made["product"]) == len(PLACES) * 12
    assert scores["product"] < min(scores["persistence"], scores["seasonal"])


@pytest.mark.slow
def test_the_figures_of_the_development_come_out_again(suites: Callable[[str], Path]) -> None:
    call = [sys.executable, "-W", "error", str(TRAIN), str(suites("opendengue_vn")), "--check"]
    assert subprocess.run(call, check=False).returncode == 0
