"""Fixtures of evaluation: an invented product with its protocol, card and a file that stands for its data."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.products.evaluation.invented import PROTOCOL, Invented, drawn, invented_card

from lienthong.products.card import Card
from lienthong.products.evaluation.protocol import Protocol, read_protocol


@pytest.fixture
def protocol() -> Protocol:
    return read_protocol(PROTOCOL)


@pytest.fixture
def card() -> Card:
    return invented_card()


@pytest.fixture
def invented(card: Card) -> Invented:
    return Invented(card, drawn())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text("whatever")
    return path
