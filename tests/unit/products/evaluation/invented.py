"""An invented product that can be evaluated: its data are drawn, so that what is true of it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.products import catalogue
from lienthong.products.card import Card, Text, read_card
from lienthong.products.evaluation.cases import BinaryCases, Cases
from lienthong.products.evaluation.evaluable import DataRecipe, Opened

SAID = Text("Vì", "Because")
PROTOCOL = """
name = "invented"
version = "1.0.0"
task = "binary"
part = ""
seed = 7
resamples = 200
level = "0.95"
outcome = { vi = "Biến cố", en = "The event" }
[[threshold]]
value = "0.3"
primary = true
reason = { vi = "Vì", en = "Because" }
[curve]
low = "0.1"
high = "0.3"
step = "0.1"
[subgroups]
attributes = ["sex", "province", "ethnic group"]
min_n = 100
min_events = 10
[[comparator]]
name = "coin"
measure = "net_benefit"
margin = "0"
[[bound]]
measure = "auroc"
of = "low"
at_least = "0.6"
reason = { vi = "Vì", en = "Because" }
[[bound]]
measure = "auroc"
of = "value"
at_most = "0.5"
reason = { vi = "Vì", en = "Because" }
[[bound]]
measure = "f1"
of = "value"
at_least = "0.5"
reason = { vi = "Vì", en = "Because" }
"""


def invented_card() -> Card:
    """A card of the name and version of the protocol."""
    text = (Path(str(catalogue.folder("cvd-risk"))) / "card.toml").read_text("utf-8")
    return read_card(text.replace('name = "cvd-risk"', 'name = "invented"', 1))


def drawn(n: int = 1200) -> BinaryCases:
    """Cases of a model that is right, but for one province, where its order is chance."""
    chance = np.random.Generator(np.random.PCG64(1))
    logit = chance.normal(-1, 1.5, n)
    truth = 1 / (1 + np.exp(-logit))
    happened = chance.random(n) < truth
    province = np.where(np.arange(n) % 3 == 0, "A", "B")
    blind = np.where(province == "A", chance.permutation(truth), truth)
    return BinaryCases(
        happened=happened,
        probability=blind,
        comparators={"coin": chance.random(n)},
        groups={
            "sex": np.where(np.arange(n) % 2 == 0, "female", "male"),
            "province": province,
            "ethnic group": np.where(np.arange(n) < 30, "H'Mông", "Kinh"),
            "site": np.array([f"site {index % 4}" for index in range(n)]),
        },
        abstained=np.arange(n) % 100 == 99,
        perturbed={"noise": np.clip(blind + chance.normal(0, 0.05, n), 0, 1)},
        missing={"smoking": np.arange(n) % 10 == 0},
    )


@dataclass
class Invented:
    """An Evaluable whose cases are given, whatever the files hold."""

    card: Card
    cases: Cases
    digests: tuple[str, ...] = ()
    development: frozenset[str] = frozenset()
    digest: str = "a" * 64
    data: DataRecipe = field(default_factory=lambda: DataRecipe("", (), "CC0", SAID, SAID))
    opened: int = 0

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        self.opened += 1
        return Opened(self.cases, (SAID,), self.development, self.digests)
