"""A repeated run is set beside the signed ones, and is told in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.products.evaluation.invented import Invented

from lienthong.core import canonical
from lienthong.core.clock import Clock
from lienthong.products.card import Text
from lienthong.products.evaluation.evaluate import evaluate
from lienthong.products.evaluation.evidence import SignedRun
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.screen import agree, compared, is_known, lines
from lienthong.products.evaluation.signing import Signer
from lienthong.products.evaluation.status import Word


@pytest.fixture
def body(invented: Invented, protocol: Protocol, file: Path, clock: Clock) -> dict[str, Any]:
    done = evaluate(invented, replace(protocol, resamples=100), [file], "", clock=clock, environment={})
    return done.to_json()


def signed(body: dict[str, Any]) -> SignedRun:
    """The run as it comes out of a file of evidence."""
    read = canonical.parse(canonical.encode(body))
    reason = Text("Vì", "Because")
    return SignedRun("run-x.json", read["digest"], Word.CONFIRMATORY, reason, Signer("kiem", "f" * 64, ""), read)


def test_a_run_equals_the_signed_one_or_differs_from_it(body: dict[str, Any]) -> None:
    same = compared(body, [signed(body)], "", "")
    assert same.equals is not None and (same.equals["signer"], same.differs) == ("kiem", "")
    said = "\n".join(lines(same))
    assert f"It equals the signed run {body['digest']} of kiem (run-x.json, confirmatory)." in said

    def moved(by: str) -> dict[str, Any]:
        auroc = body["measures"]["auroc"]
        measures = {**body["measures"], "auroc": {**auroc, "value": auroc["value"] + Decimal(by)}}
        return {**body, "digest": "0" * 64, "measures": measures}

    near = compared(moved("0.000001"), [signed(body)], "", "")
    assert (near.equals, near.agrees, near.differs) == (None, "run-x.json", "")
    assert "It agrees with the signed run run-x.json but for last digits" in "\n".join(lines(near))
    others: list[dict[str, Any]] = [{"n": body["n"] + 1}, {"bounds": []}, {"measures": {}}]
    for unlike in others:
        assert not agree(body, {**body, **unlike})

    other = compared(moved("0.002"), [signed(body)], "", "")
    assert other.equals is None and (other.agrees, other.differs) == ("", "run-x.json")
    assert "IT DIFFERS from the signed run run-x.json" in "\n".join(lines(other))

    elsewhere = {**body, "digest": "0" * 64, "data": {**body["data"], "part": "train"}}
    assert compared(elsewhere, [signed(body)], "", "").differs == ""


def test_the_products_own_data_are_known_by_their_bytes(body: dict[str, Any]) -> None:
    digest = body["data"]["files"][0]["sha256"]
    assert is_known([digest], [signed(body)])
    assert not is_known(["0" * 64], [signed(body)]) and not is_known([digest], [])


def test_a_run_is_told_with_what_it_does_not_show(body: dict[str, Any]) -> None:
    said = list(lines(compared(body, [], "The evidence of 'x' does not hold.", "/tmp/run.json")))
    assert said[0] == "invented 1.0.0 on cases.csv: 1,200 cases, 394 events, 12 without a figure."
    assert "Exploratory: No lock in a home" in said[1]
    text = "\n".join(said)
    for part in (
        "Against coin: the product is better, by net_benefit.",
        "Bound auroc (low) ≥ 0.6: met.",
        "Bound auroc (value) ≤ 0.5: NOT met.",
        "Bound f1 (value) ≥ 0.5: can't be judged.",
        "Group province = A: n 396",
        ": worse.",
        "Group ethnic group = H'Mông: n 30",
        "On noise (disturbed): n 1188, auroc",
        "Leaks: Not checked",
        "The shipped evidence does not count: The evidence of 'x'",
        "Written to /tmp/run.json.",
    ):
        assert part in text, part
