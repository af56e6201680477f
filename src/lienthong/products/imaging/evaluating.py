"""A product that reads pictures as something that can be evaluated: its data recipe, and its cases."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lienthong.products.evaluation.evaluable import Opened
from lienthong.products.evaluation.folder import EvaluableFolder
from lienthong.products.imaging.cases import open_cases
from lienthong.products.imaging.product import ImageProduct

__all__ = ["EvaluableImages", "evaluable"]


class EvaluableImages(EvaluableFolder):
    """It meets the Protocol `Evaluable`."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self.product = ImageProduct(folder)

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The cases of a part of an archive; of a file of the user ("") its only part, or the one called test."""
        return open_cases(self.product, files, part, settings)


def evaluable(folder: Traversable) -> EvaluableImages:
    """The product of a folder as it is evaluated (for `products.evaluation.evaluables`)."""
    return EvaluableImages(folder)
