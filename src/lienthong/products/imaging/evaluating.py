"""A product that reads pictures as something that can be evaluated: its data recipe, and its cases."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lienthong.products.card import Card
from lienthong.products.evaluation.data import read_recipe
from lienthong.products.evaluation.evaluable import DataRecipe, Opened
from lienthong.products.imaging.cases import open_cases
from lienthong.products.imaging.product import ImageProduct
from lienthong.products.shipped import NOT_WHOLE

__all__ = ["EvaluableImages", "evaluable"]


class EvaluableImages:
    """It meets the Protocol `Evaluable`."""

    def __init__(self, folder: Traversable) -> None:
        self.product = ImageProduct(folder)
        try:
            self._data = read_recipe((folder / "data.toml").read_text("utf-8"), f"{folder.name}/data.toml")
        except (OSError, UnicodeDecodeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None

    @property
    def card(self) -> Card:
        return self.product.card

    @property
    def digest(self) -> str:
        return self.product.artefact

    @property
    def data(self) -> DataRecipe:
        return self._data

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The cases of a part of an archive; of a file of the user ("") its only part, or the one called test."""
        return open_cases(self.product, files, part, settings)


def evaluable(folder: Traversable) -> EvaluableImages:
    """The product of a folder as it is evaluated (for `products.evaluation.evaluables`)."""
    return EvaluableImages(folder)
