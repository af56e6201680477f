"""How the model of dengue-months-ahead was chosen: on the origins of 2001 to 2006, from counts until December 2006.

    python catalogue/dengue-months-ahead/train.py FOLDER [--check]

FOLDER is that of opendengue_vn ($LIENTHONG_SUITES/opendengue_vn). Writes evidence/development.json; `--check` only
compares. There is no trained model to write: the model is trained anew at every step of an evaluation (model.toml
says how). Of the file, what is later than the development is dropped before anything is computed.

The question was whether trees whose figures act together (`opaque`, 15 leaves) foretell better than trees with one
question each, which add up to curves that can be drawn (`product`, 2 leaves). The opaque form would be the product
only if the interval of the difference of their scores lay on its side.
"""

from __future__ import annotations

import dataclasses
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.core import canonical
from lienthong.products.evaluation.cases import ForecastCases
from lienthong.products.forecasting import opendengue
from lienthong.products.forecasting.baselines import Learn
from lienthong.products.forecasting.product import RegionalForecast
from lienthong.products.forecasting.rolling import eligible, roll
from lienthong.products.measures import forecast
from lienthong.products.measures.measure import Measure, Numbers, figure

HERE = Path(__file__).parent
DATA = "vietnam_spatial_v1_3.csv"
LEAVES = 15
RESAMPLES = 1000


def developed(data: Path) -> dict[str, Any]:
    """What development.json tells."""
    product = RegionalForecast(HERE)
    seed = int(tomllib.loads((HERE / "protocol.toml").read_text("utf-8"))["seed"])
    origins = product.fixed.development
    panel = opendengue.read([data]).panel.until(product.fixed.test.first)
    kept = panel.only(eligible(panel, origins))
    opaque = dataclasses.replace(
        product.model, leaves=LEAVES, settings={**product.model.settings, "learning_rate": 0.05}
    )
    learners: dict[str, Learn] = {**product.learners(), "opaque": opaque}
    made = roll(kept, origins, learners)
    scores = {name: _scores(cases) for name, cases in made.items()}
    return {
        "places": len(kept.places),
        "from": "2001-01",
        "to": max(made["product"].month.tolist()),
        "horizons": {
            str(horizon): {name: _told(made[name], horizon) for name in made} for horizon in origins.horizons
        },
        "product_minus": {
            name: {
                str(horizon): _difference(made["product"], scores["product"], scores[name], horizon, seed)
                for horizon in (*origins.horizons, 0)
            }
            for name in made
            if name != "product"
        },
    }


def _scores(cases: ForecastCases) -> Numbers:
    return forecast.wis(cases.observed, cases.quantiles, cases.levels).total


def _told(cases: ForecastCases, horizon: int) -> dict[str, Any]:
    """The mean score, coverage and error of one learner at one horizon."""
    chosen = cases.horizon == horizon
    observed, quantiles = cases.observed[chosen], cases.quantiles[chosen]
    shares = (forecast.coverage(observed, quantiles, cases.levels, central).value for central in (0.5, 0.9))
    median = np.abs(observed - quantiles[:, quantiles.shape[1] // 2])
    names = ("wis", "coverage_50", "coverage_90", "mae")
    values = (float(_scores(cases)[chosen].mean()), *shares, float(median.mean()))
    return {"n": int(chosen.sum()), **{name: figure(value) for name, value in zip(names, values, strict=True)}}


def _difference(cases: ForecastCases, ours: Numbers, theirs: Numbers, horizon: int, seed: int) -> dict[str, Any]:
    """The mean of the paired differences of scores, whole months drawn; below 0 the product is better.

    `horizon` 0 is all horizons together.
    """
    chosen = (cases.horizon == horizon) | (horizon == 0)
    difference: Measure = forecast.mean_score(
        (ours - theirs)[chosen], seed=seed, resamples=RESAMPLES, blocks=cases.month[chosen]
    )
    return difference.to_json()


def main(arguments: Sequence[str]) -> int:
    told = canonical.encode(developed(Path(arguments[0]) / DATA)) + b"\n"
    path = HERE / "evidence" / "development.json"
    if "--check" in arguments:
        return 0 if path.read_bytes() == told else 1
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(told)
    print(told.decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
