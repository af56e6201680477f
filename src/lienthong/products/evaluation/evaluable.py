"""What a product offers so that it can be evaluated: its own data or a file of the same layout, turned into cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Card, Text
from lienthong.products.evaluation.cases import Cases

__all__ = ["DATA_WRONG", "DataRecipe", "Evaluable", "Opened"]

DATA_WRONG = ErrorKind(
    "data-wrong",
    Category.INCORRECT,
    what="These data can't be evaluated: {why}.",
    allowed="{allowed}",
    cure="Give a file of the layout that `lienthong product show NAME` describes.",
)


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """Where the data of a product are found, under which licence, and how one gets them.

    `suite` and `files` name them below $LIENTHONG_SUITES; `layout` says what a file given with --data must look like.
    An empty `suite` means that no data may be shipped or pointed to: evaluation then needs --data.
    """

    suite: str
    files: tuple[str, ...]
    licence: str
    layout: Text
    get: Text


@dataclass(frozen=True, slots=True)
class Opened:
    """Cases whose outcomes were read. `notes` are sentences on the data (rows left out and why, duplicates found).

    `development` are the digests of single cases on which the product was made, `cases_digests` those of the cases
    themselves, where the leak test can compare them (else empty).
    """

    cases: Cases
    notes: tuple[Text, ...] = ()
    development: frozenset[str] = frozenset()
    cases_digests: tuple[str, ...] = ()


class Evaluable(Protocol):
    """A product that can be evaluated; opening the data reads the outcomes, so the frame first writes that down."""

    @property
    def card(self) -> Card: ...

    @property
    def digest(self) -> str:
        """`artefact.digest` of the product's folder: what locks, runs and the card's evidence are compared by."""
        ...

    @property
    def data(self) -> DataRecipe: ...

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The cases of a part of the data ("" for the whole of a file that the user gave).

        `settings` is the table [product] of the protocol as it was fixed. Raises `data-wrong` for a file of another
        layout: which column or array is missing, never a value.
        """
        ...
