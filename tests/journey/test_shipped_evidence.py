"""Every signed run that ships is repeated from its own data: to the bit on the kind of processor that signed it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.core import canonical
from lienthong.core.clock import Clock
from lienthong.products import catalogue
from lienthong.products.evaluation.data import find
from lienthong.products.evaluation.data import suites as folder_of_suites
from lienthong.products.evaluation.evaluables import opened
from lienthong.products.evaluation.evaluate import evaluate
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.products.evaluation.screen import agree


@pytest.mark.slow
@pytest.mark.suite
@pytest.mark.parametrize("name", catalogue.names())
def test_signed_runs_are_repeated(name: str, suites: Callable[[str], Path], clock: Clock) -> None:
    folder = catalogue.folder(name)
    product, protocol = opened(folder), read_protocol((folder / "protocol.toml").read_bytes().decode())
    for run in catalogue.evidence(name).runs:
        suites(product.data.suite)  # leaves the test out by name where the data are not here
        files = find(name, product.data, folder_of_suites(os.environ))
        again = evaluate(product, protocol, files, run.body["data"]["part"], clock=clock, environment={})
        body = canonical.parse(canonical.encode(again.to_json()))
        assert again.digest == run.digest or agree(run.body, body), f"{name}: {run.file}"


def test_a_card_quotes_every_figure_from_a_run_or_states_none() -> None:
    for name in catalogue.names():
        evidence = catalogue.evidence(name)
        assert len(evidence.figures) == len(evidence.card.figures)
        assert bool(evidence.figures) <= bool(evidence.runs)
