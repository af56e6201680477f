"""An invented cohort and a model for it, small enough to follow by hand; no real woman is in it."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

import numpy as np

from lienthong.products.survival.cox import Cox, read_cox
from lienthong.products.survival.fitting import Fitted, Followed, fit, follow, terms_of
from lienthong.products.survival.layouts import Woman

PLAN = """
horizon = "5"
[[term]]
name = "nodes"
factor = "nodes"
transform = "ln"
[[term]]
name = "large"
factor = "size"
transform = "above"
at = "20"
[[term]]
name = "old"
factor = "age"
transform = "over"
at = "60"
per = "10"
[[term]]
name = "young"
factor = "age"
transform = "under"
at = "45"
per = "10"
[[term]]
name = "hormone-if-er"
factor = "hormone"
transform = "identity"
where = "er"
[reference]
age = "50"
nodes = "1"
size = "20"
er = "1"
hormone = "0"
[treatment]
name = "tamoxifen"
factor = "hormone"
where = "er"
ratio = "0.53"
error = "0.03"
source = "trials"
"""
GRID = (1.0, 2.0, 5.0)


def women(count: int, seed: int) -> list[Woman]:
    """Women whose hazard grows with nodes and size, some of them lost from sight."""
    generator = np.random.Generator(np.random.PCG64(seed))
    found = []
    for _ in range(count):
        nodes, age = int(generator.integers(1, 20)), int(generator.integers(25, 85))
        size, er = int(generator.integers(5, 60)), int(generator.integers(0, 2))
        hormone = int(generator.integers(0, 2))
        hazard = 0.1 * nodes**0.5 * (1.4 if size > 20 else 1) * (0.6 if hormone and er else 1)
        event = float(generator.exponential(1 / hazard)) * 365.25
        lost = float(generator.uniform(0.5, 9)) * 365.25
        days = Decimal(int(min(event, lost)) + 1)
        found.append(
            Woman(
                age=Decimal(age),
                menopause=int(age > 50),
                size=Decimal(size),
                grade=2,
                nodes=Decimal(nodes),
                er=er,
                pgr=er,
                hormone=hormone,
                chemo=0,
                days=days,
                event=event <= lost,
            )
        )
    return found


def plan() -> dict[str, Any]:
    return tomllib.loads(PLAN)


def followed(cohort: list[Woman]) -> Followed:
    reference = {name: Decimal(value) for name, value in plan()["reference"].items()}
    return follow(cohort, terms_of(plan()), reference, 7)


def fitted(cohort: list[Woman]) -> Fitted:
    return fit(followed(cohort), [term["name"] for term in plan()["term"]], GRID, 5)


def model(fit_of: Fitted) -> Cox:
    """The fit as the TOML text that ships, read again."""
    tables = fit_of.to_toml()
    lines = [PLAN, "[fitted.beta]"]
    lines += [f'{name} = "{value}"' for name, value in tables["fitted"]["beta"].items()]
    lines.append("[fitted.covariance]")
    lines += [f"{name} = {row!r}" for name, row in tables["fitted"]["covariance"].items()]
    lines.append("[baseline]")
    lines += [f"{name} = {value!r}" for name, value in tables["baseline"].items()]
    return read_cox("\n".join(lines))
