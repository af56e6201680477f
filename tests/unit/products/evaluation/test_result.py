"""A run has one canonical form; what differs from run to run stands beside its digest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from lienthong.core import canonical
from lienthong.products.card import Text
from lienthong.products.evaluation.data import DataFile
from lienthong.products.evaluation.result import Findings, Leaks, Run, Sample, plain
from lienthong.products.evaluation.status import Status, Word
from lienthong.products.measures.measure import Measure

SAID = Text("Vì", "Because")
RUN = Run(
    product="x",
    version="1.0.0",
    kind="image-classifier",
    title=SAID,
    task="binary",
    artefact="a" * 64,
    protocol_digest="b" * 64,
    protocol_text="",
    files=(DataFile("x.npz", "c" * 64),),
    part="val",
    licence="CC BY 4.0",
    findings=Findings(
        10,
        4,
        0,
        {"auroc": Measure(1 / 3, 0.25, None, "logit DeLong")},
        curves={"roc": [{"x": 0.0, "y": np.float64(0.1234567)}]},
        sample_size=(Sample("o_e", 100, 20, 10, 4, False),),
    ),
    leaks=Leaks(True, 0, 0, SAID),
    bounds=(),
    notes=(SAID,),
    status=Status(Word.EXPLORATORY, SAID),
    environment={"python": "3.11"},
    opened="2026-11-24T00:00:00.000Z",
    ran="2026-11-24T00:00:01.000Z",
    seconds=Decimal("1.0"),
)


def test_a_run_is_json_that_comes_back_as_it_was() -> None:
    body = RUN.to_json()
    assert canonical.parse(canonical.encode(body)) == body
    assert body["measures"]["auroc"] == {
        "value": Decimal("0.333333"),
        "low": Decimal("0.250000"),
        "high": None,
        "method": "logit DeLong",
    }
    assert body["curves"]["roc"] == [{"x": Decimal(0), "y": Decimal("0.123457")}]
    assert body["sample_size"][0]["for"] == "o_e" and "name" not in body["sample_size"][0]


def test_time_status_and_environment_are_no_part_of_the_digest() -> None:
    later = replace(
        RUN,
        status=Status(Word.CONFIRMATORY, SAID, "d" * 64),
        environment={},
        opened="",
        ran="",
        seconds=Decimal(9),
    )
    assert later.digest == RUN.digest == RUN.to_json()["digest"]
    other = replace(RUN, findings=replace(RUN.findings, n=11))
    assert other.digest != RUN.digest


def test_no_double_is_left() -> None:
    assert plain({"a": [np.bool_(True), np.int64(3), 0.1, float("nan"), Word.EXPLORATORY]}) == {
        "a": [True, 3, Decimal("0.100000"), None, "exploratory"]
    }
